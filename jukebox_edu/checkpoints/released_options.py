"""From our configurations back to the released hyper-parameters: the inverse of `hparams.py`.

What
    A file in the released format tells its shape by flat names. A converted file carries the same
    names, so that it can be read again without being told anything.
Conventions
    What the released names cannot say is refused: labels of version "tiny", a list of attention
    patterns, layers of different kinds.
Paper: [Jukebox appendix B]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from typing import Any

from jukebox_edu.config import ConditionerConfig, PriorConfig, TransformerConfig, VQVAEConfig
from jukebox_edu.errors import ConfigError, must

_ADVICE = "The released format cannot say this: convert to a model folder instead."


def vqvae_hparams(config: VQVAEConfig) -> dict[str, Any]:
    """The released names and values of a codec; `vqvae_config` reads them.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    losses = config.losses
    if config.relative_revival is not None:
        raise ConfigError(must("relative_revival", config.relative_revival, "None", _ADVICE))
    return {
        **_codec(config),
        "hvqvae_multipliers": config.multipliers,
        "emb_width": config.emb_width,
        "width": config.width,
        "depth": config.depth,
        "m_conv": config.m_conv,
        "dilation_growth_rate": config.dilation_growth,
        "dilation_cycle": config.dilation_cycle,
        "vqvae_reverse_decoder_dilation": config.reverse_decoder_dilation,
        "l_mu": config.codebook_decay,
        "revival_threshold": config.revival_threshold,
        "loss_fn": losses.kind,
        "lmix_l1": losses.l1,
        "lmix_l2": losses.l2,
        "lmix_linf": losses.linf,
        "linf_k": losses.linf_k,
        "commit": losses.commit,
        "spectral": losses.spectral,
        "multispectral": losses.multispectral,
        "use_nonrelative_specloss": not losses.relative_spectral,
        "multispec_loss_n_fft": losses.n_ffts,
        "multispec_loss_hop_length": losses.hops,
        "multispec_loss_window_size": losses.windows,
    }


def _codec(config: VQVAEConfig) -> dict[str, Any]:
    """What the files of codec and priors both say."""
    return {
        "levels": config.levels,
        "downs_t": config.downs,
        "strides_t": config.strides,
        "l_bins": config.codebook_size,
        "sr": config.sample_rate,
    }


def prior_hparams(config: PriorConfig, vqvae: VQVAEConfig) -> dict[str, Any]:
    """The released names and values of a prior over a codec; `prior_config` reads them.

    Raises
    ------
    ConfigError
        If the released names cannot say it.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    values = {
        **_codec(vqvae),
        "level": config.level,
        "n_ctx": config.n_ctx,
        "merged_decoder": config.merged_decoder,
        "fp16_params": config.fp16_matrices,
        "alignment_layer": config.alignment_layer,
        "alignment_head": config.alignment_head,
        **_transformer(config.transformer, "prior_", ""),
        **_labels(config),
        **_lyrics(config),
    }
    return values if config.conditioner is None else {**values, **_conditioner(config.conditioner)}


def _transformer(stack: TransformerConfig, sizes: str, rest: str) -> dict[str, Any]:
    """One stack; the released names of sizes and of the rest differ in their prefix."""
    if not isinstance(stack.attn_order, int):
        raise ConfigError(must("attn_order", stack.attn_order, "a named order 0..12", _ADVICE))
    return {
        f"{sizes}width": stack.width,
        f"{sizes}depth": stack.depth,
        f"{rest}heads": stack.heads,
        f"{rest}attn_order": stack.attn_order,
        f"{rest}blocks": stack.blocks,
        f"{rest}spread": stack.spread,
        f"{rest}m_attn": stack.m_attn,
        f"{rest}m_mlp": stack.m_mlp,
        f"{rest}init_scale": stack.init_scale,
        f"{rest}res_scale": stack.res_scale,
        f"{rest}zero_out": stack.zero_out,
    }


def _labels(config: PriorConfig) -> dict[str, Any]:
    labels = config.labels
    if labels is None:
        return {"labels": False}
    if labels.version not in ("v2", "v3"):
        raise ConfigError(must("labels.version", labels.version, "'v2' or 'v3'", _ADVICE))
    return {
        "labels": True,
        "labels_v3": labels.version == "v3",
        "y_bins": (labels.n_genres, labels.n_artists),
        "max_bow_genre_size": labels.max_genres,
        "t_bins": labels.timing_bins,
        "min_duration": labels.min_duration,
        "max_duration": labels.max_duration,
    }


def _lyrics(config: PriorConfig) -> dict[str, Any]:
    lyrics = config.lyrics
    if lyrics is None:
        return {"use_tokens": False, "n_tokens": 0}
    if lyrics.both_ways:
        raise ConfigError(must("both_ways", lyrics.both_ways, "False", _ADVICE))
    if lyrics.ahead != 1:
        raise ConfigError(must("ahead", lyrics.ahead, "1", _ADVICE))
    values = {
        "use_tokens": True,
        "n_tokens": lyrics.n_tokens,
        "n_vocab": lyrics.vocab_size,
        "prime_loss_fraction": lyrics.loss_fraction,
        "single_enc_dec": lyrics.encoder is None,
    }
    if lyrics.encoder is not None:
        values.update(_transformer(lyrics.encoder, "prime_", "prime_"))
    return values


def _conditioner(conditioner: ConditionerConfig) -> dict[str, Any]:
    if conditioner.init_scale is not None:
        raise ConfigError(must("init_scale", conditioner.init_scale, "None", _ADVICE))
    return {
        "cond_width": conditioner.width,
        "cond_depth": conditioner.depth,
        "cond_m_conv": conditioner.m_conv,
        "cond_dilation_growth_rate": conditioner.dilation_growth,
        "cond_dilation_cycle": conditioner.dilation_cycle,
        "cond_res_scale": conditioner.res_scale,
    }
