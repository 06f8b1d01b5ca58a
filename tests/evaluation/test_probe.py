"""The probe reads what is in the codes, and nothing that is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.evaluation.probe import (
    PhoneCodes,
    commonest_share,
    probe_across,
    probe_phones,
    train_probe,
)


def song(seed: int, told: bool, n: int = 120) -> PhoneCodes:
    """Random phones; the codes name them, or have nothing to do with them."""
    random = np.random.default_rng(seed)
    phones = random.integers(1, 9, n)
    return PhoneCodes(phones + 3 if told else random.integers(16, size=n), phones)


def test_codes_that_name_the_phone_are_read_and_others_are_not():
    tested, untrue = [song(9, True)], [song(9, False)]
    told = probe_phones([song(k, True, 2000) for k in range(4)], tested, 16, steps=60)
    untold = probe_phones([song(k, False, 2000) for k in range(4)], untrue, 16, steps=60)
    assert told.accuracy.mean > 0.95
    assert untold.accuracy.mean < 0.35
    assert told.floor == untold.floor == commonest_share(tested)


def test_every_song_is_read_by_a_probe_that_never_saw_it():
    """Each half names phones in its own way: a probe trained on the other half must fail."""
    songs = [song(k, True) for k in range(6)]
    for k in (1, 3, 5):
        songs[k] = PhoneCodes((songs[k].phones * 5) % 9, songs[k].phones)
    figures = probe_across(songs, 16, steps=40)
    assert figures.accuracy.n == 6
    assert figures.accuracy.mean < 0.4


def test_the_probe_is_repeatable_and_leaves_the_global_generator_alone():
    songs = [song(k, True) for k in range(2)]
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = train_probe(songs, 16, steps=3)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(6)
    again = train_probe(songs, 16, steps=3)
    pairs = zip(first.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_every_step_is_counted_and_silence_is_not():
    steps = []
    quiet = PhoneCodes(np.arange(40) % 16, np.zeros(40, int))
    figures = probe_phones(
        [song(0, True)], [song(1, True), quiet], 16, steps=5, step=lambda: steps.append(1)
    )
    assert len(steps) == 5
    assert figures.accuracy.n == 1  # the silent one has no sung frame
    assert figures.floor == pytest.approx(commonest_share([song(1, True)]))
