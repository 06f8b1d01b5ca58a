"""Laws of the stream: order, endlessness, and the same songs from any number of processes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook import make_song, stream_songs

WISHES = {"seconds": 4.0, "sample_rate": 8000, "stems": True}


def test_several_processes_make_the_songs_of_one_in_order_and_without_end():
    one = stream_songs(itertools.count(7), **WISHES)
    two = stream_songs(itertools.count(7), processes=2, **WISHES)
    for seed, a, b in zip(range(7, 11), one, two, strict=False):
        assert a.seed == b.seed == seed
        assert (a.lyrics, a.words, a.phones, a.notes) == (b.lyrics, b.words, b.phones, b.notes)
        assert (a.title, a.bpm, a.artist, a.genre) == (b.title, b.bpm, b.artist, b.genre)
        np.testing.assert_array_equal(a.character_times, b.character_times)
        np.testing.assert_allclose(a.audio, b.audio, atol=1e-4)
    assert a.lyrics == make_song(10, **WISHES).lyrics


@pytest.mark.parametrize("processes", [1, 2])
def test_errors_reach_the_reader(processes):
    with pytest.raises(ConfigError, match="Bruno Deep"):
        list(stream_songs(range(2), processes=processes, voice="Elvis"))


@pytest.mark.parametrize("processes", [0, -1, 1.5, True])
def test_a_wrong_number_of_processes_is_refused(processes):
    with pytest.raises(ConfigError, match="whole number from 1"):
        stream_songs(range(2), processes=processes)
