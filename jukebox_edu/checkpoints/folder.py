"""Our own model folder: a configuration, weights in safetensors files, and the lists of names.

What
        config.json            shape and provenance, with a format version
        vqvae.safetensors      the codec
        prior_0.safetensors    the prior of level 0, and so on up to the top
        artists.json           names of the artists, index = id (likewise genres.json)

    Nothing in it can be executed, every file has one fixed name, and no file name is ever taken
    from the contents of another. Weights come back as float32 whatever the files hold, unless a
    prior is asked for in half precision. `saving.py` writes such folders.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from jukebox_edu.checkpoints.filling import Model, empty_model, fill
from jukebox_edu.checkpoints.limits import refuse_absurd
from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.config import ModelConfig, from_json_dict
from jukebox_edu.errors import CheckpointError, ConfigError, JukeboxError, must
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

FORMAT_VERSION = 1
CONFIG_FILE, CODEC_FILE = "config.json", "vqvae.safetensors"
MAX_JSON = 16 * 2**20  # bytes; longer lists of names are not read
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")
_DTYPES = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}


@dataclass(frozen=True)
class KnownNames:
    """Names that a model's label tables stand for; index = id.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    artists: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


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
    """Read the configuration of a model folder.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged, of a newer format, or not possible.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    path = Path(folder) / CONFIG_FILE
    data = _read_json(path)
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} does not describe a model: it is no JSON object.")
    version = data.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format_version {version!r}, and this library reads {FORMAT_VERSION}. "
            "Update the library, or convert the model again."
        )
    try:
        refuse_absurd(data)
        config: ModelConfig = from_json_dict(ModelConfig, data)
        checked_name(config.name)
        return config
    except Exception as error:  # a value of the wrong kind can fail anywhere in the dataclasses
        raise CheckpointError(f"{path} does not describe a model: {str(error)[:300]}") from None


def load_known_names(folder: str | Path) -> KnownNames:
    """Read the lists of artists and genres; empty where the folder has none.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    lists = {}
    for kind in ("artists", "genres"):
        path = Path(folder) / f"{kind}.json"
        names = _read_json(path) if path.exists() else []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise CheckpointError(f"{path} is not a list of names. Copy the folder again.")
        lists[kind] = tuple(names)
    return KnownNames(**lists)


def load_vqvae(folder: str | Path, *, device: torch.device | str = "cpu") -> VQVAE:
    """Load the codec of a model folder, frozen, in evaluation mode and float32.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    config = load_model_config(folder).vqvae
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
    priors = load_model_config(folder).priors
    if isinstance(level, bool) or level not in range(len(priors)):
        raise ConfigError(must("level", level, f"from 0 (bottom) to {len(priors) - 1} (top)"))
    path = Path(folder) / prior_file(level)
    return _load(path, lambda: Prior(priors[level]), device=device, dtype=dtype)


def _load(path: Path, build: Callable[[], Model], **where: Any) -> Model:
    try:
        model = empty_model(build)
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{path.parent}: {CONFIG_FILE} is not possible: {error}") from None
    names = {name: name for name in model.state_dict()}
    with _open_weights(path) as tensors:
        return fill(model, tensors, names, source=path.name, **where)


def _read_json(path: Path) -> Any:
    if not path.is_file():
        raise CheckpointError(f"There is no {path.name} in {path.parent}: it is no model folder.")
    if path.stat().st_size > MAX_JSON:
        raise CheckpointError(f"{path} has {path.stat().st_size} bytes, too many to be right.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise CheckpointError(f"{path} is no readable JSON: {str(error)[:100]}") from None
