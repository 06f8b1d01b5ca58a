"""Times of words and lines as the text files that other programs read.

What
    LRC is read by karaoke players, TextGrid by Praat, the phoneticians' program.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


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


def _stamp(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"[{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}]"


def lrc(lines: Sequence[WordTime]) -> str:
    r"""Write `[minutes:seconds.hundredths]text` for every line that was reached.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> lrc([WordTime("la la", 62.5, 63.0, 0, 5)])
    '[01:02.50]la la\n'
    """
    return "".join(f"{_stamp(x.start)}{x.text.rstrip()}\n" for x in lines if x.end > x.start)


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
        quoted = text.replace('"', '""')
        rows.append(f'{start:.4f}\n{end:.4f}\n"{quoted}"')
    return "\n".join([*head, *rows]) + "\n"
