"""Times of words: the metrics are mir_eval's, the comparison with truth is right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jukebox_edu.alignment import Alignment
from jukebox_edu.errors import ShapeError
from jukebox_edu.evaluation.timing import (
    measure_times,
    song_timing,
    sung_states,
    true_word_starts,
    word_attention,
)
from jukebox_edu.evaluation.word_errors import over_songs, word_errors


@pytest.mark.parametrize("seed", range(25))
def test_word_errors_are_those_of_mir_eval(seed):
    alignment = pytest.importorskip("mir_eval.alignment")
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 60))
    truth = np.sort(random.uniform(0, 30, n))
    guess = np.sort(np.abs(truth + random.normal(0, 0.5, n)))
    ours = word_errors(truth, guess)
    median, mean = alignment.absolute_error(truth, guess)
    assert ours.median == pytest.approx(median)
    assert ours.mean == pytest.approx(mean)
    assert ours.within_300_ms == alignment.percentage_correct(truth, guess, window=0.3)
    assert ours.within_120_ms == alignment.percentage_correct(truth, guess, window=0.12)
    assert ours.segments == pytest.approx(alignment.percentage_correct_segments(truth, guess))
    assert ours.perceptual == pytest.approx(alignment.karaoke_perceptual_metric(truth, guess))


def test_a_perfect_guess_and_a_late_one():
    truth = np.array([0.5, 1.0, 2.5, 4.0])
    perfect, late = word_errors(truth, truth), word_errors(truth, truth + 0.2)
    assert (perfect.median, perfect.mean, perfect.within_120_ms, perfect.segments) == (0, 0, 1, 1)
    assert late.median == pytest.approx(0.2)
    assert (late.within_300_ms, late.within_120_ms) == (1, 0)
    early = word_errors(truth, truth - 0.2)
    assert late.perceptual < early.perceptual < perfect.perceptual < 1


def test_one_word_and_unequal_lengths():
    assert word_errors(np.array([1.0]), np.array([1.5])).segments == 0
    with pytest.raises(ShapeError, match="truth, guess="):
        word_errors(np.zeros(2), np.zeros(3))
    with pytest.raises(ShapeError, match="at least one word"):
        word_errors(np.zeros(0), np.zeros(0))


def test_over_songs_each_song_counts_once():
    a = word_errors(np.arange(10.0), np.arange(10.0))
    b = word_errors(np.arange(2.0), np.arange(2.0) + 1)
    assert over_songs([a, b]).mean.mean == pytest.approx(0.5)


def true_alignment(song, hop_seconds: float) -> Alignment:
    """Attention exactly on the character that is sung."""
    frames = len(song.characters)
    weights = np.zeros((frames, len(song.lyrics)), np.float32)
    sung = song.characters >= 0
    weights[np.flatnonzero(sung), song.characters[sung]] = 1
    return Alignment((weights,), hop_seconds, (song.lyrics,), 0, 0, ahead=0)


def test_attention_on_the_truth_gives_times_within_a_code(coded):
    for song in coded:
        timing = song_timing(song, true_alignment(song, 0.064), 1000)
        assert len(timing.truth) == len(song.lyrics.split())
        assert np.abs(timing.guess - timing.truth).max() <= 0.064
        assert np.abs(timing.ceiling - timing.truth).max() <= 0.032 + 1e-9


def test_words_begin_with_their_first_known_character(coded):
    song = coded[0]
    starts = true_word_starts(song)
    words = [song.lyrics[k:].split()[0] for k in starts]
    assert words == song.lyrics.split()
    unknown = song.times.starts.copy()
    unknown[0] = np.nan  # the first letter of "la" has no time: the second counts
    ends = np.where(np.isnan(unknown), np.nan, song.times.ends)
    times = dataclasses.replace(song.times, starts=unknown, ends=ends)
    assert true_word_starts(dataclasses.replace(song, times=times))[0] == song.times.starts[1]


def test_sung_states_have_read_a_character_of_the_word(model, coded):
    song, prior = coded[0], model.priors[-1]
    states = sung_states(song, prior, 4)  # (n_ctx, n_tokens)
    indices = song.labels.lyric_indices(4, 2)[0].numpy()
    for frame, row in enumerate(states):
        character = song.characters[4 + frame]
        if character < 0:
            assert not row.any()
            continue
        for state in np.flatnonzero(row):
            read = indices[state - 1]
            between = song.lyrics[min(read, character) : max(read, character) + 1]
            assert " " not in between and "\n" not in between


def test_weights_on_the_sung_word_are_shares(model, coded):
    seen = [word_attention(model.priors[-1], song) for song in coded]
    for attention in (x for x in seen if x is not None):
        assert 0 <= attention.mass <= 1 and 0 <= attention.strongest <= 1
        assert 0 < attention.even < 1
    assert any(x is not None for x in seen)


def test_random_attention_is_no_better_than_it_should_be(model, coded):
    figures = measure_times(model.priors[-1], coded)
    assert figures.ceiling.median.mean <= 0.032
    assert figures.ceiling.median.mean < figures.attention.median.mean
    assert figures.n_words == len(figures.errors) == sum(len(s.lyrics.split()) for s in coded)
    assert figures.attention.median.n == 4
    assert figures.linear.median.mean < figures.chance.median.mean  # words are spread evenly here


def test_without_times_or_an_aligning_head_there_is_nothing_to_measure(model, coded):
    assert measure_times(model.priors[0], coded) is None
    untimed = [dataclasses.replace(song, times=None, characters=None) for song in coded]
    assert measure_times(model.priors[-1], untimed) is None
