"""Fréchet distance between two sets of sounds, on our own embedding and so named.

What
    Each set's clips are summarized by a Gaussian, and the two Gaussians are compared:

        |mean a - mean b|^2 + trace(A + B - 2 (A B)^(1/2))        A, B covariances

    With few clips the distance of two samples of the *same* distribution is above zero, and the
    more so the fewer they are. So every figure is computed on sets of the same number of songs,
    and beside it stands the floor: real songs against other real songs.

        floor        one random half of the real songs against the other half
        codec        the first half, through one level of the codec, against the other half
        generated    as many generated songs against the other half

    All three are means over many random halves; their intervals are the range of 95 % of these.
Conventions
    Fréchet distances of other embeddings (FAD with VGGish, say) are other figures: never compare.
Paper: Dowson & Landau, doi 10.1016/0047-259X(82)90077-X; bias: arXiv 1911.07023
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.errors import ShapeError, must
from jukebox_edu.evaluation.intervals import Estimate

SPLITS = 40  # random halves
LEAST_SONGS = 4  # below, halves are too small to say anything


@dataclass(frozen=True)
class FrechetFigures:
    """Distances to real songs, all between sets of the same size; spread over random halves.

    Lesson: notebooks/13_measure_it.ipynb
    """

    embedding: str  # what was compared
    songs_per_side: int  # songs in each of the two sets
    clips: int  # clips of all real songs together
    floor: Estimate  # real against other real songs: the bias of small samples, and the best
    codec: tuple[Estimate, ...]  # index = level: real songs through the codec, the ceiling
    generated: Estimate | None  # generated songs


def frechet_distance_own_embedding(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of clips (clips, width); 0 for equal mean and covariance.

    Raises
    ------
    ShapeError
        If the widths differ or a set has fewer than two clips.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        allowed = "(clips, width) each, of the same width, at least two clips"
        raise ShapeError(must("a, b", (a.shape, b.shape), allowed))
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T  # A^(1/2)
    # trace (A B)^(1/2) = trace (A^(1/2) B A^(1/2))^(1/2), whose argument is symmetric
    shared = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    return float(max(0.0, apart + np.trace(cov_a) + np.trace(cov_b) - 2 * shared))


def _spread(values: Sequence[float], n: int) -> Estimate:
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(float(np.mean(values)), float(low), float(high), n)


def measure_frechet(
    real: Sequence[np.ndarray],
    codec: Sequence[Sequence[np.ndarray]],
    generated: Sequence[np.ndarray] = (),
    *,
    seed: int = 0,
) -> FrechetFigures | None:
    """Compare embedded songs; None if there are fewer than four real ones.

    Parameters
    ----------
    real
        Clips (clips, width) of each real song.
    codec
        Per level, the same songs through that level.
    generated
        Clips of each generated song.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if len(real) < LEAST_SONGS:
        return None
    random = np.random.default_rng(seed)
    half = len(real) // 2
    if generated:
        half = min(half, len(generated))
    floor, made = [], []
    through: list[list[float]] = [[] for _ in codec]
    for _ in range(SPLITS):
        order = random.permutation(len(real))
        left, right = order[:half], order[half : 2 * half]
        there = np.concatenate([real[i] for i in right])
        if min(sum(len(real[i]) for i in left), len(there)) < 2:
            return None
        floor.append(_distance(real, left, there))
        for level, songs in enumerate(codec):
            through[level].append(_distance(songs, left, there))
        if generated:
            made.append(_distance(generated, random.permutation(len(generated))[:half], there))
    return FrechetFigures(
        embedding="mean and spread of 16 log-mel bands over one second (jukebox_edu's own)",
        songs_per_side=half,
        clips=sum(len(song) for song in real),
        floor=_spread(floor, len(real)),
        codec=tuple(_spread(values, len(real)) for values in through),
        generated=_spread(made, len(generated)) if made else None,
    )


def _distance(songs: Sequence[np.ndarray], chosen: np.ndarray, there: np.ndarray) -> float:
    return frechet_distance_own_embedding(np.concatenate([songs[i] for i in chosen]), there)
