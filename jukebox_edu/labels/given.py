"""What users may give for a batch of songs: one value for all, or one per song.

What
    Small checks in front of `SongLabels.create`. They turn every accepted form into one tuple with
    an entry per song, or say what is wrong.
Conventions
    Character times are seconds, begin and end of each character of the lyrics as given.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jukebox_edu.errors import ConfigError, LyricsError, must

CharacterTimes = tuple[tuple[float, float], ...]  # begin and end of each character, seconds


@dataclass(frozen=True)
class SongWords:
    """Everything that people say about the songs of a batch, one entry per song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    artists: tuple[str, ...]  # names as given
    genres: tuple[str, ...]  # names as given
    lyrics: tuple[str, ...]  # texts as given
    timings: tuple[CharacterTimes | None, ...]  # seconds per character, or None
    defaults: tuple[str, ...] = ()  # "artist", "genre": what nobody gave and the model chose


def per_song(argument: str, value: Any, n_samples: int) -> tuple[Any, ...]:
    """One value per song from one for all or a sequence of them.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if value is None or isinstance(value, str):
        return (value,) * n_samples
    if not isinstance(value, Sequence):
        raise LyricsError(must(argument, value, "a text (str) or a sequence of texts"))
    if len(value) not in (1, n_samples):
        allowed = f"one for all or as many as there are samples ({n_samples})"
        raise LyricsError(must(f"len({argument})", len(value), allowed))
    return tuple(value) * (n_samples if len(value) == 1 else 1)


def batch_size(n_samples: int, *values: Any) -> int:
    """Number of songs: `n_samples`, or the length of a sequence if only one was asked for.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if not isinstance(n_samples, int) or isinstance(n_samples, bool) or n_samples < 1:
        raise ConfigError(must("n_samples", n_samples, "a whole number from 1"))
    lengths = [len(v) for v in values if isinstance(v, Sequence) and not isinstance(v, str)]
    return max([n_samples, *lengths]) if n_samples == 1 else n_samples


def _checked_times(times: Any, lyrics: str) -> CharacterTimes | None:
    """Begin and end of every character of the lyrics as given."""
    if times is None:
        return None
    allowed = f"seconds of shape ({len(lyrics)}, 2): begin and end of each character as given"
    try:
        array = np.asarray(times, dtype=float).reshape(len(times), 2)
    except (TypeError, ValueError):
        raise LyricsError(must("timings", times, allowed)) from None
    if array.shape != (len(lyrics), 2):
        raise LyricsError(must("timings.shape", array.shape, allowed))
    if not np.isfinite(array).all() or (np.diff(array[:, 0]) < 0).any():
        raise LyricsError(
            "timings: must be finite, and no character may begin before the one before it. "
            "Give spaces the time of the letter before them."
        )
    return tuple((float(begin), float(end)) for begin, end in array)


def timings_per_song(timings: Any, lyrics: Sequence[str]) -> tuple[CharacterTimes | None, ...]:
    """One table of times per song from one for all, a sequence of them, or None.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if timings is None:
        return (None,) * len(lyrics)
    if isinstance(timings, np.ndarray):
        one_table = timings.ndim == 2
    else:
        one_table = len(timings) > 0 and all(t is not None and np.ndim(t) == 1 for t in timings)
    tables = [timings] * len(lyrics) if one_table else list(timings)
    if len(tables) != len(lyrics):
        raise LyricsError(must("len(timings)", len(tables), f"{len(lyrics)}, one per sample"))
    return tuple(_checked_times(t, text) for t, text in zip(tables, lyrics, strict=True))
