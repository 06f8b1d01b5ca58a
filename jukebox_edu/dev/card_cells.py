"""Cells and tables of the model card, in Markdown.

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

from jukebox_edu.evaluation import Estimate


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table.

    Lesson: notebooks/13_measure_it.ipynb
    """
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def show(e: Estimate, digits: int = 2) -> str:
    """A figure with its interval.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return f"{e.mean:.{digits}f} [{e.low:.{digits}f}, {e.high:.{digits}f}]"


def share(value: Estimate | float | None) -> str:
    """A share in percent, with its interval if it has one.

    Lesson: notebooks/13_measure_it.ipynb

    >>> share(Estimate(0.25, 0.2, 0.31, 8)), share(0.5), share(None)
    ('25 % [20, 31]', '50 %', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{100 * value:.0f} %"
    return f"{100 * value.mean:.0f} % [{100 * value.low:.0f}, {100 * value.high:.0f}]"
