"""Fetching one released file: continued after a break, checked, never half a file.

What
    `download` asks one address after the other until the file is here:

        NAME.lock held (one process at a time; others wait and use the result)
          -> bytes appended to NAME.part, again and again after breaks
          -> size, structure and checksum compared
          -> renamed to NAME

    A file under its own name is always a whole one. Whatever interrupts, the bytes so far stay and
    the next call goes on from there.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from jukebox_edu.checkpoints import intact
from jukebox_edu.checkpoints.cache import cache_folder, size_text
from jukebox_edu.checkpoints.catalogue import RemoteFile, addresses
from jukebox_edu.checkpoints.fetch import Answer, FetchError, ask, broken
from jukebox_edu.checkpoints.file_lock import FileLock
from jukebox_edu.checkpoints.partial import Partial
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.progress import Progress

_BLOCK = 256 * 1024  # bytes read at once
_SHOWN = 10**6  # smaller files come without a display of progress (bytes)
_MARGIN = 64 * 10**6  # bytes of the disk that are left free
_MAX_CONNECTIONS = 1000  # to one address, however little each of them brings
_ADVICE = (
    "Try another address with --mirror URL (mirrors=...), fetch the file by other means and give "
    "its folder with --weights DIR (weights_dir=...), or check the network and HTTPS_PROXY."
)


class AbsentError(CheckpointError):
    """No address has the file."""


@dataclass
class _Job:
    """One file on its way."""

    file: RemoteFile
    target: Path
    progress: bool | str
    timeout: float  # seconds of silence
    attempts: int  # connections in a row that may bring nothing
    pause: float  # seconds before the second of them; doubled each time
    part: Partial = field(init=False)
    most: int = 0  # bytes the part has had at most during this call

    def __post_init__(self) -> None:
        self.part = Partial(self.target)


def download(
    file: RemoteFile,
    *,
    folder: str | Path | None = None,
    mirrors: Sequence[str] | str | None = None,
    progress: bool | str = "auto",
    timeout: float = 30.0,
    attempts: int = 4,
    pause: float = 1.0,
) -> Path:
    """Make sure that a file is in the cache folder, and return its path.

    Parameters
    ----------
    folder
        The cache folder; None: JUKEBOX_EDU_HOME, or the platform's.
    mirrors
        Prefixes to try instead of the public ones (`catalogue.addresses`).
    timeout, pause
        Seconds of silence that end a connection; seconds before the next one (doubling).
    attempts
        Connections in a row to one address that may bring nothing.

    Raises
    ------
    CheckpointError
        If no address has the file as it should be, or it cannot be stored.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    for name, value in (("timeout", timeout), ("attempts", attempts)):
        if not value > 0:
            raise ConfigError(must(name, value, "above 0"))
    places = addresses(file, mirrors)
    target = cache_folder(folder).absolute() / file.local_path
    job = _Job(file, target, progress, timeout, int(attempts), pause)
    with _storing(target):
        if _is_here(job):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(job):
            if not _is_here(job):  # another process may have finished it
                _from_any(job, places)
    return target


# ---- the disk -----------------------------------------------------------------------------------


@contextmanager
def _storing(target: Path) -> Iterator[None]:
    """Turn failures of the file system into one line."""
    try:
        yield
    except CheckpointError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "the disk is full. Make room and call again: what has arrived is kept"
        else:
            what = f"{error.strerror or type(error).__name__}"
        raise CheckpointError(
            f"{target} cannot be stored: {what}. Another folder is chosen with --cache DIR "
            "(cache=...) or JUKEBOX_EDU_HOME."
        ) from None


def _is_here(job: _Job) -> bool:
    return job.target.is_file() and not intact.looks_wrong(job.file, job.target)


@contextmanager
def _alone(job: _Job) -> Iterator[None]:
    """Hold the file's lock; while another process has it, show how far that one is."""
    label = f"{job.file.name} (another process downloads it, waiting)"
    shown: list[Progress] = []
    display = ExitStack()

    def waiting() -> None:
        if not shown:
            progress = Progress(None, label=label, unit="MB", enabled=job.progress)
            shown.append(display.enter_context(progress))
        shown[0].update(job.part.size // 10**6 - shown[0].done)

    with ExitStack() as held:
        with display:
            lock = FileLock(job.target.with_name(job.target.name + ".lock"), waiting)
            held.enter_context(lock)
        yield


def check_space(folder: Path, needed: int, what: str) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    CheckpointError
        If fewer than `needed` bytes (and a margin) are free.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # some file systems cannot tell; a full disk is noticed later
    if needed and free < needed + _MARGIN:
        raise CheckpointError(
            f"{what} needs {size_text(needed)} more in {folder}, and {size_text(free)} are free. "
            "Make room, or choose another folder with --cache DIR (cache=...) or JUKEBOX_EDU_HOME."
        )


# ---- the network --------------------------------------------------------------------------------


def _from_any(job: _Job, places: Sequence[str]) -> None:
    failures, kinds = [], set()
    for address in places:
        try:
            return _from_one(job, address)
        except FetchError as error:
            failures.append(f"{address} {error}")
            kinds.add(error.kind)
    kept = job.part.size
    kept_text = f" {size_text(kept)} are kept; the next call goes on from there." if kept else ""
    kind = AbsentError if kinds == {"absent"} else CheckpointError
    what = "; ".join(failures)
    raise kind(f"{job.file.name} could not be downloaded: {what}.{kept_text} {_ADVICE}")


def _from_one(job: _Job, address: str) -> None:
    """Connect to one address until the file is here or nothing more comes."""
    idle = 0  # connections in a row that brought nothing
    for _ in range(_MAX_CONNECTIONS):
        try:
            return _connect(job, address)
        except FetchError as error:
            gained = job.part.size > job.most
            job.most = max(job.most, job.part.size)
            idle = 0 if gained else idle + 1
            again = error.kind in ("dropped", "restart") or (
                error.kind == "unreachable" and job.most > 0
            )
            if error.kind in ("restart", "wrong"):
                job.part.discard()
            if not again or idle >= job.attempts:
                raise
            time.sleep(job.pause * 2 ** (idle - 1) if idle else 0.0)
    raise FetchError(f"broke off {_MAX_CONNECTIONS} times")


def _connect(job: _Job, address: str) -> None:
    """One connection: ask for what is missing, receive it, check the whole."""
    part, file = job.part, job.file
    known = part.known(address, file.sha256) if part.size else None
    start = part.size if known else 0
    if known is not None and known.total == start:  # everything had arrived, unchecked
        return _accept(job, resumed=True, sha256=known.sha256)
    answer = ask(address, start, known, job.timeout)
    with answer.body:
        total = answer.marks.total
        if total is not None and (wrong := intact.size_wrong(file, total)):
            raise FetchError(f"offers a file that {wrong}")
        if total is not None:
            check_space(job.target.parent, total - answer.start, file.name)
        _receive(job, address, answer)
    if total is not None and part.size != total:
        raise FetchError(f"broke off after {part.size} of {total} bytes", "dropped")
    _accept(job, resumed=answer.start > 0, sha256=answer.marks.sha256)


def _receive(job: _Job, address: str, answer: Answer) -> None:
    """Write the body to the part as it comes; its first bytes are judged at once."""
    most = job.file.size_limits[1]
    total, done = answer.marks.total, answer.start
    head: bytes | None = b"" if done == 0 else None  # None: already judged
    shown = job.progress if (total or job.file.size_bytes or _SHOWN) >= _SHOWN else False
    megabytes = None if total is None else -(-total // 10**6)
    with (
        job.part.begin(address, answer.start, answer.marks) as part,
        Progress(
            megabytes, label=job.file.name, unit="MB", enabled=shown, done=done // 10**6
        ) as progress,
    ):
        while block := _read(answer):
            part.write(block)
            done += len(block)
            progress.update(done // 10**6 - progress.done)
            if head is not None:
                head += block
                if len(head) >= intact.HEAD:
                    if wrong := intact.beginning_wrong(job.file, head):
                        raise FetchError(f"sent something that {wrong}", "wrong")
                    head = None
            if done > most:
                raise FetchError(f"sends more than {most} bytes, not this file", "wrong")


def _read(answer: Answer) -> bytes:
    try:
        return answer.body.read1(_BLOCK)
    except (OSError, HTTPException, ValueError) as error:
        raise broken(error) from None


def _accept(job: _Job, *, resumed: bool, sha256: str | None) -> None:
    """Give the file its name if all of it is right; else forget it."""
    wrong = intact.whole_wrong(job.file, job.part.path, sha256)
    if wrong:
        kind = "restart" if resumed else "wrong"  # put together from parts that do not fit?
        raise FetchError(f"sent a wrong file: {wrong}", kind)
    job.part.finish()
