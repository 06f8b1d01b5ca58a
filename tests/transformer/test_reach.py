"""What patterns see, against their rules applied to every pair."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ConfigError
from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, Layout, layer_patterns, mask
from jukebox_edu.transformer.reach import (
    NEAR,
    checked_layout,
    layers_needed,
    nearby,
    overview,
    reached,
    seen,
    seen_by_any,
)

LAYOUTS = [
    Layout(24, 4, spread=2, prime=5, encoder=7),
    Layout(24, 6, spread=1, prime=0, encoder=3),
    Layout(24, 1, encoder=1),
    Layout(24, 24, encoder=2),
]
OWN = [number for number in range(len(PATTERNS)) if number != LYRICS]


def table(pattern, layout):
    n_keys = layout.encoder if pattern == LYRICS else layout.n
    return mask(pattern, layout, torch.arange(layout.n), torch.arange(n_keys)).numpy()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("pattern", range(len(PATTERNS)))
def test_one_position_sees_its_row_of_the_whole_mask(pattern, layout):
    whole = table(pattern, layout)
    for query in range(layout.n):
        assert (seen(pattern, layout, query) == whole[query]).all()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("pattern", OWN)
def test_a_set_sees_what_all_its_members_see(pattern, layout):
    """The shortcut (last of each row and column) loses nothing, for every pattern there is."""
    whole, rng = table(pattern, layout), np.random.default_rng(pattern)
    for density in (0.05, 0.3, 0.9, 1.0):
        queries = rng.random(layout.n) < density
        expected = whole[queries].any(0) if queries.any() else np.zeros(layout.n, bool)
        assert (seen_by_any(pattern, layout, queries) == expected).all()


def test_lyrics_are_elsewhere():
    assert not seen_by_any(LYRICS, LAYOUTS[0], np.ones(24, bool)).any()


@pytest.mark.parametrize("order", [*range(13), (3, 1, 2, 2)])
def test_fields_are_products_of_boolean_matrices(order):
    layout = LAYOUTS[0]
    patterns = layer_patterns(order, 5)
    steps = [
        np.eye(layout.n, dtype=bool) | (table(p, layout) if p != LYRICS else False)
        for p in patterns
    ]
    for query in (0, 7, 13, 23):
        fields = reached(patterns, layout, query)
        assert len(fields) == len(patterns)
        for depth, field in enumerate(fields, start=1):
            product = np.eye(layout.n, dtype=bool)
            for step in steps[:depth]:
                product = step @ product  # boolean: output of a layer <- its inputs <- ...
            assert (field == product[query]).all()


def test_fields_only_grow_and_never_see_the_future():
    layout = Layout(8192, 128, encoder=512)
    for query in (0, 63, 64, 5000, 8191):
        fields = reached(layer_patterns(2, 12), layout, query)
        for smaller, larger in zip(fields, fields[1:], strict=False):
            assert not (smaller & ~larger).any()
        assert not fields[-1][query + 1 :].any()
        assert fields[-1][: query + 1].all()  # three patterns in turn reach everything


def test_two_patterns_of_three_do_not_reach_everything():
    layout = Layout(64, 8)
    row_and_column = reached((1, 2) * 4, layout, 62)
    assert 0 < row_and_column[-1].sum() < 63
    assert reached((1, 2, 3) * 3, layout, 62)[-1].sum() == 63


def test_layers_needed_is_the_first_field_that_holds_a_position():
    fields = reached((1, 2, 3), Layout(24, 4), 13)
    needed = layers_needed(fields)
    assert needed[13] == 1 and needed[14] == 0
    for depth, field in enumerate(fields, start=1):
        assert (field == ((needed > 0) & (needed <= depth))).all()


@pytest.mark.parametrize("layout", [*LAYOUTS, Layout(1152, 36, encoder=300)], ids=str)
@pytest.mark.parametrize("pattern", range(len(PATTERNS)))
def test_all_pairs_are_counted_and_pictured(pattern, layout):
    whole, found = table(pattern, layout), overview(pattern, layout)
    assert found.entries == whole.sum()
    (first, last), (left, right) = found.pairs.queries, found.pairs.keys
    assert (first, last, left) == (0, layout.n, 0) and right == whole.shape[1]
    if layout.n <= 256:
        assert (found.pairs.share == whole).all()
    heights = np.diff(np.linspace(0, layout.n, len(found.pairs.share) + 1).astype(int))
    widths = np.diff(np.linspace(0, right, found.pairs.share.shape[1] + 1).astype(int))
    total = (found.pairs.share * heights[:, None] * widths).sum()
    assert total == pytest.approx(whole.sum(), rel=1e-5)


@pytest.mark.parametrize("query", [0, 70, 500, 1151])
@pytest.mark.parametrize("pattern", OWN)
def test_near_pairs_are_a_piece_of_the_mask_around_the_position(pattern, query):
    layout = Layout(1152, 36)
    found = nearby(pattern, layout, query)
    (first, last), keys = found.queries, found.keys
    assert keys == (first, last) and last - first <= NEAR and first <= query < last
    assert (found.share == table(pattern, layout)[first:last, first:last]).all()


def test_costs_of_the_released_top_prior():
    """sqrt patterns: 8192 positions in 128 rows compute about 1.5 % of full attention."""
    layout = Layout(8192, 128)
    assert overview(0, layout).entries == 8192 * 8193 // 2 == overview(1, layout).full
    assert overview(1, layout).entries == 128 * 64 * 65 // 2
    assert overview(2, layout).entries == 64 * 128 * 129 // 2
    assert overview(3, layout).entries == 127 * 64 * 64


def test_what_is_no_layout_or_position_is_refused():
    with pytest.raises(ConfigError, match=r"blocks=5: must be a divisor of the 24 positions.*4"):
        checked_layout(Layout(24, 5))
    for n in (0, -3, True, 2.5):
        with pytest.raises(ConfigError, match="n_ctx=.*at least 1"):
            checked_layout(Layout(n))
    for query in (-1, 24):
        with pytest.raises(ConfigError, match="query=.*from 0 to 23"):
            seen(1, LAYOUTS[0], query)
