"""Copies of training songs are found, with their length and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jukebox_edu.evaluation.memorisation import (
    TrainingCodes,
    longest_exact,
    longest_near,
    measure_memorisation,
    without_repeats,
)


def codes(seed: int, n: int = 500, size: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(size, size=n)


def brute_force(song, training) -> int:
    """Longest common run, by its definition."""
    best = 0
    for i in range(len(song)):
        for k in range(len(training)):
            run = 0
            while (
                i + run < len(song)
                and k + run < len(training)
                and song[i + run] == training[k + run]
            ):
                run += 1
            best = max(best, run)
    return best


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=18),
    st.lists(st.integers(0, 2), min_size=1, max_size=24),
)
def test_the_longest_run_is_the_longest(song, training):
    match = longest_exact(np.array(song), np.array(training))
    assert match.codes == brute_force(song, training)
    run = song[match.start : match.start + match.codes]
    assert any(training[k : k + len(run)] == run for k in range(len(training) - len(run) + 1))


def test_a_planted_copy_is_found():
    training = [codes(k) for k in range(20)]
    song = codes(99)
    song[100:160] = training[7][300:360]
    found = TrainingCodes(training).matches(song)
    copied = len(without_repeats(song[100:160]))
    assert found.exact.codes == pytest.approx(copied, abs=1)
    assert 99 <= found.exact.start <= 101 and found.exact.length == pytest.approx(60, abs=2)
    assert found.near.codes >= found.exact.codes
    assert TrainingCodes(training).matches(codes(98)).exact.codes < 5


def test_a_copy_with_one_error_in_twenty_is_a_near_match():
    training = [codes(k) for k in range(5)]
    song = codes(99)
    song[100:300] = training[2][40:240]
    song[110:300:20] = 999  # ten of two hundred
    found = TrainingCodes(training).matches(song)
    assert found.exact.codes < 22
    assert found.near.codes > 170 and found.near.start <= 101


def test_chance_agreement_is_no_near_match():
    training = codes(1, 5000, size=4)  # a quarter of all places agree at any offset
    assert longest_near(codes(2, 500, size=4), training).codes < 40


def test_repeated_codes_count_once():
    held = np.repeat([5, 9], 400)  # two long notes
    found = TrainingCodes([held]).matches(held)
    assert found.exact.codes == 2
    assert found.exact.length == 800


def test_no_match_goes_on_from_one_training_song_into_the_next():
    first, second = codes(1, 50), codes(2, 50)
    found = TrainingCodes([first, second]).matches(np.concatenate([first, second]))
    assert found.exact.codes <= 50 and found.near.codes <= 50


def test_training_songs_may_be_searched_in_pieces(monkeypatch):
    from jukebox_edu.evaluation import memorisation

    training, song = [codes(k) for k in range(6)], codes(99)
    song[:80] = training[4][:80]
    whole = TrainingCodes(training)
    monkeypatch.setattr(memorisation, "CHUNK", 600)
    pieces = TrainingCodes(training)
    assert len(whole.pieces) == 1 and len(pieces.pieces) == 3
    assert pieces.matches(song) == whole.matches(song)
    assert pieces.n_codes == 3000


def test_a_model_that_copies_stands_out_from_real_songs():
    training = TrainingCodes([codes(k) for k in range(10)])
    held_out = [codes(100 + k) for k in range(8)]
    copies = [codes(k) for k in range(3)]
    copied = measure_memorisation(training, held_out, copies, 0.016)
    honest = measure_memorisation(training, held_out, [codes(200 + k) for k in range(3)], 0.016)
    assert copied.above_held_out == 1 and copied.exact.mean > 450
    assert copied.longest_seconds == pytest.approx(500 * 0.016)
    assert honest.exact.mean < 6 and honest.above_held_out < 1
    assert copied.held_out_exact == honest.held_out_exact
    nothing = measure_memorisation(training, held_out, [], 0.016)
    assert nothing.exact is None and nothing.above_held_out is None


def test_songs_shorter_than_a_match_are_no_problem():
    assert longest_near(np.array([1, 2]), codes(0)).codes == 0
    assert TrainingCodes([codes(0)]).matches(np.array([], int)).exact.codes == 0
