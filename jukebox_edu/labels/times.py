"""True times of lyrics: when each character is sung, read from the files that people have.

What
    `read_times` reads LRC, JSON and CSV files (see `time_files`) and finds their words in the
    lyrics, in order, whatever the case, accents and punctuation. The letters of a word share its
    time evenly; what is not sung (spaces, commas, words without a time) has none.

        lyrics  h  e  l  l  o     w  o  r  l  d
        start   1.0 1.1 1.2 1.3 1.4  nan  2.0 2.2 2.4 2.6 2.8
Conventions
    Seconds from the beginning of the song; NaN: unknown. Indices count the lyrics as given.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.pieces import Piece
from jukebox_edu.labels.text import check_lyrics
from jukebox_edu.labels.time_files import read_pieces
from jukebox_edu.labels.time_matching import character_times

TIME_FILES = (".lrc", ".json", ".csv", ".tsv")  # endings that `read_times` knows


@dataclass(frozen=True, eq=False)
class LyricTimes:
    """When each character of some lyrics is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    lyrics: str  # as given
    starts: np.ndarray  # (characters,) seconds at which each begins to be sung, NaN: unknown
    ends: np.ndarray  # (characters,) seconds, NaN where `starts` is
    notes: tuple[str, ...] = ()  # what a reader of the file should know, e.g. a guessed encoding

    def __post_init__(self) -> None:
        """Check shapes and order."""
        for name in ("starts", "ends"):
            values = np.asarray(getattr(self, name), dtype=float)
            if values.shape != (len(self.lyrics),):
                allowed = f"({len(self.lyrics)},), one per character"
                raise LyricsError(must(f"{name}.shape", values.shape, allowed))
            object.__setattr__(self, name, values)
        known = ~np.isnan(self.starts)
        if (np.isnan(self.ends) == known).any() or not np.isfinite(self.starts[known]).all():
            raise LyricsError("starts, ends: must be finite, or NaN in the same places.")
        if (self.ends[known] < self.starts[known]).any():
            raise LyricsError("ends: no character may end before it begins.")
        if (np.diff(self.starts[known]) < 0).any():
            raise LyricsError("starts: no character may begin before the one before it.")

    @property
    def known(self) -> np.ndarray:
        """Indices (n,) of the characters with a time, in order."""
        return np.flatnonzero(~np.isnan(self.starts))

    def characters_at(self, seconds: np.ndarray) -> np.ndarray:
        """Index (n,) of the character sounding at each moment (n,), -1 for none.

        Where words overlap, the later one counts.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        moments, known = np.asarray(seconds, dtype=float), self.known
        if not len(known):
            return np.full(moments.shape, -1)
        begun = np.searchsorted(self.starts[known], moments, side="right") - 1
        which = known[np.maximum(begun, 0)]
        inside = (begun >= 0) & (moments < self.ends[which])
        return np.where(inside, which, -1)

    def to_timings(self) -> np.ndarray | None:
        """Begin and end of every character, (characters, 2), as `SongLabels.create` takes them.

        Characters between two known ones share the time between them evenly; those before the
        first and after the last wait there. None if no time is known at all.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        known = self.known
        if not len(known):
            return None
        table = np.stack([self.starts, self.ends], axis=1)  # (characters, 2)
        table[: known[0]] = self.starts[known[0]]
        table[known[-1] + 1 :] = self.ends[known[-1]]
        for before, after in zip(known[:-1], known[1:], strict=True):
            begin = min(self.ends[before], self.starts[after])
            edges = np.linspace(begin, self.starts[after], after - before)
            table[before + 1 : after] = np.stack([edges[:-1], edges[1:]], axis=1)
        return table


def times_from_words(
    lyrics: str, starts: Sequence[float], ends: Sequence[float], *, where: str = "starts, ends"
) -> LyricTimes:
    """Times of characters from those of words (whatever stands between white space).

    Parameters
    ----------
    lyrics
        The words, in order. Words without any letter or digit are not counted.
    starts, ends
        Seconds, one per word; NaN where unknown.
    where
        Name to use in error messages.

    Raises
    ------
    LyricsError
        If the numbers of words and times differ, or times go back.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    pairs = [(float(a), float(b)) for a, b in zip(starts, ends, strict=True)]
    pieces = [Piece(None, a, b, f"word {k}") for k, (a, b) in enumerate(pairs, start=1)]
    return times_from_pieces(lyrics, pieces, where)


def times_from_pieces(lyrics: str, pieces: Sequence[Piece], where: str) -> LyricTimes:
    """Times of characters from pieces of the text in order; `where` names them in errors.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return LyricTimes(lyrics, *character_times(check_lyrics(lyrics), pieces, where))


def read_times(path: str | os.PathLike[str], lyrics: str | None = None) -> LyricTimes:
    """Read when lyrics are sung from a .lrc, .json or .csv file.

    Parameters
    ----------
    path
        The file; `labels.time_files` says what may stand in it.
    lyrics
        The words; None takes them from the file.

    Raises
    ------
    LyricsError
        If the file cannot be read, holds no times, or other words than the lyrics. The text names
        file, line, the word found and the word expected.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if not isinstance(path, str | os.PathLike):
        raise LyricsError(must("path", path, "the name of a file of times"))
    found = read_pieces(Path(path), lyrics)
    if lyrics is None:
        lyrics = found.lyrics
    if lyrics is None:
        advice = "Give the lyrics too, or add a column named word."
        raise LyricsError(f"{path} holds times without words. {advice}")
    starts, ends = character_times(check_lyrics(lyrics), found.pieces, str(path))
    notes: tuple[str, ...] = ()
    if found.encoding_guessed:
        notes = (f"{path}: its encoding is not UTF-8 and was guessed (latin-1)",)
    return LyricTimes(lyrics, starts, ends, notes)
