"""A tiny random model of the released kind, in both lyric designs, and its lists of names."""

from __future__ import annotations

import dataclasses

import torch

from jukebox_edu.checkpoints import KnownNames
from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

BELOW = KnownNames(
    ("unknown", "various", "ana", "bo_li"), ("unknown", "waltz", "blues"), (0, 0, 1, 2)
)
TOP = KnownNames(("unknown", "ana", "bo li", "ünal"), ("unknown", "waltz"))
NAMES = (BELOW, BELOW, TOP)  # as in 1b_lyrics: other lists at the top


def config(single_sequence: bool = True) -> ModelConfig:
    """Three levels, 2 / 4 / 8 samples per code."""
    codec = VQVAEConfig(
        sample_rate=800, downs=(1, 1, 1), strides=(2, 2, 2), emb_width=4, codebook_size=8, width=4,
        depth=1, multipliers=(2, 1, 1), dilation_growth=3,
    )  # fmt: skip
    stack = TransformerConfig(width=16, depth=3, heads=1, attn_order=2, blocks=4, init_scale=5.0)
    below = LabelConfig(version="v2", n_genres=3, n_artists=4, max_genres=5, timing=False)
    top_labels = LabelConfig(
        version="v3", n_genres=2, n_artists=4, timing_bins=4, min_duration=0.1, max_duration=60.0
    )
    conditioner = ConditionerConfig(
        down=1, stride=2, width=8, depth=2, dilation_growth=3, dilation_cycle=2
    )
    shared = {"n_ctx": 16, "codebook_size": 8, "sample_rate": 800}
    lower = [
        PriorConfig(
            level=level, hop_length=hop, transformer=stack, labels=below, hop_fraction=0.5,
            conditioner=dataclasses.replace(conditioner, res_scale=level == 1), **shared,
        )
        for level, hop in ((0, 2), (1, 4))
    ]  # fmt: skip
    encoder = dataclasses.replace(stack, width=8, depth=2)
    top = PriorConfig(
        level=2, hop_length=8, labels=top_labels, hop_fraction=0.125, **shared,
        transformer=dataclasses.replace(
            stack, depth=16, heads=2, attn_order=12 if single_sequence else 10, init_scale=2.0
        ),
        lyrics=LyricConfig(n_tokens=8, vocab_size=79, encoder=None if single_sequence else encoder),
        merged_decoder=not single_sequence, fp16_matrices=not single_sequence,
        alignment_layer=15, alignment_head=1,
    )  # fmt: skip
    return ModelConfig("tiny-like", codec, (*lower, top), licence="test licence")


def model(single_sequence: bool = True, seed: int = 0) -> tuple[ModelConfig, VQVAE, list[Prior]]:
    """Configuration, codec and priors with random weights."""
    shape = config(single_sequence)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vqvae, priors = VQVAE(shape.vqvae), [Prior(prior) for prior in shape.priors]
        for codebook in vqvae.bottleneck.codebooks:
            codebook.vectors.normal_()
        for part in (vqvae, *priors):
            for parameter in part.parameters():  # also what starts at zero
                parameter.data += 0.1 * torch.randn_like(parameter)
    return shape, vqvae.eval(), [prior.eval() for prior in priors]
