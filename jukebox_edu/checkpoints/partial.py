"""A download that is not finished: the bytes so far, and what they are the beginning of.

What
    Beside a file `NAME` that is being fetched lie `NAME.part` (the bytes) and `NAME.part.json` (the
    address and the marks of the version they came from). A later call continues where they end, if
    that is safe: at the same address, as long as its file still has the same mark; or at any
    address, if the checksum of the whole is known and will be compared at the end.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import IO

from jukebox_edu.checkpoints.fetch import Marks


class Partial:
    """The unfinished state of one file.

    Parameters
    ----------
    target
        Where the finished file will be.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.json")

    @property
    def size(self) -> int:
        """Bytes that are here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def known(self, address: str, sha256: str | None = None) -> Marks | None:
        """Marks of what is here, if it may be continued from `address`; else None.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
            marks = Marks(**notes["marks"])
            same = notes["address"] == address
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        texts = (marks.etag, marks.last_modified, marks.sha256)
        if not all(isinstance(text, str | None) and _is_plain(text) for text in texts):
            return None
        if not isinstance(marks.total, int | None) or (marks.total or 0) < self.size:
            marks = dataclasses.replace(marks, total=None)
        if same and (marks.condition or marks.etag):
            return marks
        return Marks() if sha256 is not None else None

    def begin(self, address: str, start: int, marks: Marks) -> IO[bytes]:
        """Open the file for the bytes from `start` on, and note what they belong to."""
        notes = {"address": address, "marks": dataclasses.asdict(marks)}
        temporary = self._notes.with_name(self._notes.name + ".tmp")
        if start == 0:
            self._notes.unlink(missing_ok=True)  # the old bytes must not pass for the new file's
        mode = "r+b" if self.path.exists() else "x+b"
        file = open(self.path, mode)
        try:
            file.truncate(start)
            file.seek(start)
            temporary.write_text(json.dumps(notes), encoding="utf-8")
            os.replace(temporary, self._notes)
        except BaseException:
            file.close()
            raise
        return file

    def discard(self) -> None:
        """Forget everything that is here."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name: whole or not at all."""
        with open(self.path, "r+b") as file:
            os.fsync(file.fileno())  # a machine that loses power must not keep half of it
        os.replace(self.path, self.target)
        self._notes.unlink(missing_ok=True)


def _is_plain(text: str | None) -> bool:
    """Whether a text can stand in the head of a request."""
    return text is None or (text.isascii() and text.isprintable() and len(text) < 500)
