"""Attention patterns and stacks: golden numbers and laws."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from jukebox_edu.config import TransformerConfig
from jukebox_edu.errors import ConfigError
from jukebox_edu.transformer.attention import FactoredAttention
from jukebox_edu.transformer.patterns import PATTERNS, Layout, layer_patterns, mask
from jukebox_edu.transformer.stack import Transformer

CLOSE = {"rtol": 1e-4, "atol": 2e-5}
ALL = range(8)


def golden_attention(case, pattern):
    """One golden attention layer with its recorded weights."""
    c = case.manifest["config"]
    layout = Layout(
        c["n_ctx"], c["blocks"], spread=c["spread"], prime=c["prime_len"], encoder=c["encoder_dims"]
    )
    config = TransformerConfig(c["n_in"], 1, c["n_head"], m_attn=c["n_state"] / c["n_in"])
    layer = FactoredAttention(config, pattern, layout)
    parts = {
        "c_attn": "query" if pattern == 6 else "qkv",
        "c_enc_kv": "encoder_kv",
        "c_proj": "out",
    }
    prefix = f"f{pattern}__w__"
    state = {}
    for name in case.arrays:
        if name.startswith(prefix):
            part, kind = name.removeprefix(prefix).split(".")
            state[f"{parts[part]}.{ {'w': 'weight', 'b': 'bias'}[kind] }"] = case.tensor(name)
    layer.load_state_dict(state)
    encoder = case.tensor(f"f{pattern}__encoder_kv") if pattern == 6 else None
    return layer, case.tensor(f"f{pattern}__x"), encoder


@pytest.mark.parametrize("pattern", ALL)
def test_golden_forward(golden, pattern):
    case = golden("attention_patterns")
    layer, x, encoder = golden_attention(case, pattern)
    expected = case.tensor(f"f{pattern}__y")
    torch.testing.assert_close(layer(x, encoder)[0], expected, **CLOSE)
    by_definition, weights = layer(x, encoder, with_weights=True)
    torch.testing.assert_close(by_definition, expected, **CLOSE)
    if pattern in (4, 5):  # recorded without the columns that nobody may see
        rows = torch.arange(layer.layout.n).unflatten(0, (layer.layout.rows, -1))[:-1]
        zeros = PATTERNS[pattern].zero_keys(layer.layout)
        ends = rows[:, -zeros:].flatten() + zeros
        weights = weights[..., torch.cat([torch.arange(zeros), ends])]
    if pattern in (0, 4, 5, 6, 7):
        torch.testing.assert_close(weights, case.tensor(f"f{pattern}__attn"), rtol=0, atol=1e-4)


@pytest.mark.parametrize("pattern", [0, 1, 2, 3, 6, 7])
def test_golden_steps_and_chunks(golden, pattern):
    case = golden("attention_patterns")
    layer, x, encoder = golden_attention(case, pattern)
    chunk_lists = [[1] * x.shape[1], *case.manifest["config"]["chunk_lists"]]
    names = ["y_steps", *(f"y_chunks{i}" for i in range(len(chunk_lists) - 1))]
    for name, chunks in zip(names, chunk_lists, strict=True):
        cache = layer.new_cache(x.shape[0], x, encoder)
        pieces = x[:, : sum(chunks)].split(chunks, dim=1)
        out = torch.cat([layer.extend(piece, cache) for piece in pieces], dim=1)
        torch.testing.assert_close(out, case.tensor(f"f{pattern}__{name}"), **CLOSE)


@pytest.mark.parametrize("pattern", [0, 1, 2, 3, 4, 5, 7])
def test_golden_influence_is_the_mask(golden, pattern):
    case = golden("attention_patterns")
    layer, _, _ = golden_attention(case, pattern)
    positions = torch.arange(layer.layout.n)
    visible = mask(pattern, layer.layout, positions, positions)
    # a position also influences its own output through its query, unless it mixes only zeros
    through_query = torch.diag(visible.any(-1))
    influence = case.tensor(f"f{pattern}__influence").bool()
    assert torch.equal(visible | through_query, influence)


@pytest.mark.parametrize("pattern", ALL)
@pytest.mark.parametrize("split", [1, 7, 12, 13, 30])
def test_extend_equals_forward(pattern, split):
    """Law: however a sequence is cut, the pieces give what the whole gives."""
    layout = Layout(36, 6, spread=2, prime=8, encoder=5)
    torch.manual_seed(pattern)
    layer = FactoredAttention(TransformerConfig(8, 1, 2, m_attn=1.0), pattern, layout)
    for p in layer.parameters():
        torch.nn.init.normal_(p)
    x, encoder = torch.randn(2, 36, 8), torch.randn(2, 5, 8)
    whole, _ = layer(x, encoder)
    cache = layer.new_cache(2, x, encoder)
    pieces = [layer.extend(piece, cache) for piece in x.split(split, 1)]
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pattern", ALL)
def test_the_future_has_exactly_no_gradient(pattern):
    layout = Layout(24, 4, spread=2, prime=5, encoder=6)
    layer = FactoredAttention(TransformerConfig(8, 1, 2, m_attn=1.0), pattern, layout)
    torch.nn.init.normal_(layer.out.weight)
    x = torch.randn(1, 24, 8, requires_grad=True)
    encoder = torch.randn(1, 6, 8)
    for position in (0, 7, 23):
        out, _ = layer(x, encoder)
        (gradient,) = torch.autograd.grad(out[0, position].sum(), x)
        assert gradient[0, position + 1 :].abs().max().item() == 0 if position < 23 else True
        visible = mask(pattern, layout, torch.tensor([position]), torch.arange(24))[0]
        if pattern != 6:
            seen = visible.nonzero()[:, 0]
            assert (gradient[0, seen].abs().sum(-1) > 0).all()  # and the past is used


def test_golden_stack(golden):
    case = golden("transformer_stack")
    c = case.manifest["config"]
    base = TransformerConfig(
        c["n_in"],
        c["depth"],
        c["n_head"],
        c["attn_order"],
        c["blocks"],
        None,
        c["m_attn"],
        c["m_mlp"],
    )
    assert list(layer_patterns(c["attn_order"], c["depth"])) == c["funcs"]
    parts = {
        "attn.c_enc_kv": "attention.encoder_kv",
        "attn.c_proj": "attention.out",
        "ln_0": "norm_attention",
        "ln_1": "norm_mlp",
        "mlp.c_fc": "mlp.up",
        "mlp.c_proj": "mlp.down",
    }
    for tag, res_scale in (("rs0", False), ("rs1", True)):
        stack = Transformer(
            dataclasses.replace(base, res_scale=res_scale),
            Layout(c["n_ctx"], c["blocks"], encoder=c["encoder_dims"]),
        )
        state = {}
        for name in case.arrays:
            if name.startswith(f"{tag}__w__"):
                _, layer, rest = name.removeprefix(f"{tag}__w__").split(".", 2)
                part, kind = rest.rsplit(".", 1)
                qkv = "attention.query" if c["funcs"][int(layer)] == 6 else "attention.qkv"
                kind = {"w": "weight", "b": "bias"}.get(kind, kind)
                state[f"layers.{layer}.{parts.get(part, qkv)}.{kind}"] = case.tensor(name)
        stack.load_state_dict(state)
        x, encoder = case.tensor(f"{tag}__x"), case.tensor(f"{tag}__encoder_kv")
        hidden = x
        for i, layer in enumerate(stack.layers):
            hidden = layer(hidden, encoder)
            torch.testing.assert_close(hidden, case.tensor(f"{tag}__layer{i}"), **CLOSE)
        torch.testing.assert_close(stack(x, encoder).hidden, case.tensor(f"{tag}__y"), **CLOSE)


@pytest.mark.parametrize(
    ("order", "depth", "special"),
    [(10, 79, {6: [18, 28, 38, 48, 58, 68, 78]}), (12, 72, {7: [15, 31, 63], 0: [47]})],
)
def test_released_orders(order, depth, special):
    patterns = layer_patterns(order, depth)
    for pattern, layers in special.items():
        assert [i for i, p in enumerate(patterns) if p == pattern] == layers


def test_errors_name_what_is_allowed():
    with pytest.raises(ConfigError, match="attn_order=13: must be from 0 to 12"):
        layer_patterns(13, 4)
    with pytest.raises(
        ConfigError, match="heads=3: must be a divisor of the attention state width"
    ):
        TransformerConfig(width=16, depth=2, heads=3)
    with pytest.raises(ConfigError, match="must be 2 patterns from 0 to 7"):
        TransformerConfig(width=16, depth=2, attn_order=(0, 9))
