"""The words of a lyric: where each stands in the text and when it is sung.

What
    Models read characters, people read words. `words` finds them, `word_times` gives each the
    span of its sung characters.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Word:
    """One word of the lyrics.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    start: int  # index of its first character in the lyrics
    end: int  # index behind its last character
    text: str  # the word, with its punctuation


@dataclass(frozen=True)
class WordTime:
    """When one word is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    word: Word  # which word
    start_s: float  # seconds, start of its first sung character; NaN if none is sung
    end_s: float  # seconds, end of its last sung character; NaN if none is sung


def words(lyrics: str) -> tuple[Word, ...]:
    """Split lyrics at white space.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> [word.text for word in words("la, la!")]
    ['la,', 'la!']
    """
    return tuple(Word(m.start(), m.end(), m.group()) for m in re.finditer(r"\S+", lyrics))


def word_times(lyrics: str, character_times: np.ndarray) -> tuple[WordTime, ...]:
    """Times of all words.

    Parameters
    ----------
    lyrics
        Text of n_chars characters.
    character_times
        (n_chars, 2) start and end in seconds, NaN where a character is not sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    result = []
    for word in words(lyrics):
        span = character_times[word.start : word.end]  # (characters, 2)
        sung = span[np.isfinite(span).all(axis=1)]
        start, end = (sung[:, 0].min(), sung[:, 1].max()) if len(sung) else (np.nan, np.nan)
        result.append(WordTime(word, float(start), float(end)))
    return tuple(result)
