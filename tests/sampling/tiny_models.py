"""Tiny random models for tests: three levels, with lyrics in either design."""

from __future__ import annotations

import torch

from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model import Jukebox
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

ARTISTS = ("unknown", "Ada", "Ben", "Céline")
GENRES = ("unknown", "waltz", "blues")
BINS = 32
LOUD = 0.3  # how much random weights vary: codes neither uniform nor certain
RATE = 1000  # samples per second; low, so that a second is few codes: 62, 31 and 15


def codec() -> VQVAEConfig:
    return VQVAEConfig(
        sample_rate=RATE, downs=(4, 1, 1), strides=(2, 2, 2), emb_width=4, codebook_size=BINS,
        width=4, depth=1, multipliers=(1, 1, 1), dilation_growth=1,
    )  # fmt: skip


def priors(single_sequence: bool = False) -> tuple[PriorConfig, ...]:
    labels = LabelConfig(
        version="tiny", n_genres=len(GENRES), n_artists=len(ARTISTS), timing_bins=8,
        min_duration=2.0, max_duration=60.0,
    )  # fmt: skip
    upper = LabelConfig(version="tiny", n_genres=len(GENRES), n_artists=len(ARTISTS), timing=False)
    encoder = TransformerConfig(width=8, depth=1, heads=1, attn_order=0, m_attn=1.0)
    lyrics = LyricConfig(n_tokens=8, encoder=None if single_sequence else encoder)
    order = (0, 0) if single_sequence else (0, 6)
    shared = {"codebook_size": BINS, "sample_rate": RATE}
    stack = {"width": 16, "depth": 2, "heads": 2, "m_attn": 1.0, "init_scale": 1.0}
    conditioner = ConditionerConfig(down=1, stride=2, width=4, depth=1)
    top = PriorConfig(
        level=2, n_ctx=8, hop_length=64, labels=labels, lyrics=lyrics, hop_fraction=0.25,
        transformer=TransformerConfig(attn_order=order, **stack),
        alignment_layer=1, alignment_head=0, temperature=0.95, **shared,
    )  # fmt: skip
    below = [
        PriorConfig(
            level=level, n_ctx=16, hop_length=hop, labels=upper, conditioner=conditioner,
            transformer=TransformerConfig(attn_order=(2,), blocks=4, **{**stack, "depth": 1}),
            **shared,
        )
        for level, hop in ((0, 16), (1, 32))
    ]  # fmt: skip
    return (*below, top)


def tiny_model(seed: int = 0, single_sequence: bool = False) -> Jukebox:
    """A random model whose codes depend on everything: seed, labels, codes above."""
    config = ModelConfig("test-1", codec(), priors(single_sequence), licence="test licence")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vqvae = VQVAE(config.vqvae)
        noise = torch.randn(1, 1, 64 * BINS)
        for encoder, codebook in zip(vqvae.encoders, vqvae.bottleneck.codebooks, strict=True):
            found = encoder(noise).detach()[0].T  # (tokens, emb_width): so that every code is used
            codebook.vectors.copy_(found[torch.randperm(len(found))[:BINS]])
        parts = [Prior(prior) for prior in config.priors]
        for prior in parts:  # some weights start at zero: make every one matter
            for weight in prior.parameters():
                weight.data += LOUD * torch.randn_like(weight)
    artists = Vocabulary.from_names(ARTISTS, "tiny", "artist")
    genres = Vocabulary.from_names(GENRES, "tiny", "genre")
    lists = LabelVocabularies(artists, genres)
    return Jukebox(config, vqvae, parts, (lists,) * len(parts))
