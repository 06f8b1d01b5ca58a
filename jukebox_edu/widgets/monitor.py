"""Watching a training run: losses, use of the codebook, restarts, while they happen.

What
    `update` takes the rows that training logs and redraws now and then: at most once a second, and
    never more than a tenth of the time. `from_log` shows a run that is over, or one that runs
    elsewhere. For the training loops, `watch=monitor.update`.
Conventions
    A row is a mapping with "step" and figures: "total", "recons", "entropy" (nats), "usage"
    (entries kept), ...; "run" says which run it belongs to.
Paper: [Jukebox §3.1]: random restarts
Lesson: notebooks/02_vector_quantisation.ipynb
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.plotting.training import training_figure
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.history import History, read_log
from jukebox_edu.widgets.pieces import paragraph, picture, table, whole

ALL = "all losses"
MOST_LOSSES = 6  # drawn at once
MOST_RUNS = 64  # remembered
WORK_SHARE = 0.1  # of the time may go into drawing


class CodebookMonitor(Panel):
    """Losses and codebook of a training run, drawn while it trains.

    Show it in one cell and train in the next; show it again afterwards, and the notebook keeps
    the final picture.

    Parameters
    ----------
    codebook_size
        Entries of the codebook; None for runs without one (priors): losses only.
    every
        Least seconds between two pictures.
    clock
        What tells the time in seconds.

    Attributes
    ----------
    histories
        By run, what was logged, as `History`s.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """

    def __init__(
        self,
        codebook_size: int | None = None,
        *,
        every: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        whole_ = isinstance(codebook_size, int | np.integer) and not isinstance(codebook_size, bool)
        if codebook_size is not None and (not whole_ or codebook_size < 1):
            raise ConfigError(must("codebook_size", codebook_size, "a whole number above 0"))
        self.codebook_size = codebook_size
        self.histories: dict[str, History] = {}
        self.drawn = 0  # pictures so far
        self._clock, self._every = clock, every
        self._next = -math.inf  # seconds: no picture before
        self.run = ipywidgets.Dropdown(options=[], description="Run", **labelled("14rem"))
        self.curve = ipywidgets.Dropdown(options=[ALL], description="Show", **labelled("14rem"))
        self.log_scale = ipywidgets.Checkbox(
            False, description="logarithmic", indent=False, **labelled("9rem")
        )
        super().__init__([[self.run, self.curve, self.log_scale]])
        self.follow(self.run, action=self._offer)
        self.follow(self.curve, self.log_scale)

    @classmethod
    def from_log(
        cls, path: str | os.PathLike[str], codebook_size: int | None = None
    ) -> CodebookMonitor:
        """Show what a log file holds.

        Raises
        ------
        RunError
            If there is no such file or it is no log.

        Lesson: notebooks/03_train_a_vqvae.ipynb
        """
        monitor = cls(codebook_size)
        with monitor.together():  # one picture at the end
            for row in read_log(path):
                monitor._take(row)
        return monitor

    def __repr__(self) -> str:
        rows = sum(history.seen for history in self.histories.values())
        return f"CodebookMonitor({self.codebook_size}, {rows} rows)"

    # ---- while training -----------------------------------------------------------------------

    def update(self, row: Mapping[str, Any]) -> None:
        """Take in a row of the log, and draw if it is time.

        Lesson: notebooks/03_train_a_vqvae.ipynb
        """
        with self.quietly():
            self._take(row)
        if self._clock() >= self._next:
            self.refresh()

    def refresh(self) -> None:
        """Draw now.

        Lesson: notebooks/03_train_a_vqvae.ipynb
        """
        begin = self._clock()
        super().refresh()
        end = self._clock()
        self.drawn += 1
        self._next = end + max(self._every, (end - begin) * (1 / WORK_SHARE - 1))

    def _take(self, row: Mapping[str, Any]) -> None:
        name = str(row.get("run", "")) or "training"
        history = self.histories.get(name)
        if history is None:
            history = History()
            history.add(row)  # refuses what is no row, before the run is known
            if len(self.histories) >= MOST_RUNS:
                self.histories.pop(next(iter(self.histories)))
            self.histories[name] = history
            self.run.options = list(self.histories)
            self.run.value = name  # the run that goes on is the one to look at
        else:
            history.add(row)
        if self.run.value == name:
            self._offer()

    def _offer(self) -> None:
        """The losses of the chosen run, to choose from."""
        names = [ALL, *self.history.losses]
        if list(self.curve.options) != names:
            before = self.curve.value
            self.curve.options = names
            self.curve.value = before if before in names else ALL

    # ---- view ---------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """What the chosen run has logged."""
        return self.histories.get(self.run.value or "", History())

    @property
    def restarts(self) -> np.ndarray:
        """Entries restarted at each point drawn, (points,); empty if nobody knows."""
        if self.codebook_size is None or not self.history.has("usage"):
            return np.zeros(0)
        return np.maximum(0.0, self.codebook_size - self.history.series("usage"))

    def view(self) -> View:
        """Picture and newest figures."""
        history = self.history
        if not history.seen:
            words = "Nothing has been logged yet: give update to training as watch=monitor.update."
            return View(whole(paragraph(words)), words)
        one = self.curve.value
        shown = history.losses[:MOST_LOSSES] if one == ALL else (one,)
        codebook = history.has("entropy") and history.has("usage")
        figure = training_figure(
            history.series("step").tolist(),
            {name: history.series(name).tolist() for name in shown},
            entropy=history.series("entropy").tolist() if codebook else None,
            usage=history.series("usage").tolist() if codebook else None,
            codebook_size=self.codebook_size,
            log_scale=self.log_scale.value,
            title=f"Training of {self.run.value}, step {history.newest['step']:,.0f}",
        )
        words = self._sentence(history)
        names = [name for name in history.newest if name != "step"]
        figures = table(("figure", "newest"), [(n, f"{history.newest[n]:.4g}") for n in names],
                        "All figures of the newest row")  # fmt: skip
        return View(whole(picture(figure, words), paragraph(words), figures), words)

    def _sentence(self, history: History) -> str:
        """The newest figures in words."""
        newest = history.newest
        losses = ", ".join(
            f"{name} {newest[name]:.3g}" for name in history.losses[:MOST_LOSSES] if name in newest
        )
        text = f"{self.run.value}, step {newest['step']:,.0f}: {losses}."
        if self.codebook_size is None or "usage" not in newest:
            return text
        text += f" Of {self.codebook_size} entries {newest['usage']:.0f} are kept"
        text += f", {max(0.0, self.codebook_size - newest['usage']):.0f} restarted"
        if math.isfinite(newest.get("entropy", math.nan)):
            text += f"; perplexity {math.exp(min(newest['entropy'], 50.0)):.0f}"
        return f"{text}."

    def _ipython_display_(self, **more: Any) -> None:
        self.refresh()  # what was not drawn for lack of time
        super()._ipython_display_(**more)
