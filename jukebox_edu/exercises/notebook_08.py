"""Exercises of "Lyrics and alignment": the guessed character, one glance, a path through it all.

    08.1 ●○○  the character in the middle of a window            a number
    08.2 ●●○  the character that is sung in one frame            a function
    08.3 ●●●  the best path that never goes back                 a function

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jukebox_edu.exercises.exercise import (
    OPEN,
    RIGHT,
    WRONG,
    Exercise,
    Mistake,
    Verdict,
    as_number,
    same,
    try_function,
)
from jukebox_edu.labels.window import linear_middle

# ---- 08.1 -------------------------------------------------------------------------------------

TOTAL, START, LENGTH, CHARACTERS = 180, 60, 24, 900  # seconds, seconds, seconds, characters
REACH = 512  # characters that the large released model reads at once


def judge_middle(answer: Any) -> Verdict:
    """Judge the index of a character.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if answer is ...:
        return Verdict(OPEN)
    number = as_number(answer)
    if number is None:
        return Verdict(WRONG, f"A number is wanted, this is of type {type(answer).__name__}")
    right = linear_middle(CHARACTERS, total_length=TOTAL, offset=START, duration=LENGTH)
    if number == right:
        return Verdict(RIGHT)
    known = (
        (CHARACTERS * START / TOTAL, "That is the character at the beginning of the window"),
        (CHARACTERS * (START + LENGTH) / TOTAL, "That is the character at the end of the window"),
        (CHARACTERS * LENGTH / 2 / TOTAL, "The window does not begin with the song"),
        (CHARACTERS * LENGTH / TOTAL, "That is how many characters fall into the window"),
        (CHARACTERS / 2, "That is the middle of the text; the window lies elsewhere"),
        (START + LENGTH / 2, "That is the moment in seconds, and a character is wanted"),
        (right - REACH // 2, "That is the first character in reach, and the middle is wanted"),
        (right + REACH // 2, "That is the end of the reach, and the middle is wanted"),
        (right - 1, "Characters count from 0: do not take one off"),
        (right + 1, "Characters count from 0: do not add one"),
        (TOTAL * (START + LENGTH / 2) / CHARACTERS, "Seconds and characters have changed places"),
        (CHARACTERS * (START + LENGTH / 2) / (TOTAL - LENGTH), "The song is 180 s long, not less"),
    )
    says = next((text for wrong, text in known if same(number, wrong)), "")
    return Verdict(WRONG, says)


# ---- 08.2 -------------------------------------------------------------------------------------

GLANCES = tuple(
    (np.array(row),)
    for row in (
        (0.0, 0.125, 0.75, 0.125, 0.0),
        (0.0, 0.25, 0.125, 0.125, 0.5),
        (0.5, 0.25, 0.125, 0.125),  # most of it where nothing has been read yet
        (0.0625, 0.625, 0.25, 0.0625, 0.0, 0.0),
        (0.375, 0.0, 0.125, 0.25, 0.125, 0.125),
        (0.25, 0.75),
    )
)
GLANCE_MISTAKES = (
    Mistake(
        lambda row: int(np.argmax(row)),
        "It gives the state that is looked at; the newest character it has read is another",
    ),
    Mistake(
        lambda row: int(np.argmax(row)) + 1,
        "Wrong way: a state has read the characters before its own place, not the next one",
    ),
    Mistake(
        lambda row: int(np.argmax(row)) - 1,
        "Where state 0 is largest it gives -1: that state has read nothing and does not count",
    ),
    Mistake(
        lambda row: max(int(np.argmax(row)) - 1, 0),
        "Where state 0 is largest it gives 0: look for the largest among the other states instead",
    ),
    Mistake(
        lambda row: int(np.argmax(row[1:])) + 1,
        "Leaving out state 0 is right; now count characters, not states",
    ),
    Mistake(
        lambda row: int(np.argmax(row[:-1])),
        "It leaves out the last state; the one that has read nothing is the first",
    ),
    Mistake(
        lambda row: float(np.max(row[1:])),
        "It gives the weight, and the index of the character is wanted",
    ),
    Mistake(
        lambda row: float(np.max(row)),
        "It gives the weight, and the index of the character is wanted",
    ),
    Mistake(
        lambda row: int(np.argmin(row[1:])),
        "It looks for the smallest weight",
    ),
)


def _glance(row: np.ndarray) -> int:
    return int(np.argmax(row[1:]))


def judge_sung(answer: Any) -> Verdict:
    """Judge a function of one frame's weights (states,) that gives the index of a character.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def show(row: np.ndarray) -> str:
        return f"the weights {row.tolist()}"

    return try_function(answer, _glance, GLANCES, GLANCE_MISTAKES, show)


# ---- 08.3 -------------------------------------------------------------------------------------

TABLES = tuple(
    (np.array(rows, dtype=float) / 8,)
    for rows in (
        [[3, 0, 0], [1, 0, 2], [0, 2, 0], [0, 0, 1]],
        [[4, 2, 1], [1, 6, 1], [1, 5, 2], [0, 1, 7]],
        [[0, 0, 5, 0], [4, 1, 0, 0], [5, 1, 0, 2], [0, 6, 0, 1], [0, 7, 0, 1]],
        [[1, 0, 0, 3], [2, 1, 0, 0], [0, 0, 2, 4]],
        [[2], [3], [1]],
        [[1, 5, 2, 0]],
        [[6, 0, 0, 0, 1], [0, 0, 0, 6, 1], [0, 2, 0, 1, 5]],
        [[5, 1], [6, 1], [0, 4], [7, 0], [7, 1]],
    )
)


def _sum_of_best(weights: np.ndarray, *, jump: int | None = None) -> float:
    """Largest sum along a path that never goes back, nor forward by more than `jump` at once."""
    best = np.array(weights[0], dtype=float)  # (n_chars,)
    for row in weights[1:]:
        first = [0 if jump is None else max(0, c - jump) for c in range(len(row))]
        reachable = [best[first[c] : c + 1].max() for c in range(len(row))]
        best = np.array(reachable) + row
    return float(best.max())


def _greedy(weights: np.ndarray) -> float:
    """Always the largest weight that is not behind."""
    place, total = 0, 0.0
    for row in weights:
        place += int(np.argmax(row[place:]))
        total += float(row[place])
    return total


def _strict(weights: np.ndarray) -> float:
    """A path that must move on in every frame."""
    best = np.array(weights[0], dtype=float)
    for row in weights[1:]:
        before = np.concatenate([[-np.inf], np.maximum.accumulate(best)[:-1]])
        best = before + row
    return float(best.max())


def _ends_at_the_last(weights: np.ndarray) -> float:
    """The best path that ends in the last character."""
    best = np.array(weights[0], dtype=float)
    for row in weights[1:]:
        best = np.maximum.accumulate(best) + row
    return float(best[-1])


def _starts_at_the_first(weights: np.ndarray) -> float:
    """The best path that begins in the first character."""
    begun = np.full(weights.shape[1], -np.inf)
    begun[0] = weights[0, 0]
    for row in weights[1:]:
        begun = np.maximum.accumulate(begun) + row
    return float(begun.max())


def _forgets(weights: np.ndarray) -> float:
    """Looks at the frame before only, not at the sum up to it."""
    best = np.array(weights[0], dtype=float)
    for before, row in zip(weights[:-1], weights[1:], strict=True):
        best = np.maximum.accumulate(before) + row
    return float(best.max())


PATH_MISTAKES = (
    Mistake(
        lambda w: float(w.max(axis=1).sum()),
        "It adds the largest weight of every frame: that path may go back",
    ),
    Mistake(
        lambda w: float(w.max(axis=0).sum()),
        "It adds the largest weight of every character; a path has one character per frame",
    ),
    Mistake(
        _greedy,
        "It always takes the largest weight ahead and so runs too far: an earlier small loss can "
        "be worth it",
    ),
    Mistake(
        lambda w: _sum_of_best(w, jump=1),
        "It goes on by one character at most: any number may be skipped",
    ),
    Mistake(_strict, "It must move on in every frame: a character may be held"),
    Mistake(_ends_at_the_last, "It ends in the last character: it may end in any"),
    Mistake(_starts_at_the_first, "It begins in the first character: it may begin in any"),
    Mistake(_forgets, "It looks at the frame before only; the best sum up to there is needed"),
    Mistake(
        lambda w: _sum_of_best(w) / len(w),
        "It gives the mean, and the sum is wanted",
    ),
    Mistake(lambda w: _sum_of_best(w[:, ::-1]), "Its path goes back and never forward"),
    Mistake(lambda w: _sum_of_best(w.T), "It goes through characters as if they were frames"),
    Mistake(lambda w: float(w.sum()), "It adds everything; a path has one character per frame"),
)


def judge_path(answer: Any) -> Verdict:
    """Judge a function of weights (frames, n_chars) that gives the sum along the best path.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    def show(weights: np.ndarray) -> str:
        return f"{np.array2string(weights, separator=', ').replace(chr(10), '')}"

    return try_function(answer, _sum_of_best, TABLES, PATH_MISTAKES, show)


EXERCISES = (
    Exercise(
        "08.1",
        1,
        4,
        judge_middle,
        (
            "which moment is the middle of the window, and what part of the song is over by then?",
            "the same part of the text lies before the character: the part times 900",
            "900 * (60 + half of 24) / 180",
        ),
    ),
    Exercise(
        "08.2",
        2,
        6,
        judge_sung,
        (
            "what is the newest character that a state has read?",
            "state i has read characters 0 to i - 1, and state 0 has read none: leave it out",
            "the index of the largest of weights[1:]; leaving one out has shifted the count by one",
        ),
    ),
    Exercise(
        "08.3",
        3,
        12,
        judge_path,
        (
            "if you knew the best sum of every path up to the frame before, could you go on?",
            "keep one number for each character: the best sum of a path that ends there; a path "
            "may come from the same or from any earlier character",
            "for each row: best = np.maximum.accumulate(best) + row; at the end best.max()",
        ),
    ),
)
"""In the order of the notebook. Lesson: notebooks/08_lyrics_and_alignment.ipynb"""
