"""Pieces: the smallest parts of a text that have a time of their own, as files give them.

Conventions
    Seconds; NaN where the file does not say.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

UNKNOWN = math.nan
SECONDS_PER_LETTER = 0.25  # a line whose end is not said lasts at most so long per letter
_NO_LETTERS = re.compile(r"[\W_]*$")


@dataclass(frozen=True)
class Piece:
    """A text with a time of its own.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str | None  # None: the file gives times only
    start: float  # seconds, NaN: not said
    end: float  # seconds, NaN: not said
    place: str  # where in the file, e.g. "line 12"
    edges: tuple[tuple[float, float], ...] = ()  # begin and end of each character, if known
    ends_line: bool | None = None  # whether a line of lyrics ends here; None: not said


@dataclass(frozen=True)
class TimedText:
    """What a file of times says.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    pieces: tuple[Piece, ...]  # in order of the lyrics
    lyrics: str | None  # None: the file does not hold the words
    encoding_guessed: bool = False  # see `text_files.TextFile`


def ends_found(pieces: Sequence[Piece]) -> list[Piece]:
    """Give every piece an end, and leave out those without letters, which only mark ends.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    starts = [piece.start for piece in pieces]
    found = []
    for k, piece in enumerate(pieces):
        if _NO_LETTERS.match(piece.text or ""):
            continue
        end = piece.end
        if math.isnan(end) and not math.isnan(piece.start):
            letters = sum(map(str.isalnum, piece.text or ""))
            end = piece.start + SECONDS_PER_LETTER * letters
            after = next((j for j in range(k + 1, len(starts)) if starts[j] >= piece.start), None)
            if after is not None:
                a_mark = after == k + 1 and bool(_NO_LETTERS.match(pieces[after].text or ""))
                end = starts[after] if a_mark else min(end, starts[after])
        found.append(replace(piece, end=end))
    return found
