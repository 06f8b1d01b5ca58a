"""Cutting and sewing codes: what one can do to a song whose sound is a row of integers.

What
    Every function takes codes (tokens,) and a span, and returns new codes of the same length; the
    ones given stay as they are.

        replace   . . [7 7 7] . .            every code of the span becomes one code
        swap      . [c d] . [a b] .          two spans of equal length change places
        shift     . . . [a b] .              a span moves; what it passes moves to its other side
Conventions
    A span is (first code, one behind the last).
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must

Span = tuple[int, int]


def checked_span(codes: Tensor, span: Span) -> Span:
    """The span, or a `ConfigError` if it is empty or leaves the song.

    Lesson: notebooks/04_three_levels.ipynb
    """
    first, last = (int(place) for place in span)
    if not 0 <= first < last <= len(codes):
        allowed = f"(first, one behind the last) with 0 <= first < last <= {len(codes)}"
        raise ConfigError(must("span", (first, last), allowed))
    return first, last


def replace(codes: Tensor, span: Span, code: int, codebook_size: int) -> Tensor:
    """Every code of the span becomes `code`.

    Lesson: notebooks/04_three_levels.ipynb

    >>> replace(torch.arange(6), (1, 3), 9, 10).tolist()
    [0, 9, 9, 3, 4, 5]
    """
    first, last = checked_span(codes, span)
    if not 0 <= code < codebook_size:
        raise ConfigError(must("code", code, f"from 0 to {codebook_size - 1}"))
    changed = codes.clone()
    changed[first:last] = code
    return changed


def swap(codes: Tensor, span: Span, other: int) -> Tensor:
    """The span changes places with the equally long one that begins at `other`.

    Lesson: notebooks/04_three_levels.ipynb

    >>> swap(torch.arange(6), (0, 2), 4).tolist()
    [4, 5, 2, 3, 0, 1]
    """
    first, last = checked_span(codes, span)
    n = last - first
    apart = 0 <= other <= first - n or last <= other <= len(codes) - n
    if not apart:
        allowed = f"such that {n} codes from there neither overlap the span nor leave the song"
        raise ConfigError(must("other", other, allowed))
    changed = codes.clone()
    changed[first:last], changed[other : other + n] = codes[other : other + n], codes[first:last]
    return changed


def shift(codes: Tensor, span: Span, steps: int) -> Tensor:
    """The span moves `steps` codes later (negative: earlier); no code is lost.

    Lesson: notebooks/04_three_levels.ipynb

    >>> shift(torch.arange(6), (1, 3), 2).tolist()
    [0, 3, 4, 1, 2, 5]
    """
    first, last = checked_span(codes, span)
    if not -first <= steps <= len(codes) - last:
        allowed = f"from {-first} to {len(codes) - last}, or the span would leave the song"
        raise ConfigError(must("steps", steps, allowed))
    rest = torch.cat([codes[:first], codes[last:]])
    at = first + steps
    return torch.cat([rest[:at], codes[first:last], rest[at:]])
