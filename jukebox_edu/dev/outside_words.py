"""Lyrics of words that no model of ours was trained on, to hear whether it reads or remembers.

What
    Verses of the songbook's own grammar, with things, qualities and deeds that neither the grammar
    nor the old songs of the bundled model's repertoire hold. The little words between them are the
    grammar's. A model that has learned letters sings the new words about as well as the old ones.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import numpy as np

from jukebox_edu.songbook.grammar import TEMPLATES, WORDS
from jukebox_edu.songbook.lyrics import read_words

OUTSIDE: dict[str, tuple[str, ...]] = {
    "N": tuple(
        "goat frog duck pig coat tent flag gate nest cup hat map sand rabbit garden".split()
    ),
    "A": tuple("dark loud thin pink brown rich proud dry flat fast yellow happy silver".split()),
    "V": tuple("clap skip kick climb spin hop dig pull push draw cook read".split()),
}
"""Words of one or two syllables by kind, as in `grammar.WORDS`."""

OUTSIDE_WORDS = frozenset(word for words in OUTSIDE.values() for word in words)
SYLLABLES = 7  # of the templates; a word of two syllables makes a line longer
LINES = 4  # of a text; a song takes as many as it has time for


def outside_lyrics(seed: int) -> str:
    """A short text whose things, qualities and deeds are all words outside the vocabulary.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng([seed, 85])
    fitting = [line for line in TEMPLATES[SYLLABLES] if OUTSIDE.keys() & set(line.split())]
    lines = []
    for _ in range(LINES):
        words: list[str] = []
        for slot in fitting[random.integers(len(fitting))].split():
            kinds = OUTSIDE.get(slot) or WORDS.get(slot) or (slot,)
            fresh = [word for word in kinds if word not in words] or list(kinds)
            words.append(fresh[random.integers(len(fresh))])
        lines.append(" ".join(words))
    return "\n".join(lines)


def outside_places(lyrics: str) -> tuple[bool, ...]:
    """For each word that is sung whether it lies outside the vocabulary.

    Lesson: notebooks/13_measure_it.ipynb
    """
    words = [word for line in lyrics.splitlines() for word in read_words(line)]
    return tuple(word.text.lower() in OUTSIDE_WORDS for word in words)
