"""Safetensors files: opened without being read, and written one tensor at a time.

What
    The format is simple: eight bytes with the length of a JSON header, the header (name, dtype,
    shape and place of every tensor), then the numbers. Nothing in it can run. Since the header
    follows from names and shapes alone, a file can be written while its tensors are still read
    from another one: nothing larger than one tensor is ever held.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.errors import CheckpointError, JukeboxError

_DTYPES = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_ALIGNMENT = 8  # bytes; the header is filled up with spaces


@contextmanager
def open_safetensors(path: Path) -> Iterator[dict[str, StoredTensor]]:
    """The tensors of a file, still in the file; it stays open in the `with` block.

    Raises
    ------
    CheckpointError
        If it is missing or damaged.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}. Copy or download the folder again.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {}
            for name in file.keys():  # noqa: SIM118 (not a dict)
                slot = file.get_slice(name)
                dtype = _DTYPES.get(slot.get_dtype(), torch.uint8)
                read = partial(file.get_tensor, name)
                tensors[name] = StoredTensor(tuple(slot.get_shape()), dtype, read)
            yield tensors
    except (SafetensorError, ValueError) as error:
        if isinstance(error, JukeboxError):
            raise
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({str(error)[:100]}). Copy it again."
        ) from None


def write_safetensors(path: Path, tensors: Mapping[str, StoredTensor]) -> None:
    """Write tensors in their order, each read when its turn comes.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, stored in tensors.items():
        end = position + n_bytes(stored)
        header[name] = {
            "dtype": _NAMES[stored.dtype],
            "shape": list(stored.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for stored in tensors.values():
            write_numbers(file, stored.read())


def n_bytes(stored: StoredTensor) -> int:
    """Bytes of a tensor's numbers.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return math.prod(stored.shape) * stored.dtype.itemsize


def write_numbers(file: IO[bytes], tensor: Tensor) -> None:
    """Append a tensor's numbers, in order, to a file.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    file.write(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
