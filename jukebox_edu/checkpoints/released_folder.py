"""Released files that lie side by side, described by themselves, and the lists beside them.

What
    A file in the released format carries the options of its training run, from which its shape
    follows. A file of OpenAI's release is recognized by its tensors, as long as the options it
    carries do not say otherwise: so it gets the shape that is known to be right, also where the
    file is silent. Both upsamplers look alike: their level is in the options or in the name.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jukebox_edu.checkpoints.cache import cache_folder, find
from jukebox_edu.checkpoints.catalogue import FILES
from jukebox_edu.checkpoints.folder import ModelParts
from jukebox_edu.checkpoints.hparams import prior_config, vqvae_config
from jukebox_edu.checkpoints.known_names import KnownNames, check_names
from jukebox_edu.checkpoints.names import prior_names, vqvae_names
from jukebox_edu.checkpoints.openai import known_options, prior_options
from jukebox_edu.checkpoints.reading import ReleasedFile, open_released
from jukebox_edu.checkpoints.released_options import prior_hparams, vqvae_hparams
from jukebox_edu.checkpoints.sources import WeightSource, released_source
from jukebox_edu.checkpoints.values import CODEC_NAMES
from jukebox_edu.config import PriorConfig, VQVAEConfig
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.labels.name_files import read_id_file
from jukebox_edu.released import MODEL_SETS, RELEASED_LICENCE

_PRIOR_FILE = re.compile(r"(?:prior|upsampler)_level_(\d)\.pth\.tar")
_CODEC = next(iter(MODEL_SETS.values())).vqvae
_PRIORS = tuple(dict.fromkeys(prior for model in MODEL_SETS.values() for prior in model.priors))


def is_part(path: Path) -> bool:
    """Whether a file's name is that of a codec or prior in the released format.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return path.name == "vqvae.pth.tar" or _PRIOR_FILE.fullmatch(path.name) is not None


def released_files(paths: list[Path], level: int | None = None) -> WeightSource:
    """The weights of released files that describe themselves.

    Parameters
    ----------
    level
        Level of a single file, where it does not say its own.

    Raises
    ------
    CheckpointError, ConfigError
        If one is damaged, no part of a model, or does not say what it is.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    vqvae: VQVAEConfig | None = None
    priors: dict[int, PriorConfig] = {}
    files: dict[int | None, Path] = {}
    opened = [open_released(path) for path in paths]
    for file in sorted(opened, key=lambda file: file.kind):  # codecs first
        if file.kind == "codec":
            vqvae, files[None] = _codec(file), file.path
        elif file.kind == "prior":
            prior = _prior(file, vqvae, level)
            priors[prior.level], files[prior.level] = prior, file.path
        else:
            raise CheckpointError(f"{file.path.name} holds neither a codec nor a prior.")
    n = vqvae.levels if vqvae else max(priors) + 1
    if max(priors, default=0) >= n:
        raise CheckpointError(f"{files[max(priors)]} is of a level that the codec does not have.")
    listed = tuple(priors.get(i) for i in range(n))
    parts = ModelParts(_name(paths, vqvae, listed), vqvae, listed, _licence(vqvae, listed))
    return released_source(parts, files, listed_names(listed, _lists_beside(paths[0].parent)))


def _name(
    paths: list[Path], vqvae: VQVAEConfig | None, priors: tuple[PriorConfig | None, ...]
) -> str:
    """Name of a released set, else of the folder or of the only file."""
    for model in MODEL_SETS.values():
        if (model.vqvae, model.priors) == (vqvae, priors):
            return model.name
    name = paths[0].parent.name if len(paths) > 1 else paths[0].name.removesuffix(".pth.tar")
    plain = re.sub(r"[^A-Za-z0-9._ -]+|\.\.+", "-", name).lstrip("._ -")[:100]
    return plain or "model"


def _licence(vqvae: VQVAEConfig | None, priors: tuple[PriorConfig | None, ...]) -> str:
    """The release's licence, for shapes that were released."""
    return RELEASED_LICENCE if vqvae == _CODEC or set(priors) & set(_PRIORS) else ""


# ---- shapes -------------------------------------------------------------------------------------


def _codec(file: ReleasedFile) -> VQVAEConfig:
    book = file.tensors.get("bottleneck.level_blocks.0.k")
    same = book is not None and book.shape == (_CODEC.codebook_size, _CODEC.emb_width)
    if same and {n.released for n in vqvae_names(_CODEC)} == set(file.tensors):
        if _agrees(file.hps, vqvae_hparams(_CODEC)):
            return _CODEC
    return vqvae_config(known_options(file, CODEC_NAMES))


def _prior(file: ReleasedFile, codec: VQVAEConfig | None, level: int | None) -> PriorConfig:
    named = _PRIOR_FILE.fullmatch(file.path.name)
    said = file.hps.get("level", level)
    if said is None and named:
        said = int(named[1])
    for config in _PRIORS:
        if _has_shape(file, config) and _agrees(file.hps, prior_hparams(config, _CODEC)):
            if said is None and config.conditioner is not None:
                advice = "Give --level 0 (bottom) or 1 (middle): both upsamplers look alike."
                raise ConfigError(must("level", None, f"known for {file.path.name}", advice))
            if config.conditioner is None or config.level == said:
                return config
    return prior_config(prior_options(file, None), vqvae=codec)


def _has_shape(file: ReleasedFile, config: PriorConfig) -> bool:
    """Whether the tensors are those of a released prior, by their names and two shapes."""
    characters = config.lyrics.vocab_size if config.lyrics and config.single_sequence else 0
    width = config.transformer.width
    tables = {
        "prior.x_emb.weight": (config.codebook_size + characters, width),
        "prior.pos_emb.pos_emb": (config.sequence_length, width),
    }
    same = all(name in file.tensors and file.tensors[name].shape == s for name, s in tables.items())
    return same and {n.released for n in prior_names(config)} == set(file.tensors)


def _agrees(options: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether a file's options contradict none of those that are expected."""

    def plain(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    return all(
        plain(options[name]) == plain(expected[name]) for name in expected if name in options
    )


# ---- names --------------------------------------------------------------------------------------


def list_names(prior: PriorConfig) -> tuple[str, ...]:
    """The lists that a level asks for, by their names in the catalogue.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    if prior.labels is None:
        return ()
    return tuple(f"{prior.labels.version}_{kind}_ids" for kind in ("artist", "genre"))


def listed_names(
    priors: Iterable[PriorConfig | None], lists: Mapping[str, Path]
) -> tuple[KnownNames, ...]:
    """The names of every level from released lists, empty where a list is not there.

    Parameters
    ----------
    lists
        Paths by name: "v2_artist_ids" and so on.

    Raises
    ------
    CheckpointError
        If a list is damaged or longer than the model's table.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    known = []
    for prior in priors:
        names = () if prior is None else list_names(prior)
        if prior is None or not names or any(name not in lists for name in names):
            known.append(KnownNames())
            continue
        artists, genres = (read_id_file(lists[name]) for name in names)
        found = KnownNames(*_split(artists, genres))
        try:
            check_names(prior, found)
        except ConfigError as error:
            raise CheckpointError(f"{lists[names[0]].parent}: {error}") from None
        known.append(found)
    return tuple(known)


def _split(
    artists: list[tuple[str, int]], genres: list[tuple[str, int]]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Names and ids of both lists, in the order of `KnownNames`."""
    return (
        tuple(name for name, _ in artists),
        tuple(name for name, _ in genres),
        tuple(number for _, number in artists),
        tuple(number for _, number in genres),
    )


def with_names(source: WeightSource, folder: Path) -> WeightSource:
    """The same weights with released lists from a folder or the cache, if they have no names yet.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    if any(known != KnownNames() for known in source.known_names):
        return source
    return replace(source, known_names=listed_names(source.parts.priors, _lists_beside(folder)))


def _lists_beside(folder: Path) -> dict[str, Path]:
    """Released lists of names in a folder or in the cache."""
    found = {}
    for file in FILES.values():
        if file.kind == "id_list":
            beside = folder / Path(file.path).name
            path = beside if beside.is_file() else find(file, cache_folder())
            if isinstance(path, Path):
                found[file.name] = path
    return found
