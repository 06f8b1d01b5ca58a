"""A small grammar that writes endless friendly verses.

What
    A verse line is a template such as ``the A N will V and V``: capital letters stand for a kind of
    word and are filled with words of one syllable, so the number of words is the number of notes.
    Around 150 words in all: few enough for a small model to learn each of them well.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import numpy as np

WORDS: dict[str, tuple[str, ...]] = {
    # things
    "N": tuple(
        "bird boat star tree moon sun wind rain snow song bell rose lake hill road stone fox bee "
        "king queen horse sheep dog cat child friend train drum fish cloud wave ship leaf dream "
        "house lamp".split()
    ),
    # what they are like
    "A": tuple(
        "small bright old new blue green red white gold soft warm cool kind glad shy brave sweet "
        "slow quick tall wild calm free good".split()
    ),
    # what they do
    "V": tuple(
        "sing dance run fly shine glow sleep dream play laugh smile rest swim float wait ride "
        "rise roll jump grow".split()
    ),
    # where
    "P": tuple("sea sky shore wood field town hill lake road moon sun stars snow rain".split()),
    # when
    "T": tuple("day night time year".split()),
    # little words before a place
    "R": tuple("in by near to on from".split()),
    # who
    "W": tuple("we you they".split()),
    # what one does with a thing
    "S": tuple("see hear find love know watch call keep".split()),
}

TEMPLATES: dict[int, tuple[str, ...]] = {
    2: ("V on", "come home", "oh N", "we V", "good N"),
    3: (
        "sing with me",
        "all T long",
        "oh my N",
        "V and V",
        "the A N",
        "W will V",
        "come back home",
    ),
    5: (
        "the N and the N",
        "W V R the P",
        "come and V with me",
        "oh my A A N",
        "W will V all T",
        "sing me a A song",
    ),
    7: (
        "the A N will V and V",
        "W S the N R the P",
        "come and V R the A P",
        "oh the N is A and A",
        "my A N and my A N",
        "when the N is R the P",
        "W will V and V all T",
        "how I love the A A N",
        "the N and the N V on",
        "let us V all T and V",
        "W can S the N and V",
        "now the A N comes back home",
    ),
    8: (
        "the A N will V R the P",
        "oh W will S the A N now",
        "come and V with me R the P",
        "when the N and the N will V",
        "my A N and the A A N",
        "W V and W V all the T",
        "let us go where the A N V",
        "I will S the N R the P",
    ),
}


def write_line(rng: np.random.Generator, n_syllables: int) -> str:
    """Write one line of verse.

    Parameters
    ----------
    rng : the source of chance.
    n_syllables : syllables in the line, one of the keys of `TEMPLATES`.

    Returns
    -------
    The line in lower case, one word for each syllable, no word used twice for the same kind.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    templates = TEMPLATES[n_syllables]
    used: set[str] = set()
    words = []
    for slot in templates[rng.integers(len(templates))].split():
        choices = [
            word for word in WORDS.get(slot, (slot,)) if word not in used or slot not in WORDS
        ]
        word = choices[rng.integers(len(choices))] if len(choices) > 1 else choices[0]
        used.add(word)
        words.append(word)
    return " ".join(words)
