"""The instruments of the band: sums of decaying sine waves, and bursts of noise for the drums.

What
    A pitched instrument is a list of partials (how far above the note, how loud, how fast it dies)
    with an attack and a release. Drums are noise, or a sine that falls. `reverberate` adds a room.

Conventions
    Audio is float32 ``(samples,)``; gains are linear; times are seconds.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_COMB_SECONDS = (0.0297, 0.0371, 0.0411, 0.0437)


@dataclass(frozen=True)
class Instrument:
    """A pitched instrument made of partials.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    ratios: tuple[float, ...]  # frequency of each partial / frequency of the note
    gains: tuple[float, ...]  # loudness of each partial
    decays: tuple[float, ...]  # per second; 0 holds
    attack: float  # seconds
    release: float  # seconds


INSTRUMENTS: dict[str, Instrument] = {
    "organ": Instrument((1, 2, 3, 4, 6), (1, 0.6, 0.3, 0.25, 0.1), (0,) * 5, 0.03, 0.08),
    "pluck": Instrument(
        (1, 2, 3, 4, 5, 6), (1, 0.7, 0.5, 0.3, 0.2, 0.1), (2.5, 3.5, 5, 7, 9, 12), 0.004, 0.05
    ),
    "accordion": Instrument(
        (1, 1.006, 2, 3.01, 4, 5), (0.8, 0.7, 0.6, 0.4, 0.3, 0.2), (0,) * 6, 0.04, 0.06
    ),
    "brass": Instrument(
        (1, 2, 3, 4, 5, 6), (0.7, 0.8, 0.7, 0.5, 0.3, 0.2), (0.5, 0.8, 1, 1.5, 2, 3), 0.03, 0.06
    ),
    "bass": Instrument((1, 2, 3, 4), (1, 0.5, 0.2, 0.1), (1.2, 2, 4, 6), 0.008, 0.05),
    "music_box": Instrument((1, 2.0, 3.93, 6.7), (1, 0.2, 0.35, 0.15), (3, 5, 9, 14), 0.002, 0.05),
    "reed": Instrument(
        (1, 2, 3, 4, 5, 7), (0.6, 1, 0.8, 0.6, 0.5, 0.3), (0.3, 0.3, 0.4, 0.5, 0.6, 0.8), 0.05, 0.08
    ),
    "piano": Instrument(
        (1, 2, 3, 4, 7), (1, 0.35, 0.15, 0.1, 0.06), (2, 3, 4.5, 6, 12), 0.003, 0.08
    ),
    "fiddle": Instrument(
        (1, 2, 2.004, 3, 4, 5, 6, 8),
        (0.7, 0.5, 0.4, 0.6, 0.45, 0.4, 0.3, 0.2),
        (0,) * 8,
        0.03,
        0.05,
    ),
    "marimba": Instrument((1, 3.93, 9.2), (1, 0.35, 0.12), (6, 14, 30), 0.002, 0.03),
}
"""Pitched instruments by name."""

DRUM_SECONDS = {
    "kick": 0.18, "snare": 0.14, "shaker": 0.06, "frame": 0.16, "clave": 0.06, "cymbal": 0.2
}  # fmt: skip
"""Length of each drum's sound."""


def play_note(name: str, midi: float, seconds: float, sample_rate: int) -> np.ndarray:
    """Return one note.

    Parameters
    ----------
    name : a key of `INSTRUMENTS`.
    midi : pitch. seconds : how long the key is held. sample_rate : samples per second.

    Returns
    -------
    (samples,) float32, release included, peak about 1.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    instrument = INSTRUMENTS[name]
    n_samples = max(8, int((seconds + instrument.release) * sample_rate))
    t = (np.arange(n_samples) / sample_rate).astype(np.float32)
    f0 = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    tone = np.zeros(n_samples, dtype=np.float32)
    for ratio, gain, decay in zip(
        instrument.ratios, instrument.gains, instrument.decays, strict=True
    ):
        if f0 * ratio < 0.45 * sample_rate:
            partial = np.float32(gain) * np.sin(np.float32(2 * np.pi * f0 * ratio) * t)
            tone += partial * np.exp(np.float32(-decay) * t) if decay else partial
    rise = np.minimum(t / np.float32(instrument.attack), 1.0)
    fall = np.clip((t[-1] - t) / np.float32(instrument.release), 0.0, 1.0)
    return tone * rise * fall / np.float32(sum(instrument.gains))


def play_drum(name: str, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return one stroke of a drum, a key of `DRUM_SECONDS`: (samples,) float32.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    length = DRUM_SECONDS[name]
    t = np.arange(int(length * sample_rate)) / sample_rate
    noise = rng.standard_normal(len(t))
    if name == "kick":
        return (
            np.sin(2 * np.pi * (50 * t + 3.0 * (1 - np.exp(-t * 30)))) * np.exp(-t * 22)
        ).astype(np.float32)
    if name == "frame":  # a frame drum: low skin, soft edge
        skin = np.sin(2 * np.pi * 88 * t) + 0.5 * np.sin(2 * np.pi * 141 * t)
        return (0.5 * (skin + 0.3 * noise * np.exp(-t * 90)) * np.exp(-t * 26)).astype(np.float32)
    if name == "clave":
        return (0.5 * np.sin(2 * np.pi * 1900 * t) * np.exp(-t * 90)).astype(np.float32)
    bright = np.diff(noise, prepend=0.0)
    if name == "cymbal":
        return (0.2 * np.diff(bright, prepend=0.0) * np.exp(-t * 22)).astype(np.float32)
    if name == "shaker":
        return (0.25 * bright * np.exp(-t * 70) * np.minimum(t / 0.008, 1)).astype(np.float32)
    body = 0.4 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 40)
    return (0.3 * bright * np.exp(-t * 28) + body).astype(np.float32)


def reverberate(audio: np.ndarray, sample_rate: int, *, wet: float, decay: float) -> np.ndarray:
    """Add a mild room: four feedback combs, computed a whole delay line at a time.

    Parameters
    ----------
    audio : (samples,). sample_rate : samples per second.
    wet : share of room in the result, 0..1. decay : seconds to fall by 60 dB.

    Returns
    -------
    (samples,) float32.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    room = np.zeros(len(audio), dtype=np.float32)
    for delay in _COMB_SECONDS:
        n_delay = int(delay * sample_rate)
        feedback = np.float32(10.0 ** (-3.0 * delay / decay))
        rows = -(-len(audio) // n_delay)
        line = np.zeros(rows * n_delay, dtype=np.float32)
        line[: len(audio)] = audio
        trips = line.reshape(rows, n_delay)  # one row per trip through the delay
        for row in range(1, rows):
            trips[row] += feedback * trips[row - 1]
        room += trips.reshape(-1)[: len(audio)]
    return ((1.0 - wet) * audio + wet / len(_COMB_SECONDS) * room).astype(np.float32)
