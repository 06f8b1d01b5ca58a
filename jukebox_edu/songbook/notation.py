"""How an old song is written down: a tune in letters, and verses that follow it.

What
    A tune is a few lines of notes, each with a name; a verse is lines of words, each of which says
    on which line of the tune it is sung::

        tune:   A  c c g g a a g2          words:  A Twinkle, twinkle, little star,
                B  f f e e d d c2                  B How I wonder what you are!

    A blank line begins the next verse. Where a verse has a syllable more or less, the tune has one
    more line (``A2``) that says exactly how it is sung.

Notation of notes
    The k-th note carries the k-th syllable. A note is a letter ``a``..``g`` with ``#`` or ``-``
    (flat), then ``'`` (an octave up) or ``,`` (down), then its length in beats (nothing means 1).
    ``~`` before a note draws the last syllable on, ``r`` is a rest. All tunes are written in C
    major; the singer's voice decides the real key.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NOTE = re.compile(r"^(~?)([a-gr])([#-]?)([',]*)([0-9.]*)$")

PUBLIC_DOMAIN = "public domain"
NEW_WORDS = "tune public domain, words CC0-1.0"


@dataclass(frozen=True)
class MelodyNote:
    """One note of a tune, before key and tempo are chosen.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    semitones: int | None  # above the key note; None is a rest
    beats: float  # length in beats
    tied: bool = False  # True: the syllable of the note before is drawn on


@dataclass(frozen=True)
class OldSong:
    """A public-domain tune with its words.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    title: str  # as people know it
    source: str  # who made it, and when
    beats_per_bar: int  # 3 or 4
    pickup: float  # beats before the first full bar
    tempo_scale: float  # the song's beats against the style's beats
    verses: tuple[tuple[tuple[str, str], ...], ...]  # (text, notes) for each line of each verse
    licence: str = PUBLIC_DOMAIN  # or `NEW_WORDS`

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The lines of all verses, (text, notes), in order."""
        return tuple(line for verse in self.verses for line in verse)

    @property
    def span(self) -> int:
        """Semitones from the lowest to the highest note."""
        heights = [
            note.semitones
            for _, notes in self.lines
            for note in read_notes(notes)
            if note.semitones is not None
        ]
        return max(heights) - min(heights)

    def cut(self, n_lines: int) -> OldSong:
        """Return the first lines of the song; the last note is held to the end of its bar."""
        lines = self.lines[:n_lines]
        beats = sum(note.beats for _, notes in lines for note in read_notes(notes))
        missing = -beats % self.beats_per_bar
        if missing:
            text, notes = lines[-1]
            *others, last = notes.split()
            held = read_notes(last)[0].beats + missing
            last = f"{last.rstrip('0123456789.')}{held:g}"
            lines = (*lines[:-1], (text, " ".join((*others, last))))
        return replace(self, verses=(lines,))


@functools.cache
def read_notes(notes: str) -> tuple[MelodyNote, ...]:
    """Read a line of notes in the notation of this file.

    Parameters
    ----------
    notes : such as ``"c c g g a a g2"``.

    Returns
    -------
    One `MelodyNote` for each word of the notation.

    Raises
    ------
    ValueError : a word is not a note of this notation.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    result = []
    for token in notes.split():
        match = _NOTE.match(token)
        if match is None:
            raise ValueError(f"not a note: {token!r} in {notes!r}")
        tied, letter, accidental, octave, beats = match.groups()
        semitones = None
        if letter != "r":
            semitones = _STEPS[letter] + {"#": 1, "-": -1, "": 0}[accidental]
            semitones += 12 * (octave.count("'") - octave.count(","))
        result.append(MelodyNote(semitones, float(beats or 1), bool(tied)))
    return tuple(result)


def read_verses(tune: str, words: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Read the verses of a song.

    Parameters
    ----------
    tune : lines ``NAME notes``.
    words : lines ``NAME text``; blank lines between verses.

    Returns
    -------
    (text, notes) for each line of each verse.

    Raises
    ------
    ValueError : a line of words names a line that the tune does not have.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    named = dict(row.split(maxsplit=1) for row in tune.strip().splitlines())
    verses = []
    for block in re.split(r"\n\s*\n", words.strip()):
        rows = [row.split(maxsplit=1) for row in block.strip().splitlines()]
        unknown = [name for name, _ in rows if name not in named]
        if unknown:
            raise ValueError(f"lines {unknown} are not in the tune {sorted(named)}")
        verses.append(tuple((text.strip(), named[name].strip()) for name, text in rows))
    return tuple(verses)
