"""Learning rate, log and time: what both training loops share.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from jukebox_edu.progress import Progress


def warmup_cosine(step: int, total: int, warmup: int) -> float:
    """Factor on the learning rate: a linear rise, then half a cosine down to 5 %.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if step < warmup:
        return (step + 1) / warmup
    share = min(1.0, (step - warmup) / max(1, total - warmup))
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share))


@dataclass
class TrainingLog:
    """Rows of named numbers, appended to a JSON-lines file as they come."""

    path: Path | None
    label: str
    total: int  # steps
    every: int = 50  # steps between rows
    _sums: dict[str, float] = field(default_factory=dict)
    _count: int = 0
    _started: float = field(default_factory=time.monotonic)
    _progress: Progress | None = None

    def step(self, step: int, values: dict[str, float]) -> None:
        """Add one step's numbers; every `every` steps their means become a row."""
        if self._progress is None:
            self._progress = Progress(self.total, label=self.label, unit="steps")
            self._progress.__enter__()
        self._progress.update(1)
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        if self._count == self.every or step == self.total:
            means = {name: round(v / self._count, 5) for name, v in self._sums.items()}
            self.row({"step": step, **means})
            self._sums.clear()
            self._count = 0
        if step >= self.total:
            self._progress.__exit__(None, None, None)

    def row(self, values: dict[str, object]) -> None:
        """Append one row at once."""
        seconds = round(time.monotonic() - self._started, 1)
        if self.path is not None:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"run": self.label, "seconds": seconds, **values}) + "\n")
