"""Attention over the lyrics, as a picture, as karaoke, and against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.alignment import align
from jukebox_edu.errors import ConfigError, LyricsError
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.song import Song
from jukebox_edu.widgets import AlignmentView


@pytest.fixture
def even(song):
    """Times at an even pace for the lyrics as the model read them."""
    lyrics = song.alignment().lyrics[0]
    edges = np.linspace(0.0, song.seconds, len(lyrics) + 1)
    return LyricTimes(lyrics, edges[:-1], edges[1:])


def test_it_begins_with_the_songs_own_alignment(song):
    view = AlignmentView(song, sample=1)
    own = song.alignment()
    assert np.array_equal(view.alignment.weights[0], own.weights[1])
    assert (view.layer.value, view.head.value) == (own.layer, own.head)
    assert view.data.character_times == pytest.approx(own.character_times(1))


def test_every_head_can_be_looked_at(song, html):
    view = AlignmentView(song)
    assert set(view.head.options) == {0, 1} and not view.head.disabled
    first = html(view)
    view.head.value = 1
    assert view.error is None and view.alignment.head == 1 and html(view) != first
    one = song.take(0)
    expected = align(song.model.priors[-1], one.codes[-1], one.labels, head=1)
    assert np.array_equal(view.alignment.weights[0], expected.weights[0])
    view.head.value = 0
    assert html(view) == first


def test_true_times_are_measured_against(song, even, html):
    view = AlignmentView(song, even)
    words = view.alignment.word_times()
    assert [error.text for error in view.errors] == [word.text for word in words]
    starts = [even.starts[word.first] if hasattr(word, "first") else None for word in words]
    for error, word, start in zip(view.errors, words, starts, strict=True):
        assert error.begin == word.start and error.late == pytest.approx(word.start - error.truth)
        assert start is None or error.truth == pytest.approx(start)
    mean = np.mean([abs(error.late) for error in view.errors])
    assert f"{mean:.2f} s from their true time" in html(view)
    assert "Every word against its true time" in html(view)


def test_perfect_times_have_no_error(song):
    times = song.alignment().character_times(0)
    view = AlignmentView(song, times)
    assert max(abs(error.late) for error in view.errors) < 0.2


def test_karaoke_can_follow_the_truth(song, even):
    view = AlignmentView(song, even)
    assert view.data.character_times == pytest.approx(view.alignment.character_times())
    view.karaoke.value = "the true times"
    assert view.data.character_times is None  # the player lights what it has
    assert view.data.true_times[:, 0] == pytest.approx(even.starts, nan_ok=True)
    assert AlignmentView(song).karaoke.disabled


def test_times_of_the_words_as_written_fit_the_words_as_read(recording):
    """The lyrics of a file keep their case and accents, the model reads them cleaned."""
    lyrics = recording.alignment().lyrics[0]
    written = lyrics.upper()
    edges = np.linspace(0.0, 5.0, len(written) + 1)
    view = AlignmentView(recording, LyricTimes(written, edges[:-1], edges[1:]))
    assert len(view.errors) == len(lyrics.split())
    starts = [error.truth for error in view.errors]
    assert starts == sorted(starts) and starts[0] < 0.5


def test_without_a_model_the_stored_alignment_is_shown(song, tmp_path, html):
    loaded = Song.load(song.save(tmp_path / "song"))
    view = AlignmentView(loaded)
    assert view.layer.disabled and view.head.disabled and "<audio" in html(view)


def test_what_has_no_words_or_other_words_is_refused(song, model):
    silent = model.sample("", seconds=1.92, levels=(2,), seed=1, progress=False)
    with pytest.raises(LyricsError):
        AlignmentView(silent)
    with pytest.raises(LyricsError, match="truth=.*one row for each character"):
        AlignmentView(song, np.zeros((3, 2)))
    with pytest.raises(LyricsError):
        AlignmentView(song, LyricTimes("other words", np.arange(11.0), np.arange(11.0) + 1))
    with pytest.raises((ConfigError, IndexError)):
        AlignmentView(song, sample=7)
