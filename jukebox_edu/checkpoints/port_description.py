"""From our configuration to that of Hugging Face's port.

What
    Writes the `config.json` of a converted folder: the port's names for everything it knows, and
    our own configuration under a key of its own, so that nothing is lost on the way back.
Conventions
    Priors stand from the top down. The port names three of the attention orders; a model with
    another one cannot be written.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from typing import Any

from jukebox_edu.checkpoints.port_config import ORDERS, OWN_KEY
from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
    to_json_dict,
)
from jukebox_edu.errors import ConfigError, must


def write_port_config(config: ModelConfig) -> dict[str, Any]:
    """The port's `config.json` for a model of ours.

    Raises
    ------
    ConfigError
        If the port has no name for something.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    codec, priors = config.vqvae, config.priors[::-1]  # from the top down
    top = priors[0].labels or LabelConfig()
    return {
        "architectures": ["JukeboxModel"],
        "model_type": "jukebox",
        "nb_priors": len(priors),
        "sampling_rate": codec.sample_rate,
        "timing_dims": top.timing_bins,
        "min_duration": top.min_duration,
        "max_duration": top.max_duration,
        "max_nb_genres": max((p.labels.max_genres for p in priors if p.labels), default=1),
        "metadata_conditioning": any(prior.labels is not None for prior in priors),
        "hop_fraction": [prior.hop_fraction for prior in priors],
        "vqvae_config": _port_codec(config),
        "prior_config_list": [_port_prior(prior, codec) for prior in priors],
        OWN_KEY: to_json_dict(config),
    }


def _port_codec(config: ModelConfig) -> dict[str, Any]:
    codec = config.vqvae
    return {
        "model_type": "jukebox_vqvae",
        "levels": codec.levels,
        "embed_dim": codec.emb_width,
        "nb_discrete_codes": codec.codebook_size,
        "res_downs_t": list(codec.downs),
        "res_strides_t": list(codec.strides),
        "res_conv_width": codec.width,
        "res_conv_depth": codec.depth,
        "multipliers": list(codec.multipliers),
        "res_convolution_multiplier": _number(codec.m_conv),
        "res_dilation_growth_rate": codec.dilation_growth,
        "res_dilation_cycle": codec.dilation_cycle,
        "hop_fraction": [prior.hop_fraction for prior in config.priors[::-1]],
    }


def _port_prior(prior: PriorConfig, codec: VQVAEConfig) -> dict[str, Any]:
    labels, lyrics = prior.labels, prior.lyrics
    conditioner = prior.conditioner or ConditionerConfig()
    encoder = lyrics.encoder if lyrics else None
    named = labels or LabelConfig()
    return {
        "model_type": "jukebox_prior",
        "level": codec.levels - 1 - prior.level,
        "n_ctx": prior.n_ctx,
        "music_vocab_size": prior.codebook_size,
        "merged_decoder": prior.merged_decoder,
        "mask": True,  # the default of the port leaves causality out
        "metadata_conditioning": labels is not None,
        "metadata_dims": [named.n_genres, named.n_artists],
        "max_nb_genres": named.max_genres,
        "timing_dims": named.timing_bins,
        "min_duration": named.min_duration,
        "max_duration": named.max_duration,
        "sampling_rate": prior.sample_rate,
        "is_encoder_decoder": prior.single_sequence,
        "nb_relevant_lyric_tokens": lyrics.n_tokens if lyrics else 0,
        "lyric_vocab_size": lyrics.vocab_size if lyrics else 0,
        "encoder_loss_fraction": lyrics.loss_fraction if lyrics else 0.0,
        "encoder_config": _port_encoder(encoder, lyrics),
        "alignment_layer": prior.alignment_layer,
        "alignment_head": prior.alignment_head,
        "res_downs_t": list(codec.downs),
        "res_strides_t": list(codec.strides),
        "res_conv_width": conditioner.width,
        "res_conv_depth": conditioner.depth,
        "res_convolution_multiplier": _number(conditioner.m_conv),
        "res_dilation_growth_rate": conditioner.dilation_growth,
        "res_dilation_cycle": conditioner.dilation_cycle,
        "conv_res_scale": conditioner.res_scale,
        **_port_transformer(prior.transformer),
    }


def _port_encoder(
    encoder: TransformerConfig | None, lyrics: LyricConfig | None
) -> dict[str, Any] | None:
    if encoder is None or lyrics is None:
        return None
    if lyrics.both_ways:
        advice = "The port has no such encoder: convert to a model folder instead."
        raise ConfigError(must("both_ways", lyrics.both_ways, "False", advice))
    return {
        "n_ctx": lyrics.n_tokens,
        "mask": True,
        "merged_decoder": False,
        "nb_relevant_lyric_tokens": lyrics.n_tokens,
        **_port_transformer(encoder),
    }


def _port_transformer(stack: TransformerConfig) -> dict[str, Any]:
    if stack.attn_order not in ORDERS:
        advice = "The port has no name for it: convert to a model folder instead."
        raise ConfigError(must("attn_order", stack.attn_order, f"one of {set(ORDERS)}", advice))
    return {
        "hidden_size": stack.width,
        "num_layers": stack.depth,
        "n_heads": stack.heads,
        "attention_pattern": ORDERS[stack.attn_order],  # type: ignore[index]
        "blocks": stack.blocks,
        "spread": stack.spread,
        "attention_multiplier": stack.m_attn,
        "mlp_multiplier": _number(stack.m_mlp),
        "init_scale": stack.init_scale,
        "attn_res_scale": stack.res_scale,
        "zero_out": stack.zero_out,
    }


def _number(number: float) -> float | int:
    """Whole numbers as the port writes them."""
    return int(number) if float(number).is_integer() else number
