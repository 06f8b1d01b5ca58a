"""What an exercise is, and how a function written by a learner is tried out.

What
    An `Exercise` knows how hard it is, how to judge an answer, and its hints from vague to plain.
    A judge returns a `Verdict`. For exercises that ask for a function, `try_function` calls it on
    several cases; if it fails, it looks whether a typical mistake explains all that it returned.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

RIGHT, WRONG, OPEN = "solved", "not yet", "not attempted yet"
CLOSE = 1e-6  # numbers nearer than this are taken for equal


@dataclass(frozen=True)
class Verdict:
    """What a judge says of an answer."""

    state: str  # RIGHT, WRONG or OPEN
    diagnosis: str = ""  # what went wrong, a sentence; empty if nobody knows


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    number: str  # notebook and place in it, e.g. "00.1"
    level: int  # how hard, 1 to 3
    minutes: int  # that it takes about
    judge: Callable[[Any], Verdict]
    hints: tuple[str, ...]  # from vague to plain, at least one

    @property
    def dots(self) -> str:
        """The level as dots, e.g. ●●○."""
        return "●" * self.level + "○" * (3 - self.level)


@dataclass(frozen=True, repr=False)
class Feedback:
    """The answer to an answer, in one line.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    number: str  # of the exercise
    dots: str  # how hard it is
    state: str  # RIGHT, WRONG or OPEN
    diagnosis: str = ""  # what went wrong
    hint: str = ""  # what to think of next

    @property
    def solved(self) -> bool:
        """Whether the answer was right."""
        return self.state == RIGHT

    def __repr__(self) -> str:
        head = f"{self.number} {self.dots}  {self.state}{':' * bool(self.hint)}"
        texts = [text for text in (self.diagnosis, self.hint) if text]
        return " ".join([head, *(t if t[-1] in ".?!" else f"{t}." for t in texts)])


@dataclass(frozen=True)
class Mistake:
    """A typical wrong way, and what to say to someone who took it."""

    way: Callable[..., Any]  # called like the learner's function
    says: str  # a sentence


def same(given: Any, expected: Any) -> bool:
    """Whether two results are equal; numbers of any kind may differ in the last digits.

    Lesson: notebooks/00_ten_minutes.ipynb

    >>> same(0.1 + 0.2, 0.3), same(None, None), same("la", "La")
    (True, True, False)
    """
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return type(given) is type(expected) and bool(given == expected)
    number = as_number(given)
    return number is not None and math.isclose(number, expected, rel_tol=CLOSE, abs_tol=CLOSE)


def as_number(given: Any) -> float | None:
    """A number of any kind (Python, numpy, a tensor with one element) as float, or None.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if given is None or isinstance(given, bool | str | bytes):
        return None
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def try_function(
    given: Any,
    expected: Callable[..., Any],
    cases: Sequence[tuple[Any, ...]],
    mistakes: Sequence[Mistake] = (),
    show: Callable[..., str] = lambda *case: ", ".join(map(repr, case)),
) -> Verdict:
    """Call a learner's function on all cases and compare.

    Parameters
    ----------
    given
        What the learner handed in. A function that gives only None or `...` counts as a stub.
    expected
        A function that gives what is right.
    cases
        Arguments of the calls.
    mistakes
        Typical wrong ways; the first that explains every result is named.
    show
        How a case is written for the learner.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if given is ...:
        return Verdict(OPEN)
    if not callable(given):
        return Verdict(WRONG, "Hand in the function itself, by its name and without parentheses")
    results = []
    for case in cases:
        try:
            results.append(given(*case))
        except NotImplementedError:
            return Verdict(OPEN)
        except Exception as error:  # whatever a learner's code may raise
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return Verdict(WRONG, f"For {show(*case)} it raised {' '.join(what.split())[:120]}")
    if all(result is None or result is ... for result in results):
        return Verdict(OPEN)
    wanted = [expected(*case) for case in cases]
    wrong = [i for i, pair in enumerate(zip(results, wanted, strict=True)) if not same(*pair)]
    if not wrong:
        return Verdict(RIGHT)
    for mistake in mistakes:
        if all(same(r, mistake.way(*case)) for r, case in zip(results, cases, strict=True)):
            return Verdict(WRONG, mistake.says)
    shown = repr(results[wrong[0]])
    return Verdict(WRONG, f"For {show(*cases[wrong[0]])} it gives {shown[:60]}")
