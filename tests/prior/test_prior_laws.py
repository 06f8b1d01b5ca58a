"""Laws of every prior: causality, memory equals recomputation, losses by hand, clear errors."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    PriorConfig,
    TransformerConfig,
)
from jukebox_edu.errors import ConfigError, LyricsError, ShapeError
from jukebox_edu.labels import Labels
from jukebox_edu.nn.linear import PointwiseLinear
from jukebox_edu.prior.prior import Prior
from jukebox_edu.prior.untold import without_lyrics
from jukebox_edu.transformer.patterns import LYRICS, mask

N_CTX, N_TOKENS, CODES = 24, 8, 40
DESIGNS = ("plain", "labels", "separate", "single", "upsampler")
CYCLE = (1, 2, 3)
LABELS = LabelConfig(n_genres=5, n_artists=6, max_genres=2, timing_bins=8, max_duration=10.0)


def config_of(
    design: str,
    order: int | tuple[int, ...] = CYCLE,
    *,
    n_ctx: int = N_CTX,
    blocks: int = 4,
    **more,
) -> PriorConfig:
    """A tiny prior of one design; `order` is the attention order or every layer's pattern."""
    depth = len(order) if isinstance(order, tuple) else 4
    shape = {"heads": 2, "m_attn": 0.5}
    stack = TransformerConfig(16, depth, attn_order=order, blocks=blocks, spread=2, **shape)
    encoder = TransformerConfig(8, 3, attn_order=2, blocks=2, **shape)
    lyrics = {
        "separate": LyricConfig(N_TOKENS, 12, encoder=encoder),
        "single": LyricConfig(N_TOKENS, 12),
    }
    upper = (
        ConditionerConfig(width=6, depth=2, dilation_growth=3) if design == "upsampler" else None
    )
    labels = dataclasses.replace(LABELS, timing=upper is None)
    return PriorConfig(
        level=0,
        n_ctx=n_ctx,
        codebook_size=CODES,
        hop_length=8,
        sample_rate=1000,
        transformer=stack,
        labels=None if design == "plain" else labels,
        lyrics=lyrics.get(design),
        conditioner=upper,
        **more,
    )


def loud(config: PriorConfig, seed: int = 0) -> Prior:
    """A prior with random weights large enough to make every path matter."""
    prior = Prior(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in prior.parameters():
            if p.ndim > 1:
                p.normal_(std=0.7 / math.sqrt(min(p.shape)), generator=generator)
            else:
                p.add_(torch.randn(p.shape, generator=generator) * 0.1)
    return prior.eval()


def window(config: PriorConfig, batch: int = 2, seed: int = 1):
    """Random codes, upper codes and labels of one window; tokens of a song are all different."""
    g = torch.Generator().manual_seed(seed)
    codes = torch.stack([torch.randperm(CODES, generator=g)[: config.n_ctx] for _ in range(batch)])
    upper = labels = None
    if config.conditioner:
        shape = (batch, config.n_ctx // config.conditioner.factor)
        upper = torch.randint(0, CODES, shape, generator=g)
    if config.labels:
        n_tokens = config.lyrics.n_tokens if config.lyrics else 0
        labels = Labels(
            total_length=torch.full((batch,), 5000),
            offset=torch.arange(batch) * 700,
            window_length=torch.full((batch,), config.window_samples),
            artist=torch.arange(batch) + 1,
            genres=torch.tensor([[2, -1], [1, 3]])[:batch],
            lyric_tokens=torch.stack(
                [torch.randperm(11, generator=g)[:n_tokens] + 1 for _ in range(batch)]
            ),
        )
    return codes, upper, labels


def joint_logits(prior: Prior, codes, upper, labels) -> torch.Tensor:
    """Predictions of every music position over the whole vocabulary, by the full forward."""
    hidden = prior(codes, prior.condition(labels, upper)).hidden
    return prior.music.head(hidden[:, -codes.shape[1] :])


def cached_logits(prior: Prior, codes, upper, labels, m: int, chunk: int | None) -> torch.Tensor:
    """The same from position m on, with m codes prefilled and the others fed one by one."""
    state = prior.start(prior.condition(labels, upper), codes.shape[0])
    prior.prefill(state, codes[:, :m], chunk=chunk)
    logits = [prior.next_logits(state, None)]
    tokens = prior.to_tokens(codes)
    logits += [prior.next_logits(state, tokens[:, i]) for i in range(m, codes.shape[1] - 1)]
    return torch.stack(logits, dim=1)


# ---- causality -----------------------------------------------------------------------------

ORDERS = [0, 1, 2, (1, 2, 3, 1, 2, 3), (1, 4), (5, 1), (3, 3), 9]


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("design", ["plain", "upsampler", "separate", "single"])
def test_each_prediction_sees_exactly_what_the_patterns_allow(design, order):
    """By gradient: the future weighs exactly 0; of the past all that the layers can carry."""
    if design == "separate" and isinstance(order, tuple):
        order = (*order, LYRICS)
    if design == "single" and isinstance(order, tuple):
        order = (*order, 7)
    prior = loud(config_of(design, order))
    codes, upper, labels = window(prior.config, batch=1)
    conditions = prior.condition(labels, upper)
    hidden = prior(codes, conditions).hidden
    tokens = prior.to_tokens(codes)[0]
    if design == "single":
        tokens = torch.cat([labels.lyric_tokens[0], tokens])
    n = len(tokens)
    positions = torch.arange(n)
    reach = torch.eye(n, dtype=torch.bool)  # (outputs, inputs): is there a path?
    for pattern in prior.music.transformer.patterns:
        if pattern != LYRICS:
            visible = mask(pattern, prior.music.transformer.layout, positions, positions)
            reach = ((torch.eye(n) + visible.float()) @ reach.float()) > 0
    assert not reach.triu(1).any()
    table = prior.music.token_embedding.weight
    for position in (0, 1, N_CTX // 2 + 1, n - 1):
        target = hidden[0, position].square().sum()
        (gradient,) = torch.autograd.grad(target, table, retain_graph=True, allow_unused=True)
        influence = gradient[tokens].abs().sum(-1)  # every token occurs once
        # input i is token i - 1, so token j enters at j + 1 and the last one never
        expected = torch.cat([reach[position, 1:], torch.tensor([False])])
        assert torch.equal(influence > 0, expected), position
        assert influence[position:].max() == 0


def test_all_music_sees_the_lyrics_but_the_last_character():
    prior = loud(config_of("separate", (1, LYRICS, 2)))
    codes, _, labels = window(prior.config, batch=1)
    hidden = prior(codes, prior.condition(labels)).hidden
    table = prior.lyric_encoder.shell.token_embedding.weight
    for position in (0, N_CTX - 1):
        target = hidden[0, position].square().sum()
        (gradient,) = torch.autograd.grad(target, table, retain_graph=True)
        influence = gradient[labels.lyric_tokens[0]].abs().sum(-1)
        assert (influence[:-1] > 0).all()
        assert influence[-1] == 0


def test_conditions_of_one_item_do_not_reach_another():
    prior = loud(config_of("separate", (1, LYRICS, 2)))
    codes, _, labels = window(prior.config)
    alone = prior.logits(codes[:1], labels=labels.select([0]))
    torch.testing.assert_close(prior.logits(codes, labels=labels)[:1], alone, rtol=1e-4, atol=1e-5)


# ---- memory equals recomputation -----------------------------------------------------------


@st.composite
def configs(draw) -> PriorConfig:
    design = draw(st.sampled_from(DESIGNS))
    patterns = [0, 1, 2, 3, 4, 5]
    patterns += {"separate": [6, 6], "single": [7, 7]}.get(design, [])
    order = tuple(draw(st.lists(st.sampled_from(patterns), min_size=1, max_size=5)))
    rows, columns = draw(st.sampled_from([(1, 24), (2, 12), (4, 8), (8, 4), (4, 5)]))
    n = rows * columns
    n_ctx = n - N_TOKENS if design == "single" else n
    n_ctx -= n_ctx % 4
    rows = rows if (n_ctx + N_TOKENS * (design == "single")) % rows == 0 else 1
    config = config_of(design, order, n_ctx=n_ctx, blocks=rows, merged_decoder=draw(st.booleans()))
    stack = dataclasses.replace(config.transformer, res_scale=draw(st.booleans()))
    return dataclasses.replace(config, transformer=stack)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(config=configs(), m=st.integers(0, 31), chunk=st.sampled_from([None, 1, 2, 3, 5, 7, 100]))
@torch.no_grad()
def test_cached_logits_equal_the_full_forward(config, m, chunk):
    prior = loud(config)
    codes, upper, labels = window(config)
    m = min(m, config.n_ctx - 1)
    whole = joint_logits(prior, codes, upper, labels)
    cached = cached_logits(prior, codes, upper, labels, m, chunk)
    assert cached.shape == whole[:, m:].shape
    assert whole.std() > 0.05
    assert (cached - whole[:, m:]).abs().max() <= 1e-4 * whole.std()


@torch.no_grad()
@pytest.mark.parametrize("design", DESIGNS)
def test_prefill_chunks_do_not_matter(design):
    patterns = {"separate": (1, 2, 3, LYRICS, 0), "single": (1, 2, 3, 7, 0)}
    prior = loud(config_of(design, patterns.get(design, (1, 2, 3, 0))))
    codes, upper, labels = window(prior.config)
    one_by_one = cached_logits(prior, codes, upper, labels, 0, None)
    for m in (1, 5, 6, 7, 12, N_CTX - 1):
        for chunk in (None, 1, 4, 6, 11):
            fed = cached_logits(prior, codes, upper, labels, m, chunk)
            assert (fed - one_by_one[:, m:]).abs().max() <= 1e-4 * one_by_one.std(), (m, chunk)


@torch.no_grad()
@pytest.mark.parametrize("design", ["plain", "single"])
def test_logits_at_the_start_need_no_prefill(design):
    prior = loud(config_of(design))
    codes, upper, labels = window(prior.config)
    state = prior.start(prior.condition(labels, upper), 2)
    expected = joint_logits(prior, codes, upper, labels)[:, 0]
    torch.testing.assert_close(prior.next_logits(state), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_two_windows_do_not_disturb_each_other():
    prior = loud(config_of("labels"))
    codes, _, labels = window(prior.config)
    conditions = prior.condition(labels)
    first, second = prior.start(conditions, 2), prior.start(conditions, 2)
    prior.prefill(first, codes[:, :5])
    prior.prefill(second, codes[:, 5:15])
    interleaved = [
        (prior.next_logits(s), prior.next_logits(s, codes[:, 20])) for s in (first, second)
    ]
    alone = prior.start(conditions, 2)
    prior.prefill(alone, codes[:, :5])
    assert torch.equal(prior.next_logits(alone), interleaved[0][0])
    assert torch.equal(prior.next_logits(alone, codes[:, 20]), interleaved[0][1])


# ---- hiding, losses, precision -------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("design", DESIGNS)
def test_hidden_codes_leave_no_trace(design):
    prior = loud(config_of(design, (0, 1, 2)))
    codes, upper, labels = window(prior.config)
    conditions = prior.condition(labels, upper)
    hide = torch.zeros_like(codes, dtype=torch.bool)
    hide[:, 3:9] = True
    hide[0, 15] = True
    other = torch.where(hide, (codes + 7) % CODES, codes)
    seen = prior(codes, conditions).hidden
    assert not torch.equal(seen, prior(other, conditions).hidden)
    hidden = prior(codes, conditions, hide=hide).hidden
    assert torch.equal(hidden, prior(other, conditions, hide=hide).hidden)
    assert not torch.equal(hidden, seen)
    nothing = torch.zeros_like(hide)
    assert torch.equal(seen, prior(codes, conditions, hide=nothing).hidden)
    last = nothing.clone()
    last[:, -1] = True  # the last code is never an input
    assert torch.equal(seen, prior(codes, conditions, hide=last).hidden)


@torch.no_grad()
@pytest.mark.parametrize("design", DESIGNS)
def test_losses_by_hand(design):
    prior = loud(config_of(design, (1, 2, 6) if design == "separate" else CYCLE))
    codes, upper, labels = window(prior.config)
    loss = prior.loss(codes, upper, labels)

    def bits(logits, targets):
        chances = logits.double().softmax(-1).gather(-1, targets[..., None])
        return -chances.log2().mean().item()

    music = bits(joint_logits(prior, codes, upper, labels), prior.to_tokens(codes))
    assert loss.music.item() == pytest.approx(music, rel=1e-5)
    if design not in ("separate", "single"):
        assert loss.total.item() == loss.music.item()
        assert loss.lyrics.item() == 0
        return
    conditions = prior.condition(labels, upper)
    if design == "separate":
        predicted = prior.lyric_encoder.logits(conditions.lyric_states)
    else:
        predicted = prior.music.head(prior(codes, conditions).hidden[:, :N_TOKENS])
    lyrics = bits(predicted, labels.lyric_tokens)
    assert loss.lyrics.item() == pytest.approx(lyrics, rel=1e-5)
    total = (0.4 * N_TOKENS * lyrics + N_CTX * music) / (N_TOKENS + N_CTX)
    assert loss.total.item() == pytest.approx(total, rel=1e-5)


def test_every_parameter_learns():
    """A loss has a gradient for each tensor of a prior with lyrics, whatever the design."""
    for design, order in (("separate", (1, LYRICS)), ("single", (1, 7)), ("upsampler", CYCLE)):
        prior = loud(config_of(design, order))
        codes, upper, labels = window(prior.config)
        prior.loss(codes, upper, labels).total.backward()
        still = [n for n, p in prior.named_parameters() if p.grad is None or not p.grad.any()]
        assert still == [], design


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("design", ["separate", "single", "upsampler"])
def test_half_precision_matrices(design, dtype):
    special = {"separate": (LYRICS,), "single": (7,)}.get(design, (0,))
    prior = loud(config_of(design, (*CYCLE, *special)))
    codes, upper, labels = window(prior.config)
    exact = joint_logits(prior, codes, upper, labels)
    for module in prior.modules():
        if isinstance(module, PointwiseLinear):
            module.weight.data = module.weight.data.to(dtype)
    assert prior.music.compute_dtype == dtype
    rough = joint_logits(prior, codes, upper, labels)
    cached = cached_logits(prior, codes, upper, labels, 5, 3)
    assert rough.dtype == cached.dtype == torch.float32
    allowed = {torch.bfloat16: 0.15, torch.float16: 0.02}[dtype] * exact.std()
    assert 0 < (rough - exact).abs().max() < allowed
    assert (cached - exact[:, 5:]).abs().max() < allowed
    state = prior.start(prior.condition(labels, upper), 2)
    assert {cache.keys.dtype for cache in state.shell.caches} == {dtype}


# ---- what lyrics and labels are worth ------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize(("design", "special"), [("separate", LYRICS), ("single", 7)])
def test_lyrics_and_labels_matter(design, special):
    prior = loud(config_of(design, (1, special, 2)))
    codes, _, labels = window(prior.config)
    told = prior.logits(codes, labels=labels)
    packed = prior.logits(codes, labels=labels.to_vector())
    assert torch.equal(told, packed)
    for other in (
        without_lyrics(labels),
        dataclasses.replace(labels, artist=labels.artist + 1),
        dataclasses.replace(labels, offset=labels.offset + 2000),
    ):
        assert (prior.logits(codes, labels=other) - told).abs().max() > 1e-3


@torch.no_grad()
def test_empty_genre_slots_add_nothing():
    prior = loud(config_of("labels"))
    _, _, labels = window(prior.config)
    start = prior.label_conditioner.start(labels)
    tables = prior.label_conditioner
    artist, genre = tables.artist.weight, tables.genre.weight
    torch.testing.assert_close(start[0, 0], artist[1] + genre[2])
    torch.testing.assert_close(start[1, 0], artist[2] + genre[1] + genre[3])


# ---- errors --------------------------------------------------------------------------------


def test_errors_of_labels():
    prior = loud(config_of("separate", (1, LYRICS)))
    codes, _, labels = window(prior.config)
    with pytest.raises(ConfigError, match="labels=None: must be labels of this window.*SongLabels"):
        prior.logits(codes)
    short = dataclasses.replace(labels, lyric_tokens=labels.lyric_tokens[:, :6])
    with pytest.raises(ShapeError, match="labels.lyric_tokens=6: must be 8 tokens long"):
        prior.logits(codes, labels=short)
    strange = dataclasses.replace(labels, artist=labels.artist + 1000)
    with pytest.raises(LyricsError, match="labels.artist=1[0-9]{3}: must be ids from 0 to"):
        prior.logits(codes, labels=strange)
    with pytest.raises(ShapeError, match="batch of labels=1: must be .* of the codes, 2"):
        prior.logits(codes, labels=labels.select([0]))
    with pytest.raises(ShapeError, match="batch of labels=2: must be .* of the codes, 3"):
        prior.start(prior.condition(labels), 3)


def test_errors_of_upper_codes():
    prior = loud(config_of("upsampler"))
    codes, upper, labels = window(prior.config)
    for wrong, shown in ((None, "None"), (upper[:, :-1], r"\(2, 5\)"), (upper[0], r"\(6,\)")):
        expected = rf"upper_codes={shown}: must be \(batch, 6\) codes of the level above"
        with pytest.raises(ShapeError, match=expected):
            prior.logits(codes, wrong, labels)
    with pytest.raises(ShapeError, match=r"upper_codes=\(.*\): must be codes from 0 to 39"):
        prior.logits(codes, upper + CODES, labels)


def test_errors_of_codes():
    prior = loud(config_of("plain"))
    codes, _, _ = window(prior.config)
    with pytest.raises(ShapeError, match=r"codes=\(0, 40\): must be codes from 0 to 39.*codec"):
        prior.logits(torch.where(codes == codes.max(), 40, codes - codes.min()))
    with pytest.raises(ShapeError, match=r"codes=\(-1, .*\): must be codes from 0 to 39"):
        prior.loss(torch.where(codes == codes.min(), -1, codes))
    with pytest.raises(ShapeError, match=r"codes=\(2, 23\): must be \(batch, 24\), one whole"):
        prior.logits(codes[:, 1:])
    with pytest.raises(ShapeError, match="codes=.*float32.*must be whole numbers of shape"):
        prior.logits(codes.float())
    with pytest.raises(ConfigError, match=r"layers=\[3, -1\]: must be layers from 0 to 2"):
        prior.attention(codes, layers=(0, 3, -1))


def test_errors_token_by_token():
    prior = loud(config_of("plain"))
    codes, _, _ = window(prior.config)
    with pytest.raises(ShapeError, match=r"codes=\(2, 24\): must be shorter than the window of 24"):
        prior.prefill(prior.start(prior.condition(), 2), codes)
    with pytest.raises(ShapeError, match="must be codes from 0 to 39"):
        prior.prefill(prior.start(prior.condition(), 2), codes[:, :3] + CODES)
    state = prior.start(prior.condition(), 2)
    prior.prefill(state, codes[:, :-1])
    with pytest.raises(ShapeError, match="tokens='position 24': must be below the window's end 24"):
        prior.next_logits(state, codes[:, -1])
