"""Seconds, samples, codes: the conversions agree with each other."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu import units
from jukebox_edu.errors import ConfigError


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=1, max_size=5))
def test_each_hop_length_is_the_one_below_times_its_own_factor(levels: list) -> None:
    downs, strides = zip(*levels, strict=True)
    hops = units.hop_lengths(downs, strides)
    assert hops[0] == strides[0] ** downs[0]
    for level in range(1, len(hops)):
        assert hops[level] == hops[level - 1] * strides[level] ** downs[level]


def test_the_released_hop_lengths() -> None:
    assert units.hop_lengths((3, 2, 2), (2, 2, 2)) == (8, 32, 128)  # [Jukebox §3]


def test_downs_and_strides_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError):
        units.hop_lengths((3, 2), (2,))


@given(
    st.floats(0, 86400), st.sampled_from([8000, 22050, 44100]), st.sampled_from([1, 8, 128, 500])
)
def test_seconds_round_down_by_less_than_one_multiple(
    seconds: float, rate: int, multiple: int
) -> None:
    n_samples = units.seconds_to_samples(seconds, rate, multiple)
    assert n_samples % multiple == 0
    assert -2e-3 <= seconds * rate - n_samples < multiple  # the last digit is forgiven


@given(st.integers(1, 10**8), st.sampled_from([8000, 22050, 44100]))
def test_the_duration_of_n_samples_is_n_samples(n_samples: int, rate: int) -> None:
    assert units.seconds_to_samples(units.samples_to_seconds(n_samples, rate), rate) == n_samples


@given(st.integers(0, 10**9), st.integers(1, 10**5))
def test_padding_and_counting_codes_agree(n_samples: int, hop: int) -> None:
    padded = units.padded_length(n_samples, hop)
    assert padded % hop == 0 and 0 <= padded - n_samples < hop
    whole = units.samples_to_codes(n_samples, hop)
    assert units.samples_to_codes(padded, hop) == whole + (n_samples % hop > 0)


@given(st.integers(0, 10**9), st.sampled_from([8000, 22050, 44100]))
def test_samples_to_seconds_multiplies_back(n_samples: int, rate: int) -> None:
    assert round(units.samples_to_seconds(n_samples, rate) * rate) == n_samples


@pytest.mark.parametrize("bad", [-1, 0, math.nan, math.inf, 86400.1, "soon", None, True, [1]])
def test_what_is_no_duration_is_refused_by_name(bad: Any) -> None:
    with pytest.raises(ConfigError, match=r"seconds=.*: must be a number of seconds above 0"):
        units.checked_seconds(bad)


def test_zero_is_a_start_but_no_duration() -> None:
    assert units.checked_seconds(0, "start", zero_ok=True) == 0.0
    with pytest.raises(ConfigError, match="start=-0.5: must be a number of seconds from 0"):
        units.checked_seconds(-0.5, "start", zero_ok=True)


@pytest.mark.parametrize("given_value", [2, 2.0, "2"])
def test_a_duration_comes_back_as_float(given_value: Any) -> None:
    value = units.checked_seconds(given_value)
    assert isinstance(value, float) and value == 2.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3599.7, "1 h 00 min"),
     (3780, "1 h 03 min"), (100 * 3600, "100 h 00 min")],
)  # fmt: skip
def test_clock(seconds: float, text: str) -> None:
    assert units.clock(seconds) == text
