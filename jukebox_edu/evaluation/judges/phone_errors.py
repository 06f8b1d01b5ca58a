"""Phones heard against phones asked for: substituted, deleted, inserted.

What
    The edit distance of two lines of phones is the least number of changes that turns one into the
    other: a phone for another (substitution), one left out (deletion), one too many (insertion).
    Divided by the number of phones asked for it is the *phone error rate*: 0 is perfect, and it
    can pass 1. Lyrics never sung score about 0.9: many phones fit by chance.

    A word is *recalled* if every phone of it is matched. The phones of words come from the
    songbook's own rules from letters to sounds, the singer's rules.
Conventions
    Phones are numbers of the songbook's `PHONES`. Of several best alignments the one is taken that
    matches or substitutes last phones first.
Paper: Levenshtein distance; word and phone error rates as in NIST's sclite
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.songbook import PHONES
from jukebox_edu.songbook.lyrics import read_words

_NUMBER = {phone: number for number, phone in enumerate(PHONES)}


@dataclass(frozen=True)
class EditCounts:
    """How one line of phones was turned into another.

    Lesson: notebooks/13_measure_it.ipynb
    """

    substitutions: int  # another phone was heard
    deletions: int  # nothing was heard
    insertions: int  # heard, but not asked for
    n_reference: int  # phones asked for
    matched: tuple[bool, ...]  # (n_reference,) whether each was heard

    @property
    def rate(self) -> float:
        """Phone error rate: changes per phone asked for."""
        changes = self.substitutions + self.deletions + self.insertions
        return changes / max(1, self.n_reference)


@dataclass(frozen=True)
class AskedPhones:
    """The phones of some lyrics, and which of them make each word.

    Lesson: notebooks/13_measure_it.ipynb
    """

    phones: tuple[int, ...]  # equal neighbors counted once
    words: tuple[tuple[int, int], ...]  # first phone of each word, and one past its last


def phones_of_words(lyrics: str) -> AskedPhones:
    """How lyrics are said, word after word.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    phones: list[int] = []
    words = []
    for line in lyrics.splitlines():
        for word in read_words(line):
            first = len(phones)
            for name in (phone for syllable in word.syllables for phone in syllable.phones):
                if phones and phones[-1] == _NUMBER[name]:
                    first = min(first, len(phones) - 1)  # shared with the word before
                else:
                    phones.append(_NUMBER[name])
            words.append((first, len(phones)))
    return AskedPhones(tuple(phones), tuple(words))


def _distances(reference: Sequence[int], heard: Sequence[int]) -> np.ndarray:
    """Edit distances of all beginnings, (len(reference) + 1, len(heard) + 1)."""
    table = np.zeros((len(reference) + 1, len(heard) + 1), np.int64)
    table[:, 0], table[0] = np.arange(len(reference) + 1), np.arange(len(heard) + 1)
    places = np.arange(len(heard) + 1)
    sounds = np.asarray(heard, np.int64)
    for i, phone in enumerate(reference, 1):
        row = np.empty(len(heard) + 1, np.int64)
        row[0] = i
        row[1:] = np.minimum(table[i - 1, :-1] + (sounds != phone), table[i - 1, 1:] + 1)
        # An insertion adds one to the cell on the left: the least of (cell - place), plus place.
        table[i] = np.minimum.accumulate(row - places) + places
    return table


def edit_counts(reference: Sequence[int], heard: Sequence[int]) -> EditCounts:
    """Fewest changes that turn `reference` into `heard`, by kind.

    Lesson: notebooks/13_measure_it.ipynb

    >>> edit_counts([1, 2, 3], [1, 4, 3, 5])
    EditCounts(substitutions=1, deletions=0, insertions=1, n_reference=3, matched=(True, False, True))
    """  # noqa: E501
    table = _distances(reference, heard)
    i, k = len(reference), len(heard)
    substitutions = deletions = insertions = 0
    matched = [False] * len(reference)
    while i or k:
        same = bool(i and k and reference[i - 1] == heard[k - 1])
        if i and k and table[i, k] == table[i - 1, k - 1] + (not same):
            i, k = i - 1, k - 1
            matched[i] = same
            substitutions += not same
        elif i and table[i, k] == table[i - 1, k] + 1:
            i, deletions = i - 1, deletions + 1
        else:
            k, insertions = k - 1, insertions + 1
    return EditCounts(substitutions, deletions, insertions, len(reference), tuple(matched))


def words_heard(asked: AskedPhones, counts: EditCounts) -> tuple[bool, ...]:
    """For each word whether every phone of it was heard.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return tuple(all(counts.matched[first:end]) for first, end in asked.words)


def word_recall(asked: AskedPhones, counts: EditCounts) -> float:
    """Share of the words of which every phone was heard; 0 if there are no words.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return float(np.mean(words_heard(asked, counts))) if asked.words else 0.0
