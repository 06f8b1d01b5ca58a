"""Figures as the cells of a table: short, with their interval, never "-0.00".

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Callable

from jukebox_edu.evaluation import Estimate

NONE = "–"  # an empty cell


def show(value: Estimate | float | None, digits: int = 2) -> str:
    """A figure with its interval, or without if it has none.

    Lesson: notebooks/13_measure_it.ipynb

    >>> show(0.126), show(-0.0001), show(None)
    ('0.13', '0.00', '–')
    """
    return _with_interval(value, lambda x: f"{round(x, digits) + 0.0:.{digits}f}")


def percent(value: Estimate | float | None) -> str:
    """A share with its interval, in percent.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return _with_interval(value, lambda x: f"{round(x, 2) + 0.0:.0%}")


def _with_interval(value: Estimate | float | None, write: Callable[[float], str]) -> str:
    """A line may break before the bracket, but not in it; one song alone has no interval."""
    if value is None:
        return NONE
    if isinstance(value, Estimate):
        if value.n < 2:
            return write(value.mean)
        return f"{write(value.mean)} [{write(value.low)},\u00a0{write(value.high)}]"
    return write(value)
