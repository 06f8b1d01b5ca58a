"""Exercises of the notebooks: checked at once, answered with one line.

What
    A notebook makes a score sheet and shows it each answer:

        sheet = jb.exercises.Sheet()
        sheet.check("00.1", answer)        # 00.1 ●○○  not attempted yet

    A wrong answer gets a diagnosis where the mistake is a known one, and a hint; hints become
    plainer with every attempt. Answers are judged by what they give, never by how they are
    written.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.exercises.exercise import Exercise, Feedback
from jukebox_edu.exercises.sheet import EXERCISES, Score, Sheet

__all__ = ["EXERCISES", "Exercise", "Feedback", "Score", "Sheet"]
