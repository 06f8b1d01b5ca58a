"""The lyric window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu.errors import ConfigError, LyricsError
from jukebox_edu.labels import linear_middle, timed_middle, window_indices


@given(n=st.integers(0, 300), half=st.integers(0, 60), middle=st.integers(-50, 400))
def test_window_lies_within_the_text_and_pads_on_the_left(n, half, middle):
    w = 2 * half
    indices = window_indices(n, w, middle)
    assert indices.shape == (w,)
    real = indices[indices >= 0]
    padding = w - len(real)
    assert padding == max(w - n, 0)
    assert (indices[:padding] == -1).all()
    assert (np.diff(real) == 1).all()  # neighbors in the text, in order
    assert len(real) == 0 or (real[0] >= 0 and real[-1] <= n - 1)
    if n >= w and half <= middle <= n - half and w:
        assert indices[half] == middle


@given(
    n=st.integers(1, 5000),
    total=st.integers(1000, 20_000_000),
    first=st.floats(0, 0.99),
    second=st.floats(0, 0.99),
    precision=st.sampled_from(["float32", "float64"]),
)
def test_middle_moves_forward_with_time(n, total, first, second, precision):
    a, b = sorted((int(first * total), int(second * total)))
    told = {"total_length": total, "duration": total // 10, "precision": precision}
    assert linear_middle(n, offset=a, **told) <= linear_middle(n, offset=b, **told)


def test_middle_is_the_fraction_of_the_song():
    told = {"total_length": 1000, "duration": 100}
    assert linear_middle(100, offset=0, **told) == 5
    assert linear_middle(100, offset=450, **told) == 50
    assert linear_middle(100, offset=900, **told) == 95


def test_timed_middle_is_the_last_character_begun():
    starts = [1.0, 1.0, 2.0, 5.0]
    moments = [0.0, 1.0, 1.9, 2.0, 4.9, 60.0]
    assert [timed_middle(starts, t) for t in moments] == [0, 1, 1, 2, 2, 3]


def test_errors_name_what_is_allowed():
    with pytest.raises(LyricsError, match=r"offset=1000: must be from 0 to below total_length"):
        linear_middle(5, total_length=1000, offset=1000, duration=10)
    with pytest.raises(ConfigError, match=r"precision='half'"):
        linear_middle(5, total_length=1000, offset=0, duration=10, precision="half")
    with pytest.raises(ConfigError, match=r"n_tokens=7: must be even"):
        window_indices(20, 7, 3)
