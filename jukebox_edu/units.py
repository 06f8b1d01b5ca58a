"""Seconds, samples, codes and windows: every conversion of the library, in one place.

What
    A *sample* is one number of the waveform. A *code* (token) of level `l` stands for
    `hop_lengths[l]` samples. A *window* is the stretch of codes that a prior sees at once.

        seconds --x sample_rate--> samples --/ hop_length--> codes --/ n_ctx--> windows

Conventions
    Users speak in seconds; everything inside counts samples or codes. Level 0 is the bottom
    (finest) level. A requested duration is rounded *down* to a multiple of the top hop length.
Paper: [Jukebox §3, §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from jukebox_edu.errors import ConfigError, must

MAX_SECONDS = 24 * 3600.0  # longest duration accepted anywhere: one day


def hop_lengths(downs: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """Samples per code of each level, bottom first: cumulative products of `stride ** down`.

    Lesson: notebooks/04_three_levels.ipynb

    >>> hop_lengths((3, 2, 2), (2, 2, 2))
    (8, 32, 128)
    """
    return tuple(accumulate((s**d for d, s in zip(downs, strides, strict=True)), mul))


def checked_seconds(seconds: float, argument: str = "seconds", *, zero_ok: bool = False) -> float:
    """Return `seconds` as a float, or raise `ConfigError` if it is no sensible duration.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    allowed = f"a number of seconds {'from' if zero_ok else 'above'} 0 up to {MAX_SECONDS:g}"
    try:
        value = float(seconds)
    except (TypeError, ValueError):
        raise ConfigError(must(argument, seconds, allowed)) from None
    if isinstance(seconds, bool) or not math.isfinite(value):
        raise ConfigError(must(argument, seconds, allowed))
    if value < 0 or value > MAX_SECONDS or (value == 0 and not zero_ok):
        raise ConfigError(must(argument, seconds, allowed))
    return value


def seconds_to_samples(seconds: float, sample_rate: int, multiple: int = 1) -> int:
    """Whole samples in `seconds`, rounded down to a multiple (usually the top hop length).

    The last digit is forgiven: `n / sample_rate` seconds are n samples, although the quotient may
    lie a hair below.

    Lesson: notebooks/09_windows_and_upsampling.ipynb

    >>> seconds_to_samples(20, 44100, 128)
    881920
    """
    return int(seconds * sample_rate + 1e-3) // multiple * multiple


def samples_to_seconds(n_samples: int, sample_rate: int) -> float:
    """Duration in seconds of `n_samples` samples.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    return n_samples / sample_rate


def samples_to_codes(n_samples: int, hop_length: int) -> int:
    """Whole codes in `n_samples` samples, rounded down.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    return n_samples // hop_length


def padded_length(n_samples: int, multiple: int) -> int:
    """Smallest multiple of `multiple` that holds `n_samples` samples.

    Lesson: notebooks/09_windows_and_upsampling.ipynb

    >>> padded_length(1000, 128)
    1024
    """
    return -(-n_samples // multiple) * multiple


def clock(seconds: float) -> str:
    """Duration as people read it: `7 s`, `2 min 05 s`, `1 h 03 min`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
