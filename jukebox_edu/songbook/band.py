"""The band: bars of chords become notes of instruments, each style in its own way.

What
    For each bar `patterns.py` says which instrument plays what on which beat, and the song's
    arrangement how. The notes are rendered once per pitch and length, and laid on the track; a mild
    room goes over the whole.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jukebox_edu.songbook.arrangement import Arrangement
from jukebox_edu.songbook.instruments import INSTRUMENTS, play_drum, play_note, reverberate
from jukebox_edu.songbook.patterns import Stroke, find_harmony, play_bar
from jukebox_edu.songbook.sheet import Score
from jukebox_edu.songbook.swing import swing_beat


def play_band(score: Score, sample_rate: int) -> np.ndarray:
    """Render the accompaniment of a song.

    Parameters
    ----------
    score : from `compose`.
    sample_rate : samples per second.

    Returns
    -------
    (samples,) float32, not normalized; all zeros where the voice sings alone.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    rng = np.random.default_rng([0xBA2D, score.seed])
    n_samples = round(score.seconds * sample_rate)
    if score.style.alone:
        return np.zeros(n_samples, dtype=np.float32)
    track = np.zeros(n_samples + 4 * sample_rate, dtype=np.float32)
    beat = 60.0 / score.bpm
    sounds: dict[tuple, np.ndarray] = {}
    for start, stroke in _play(score):
        key = (stroke.instrument, stroke.midi, stroke.beats)
        if key not in sounds:
            if stroke.instrument in INSTRUMENTS:
                held = min(stroke.beats * beat, 3.0)
                sounds[key] = play_note(stroke.instrument, stroke.midi, held, sample_rate)
            else:
                sounds[key] = play_drum(stroke.instrument, sample_rate, rng)
        _lay(track, sounds[key], start, stroke.gain * rng.uniform(0.85, 1.0), sample_rate)
    for note in score.introduction:
        pitch = note.midi + (12 if note.midi < 57 else 0)
        tone = play_note(score.style.lead, pitch, 0.95 * (note.end - note.start), sample_rate)
        _lay(track, tone, note.start, 1.2, sample_rate)
    return reverberate(track[:n_samples], sample_rate, wet=0.3, decay=0.9)


def _play(score: Score) -> Iterator[tuple[float, Stroke]]:
    """Yield every stroke of the song with its second."""
    beat = 60.0 / score.bpm
    arrangement = score.arrangement
    for k, bar in enumerate(score.bars):
        number, last = k + arrangement.first_bar, k + 1 == len(score.bars)
        strum = 0
        previous = None
        for stroke in play_bar(score.style, score.key, bar, number, last=last):
            chord = (stroke.instrument, stroke.start)  # strokes of one chord follow each other
            strum, previous = (strum + 1 if chord == previous else 0), chord
            gain = stroke.gain * _gain(arrangement, stroke, k)
            if gain:
                start = bar.start + swing_beat(stroke.start, score.style.swing) * beat
                start += strum * arrangement.strum if stroke.midi else 0.0
                stroke = Stroke(stroke.instrument, stroke.midi, stroke.start, stroke.beats, gain)
                yield start, stroke
        pause = 0.0 if last else (score.bars[k + 1].start - bar.end) / beat  # nobody sings
        if arrangement.answers and pause > 0.9:
            triad = find_harmony(score.key, bar).triad
            for half, tone in enumerate((triad[2], triad[1])):
                yield (
                    bar.end + half / 2 * beat,
                    Stroke(score.style.lead, tone + 12, 0.0, 0.5, 0.8),
                )


def _gain(arrangement: Arrangement, stroke: Stroke, bar: int) -> float:
    """Return the arrangement's factor on a stroke in the given bar."""
    if stroke.instrument not in INSTRUMENTS:
        return arrangement.drums if bar >= arrangement.drums_from else 0.0
    return arrangement.bass if stroke.instrument == "bass" else arrangement.chords


def _lay(track: np.ndarray, sound: np.ndarray, start: float, gain: float, sample_rate: int) -> None:
    """Add a sound to the track in place."""
    first = max(0, round(start * sample_rate))
    piece = sound[: max(0, len(track) - first)]
    track[first : first + len(piece)] += np.float32(gain) * piece
