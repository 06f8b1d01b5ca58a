"""How far a song is, how long it will still take, and whether it shall stop.

What
    A `Pace` is the progress of one run, counted code by code. At every code it looks whether the
    run shall stop; a few times a second it reports. Levels run at different speeds, so the time
    left is added up level by level: the present level at the speed of the last seconds, the
    others at the speed measured before, or else at the present one.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from jukebox_edu import units
from jukebox_edu.progress import Progress
from jukebox_edu.sampling.plan import LevelPlan, Plan
from jukebox_edu.sampling.plan_text import level_name

PERIOD = 0.25  # seconds between two reports
MEMORY = 5.0  # seconds that the present speed is measured over


class Stopped(Exception):
    """Raised inside a run that was asked to stop."""


class Pace(Progress):
    """Progress that nobody sees but a listener, and that can stop the work it counts.

    Parameters
    ----------
    plan
        What will be written.
    rates
        Codes per second of each level, as measured before.
    stop
        When it is set, the next code raises `Stopped`.
    report
        Called now and then with this object.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(
        self,
        plan: Plan,
        rates: Mapping[int, float],
        stop: threading.Event,
        report: Callable[[Pace], None],
    ) -> None:
        super().__init__(plan.n_new, label="song", unit="codes", enabled=False)
        self.plan, self.rates = plan, rates
        self._stop, self._report = stop, report
        self._next_report = 0.0
        self._ticks: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)])  # (when, codes)
        self._at: LevelPlan | None = None  # the level of the last tick

    @property
    def share(self) -> float:
        """Share of the codes that are there, 0 to 1."""
        return self.done / self.total if self.total else 1.0

    def update(self, n: int = 1) -> None:
        """Count `n` more codes; raises `Stopped` if the run shall end here.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self.done += n
        if self._stop.is_set():
            raise Stopped
        now = time.perf_counter()
        if now < self._next_report:
            return
        self._next_report = now + PERIOD
        if self._present()[0] is not self._at:  # another level, another speed
            self._at = self._present()[0]
            self._ticks.clear()
        self._ticks.append((now, self.done))
        while now - self._ticks[0][0] > MEMORY:
            self._ticks.popleft()
        self._report(self)

    def _present(self) -> tuple[LevelPlan | None, int]:
        """The level that is written now, and how many of its codes are missing."""
        seen = 0
        for level in self.plan.levels:
            seen += level.n_new
            if self.done < seen:
                return level, seen - self.done
        return None, 0

    @property
    def seconds_left(self) -> float | None:
        """Time left in seconds; None while nobody can know."""
        present, missing = self._present()
        if present is None:
            return 0.0
        (began, first), (last, done) = self._ticks[0], self._ticks[-1]
        speed = (done - first) / (last - began) if done > first else 0.0
        speed = speed or self.rates.get(present.level, 0.0)
        left, reached = 0.0, False
        for level in self.plan.levels:
            codes = missing if level is present else level.n_new if reached else 0
            reached = reached or level is present
            rate = speed if level is present else self.rates.get(level.level, speed)
            if codes and not rate:
                return None
            left += codes / rate if codes else 0.0
        return left

    def text(self, elapsed: float | None = None) -> str:
        """Level, share and time left in words.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        present, _ = self._present()
        if present is None:
            return "100 %, finishing"
        name = level_name(present.level, len(self.plan.hop_lengths))
        left = self.seconds_left
        ahead = "" if left is None else f", {units.clock(left)} left"
        return f"{name} level, {int(100 * self.share)} %{ahead}"

    def summary(self) -> str:
        """How far it came, in words.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        return f"{self.done:,} of {self.total:,} codes"
