"""Does one request give many songs? Distances between its samples, and between real songs.

What
    Two samples of the same lyrics, artist and genre should differ, about as much as two real songs
    of the same artist and genre do; a model that always sings the same song has distance 0. Sound
    is compared in our own embedding, codes place by place.
Conventions
    A song's place is the mean of its clips, each dimension divided by its spread over all real
    clips; the distance is the root mean square over dimensions: 1 means "one spread apart".
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from jukebox_edu.evaluation.intervals import Estimate, estimate


@dataclass(frozen=True, eq=False)
class Take:
    """One real or generated song, as far as diversity looks at it.

    Lesson: notebooks/13_measure_it.ipynb
    """

    request: str  # what was asked for; for a real song its artist and genre
    clips: np.ndarray  # (clips, width) of our own embedding
    codes: np.ndarray  # (tokens,) top-level codes


@dataclass(frozen=True)
class DiversityFigures:
    """How far songs are apart.

    Lesson: notebooks/13_measure_it.ipynb
    """

    same_request: Estimate | None  # distance of two samples of one request
    other_request: Estimate | None  # distance of two samples of different requests
    real_same: Estimate | None  # distance of two real songs of one artist and genre
    real: Estimate | None  # distance of two real songs
    equal_codes_same_request: Estimate | None  # share of places with the same top code
    equal_codes_real: Estimate | None  # the same for two real songs: chance


def distance(a: Take, b: Take, spread: np.ndarray) -> float:
    """Distance of two songs in spreads (width,) of the real clips.

    Lesson: notebooks/13_measure_it.ipynb
    """
    apart = (a.clips.mean(0) - b.clips.mean(0)) / spread
    return float(np.sqrt(np.square(apart).mean()))


def equal_codes(a: Take, b: Take) -> float:
    """Share of places at which two songs have the same top-level code.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n = min(len(a.codes), len(b.codes))
    return float((a.codes[:n] == b.codes[:n]).mean()) if n else 0.0


def _per_song(takes: Sequence[Take], figure, wanted) -> Estimate | None:  # type: ignore[no-untyped-def]
    """Each song's mean over its pairs that are wanted, then over songs: pairs share songs."""
    values: list[list[float]] = [[] for _ in takes]
    for i, k in combinations(range(len(takes)), 2):
        if wanted(takes[i], takes[k]):
            value = figure(takes[i], takes[k])
            values[i].append(value)
            values[k].append(value)
    means = [float(np.mean(row)) for row in values if row]
    return estimate(means) if means else None


def measure_diversity(
    real: Sequence[Take], generated: Sequence[Take] = ()
) -> DiversityFigures | None:
    """Distances between samples of a request, beside those between real songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if len(real) < 2:
        return None
    spread = np.concatenate([take.clips for take in real]).std(0).clip(min=1e-6)

    def apart(a: Take, b: Take) -> float:
        return distance(a, b, spread)

    def same(a: Take, b: Take) -> bool:
        return a.request == b.request

    def other(a: Take, b: Take) -> bool:
        return a.request != b.request

    def both(a: Take, b: Take) -> bool:
        return True

    return DiversityFigures(
        same_request=_per_song(generated, apart, same),
        other_request=_per_song(generated, apart, other),
        real_same=_per_song(real, apart, same),
        real=_per_song(real, apart, both),
        equal_codes_same_request=_per_song(generated, equal_codes, same),
        equal_codes_real=_per_song(real, equal_codes, both),
    )
