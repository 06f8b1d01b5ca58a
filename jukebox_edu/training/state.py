"""The state of a training run in one file: whole or absent.

What
    A safetensors file holds the tensors; the numbers (step, random generators, sums of the row of
    the log that is not finished) are JSON in its header. It is written under a temporary name,
    flushed to the disk and renamed, so a file with the name of a state is a whole state. The last
    two are kept: should the newest be damaged after all, the one before it serves.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from jukebox_edu.errors import RunError
from jukebox_edu.sampling.storing import reported

STATE = re.compile(r"state-(\d{8})\.safetensors")
KEPT = 2  # states


@dataclass(frozen=True)
class TrainingState:
    """What a run needs to go on as if nothing had happened."""

    numbers: Mapping[str, Any]  # plain JSON types, "step" among them
    tensors: Mapping[str, Tensor]  # by name

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return int(self.numbers["step"])


def state_files(folder: Path) -> list[Path]:
    """States in a folder, newest first.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    found = [path for path in folder.iterdir() if STATE.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def write_state(folder: Path, state: TrainingState) -> Path:
    """Write a state, then remove all but the newest two.

    Raises
    ------
    RunError
        If the disk is full or the folder cannot be written; the older states stay.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    path = folder / f"state-{state.step:08d}.safetensors"
    partial = folder / f".{path.name}.{secrets.token_hex(4)}.part"
    tensors = {name: tensor.cpu().contiguous() for name, tensor in state.tensors.items()}
    with reported(path):
        try:
            save_file(tensors, partial, {"numbers": json.dumps(dict(state.numbers))})
            with open(partial, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(partial, path)
            for old in state_files(folder)[KEPT:]:
                old.unlink(missing_ok=True)
        except SafetensorError as error:
            advice = "Make room and run the same call again: older states are untouched."
            raise RunError(f"{path} cannot be written: {error}. {advice}") from None
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    return path


def read_state(path: Path) -> TrainingState:
    """Read a state.

    Raises
    ------
    RunError
        If the file is damaged or something else.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    with reported(path, "read"):
        try:
            with safe_open(path, framework="pt", device="cpu") as file:
                numbers = json.loads((file.metadata() or {})["numbers"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            numbers["step"] = int(numbers["step"])
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            text = str(error)[:100]
            raise RunError(f"{path} is damaged or no training state ({text}).") from None
    return TrainingState(numbers, tensors)


def newest_state(folder: Path) -> TrainingState | None:
    """The newest state that is whole; None if the run has not saved any yet.

    Raises
    ------
    RunError
        If there are states and all of them are damaged.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    files = state_files(folder)
    for path in files:
        with contextlib.suppress(RunError):
            return read_state(path)
    if files:
        raise RunError(f"The states in {folder} are damaged. Choose another folder.")
    return None


class Generators:
    """The two sources of random numbers of a run, numpy's for data and torch's for the rest.

    Parameters
    ----------
    seed
        Numbers that tell this run's draws from those of others.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, *seed: int) -> None:
        self.numpy = np.random.default_rng(list(seed))
        words = np.random.SeedSequence(list(seed)).generate_state(2)
        self.torch = torch.Generator().manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)

    def numbers(self) -> dict[str, Any]:
        """State of numpy's, as plain numbers."""
        return dict(self.numpy.bit_generator.state)

    def load(self, numbers: Mapping[str, Any], generator: Tensor) -> None:
        """Go on where another pair stopped."""
        self.numpy.bit_generator.state = dict(numbers)
        self.torch.set_state(generator)


@contextlib.contextmanager
def seeded(seed: int) -> Any:
    """A `with` block in which new modules get the initial weights of `seed`.

    Outside of it torch's global generator is as it was.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
