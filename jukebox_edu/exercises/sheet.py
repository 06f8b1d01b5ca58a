"""The score sheet: one for each reader, made in the notebook.

What
    The sheet remembers how often each exercise was tried, so that hints can become plainer, and
    which are solved. Nothing is remembered outside of it.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.exercises import notebook_00, notebook_04, notebook_08
from jukebox_edu.exercises.exercise import OPEN, RIGHT, WRONG, Exercise, Feedback

EXERCISES: dict[str, Exercise] = {
    exercise.number: exercise
    for exercise in (
        *notebook_00.EXERCISES,
        *notebook_04.EXERCISES,
        *notebook_08.EXERCISES,
    )
}
"""All exercises by number. Lesson: notebooks/00_ten_minutes.ipynb"""


@dataclass(frozen=True, repr=False)
class Score:
    """How far a reader is with one notebook, in one line.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    states: tuple[tuple[str, str], ...]  # (number, state) of every exercise

    @property
    def solved(self) -> int:
        """Exercises solved."""
        return sum(state == RIGHT for _, state in self.states)

    def __repr__(self) -> str:
        left = [number for number, state in self.states if state != RIGHT]
        rest = f"; still to do: {', '.join(left)}" if left else ""
        return f"{self.solved} of {len(self.states)} solved{rest}"


class Sheet:
    """Checks answers, counts attempts, keeps the score.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def __init__(self) -> None:
        self._attempts: dict[str, int] = {}  # wrong answers so far, by number
        self._states: dict[str, str] = {}  # RIGHT stays; by number

    def check(self, number: str, answer: Any) -> Feedback:
        """Judge an answer.

        Parameters
        ----------
        number
            Of the exercise, e.g. "00.1".
        answer
            A value or a function, as the exercise asks; `...` means: not attempted yet.

        Raises
        ------
        ConfigError
            If there is no such exercise.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        if number not in EXERCISES:
            raise ConfigError(must("number", number, f"one of {', '.join(EXERCISES)}"))
        exercise = EXERCISES[number]
        verdict = exercise.judge(answer)
        if self._states.get(number) != RIGHT:
            self._states[number] = verdict.state
        hint = ""
        if verdict.state == WRONG:
            self._attempts[number] = self._attempts.get(number, 0) + 1
            index = min(self._attempts[number], len(exercise.hints))
            hint = f"Hint {index} of {len(exercise.hints)}: {exercise.hints[index - 1]}"
        return Feedback(number, exercise.dots, verdict.state, verdict.diagnosis, hint)

    def score(self, notebook: str | None = None) -> Score:
        """How many exercises are solved.

        Parameters
        ----------
        notebook
            Its number, e.g. "00"; None: of the notebooks whose exercises were checked here.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        begun = {number.split(".")[0] for number in self._states}
        wanted = begun or {number.split(".")[0] for number in EXERCISES}
        chosen = wanted if notebook is None else {notebook}
        numbers = [number for number in EXERCISES if number.split(".")[0] in chosen]
        return Score(tuple((number, self._states.get(number, OPEN)) for number in numbers))
