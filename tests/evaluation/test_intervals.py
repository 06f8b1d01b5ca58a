"""Estimates with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.evaluation.intervals import estimate, jackknife


def test_interval_holds_the_mean_and_narrows_with_more_songs():
    random = np.random.default_rng(0)
    few, many = (estimate(random.normal(3.0, 1.0, n)) for n in (10, 1000))
    for e in (few, many):
        assert e.low < e.mean < e.high
    assert many.high - many.low < 0.3 * (few.high - few.low)
    assert abs(many.mean - 3.0) < 0.15


def test_the_interval_covers_the_truth_about_19_times_in_20():
    random = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        e = estimate(random.normal(0.0, 1.0, 40), seed=trial, draws=400)
        hits += e.low <= 0.0 <= e.high
    assert 175 <= hits <= 199


def test_equal_values_have_no_spread():
    e = estimate([2.0, 2.0, 2.0])
    assert (e.mean, e.low, e.high, e.n) == (2.0, 2.0, 2.0, 3)
    assert str(e) == "2.000 [2.000, 2.000] (n=3)"


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_no_values_and_nan_are_refused(values):
    with pytest.raises(ConfigError, match="finite numbers, one per song"):
        estimate(values)


def test_the_jackknife_of_a_mean_is_the_usual_standard_error():
    values = np.random.default_rng(2).normal(5.0, 2.0, 30)
    without = [np.delete(values, k).mean() for k in range(len(values))]
    e = jackknife(float(values.mean()), without)
    usual = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    assert e.high - e.mean == pytest.approx(usual, rel=1e-3)
    assert e.mean - e.low == pytest.approx(usual, rel=1e-3)


def test_the_jackknife_covers_the_entropy_of_a_histogram():
    """Unlike the bootstrap, which sees fewer different songs and so less entropy."""
    random, hits = np.random.default_rng(3), 0
    for _ in range(100):
        songs = random.normal(0, 1, (20, 50)).round().astype(int) + 10
        counts = np.stack([np.bincount(song, minlength=21) for song in songs])

        def entropy(total):
            share = total[total > 0] / total.sum()
            return -(share * np.log(share)).sum()

        whole = counts.sum(0)
        e = jackknife(entropy(whole), [entropy(whole - one) for one in counts])
        hits += e.low <= 1.463 <= e.high  # entropy of a rounded standard normal, nats
    assert hits >= 85
