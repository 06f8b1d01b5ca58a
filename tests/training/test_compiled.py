"""Compiling for training: the same numbers, only inside the `with`, and nothing is left behind."""

from __future__ import annotations

import torch
from torch import nn

from jukebox_edu.training.compiled import CompiledForward


def test_calls_inside_are_compiled_and_give_the_same():
    seen = []

    def backend(graph, inputs):  # a compiler that changes nothing
        seen.append(graph)
        return graph.forward

    layer, x = nn.Linear(3, 2), torch.randn(4, 3)
    plain, names = layer(x), list(layer.state_dict())
    with CompiledForward(layer, backend=backend):
        assert torch.equal(layer(x), plain)
    assert len(seen) == 1
    assert torch.equal(layer(x), plain) and len(seen) == 1
    assert "forward" not in layer.__dict__ and list(layer.state_dict()) == names


def test_not_wanted_does_nothing():
    layer = nn.Linear(3, 2)
    with CompiledForward(layer, wanted=False):
        assert "forward" not in layer.__dict__


def test_an_error_inside_leaves_the_module_as_it_was():
    layer = nn.Linear(3, 2)
    try:
        with CompiledForward(layer, backend="eager"):
            raise KeyError("stop")
    except KeyError:
        pass
    assert "forward" not in layer.__dict__
