"""A mean over songs with its uncertainty.

What
    Figures are computed song by song; songs are drawn again with replacement many times and the
    spread of their means is the interval (bootstrap). Codes within a song are not independent,
    songs are.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A mean with a 95 % interval."""

    mean: float
    low: float  # 2.5 % of the bootstrap means
    high: float  # 97.5 %
    n: int  # songs

    def __str__(self) -> str:
        """The mean with its interval, to three digits."""
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"


def estimate(values: Sequence[float], *, seed: int = 0, draws: int = 2000) -> Estimate:
    """Mean of one value per song, with a bootstrap interval.

    Lesson: notebooks/13_measure_it.ipynb
    """
    array = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(len(array), size=(draws, len(array)))
    low, high = np.quantile(array[picks].mean(1), [0.025, 0.975])
    return Estimate(float(array.mean()), float(low), float(high), len(array))
