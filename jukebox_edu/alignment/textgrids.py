"""TextGrid files of Praat, read: what a phonetician has corrected becomes the truth.

What
    Praat writes the same content in a long and in a short form. It reads only what stands free:
    numbers, quoted texts and flags such as <exists>; all other words explain. Read like that, the
    two forms are one:

        File type = "ooTextFile"  Object class = "TextGrid"  xmin xmax <exists> number-of-tiers
        then for each tier   "IntervalTier" "name" xmin xmax number-of-intervals
        then for each interval   xmin xmax "text"
Paper: format of Praat's TextGrid, Praat manual "TextGrid file formats"
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import os
import re

from jukebox_edu.errors import LyricsError
from jukebox_edu.labels.text_files import read_text
from jukebox_edu.labels.times import LyricTimes, times_from_words

_TOKENS = re.compile(r'"((?:[^"]|"")*)"|(\S+)')


def read_textgrid(
    path: str | os.PathLike[str], lyrics: str | None = None, tier: str = "words"
) -> LyricTimes:
    """Read when words are sung from one tier of a TextGrid file.

    Parameters
    ----------
    lyrics
        The words; None takes them from the tier.
    tier
        Name of the tier; where none has this name, the first tier of intervals is read.

    Raises
    ------
    LyricsError
        If it is no TextGrid, is cut off, or holds other words than the lyrics.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    tokens = _free_standing(read_text(path).text)
    if tokens[:2] != ["ooTextFile", "TextGrid"]:
        raise LyricsError(f"{path} is no TextGrid: it does not begin as Praat begins it.")
    try:
        tiers = _interval_tiers(tokens)
    except (IndexError, ValueError, TypeError):
        raise LyricsError(f"{path} is cut off or damaged: a number or a text is missing.") from None
    if not tiers:
        raise LyricsError(f"{path} holds no tier of intervals.")
    rows = [row for row in tiers.get(tier, next(iter(tiers.values()))) if row[2].strip()]
    if not rows:
        raise LyricsError(f"{path} holds no times.")
    words = " ".join(row[2].strip() for row in rows)
    starts, ends = [row[0] for row in rows], [row[1] for row in rows]
    return times_from_words(words if lyrics is None else lyrics, starts, ends, where=str(path))


def _free_standing(text: str) -> list[str | float]:
    """Quoted texts (str) and numbers (float) in order; all else explains."""
    tokens: list[str | float] = []
    for match in _TOKENS.finditer(text):
        if match[1] is not None:
            tokens.append(match[1].replace('""', '"'))
        elif re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", match[2]):
            tokens.append(float(match[2]))
    return tokens


def _interval_tiers(tokens: list[str | float]) -> dict[str, list[tuple[float, float, str]]]:
    """(start, end, text) of every interval, by name of the tier; points are passed over."""
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    place = 5  # behind kind of file, kind of object, start, end, number of tiers
    for _ in range(int(tokens[4])):
        kind, name, count = tokens[place], str(tokens[place + 1]), int(tokens[place + 4])
        place += 5
        width = 3 if kind == "IntervalTier" else 2
        rows = [tokens[place + width * k : place + width * (k + 1)] for k in range(count)]
        place += width * count
        if any(len(row) < width for row in rows):
            raise IndexError
        if kind == "IntervalTier" and name not in tiers:
            tiers[name] = [(float(a), float(b), str(text)) for a, b, text in rows]
    return tiers
