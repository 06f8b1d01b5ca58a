"""What is in a released file: named tensors and the options of its training run.

What
    A released file is a dictionary {"hps", "model", "opt", "step"}; only "model" is needed, and
    "hps" helps. This file finds them, brings the tensors' names into their usual form and tells
    codecs from priors. The numbers stay in the file until a model asks for them.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jukebox_edu.checkpoints.names import canonical
from jukebox_edu.checkpoints.pickles import TensorRecord
from jukebox_edu.checkpoints.torchfile import TorchFile, open_torch_file
from jukebox_edu.errors import CheckpointError


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that is still in its file.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor] = field(repr=False)  # fetches its numbers


@dataclass(frozen=True)
class ReleasedFile:
    """A file in the released format, opened.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    path: Path
    tensors: dict[str, StoredTensor] = field(repr=False)  # by released name in its usual form
    hps: dict[str, Any] = field(repr=False)  # options of the training run; may be empty

    @property
    def kind(self) -> str:
        """What it holds, by its names: "codec", "prior" or "something else"."""
        if any(name.startswith(("encoders.", "bottleneck.")) for name in self.tensors):
            return "codec"
        if any(name.startswith("prior.") for name in self.tensors):
            return "prior"
        return "something else"


def open_released(path: str | Path) -> ReleasedFile:
    """Open a `.pth.tar` file of the release, or one saved by the same program.

    Raises
    ------
    CheckpointError
        If it is missing, damaged, unsafe, or holds no model.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    file = open_torch_file(path)
    value = file.value
    model = value.get("model", value) if isinstance(value, dict) else None
    if not isinstance(model, dict) or not model:
        raise CheckpointError(
            f'{file.path.name} has no entry "model" with tensors in it. '
            "Give a .pth.tar file of OpenAI's release."
        )
    hps = value.get("hps")
    hps = {k: v for k, v in hps.items() if isinstance(k, str)} if isinstance(hps, dict) else {}
    return ReleasedFile(file.path, _tensors(file, model), hps)


def _tensors(file: TorchFile, model: dict[Any, Any]) -> dict[str, StoredTensor]:
    tensors: dict[str, StoredTensor] = {}
    for name, record in model.items():
        if not isinstance(name, str) or type(record) is not TensorRecord:
            raise CheckpointError(
                f"{file.path.name}: entry {str(name)[:80]!r} of the model is not a tensor. "
                "Give a .pth.tar file of OpenAI's release."
            )
        usual = canonical(name)
        if usual in tensors:
            raise CheckpointError(f"{file.path.name}: two tensors are called {usual!r}.")
        read = partial(file.read, record)
        tensors[usual] = StoredTensor(record.shape, record.storage.dtype, read)
    return tensors
