"""A mean over songs with its uncertainty.

What
    Figures are computed song by song; songs are drawn again with replacement many times and the
    spread of their means is the interval (bootstrap). Codes within a song are not independent,
    songs are.

    Some figures are not means: the entropy of all codes of all songs together, say. Drawing songs
    again would lower them, because fewer different songs have fewer different codes. Their
    interval comes from leaving out one song at a time (jackknife).
Paper: Efron, doi 10.1214/aos/1176344552
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.errors import ConfigError, must

Z_95 = 1.959964  # standard deviations on either side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Estimate:
    """A mean with a 95 % interval.

    Lesson: notebooks/13_measure_it.ipynb
    """

    mean: float
    low: float  # 2.5 % of the bootstrap means
    high: float  # 97.5 %
    n: int  # songs

    def __str__(self) -> str:
        """The mean with its interval, to three digits."""
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"


def estimate(values: Sequence[float], *, seed: int = 0, draws: int = 2000) -> Estimate:
    """Mean of one value per song, with a bootstrap interval.

    Raises
    ------
    ConfigError
        If there is no value at all, or one is not finite.

    Lesson: notebooks/13_measure_it.ipynb
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ConfigError(must("values", values, "finite numbers, one per song, at least one"))
    picks = np.random.default_rng(seed).integers(len(array), size=(draws, len(array)))
    low, high = np.quantile(array[picks].mean(1), [0.025, 0.975])
    return Estimate(float(array.mean()), float(low), float(high), len(array))


def jackknife(
    whole: float, without: Sequence[float], *, least: float = -math.inf, most: float = math.inf
) -> Estimate:
    """A figure of all songs together, with an interval from leaving out one song at a time.

    Parameters
    ----------
    whole
        The figure with all songs.
    without
        The figure without the first song, without the second, ...
    least, most
        Ends of the range in which the figure can lie at all; the interval is cut there.

    Lesson: notebooks/13_measure_it.ipynb

    >>> jackknife(2.0, [2.0, 2.0, 2.0])
    Estimate(mean=2.0, low=2.0, high=2.0, n=3)
    """
    n = len(without)
    if n < 2:
        return Estimate(whole, whole, whole, n)
    array = np.asarray(without, dtype=np.float64)
    spread = Z_95 * float(np.sqrt((n - 1) / n * np.square(array - array.mean()).sum()))
    return Estimate(whole, max(least, whole - spread), min(most, whole + spread), n)
