"""Documents written to files: whole, or not at all.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import os
from pathlib import Path

from jukebox_edu.errors import RunError, must


def write_document(path: str | os.PathLike[str], text: str) -> Path:
    """Write text as UTF-8 under another name first, then give it its own.

    Raises
    ------
    RunError
        If the file cannot be written.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    target = Path(path)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        os.replace(unfinished, target)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        _forget(unfinished)
        allowed = "a file in a folder that exists and can be written"
        reason = getattr(error, "strerror", None) or error
        raise RunError(must("path", str(target), allowed, f"({reason})")) from error
    return target


def _forget(path: Path) -> None:
    """Remove a file, if there is one."""
    try:
        path.unlink(missing_ok=True)
    except (OSError, ValueError):
        pass
