"""The error tree: every mistake a user can make ends in one of these.

What
    One base class, `JukeboxError`, and a few kinds below it. Each kind is also the builtin error
    a Python programmer expects (`ValueError` or `OSError`), so ordinary `except` clauses work.
Conventions
    A message names the argument, what was given, what is allowed and what to do next.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from typing import Any


class JukeboxError(Exception):
    """Base class of all errors raised on purpose by jukebox_edu."""


class ConfigError(JukeboxError, ValueError):
    """A configuration or an option has a value that is not allowed."""


class ShapeError(JukeboxError, ValueError):
    """A tensor has the wrong shape, dtype or range."""


class AudioError(JukeboxError, ValueError):
    """Audio cannot be read, is empty, silent by mistake, or not finite."""


class LyricsError(JukeboxError, ValueError):
    """Lyrics or labels cannot be used as given."""


class CheckpointError(JukeboxError, OSError):
    """A file of weights is missing, damaged, foreign or unsafe."""


class RunError(JukeboxError, OSError):
    """A run folder cannot be written, read or continued."""


class MissingPackageError(JukeboxError, ImportError):
    """An optional package is needed for what was asked."""


def must(argument: str, given: Any, allowed: str, advice: str = "") -> str:
    """Compose the one-line message used by every user error of the library.

    Parameters
    ----------
    argument
        Name of the argument as the user wrote it.
    given
        The value that was given (its `repr` is shown, cut at 80 characters).
    allowed
        What would have been accepted, in words.
    advice
        What to do next, in words; may be empty.

    Lesson: notebooks/00_ten_minutes.ipynb

    >>> must("seconds", -1, "a positive number")
    'seconds=-1: must be a positive number.'
    """
    shown = repr(given)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    message = f"{argument}={shown}: must be {allowed}."
    return f"{message} {advice}" if advice else message
