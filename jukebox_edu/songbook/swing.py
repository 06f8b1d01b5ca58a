"""Swing: the second half of a beat comes late.

What
    In a shuffle two half beats are not even, the first is longer, about two thirds of a beat.
    `swing_beat` moves a moment of the beat grid accordingly; whole beats stay where they are.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import math


def swing_beat(beats: float, swing: float) -> float:
    """Return where a moment of the even beat grid falls when it swings.

    Parameters
    ----------
    beats : the moment, in beats.
    swing : where the second half of a beat falls, 0.5 (even) up to below 1.

    Returns
    -------
    The moment in beats; whole numbers and, with swing 0.5, all moments stay.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if swing == 0.5:
        return beats
    whole = math.floor(beats + 1e-9)
    part = max(0.0, beats - whole)
    if part < 0.5:
        return whole + part * swing / 0.5
    return whole + swing + (part - 0.5) * (1.0 - swing) / 0.5
