"""Reading the folders of Hugging Face's port of Jukebox: all levels in one state dict.

What
    A folder holds `config.json` and the weights in one of four forms (see `hub.FORMS`): one file
    or several with an index, as safetensors or in torch's own container. All are read tensor by
    tensor; the pickles of `.bin` files run nothing, as everywhere in this room. The port counts
    its priors from the top: `priors.0` is the top level.
    A released model is recognized by the names and shapes of its tensors, whatever config.json
    says; of other models config.json is believed.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from jukebox_edu.checkpoints import hub
from jukebox_edu.checkpoints.folder import CONFIG_FILE, ModelParts
from jukebox_edu.checkpoints.known_names import MAX_JSON, KnownNames, load_known_names, read_json
from jukebox_edu.checkpoints.names import prior_names, vqvae_names
from jukebox_edu.checkpoints.pickles import TensorRecord
from jukebox_edu.checkpoints.port_config import read_port_config
from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.checkpoints.safetensors_file import open_safetensors
from jukebox_edu.checkpoints.sources import OpenPart, WeightSource, names_of
from jukebox_edu.checkpoints.torchfile import open_torch_file
from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import CheckpointError
from jukebox_edu.released import MODEL_SETS

NAMES_FOLDER = "names"  # our lists of names, inside a folder of the port


def port_source(
    path: str | Path,
    config: ModelConfig | None = None,
    known_names: tuple[KnownNames, ...] | None = None,
) -> WeightSource:
    """The weights of a folder of the port.

    Parameters
    ----------
    path
        The folder, or in it the file of weights or the index to use.
    config
        Shape of the model; None: recognized, or read from config.json.
    known_names
        Of every level; None: from the folder, if it has any.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, or index and files disagree.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    weights = weights_file(Path(path)) if Path(path).is_dir() else Path(path)
    with open_port(weights) as tensors:
        shapes = {name: stored.shape for name, stored in tensors.items()}
    if config is None:
        described = weights.parent / CONFIG_FILE
        config = recognized(shapes) or read_port_config(read_json(described))
    _check_parts(config, shapes, weights.name)
    n = len(config.priors)

    @contextmanager
    def open_part(level: int | None) -> Iterator[OpenPart]:
        prefix = part_prefix(level, n)
        with open_port(weights) as tensors:
            own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            names = {name.ours: name.port for name in names_of(source.config_of(level))}
            yield OpenPart(own, names, f"{weights.name} ({prefix}*)")

    if known_names is None:
        folder = weights.parent / NAMES_FOLDER
        known_names = tuple(load_known_names(folder, level) for level in range(n))
    parts = ModelParts(config.name, config.vqvae, config.priors, config.licence)
    source = WeightSource(parts, known_names, _files(weights), open_part)
    return source


def part_prefix(level: int | None, n_levels: int) -> str:
    """What the port's names of the codec (None) or of one level's prior begin with.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb

    >>> part_prefix(2, 3), part_prefix(None, 3)
    ('priors.0.', 'vqvae.')
    """
    return "vqvae." if level is None else f"priors.{n_levels - 1 - level}."


def weights_file(folder: Path) -> Path:
    """The file of weights, or the index, of a folder: the first form that is whole.

    Raises
    ------
    CheckpointError
        If there is none, or files that an index lists are missing.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    failure = f"There is no file of weights in {folder}: expected one of {', '.join(hub.FORMS)}."
    found = False
    for form in hub.FORMS:
        path = folder / form
        if not path.is_file():
            continue
        missing = [file for file in _files(path) if not file.is_file()]
        if not missing:
            return path
        if not found:
            names = ", ".join(file.name for file in missing)
            failure = f"{form} lists {names}, missing in {folder}. Download it again."
        found = True
    raise CheckpointError(failure)


def _files(weights: Path) -> tuple[Path, ...]:
    """The files of weights: itself, or those an index lists, which lie beside it."""
    if weights.suffix != ".json":
        return (weights,)
    return tuple(weights.parent / name for name in hub.shard_names(_index(weights)))


def _index(path: Path) -> bytes:
    if path.stat().st_size > MAX_JSON:
        raise CheckpointError(f"{path} has {path.stat().st_size} bytes, too many for an index.")
    data = path.read_bytes()
    try:
        hub.shard_names(data)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}. Download it again.") from None
    return data


@contextmanager
def open_port(weights: Path) -> Iterator[dict[str, StoredTensor]]:
    """All tensors of a file of weights, or of the files of an index, by the port's names.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, or index and files disagree.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    tensors: dict[str, StoredTensor] = {}
    owner: dict[str, str] = {}
    with ExitStack() as stack:
        for path in _files(weights):
            opened = stack.enter_context(_open_file(path))
            tensors.update(opened)
            for name in opened:
                if name in owner:
                    raise CheckpointError(f"{name} is both in {owner[name]} and in {path.name}.")
                owner[name] = path.name
        if weights.suffix == ".json":
            _compare(weights.name, json.loads(_index(weights))["weight_map"], owner)
        yield tensors


def _compare(index: str, listed: Mapping[str, str], owner: Mapping[str, str]) -> None:
    """Refuse an index that says something else than its files."""
    if listed != owner:
        wrong = next(n for n in (*listed, *owner) if listed.get(n) != owner.get(n))
        raise CheckpointError(
            f"{index} says that {wrong[:80]} is in {listed.get(wrong)}, and it is in "
            f"{owner.get(wrong)}. Index and files belong to different models: download them again."
        )


@contextmanager
def _open_file(path: Path) -> Iterator[dict[str, StoredTensor]]:
    if path.suffix == ".safetensors":
        with open_safetensors(path) as opened:
            yield opened
        return
    file = open_torch_file(path)
    if not isinstance(file.value, dict) or not file.value:
        raise CheckpointError(f"{path.name} holds no tensors. Download it again.")
    tensors = {}
    for name, record in file.value.items():
        if not isinstance(name, str) or type(record) is not TensorRecord:
            raise CheckpointError(f"{path.name}: entry {str(name)[:80]!r} is not a tensor.")
        read = partial(file.read, record)
        tensors[name] = StoredTensor(record.shape, record.storage.dtype, read)
    yield tensors


# ---- whose tensors are these? -------------------------------------------------------------------


def recognized(shapes: Mapping[str, tuple[int, ...]]) -> ModelConfig | None:
    """The released model that has just these tensors, if one has.

    Parameters
    ----------
    shapes
        Of all tensors, by the port's names.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    for config in MODEL_SETS.values():
        names = set(port_names(config))
        absent = names - set(shapes)
        same = set(shapes) <= names and all(name.endswith(_SHARED) for name in absent)
        if same and shapes.get(_TOP_TABLE) == _top_table(config):
            return config
    return None


_SHARED = ".prior.fc_proj_out.weight"  # a file may leave it out where it is the embedding, too
_TOP_TABLE = "priors.0.prior.embed_tokens.weight"


def _top_table(config: ModelConfig) -> tuple[int, int]:
    """Shape of the top level's token embedding: sets with the same names differ in it."""
    top = config.priors[-1]
    characters = top.lyrics.vocab_size if top.lyrics and top.single_sequence else 0
    return top.codebook_size + characters, top.transformer.width


def port_names(config: ModelConfig) -> list[str]:
    """All names of a model's tensors in the port.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    n = len(config.priors)
    names = [part_prefix(None, n) + name.port for name in vqvae_names(config.vqvae)]
    for level, prior in enumerate(config.priors):
        names += [part_prefix(level, n) + name.port for name in prior_names(prior)]
    return names


def _check_parts(config: ModelConfig, shapes: Mapping[str, tuple[int, ...]], source: str) -> None:
    """Refuse tensors that belong to no part of the model."""
    n = len(config.priors)
    prefixes = tuple(part_prefix(level, n) for level in (None, *range(n)))
    strange = [name for name in shapes if not name.startswith(prefixes)]
    if strange:
        raise CheckpointError(
            f"{source} has unexpected tensors, such as {strange[:3]}, for a model of {n} levels."
        )
