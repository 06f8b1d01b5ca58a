"""Small files that are either whole or absent: JSON and arrays, written aside and then renamed.

What
    A file is written under a temporary name in the same folder, flushed to the disk, and takes its
    name in one step. Whatever goes wrong becomes one `RunError` that says what to do.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from jukebox_edu.errors import RunError

_ADVICE = {
    errno.ENOSPC: "The disk is full: make room and run the same call again; nothing is lost.",
    errno.EDQUOT: "Your share of the disk is full: make room and run the same call again.",
    errno.EACCES: "It may not be written: choose another folder.",
    errno.EPERM: "It may not be written: choose another folder.",
    errno.EROFS: "It is read-only: choose another folder.",
    errno.ENOTDIR: "A file stands where a folder should be: choose another name.",
    errno.EEXIST: "A file stands where a folder should be: choose another name.",
}


@contextlib.contextmanager
def reported(path: Path, action: str = "written") -> Iterator[None]:
    """Turn an operating system's refusal into one `RunError` with advice.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    try:
        yield
    except RunError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        advice = _ADVICE.get(error.errno or 0, "Choose another folder.")
        raise RunError(f"{path} cannot be {action}: {reason}. {advice}") from None


def write_whole(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Let `write` fill a new file, then give it its name.

    Raises
    ------
    RunError
        If the disk is full or the folder cannot be written; the old file, if any, stays.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with reported(path):
        try:
            with open(partial, "xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write plain JSON types, readable for people too.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode("utf-8", "surrogatepass")))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise `RunError` if it is none.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    with reported(path, "read"):
        raw = path.read_bytes()
    try:
        data = json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise RunError(f"{path} is damaged: it is no JSON object. Choose another folder.")
    return data


def write_codes(path: Path, codes: np.ndarray) -> None:
    """Write codes (batch, tokens) as a `.npy` file of 16-bit numbers where these suffice.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    small = codes.size == 0 or codes.max() < 65536
    array = np.ascontiguousarray(codes, dtype=np.uint16 if small else np.int32)
    write_whole(path, lambda file: np.save(file, array, allow_pickle=False))


def read_codes(path: Path, *, batch: int, tokens: int | None, codebook_size: int) -> np.ndarray:
    """Read codes (batch, tokens) as int64 and check them.

    Parameters
    ----------
    path
        A `.npy` file.
    batch, tokens
        Shape that it must have; tokens None: any.
    codebook_size
        Codes must lie below it.

    Raises
    ------
    RunError
        If the file is missing, damaged or of something else.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    advice = "Delete it to write this level anew, or choose another folder."
    with reported(path, "read"):
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # trusts no stated size
        except (ValueError, EOFError):
            raise RunError(f"{path} is damaged or no array of codes. {advice}") from None
    wanted = (batch, mapped.shape[-1] if tokens is None and mapped.ndim else tokens)
    if mapped.ndim != 2 or mapped.dtype.kind not in "iu" or mapped.shape != wanted:
        found = f"{mapped.dtype} {mapped.shape}"
        raise RunError(
            f"{path} holds {found}, but integers of shape {wanted} belong here. {advice}"
        )
    codes = np.array(mapped, dtype=np.int64)
    if codes.size and not 0 <= codes.min() <= codes.max() < codebook_size:
        span = f"{codes.min()} to {codes.max()}"
        allowed = f"0 to {codebook_size - 1}"
        raise RunError(f"{path} holds codes from {span}, but {allowed} are allowed. {advice}")
    return codes
