"""Which attention head follows the lyrics: every one is scored, the best come first.

What
    A head that follows the song moves forward through the text (monotonicity), visits all of it
    (coverage) and looks at one place at a time (confidence). Where the true times are known, as
    for songs of the songbook, the weight it puts near the character being sung tells more.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from torch import Tensor

from jukebox_edu import units
from jukebox_edu.alignment.reading import (
    Reading,
    checked_lyrics,
    lyric_layers,
    read_windows,
    reading_starts,
)
from jukebox_edu.alignment.result import monotonicity, path_share
from jukebox_edu.alignment.score import times_as_read
from jukebox_edu.errors import ShapeError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.prior.prior import Prior

NEAR = 2  # characters beside the sung one that count as on target


@dataclass(frozen=True)
class HeadScore:
    """How well one attention head follows the lyrics.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    layer: int
    head: int
    monotonicity: float  # share of frames whose favorite character is not before the last one
    coverage: float  # share of the characters in reach that were some frame's favorite
    confidence: float  # share of its attention that lies on one path that never goes back
    truth_mass: float | None = None  # mean weight near the character really sung, if known

    @property
    def score(self) -> float:
        """What heads are ranked by: the truth if known, else the other figures together."""
        if self.truth_mass is not None:
            return self.truth_mass
        return self.monotonicity * self.coverage * self.confidence


def _truth_tables(
    truth: Sequence[np.ndarray | LyricTimes], texts: Sequence[str]
) -> list[np.ndarray]:
    """One table (n_chars, 2) of true times per sample."""
    pairs = list(zip(truth, texts, strict=False))
    tables = [times_as_read(t, x) if isinstance(t, LyricTimes) else np.asarray(t) for t, x in pairs]
    expected = [(len(text), 2) for text in texts]
    if len(truth) != len(texts) or [table.shape for table in tables] != expected:
        allowed = f"one (n_chars, 2) table per sample: {expected}"
        raise ShapeError(must("truth", [table.shape for table in tables], allowed))
    return tables


def _sung(times: np.ndarray, n_frames: int, hop_seconds: float) -> np.ndarray:
    """Character sung in every frame, -1 for none, (n_frames,)."""
    sung = np.full(n_frames, -1)
    for character, (start, end) in enumerate(np.asarray(times, dtype=float) / hop_seconds):
        if np.isfinite(start + end):
            sung[round(start) : round(end)] = character
    return sung


def _window_scores(reading: Reading, sung: np.ndarray | None) -> Iterator[HeadScore]:
    """Scores of all heads in one window; `sung` (frames,) is the truth for the whole song."""
    real = reading.characters >= 0
    for layer, heads in reading.weights.items():
        for head, weights in enumerate(heads):
            favorites = np.where(real, weights, -1.0).argmax(1)
            coverage = len(np.unique(favorites)) / int(real.sum())
            confidence = path_share(np.where(real, weights, 0.0))
            mass = None
            if sung is not None:
                now = sung[reading.start : reading.start + len(weights), None]
                near = real & (now >= 0) & (np.abs(reading.characters - now) <= NEAR)
                singing = int((now >= 0).sum())
                mass = float((weights * near).sum()) / singing if singing else None
            yield HeadScore(layer, head, monotonicity(favorites), coverage, confidence, mass)


def _mean(scores: Sequence[HeadScore]) -> HeadScore:
    """Mean of one head's scores."""
    masses = [s.truth_mass for s in scores if s.truth_mass is not None]
    return HeadScore(
        scores[0].layer,
        scores[0].head,
        fmean(s.monotonicity for s in scores),
        fmean(s.coverage for s in scores),
        fmean(s.confidence for s in scores),
        fmean(masses) if masses else None,
    )


def find_head(
    prior: Prior,
    codes: Tensor,
    labels: SongLabels,
    truth: Sequence[np.ndarray | LyricTimes] | None = None,
) -> tuple[HeadScore, ...]:
    """Score every head of every lyric layer, the best first.

    Parameters
    ----------
    prior, codes, labels
        As for `align`.
    truth
        Per sample the true times of its characters: `LyricTimes`, or (n_chars, 2) seconds of the
        cleaned lyrics, NaN where unsung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    layers, texts = lyric_layers(prior), checked_lyrics(prior, codes, labels)
    tables = None if truth is None else _truth_tables(truth, texts)
    hop_seconds = units.samples_to_seconds(prior.config.hop_length, prior.config.sample_rate)
    starts = reading_starts(prior, codes, 1.0)
    scores: list[HeadScore] = []  # of every window
    for i in (i for i, text in enumerate(texts) if text):
        sung = None if tables is None else _sung(tables[i], codes.shape[1], hop_seconds)
        for reading in read_windows(prior, codes[i : i + 1], labels.select([i]), starts, layers):
            scores += _window_scores(reading, sung)
    places = dict.fromkeys((s.layer, s.head) for s in scores)
    means = [_mean([s for s in scores if (s.layer, s.head) == place]) for place in places]
    return tuple(sorted(means, key=lambda score: -score.score))
