"""Our own model folder: a configuration, weights in safetensors files, and the lists of names.

What
        config.json            shape and provenance, with a format version
        vqvae.safetensors      the codec
        prior_0.safetensors    the prior of level 0, and so on up to the top
        artists.json           names of the artists, index = id (likewise genres.json)
        artists_2.json         the same for level 2 alone, where it has other names

    Nothing in it can be executed, every file has one fixed name, and no file name is ever taken
    from the contents of another. Weights come back as float32 whatever the files hold, unless a
    prior is asked for in half precision. `saving.py` writes such folders.

    Version 2 of the format allows what version 1 does not: lists of one level alone, and a folder
    that holds a part of a model only, with `null` in config.json for what is not there.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from jukebox_edu.checkpoints.filling import Model, empty_model, fill
from jukebox_edu.checkpoints.known_names import read_json
from jukebox_edu.checkpoints.limits import refuse_absurd
from jukebox_edu.checkpoints.safetensors_file import open_safetensors
from jukebox_edu.config import ModelConfig, PriorConfig, VQVAEConfig, from_json_dict
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

FORMAT_VERSIONS = (1, 2)
CONFIG_FILE, CODEC_FILE = "config.json", "vqvae.safetensors"
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


@dataclass(frozen=True)
class ModelParts:
    """What a folder holds of a model; `None` stands for what is not there.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    name: str  # of the model
    vqvae: VQVAEConfig | None
    priors: tuple[PriorConfig | None, ...]  # index = level
    licence: str = ""  # of the weights
    format_version: int = 2

    def whole(self) -> ModelConfig:
        """The configuration of the complete model.

        Raises
        ------
        CheckpointError
            If a part is missing.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        missing = [f"the prior of level {i}" for i, p in enumerate(self.priors) if p is None]
        if self.vqvae is None or missing:
            listed = ", ".join((["the codec"] if self.vqvae is None else []) + missing)
            raise CheckpointError(
                f"{self.name!r} is a part of a model only, without {listed}. Convert the missing "
                "files into the same folder, or load what is there with load_vqvae and load_prior."
            )
        priors = tuple(prior for prior in self.priors if prior is not None)
        return ModelConfig(self.name, self.vqvae, priors, self.licence, self.format_version)


def prior_file(level: int) -> str:
    """Name of the weights of one level's prior.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> prior_file(2)
    'prior_2.safetensors'
    """
    return f"prior_{int(level)}.safetensors"


def checked_name(name: str) -> str:
    """Return a model's name, or raise `ConfigError` if it could not also name a folder.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not isinstance(name, str) or not MODEL_NAME.fullmatch(name) or ".." in name:
        raise ConfigError(must("name", name, "letters, digits, '.', '_', '-' and spaces only"))
    return name


def load_model_config(folder: str | Path) -> ModelConfig:
    """Read the configuration of a folder with a complete model.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged, of a newer format, not possible, or a part only.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return load_model_parts(folder).whole()


def load_model_parts(folder: str | Path) -> ModelParts:
    """Read what a model folder holds, be it a complete model or not.

    Raises
    ------
    CheckpointError
        If there is no configuration, or it is damaged, of a newer format, or not possible.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    path = Path(folder) / CONFIG_FILE
    data = read_json(path)
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} does not describe a model: it is no JSON object.")
    version = data.get("format_version")
    if version not in FORMAT_VERSIONS or isinstance(version, bool):
        raise CheckpointError(
            f"{path} has format_version {version!r}, and this library reads {FORMAT_VERSIONS}. "
            "Update the library, or convert the model again."
        )
    try:
        refuse_absurd(data)
        parts: ModelParts = from_json_dict(ModelParts, data)
        _check(parts)
        return parts
    except Exception as error:  # a value of the wrong kind can fail anywhere in the dataclasses
        raise CheckpointError(f"{path} does not describe a model: {str(error)[:300]}") from None


def _check(parts: ModelParts) -> None:
    """Refuse parts that are no configurations, or not of one model."""
    checked_name(parts.name)
    if parts.format_version == 1 or (parts.vqvae is not None and None not in parts.priors):
        parts.whole()
        return
    for level, prior in enumerate(parts.priors):
        if prior is not None and (not isinstance(prior, PriorConfig) or prior.level != level):
            raise ConfigError(must(f"priors[{level}]", prior, f"a prior of level {level}, or null"))
    if parts.vqvae is not None and not isinstance(parts.vqvae, VQVAEConfig):
        raise ConfigError(must("vqvae", parts.vqvae, "a codec, or null"))


def load_vqvae(folder: str | Path, *, device: torch.device | str = "cpu") -> VQVAE:
    """Load the codec of a model folder, frozen, in evaluation mode and float32.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    config = load_model_parts(folder).vqvae
    if config is None:
        raise CheckpointError(f"{folder} holds no codec, only priors. Convert one into it.")
    return _load(Path(folder) / CODEC_FILE, lambda: VQVAE(config), device=device)


def load_prior(
    folder: str | Path,
    level: int,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Prior:
    """Load one level's prior from a model folder, frozen and in evaluation mode.

    Parameters
    ----------
    folder, level
        Where, and which; 0 is the bottom (finest) level.
    device, dtype
        Where to, and the precision of the matrices (the Transformer computes in it).

    Raises
    ------
    CheckpointError
        If a file is missing, damaged, or does not fit the configuration.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    priors = load_model_parts(folder).priors
    if isinstance(level, bool) or level not in range(len(priors)):
        raise ConfigError(must("level", level, f"from 0 (bottom) to {len(priors) - 1} (top)"))
    config = priors[level]
    if config is None:
        raise CheckpointError(f"{folder} holds no prior of level {level}. Convert one into it.")
    path = Path(folder) / prior_file(level)
    return _load(path, lambda: Prior(config), device=device, dtype=dtype)


def _load(path: Path, build: Callable[[], Model], **where: Any) -> Model:
    try:
        model = empty_model(build)
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{path.parent}: {CONFIG_FILE} is not possible: {error}") from None
    names = {name: name for name in model.state_dict()}
    with open_safetensors(path) as tensors:
        return fill(model, tensors, names, source=path.name, **where)
