"""Estimates with intervals."""

from __future__ import annotations

import numpy as np

from jukebox_edu.evaluation.intervals import estimate


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
