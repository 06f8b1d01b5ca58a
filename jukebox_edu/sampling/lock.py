"""One process at a time in a folder, by a lock of the operating system.

What
    The lock belongs to the process: it goes when the process ends, however that happens, so no
    stale lock can refuse; and child processes do not inherit it. On file systems without locks
    (some network drives) the work goes on unprotected.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO

from jukebox_edu.errors import RunError
from jukebox_edu.sampling.storing import reported

LOCK_NAME = ".lock"
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_held: set[tuple[int, str]] = set()  # (process, folder): the system's lock is per process only


def _lock_file(file: BinaryIO) -> None:
    """Lock the file, or raise OSError at once."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a record lock: children lose it


class FolderLock:
    """Holds a folder until `close`, or until the process ends.

    Raises
    ------
    RunError
        If another process, or another run of this one, works in the folder.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self, folder: Path) -> None:
        self._key = (os.getpid(), os.path.realpath(folder))
        self._file: BinaryIO | None = None
        busy = (
            f"{folder} is in use by another run. Wait for it, close it (stream.close()), "
            "or choose another folder."
        )
        if self._key in _held:  # opening and closing the file would give the first lock away
            raise RunError(busy)
        with reported(folder):
            file = open(folder / LOCK_NAME, "a+b")
            try:
                _lock_file(file)
            except OSError as error:
                if error.errno in _BUSY:
                    file.close()
                    raise RunError(busy) from None
                if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL):
                    file.close()
                    raise
        self._file = file
        _held.add(self._key)

    def close(self) -> None:
        """Give the folder back.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if self._file is not None:
            self._file.close()  # closing unlocks
            self._file = None
            _held.discard(self._key)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()
