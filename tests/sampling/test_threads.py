"""Small steps are computed by one thread, and nobody else notices."""

from __future__ import annotations

import pytest
import torch

from jukebox_edu.sampling.threads import SMALL, is_small, one_thread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("wanted", [True, False])
def test_threads_are_as_before_also_after_an_interruption(two_threads, wanted):
    with one_thread(wanted):
        assert torch.get_num_threads() == (1 if wanted else 2)
    assert torch.get_num_threads() == 2
    with pytest.raises(KeyboardInterrupt), one_thread(wanted):
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 2


def test_between_two_codes_of_a_stream_all_threads_are_there(two_threads, model):
    inside = []
    original = model.priors[2].next_logits

    def looked_at(*given):
        inside.append(torch.get_num_threads())
        return original(*given)

    model.priors[2].next_logits = looked_at
    try:
        for _ in model.stream(lyrics="la la", seconds=0.96, seed=1, levels=(2,), progress=False):
            assert torch.get_num_threads() == 2
    finally:
        del model.priors[2].next_logits
    assert set(inside) == {1}


def test_many_songs_side_by_side_are_not_small(model):
    prior = model.priors[0]
    stack = prior.config.transformer
    most = SMALL // (stack.width * stack.mlp_width)
    assert is_small(prior, most) and not is_small(prior, most + 1)
