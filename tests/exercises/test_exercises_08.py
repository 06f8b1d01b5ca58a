"""Exercises of notebook 08: typical mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.exercises import EXERCISES, Sheet


def greedy(weights):
    place, total = 0, 0.0
    for row in weights:
        place = max(range(place, len(row)), key=lambda c: row[c])
        total += row[place]
    return total


def by_one_step(weights):
    best = list(weights[0])
    for row in weights[1:]:
        best = [max(best[max(0, c - 1) : c + 1]) + row[c] for c in range(len(row))]
    return max(best)


def always_on(weights):
    best = list(weights[0])
    for row in weights[1:]:
        best = [max(best[:c], default=-np.inf) + row[c] for c in range(len(row))]
    return max(best)


def swept(weights, begin=0.0):
    best = np.zeros(weights.shape[1]) + begin
    for row in weights:
        best = np.maximum.accumulate(best) + row
    return best


def first_only(weights):
    """A path pinned to character 0 in its first frame."""
    best = np.full(weights.shape[1], -np.inf)
    best[0] = weights[0, 0]
    return swept(weights[1:], best).max()


def forgetful(weights):
    pairs = zip(weights[:-1], weights[1:], strict=True)
    last = weights[0]
    for before, row in pairs:
        last = np.maximum.accumulate(before) + row
    return last.max()


MISTAKES = [
    ("08.1", 300, "at the beginning of the window"),
    ("08.1", 420.0, "at the end of the window"),
    ("08.1", 60, "does not begin with the song"),
    ("08.1", 120, "fall into the window"),
    ("08.1", 450, "middle of the text"),
    ("08.1", 72, "moment in seconds"),
    ("08.1", 360 - 256, "first character in reach"),
    ("08.1", 359, "do not take one off"),
    ("08.1", 361, "do not add one"),
    ("08.1", 180 * 72 / 900, "changed places"),
    ("08.1", "360", "of type str"),
    ("08.1", True, "of type bool"),
    ("08.2", lambda w: w.argmax(), "the state that is looked at"),
    ("08.2", lambda w: w.argmax() + 1, "Wrong way"),
    ("08.2", lambda w: w.argmax() - 1, "it gives -1"),
    ("08.2", lambda w: max(w.argmax() - 1, 0), "it gives 0"),
    ("08.2", lambda w: w[1:].argmax() + 1, "now count characters"),
    ("08.2", lambda w: w[:-1].argmax(), "the one that has read nothing is the first"),
    ("08.2", lambda w: w[1:].max(), "the index of the character is wanted"),
    ("08.2", lambda w: w[1:].argmin(), "smallest weight"),
    ("08.2", lambda w: 7, "it gives 7"),
    ("08.2", lambda w: w[99], "raised IndexError"),
    ("08.2", lambda w, ahead: 0, "raised TypeError"),
    ("08.2", 3, "the function itself"),
    ("08.3", lambda w: w.max(1).sum(), "that path may go back"),
    ("08.3", lambda w: w.max(0).sum(), "one character per frame"),
    ("08.3", greedy, "runs too far"),
    ("08.3", by_one_step, "any number may be skipped"),
    ("08.3", always_on, "a character may be held"),
    ("08.3", lambda w: swept(w)[-1], "may end in any"),
    ("08.3", first_only, "may begin in any"),
    ("08.3", forgetful, "the frame before only"),
    ("08.3", lambda w: swept(w).max() / len(w), "the sum is wanted"),
    ("08.3", lambda w: swept(w[:, ::-1]).max(), "goes back and never forward"),
    ("08.3", lambda w: swept(w.T).max(), "as if they were frames"),
    ("08.3", lambda w: w.sum(), "It adds everything"),
    ("08.3", lambda w: 7.5, "it gives 7.5"),
    ("08.3", lambda w: swept(w), "it gives array("),
    ("08.3", lambda w: w / 0 + w[99], "raised IndexError"),
    ("08.3", 1.5, "the function itself"),
]


@pytest.mark.parametrize(("number", "answer", "says"), MISTAKES)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_typical_mistakes_are_named(number, answer, says):
    feedback = Sheet().check(number, answer)
    assert not feedback.solved
    assert says in feedback.diagnosis
    assert "\n" not in repr(feedback)
    assert feedback.hint == f"Hint 1 of 3: {EXERCISES[number].hints[0]}"


def test_the_last_hint_gives_the_way_and_the_first_does_not():
    for number, way in (("08.1", "180"), ("08.2", "[1:]"), ("08.3", "accumulate")):
        first, *_, last = EXERCISES[number].hints
        assert way in last and way not in first


def test_no_two_mistakes_look_alike():
    """Each named mistake differs from the right answer and from every other one somewhere."""
    from jukebox_edu.exercises.notebook_08 import (
        GLANCE_MISTAKES,
        GLANCES,
        PATH_MISTAKES,
        TABLES,
        _glance,
        _sum_of_best,
    )

    for right, cases, mistakes in (
        (_glance, GLANCES, GLANCE_MISTAKES),
        (_sum_of_best, TABLES, PATH_MISTAKES),
    ):
        ways = [right, *(mistake.way for mistake in mistakes)]
        results = {tuple(float(way(*case)) for case in cases) for way in ways}
        assert len(results) == len(ways)


def test_right_answers_agree_with_the_library():
    """What the exercises call right is what `Alignment` and `monotone_path` do."""
    from jukebox_edu.alignment import Alignment, monotone_path
    from jukebox_edu.exercises.notebook_08 import GLANCES, TABLES, _glance, _sum_of_best

    for (weights,) in TABLES:
        path = monotone_path(weights)
        assert weights[np.arange(len(path)), path].sum() == pytest.approx(_sum_of_best(weights))
    for (row,) in GLANCES:
        text = "abcdefgh"[: len(row)]
        found = Alignment((np.array([row]),), 1.0, (text,), 0, 0, ahead=1)
        sung = _glance(row)
        assert found.character_times()[sung].tolist() == [0, 1]
