"""Laws of guidance: what the second half of the batch is told, and what strength 0 means."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from jukebox_edu.config import LabelConfig, LyricConfig, PriorConfig, TransformerConfig
from jukebox_edu.errors import ConfigError
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior
from jukebox_edu.prior.untold import without_lyrics, without_names
from jukebox_edu.sampling.noise import generator_race
from jukebox_edu.sampling.window import DrawSettings, window_conditions, write_window

N_CTX, N_TOKENS = 24, 8


def make_prior(guide_names: bool) -> Prior:
    """A tiny prior with lyrics and weights large enough to make every path matter."""
    config = PriorConfig(
        level=0,
        n_ctx=N_CTX,
        codebook_size=40,
        hop_length=8,
        sample_rate=1000,
        transformer=TransformerConfig(16, 4, heads=2, attn_order=6, blocks=4),
        labels=LabelConfig(n_genres=5, n_artists=6, max_genres=2, max_duration=10.0),
        lyrics=LyricConfig(N_TOKENS, 12, encoder=TransformerConfig(8, 2, heads=2, attn_order=0)),
        guide_names=guide_names,
    )
    prior = Prior(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in prior.parameters():
            p.normal_(std=0.3, generator=generator)
    return prior.eval()


def make_labels(artist: int) -> Labels:
    """Two songs of one singer, the second with a single genre."""
    return Labels(
        total_length=torch.tensor([9000, 9000]),
        offset=torch.tensor([0, 1000]),
        window_length=torch.tensor([N_CTX * 8] * 2),
        artist=torch.tensor([artist, artist]),
        genres=torch.tensor([[2, 3], [4, -1]]),
        lyric_tokens=torch.arange(1, 1 + N_TOKENS).repeat(2, 1),
    )


def write(prior: Prior, labels: Labels, guidance: float) -> torch.Tensor:
    conditions = window_conditions(prior, labels, None, guidance)
    race = generator_race(torch.Generator().manual_seed(3), "cpu")
    written = write_window(
        prior,
        conditions,
        torch.zeros(2, 0, dtype=torch.long),
        N_CTX,
        race=race,
        first_position=0,
        settings=DrawSettings(guidance=guidance),
    )
    return torch.stack(list(written), 1)


@torch.no_grad()
@pytest.mark.parametrize("guide_names", [False, True])
def test_the_second_half_is_told_no_lyrics_and_no_names_only_where_trained_so(guide_names):
    prior = make_prior(guide_names)
    told = [window_conditions(prior, make_labels(artist), None, 2.0) for artist in (1, 5)]
    for conditions in told:
        assert not torch.equal(conditions.lyric_states[:2], conditions.lyric_states[2:])
    assert not torch.equal(told[0].start[:2], told[1].start[:2])
    assert torch.equal(told[0].start[2:], told[1].start[2:]) == guide_names
    # when it is sung is told in both halves
    assert torch.equal(told[0].per_position[:2], told[0].per_position[2:])


@torch.no_grad()
@pytest.mark.parametrize("guide_names", [False, True])
def test_strength_zero_is_the_same_as_asking_for_nothing(guide_names):
    prior, labels = make_prior(guide_names), make_labels(3)
    nothing = without_lyrics(labels)
    assert not torch.equal(write(prior, nothing, 1.0), write(prior, without_names(nothing), 1.0))
    if guide_names:
        nothing = without_names(nothing)
    assert torch.equal(write(prior, labels, 0.0), write(prior, nothing, 1.0))
    assert not torch.equal(write(prior, labels, 1.0), write(prior, nothing, 1.0))


def test_nameless_labels_keep_empty_genre_slots_and_everything_else():
    labels = make_labels(4)
    nameless = without_names(labels)
    assert nameless.artist.tolist() == [0, 0] and nameless.genres.tolist() == [[0, 0], [0, -1]]
    for name in ("total_length", "offset", "window_length", "lyric_tokens"):
        assert torch.equal(getattr(nameless, name), getattr(labels, name))


def test_names_are_guided_only_together_with_lyrics():
    config = make_prior(False).config
    with pytest.raises(ConfigError, match="guide_names=True.*no lyrics"):
        dataclasses.replace(config, lyrics=None, guide_names=True)
