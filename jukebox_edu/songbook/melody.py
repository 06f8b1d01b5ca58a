"""Tunes for new words, and chords for any tune.

What
    `invent_line` gives a line of text a rhythm that fills whole bars (one syllable a beat, the last
    one longer) and a tune that walks by small steps and lands on a note of the chord where a bar
    begins. `harmonize` does the opposite: it finds a plain chord for each bar of an old tune.

Conventions
    Chords are the scale steps I, ii, IV, V, vi, written as semitones above the key note with a
    flag for minor. Melody notes are semitones above the key note; times are beats.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jukebox_edu.songbook.songs import MelodyNote

_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])


@dataclass(frozen=True)
class Chord:
    """A triad.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    root: int  # semitones above the key note
    minor: bool  # True: minor third

    @property
    def tones(self) -> tuple[int, int, int]:
        """The three notes, semitones above the key note, within one octave."""
        third = 3 if self.minor else 4
        return (self.root % 12, (self.root + third) % 12, (self.root + 7) % 12)


TONIC, SUPERTONIC, SUBDOMINANT, DOMINANT, SUBMEDIANT = (
    Chord(0, False),
    Chord(2, True),
    Chord(5, False),
    Chord(7, False),
    Chord(9, True),
)
_PROGRESSIONS = (
    (TONIC, SUBDOMINANT, DOMINANT, TONIC),
    (TONIC, SUBMEDIANT, SUBDOMINANT, DOMINANT),
    (TONIC, DOMINANT, SUBMEDIANT, SUBDOMINANT),
    (TONIC, SUBDOMINANT, TONIC, DOMINANT),
)
BLUES_ROUND = tuple(
    {"I": TONIC, "IV": SUBDOMINANT, "V": DOMINANT}[name]
    for name in "I I I I IV IV I I V IV I I".split()
)
"""Twelve bars of blues. Lesson: notebooks/00_ten_minutes.ipynb"""


def choose_progression(rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return four chords, one for each bar, that go round and round.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]


def invent_rhythm(n_syllables: int, beats_per_bar: int, rng: np.random.Generator) -> list[float]:
    """Return the length of each syllable in beats; with the rest that may follow they fill bars.

    Parameters
    ----------
    n_syllables : at least 1.
    beats_per_bar : 3 or 4.
    rng : the source of chance.

    Returns
    -------
    n_syllables lengths; a possible last extra number is the rest that fills the last bar.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    lengths = [1.0] * (n_syllables - 1) + [2.0]
    excess = int(sum(lengths)) % beats_per_bar
    if excess and 3 * excess <= n_syllables - 1 and sum(lengths) > beats_per_bar:
        pairs = rng.permutation((n_syllables - 1) // 2)[:excess]  # two short notes in one beat
        for pair in pairs:
            lengths[2 * pair] = lengths[2 * pair + 1] = 0.5
        return lengths
    missing = (-excess) % beats_per_bar
    if missing and n_syllables > 2 and missing > 1:
        lengths[(n_syllables - 1) // 2] += 1.0  # linger in the middle of the line
        missing -= 1
    return lengths + ([float(missing)] if missing else [])


def invent_line(
    lengths: list[float],
    n_syllables: int,
    beats_per_bar: int,
    chords: tuple[Chord, ...],
    degree: int,
    rng: np.random.Generator,
) -> tuple[tuple[MelodyNote, ...], int]:
    """Return a tune for one line, and the scale degree where it ends.

    Parameters
    ----------
    lengths : from `invent_rhythm`, the rest included.
    n_syllables : how many of the lengths are notes.
    beats_per_bar : 3 or 4.
    chords : one for each bar of the line.
    degree : scale degree (0 = key note, may be negative) where the last line ended.
    rng : the source of chance.

    Returns
    -------
    The notes (and the rest), and the last degree.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    notes, beat = [], 0.0
    for number, length in enumerate(lengths):
        if number >= n_syllables:
            notes.append(MelodyNote(None, length))
            continue
        chord = chords[int(beat // beats_per_bar) % len(chords)]
        strong = beat % beats_per_bar == 0 or number == n_syllables - 1
        degree = _next_degree(degree, chord, strong, rng)
        octave, step = divmod(degree, 7)
        notes.append(MelodyNote(int(_SCALE[step]) + 12 * octave, length))
        beat += length
    return tuple(notes), degree


def _next_degree(degree: int, chord: Chord, strong: bool, rng: np.random.Generator) -> int:
    """Return the next scale degree: a chord tone on strong beats, else a small step."""
    candidates = np.arange(max(-1, degree - 3), min(6, degree + 3) + 1)  # about nine semitones
    weights = np.array([0.7, 1.0, 0.5, 0.2])[np.minimum(np.abs(candidates - degree), 3)]
    weights = weights * np.where(candidates == 2, 1.2, 1.0)  # a little pull to the middle
    in_chord = np.isin(_SCALE[candidates % 7], chord.tones)
    weights = weights * np.where(in_chord, 1.0, 0.0 if strong and in_chord.any() else 0.6)
    weights = weights / weights.sum()
    return int(candidates[np.searchsorted(np.cumsum(weights), rng.random() * 0.999999)])


def harmonize(notes: list[tuple[float, float, int]], edges: list[float]) -> list[Chord]:
    """Return a chord for each bar of a tune.

    Parameters
    ----------
    notes : (start beat, end beat, semitones above the key note).
    edges : the beats where bars begin, and the end of the last; one more than there are bars.

    Returns
    -------
    The chord that holds most of the bar, with a bias to I, then V and IV; the last bar is I.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    bias = (
        (TONIC, 1.15),
        (DOMINANT, 1.05),
        (SUBDOMINANT, 1.0),
        (SUPERTONIC, 0.6),
        (SUBMEDIANT, 0.6),
    )
    chords = []
    for low, high in zip(edges, edges[1:], strict=False):
        scores = []
        for chord, weight in bias:
            held = 0.1
            for start, end, semitones in notes:
                share = max(0.0, min(end, high) - max(start, low))
                accent = 1.5 if low - 1e-6 <= start < low + 1e-6 else 1.0
                held += share * accent * (semitones % 12 in chord.tones)
            scores.append(held * weight)
        chords.append(bias[int(np.argmax(scores))][0])
    return [*chords[:-1], TONIC] if chords else []


def dot_rhythm(lengths: list[float]) -> list[float]:
    """Return the rhythm with long-short pairs: 1 + 1 beats become 1.5 + 0.5.

    Parameters
    ----------
    lengths : from `invent_rhythm`.

    Returns
    -------
    As many lengths with the same sum; the last two stay as they are.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    dotted = list(lengths)
    place = 0
    while place + 3 < len(dotted):
        if dotted[place] == dotted[place + 1] == 1.0:
            dotted[place], dotted[place + 1] = 1.5, 0.5
            place += 1
        place += 1
    return dotted


def flatten_blue(notes: tuple[MelodyNote, ...], beats_per_bar: int) -> tuple[MelodyNote, ...]:
    """Return a tune with flat thirds and sevenths wherever no bar begins: the blue notes.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    flat, beat = [], 0.0
    for number, note in enumerate(notes):
        weak = beat % beats_per_bar != 0 and number + 1 < len(notes)
        if weak and note.semitones is not None and note.semitones % 12 in (4, 11):
            note = replace(note, semitones=note.semitones - 1)
        flat.append(note)
        beat += note.beats
    return tuple(flat)
