"""Shared by the tests of this folder: a tiny random model and songs for it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "sampling"))  # for tiny_models

LYRICS = ("la la love\nmoon and sky", "come and sing with me", "the small bird will fly")
NAMES = (("Ada", "waltz"), ("Ben", "blues"), ("Céline", "waltz"))


def made_song(model, number: int, seconds: float = 2.6):
    """A noisy tune with words spread over it, as a `TestSong` of the model's rate."""
    from jukebox_edu.evaluation.songs import TestSong
    from jukebox_edu.labels.times import times_from_words
    from jukebox_edu.songbook import PHONES

    random = np.random.default_rng(number)
    n = int(seconds * model.sample_rate) // 64 * 64
    time = np.arange(n) / model.sample_rate
    tune = 0.3 * np.sin(2 * np.pi * (60 + 40 * number) * time * (1 + 0.1 * time))
    sound = (tune + 0.05 * random.normal(size=n)).astype(np.float32)
    lyrics = LYRICS[number % len(LYRICS)]
    edges = np.linspace(0.1, 0.9 * seconds, len(lyrics.split()) + 1)
    artist, genre = NAMES[number % len(NAMES)]
    return TestSong(
        f"song {number}",
        sound,
        artist,
        genre,
        lyrics,
        times_from_words(lyrics, edges[:-1], edges[1:]),
        np.repeat(random.integers(len(PHONES), size=n), 3)[: n // 64],
    )


@pytest.fixture(scope="session", autouse=True)
def _quick_probe():
    """The phone probe of `evaluate` trains for an instant only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jukebox_edu.evaluation.everything.PROBE_STEPS", 5)
        yield


@pytest.fixture(scope="session")
def model():
    from tiny_models import tiny_model

    return tiny_model()


@pytest.fixture(scope="session")
def songs(model):
    return [made_song(model, number) for number in range(4)]


@pytest.fixture(scope="session")
def coded(model, songs):
    from jukebox_edu.evaluation.coded import encode_song

    return [encode_song(model, song) for song in songs]


@pytest.fixture(scope="session")
def generated(model):
    """Two requests, two samples each."""
    return [
        model.sample(
            LYRICS[k], artist=NAMES[k][0], genre=NAMES[k][1], seconds=2.56, n_samples=2, seed=k,
            progress=False,
        )
        for k in range(2)
    ]  # fmt: skip


@pytest.fixture(scope="session")
def report(model, songs, generated):
    from jukebox_edu.evaluation import evaluate
    from jukebox_edu.evaluation.songs import TestSong

    silent = TestSong("silence", np.zeros(3000, np.float32))
    training = [np.random.default_rng(9).integers(32, size=400)]
    return evaluate(
        model,
        [*songs, silent],
        generated=generated,
        training_codes=training,
        source="the test",
        progress=False,
    )
