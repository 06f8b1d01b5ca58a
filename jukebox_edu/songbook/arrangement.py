"""How a band plays a style this time: the same pattern is never arranged twice alike.

What
    An `Arrangement` holds what is drawn for one song: how loud bass, chords and drums are, how
    fast a chord is strummed, when the drums come in, and whether the lead instrument answers in the
    singer's pauses. It keeps a model from knowing a genre by one exact loudness or one exact bar.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Arrangement:
    """The choices of one song; the defaults play the pattern as it is written.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    bass: float = 1.0  # gain
    chords: float = 1.0  # gain
    drums: float = 1.0  # gain
    strum: float = 0.0  # seconds from one note of a chord to the next
    drums_from: int = 0  # bar in which the drums come in
    first_bar: int = 0  # number of the first bar, for patterns that change from bar to bar
    answers: bool = False  # True: the lead instrument plays in the singer's pauses


PLAIN = Arrangement()
"""The pattern as written. Lesson: notebooks/00_ten_minutes.ipynb"""


def draw_arrangement(seed: int) -> Arrangement:
    """Draw an arrangement; the same seed draws the same.

    Parameters
    ----------
    seed : of the song. Its words, notes and times do not depend on what is drawn here.

    Returns
    -------
    The arrangement.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    rng = np.random.default_rng([0xA22A, seed])
    return Arrangement(
        bass=rng.uniform(0.7, 1.3),
        chords=rng.uniform(0.8, 1.2),
        drums=rng.uniform(0.5, 1.2),
        strum=rng.uniform(0.0, 0.03),
        drums_from=int(rng.integers(0, 3)),
        first_bar=int(rng.integers(0, 4)),
        answers=bool(rng.random() < 0.5),
    )
