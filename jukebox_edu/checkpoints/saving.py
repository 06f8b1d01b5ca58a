"""Writing a model folder, the one that `folder.py` describes and reads.

What
    Weights are kept in half precision by default, which halves the folder. Each tensor is written
    once, also where a model uses it twice.
Conventions
    Files are written under temporary names; config.json takes its place last, so that a folder
    with a configuration is complete.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from jukebox_edu.checkpoints.filling import MATRIX_DTYPES
from jukebox_edu.checkpoints.folder import (
    CODEC_FILE,
    CONFIG_FILE,
    checked_name,
    prior_file,
)
from jukebox_edu.checkpoints.known_names import (
    KnownNames,
    check_names,
    list_contents,
    only_version_2,
)
from jukebox_edu.config import ModelConfig, to_json_dict
from jukebox_edu.errors import CheckpointError, ConfigError, JukeboxError, must
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE


def save_model(
    folder: str | Path,
    config: ModelConfig,
    vqvae: VQVAE,
    priors: Sequence[Prior],
    *,
    known_names: KnownNames | Sequence[KnownNames] | None = None,
    dtype: torch.dtype = torch.float16,
) -> Path:
    """Write a model folder and return its path; replaces files of the same names there.

    Parameters
    ----------
    folder
        Created if missing.
    config
        Of the whole model; `priors[level].config` and `vqvae.config` must be the same.
    vqvae, priors
        The models, bottom level first.
    known_names
        Artists and genres of the label tables, if there are any: of all levels, or one per level.
    dtype
        Precision of all weights in the files.

    Raises
    ------
    ConfigError
        If models and configuration do not belong together.
    CheckpointError
        If a weight is not finite in `dtype`, or the folder cannot be written.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if known_names is None or isinstance(known_names, KnownNames):
        known_names = (known_names or KnownNames(),) * len(priors)
    lists = list_contents(known_names)
    version = 2 if only_version_2(lists) else 1  # the oldest that can say it
    config = replace(config, format_version=version)
    _check_parts(config, vqvae, priors, known_names)
    if dtype not in MATRIX_DTYPES:
        raise ConfigError(must("dtype", dtype, f"one of {MATRIX_DTYPES}"))
    folder = Path(folder)
    writers: dict[str, Callable[[Path], None]] = {CODEC_FILE: partial(_write_weights, vqvae, dtype)}
    for level, prior in enumerate(priors):
        writers[prior_file(level)] = partial(_write_weights, prior, dtype)
    for name, names in lists.items():
        writers[name] = partial(write_json, names)
    writers[CONFIG_FILE] = partial(write_json, to_json_dict(config))  # last: now it is a model
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(folder, writers)
    except OSError as error:
        if isinstance(error, JukeboxError):
            raise
        raise CheckpointError(f"{folder} cannot be written: {error}. Choose another.") from None
    return folder


def _check_parts(
    config: ModelConfig, vqvae: VQVAE, priors: Sequence[Prior], names: Sequence[KnownNames]
) -> None:
    checked_name(config.name)
    if vqvae.config != config.vqvae:
        raise ConfigError(must("vqvae.config", vqvae.config, "equal to config.vqvae"))
    if tuple(prior.config for prior in priors) != config.priors:
        advice = "Build the ModelConfig from vqvae.config and each prior.config."
        given = [prior.config for prior in priors]
        raise ConfigError(must("priors", given, "the models of config.priors, in order", advice))
    if len(names) != len(priors):
        raise ConfigError(must("len(known_names)", len(names), f"{len(priors)}, one per level"))
    for prior, known in zip(config.priors, names, strict=True):
        check_names(prior, known, whole=prior.level == len(priors) - 1)


def _write_all(folder: Path, writers: Mapping[str, Callable[[Path], None]]) -> None:
    """Write every file under a temporary name, then put all in place, in order."""
    temporary = {name: folder / f".{name}.{os.getpid()}.part" for name in writers}
    try:
        for name, write in writers.items():
            write(temporary[name])
        for name, path in temporary.items():
            os.replace(path, folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def _write_weights(model: nn.Module, dtype: torch.dtype, path: Path) -> None:
    """Write each tensor once, under its first name, in the given precision."""
    tensors, seen = {}, set()
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        value = tensor.detach().to("cpu", dtype).contiguous()
        if not bool(value.isfinite().all()):
            raise CheckpointError(
                f"{name} holds numbers that are not finite in {dtype}. "
                "Use dtype=torch.float32, or look at the training run."
            )
        tensors[name] = value
    save_file(tensors, path, metadata={"format": "pt"})


def write_json(data: Any, path: Path) -> None:
    """Write plain data as a JSON file for people to read.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
