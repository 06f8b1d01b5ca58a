"""Old songs that belong to everybody, as notes and syllables.

What
    Every tune here is from the nineteenth century or older. The words are either as old (the entry
    names the author) or were written for this project and given away under CC0-1.0 ("new words").

Notation
    One line of text, one line of notes; the k-th note carries the k-th syllable. A note is a letter
    ``a``..``g`` with ``#`` or ``-`` (flat), then ``'`` (an octave up) or ``,`` (down), then its
    length in beats (nothing means 1). ``~`` before a note draws the last syllable on, ``r`` is a
    rest. All tunes are written in C major; the singer's voice decides the real key.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NOTE = re.compile(r"^(~?)([a-gr])([#-]?)([',]*)([0-9.]*)$")


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
    verses: tuple[tuple[str, str], ...]  # (text, notes) for each line

    @property
    def span(self) -> int:
        """Semitones from the lowest to the highest note."""
        heights = [
            note.semitones
            for _, notes in self.verses
            for note in read_notes(notes)
            if note.semitones is not None
        ]
        return max(heights) - min(heights)


_TWINKLE_A, _TWINKLE_B, _TWINKLE_C = "c c g g a a g2", "f f e e d d c2", "g g f f e e d2"
_MARY_A, _MARY_B = "e d c d e e e2", "d d d2 e g g2"
_BRIDGE_A, _BRIDGE_B, _BRIDGE_C = "g1.5 a.5 g f e f g2", "d e f2 e f g2", "d2 g2 e c3"
_BELLS_A, _BELLS_B, _BELLS_C = "e e e2 e e e2", "e g c1.5 d.5 e4", "f f f1.5 f.5 f e e"
_SUSANNA_A, _SUSANNA_B = "c.5 d.5 e g g1.5 a.5 g e", "c1.5 d.5 e e d c d3"
_SUSANNA_C = "c1.5 d.5 e e d d c3"
_JOY_A, _JOY_B, _JOY_C = "e e f g g f e d", "c c d e e1.5 d.5 d2", "c c d e d1.5 c.5 c2"
_DECK_A, _DECK_B = "g1.5 f.5 e d c d e c", "d.5 e.5 f.5 d.5 e1.5 d.5 c b, c2"
_FALALA = "Fa la la la la la la la la"

OLD_SONGS: dict[str, OldSong] = {
    "twinkle": OldSong(
        "Twinkle, Twinkle, Little Star",
        "French tune before 1780; words Jane Taylor 1806",
        4,
        0,
        1.0,
        (
            ("Twinkle, twinkle, little star,", _TWINKLE_A),
            ("How I wonder what you are!", _TWINKLE_B),
            ("Up above the world so high,", _TWINKLE_C),
            ("Like a diamond in the sky.", _TWINKLE_C),
            ("Twinkle, twinkle, little star,", _TWINKLE_A),
            ("How I wonder what you are!", _TWINKLE_B),
            ("When the blazing sun is gone,", _TWINKLE_A),
            ("When he nothing shines upon,", _TWINKLE_B),
            ("Then you show your little light,", _TWINKLE_C),
            ("Twinkle, twinkle, all the night.", _TWINKLE_C),
            ("Twinkle, twinkle, little star,", _TWINKLE_A),
            ("How I wonder what you are!", _TWINKLE_B),
        ),
    ),
    "silent_night": OldSong(
        "Silent Night",
        "tune F. X. Gruber 1818; English words J. F. Young 1859",
        3,
        0,
        1.25,
        (
            ("Silent night, holy night,", "g1.5 ~a.5 g e3 g1.5 ~a.5 g e3"),
            ("All is calm, all is bright", "d'2 d' b3 c'2 c' g3"),
            ("Round yon virgin mother and child,", "a2 a c'1.5 ~b.5 a g1.5 a.5 g e3"),
            ("Holy infant so tender and mild,", "a2 a c'1.5 b.5 a g1.5 a.5 g e3"),
            ("Sleep in heavenly peace,", "d'2 d' f'1.5 d'.5 b c'3 ~e'3"),
            ("Sleep in heavenly peace.", "c'1.5 ~g.5 e g1.5 f.5 d c5 r"),
        ),
    ),
    "mary": OldSong(
        "Mary Had a Little Lamb",
        "words Sarah Hale 1830; tune nineteenth century",
        4,
        0,
        1.0,
        (
            ("Mary had a little lamb,", _MARY_A),
            ("Little lamb, little lamb,", _MARY_B),
            ("Mary had a little lamb,", "e d c d e e e"),
            ("Its fleece was white as snow.", "e d d e d c3"),
            ("And everywhere that Mary went,", "c e d c d e e e2"),
            ("Mary went, Mary went,", _MARY_B),
            ("Everywhere that Mary went", "e d c d e e e"),
            ("The lamb was sure to go.", "e d d e d c4"),
        ),
    ),
    "row": OldSong(
        "Row, Row, Row Your Boat",
        "traditional, printed 1852",
        3,
        0,
        1.4,
        (
            ("Row, row, row your boat", "c3 c3 c2 d e3"),
            ("Gently down the stream.", "e2 d e2 f g5 r"),
            ("Merrily, merrily, merrily, merrily,", "c' c' c' g g g e e e c c c"),
            ("Life is but a dream.", "g2 f e2 d c5 r"),
        ),
    ),
    "brother": OldSong(
        "Little Bird (Frère Jacques)",
        "French tune, eighteenth century; new words",
        4,
        0,
        1.0,
        (
            ("Are you waking, are you waking,", "c d e c c d e c"),
            ("Little bird, little bird?", "e f g2 e f g2"),
            ("Hear the bells of morning,", "g.5 a.5 g.5 f.5 e c"),
            ("hear the bells of morning,", "g.5 a.5 g.5 f.5 e c"),
            ("Ding ding dong, ding ding dong.", "c g, c2 c g, c2"),
        ),
    ),
    "london_bridge": OldSong(
        "London Bridge",
        "traditional, words and tune before 1880",
        4,
        0,
        1.0,
        (
            ("London Bridge is falling down,", _BRIDGE_A),
            ("Falling down, falling down,", _BRIDGE_B),
            ("London Bridge is falling down,", _BRIDGE_A),
            ("My fair lady.", _BRIDGE_C),
            ("Build it up with wood and clay,", _BRIDGE_A),
            ("Wood and clay, wood and clay,", _BRIDGE_B),
            ("Build it up with wood and clay,", _BRIDGE_A),
            ("My fair lady.", _BRIDGE_C),
        ),
    ),
    "jingle_bells": OldSong(
        "Jingle Bells",
        "J. L. Pierpont 1857",
        4,
        0,
        1.1,
        (
            ("Jingle bells, jingle bells,", _BELLS_A),
            ("Jingle all the way!", _BELLS_B),
            ("Oh what fun it is to ride", _BELLS_C),
            ("in a one-horse open sleigh!", "e.5 e.5 e d d e d4"),
            ("Jingle bells, jingle bells,", _BELLS_A),
            ("Jingle all the way!", _BELLS_B),
            ("Oh what fun it is to ride", _BELLS_C),
            ("in a one-horse open sleigh!", "e.5 e.5 g g f d c4"),
        ),
    ),
    "river_song": OldSong(
        "Along the River (Oh! Susanna)",
        "tune Stephen Foster 1848; new words",
        4,
        1,
        1.1,
        (
            ("Oh I walk along the river", _SUSANNA_A),
            ("With a song for you and me,", _SUSANNA_B),
            ("And the sun is warm and golden,", _SUSANNA_A),
            ("And the wind is in the tree.", _SUSANNA_C.replace("c3", "c4")),
            ("Come along now,", "f2 f2 a a2"),
            ("oh come and sing with me,", "a g g e c d3"),
            ("For the day is long and lovely", _SUSANNA_A),
            ("As we wander to the sea.", _SUSANNA_C),
        ),
    ),
    "ode_to_joy": OldSong(
        "Song of Joy",
        "tune L. van Beethoven 1824; new words",
        4,
        0,
        1.0,
        (
            ("Sing with joy and raise your voices,", _JOY_A),
            ("Every heart can find a song.", _JOY_B),
            ("Let the morning fill with music,", _JOY_A),
            ("Let the bells ring all day long.", _JOY_C),
        ),
    ),
    "joy_to_the_world": OldSong(
        "Joy to the World",
        "words Isaac Watts 1719; tune Lowell Mason 1848",
        4,
        0,
        1.5,
        (
            ("Joy to the world, the Lord is come,", "c'2 b1.5 a.5 g3 f e2 d2 c3"),
            ("Let earth receive her King.", "g a3 a b3 b c'4"),
        ),
    ),
    "deck_the_halls": OldSong(
        "Deck the Halls",
        "Welsh tune, sixteenth century; words Thomas Oliphant 1862 and 1877",
        4,
        0,
        1.15,
        (
            ("Deck the halls with boughs of holly,", _DECK_A),
            (_FALALA + ",", _DECK_B),
            ("'Tis the season to be jolly,", _DECK_A),
            (_FALALA + ".", _DECK_B),
        ),
    ),
    "moonbeams": OldSong(
        "Moonbeams (Au clair de la lune)",
        "French tune, eighteenth century; new words",
        4,
        0,
        1.1,
        (
            ("By the light of moonbeams", "c c c d e2 d2"),
            ("We will walk tonight.", "c e d d c4"),
            ("All the stars are shining,", "d d d d a,2 a,2"),
            ("All the world is bright.", "d c b, a, g,4"),
        ),
    ),
    "cradle_song": OldSong(
        "Cradle Song",
        "tune Johannes Brahms 1868; new words",
        3,
        1,
        0.9,
        (
            ("Close your eyes, go to sleep,", "e.5 e.5 g2 e.5 e.5 g2"),
            ("All the stars will shine for you,", "e.5 g.5 c' b a a g"),
            ("And the moon will watch you too,", "d.5 e.5 f d d.5 e.5 f2"),
            ("Sleep, my dear, till morning comes.", "d.5 f.5 b.5 a.5 g b c'2"),
        ),
    ),
}
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""


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
