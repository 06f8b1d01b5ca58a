"""The two containers of torch.save: where in the file the numbers of each tensor are.

What
    Since torch 1.6 a file is a zip archive without compression:

        name/data.pkl     the pickle that describes everything but the numbers
        name/data/KEY     the numbers of storage KEY

    Before that (all of OpenAI's files) it is one stream:

        magic | protocol | system | pickle | list of keys | count, numbers | count, numbers | ...

    `TorchFile` reads the description at once and the numbers tensor by tensor, through a memory
    map in both cases: nothing larger than one tensor is ever held twice.
Conventions
    Sizes that a file declares are compared with the file's own size before anything is allocated.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jukebox_edu.checkpoints.pickles import ADVICE, TensorRecord, read_pickle
from jukebox_edu.errors import CheckpointError

MAX_DESCRIPTION = 64 * 2**20  # bytes of pickles; a released file has less than one megabyte
MAX_RECORDS = 200_000  # entries of a zip archive
_ZIP_MAGIC = b"PK\x03\x04"
_STREAM_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled magic number of torch
_PROTOCOL = 1001  # version of the stream


@dataclass(frozen=True)
class Span:
    """Where bytes lie in the file."""

    start: int  # bytes from the beginning
    size: int  # bytes
    checksum: int | None = None  # CRC-32, where the container has one


@dataclass(frozen=True)
class TorchFile:
    """A file of torch.save, described but not yet read.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    path: Path
    value: Any  # what was saved: plain data, with TensorRecord for tensors
    spans: dict[str, Span] = field(repr=False)  # the numbers of each storage
    content: Tensor = field(repr=False)  # uint8, the whole file, mapped
    _intact: set[str] = field(default_factory=set, repr=False)  # storages whose checksum was right

    def read(self, record: TensorRecord) -> Tensor:
        """Read one tensor's numbers into memory of its own.

        Raises
        ------
        CheckpointError
            If the numbers were damaged (only zip archives can tell).

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        storage, span = record.storage, self.spans[record.storage.key]
        data = self.content[span.start : span.start + span.size]
        self._check(storage.key, span, data)
        aligned = span.start % storage.dtype.itemsize == 0
        # A view as larger numbers must begin at a multiple of their size.
        numbers = (data if aligned else data.clone()).view(storage.dtype)
        first = numbers.storage_offset() + record.offset
        view = numbers.as_strided(record.shape, record.stride, first)
        if not aligned and view.is_contiguous() and view.numel() == storage.numel:
            return view  # already in memory of its own
        return view.clone(memory_format=torch.contiguous_format)

    def _check(self, key: str, span: Span, data: Tensor) -> None:
        if span.checksum is None or key in self._intact:
            return
        if zlib.crc32(data.numpy().data) != span.checksum:
            raise CheckpointError(
                f"{self.path.name}: the numbers of storage {key!r} do not match their checksum. "
                "The file is damaged: download or copy it again."
            )
        self._intact.add(key)


def open_torch_file(path: str | Path) -> TorchFile:
    """Describe a file of torch.save, in either container, without running anything in it.

    Raises
    ------
    CheckpointError
        If it is missing, cut off, damaged, foreign or unsafe.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    path = Path(path)
    content = _mapped(path)
    start = bytes(content[:16].tolist())
    try:
        if start.startswith(_ZIP_MAGIC):
            return _open_zip(path, content)
        if start.startswith(_STREAM_MAGIC):
            return _open_stream(path, content)
    except CheckpointError as error:
        raise CheckpointError(f"{path.name}: {error}") from None
    raise CheckpointError(
        f"{path.name} is not a file of torch.save (it begins with {start[:8]!r}). "
        "Give a .pth.tar file of OpenAI's release, or one saved by the same program."
    )


def _mapped(path: Path) -> Tensor:
    if not path.exists():
        raise CheckpointError(f"There is no file {path}. Check the path, or download the file.")
    if not path.is_file():
        raise CheckpointError(f"{path} is not a file. Give the .pth.tar file itself.")
    size = path.stat().st_size
    if size < 32:
        raise CheckpointError(f"{path.name} has only {size} bytes: download it again.")
    try:
        return torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8)
    except RuntimeError as error:
        raise CheckpointError(f"{path} cannot be read: {str(error)[:200]}") from None


# ---- zip archives -------------------------------------------------------------------------------


def _open_zip(path: Path, content: Tensor) -> TorchFile:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except Exception as error:  # zipfile fails in many ways on damaged archives
        raise CheckpointError(
            f"The archive is cut off or damaged ({str(error)[:100]}): download it again."
        ) from None
    if len(entries) > MAX_RECORDS:
        raise CheckpointError(f"The archive has {len(entries)} entries, too many for a model.")
    spans: dict[str, Span] = {}
    for entry in entries:
        if entry.filename in spans:
            raise CheckpointError(f"Two entries are called {entry.filename[:60]!r}. {ADVICE}")
        spans[entry.filename] = _zip_span(entry, content)
    roots = [name.removesuffix("data.pkl") for name in spans if name.endswith("/data.pkl")]
    if len(roots) != 1 or roots[0].count("/") != 1 or roots[0] + "constants.pkl" in spans:
        raise CheckpointError(
            "The archive does not hold weights saved by torch.save (one NAME/data.pkl). "
            "Give a .pth.tar file of OpenAI's release."
        )
    root = roots[0]
    order = spans.get(root + "byteorder")
    if order is not None and _bytes(content, order) != b"little":
        raise CheckpointError("It was written on a big-endian machine, which is not supported.")
    description = read_pickle(io.BytesIO(_bytes(content, spans[root + "data.pkl"])))
    numbers = {
        key: _fitting(key, spans.get(f"{root}data/{key}"), storage.numel * storage.dtype.itemsize)
        for key, storage in description.storages.items()
    }
    return TorchFile(path, description.value, numbers, content)


def _zip_span(entry: zipfile.ZipInfo, content: Tensor) -> Span:
    """Where an entry's bytes are; refuses what torch never writes."""
    name = entry.filename
    parts = name.split("/")
    if "" in parts or ".." in parts or "\\" in name or ":" in name:
        raise CheckpointError(f"An entry's name leads out of the archive: {name[:60]!r}. {ADVICE}")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise CheckpointError(
            f"Entry {name[:60]!r} is compressed (to {entry.file_size} bytes), which torch.save "
            f"never does. {ADVICE}"
        )
    header = content[entry.header_offset : entry.header_offset + 30]
    raw = bytes(header.tolist())
    if len(raw) < 30 or raw[:4] != _ZIP_MAGIC or entry.flag_bits & 1:
        raise CheckpointError(f"Entry {name[:60]!r} is damaged or encrypted. {ADVICE}")
    name_length, extra_length = struct.unpack("<HH", raw[26:30])
    start = entry.header_offset + 30 + name_length + extra_length
    if start + entry.file_size > len(content):
        raise CheckpointError(
            f"Entry {name[:60]!r} claims {entry.file_size} bytes, more than the file has: "
            "it is cut off or damaged. Download it again."
        )
    return Span(start, entry.file_size, entry.CRC)


def _bytes(content: Tensor, span: Span) -> bytes:
    if span.size > MAX_DESCRIPTION:
        raise CheckpointError(f"Its description has {span.size} bytes, too many for a model.")
    data = content[span.start : span.start + span.size].numpy().tobytes()
    if zlib.crc32(data) != span.checksum:
        raise CheckpointError("Its description does not match its checksum: download it again.")
    return data


def _fitting(key: str, span: Span | None, size: int) -> Span:
    if span is None:
        raise CheckpointError(f"The numbers of storage {key!r} are missing: download it again.")
    if span.size != size:
        raise CheckpointError(
            f"Storage {key!r} should have {size} bytes and has {span.size}: the file is damaged. "
            "Download it again."
        )
    return span


# ---- streams of older versions ------------------------------------------------------------------


def _open_stream(path: Path, content: Tensor) -> TorchFile:
    stream = io.BytesIO(content[:MAX_DESCRIPTION].numpy().tobytes())
    read_pickle(stream)  # the magic number, compared before
    protocol, system = read_pickle(stream).value, read_pickle(stream).value
    little = isinstance(system, dict) and system.get("little_endian") is True
    if protocol != _PROTOCOL or not little:
        raise CheckpointError("It is of an unknown version or from a big-endian machine.")
    description = read_pickle(stream)
    keys = read_pickle(stream).value
    if not isinstance(keys, list) or set(map(str, keys)) != set(description.storages):
        raise CheckpointError(f"Its list of storages does not fit its tensors. {ADVICE}")
    position, spans = stream.tell(), {}
    for key in map(str, keys):
        storage = description.storages[key]
        size = storage.numel * storage.dtype.itemsize
        start = position + 8
        if start + size > len(content):
            raise CheckpointError(
                f"It is cut off: {start + size} bytes are needed at least, and it has "
                f"{len(content)}. Download it again."
            )
        declared = int.from_bytes(bytes(content[position:start].tolist()), "little")
        if declared != storage.numel:
            raise CheckpointError(
                f"Storage {key!r} should have {storage.numel} numbers and has {declared}: the "
                "file is damaged. Download it again."
            )
        spans[key] = Span(start, size)
        position = start + size
    return TorchFile(path, description.value, spans, content)
