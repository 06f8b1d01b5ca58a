"""Writing the container of the released files, one tensor at a time.

What
    OpenAI's files are streams as torch wrote them before version 1.6:

        magic | protocol | system | pickle | list of keys | count, numbers | count, numbers | ...

    The pickle says {"hps", "model", "opt": None, "step": 0}; of a tensor it holds only which
    numbers it shows. It can therefore be written before any number is known. Such a file is read
    by every version of torch, the original program's included.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import collections
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from jukebox_edu.checkpoints.reading import StoredTensor
from jukebox_edu.checkpoints.safetensors_file import write_numbers

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_SYSTEM = {
    "protocol_version": _PROTOCOL,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}
_STORAGES = {
    torch.float32: torch.FloatStorage,
    torch.float16: torch.HalfStorage,
    torch.bfloat16: torch.BFloat16Storage,
    torch.float64: torch.DoubleStorage,
}


@dataclass(frozen=True)
class _Storage:
    """Stands for the numbers of one tensor."""

    key: str
    dtype: torch.dtype
    numel: int


class _Shown:
    """Stands for a tensor that shows all numbers of a storage."""

    def __init__(self, storage: _Storage, shape: tuple[int, ...]) -> None:
        self.storage, self.shape = storage, shape

    def __reduce__(self) -> tuple[Any, ...]:
        stride = tuple(math.prod(self.shape[i + 1 :]) for i in range(len(self.shape)))
        hooks: Any = collections.OrderedDict()
        # The very call by which torch describes a tensor.
        rebuild = torch._utils._rebuild_tensor_v2
        return rebuild, (self.storage, 0, self.shape, stride, False, hooks)


class _Pickler(pickle.Pickler):
    """Writes a storage as torch does: by its key, with its numbers elsewhere."""

    def persistent_id(self, value: Any) -> Any:
        """What stands for a storage in the pickle."""
        if isinstance(value, _Storage):
            kind = _STORAGES[value.dtype]
            return ("storage", kind, value.key, "cpu", value.numel, None)
        return None


def write_stream(path: Path, tensors: Mapping[str, StoredTensor], hps: Mapping[str, Any]) -> None:
    """Write a file in the released format; each tensor is read when its turn comes.

    Parameters
    ----------
    tensors
        By released name. The same object under two names is written once, and stays one tensor.
    hps
        Options that describe the model, in the released names.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    order = {id(stored): stored for stored in tensors.values()}
    shown = {
        number: _Shown(_Storage(str(i), stored.dtype, math.prod(stored.shape)), stored.shape)
        for i, (number, stored) in enumerate(order.items())
    }
    model = collections.OrderedDict((n, shown[id(stored)]) for n, stored in tensors.items())
    content = {"hps": dict(hps), "model": model, "opt": None, "step": 0}
    with open(path, "wb") as file:
        for value in (_MAGIC, _PROTOCOL, _SYSTEM):
            pickle.dump(value, file, protocol=2)
        _Pickler(file, protocol=2).dump(content)
        pickle.dump([s.storage.key for s in shown.values()], file, protocol=2)
        for number, stored in order.items():
            _write_storage(file, shown[number].storage, stored)


def _write_storage(file: IO[bytes], storage: _Storage, stored: StoredTensor) -> None:
    file.write(storage.numel.to_bytes(8, "little"))
    write_numbers(file, stored.read())
