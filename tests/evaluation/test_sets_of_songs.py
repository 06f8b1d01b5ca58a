"""Embedding, Fréchet distance, diversity: distances of sets of songs."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.errors import ShapeError
from jukebox_edu.evaluation.diversity import Take, measure_diversity
from jukebox_edu.evaluation.embedding import embed
from jukebox_edu.evaluation.frechet import frechet_distance_own_embedding, measure_frechet


def clips(seed: int, n: int = 400, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, scale, (n, 6))


def test_frechet_distance_of_a_set_to_itself_is_0():
    assert frechet_distance_own_embedding(clips(0), clips(0)) == pytest.approx(0, abs=1e-9)
    few = clips(0, n=3)  # a singular covariance
    assert frechet_distance_own_embedding(few, few) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_frechet_distance_of_a_shifted_set_is_the_square_of_the_shift(shift):
    a = clips(0)
    assert frechet_distance_own_embedding(a, a + shift) == pytest.approx(6 * shift**2)
    assert frechet_distance_own_embedding(a + shift, a) == pytest.approx(6 * shift**2)


def test_frechet_distance_of_a_scaled_set():
    """Covariances C and k^2 C: trace is (k - 1)^2 trace C."""
    a = clips(0) - clips(0).mean(0)
    expected = (3 - 1) ** 2 * np.trace(np.cov(a.T))
    assert frechet_distance_own_embedding(a, 3 * a) == pytest.approx(expected)


def test_frechet_distance_hears_correlation():
    """Equal means and variances, but one set is on a line."""
    line = np.repeat(clips(0)[:, :1], 6, axis=1)
    assert frechet_distance_own_embedding(clips(1), line) > 3


def test_frechet_distance_refuses_what_has_no_covariance():
    with pytest.raises(ShapeError, match="at least two clips"):
        frechet_distance_own_embedding(clips(0, n=1), clips(1))
    with pytest.raises(ShapeError, match="same width"):
        frechet_distance_own_embedding(clips(0), clips(1)[:, :3])


def songs(n: int, n_clips: int, shift: float = 0.0, first: int = 0) -> list[np.ndarray]:
    return [clips(first + k, n_clips, shift) for k in range(n)]


def test_the_floor_is_above_0_and_sinks_with_more_clips():
    few = measure_frechet(songs(8, 4), [songs(8, 4)])
    many = measure_frechet(songs(8, 200), [songs(8, 200)])
    assert few.floor.mean > 5 * many.floor.mean > 0
    assert many.codec[0].mean == many.floor.mean  # a perfect codec is at the floor
    assert few.songs_per_side == 4 and few.clips == 32


def test_worse_songs_are_further_away_and_compared_at_equal_numbers():
    real = songs(8, 50)
    near = measure_frechet(real, [], songs(3, 50, 0.0, first=50))
    far = measure_frechet(real, [], songs(3, 50, 1.0, first=50))
    assert near.songs_per_side == far.songs_per_side == 3
    assert near.generated.mean < 3 * near.floor.mean
    assert far.generated.mean > 5 + near.generated.mean
    assert far.floor == near.floor


def test_three_songs_are_too_few():
    assert measure_frechet(songs(3, 50), []) is None


def test_the_embedding_hears_loudness_timbre_and_movement():
    time = np.arange(32000) / 16000
    low, high = (0.3 * np.sin(2 * np.pi * f * time).astype(np.float32) for f in (200, 4000))
    a, b, quiet = (embed(x, 16000) for x in (low, high, low / 10))
    assert a.shape == b.shape == (2, 32)
    assert a[0, :16].argmax() < b[0, :16].argmax()
    assert (quiet[:, :16] <= a[:, :16] + 1e-6).all()
    trembling = embed(low * (1 + np.sin(2 * np.pi * 5 * time)).astype(np.float32), 16000)
    assert trembling[:, 16:].max() > 3 * a[:, 16:].max()
    assert np.allclose(a[0], a[1], atol=0.05)  # two seconds of the same


def test_a_short_sound_is_one_clip_and_every_rate_works():
    assert embed(np.zeros(10, np.float32), 16000).shape == (1, 32)
    assert embed(np.zeros(5000, np.float32), 1000).shape == (4, 32)
    assert np.isfinite(embed(np.zeros(100_000, np.float32), 44100)).all()


def take(request: str, seed: int, code: int = 0) -> Take:
    codes = np.random.default_rng(seed).integers(32, size=200) + code
    return Take(request, clips(seed, 5), codes)


def test_the_same_song_again_has_no_diversity():
    real = [take(str(k), k) for k in range(6)]
    figures = measure_diversity(real, [take("a", 20), take("a", 20), take("b", 21)])
    assert figures.same_request.mean == 0
    assert figures.equal_codes_same_request.mean == 1
    assert figures.other_request.mean > 0
    assert figures.real_same is None and figures.real.n == 6


def test_different_songs_are_as_far_apart_as_real_ones_if_they_are_made_alike():
    real = [take("x", k) for k in range(12)]
    made = [take("a", 100 + k) for k in range(12)]
    figures = measure_diversity(real, made)
    assert figures.same_request.mean == pytest.approx(figures.real.mean, rel=0.15)
    assert figures.equal_codes_real.mean == pytest.approx(1 / 32, abs=0.01)
    assert figures.real_same == figures.real
    assert figures.other_request is None


def test_one_real_song_cannot_be_compared():
    assert measure_diversity([take("x", 0)], []) is None
