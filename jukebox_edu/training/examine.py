"""Is an audio file fit to be trained on? It is read from end to end, a block at a time.

What
    A file is `whole`, or it has one problem: empty, unreadable, damaged, NaN, silent. The digest
    of its decoded sound tells whether two files are the same recording whatever they are called.
    What was found out is kept in a small JSON file, so that only new and changed files are read
    the next time.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jukebox_edu.audio.blocks import file_blocks
from jukebox_edu.audio.reading import _existing_file, _open
from jukebox_edu.errors import AudioError
from jukebox_edu.sampling.storing import write_json

SILENT = 2**-15  # a peak below this leaves nothing in 16 bits
_CACHE_FORMAT = "jukebox_edu examined files 1"
_ENDINGS = {
    "WAV": (".wav", ".wave"), "WAVEX": (".wav", ".wave"), "RF64": (".wav", ".rf64"),
    "FLAC": (".flac",), "MP3": (".mp3", ".mp2", ".mp1", ".mpga"),
    "OGG": (".ogg", ".oga", ".opus", ".spx"), "AIFF": (".aiff", ".aif", ".aifc"), "CAF": (".caf",),
    "AU": (".au", ".snd"), "W64": (".w64",),
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What reading an audio file has shown.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    size: int  # bytes
    mtime_ns: int  # when it was last changed, nanoseconds
    problem: str = ""  # "" = whole; "empty", "unreadable", "damaged", "NaN" or "silent"
    reason: str = ""  # the problem in words, and what to do
    n_samples: int = 0  # per channel, at its own rate
    sample_rate: int = 0  # samples per second
    channels: int = 0
    kind: str = ""  # what it is, by its content, e.g. "FLAC"
    digest: str = ""  # of its decoded sound

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.n_samples / self.sample_rate if self.sample_rate else 0.0

    def misnamed(self, path: Path) -> bool:
        """Whether the ending of its name says something else than its content."""
        endings = _ENDINGS.get(self.kind, ())
        return bool(endings) and path.suffix.lower() not in endings


def examine(path: Path) -> Look:
    """Read an audio file from end to end.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        status = path.stat()
    except OSError as error:
        return Look(0, 0, "unreadable", error.strerror or str(error))
    stamp = (status.st_size, status.st_mtime_ns)
    if status.st_size == 0:
        return Look(*stamp, "empty", "it has 0 bytes")
    if any(0xD800 <= ord(c) < 0xE000 for c in str(path)):  # how Python shows stray bytes
        return Look(*stamp, "unreadable", "its name holds bytes that are no UTF-8: rename it")
    try:
        with _open(_existing_file(path)) as file:
            return _listen(file, path, stamp)
    except AudioError as error:
        return Look(*stamp, "unreadable", _without_path(error, path))
    except Exception as error:  # a file may be broken in ways that nobody has thought of
        return Look(*stamp, "unreadable", f"{type(error).__name__}: {error}")


def _listen(file: object, path: Path, stamp: tuple[int, int]) -> Look:
    """Hear all of an open file."""
    digest, n_samples, peak = hashlib.blake2b(digest_size=16), 0, 0.0
    rate, channels, kind = file.samplerate, file.channels, file.format  # type: ignore[attr-defined]
    digest.update(f"{rate} {channels}".encode())
    about = {"sample_rate": rate, "channels": channels, "kind": kind}
    if file.frames <= 0:  # type: ignore[attr-defined]
        return Look(*stamp, "empty", "it holds no sound", **about)
    try:
        for block in file_blocks(file, path):  # (channels, samples)
            n_samples += block.shape[1]
            peak = max(peak, float(np.abs(block).max()))
            digest.update(np.rint(block.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    except AudioError as error:
        problem = "NaN" if "NaN" in str(error) else "damaged"
        return Look(*stamp, problem, _without_path(error, path), **about)
    about["n_samples"] = n_samples
    if peak < SILENT:
        return Look(*stamp, "silent", "nothing but silence is in it", **about)
    return Look(*stamp, digest=digest.hexdigest(), **about)


def _without_path(error: AudioError, path: Path) -> str:
    """An error text that stands behind the name of the file."""
    return str(error).removeprefix(str(path)).lstrip(": ").replace(str(path), path.name)


def examine_all(
    paths: Sequence[Path],
    *,
    workers: int = 1,
    cache: Path | None = None,
    seen: Callable[[Path, Look], None] = lambda path, look: None,
) -> dict[Path, Look]:
    """Examine many files, several at a time.

    Parameters
    ----------
    paths
        The files.
    workers
        Threads; decoding runs outside of Python, so they do help.
    cache
        JSON file that remembers what was found; files of the same size and time are not read.
    seen
        Called for every file.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    known = _read_cache(cache)
    looks: dict[Path, Look] = {}
    unread = []
    for path in paths:
        look = known.get(os.path.abspath(path))
        if look is None or not _unchanged(path, look):
            unread.append(path)
            continue
        looks[path] = look
        seen(path, look)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        futures = {pool.submit(examine, path): path for path in unread}
        try:
            for future in as_completed(futures):
                looks[futures[future]] = future.result()
                seen(futures[future], future.result())
        finally:
            for future in futures:
                future.cancel()
            if cache is not None and unread:
                known |= {os.path.abspath(path): look for path, look in looks.items()}
                _write_cache(cache, known)
    return looks


def _unchanged(path: Path, look: Look) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (look.size, look.mtime_ns)


def _read_cache(cache: Path | None) -> dict[str, Look]:
    """What was found before; a damaged or foreign file is as good as none."""
    if cache is None or not cache.exists():
        return {}
    try:
        data = json.loads(cache.read_bytes().decode("utf-8", "surrogatepass"))
        if data["format"] != _CACHE_FORMAT:
            return {}
        return {path: Look(**look) for path, look in data["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_cache(cache: Path, known: dict[str, Look]) -> None:
    files = {path: dataclasses.asdict(look) for path, look in sorted(known.items())}
    write_json(cache, {"format": _CACHE_FORMAT, "files": files})
