"""How far estimated times are from true ones: the conventions of mir_eval, in short formulas.

What
    One true and one estimated time for every word, in seconds, both in order.

    median, mean absolute error    seconds
    within a tolerance             share of words whose error is at most so many seconds
    correct segments               words cut the song into stretches from one word to the next; the
                                   share of time in which truth and estimate are in the same one
    perceptual                     a bell curve fitted to how people judge karaoke: late is worse
                                   than early, and even 0 does not quite give 1
Conventions
    Shares are from 0 to 1. Correct segments are counted from the first to the last true word.
Paper: segments: Fujihara et al., doi 10.1109/JSTSP.2011.2159577; perception: Lizé Masclef et al.,
    User-centered evaluation of lyrics-to-audio alignment, ISMIR 2021; mir_eval.alignment
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.errors import ShapeError, must
from jukebox_edu.evaluation.intervals import Estimate, estimate

TOLERANCES = (0.3, 0.12)  # seconds: the usual one, and what singers and listeners call "together"
_SKEW, _CENTER, _WIDTH, _PEAK = 1.12244251, -0.22270315, 0.29779424, 1.6857  # of the bell curve


@dataclass(frozen=True)
class WordErrors:
    """Errors of one song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    median: float  # seconds
    mean: float  # seconds
    within_300_ms: float  # share of words
    within_120_ms: float  # share of words
    segments: float  # share of time
    perceptual: float  # 0 to 1


@dataclass(frozen=True)
class TimingErrors:
    """The same over songs.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    median: Estimate  # seconds
    mean: Estimate  # seconds
    within_300_ms: Estimate  # share of words
    within_120_ms: Estimate  # share of words
    segments: Estimate  # share of time
    perceptual: Estimate  # 0 to 1


def correct_segments(truth: np.ndarray, guess: np.ndarray) -> float:
    """Share of the time between first and last true word in which both are in the same word.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> correct_segments(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.5, 2.0]))
    0.75
    """
    whole = truth[-1] - truth[0]
    if whole <= 0:
        return 1.0 if np.array_equal(truth, guess) else 0.0
    shared = np.minimum(truth[1:], guess[1:]) - np.maximum(truth[:-1], guess[:-1])
    return float(shared.clip(min=0).sum() / whole)


def perceptual_score(truth: np.ndarray, guess: np.ndarray) -> float:
    """Mean height of the bell curve at each word's error.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    z = (guess - truth - _CENTER) / _WIDTH
    bell = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    below = np.array([0.5 * (1 + math.erf(_SKEW * value / math.sqrt(2))) for value in z])
    return float((2 * bell * below / _WIDTH).mean() / _PEAK)


def word_errors(truth: np.ndarray, guess: np.ndarray) -> WordErrors:
    """Errors of the words of one song, both (words,) seconds in order of time.

    Raises
    ------
    ShapeError
        If there is no word, or the two differ in length.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    truth, guess = np.asarray(truth, dtype=float), np.asarray(guess, dtype=float)
    if truth.ndim != 1 or truth.shape != guess.shape or not len(truth):
        given = (truth.shape, guess.shape)
        raise ShapeError(must("truth, guess", given, "(words,) each, at least one word"))
    off = np.abs(guess - truth)
    near, nearer = (float((off <= tolerance).mean()) for tolerance in TOLERANCES)
    return WordErrors(
        float(np.median(off)),
        float(off.mean()),
        near,
        nearer,
        correct_segments(truth, guess),
        perceptual_score(truth, guess),
    )


def over_songs(errors: Sequence[WordErrors]) -> TimingErrors:
    """Means over songs with intervals.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    names = ("median", "mean", "within_300_ms", "within_120_ms", "segments", "perceptual")
    return TimingErrors(**{name: estimate([getattr(e, name) for e in errors]) for name in names})
