"""Can one hear where a window of codes ends and the next begins?

What
    Long songs are written window by window. Where the new codes of a window begin there could be a
    jump or a click. *Novelty* hears both, at every moment of a song: the difference of the spectra
    just before and just after it (jump), and what a frame across it has more than either (click).
    Every seam is ranked among all moments of its song:

        score = share of the other moments that have less novelty than the seam, mean over seams

    0.5 means that seams are like any other moment; 1, that each one is the greatest jump of its
    song. Chance is the score of the same seams moved along the song by a random amount.
Shapes
    sound (samples,); novelty (moments,)
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.song import Song

FRAME_SECONDS = 0.03  # of sound before and after a moment
STEPS = 8  # moments per frame
FLOOR = 1e-3  # magnitudes below it are silence
CHANCE_DRAWS = 400


@dataclass(frozen=True)
class SeamFigures:
    """How far the seams of one level stand out.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    level: int  # whose windows; 0 = bottom
    n_seams: int  # in all songs together
    score: Estimate  # 0.5: like any other moment, 1: the greatest jumps of their songs
    chance: Estimate  # of seams moved at random


def window_seams(song: Song, level: int) -> tuple[int, ...]:
    """Samples at which the new codes of a window meet those before them.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if song.plan is None:
        return ()
    found = [
        (window.start + window.n_prompt) * planned.hop_length
        for planned in song.plan.levels
        if planned.level == level
        for window in planned.windows
    ]
    return tuple(sorted({seam for seam in found if 0 < seam < song.length}))


def frame_samples(sample_rate: int) -> int:
    """Samples compared before and after a moment, a power of two from 16.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    return max(16, 2 ** round(np.log2(FRAME_SECONDS * sample_rate)))


def novelty(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """How much is new at every moment, (moments,): jump plus click, natural log units.

    Moment k is sample `frame + k * frame // 8`: the first one that has a whole frame before it.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    n = frame_samples(sample_rate)
    if len(sound) < 2 * n:
        return np.zeros(0)
    frames = torch.from_numpy(sound.astype(np.float32)).unfold(0, n, n // STEPS)  # (frames, n)
    rows = []
    for block in frames.split(4096):
        spectrum = torch.fft.rfft(block * torch.hann_window(n)).abs()
        rows.append((spectrum + FLOOR).log())
    spectra = torch.cat(rows)  # (frames, frequencies)
    before, across, after = spectra[:-STEPS], spectra[STEPS // 2 : -STEPS // 2], spectra[STEPS:]
    jump = (after - before).abs().mean(1)
    click = (across - torch.maximum(before, after)).clamp(min=0).mean(1)
    return (jump + click).double().numpy()  # (moments,)


def seam_score(values: np.ndarray, places: np.ndarray) -> float:
    """Mean rank, from 0 to 1, of `values[places]` among all values; equal ones count half.

    Lesson: notebooks/09_windows_and_upsampling.ipynb

    >>> seam_score(np.array([0.0, 9.0, 1.0, 2.0, 3.0]), np.array([1]))
    1.0
    """
    order = np.sort(values)
    chosen = values[places]
    below = np.searchsorted(order, chosen, side="left")
    upto = np.searchsorted(order, chosen, side="right")
    return float(((below + (upto - 1 - below) / 2) / (len(values) - 1)).mean())


def measure_seams(songs: Sequence[Song], level: int, *, seed: int = 0) -> SeamFigures | None:
    """How far the seams of one level stand out in generated songs; None if there are none.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    random = np.random.default_rng(seed)
    scores: list[float] = []
    moved: list[list[float]] = []  # per sound, a score for every random shift
    n_seams = 0
    for song in songs:
        n = frame_samples(song.sample_rate)
        places = (np.array(window_seams(song, level), dtype=np.int64) - n) * STEPS / n
        for sample in range(song.n_samples if len(places) else 0):
            values = novelty(song.audio(song.finest, sample), song.sample_rate)
            inside = np.round(places).astype(np.int64)
            inside = inside[(inside >= 0) & (inside < len(values))]
            if not len(inside) or len(values) < 2:
                continue
            n_seams += len(inside)
            scores.append(seam_score(values, inside))
            shifts = random.integers(len(values), size=CHANCE_DRAWS)
            moved.append([seam_score(values, (inside + shift) % len(values)) for shift in shifts])
    if not scores:
        return None
    chance = np.mean(moved, axis=0)  # (draws,) of means over songs
    low, high = np.quantile(chance, [0.025, 0.975])
    around = Estimate(float(chance.mean()), float(low), float(high), len(scores))
    return SeamFigures(level, n_seams, estimate(scores), around)
