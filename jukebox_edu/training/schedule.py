"""How the learning rate changes: a slow start, then a slow end.

What
    `warmup_cosine` is ours: a linear rise, then half a cosine down to a twentieth. `jukebox_factor`
    is the original's: a linear rise, then either steps down by a constant factor or a straight
    line to zero. Both are factors on the peak rate, functions of the step alone.
Paper: [Jukebox appendix B]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import math

FLOOR = 0.05  # share of the peak rate that the cosine ends at
SCHEDULES = ("cosine", "constant", "linear")


def cosine(share: float) -> float:
    """Half a cosine from 1 down to 5 % as `share` goes from 0 to 1.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def warmup_cosine(step: int, total: int, warmup: int) -> float:
    """Factor on the learning rate: a linear rise, then half a cosine down to 5 %.

    Parameters
    ----------
    step
        From 0.
    total, warmup
        Steps of the whole run and of the rise.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if step < warmup:
        return (step + 1) / warmup
    return cosine((step - warmup) / max(1, total - warmup))


def jukebox_factor(
    step: int,
    *,
    scale: float = 1.0,
    warmup: float = 100.0,
    gamma: float = 1.0,
    decay_steps: int = 0,
    decay_start: int = 0,
    linear: bool = False,
) -> float:
    """Factor on the learning rate as the original computes it; 0 at step 0.

    Parameters
    ----------
    step
        Counted from 0; our loops call it with 1 for the first.
    scale
        On everything.
    warmup
        Steps of the linear rise.
    gamma, decay_steps
        Multiply by `gamma` every `decay_steps` steps (0: never).
    decay_start, linear
        True: instead, a straight line from step `decay_start` to zero, `decay_steps` long.

    Paper: [Jukebox appendix B]
    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    rise = scale * (1.0 if warmup <= 0 else min(1.0, step / warmup))
    if linear:
        return rise * max(0.0, 1.0 - max(0, step - decay_start) / max(1, decay_steps))
    return rise * gamma ** (step // decay_steps if decay_steps > 0 else 0)
