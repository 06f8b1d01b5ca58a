"""Times of words and lines as the text files that other programs read.

What
    LRC is read by karaoke players, TextGrid by Praat, the phoneticians' program. Both are lists of
    times and texts; neither can hold a line end or a control character inside a text.
Conventions
    Seconds from the beginning of the song. What was not reached (no duration) is left out.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

REPLACEMENT = "\ufffd"  # the sign for "a character that cannot be written here"
_LIKE_A_STAMP = re.compile(r"[\[<](?=\s*\d+\s*:)")


@dataclass(frozen=True)
class WordTime:
    """When one word (or line) is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # the word with its punctuation
    start: float  # seconds
    end: float  # seconds; equal to start: not reached
    first_char: int  # index of its first character in the lyrics
    last_char_end: int  # index behind its last character


def one_line(text: str) -> str:
    r"""Text on one line: white space becomes a space, control characters and the like U+FFFD.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> one_line("a\tb\u2028c")
    'a b c'
    """
    kinds = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of characters, line separators
    signs = (
        " " if sign.isspace() else REPLACEMENT if unicodedata.category(sign) in kinds else sign
        for sign in text
    )
    return "".join(signs)


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _plain(text: str) -> str:
    """Text that no reader of LRC takes for a time: `[1:2` becomes `(1:2`."""
    return _LIKE_A_STAMP.sub("(", one_line(text)).strip()


def lrc(lines: Sequence[WordTime], words: Sequence[WordTime] = ()) -> str:
    r"""Write `[minutes:seconds.hundredths]text` for every line that was reached.

    Parameters
    ----------
    lines
        Lines of the lyrics.
    words
        If given, the words of each line get times of their own (the enhanced kind of LRC).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> lrc([WordTime("la la", 62.5, 63.0, 0, 5)])
    '[01:02.50]la la\n'
    """
    return "".join(
        f"[{_clock(line.start)}]{_timed(line, words) or _plain(line.text)}\n"
        for line in lines
        if line.end > line.start
    )


def _timed(line: WordTime, words: Sequence[WordTime]) -> str:
    """The words of a line, `<time>word` each, and when the last one ends; "" if there are none."""
    inside = [w for w in words if line.first_char <= w.first_char < line.last_char_end]
    stamped = [f"<{_clock(word.start)}>{_plain(word.text)}" for word in inside]
    return " ".join([*stamped, f"<{_clock(inside[-1].end)}>"]) if inside else ""


def _without_gaps(words: Sequence[WordTime], seconds: float) -> Iterator[tuple[float, float, str]]:
    """Start, end and text of intervals that fill all the time; silence has no text."""
    now = 0.0
    for word in words:
        if word.end <= word.start:
            continue
        if word.start > now:
            yield now, word.start, ""
        yield word.start, word.end, word.text
        now = word.end
    if seconds > now:
        yield now, seconds, ""


def textgrid(words: Sequence[WordTime], seconds: float) -> str:
    """Write one tier of words for a song of this many seconds, in Praat's short text format.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    intervals = list(_without_gaps(words, seconds))
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", f"0\n{seconds:.4f}"]
    head += ["<exists>", "1", '"IntervalTier"', '"words"', f"0\n{seconds:.4f}", f"{len(intervals)}"]
    rows = []
    for start, end, text in intervals:
        quoted = one_line(text).replace('"', '""')
        rows.append(f'{start:.4f}\n{end:.4f}\n"{quoted}"')
    return "\n".join([*head, *rows]) + "\n"
