"""Lyric states that see both ways: what they see, and that the rest of a prior works with them."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from jukebox_edu.alignment import align
from jukebox_edu.checkpoints import KnownNames, load_prior, save_model
from jukebox_edu.checkpoints.port_description import write_port_config
from jukebox_edu.checkpoints.released_options import prior_hparams
from jukebox_edu.config import (
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.errors import ConfigError
from jukebox_edu.labels import Labels, LabelVocabularies, SongLabels, Vocabulary
from jukebox_edu.model import load
from jukebox_edu.prior.lyrics import LyricConvolutions
from jukebox_edu.prior.prior import Prior
from jukebox_edu.prior.untold import without_lyrics
from jukebox_edu.sampling.memory import level_memory
from jukebox_edu.transformer.patterns import LYRICS
from jukebox_edu.vqvae.model import VQVAE

N_CTX, N_TOKENS, DEPTH = 24, 20, 2
CODEC = VQVAEConfig(
    sample_rate=1000, downs=(3,), strides=(2,), emb_width=4, codebook_size=16, width=4, depth=1,
    multipliers=(1,),
)  # fmt: skip
NAMES = KnownNames(("unknown", "ann"), ("unknown", "hymn"))


def config_of(version: str = "tiny", **changed) -> PriorConfig:
    """A tiny top prior whose lyric states see both ways."""
    stack = TransformerConfig(16, 3, heads=2, attn_order=(1, LYRICS, 2), blocks=4, m_attn=0.5)
    encoder = TransformerConfig(8, DEPTH, heads=2, m_attn=0.5)
    told = {"encoder": encoder, "both_ways": True, "ahead": 0, **changed}
    return PriorConfig(
        level=0, n_ctx=N_CTX, codebook_size=16, hop_length=8, sample_rate=1000, transformer=stack,
        labels=LabelConfig(version=version, n_genres=2, n_artists=2, timing_bins=8,
                           min_duration=0.1, max_duration=10.0),
        lyrics=LyricConfig(N_TOKENS, 79, **told), alignment_layer=1, alignment_head=0,
    )  # fmt: skip


def loud(config: PriorConfig) -> Prior:
    """A prior with random weights large enough to make every path matter."""
    prior, generator = Prior(config), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in prior.parameters():
            std = 0.7 / math.sqrt(min(p.shape)) if p.ndim > 1 else 0.1
            p.add_(torch.randn(p.shape, generator=generator) * std)
    return prior.eval()


def window() -> tuple[torch.Tensor, Labels]:
    """Codes and labels of two windows; the characters of a window are all different."""
    generator = torch.Generator().manual_seed(1)
    codes = torch.randint(16, (2, N_CTX), generator=generator)
    tokens = [torch.randperm(70, generator=generator)[:N_TOKENS] + 1 for _ in range(2)]
    full = torch.full
    labels = Labels(
        full((2,), 5000), torch.tensor([0, 700]), full((2,), N_CTX * 8), full((2,), 1),
        torch.tensor([[1], [1]]), torch.stack(tokens),
    )  # fmt: skip
    return codes, labels


def song() -> SongLabels:
    lists = LabelVocabularies(
        Vocabulary.from_names(NAMES.artists, "tiny", "artist"),
        Vocabulary.from_names(NAMES.genres, "tiny", "genre"),
    )
    return SongLabels.create(
        lyrics="we sing a song of here and there", artist="ann", genre="hymn", total_length=400,
        priors=[config_of()], vocabularies=[lists],
    )  # fmt: skip


def test_a_state_sees_the_characters_within_reach_on_both_sides():
    """By gradient; block j reaches 2**j characters to either side."""
    encoder = loud(config_of()).lyric_encoder
    reach = sum(2**j for j in range(DEPTH))
    assert isinstance(encoder, LyricConvolutions) and encoder.stack.reach == reach
    _, labels = window()
    states = encoder(labels.lyric_tokens[:1])[0]
    for i in (0, 1, N_TOKENS // 2, N_TOKENS - 1):
        (gradient,) = torch.autograd.grad(
            states[i].square().mul(torch.arange(16.0)).sum(),
            encoder.token_embedding.weight,
            retain_graph=True,
        )
        seen = gradient.abs().sum(1)[labels.lyric_tokens[0]] > 0  # (n_tokens,)
        expected = [abs(i - j) <= reach for j in range(N_TOKENS)]
        assert seen.tolist() == expected, i


def test_states_are_float32_and_know_their_place():
    encoder = loud(config_of()).lyric_encoder
    states = encoder(torch.full((1, N_TOKENS), 5))
    assert states.shape == (1, N_TOKENS, 16) and states.dtype == torch.float32
    middle = states[0, 5:15]  # the same character all around
    assert (middle[1:] - middle[:-1]).abs().amax(1).min() > 1e-3


def test_the_loss_has_no_part_for_lyrics():
    prior = loud(config_of())
    codes, labels = window()
    loss = prior.loss(codes, labels=labels)
    assert loss.lyrics.item() == 0 and loss.total.item() == loss.music.item()
    logits = prior.logits(codes, labels=labels).double()
    chances = logits.softmax(-1).gather(-1, codes[..., None])
    assert loss.music.item() == pytest.approx(-chances.log2().mean().item(), rel=1e-5)
    loss.total.backward()
    still = [n for n, p in prior.named_parameters() if p.grad is None or not p.grad.any()]
    assert not still


@torch.no_grad()
def test_sampling_with_memory_predicts_what_the_whole_window_predicts():
    prior = loud(config_of())
    codes, labels = window()
    whole = prior.logits(codes, labels=labels)
    for m in (0, 5, N_CTX - 1):
        state = prior.start(prior.condition(labels), 2)
        prior.prefill(state, codes[:, :m])
        found = [prior.next_logits(state, None)]
        found += [prior.next_logits(state, codes[:, i]) for i in range(m, N_CTX - 1)]
        torch.testing.assert_close(torch.stack(found, 1), whole[:, m:], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_lyrics_can_be_left_out_and_matter():
    """As guidance needs it: blank tokens make other predictions, the same for all songs."""
    prior = loud(config_of())
    codes, labels = window()
    blank = without_lyrics(labels)
    assert (prior.logits(codes, labels=labels) - prior.logits(codes, labels=blank)).abs().max() > 0
    states = prior.condition(blank).lyric_states
    assert torch.equal(states[0], states[1])


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_alignment_is_read_as_the_configuration_says(ahead):
    prior = loud(config_of(ahead=ahead))
    codes = torch.randint(16, (1, 50), generator=torch.Generator().manual_seed(2))
    found = align(prior, codes, song())
    assert found.ahead == ahead and found.weights[0].shape == (50, len(found.lyrics[0]))
    times = found.character_times()
    assert len(times) == len(found.lyrics[0])
    looked = int(found.weights[0][:, ahead:].sum(0).argmax())  # a column that the path may visit
    assert 0 <= times[looked, 0] <= times[looked, 1] <= 50 * found.hop_seconds


def test_a_model_folder_brings_it_back(tmp_path):
    prior, vqvae = loud(config_of()), VQVAE(CODEC)
    config = ModelConfig("both", CODEC, (prior.config,), "CC0-1.0")
    save_model(tmp_path, config, vqvae, [prior], known_names=NAMES, dtype=torch.float32)
    again = load_prior(tmp_path, 0)
    assert again.config == prior.config and again.config.lyrics.both_ways
    mine, theirs = prior.state_dict(), again.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    model = load(tmp_path, device="cpu")
    codes, labels = window()
    with torch.no_grad():
        a, b = (p.logits(codes, labels=labels) for p in (prior, model.priors[0]))
    torch.testing.assert_close(a, b)


def test_the_memory_that_it_takes_is_counted():
    config = config_of()
    assert level_memory(config).parameters == sum(p.numel() for p in Prior(config).parameters())


def test_other_formats_refuse_it():
    config = _port_order(config_of("v3"))
    with pytest.raises(ConfigError, match="both_ways=True: must be False.*model folder instead"):
        prior_hparams(config, CODEC)
    model = ModelConfig("both", CODEC, (config,), "CC0-1.0")
    with pytest.raises(ConfigError, match="both_ways=True: must be False.*model folder instead"):
        write_port_config(model)
    one_way = dataclasses.replace(
        config, lyrics=dataclasses.replace(config.lyrics, both_ways=False, ahead=3)
    )
    with pytest.raises(ConfigError, match="ahead=3: must be 1.*model folder instead"):
        prior_hparams(one_way, CODEC)


def _port_order(config: PriorConfig) -> PriorConfig:
    """The same with an order of layers that every format has a name for."""
    stack = dataclasses.replace(config.transformer, attn_order=2)
    return dataclasses.replace(config, transformer=stack)
