"""The attention explorer: what it shows is what the patterns and the model really do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu import released
from jukebox_edu.errors import ConfigError, ShapeError
from jukebox_edu.plotting.attention import (
    lyric_weights_figure,
    pattern_figure,
    reach_figure,
    weights_figure,
)
from jukebox_edu.plotting.style import figure_png
from jukebox_edu.transformer.patterns import Layout
from jukebox_edu.transformer.reach import layers_needed, overview, reached, seen
from jukebox_edu.widgets.attention import AttentionExplorer, near_root
from jukebox_edu.widgets.attention_weights import WeightReader, shape_of


def text_of(explorer):
    return explorer.output.outputs[0]["data"]["text/plain"]


# ---- shapes alone -------------------------------------------------------------------------------


def test_layer_and_position_choose_what_is_seen(html):
    explorer = AttentionExplorer(64, 8, depth=3)
    assert repr(explorer) == "AttentionExplorer(64 positions in 8 rows of 8, 3 layers)"
    assert [name for name, _ in explorer.layer.options] == [
        "layer 0 · row", "layer 1 · column", "layer 2 · previous row",
    ]  # fmt: skip
    explorer.position.value = 29  # row 3, column 5
    for layer, positions in enumerate([range(24, 30), range(5, 30, 8), range(16, 24)]):
        explorer.layer.value = layer
        assert np.flatnonzero(explorer.seen).tolist() == list(positions)
        assert f"sees {len(positions)} of 30 positions in layer {layer}" in text_of(explorer)
        assert html(explorer).count("<img") == 2
    assert "everything before it: 30 positions" in text_of(explorer)
    needed = explorer.layers_needed
    assert (needed[:30] > 0).all() and (needed[30:] == 0).all() and needed.max() == 3


def test_costs_are_counted_from_the_rules_beside_full_attention(html):
    explorer = AttentionExplorer(64, 8, order=3, depth=4)
    rows = explorer.costs()
    assert [row.name for row in rows] == ["row", "summary", "dense"]
    for row, pattern in zip(rows, (1, 4, 0), strict=True):
        pairs = sum(int(seen(pattern, Layout(64, 8), q).sum()) for q in range(64))
        assert row.pairs == pairs and row.share == pairs / (64 * 65 / 2)
    assert "2,080" in html(explorer) and "100.00 %" in html(explorer)


def test_a_grid_nobody_named_is_nearly_square():
    assert near_root(8192) in (64, 128) and near_root(36) == 6
    assert near_root(7) in (1, 7) and near_root(1) == 1
    assert AttentionExplorer(36).layout.rows == 6


def test_real_sizes_are_drawn_from_rows_and_not_from_the_whole_square(monkeypatch):
    """8192 positions: no redraw may ask for more than some rows of the mask."""
    from jukebox_edu.transformer import reach

    explorer = AttentionExplorer(8192, 128, depth=72)
    assert repr(explorer).startswith("AttentionExplorer(8,192 positions in 128 rows of 64")
    asked = []
    real = reach.mask

    def counted(pattern, layout, queries, keys):
        asked.append(len(queries) * len(keys))
        return real(pattern, layout, queries, keys)

    monkeypatch.setattr(reach, "mask", counted)
    with explorer.together():
        explorer.position.value, explorer.layer.value = 4000, 71
    assert max(asked) <= 200 * 8192 and sum(asked) < 8192 * 8192 / 4
    assert explorer.seen.sum() == 64


@pytest.mark.parametrize("name", ["prior_5b_lyrics", "prior_1b_lyrics", "upsampler_level_0"])
def test_released_configurations_are_shown_without_weights(name):
    config = getattr(released, name)()
    explorer = AttentionExplorer(config)
    assert explorer.layout.n == config.sequence_length
    assert len(explorer.patterns) == config.transformer.depth
    lyrical = [i for i, p in enumerate(explorer.patterns) if p == 6]
    if lyrical:
        explorer.layer.value = lyrical[0]
        assert "looks at the lyrics" in text_of(explorer)


def test_shape_of_a_configuration_is_that_of_the_prior(model):
    for prior in model.priors:
        config, built = shape_of(prior.config), shape_of(prior)
        assert config.layout == built.layout and config.patterns == built.patterns
        assert config.prior is None and built.prior is prior
    assert shape_of(model).prior is model.priors[2] and shape_of(model, 0).prior is model.priors[0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"about": 0}, "n_ctx=0"),
        ({"about": 24, "blocks": 5}, "blocks=5.*divisor"),
        ({"about": 24, "order": 99}, "attn_order=99"),
        ({"about": "tiny"}, "about='tiny'.*Jukebox"),
        ({"about": True}, "about=True"),
    ],
)
def test_what_cannot_be_explored_is_refused(arguments, text):
    with pytest.raises(ConfigError, match=text):
        AttentionExplorer(**arguments)


def test_a_song_needs_its_model(model, song):
    with pytest.raises(ConfigError, match="given together with a model"):
        AttentionExplorer(64, song=song)
    with pytest.raises(ConfigError, match="a model, to read a song with"):
        AttentionExplorer(model.priors[2].config, song=song)
    with pytest.raises(ConfigError, match="level=3"):
        AttentionExplorer(model, level=3)
    with pytest.raises(ConfigError, match="song='x'"):
        AttentionExplorer(model, song="x")
    top = model.sample("la", "Ada", "waltz", seconds=0.96, levels=2, progress=False)
    with pytest.raises(ConfigError, match=r"codes at levels \[1, 2\]"):
        AttentionExplorer(model, song=top, level=1)


# ---- real weights -------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1, 2])
def test_weights_are_those_of_the_prior_and_lie_where_the_pattern_allows(model, song, level):
    explorer = AttentionExplorer(model, song=song, level=level, sample=1)
    prior, one = model.priors[level], song.take(1)
    n_ctx, hop = prior.config.n_ctx, model.hop_lengths[level] / model.sample_rate
    start = explorer.window.options[1][1]
    codes = one.codes[level][:, start : start + n_ctx]
    upper = None
    if level < 2:
        factor = prior.config.conditioner.factor
        upper = one.codes[level + 1][:, start // factor : (start + n_ctx) // factor]
    with torch.no_grad():
        record = prior.attention(codes, upper, one.labels.window(start, level), (0,))[0]
    with explorer.together():  # draws once, at the end
        explorer.window.value = start
        for head, position in ((0, 0), (0, 5), (1, 5), (1, n_ctx - 1)):
            explorer.head.value, explorer.position.value = head, position
            found = explorer.weights
            np.testing.assert_allclose(found.weights, record.weights[0, head, position], atol=1e-6)
            assert not found.weights[~explorer.seen].any()
            assert found.weights.sum() == pytest.approx(1, abs=1e-5)
            assert found.seconds == pytest.approx((start + position) * hop)
    assert f"At {found.seconds:.3f} s head 1 looks most" in text_of(explorer)


def test_lyric_layers_show_letters(model, song, html):
    explorer = AttentionExplorer(model, song=song)
    explorer.layer.value = 1  # reads the lyrics
    found = explorer.weights
    assert len(found.letters) == len(found.weights) == 8
    assert found.weights.sum() == pytest.approx(1, abs=1e-5)
    best = found.letters[int(found.weights.argmax())]
    where = f"{best!r} in the lyrics" if best else "the padding beside the lyrics"
    assert f"looks most at {where}" in text_of(explorer)
    assert "<script>" not in html(explorer).split("jbx-view")[1].split("<script>(function")[0]


def test_what_was_not_written_has_no_weights(model):
    short = model.sample("la", "Ada", "waltz", seconds=0.256, levels=2, progress=False)  # 4 codes
    explorer = AttentionExplorer(model, song=short)
    with explorer.together():
        explorer.position.value = 3
        assert explorer.weights.written
        explorer.position.value = 4
    assert not explorer.weights.written and "The song ends before" in text_of(explorer)


def test_a_layer_is_read_once_for_all_heads_and_positions(model, song):
    calls = [0]
    hook = (
        model.priors[2]
        .music.transformer.layers[0]
        .mlp.up.register_forward_hook(lambda *_: calls.__setitem__(0, calls[0] + 1))
    )
    try:
        reader = WeightReader(shape_of(model), song)
        for head in (0, 1):
            for position in range(8):
                reader.read(0, 0, head, position)
        assert calls[0] == 1
        reader.read(reader.starts[-1], 0, 0, 0)
        assert calls[0] == 2
    finally:
        hook.remove()


def test_lyrics_in_the_same_sequence():
    from tiny_models import tiny_model

    model = tiny_model(seed=3, single_sequence=True)
    song = model.sample("la la love", "Ada", "waltz", seconds=0.96, levels=2, progress=False)
    explorer = AttentionExplorer(model, song=song)
    assert explorer.layout.n == 16 and explorer.layout.prime == 8
    explorer.position.value = 12  # the fifth code, after eight letters
    found = explorer.weights
    assert found.seconds == pytest.approx(4 * 0.064) and found.weights.shape == (16,)
    assert found.weights.sum() == pytest.approx(1, abs=1e-5) and found.letters is None


# ---- pictures -----------------------------------------------------------------------------------


def test_figures_have_titles_axes_units_and_survive_gray():
    layout = Layout(64, 8)
    weights = np.random.default_rng(0).random(64) * seen(2, layout, 29)
    makers = [
        lambda: pattern_figure(seen(2, layout, 29), 29, 8, overview(2, layout).pairs, "column"),
        lambda: reach_figure(layers_needed(reached((1, 2, 3), layout, 29)), 29, 8),
        lambda: weights_figure(weights, 29, 8, 0.016, 2.0),
        lambda: lyric_weights_figure(np.arange(5.0), ["m", "o", "o", "n", ""]),
    ]
    figures = [make() for make in makers]
    for figure, make in zip(figures, makers, strict=True):
        assert figure_png(make()) == figure_png(figure)
        for axes in figure.axes:
            if axes.get_label() == "<colorbar>":
                assert axes.get_ylabel()
            else:
                assert axes.get_title(loc="left") and axes.get_xlabel() and axes.get_ylabel()
    assert len(figures[3].axes[0].patches) == 4  # padding is left out
    left, right = figures[2].axes[:2]
    assert right.get_xlabel() == "time (s)" and "2.464 s" in right.get_title(loc="left")
    image = figures[0].axes[0].images[0]
    light = [image.cmap(i)[:3] @ np.array([0.2, 0.7, 0.1]) for i in range(3)]
    assert light == sorted(light, reverse=True)  # later, not seen, seen: ever darker


def test_the_grid_shows_every_position_at_its_place():
    layout = Layout(64, 8)
    figure = pattern_figure(seen(1, layout, 29), 29, 8, overview(1, layout).pairs)
    grid = np.asarray(figure.axes[0].images[0].get_array())
    assert grid.shape == (8, 8)
    assert (grid.ravel()[30:] == 0).all()  # comes later
    assert (np.flatnonzero(grid.ravel() == 2) == np.arange(24, 30)).all()
    ragged = reach_figure(np.ones(10, int), 9, 4)
    assert np.ma.count_masked(ragged.axes[0].images[0].get_array()) == 2


def test_impossible_pictures_are_refused():
    pairs = overview(1, Layout(8, 2)).pairs
    with pytest.raises(ConfigError, match="query=8"):
        pattern_figure(np.ones(8, bool), 8, 4, pairs)
    with pytest.raises(ConfigError, match="columns=0"):
        pattern_figure(np.ones(8, bool), 7, 0, pairs)
    with pytest.raises(ShapeError, match="seen="):
        pattern_figure(np.ones((2, 4), bool), 7, 4, pairs)
    with pytest.raises(ConfigError, match="layers="):
        reach_figure(np.zeros(8, int), 7, 4)
    with pytest.raises(ShapeError, match="negative weights"):
        weights_figure(np.full(8, -1.0), 7, 4, 0.1)
    with pytest.raises(ConfigError, match="hop_seconds=0"):
        weights_figure(np.ones(8), 7, 4, 0)
    with pytest.raises(ShapeError, match="one per letter"):
        lyric_weights_figure(np.ones(3), ["a"])
