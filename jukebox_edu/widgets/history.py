"""What a training run has logged so far, in bounded memory.

What
    Rows come for as long as training lasts, pictures have room for a few hundred points. When a
    run has too many, every second one is forgotten and from then on only every second, fourth,
    ... row is kept. The newest is always there.
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu.errors import ConfigError, RunError, must

MOST = 512  # points kept of a run
NOT_LOSSES = frozenset({"run", "step", "steps", "seconds", "entropy", "usage", "used", "dk",
                        "prenorm", "fit", "learning_rate", "lr", "time", "level"})  # fmt: skip


class History:
    """The rows of one run.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.kept: list[dict[str, float]] = []  # in the order of time
        self.newest: dict[str, float] = {}
        self.seen = 0  # rows in all
        self._every = 1  # one of so many rows is kept
        self._names: dict[str, None] = {}  # in the order in which they appeared

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in a row; what is no number is left out."""
        step = row.get("step")
        if not _is_number(step):
            raise ConfigError(must("row", dict(row), 'a row of the log with a number as "step"'))
        self.newest = {name: float(value) for name, value in row.items() if _is_number(value)}
        self._names |= dict.fromkeys(self.newest)
        if self.seen % self._every == 0:
            self.kept.append(self.newest)
        self.seen += 1
        if len(self.kept) > self.most:
            self.kept = self.kept[::2]
            self._every *= 2

    @property
    def rows(self) -> list[dict[str, float]]:
        """Rows to draw: those kept, and the newest."""
        if not self.kept or self.kept[-1] is self.newest:
            return self.kept
        return [*self.kept, self.newest]

    def series(self, name: str) -> np.ndarray:
        """Values of one figure, (points,), NaN where a row has none."""
        return np.array([row.get(name, math.nan) for row in self.rows], dtype=float)

    def has(self, name: str) -> bool:
        """Whether any row had this figure."""
        return name in self._names

    @property
    def losses(self) -> tuple[str, ...]:
        """Names of all figures that are losses."""
        return tuple(name for name in self._names if name not in NOT_LOSSES)


def read_log(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """Rows of a log file, one JSON object a line; an unfinished last line is left out.

    Raises
    ------
    RunError
        If there is no such file or a line is no row; the text names the line.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                row = _row(line)
                if row is not None:
                    yield row
                elif line.strip() and line.endswith("\n"):
                    raise RunError(f"{path}, line {number}: must be a JSON object (a row of a log)")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, RunError):
            raise
        allowed = "a log of training (JSON lines)"
        raise RunError(must("path", os.fspath(path), allowed, f"({error})")) from None


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
