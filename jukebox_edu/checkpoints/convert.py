"""Turning a model from one of the three formats into another.

What
    Names change, numbers stay: no tensor is transposed, split or joined between the formats, so a
    conversion copies tensor by tensor under new names and never holds more than one.

        "folder"    our model folder: safetensors, loads fastest and with the least memory
        "openai"    vqvae.pth.tar, prior_level_0.pth.tar, ... as the original program reads them
        "port"      safetensors and an index in the layout of Hugging Face's port

    Each part of the model becomes one file. A file is written under a temporary name and appears
    when it is whole, so a conversion that was interrupted goes on with the next file, and parts
    may be converted one after the other into the same folder.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from jukebox_edu.checkpoints.cache import size_text
from jukebox_edu.checkpoints.convert_targets import TARGETS, Target
from jukebox_edu.checkpoints.file_lock import FileLock
from jukebox_edu.checkpoints.filling import MATRIX_DTYPES, Incoming, incoming
from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.checkpoints.safetensors_file import n_bytes
from jukebox_edu.checkpoints.sources import WeightSource, build, names_of
from jukebox_edu.errors import CheckpointError, ConfigError, JukeboxError, must
from jukebox_edu.progress import Progress

FORMATS = tuple(TARGETS)


@dataclass(frozen=True)
class Converted:
    """What a conversion did.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    folder: Path
    written: tuple[Path, ...]  # files of weights that were written
    kept: tuple[Path, ...]  # those that were there already, whole and the same


def convert(
    source: WeightSource,
    folder: str | Path,
    to: str,
    *,
    dtype: torch.dtype | None = None,
    progress: bool | str = "auto",
) -> Converted:
    """Write a model, or the parts of it that are there, in another format.

    Parameters
    ----------
    folder
        Created if missing. Whole files of an earlier, interrupted call are kept.
    to
        "folder", "openai" or "port".
    dtype
        Precision of the Transformer's matrices, everything else float32; None: as stored.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, does not fit, or cannot be written.
    ConfigError
        If the format cannot hold this model.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if to not in TARGETS:
        raise ConfigError(must("to", to, f"one of {FORMATS}"))
    if dtype is not None and dtype not in MATRIX_DTYPES:
        raise ConfigError(must("dtype", dtype, f"None or one of {MATRIX_DTYPES}"))
    folder = Path(folder)
    target = TARGETS[to](source, folder)  # refuses here what the format cannot hold
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".convert.lock"):
            return _convert(source, target, dtype, progress)
    except OSError as error:
        if isinstance(error, JukeboxError):
            raise
        raise CheckpointError(
            f"{folder} cannot be written: {error.strerror or error}. Make room or choose another "
            "folder, and call again: whole files are kept."
        ) from None


def _convert(
    source: WeightSource, target: Target, dtype: torch.dtype | None, progress: bool | str
) -> Converted:
    written, kept = [], []
    for level in source.levels:
        path = target.file(level)
        with source.open(level) as part:
            model = build(source.config_of(level))
            items = incoming(model, part.tensors, part.names, source=part.source, dtype=dtype)
            tensors = _renamed(items, source, level, target)
            if path.exists():
                _check_same(path, tensors, target)
                kept.append(path)
                continue
            _check_space(path, tensors)
            total = sum(n_bytes(item.stored) for item in items) // 10**6
            with Progress(total, label=path.name, unit="MB", enabled=progress) as shown:
                counted = _counted(tensors, shown)
                _in_place(path, partial(target.write, level=level, tensors=counted))
            written.append(path)
    for name, write in target.closing_files().items():
        _in_place(target.folder / name, write)
    return Converted(target.folder, tuple(written), tuple(kept))


def _renamed(
    items: list[Incoming], source: WeightSource, level: int | None, target: Target
) -> dict[str, StoredTensor]:
    """The tensors of a part by their names in the new format."""
    new = {n.ours: target.rename(level, n) for n in names_of(source.config_of(level))}
    tensors = {}
    for item in items:
        names = item.names if target.repeats_shared else item.names[:1]
        tensors.update({new[name]: item.stored for name in names})
    return tensors


def _counted(tensors: Mapping[str, StoredTensor], progress: Progress) -> dict[str, StoredTensor]:
    """The same tensors, which move the progress on when they are read."""
    moved: dict[int, StoredTensor] = {}
    done = 0
    for stored in tensors.values():
        if id(stored) in moved:
            continue
        before, done = done, done + n_bytes(stored)
        step = done // 10**6 - before // 10**6

        def read(stored: StoredTensor = stored, step: int = step) -> torch.Tensor:
            progress.update(step)
            return stored.read()

        moved[id(stored)] = StoredTensor(stored.shape, stored.dtype, read)
    return {name: moved[id(stored)] for name, stored in tensors.items()}


def _check_same(path: Path, tensors: Mapping[str, StoredTensor], target: Target) -> None:
    """Refuse to go on beside a file that is not what this conversion would write."""
    opened: AbstractContextManager[dict[str, StoredTensor]] = target.open(path)
    with opened as found:
        there = {name: (stored.shape, stored.dtype) for name, stored in found.items()}
    if there != {name: (stored.shape, stored.dtype) for name, stored in tensors.items()}:
        raise CheckpointError(
            f"{path} is there already and is another model, or the same in another precision. "
            "Remove it or choose another folder."
        )


def _check_space(path: Path, tensors: Mapping[str, StoredTensor]) -> None:
    needed = sum(n_bytes(stored) for stored in tensors.values())
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise CheckpointError(
            f"{path.name} needs {size_text(needed)}, and {size_text(free)} are free in "
            f"{path.parent}. Make room and call again: whole files are kept."
        )


def _in_place(path: Path, write: Callable[[Path], None]) -> None:
    """Write under a temporary name, then give the file its own."""
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
