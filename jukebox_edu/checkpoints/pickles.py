"""Reading a pickle that may have been written by anybody.

What
    A `.pth.tar` file describes its tensors in a pickle: a little program that rebuilds objects. A
    hostile one can call any function. Three locks keep that out:

        1. instructions   only those that plain data and tensors need, with sizes that fit the file
        2. names          no name is ever looked up in a module. A short table says what torch's own
                          names stand for here; names of Python's standard library (os.system and
                          its like) are refused; any other name becomes a `Placeholder`
        3. placeholders   may be built, called and filled, and do nothing at all

    Tensors come out as `TensorRecord`s: where their numbers lie and in which shape. Reading the
    numbers is the next step and needs no pickle.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import sys
from typing import Any, NamedTuple

import torch

from jukebox_edu.errors import CheckpointError

ADVICE = "Do not use this file; get it again from a source you trust."
MAX_INSTRUCTIONS = 5_000_000  # a released file has about 50 000
# What torch.save has ever needed for dicts, lists, numbers, texts and tensors.
_INSTRUCTIONS = frozenset(
    """PROTO FRAME STOP MARK POP POP_MARK GLOBAL STACK_GLOBAL REDUCE BUILD NEWOBJ NEWOBJ_EX
    BINPERSID NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT
    STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINBYTES SHORT_BINBYTES
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT
    SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET
    PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET""".split()
)
_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


# Tuples, not dataclasses: what a hostile pickle is handed must not have attributes to overwrite.
class StorageRecord(NamedTuple):
    """A run of numbers in the file.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    key: str  # its name in the file
    dtype: torch.dtype
    numel: int  # numbers in it


class TensorRecord(NamedTuple):
    """A tensor: which numbers of a storage it shows, in which shape.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    storage: StorageRecord
    offset: int  # numbers before the first one
    shape: tuple[int, ...]
    stride: tuple[int, ...]  # numbers between neighbors along each axis


class Placeholder(dict):
    """Stands for any object of an unknown class: can be built and filled, does nothing.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __new__(cls, *args: Any, **kwargs: Any) -> Placeholder:
        """Ignore whatever it would have been built from."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def __call__(self, *args: Any) -> Placeholder:
        """Ignore a call, and stand for its result too."""
        return Placeholder()

    def __setstate__(self, state: Any) -> None:
        """Ignore attributes."""

    def append(self, item: Any) -> None:
        """Ignore an item of a list."""

    def extend(self, items: Any) -> None:
        """Ignore items of a list."""

    def add(self, item: Any) -> None:
        """Ignore an item of a set."""


class _PlainMapping(dict):
    """Stands for OrderedDict."""

    def __setstate__(self, state: Any) -> None:
        """Ignore attributes, such as a state dict's version numbers."""


class _Call:
    """Stands for a function of torch; has no attributes a pickle could set."""

    __slots__ = ("_function",)

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it sets attributes of a function")


def _count(value: Any, *, what: str) -> int:
    if type(value) is not int or value < 0:
        raise pickle.UnpicklingError(f"{what} is {value!r}")
    return value


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> TensorRecord:
    """What torch._utils._rebuild_tensor(_v2) is called with, checked and written down."""
    if type(storage) is not StorageRecord or type(shape) is not tuple or type(stride) is not tuple:
        raise pickle.UnpicklingError("a tensor is put together from other things than numbers")
    shape = tuple(_count(n, what="a tensor's length") for n in shape)
    stride = tuple(_count(n, what="a tensor's stride") for n in stride)
    last = _count(offset, what="a tensor's offset")
    if len(shape) != len(stride) or len(shape) > 8:
        raise pickle.UnpicklingError(f"a tensor has shape {shape} but strides {stride}")
    last += sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
    if math.prod(shape) > storage.numel or (0 not in shape and last >= storage.numel):
        raise pickle.UnpicklingError(f"a tensor of shape {shape} reaches past its numbers")
    return TensorRecord(storage, offset, shape, stride)


def _rebuild_parameter(tensor: Any, *_: Any) -> Any:
    return tensor


_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _PlainMapping,
    ("torch._utils", "_rebuild_tensor"): _Call(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Call(_rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): _Call(_rebuild_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): _Call(_rebuild_parameter),
}
# With the names of Python 2, in which some programs wrote their files.
_STANDARD_LIBRARY = sys.stdlib_module_names | {"__builtin__", "copy_reg", "commands", "popen2"}
# What options and optimizers of training runs are made of; still only placeholders.
_HARMLESS = frozenset(
    """collections.defaultdict collections.Counter collections.deque argparse.Namespace
    types.SimpleNamespace copyreg._reconstructor copy_reg._reconstructor _codecs.encode
    builtins.set builtins.frozenset builtins.list builtins.dict builtins.tuple builtins.slice
    builtins.int builtins.float builtins.complex builtins.bool builtins.str builtins.bytes
    builtins.object builtins.range __builtin__.set __builtin__.object __builtin__.dict
    datetime.date datetime.datetime datetime.timedelta decimal.Decimal fractions.Fraction
    uuid.UUID pathlib.PosixPath pathlib.WindowsPath pathlib.PurePosixPath
    pathlib._local.PosixPath pathlib._local.WindowsPath""".split()
)


class _Unpickler(pickle.Unpickler):
    """Unpickler that knows the names above and collects the storages it meets."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, StorageRecord] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Look a name up in the table; never import anything."""
        if module in ("torch", "torch.cuda") and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        if module.split(".")[0] in _STANDARD_LIBRARY and f"{module}.{name}" not in _HARMLESS:
            raise pickle.UnpicklingError(f"it would use {module}.{name}, which no weights need")
        return Placeholder

    def persistent_load(self, pid: Any) -> StorageRecord:
        """Write down where a storage's numbers are."""
        if type(pid) is not tuple or len(pid) < 5 or pid[0] != "storage":
            raise pickle.UnpicklingError(f"it refers to {str(pid)[:60]}")
        _, dtype, key, _location, numel, *view = pid
        if type(dtype) is not torch.dtype or type(key) is not str or view not in ([], [None]):
            raise pickle.UnpicklingError("it refers to numbers in an unknown way")
        record = StorageRecord(key, dtype, _count(numel, what="the size of a storage"))
        if self.storages.setdefault(key, record) != record:
            raise pickle.UnpicklingError(f"storage {key!r} is described twice, differently")
        return record


class Unpickled(NamedTuple):
    """Result of reading one pickle.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    value: Any  # plain data, with TensorRecord for tensors
    storages: dict[str, StorageRecord]  # by key


def read_pickle(stream: io.BytesIO) -> Unpickled:
    """Read one pickle from the stream's position on; leaves the stream behind it.

    Raises
    ------
    CheckpointError
        If it is cut off or damaged, or does anything that data and tensors do not need.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    start = stream.tell()
    try:
        _scan(stream)
        stream.seek(start)
        unpickler = _Unpickler(stream)
        return Unpickled(unpickler.load(), unpickler.storages)
    except CheckpointError:
        raise
    except Exception as error:  # a hostile pickle can make the reader fail in any way
        raise CheckpointError(
            f"The list of tensors is damaged or unsafe: {str(error)[:200]}. {ADVICE}"
        ) from None


def _scan(stream: io.BytesIO) -> None:
    """Refuse instructions that plain data does not need, and sizes that only exhaust memory."""
    argument: Any
    for done, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
        if instruction.name not in _INSTRUCTIONS or done > MAX_INSTRUCTIONS:
            raise CheckpointError(
                f"The list of tensors uses the pickle instruction {instruction.name} after "
                f"{done} others, which no file of weights needs. {ADVICE}"
            )
        if instruction.name in ("INT", "LONG", "LONG1", "LONG4") and abs(argument) >= 2**100:
            raise CheckpointError(f"The list of tensors holds an absurdly large number. {ADVICE}")
        if "PUT" in instruction.name and int(argument) > done:
            raise CheckpointError(f"The list of tensors claims absurd memory. {ADVICE}")
