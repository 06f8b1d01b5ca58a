"""One position at a time, written out flat, is the stack: same numbers, same memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from jukebox_edu.config import TransformerConfig
from jukebox_edu.nn.linear import PointwiseLinear
from jukebox_edu.transformer.one_by_one import OneByOne
from jukebox_edu.transformer.patterns import Layout
from jukebox_edu.transformer.stack import Transformer

LAYOUT = Layout(24, 4, prime=5, encoder=7)
PLAIN = (0, 1, 2, 3, 6, 7)


def loud_stack(order: tuple[int, ...], **more) -> Transformer:
    """Random weights, gains and biases large enough to make every path matter."""
    stack = Transformer(TransformerConfig(16, len(order), 2, attn_order=order, **more), LAYOUT)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in stack.parameters():
            p.add_(torch.randn(p.shape, generator=generator) * 0.3)
    return stack.eval()


@torch.no_grad()
@pytest.mark.parametrize("order", [*((p,) for p in PLAIN), (1, 2, 3, 6, 7, 0)])
@pytest.mark.parametrize("prompt", [1, 9, 23])
@pytest.mark.parametrize("res_scale", [False, True])
def test_position_by_position_equals_the_whole_sequence(order, prompt, res_scale):
    stack = loud_stack(order, res_scale=res_scale)
    assert OneByOne.fits(stack)
    x, lyrics = torch.randn(3, LAYOUT.n, 16), torch.randn(3, LAYOUT.encoder, 16)
    expected = stack(x, lyrics).hidden
    caches = stack.new_cache(3, x, lyrics)
    begun = stack.extend(x[:, :prompt], caches)
    flat = OneByOne(stack, caches)
    steps = [flat(x[:, i]) for i in range(prompt, LAYOUT.n)]
    found = torch.cat([begun, torch.stack(steps, 1)], 1)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_both_ways_leave_the_same_numbers_and_memory(dtype):
    stack = loud_stack((1, 2, 3, 6))
    for linear in (m for m in stack.modules() if isinstance(m, PointwiseLinear)):
        linear.to(dtype)  # gains and biases of the norms stay in float32
    x = torch.randn(2, 12, 16, dtype=dtype)
    lyrics = torch.randn(2, LAYOUT.encoder, 16, dtype=dtype)
    modules, flat = stack.new_cache(2, x, lyrics), stack.new_cache(2, x, lyrics)
    step = OneByOne(stack, flat)
    for i in range(12):
        one = step(x[:, i])
        assert one.dtype == dtype
        torch.testing.assert_close(one, stack.extend(x[:, i : i + 1], modules)[:, 0])
    for a, b in zip(modules, flat, strict=True):
        assert a.length == b.length
        torch.testing.assert_close(a.keys, b.keys)
        torch.testing.assert_close(a.values, b.values)


def test_a_stack_that_somebody_listens_to_does_not_fit():
    stack = loud_stack((1, 2))
    for listen in ("register_forward_hook", "register_forward_pre_hook"):
        hook = getattr(stack.layers[1].mlp, listen)(lambda *_: None)
        assert not OneByOne.fits(stack)
        hook.remove()
        assert OneByOne.fits(stack)


def test_what_does_not_fit_is_said():
    assert OneByOne.fits(loud_stack((1, 2, 3)))
    assert not OneByOne.fits(loud_stack((1, 4)))
    assert not OneByOne.fits(loud_stack((5,)))

    class Other(PointwiseLinear):
        """A matrix kept in another way."""

    stack = loud_stack((1,))
    stack.layers[0].mlp.up = Other(16, 64)
    assert not OneByOne.fits(stack)
    stack.layers[0].mlp.up = nn.Linear(16, 64)
    assert not OneByOne.fits(stack)
