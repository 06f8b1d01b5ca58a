"""What the band plays in one bar of each style.

What
    A pattern is a function from a chord to strokes: which instrument plays which chord tone on
    which beat. Times are beats from the start of the bar; `band.py` turns them into sound.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jukebox_edu.songbook.sheet import Bar
from jukebox_edu.songbook.styles import Style


@dataclass(frozen=True)
class Stroke:
    """One note or drum stroke of the band.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    instrument: str  # a pitched instrument or a drum of `instruments.py`
    midi: int  # pitch; 0 for drums
    start: float  # beats from the start of the bar
    beats: float  # length; ignored for drums
    gain: float  # linear


@dataclass(frozen=True)
class Harmony:
    """The notes of a bar's chord, as MIDI numbers.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    root: int  # bass note, 36 to 47
    triad: list[int]  # three notes around middle C, rising
    minor: bool  # True: minor third


def find_harmony(key: int, bar: Bar) -> Harmony:
    """Return the notes of a bar's chord in a key (a MIDI number).

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    root = 36 + (key + bar.chord.root) % 12
    third, fifth = root + (3 if bar.chord.minor else 4), root + 7
    triad = sorted(52 + (tone - 52) % 12 for tone in (root, third, fifth))
    return Harmony(root, triad, bar.chord.minor)


def play_bar(style: Style, key: int, bar: Bar, number: int, *, last: bool) -> Iterator[Stroke]:
    """Yield what the band plays in one bar.

    Parameters
    ----------
    style : which pattern. key : MIDI number of the key note. bar : its chord and beats.
    number : counts the bars; some patterns change from bar to bar.
    last : True for the last bar of the song: everybody holds the chord.

    A voice alone has no band: nothing is played.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if style.alone:
        return
    chord = find_harmony(key, bar)
    if not last:
        yield from _PATTERNS[style.name](chord, bar.beats, number)
        return
    yield Stroke("bass", chord.root, 0, bar.beats, 0.9)
    for tone in chord.triad:
        yield Stroke(style.lead, tone + (12 if style.name == "lullaby" else 0), 0, bar.beats, 0.5)


def _carol(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield organ chords, held."""
    yield Stroke("organ", chord.root, 0, beats, 0.8)
    for tone in chord.triad:
        yield Stroke("organ", tone, 0, beats, 0.6)
    yield Stroke("organ", chord.triad[number % 3] + 12, beats // 2, beats - beats // 2, 0.3)


def _waltz(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield bass on one, accordion on the other beats."""
    yield Stroke("bass", chord.root if number % 2 == 0 else chord.root + 7, 0, 1, 1.1)
    for beat in range(1, beats):
        for tone in chord.triad:
            yield Stroke("accordion", tone, beat, 0.6, 0.45)


def _folk(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield plucked arpeggios in half beats, and a shaker."""
    yield Stroke("bass", chord.root, 0, 2, 0.8)
    order = (0, 1, 2, 1)
    for half in range(2 * beats):
        yield Stroke("pluck", chord.triad[order[half % 4]], half / 2, 1.5, 0.9)
        yield Stroke("shaker", 0, half / 2, 0, 0.35 if half % 2 else 0.6)


def _march(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield bass and drum on strong beats, brass and snare between."""
    for beat in range(beats):
        if beat % 2 == 0:
            yield Stroke("bass", chord.root + (7 if beat else 0), beat, 0.8, 1.0)
            yield Stroke("kick", 0, beat, 0, 0.9)
        else:
            yield Stroke("snare", 0, beat, 0, 0.8)
            yield Stroke("snare", 0, beat + 0.5, 0, 0.35)
            for tone in chord.triad:
                yield Stroke("brass", tone, beat, 0.4, 0.5)


def _lullaby(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield a music box, high and slow."""
    yield Stroke("bass", chord.root, 0, beats, 0.5)
    low, middle, high = (tone + 12 for tone in chord.triad)
    tones = [low, middle, high, low + 12]
    for beat in range(beats):
        yield Stroke("music_box", tones[(beat + number) % 4], beat, 2, 0.9)
        if beat:
            yield Stroke("music_box", tones[(beat + number + 2) % 4], beat + 0.5, 2, 0.5)


def _blues(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield a walking bass, an electric piano with sevenths, and a swinging cymbal."""
    steps = (0, 3 if chord.minor else 4, 7, 9)
    for beat in range(beats):
        yield Stroke("bass", chord.root + steps[beat % 4], beat, 0.9, 1.0)
        yield Stroke("cymbal", 0, beat, 0, 0.7)
        if beat % 2:
            yield Stroke("cymbal", 0, beat + 0.5, 0, 0.5)
            yield Stroke("snare", 0, beat, 0, 0.45)
            for tone in (*chord.triad[:2], chord.root + 22):  # the seventh makes it blue
                yield Stroke("piano", tone, beat + (0.5 if number % 2 else 0.0), 0.8, 0.5)


def _reel(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield a fiddle in half beats over a drone, and a frame drum."""
    yield Stroke("fiddle", chord.root + 12, 0, beats, 0.5)
    yield Stroke("fiddle", chord.root + 19, 0, beats, 0.4)
    tones = [tone + 12 for tone in chord.triad]
    order = (2, 0, 1, 0, 2, 1, 0, 1) if number % 2 else (0, 1, 2, 1, 0, 2, 1, 2)
    for half in range(2 * beats):
        yield Stroke("fiddle", tones[order[half % 8]], half / 2, 0.45, 0.8)
        yield Stroke("frame", 0, half / 2, 0, 0.5 if half % 2 else 1.0)


def _habanera(chord: Harmony, beats: int, number: int) -> Iterator[Stroke]:
    """Yield the dotted bass of the habanera, a marimba off the beat, and claves."""
    for start, step in ((0, 0), (1.5, 7), (2, 12), (3, 7)):
        if start < beats:
            yield Stroke("bass", chord.root + step, start, 0.7, 1.1)
            yield Stroke("clave", 0, start, 0, 0.5)
    for half in range(1, 2 * beats, 2):
        tone = chord.triad[(half // 2 + number) % 3]
        yield Stroke("marimba", tone, half / 2, 0.5, 0.8)
        yield Stroke("marimba", tone + 12, half / 2, 0.5, 0.5)


_PATTERNS = {
    "carol": _carol,
    "waltz": _waltz,
    "folk": _folk,
    "march": _march,
    "lullaby": _lullaby,
    "blues": _blues,
    "reel": _reel,
    "habanera": _habanera,
}
