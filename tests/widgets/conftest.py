"""Shared by the tests of this folder: songs and models small enough to draw many times."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "sampling"))  # for tiny_models
sys.path.insert(0, str(Path(__file__).parent))  # for lab, factories

HOSTILE = "<script>window.broken = 1</script> la la"  # words that try to become a script


@pytest.fixture(scope="session")
def model():
    """A tiny random model: 1000 samples per second, three levels."""
    from tiny_models import tiny_model

    return tiny_model()


@pytest.fixture(scope="session")
def song(model):
    """Two samples, about two seconds, with hostile words."""
    return model.sample(
        HOSTILE, artist="Ada", genre="waltz", seconds=1.92, n_samples=2, seed=3, progress=False
    )


@pytest.fixture(scope="session")
def recording():
    """The shortest bundled song, encoded by the bundled model: sizes as in a notebook."""
    import jukebox_edu as jb
    from jukebox_edu.song.recording import song_of_recording

    model = jb.load("tiny")
    sample = min(jb.data_samples(), key=lambda song: song.seconds)
    sound = jb.audio.load(sample.path, sample_rate=model.sample_rate).samples
    return song_of_recording(model, sound, sample.lyrics, artist=sample.artist, genre=sample.genre)


@pytest.fixture
def html():
    """The HTML a panel shows now."""
    return lambda panel: panel.output.outputs[0]["data"]["text/html"]
