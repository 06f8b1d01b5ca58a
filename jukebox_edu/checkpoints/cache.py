"""Where files are kept on this machine, and how one of them is found.

What
    `cache_folder` says where downloads go; `find` looks for a released file in a folder, in the
    layout of the release or flat:

        DIR/jukebox/models/1b_lyrics/prior_level_2.pth.tar     as released (and as in our cache)
        DIR/models/1b_lyrics/prior_level_2.pth.tar             the same, from any folder down
        DIR/1b_lyrics/prior_level_2.pth.tar
        DIR/prior_1b_lyrics.pth.tar                            flat, by our name
        DIR/prior_level_2.pth.tar                              flat, by its own

    A cache is therefore a folder for `--weights` in another room; the original program's own
    `~/.cache` is one, too.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jukebox_edu.checkpoints.catalogue import FILES, RemoteFile
from jukebox_edu.checkpoints.intact import looks_wrong
from jukebox_edu.errors import CheckpointError

HOME_VARIABLE = "JUKEBOX_EDU_HOME"  # the cache folder


def cache_folder(given: str | Path | None = None) -> Path:
    """The folder for downloads: as given, else JUKEBOX_EDU_HOME, else the platform's.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    chosen = given or os.environ.get(HOME_VARIABLE)
    if chosen:
        return _expanded(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(base) / "jukebox_edu"


def _expanded(path: str | Path) -> Path:
    """Replace a leading ~ by the home folder, if there is one."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def size_text(n_bytes: int | None, exact: bool = True) -> str:
    """A size as people read it: `71.7 kB`, `about 3.8 GB`, `size unknown`.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb

    >>> size_text(3_770_572_800, exact=False)
    'about 3.8 GB'
    """
    if n_bytes is None:
        return "size unknown"
    about = "" if exact else "about "
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= scale:
            return f"{about}{n_bytes / scale:.1f} {unit}"
    return f"{about}{n_bytes} bytes"


@dataclass(frozen=True)
class MissingFile:
    """A file that is not on this machine, or not in a usable state.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    file: RemoteFile
    why: str = ""  # what is wrong with what was found; empty: nothing was found

    def __str__(self) -> str:
        """Name, size and what is wrong."""
        size = size_text(self.file.size_bytes, self.file.size_exact)
        about = f"{size}: {self.why}" if self.why else size
        return f"{Path(self.file.local_path).name} ({self.file.name}, {about})"


def find(file: RemoteFile, folder: Path) -> Path | MissingFile:
    """Look for a file in a folder by its names; what is found must look right at its beginning.

    Returns
    -------
    The path, or what is missing and why something found was not taken.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    why = ""
    for path in _places(file, folder):
        try:
            if not path.is_file():
                continue
            wrong = looks_wrong(file, path) or _another(file, path)
        except OSError as error:
            wrong = f"it cannot be read ({error.strerror})"
        if not wrong:
            return path
        why = why or f"{path}: {wrong}"
    return MissingFile(file, why)


def existing_folder(given: str | Path, argument: str) -> Path:
    """Return a folder of the user's that must be there.

    Raises
    ------
    CheckpointError
        If it is not.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    folder = _expanded(given)
    if not folder.is_dir():
        raise CheckpointError(
            f"{argument}={str(folder)!r}: there is no such folder. Give the folder that holds the "
            "released files, as released or flat."
        )
    return folder


def _places(file: RemoteFile, folder: Path) -> Iterator[Path]:
    """Every place where a file may lie in a folder, the surest first."""
    parts = file.local_path.split("/")
    for first in range(len(parts) - 1):
        yield folder.joinpath(*parts[first:])
    suffix = parts[-1].partition(".")[2]
    if not file.name.endswith(f".{suffix}"):
        yield folder / f"{file.name}.{suffix}"
    yield folder / parts[-1]


def _another(file: RemoteFile, path: Path) -> str:
    """Say whether a file of a name shared by several is, by its size, another of them."""
    size = path.stat().st_size
    if path.name != Path(file.local_path).name or _near(file, size):
        return ""
    for other in FILES.values():
        if Path(other.path).name == path.name and _near(other, size):
            return f"its size is that of {other.name}"
    return ""


def _near(file: RemoteFile, size: int) -> bool:
    known = file.size_bytes
    return known is not None and 0.99 * known <= size <= 1.03 * known
