"""One view of three formats: a model whose weights are still in their files.

What
    A `WeightSource` knows the shape of a model, the names its labels stand for, and how to open
    the weights of one part at a time: the codec (level None) or the prior of one level. Where the
    weights come from makes no difference from here on:

        our folder          vqvae.safetensors, prior_0.safetensors, ...      folder_source
        released files      vqvae.pth.tar, prior_level_0.pth.tar, ...        released_source
        the port's folder   everything in one state dict, in shards or not   port_source

    `load_part` makes a model of one part, `convert` writes it in another format.
Conventions
    Level 0 is the bottom (finest) level.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import nn

from jukebox_edu.checkpoints.filling import empty_model, fill
from jukebox_edu.checkpoints.folder import CODEC_FILE, ModelParts, load_model_parts, prior_file
from jukebox_edu.checkpoints.known_names import KnownNames, load_known_names
from jukebox_edu.checkpoints.names import Names, prior_names, vqvae_names
from jukebox_edu.checkpoints.reading import StoredTensor, open_released
from jukebox_edu.checkpoints.safetensors_file import open_safetensors
from jukebox_edu.config import ModelConfig, PriorConfig, VQVAEConfig, to_json_dict
from jukebox_edu.errors import CheckpointError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

_HASHED = 1 << 16  # bytes hashed at each end of a file of weights


@dataclass(frozen=True)
class OpenPart:
    """The tensors of a codec or a prior, in a file that is open.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    tensors: Mapping[str, StoredTensor]  # by the file's names
    names: Mapping[str, str]  # our name -> the file's
    source: str  # the file, for messages


@dataclass(frozen=True)
class WeightSource:
    """A model, or some parts of one, whose weights are still in their files.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    parts: ModelParts  # name, licence, shapes; None for parts that are not there
    known_names: tuple[KnownNames, ...]  # index = level
    files: tuple[Path, ...]  # all files of weights
    open: Callable[[int | None], AbstractContextManager[OpenPart]] = field(repr=False)

    @property
    def levels(self) -> tuple[int | None, ...]:
        """The parts that are there: None for the codec, then levels from the bottom up."""
        codec = [None] if self.parts.vqvae is not None else []
        return (*codec, *(i for i, prior in enumerate(self.parts.priors) if prior is not None))

    def only(self, levels: Collection[int]) -> WeightSource:
        """The codec and the priors of some levels, as if the others were not there.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        priors = tuple(p if i in levels else None for i, p in enumerate(self.parts.priors))
        return replace(self, parts=replace(self.parts, priors=priors))

    def config_of(self, level: int | None) -> VQVAEConfig | PriorConfig:
        """Shape of the codec (None) or of one level's prior.

        Raises
        ------
        CheckpointError
            If that part is not there.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        if level not in self.levels:
            what = "codec" if level is None else f"prior of level {level}"
            raise CheckpointError(f"{self.parts.name!r} has no {what} here: its file is missing.")
        found = self.parts.vqvae if level is None else self.parts.priors[level]
        return found  # type: ignore[return-value]

    def fingerprint(self) -> str:
        """Short text that changes with shape or weights: a hash of both ends of every file.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        digest = hashlib.sha256(json.dumps(to_json_dict(self.parts), sort_keys=True).encode())
        for path in sorted(self.files, key=lambda path: path.name):
            size = path.stat().st_size
            digest.update(f"{path.name} {size}".encode())
            with path.open("rb") as file:
                digest.update(file.read(_HASHED))
                file.seek(max(0, size - _HASHED))
                digest.update(file.read(_HASHED))
        return digest.hexdigest()[:16]


def load_part(
    source: WeightSource,
    level: int | None = None,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """Load the codec (level None) or one prior, frozen and in evaluation mode.

    Parameters
    ----------
    device, dtype
        Where to, and the precision of a prior's matrices; a codec is always float32.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged, or does not fit the shape.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    model = build(source.config_of(level))
    with source.open(level) as part:
        return fill(model, part.tensors, part.names, source=part.source, device=device, dtype=dtype)


def build(config: VQVAEConfig | PriorConfig) -> nn.Module:
    """A codec or prior without memory for its weights, ready to be filled.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if isinstance(config, VQVAEConfig):
        return empty_model(lambda: VQVAE(config))
    return empty_model(lambda: Prior(config))


def names_of(config: VQVAEConfig | PriorConfig) -> tuple[Names, ...]:
    """All tensors of a codec or prior under their three names.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return vqvae_names(config) if isinstance(config, VQVAEConfig) else prior_names(config)


def folder_source(folder: str | Path) -> WeightSource:
    """The weights of a model folder of ours.

    Raises
    ------
    CheckpointError
        If it is none.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    folder, parts = Path(folder), load_model_parts(folder)

    @contextmanager
    def open_part(level: int | None) -> Iterator[OpenPart]:
        path = folder / (CODEC_FILE if level is None else prior_file(level))
        ours = {n.ours: n.ours for n in names_of(source.config_of(level))}
        with open_safetensors(path) as tensors:
            yield OpenPart(tensors, ours, path.name)

    names = tuple(load_known_names(folder, level) for level in range(len(parts.priors)))
    files = tuple(sorted(folder.glob("*.safetensors")))
    source = WeightSource(parts, names, files, open_part)
    return source


def released_source(
    config: ModelConfig | ModelParts,
    files: Mapping[int | None, Path],
    known_names: tuple[KnownNames, ...],
) -> WeightSource:
    """The weights of released files.

    Parameters
    ----------
    config
        Shape of the whole model.
    files
        Those that are there: None -> that of the codec, level -> that of its prior.
    known_names
        Of every level.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    priors = tuple(p if i in files else None for i, p in enumerate(config.priors))
    vqvae = config.vqvae if None in files else None
    parts = ModelParts(config.name, vqvae, priors, config.licence)

    @contextmanager
    def open_part(level: int | None) -> Iterator[OpenPart]:
        wanted = source.config_of(level)
        file = open_released(files[level])
        kind = "codec" if level is None else "prior"
        if file.kind != kind:
            raise CheckpointError(f"{file.path.name} holds a {file.kind}, not a {kind}.")
        names = {n.ours: n.released for n in names_of(wanted)}
        yield OpenPart(file.tensors, names, file.path.name)

    source = WeightSource(parts, known_names, tuple(files.values()), open_part)
    return source
