"""One process at a time at one download, by a lock of the operating system.

What
    The lock goes when its process ends, however that happens: no stale lock can refuse. On file
    systems without locks (some network drives) the work goes on unprotected; two downloads of one
    file then write the same bytes to the same places.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)
_PERIOD = 0.1  # seconds between two looks at a lock that another process holds


def _try_lock(file: BinaryIO) -> bool:
    """Lock the file; False if another process (or thread) holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        if error.errno not in _NO_LOCKS:
            raise
    return True


class FileLock:
    """Holds a lock file between `with` and its end; waits for whoever holds it before.

    Parameters
    ----------
    path
        The lock file; made if need be, removed at the end.
    waiting
        Called again and again while another process holds the lock.

    Raises
    ------
    OSError
        If the lock file cannot be made.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    def __init__(self, path: Path, waiting: Callable[[], None] | None = None) -> None:
        self.path, self._waiting = path, waiting
        self._file: BinaryIO | None = None

    def __enter__(self) -> FileLock:
        while self._file is None:
            file = open(self.path, "a+b")
            try:
                while not _try_lock(file):
                    if self._waiting is not None:
                        self._waiting()
                    time.sleep(_PERIOD)
                if self._is_still_there(file):
                    self._file = file
            finally:
                if self._file is None:
                    file.close()
        return self

    def _is_still_there(self, file: BinaryIO) -> bool:
        """Whether the locked file is the one at `path`: its last holder may have removed it."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), os.stat(self.path))
        except FileNotFoundError:
            return False

    def __exit__(self, *details: object) -> None:
        if self._file is None:
            return
        try:
            os.unlink(self.path)  # before the lock is given back, so that nobody else's is removed
        except OSError:
            pass  # Windows keeps open files; an empty file stays behind
        self._file.close()  # closing unlocks
        self._file = None
