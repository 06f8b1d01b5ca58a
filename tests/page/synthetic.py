"""A synthetic song with known times: what the page and plotting tests look at."""

from __future__ import annotations

import numpy as np

from jukebox_edu.page import CodeLane, PageData, Track

LYRICS = "la luna brilla\nsobre el mar de plata"
HOPS = (8, 32, 128)  # samples per code, bottom first


def melody(seconds: float, rate: int, n_notes: int) -> np.ndarray:
    """A melody over a chord, one note after the other: (samples,) float32."""
    time = np.arange(int(seconds * rate)) / rate
    step = seconds / n_notes
    pitch = 57 + np.array([0, 4, 7, 12, 7, 4, 9, 5])[(time / step).astype(int) % 8]
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch - 69) / 12)) / rate
    voice = sum(np.sin(k * phase) / k for k in (1, 2, 3, 4)) * np.exp(-2.5 * (time % step))
    chord = sum(np.sin(2 * np.pi * f * time) for f in (110.0, 138.6, 164.8))
    return (0.28 * voice + 0.05 * chord).astype(np.float32)


def character_times(lyrics: str, seconds: float) -> np.ndarray:
    """Characters sung one after the other at an even pace, spaces and line ends unsung."""
    edges = np.linspace(0.05 * seconds, 0.95 * seconds, len(lyrics) + 1)
    times = np.stack([edges[:-1], edges[1:]], axis=1)  # (n_chars, 2)
    times[[not sign.strip() for sign in lyrics]] = np.nan
    return times


def staircase(lyrics: str, seconds: float, hop_seconds: float, seed: int = 0) -> np.ndarray:
    """Attention that climbs through the text with some noise: (frames, n_chars)."""
    rng = np.random.default_rng(seed)
    frames = int(seconds / hop_seconds)
    where = np.clip((np.arange(frames) / frames - 0.05) / 0.9, 0, 1) * (len(lyrics) - 1)
    distance = np.arange(len(lyrics))[None, :] - np.round(where)[:, None]
    weights = np.exp(-0.5 * (distance / 1.2) ** 2) + 0.06 * rng.random((frames, len(lyrics)))
    return weights / weights.sum(axis=1, keepdims=True)


def song(seconds: float = 10.0, rate: int = 16000, lyrics: str = LYRICS, **changes) -> PageData:
    """A song with three levels; keyword arguments replace fields."""
    rng = np.random.default_rng(0)
    bottom = melody(seconds, rate, 16)
    middle = np.convolve(bottom, np.ones(4) / 4, "same") * 1.0
    top = np.convolve(bottom, np.ones(16) / 16, "same") * 4.2  # loud enough to clip
    names = ("bottom level", "middle level", "top level")
    fields = {
        "title": "The moon over the sea",
        "subtitle": "voice Ada, style waltz, seed 7",
        "tracks": tuple(
            Track(name, samples.astype(np.float32), rate)
            for name, samples in zip(names, (bottom, middle, top), strict=True)
        ),
        "codes": tuple(
            CodeLane(level, rng.integers(0, 1024, len(bottom) // hop), hop / rate, 1024)
            for level, hop in enumerate(HOPS)
        ),
        "lyrics": lyrics,
        "character_times": character_times(lyrics, seconds),
        "alignment": staircase(lyrics, seconds, HOPS[2] / rate) if lyrics else None,
        "alignment_hop_seconds": HOPS[2] / rate,
        "facts": (("model", "tiny-1"), ("seed", "7"), ("voice", "Ada"), ("style", "waltz")),
        "licence": "CC0: do with it what you like",
    }
    return PageData(**{**fields, **changes})
