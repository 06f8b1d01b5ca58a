"""The band: bars of chords become notes of instruments, each style in its own way.

What
    For each bar a style says which instrument plays which chord tone on which beat. The notes are
    rendered once per pitch and length, and laid on the track; a mild room goes over the whole.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jukebox_edu.songbook.instruments import INSTRUMENTS, play_drum, play_note, reverberate
from jukebox_edu.songbook.sheet import Bar, Score


@dataclass(frozen=True)
class Stroke:
    """One note or drum stroke of the band.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    instrument: str  # a pitched instrument, or "kick", "snare", "shaker"
    midi: int  # pitch; 0 for drums
    start: float  # beats from the start of the bar
    beats: float  # length; ignored for drums
    gain: float  # linear


def play_band(score: Score, sample_rate: int) -> np.ndarray:
    """Render the accompaniment of a song.

    Parameters
    ----------
    score : from `compose`.
    sample_rate : samples per second.

    Returns
    -------
    (samples,) float32, not normalized.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    rng = np.random.default_rng([0xBA2D, score.seed])
    n_samples = round(score.seconds * sample_rate)
    track = np.zeros(n_samples + 4 * sample_rate, dtype=np.float32)
    beat = 60.0 / score.bpm
    sounds: dict[tuple, np.ndarray] = {}
    for number, bar in enumerate(score.bars):
        last = number + 1 == len(score.bars)
        for stroke in _strokes(score.style.name, score.key, bar, number, last):
            key = (stroke.instrument, stroke.midi, stroke.beats)
            if key not in sounds:
                if stroke.instrument in INSTRUMENTS:
                    held = min(stroke.beats * beat, 3.0)
                    sounds[key] = play_note(stroke.instrument, stroke.midi, held, sample_rate)
                else:
                    sounds[key] = play_drum(stroke.instrument, sample_rate, rng)
            touch = stroke.gain * rng.uniform(0.85, 1.0)
            _lay(track, sounds[key], bar.start + stroke.start * beat, touch, sample_rate)
    for note in score.introduction:
        pitch = note.midi + (12 if note.midi < 57 else 0)
        tone = play_note(score.style.lead, pitch, 0.95 * (note.end - note.start), sample_rate)
        _lay(track, tone, note.start, 1.2, sample_rate)
    return reverberate(track[:n_samples], sample_rate, wet=0.3, decay=0.9)


def _lay(track: np.ndarray, sound: np.ndarray, start: float, gain: float, sample_rate: int) -> None:
    """Add a sound to the track in place."""
    first = max(0, round(start * sample_rate))
    piece = sound[: max(0, len(track) - first)]
    track[first : first + len(piece)] += np.float32(gain) * piece


def _strokes(style: str, key: int, bar: Bar, number: int, last: bool) -> Iterator[Stroke]:
    """Return what the band plays in one bar."""
    root = 36 + (key + bar.chord.root) % 12
    third, fifth = root + (3 if bar.chord.minor else 4), root + 7
    triad = sorted(52 + (tone - 52) % 12 for tone in (root, third, fifth))  # around middle C
    if last:  # everybody holds the last chord
        lead = {"carol": "organ", "waltz": "accordion", "march": "brass"}.get(style, "pluck")
        lead = "music_box" if style == "lullaby" else lead
        yield Stroke("bass", root, 0, bar.beats, 0.9)
        for tone in triad:
            yield Stroke(lead, tone + (12 if style == "lullaby" else 0), 0, bar.beats, 0.5)
        return
    yield from _PATTERNS[style](root, triad, bar.beats, number)


def _carol(root: int, triad: list[int], beats: int, number: int) -> Iterator[Stroke]:
    """Yield organ chords, held."""
    yield Stroke("organ", root, 0, beats, 0.8)
    for tone in triad:
        yield Stroke("organ", tone, 0, beats, 0.6)
    yield Stroke("organ", triad[number % 3] + 12, beats // 2, beats - beats // 2, 0.3)


def _waltz(root: int, triad: list[int], beats: int, number: int) -> Iterator[Stroke]:
    """Yield bass on one, accordion on the other beats."""
    yield Stroke("bass", root if number % 2 == 0 else root + 7, 0, 1, 1.1)
    for beat in range(1, beats):
        for tone in triad:
            yield Stroke("accordion", tone, beat, 0.6, 0.45)


def _folk(root: int, triad: list[int], beats: int, number: int) -> Iterator[Stroke]:
    """Yield plucked arpeggios in half beats, and a shaker."""
    yield Stroke("bass", root, 0, 2, 0.8)
    order = (0, 1, 2, 1)
    for half in range(2 * beats):
        yield Stroke("pluck", triad[order[half % 4]], half / 2, 1.5, 0.9)
        yield Stroke("shaker", 0, half / 2, 0, 0.35 if half % 2 else 0.6)


def _march(root: int, triad: list[int], beats: int, number: int) -> Iterator[Stroke]:
    """Yield bass and drum on strong beats, brass and snare between."""
    for beat in range(beats):
        if beat % 2 == 0:
            yield Stroke("bass", root + (7 if beat else 0), beat, 0.8, 1.0)
            yield Stroke("kick", 0, beat, 0, 0.9)
        else:
            yield Stroke("snare", 0, beat, 0, 0.8)
            yield Stroke("snare", 0, beat + 0.5, 0, 0.35)
            for tone in triad:
                yield Stroke("brass", tone, beat, 0.4, 0.5)


def _lullaby(root: int, triad: list[int], beats: int, number: int) -> Iterator[Stroke]:
    """Yield a music box, high and slow."""
    yield Stroke("bass", root, 0, beats, 0.5)
    tones = [triad[0] + 12, triad[1] + 12, triad[2] + 12, triad[0] + 24]
    for beat in range(beats):
        yield Stroke("music_box", tones[(beat + number) % 4], beat, 2, 0.9)
        if beat:
            yield Stroke("music_box", tones[(beat + number + 2) % 4], beat + 0.5, 2, 0.5)


_PATTERNS = {
    "carol": _carol,
    "waltz": _waltz,
    "folk": _folk,
    "march": _march,
    "lullaby": _lullaby,
}
