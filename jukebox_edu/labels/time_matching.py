"""Finding words that have times in lyrics that have none.

What
    Both are compared letter by letter, without case, accents and punctuation; so it does not
    matter where a file cuts the text into lines, words or syllables. The first letter that differs
    is reported with the word it stands in, on both sides.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import bisect
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jukebox_edu.errors import LyricsError
from jukebox_edu.labels.pieces import Piece


def _letters(text: str) -> list[tuple[str, int]]:
    """Letters and digits of a text without case and accents, and where each stands.

    >>> _letters("É-a")
    [('e', 0), ('a', 2)]
    """
    found = []
    for index, character in enumerate(text):
        plain = unicodedata.normalize("NFKD", character.casefold())
        found += [(letter, index) for letter in plain if letter.isalnum()]
    return found


def _plain(text: str) -> str:
    return "".join(letter for letter, _ in _letters(text))


@dataclass(frozen=True)
class _Word:
    """A word of the lyrics that has letters."""

    text: str  # with its punctuation
    first: int  # index of its first character
    letters: int  # index of its first letter among all letters


def _words(lyrics: str, letters: Sequence[tuple[str, int]]) -> list[_Word]:
    owners = [index for _, index in letters]
    words = []
    for match in re.finditer(r"\S+", lyrics):
        first = int(np.searchsorted(owners, match.start()))
        if first < len(owners) and owners[first] < match.end():
            words.append(_Word(match[0], match.start(), first))
    return words


def _line_of(lyrics: str, index: int) -> int:
    return lyrics.count("\n", 0, index) + 1


class _Matcher:
    """Walks through the lyrics letter by letter, giving each letter the time of its piece."""

    def __init__(self, lyrics: str, where: str) -> None:
        self.lyrics, self.where = lyrics, where
        self.letters = _letters(lyrics)
        self.words = _words(lyrics, self.letters)
        self.first_letters = [word.letters for word in self.words]
        self.place = 0  # letters found so far
        self.begun: tuple[int, str, str] | None = None  # place, text and word that began a word
        self.times = np.full((len(self.letters), 2), np.nan)

    def add(self, piece: Piece) -> None:
        """Find the next piece."""
        first = self.place
        for word in (piece.text or "").split():
            self._find(word, piece.place)
        n = self.place - first
        if n == 0 or math.isnan(piece.start):
            return
        edges = np.linspace(piece.start, piece.end, n + 1)
        self.times[first : self.place] = np.stack([edges[:-1], edges[1:]], axis=1)
        if piece.edges:
            owners = [index for _, index in _letters(piece.text or "")]
            self.times[first : self.place] = np.array(piece.edges)[owners]

    def _find(self, text: str, place: str) -> None:
        wanted = _plain(text)
        if not wanted:
            return
        there = "".join(x for x, _ in self.letters[self.place : self.place + len(wanted)])
        expected = self._word_at(self.place)
        if there != wanted:
            inside = expected is not None and expected.letters < self.place
            if inside and self.begun is not None:  # the fault lies where this word began
                place, text = self.begun[1:]
            self._refuse(place, text, expected)
        if expected is not None and expected.letters == self.place:
            self.begun = (self.place, place, text)
        self.place += len(wanted)

    def _word_at(self, place: int) -> _Word | None:
        """The word of the lyrics that holds a letter; None behind the last."""
        if place >= len(self.letters):
            return None
        return self.words[bisect.bisect(self.first_letters, place) - 1]

    def _refuse(self, place: str, text: str, expected: _Word | None) -> None:
        if expected is None:
            what = "the lyrics have ended"
        else:
            line = _line_of(self.lyrics, expected.first)
            what = f"line {line} of the lyrics has {expected.text!r} there"
        raise LyricsError(
            f"{self.where}, {place}: found {text!r}, but {what}. Make the words the same."
        )

    def result(self) -> np.ndarray:
        """Times (2, characters) once every letter is found."""
        expected = self._word_at(self.place)
        if expected is not None:
            line = _line_of(self.lyrics, expected.first)
            raise LyricsError(
                f"{self.where} ends before {expected.text!r} in line {line} of the lyrics. "
                "Make the words the same."
            )
        starts, ends = np.full((2, len(self.lyrics)), np.nan)
        for (_, index), (start, end) in zip(self.letters, self.times, strict=True):
            starts[index] = start if np.isnan(starts[index]) else starts[index]
            ends[index] = end
        return np.stack([starts, ends])


def _with_words(matcher: _Matcher, pieces: Sequence[Piece]) -> list[Piece]:
    """Give times without words the words of the lyrics, one each."""
    words = [word.text for word in matcher.words]
    all_words = matcher.lyrics.split()  # with those that are only punctuation
    if len(pieces) == len(all_words) != len(words):
        words = all_words
    if len(pieces) != len(words):
        raise LyricsError(_miscounted(matcher, pieces))
    return [replace(piece, text=word) for piece, word in zip(pieces, words, strict=True)]


def _miscounted(matcher: _Matcher, pieces: Sequence[Piece]) -> str:
    """Say that there are too many or too few times, and where that begins if it can be known."""
    counts = f"{len(pieces)} times for {len(matcher.words)} words"
    for piece, word, after in zip(pieces, matcher.words, [*matcher.words[1:], None], strict=False):
        if piece.ends_line is None:
            continue
        stop = len(matcher.lyrics) if after is None else after.first
        if piece.ends_line != ("\n" in matcher.lyrics[word.first : stop] or after is None):
            line = _line_of(matcher.lyrics, word.first)
            found = "ends a line there" if piece.ends_line else "goes on there"
            return (
                f"{matcher.where}, {piece.place}: {counts}; the word is {word.text!r} in line "
                f"{line} of the lyrics, but the file {found}. Make the words the same."
            )
    return f"{matcher.where}: {counts} of the lyrics. Make the words the same."


def character_times(lyrics: str, pieces: Sequence[Piece], where: str) -> np.ndarray:
    """Begin and end (2, characters) of each character of `lyrics`, NaN where unknown.

    Parameters
    ----------
    lyrics
        The words.
    pieces
        Lines, words or syllables in order; those without text take the words one by one.
    where
        Name of the file, for error messages.

    Raises
    ------
    LyricsError
        If the words differ or times go back.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    matcher = _Matcher(lyrics, where)
    if any(piece.text is None for piece in pieces):
        pieces = _with_words(matcher, pieces)
    now = -math.inf
    for piece in pieces:
        if piece.end < piece.start:
            raise LyricsError(
                f"{where}, {piece.place}: ends at {piece.end:g} s, before its begin at "
                f"{piece.start:g} s."
            )
        if piece.start < now:
            raise LyricsError(
                f"{where}, {piece.place}: begins at {piece.start:g} s, but what stands before it "
                f"begins at {now:g} s. Times must not go back."
            )
        now = now if math.isnan(piece.start) else piece.start
        matcher.add(piece)
    return matcher.result()
