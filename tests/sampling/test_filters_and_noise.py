"""Drawing one code: filters equal the original's, noise depends on its place alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ConfigError
from jukebox_edu.sampling import (
    DrawSettings,
    draw,
    filter_logits,
    generator_race,
    positional_race,
)


def test_filtered_logits_are_those_of_the_original_program(golden):
    case = golden("filter_logits")
    logits, names = case.tensor("logits"), [n for n in case.arrays if n.startswith("k")]
    assert names
    for name in names:
        k, p = re.fullmatch(r"k(\d+)_p([\d.]+)", name).groups()
        found = filter_logits(logits, int(k), float(p))
        assert torch.equal(found, case.tensor(name)), name


def test_temperature_comes_before_the_filter(golden):
    case = golden("filter_logits")
    logits, names = case.tensor("logits"), [n for n in case.arrays if n.startswith("probs")]
    assert names
    for name in names:
        t, kind, value = re.fullmatch(r"probs_T([\d.]+)_([kp])([\d.]+)", name).groups()
        which = {"top_k": int(value)} if kind == "k" else {"top_p": float(value)}
        found = filter_logits(logits / float(t), **which).softmax(-1)
        torch.testing.assert_close(found, case.tensor(name), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"temperature": 0.0}, "temperature=0.0: must be a positive number"),
        ({"temperature": float("nan")}, "temperature=nan: must be a positive number"),
        ({"top_k": -1}, "top_k=-1: must be 0"),
        ({"top_k": 1.5}, "top_k=1.5: must be 0"),
        ({"top_p": 1.1}, "top_p=1.1: must be 0"),
        ({"top_k": 3, "top_p": 0.5}, "Use one of the two"),
        ({"guidance": -1.0}, "guidance=-1.0: must be from 0 to 20"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        DrawSettings(**settings)


def test_noise_is_a_function_of_its_place_alone():
    race = positional_race(7, 2, [0, 1, 2])
    forward = [race(position, (3, 16)) for position in range(5)]
    again = positional_race(7, 2, [0, 1, 2])
    for position in (3, 0, 4, 2, 1):  # another order, another object
        assert torch.equal(again(position, (3, 16)), forward[position])


def test_noise_of_a_sample_does_not_depend_on_its_batch():
    whole = positional_race(7, 1, range(6))(40, (6, 32))
    alone = positional_race(7, 1, [4])(40, (1, 32))
    assert torch.equal(whole[4:5], alone)


def test_other_places_have_other_noise():
    places = [(s, n, lv, p) for s in (0, 1) for n in (0, 1) for lv in (0, 1) for p in (0, 1, 2)]
    rows = {tuple(positional_race(s, lv, [n])(p, (1, 4))[0].tolist()) for s, n, lv, p in places}
    assert len(rows) == len(places)


def test_noise_is_exponential():
    """Mean 1, variance 1, and the share below its median is a half."""
    race = positional_race(123, 0, [0])
    values = torch.cat([race(position, (1, 2000))[0] for position in range(50)]).double()
    assert abs(values.mean() - 1) < 0.015
    assert abs(values.var() - 1) < 0.05
    assert abs((values < np.log(2)).double().mean() - 0.5) < 0.01
    assert (values > 0).all()


def test_the_race_draws_from_the_probabilities():
    logits = torch.tensor([[0.0, 1.0, 2.0, -torch.inf]])
    race = positional_race(5, 0, [0])
    drawn = torch.cat([draw(logits, race(position, (1, 4))) for position in range(4000)])
    share = torch.bincount(drawn, minlength=4) / 4000
    torch.testing.assert_close(share, logits[0].softmax(-1), rtol=0, atol=0.03)
    assert share[3] == 0


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_with_a_generator_draws_equal_those_of_categorical(seed):
    logits = torch.randn(4, 60, generator=torch.Generator().manual_seed(seed + 1000)) * 3
    race = generator_race(torch.Generator().manual_seed(seed), torch.device("cpu"))
    ours = [draw(logits, race(i, tuple(logits.shape))) for i in range(20)]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        theirs = [torch.distributions.Categorical(logits=logits).sample() for _ in range(20)]
    assert torch.equal(torch.stack(ours), torch.stack(theirs))


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True, "1"])
def test_seeds_that_are_no_seeds_are_refused(seed):
    with pytest.raises(ConfigError, match="seed=.*whole number from 0"):
        positional_race(seed, 0, [0])
