"""Nearest names: what did the person mean who typed a name that is not listed?

What
    Every listed name gets a score from 0 to 1: does it hold the wanted letters as they stand, or
    how large is the share of letters that it has in common with them, in order (`difflib`)?
Conventions
    Names are compared in ASCII; a listed name may also match with one word or its beginning only.
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from jukebox_edu.labels.text import transliterate

WORST_SHOWN = 0.6  # names less alike than this are not worth showing


def plain(name: str) -> str:
    """Name in lower case and in ASCII.

    Lesson: notebooks/07_style_and_time.ipynb

    >>> plain("Céline")
    'celine'
    """
    return (name if name.isascii() else "".join(map(transliterate, name))).lower()


def most_alike(wanted: str, names: Iterable[str], n: int = 5) -> tuple[str, ...]:
    """Return the `n` names that look most like `wanted`, best first; may be empty.

    Lesson: notebooks/07_style_and_time.ipynb

    >>> most_alike("bleus", ["rock", "slow blues", "blues"])
    ('blues', 'slow blues')
    """
    if not wanted:
        return ()
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    scored = [(-_likeness(matcher, wanted, plain(name)), name) for name in names]
    good = [(score, name) for score, name in scored if -score >= WORST_SHOWN]
    return tuple(name for _, name in sorted(good)[:n])


def _likeness(matcher: difflib.SequenceMatcher[str], wanted: str, name: str) -> float:
    """Similarity from 0 to 1 of the wanted name and a listed one, or a part of that."""
    if wanted in name:
        return 0.9 + 0.1 * len(wanted) / len(name)
    best = 0.0
    parts = [(word, 0.97) for word in name.replace("_", " ").split()]
    for candidate, weight in ((name, 1.0), *parts, (name[: len(wanted)], 0.95)):
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() >= WORST_SHOWN and matcher.quick_ratio() >= WORST_SHOWN:
            best = max(best, weight * matcher.ratio())
    return best
