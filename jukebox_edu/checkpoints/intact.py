"""Is a file what it should be? Cheap looks at its beginning, its size and its skeleton.

What
    `beginning_wrong` judges the first bytes (while a download runs), `looks_wrong` a file found on
    this machine (beginning and size), `whole_wrong` one that has just arrived: its description is
    read and every tensor must lie inside the file, so that a file cut off is never taken for whole.
    The numbers themselves are not read, unless a checksum is known.
Conventions
    Each returns what is wrong, in words that continue "it ...", or an empty string.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from jukebox_edu.checkpoints.catalogue import RemoteFile
from jukebox_edu.checkpoints.hub import shard_names
from jukebox_edu.errors import CheckpointError

HEAD = 512  # bytes that `beginning_wrong` wants to see
_ZIP = b"PK\x03\x04"
_STREAM = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch before 1.6
_MAX_HEADER = 100 * 10**6  # bytes; the limit of safetensors itself
_PAGE = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<script", b"<body")


def beginning_wrong(file: RemoteFile, head: bytes) -> str:
    """Judge a file by its first `HEAD` bytes (fewer only if it has no more).

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "is empty"
    if text.startswith(_PAGE):
        return "is a web page, perhaps of a login or an error"
    if text.startswith(b"version https://git-lfs"):
        return "is only a pointer of git-lfs, not the file"
    if file.kind == "torch" and not head.startswith((_ZIP, _STREAM)):
        return f"is not a file of torch.save (it begins with {head[:8]!r})"
    if file.kind == "safetensors":
        length = int.from_bytes(head[:8], "little")
        if not 2 <= length <= _MAX_HEADER or head[8:9] != b"{":
            return f"is not a safetensors file (it begins with {head[:8]!r})"
    if file.kind == "index" and not text.startswith(b"{"):
        return f"is no JSON object (it begins with {head[:8]!r})"
    if file.kind == "id_list" and b"\x00" in head:
        return "is not text"
    return ""


def size_wrong(file: RemoteFile, size: int) -> str:
    """Judge a file by its size in bytes.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    least, most = file.size_limits
    if least <= size <= most:
        return ""
    if file.size_bytes is not None:
        about = "" if file.size_exact else "about "
        return f"has {size} bytes where {about}{file.size_bytes} are expected"
    return f"has {size} bytes where {least} to {most} are possible"


def looks_wrong(file: RemoteFile, path: Path) -> str:
    """Judge a file on this machine without reading it all.

    A list of names may differ from the released one (it is text that people edit): it is parsed
    instead of measured.

    Raises
    ------
    OSError
        If it cannot be read.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
    wrong = beginning_wrong(file, head)
    if wrong:
        return f"it {wrong}"
    if file.kind == "id_list":
        return _skeleton_wrong(file, path)
    wrong = size_wrong(file, path.stat().st_size)
    return f"it {wrong}" if wrong else ""


def whole_wrong(file: RemoteFile, path: Path, sha256: str | None = None) -> str:
    """Judge a file that has arrived: beginning, size, skeleton and, if known, checksum.

    Raises
    ------
    OSError
        If it cannot be read.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
    wrong = beginning_wrong(file, head) or size_wrong(file, path.stat().st_size)
    if wrong:
        return f"it {wrong}"
    wrong = _skeleton_wrong(file, path)
    expected = file.sha256 or sha256
    if not wrong and expected is not None and _digest(path) != expected:
        return f"its SHA-256 is not {expected[:12]}..., its content is another or damaged"
    return wrong


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _skeleton_wrong(file: RemoteFile, path: Path) -> str:
    """Read what the file says of itself and compare it with the file."""
    try:
        if file.kind == "torch":
            _check_torch(path)
        elif file.kind == "safetensors":
            _check_safetensors(path)
        elif file.kind == "index":
            shard_names(path.read_bytes())
        else:
            _check_list(path)
    except CheckpointError as error:
        return str(error).replace("\n", " ").strip().rstrip(".")
    return ""


# Judging a file needs no torch until its container does: hence the imports below.


def _check_torch(path: Path) -> None:
    from jukebox_edu.checkpoints.torchfile import open_torch_file

    open_torch_file(path)


def _check_list(path: Path) -> None:
    from jukebox_edu.labels.name_files import read_id_file

    read_id_file(path)


def _check_safetensors(path: Path) -> None:
    """Compare the last byte that a safetensors header speaks of with the file's last byte."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = stream.read(length)
    try:
        entries = json.loads(header)
        ends = [e["data_offsets"][1] for name, e in entries.items() if name != "__metadata__"]
        needed = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise CheckpointError("its header is cut off or damaged") from None
    if needed != size:
        raise CheckpointError(f"it has {size} bytes where its header speaks of {needed}")
