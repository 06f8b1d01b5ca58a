"""Seams: where they are, and whether planted ones are found."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.evaluation.seams import (
    STEPS,
    frame_samples,
    measure_seams,
    novelty,
    seam_score,
    window_seams,
)

RATE = 8000


def tune(seconds: float = 4.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, len(time))
    return (0.3 * np.sin(2 * np.pi * 220 * time) + noise).astype(np.float32)


def score_at(sound: np.ndarray, seams: list[int]) -> float:
    n = frame_samples(RATE)
    places = np.round((np.array(seams) - n) * STEPS / n).astype(int)
    return seam_score(novelty(sound, RATE), places)


def test_a_click_at_every_seam_is_found():
    sound, seams = tune(), [4096, 9216, 17408, 25600]
    plain = score_at(sound, seams)
    clicked = sound.copy()
    clicked[seams] += 1.0
    assert score_at(clicked, seams) > 0.98
    assert 0.1 < plain < 0.9


def test_a_jump_to_another_sound_is_found():
    sound, seams = tune(), [8192, 20480]
    other = np.random.default_rng(1).normal(0, 0.3, len(sound)).astype(np.float32)
    joined = sound.copy()
    joined[8192:20480] = other[8192:20480]
    assert score_at(joined, seams) > 0.98


def test_the_score_is_a_rank_and_equal_moments_give_one_half():
    assert seam_score(np.ones(50), np.array([3, 9])) == pytest.approx(0.5)
    values = np.arange(101.0)
    assert seam_score(values, np.array([100])) == 1
    assert seam_score(values, np.array([0])) == 0
    assert seam_score(values, np.array([25, 75])) == pytest.approx(0.5)


def test_seams_are_where_the_new_codes_of_later_windows_begin(model, generated):
    song = generated[0]
    for level in range(3):
        seams = window_seams(song, level)
        hop = model.hop_lengths[level]
        assert seams == tuple(sorted(set(seams))) and 0 not in seams
        assert all(seam % hop == 0 and seam < song.length for seam in seams)
        planned = next(p for p in song.plan.levels if p.level == level)
        assert len(seams) == len(planned.windows) - 1


def test_random_songs_have_seams_and_chance_is_one_half(generated):
    figures = measure_seams(generated, 0)
    assert figures.n_seams == 4 * len(window_seams(generated[0], 0))
    assert figures.chance.mean == pytest.approx(0.5, abs=0.03)
    assert figures.chance.low < 0.5 < figures.chance.high
    assert 0 <= figures.score.mean <= 1


def test_a_song_without_a_plan_has_no_seams(generated):
    import dataclasses

    unplanned = dataclasses.replace(generated[0], plan=None)
    assert window_seams(unplanned, 0) == ()
    assert measure_seams([unplanned], 0) is None
