"""Exercises: stubs are not attempts, right answers pass however written, mistakes are named."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

import jukebox_edu
from jukebox_edu.errors import ConfigError
from jukebox_edu.exercises import EXERCISES, Sheet

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = {
    number: answers
    for path in sorted(Path(__file__).parent.glob("solutions_*.py"))
    for number, answers in runpy.run_path(str(path))["SOLUTIONS"].items()
}
VALUES = {n for n in SOLUTIONS if not any(callable(answer) for answer in SOLUTIONS[n])}


def stub(*_):
    """What stands in the notebook."""


def not_implemented(*_):
    raise NotImplementedError


def test_every_exercise_has_a_solution_and_hints_that_say_little_at_first():
    assert set(SOLUTIONS) == set(EXERCISES)
    for number, exercise in EXERCISES.items():
        assert exercise.number == number
        assert 1 <= exercise.level <= 3 and exercise.minutes > 0
        assert len(exercise.hints) == 3 and len(set(exercise.hints)) == 3


@pytest.mark.parametrize("number", EXERCISES)
def test_untouched_stub_is_not_an_attempt(number):
    sheet = Sheet()
    stubs = [...] if number in VALUES else [..., stub, not_implemented, lambda *_: ...]
    for untouched in stubs:
        feedback = sheet.check(number, untouched)
        assert repr(feedback) == f"{number} {feedback.dots}  not attempted yet"
    assert "Hint 1 of 3" in repr(sheet.check(number, "nonsense"))


@pytest.mark.parametrize(("number", "answer"), [(n, a) for n in SOLUTIONS for a in SOLUTIONS[n]])
def test_any_right_answer_is_accepted(number, answer):
    feedback = Sheet().check(number, answer)
    assert feedback.solved
    assert repr(feedback) == f"{number} {feedback.dots}  solved"


MISTAKES = [
    ("00.1", 20 * 44100 / 8, "bottom level's hop length"),
    ("00.1", 20 * 44100 // 32, "middle level's hop length"),
    ("00.1", 6891, "Rounded up"),
    ("00.1", 20 * 44100 / 128, "part of a code"),
    ("00.1", 882000, "number of samples"),
    ("00.1", 44100 // 128, "codes in one second"),
    ("00.1", 1250, "figures of the small model"),
    ("00.1", "6890", "of type str"),
    ("00.1", True, "of type bool"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[level], "gives samples"),
    ("00.2", lambda i, level, m: (i + 1) * m.hop_lengths[level] / m.sample_rate, "the end of"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[0] / m.sample_rate, "bottom level's hop"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[2] / m.sample_rate, "top level's hop"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[-1 - level] / m.sample_rate, "from the top"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[level] // m.sample_rate, "whole seconds"),
    ("00.2", lambda i, level, m: i * m.hop_lengths[level] / 16000, "16,000 samples per second"),
    ("00.2", lambda i, level, m: i / 0, "raised ZeroDivisionError"),
    ("00.2", lambda i, level: 0, "raised TypeError"),
    ("00.2", 0.016, "the function itself"),
    ("00.2", lambda i, level, m: 7.5, "it gives 7.5"),
    ("00.3", lambda ws, t: next((w for w in ws if w.start <= t < w.end), None), "its text"),
    ("00.3", lambda ws, t: next((w.text for w in ws if w.start <= t < w.end), ""), "a pause it"),
    ("00.3", lambda ws, t: next((w.text for w in ws if w.start <= t <= w.end), None), "one that"),
    ("00.3", lambda ws, t: next((w.text for w in ws if w.start < t < w.end), None), "not found"),
    ("00.3", lambda ws, t: next((w.text for w in ws if t < w.end), None), "word to come"),
    ("00.3", lambda ws, t: ([w.text for w in ws if w.start <= t] or [None])[-1], "word before"),
    ("00.3", lambda ws, t: ([w.text for w in ws if w.start <= t <= w.end] or [None])[-1], "ends"),
    ("00.3", lambda ws, t: max(w.text for w in ws), "raised ValueError"),
]


@pytest.mark.parametrize(("number", "answer", "says"), MISTAKES)
def test_typical_mistakes_are_named(number, answer, says):
    feedback = Sheet().check(number, answer)
    assert not feedback.solved
    assert says in feedback.diagnosis
    assert "\n" not in repr(feedback)
    assert feedback.hint == f"Hint 1 of 3: {EXERCISES[number].hints[0]}"


def test_hints_become_plainer_and_sheets_do_not_share_them():
    sheet, hints = Sheet(), EXERCISES["00.1"].hints
    seen = [sheet.check("00.1", wrong).hint for wrong in (1, 2, 3, 4)]
    assert seen == [f"Hint {i} of 3: {hints[i - 1]}" for i in (1, 2, 3, 3)]
    assert sheet.check("00.2", 1).hint.startswith("Hint 1")
    assert Sheet().check("00.1", 1).hint.startswith("Hint 1")


def test_score_counts_and_what_is_solved_stays_solved():
    sheet = Sheet()
    assert repr(sheet.score("00")) == "0 of 3 solved; still to do: 00.1, 00.2, 00.3"
    sheet.check("00.1", 6890)
    sheet.check("00.1", 1)
    assert repr(sheet.score()) == "1 of 3 solved; still to do: 00.2, 00.3"
    for number in ("00.2", "00.3"):
        sheet.check(number, SOLUTIONS[number][0])
    assert sheet.score().solved == 3
    assert repr(sheet.score()) == "3 of 3 solved"


def test_unknown_exercise_is_refused():
    with pytest.raises(ConfigError, match=r"number='99.1': must be one of 00\.1"):
        Sheet().check("99.1", ...)


def exercise_cells(notebook):
    """Code cells of a notebook that show an answer to the sheet, by number."""
    (path,) = (ROOT / "notebooks").glob(f"{notebook}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    return {n: s for n in EXERCISES for s in sources if f'sheet.check("{n}"' in s}


@pytest.mark.parametrize("notebook", sorted({number.split(".")[0] for number in EXERCISES}))
def test_notebook_holds_every_stub_and_each_stub_runs_untouched(notebook):
    cells = exercise_cells(notebook)
    assert set(cells) == {number for number in EXERCISES if number.startswith(f"{notebook}.")}
    assert len(cells) == 3
    for number, source in cells.items():
        *work, check = source.strip().splitlines()
        names = {"sheet": Sheet(), "jb": jukebox_edu}
        exec("\n".join(work), names)
        assert eval(check, names).state == "not attempted yet", number
