"""From the released hyper-parameters ("hps") to our configurations.

What
    A released file carries the options of its training run: some two hundred flat names, of which
    about sixty say what the network is. Here those become a `VQVAEConfig` or a `PriorConfig`;
    names about the run itself (learning rates, folders, logging) are known and passed over; any
    other name, and any value that asks for something never released, is refused by name.
Conventions
    Where a released default exists and is sensible it is used; a value that could not be seen in
    the shapes of the weights (a dilation, a duration) is never guessed.
Paper: [Jukebox appendix B]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jukebox_edu.checkpoints.values import Values
from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LossConfig,
    LyricConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.units import hop_lengths


def vqvae_config(hps: Mapping[str, Any]) -> VQVAEConfig:
    """Read the codec's shape from released names.

    Parameters
    ----------
    hps
        Released names and values (`levels`, `downs_t`, `strides_t`, `emb_width`, ...).

    Raises
    ------
    ConfigError
        If a name is unknown, a needed one missing, or a value not possible.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    v = Values(hps)
    v.require("emb_width", "width", "depth", "dilation_growth_rate")
    levels = v.whole("levels", 2)
    ones = (1,) * levels
    return VQVAEConfig(
        sample_rate=v.whole("sr", 44100),
        downs=v.per_level("downs_t", ones, levels),
        strides=v.per_level("strides_t", ones, levels),
        emb_width=v.whole("emb_width"),
        codebook_size=v.whole("l_bins", 512),
        width=v.whole("width"),
        depth=v.whole("depth"),
        multipliers=v.per_level("hvqvae_multipliers", ones, levels),
        m_conv=v.number("m_conv", 1.0),
        dilation_growth=v.whole("dilation_growth_rate"),
        dilation_cycle=v.whole("dilation_cycle", None),
        reverse_decoder_dilation=v.flag("vqvae_reverse_decoder_dilation", True),
        codebook_decay=v.number("l_mu", 0.99),
        revival_threshold=v.number("revival_threshold", 1.0),
        losses=_losses(v),
    )


def _losses(v: Values) -> LossConfig:
    usual = LossConfig()
    return LossConfig(
        kind=str(v.hps.get("loss_fn", "l2")),
        l1=v.number("lmix_l1", 0.0),
        l2=v.number("lmix_l2", 0.0),
        linf=v.number("lmix_linf", 0.0),
        linf_k=v.whole("linf_k", usual.linf_k),
        commit=v.number("commit", 1.0),
        spectral=v.number("spectral", 0.0),
        multispectral=v.number("multispectral", 1.0),
        relative_spectral=not v.flag("use_nonrelative_specloss", True),
        n_ffts=v.wholes("multispec_loss_n_fft", usual.n_ffts),
        hops=v.wholes("multispec_loss_hop_length", usual.hops),
        windows=v.wholes("multispec_loss_window_size", usual.windows),
    )


def prior_config(hps: Mapping[str, Any], *, vqvae: VQVAEConfig | None = None) -> PriorConfig:
    """Read a prior's shape from released names.

    Parameters
    ----------
    hps
        Released names and values (`level`, `n_ctx`, `prior_width`, `prior_depth`, ...).
    vqvae
        The codec whose codes the prior writes; without it, `hps` must also carry `l_bins`,
        `downs_t` and `strides_t`. Where both speak, the codec is believed.

    Raises
    ------
    ConfigError
        If a name is unknown, a needed one missing, or a value not possible.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    v = Values(hps)
    v.require("level", "n_ctx", "prior_width", "prior_depth")
    if vqvae is None:
        v.require("l_bins", "downs_t", "strides_t")
    levels = vqvae.levels if vqvae else v.whole("levels", len(v.wholes("downs_t", ())))
    downs = vqvae.downs if vqvae else v.per_level("downs_t", (), levels)
    strides = vqvae.strides if vqvae else v.per_level("strides_t", (), levels)
    level = v.whole("level")
    if not 0 <= level < levels:
        raise ConfigError(must("level", level, f"from 0 to {levels - 1}"))
    top = level == levels - 1
    upper = None if top else _conditioner(v, downs[level + 1], strides[level + 1])
    return PriorConfig(
        level=level,
        n_ctx=v.whole("n_ctx"),
        codebook_size=vqvae.codebook_size if vqvae else v.whole("l_bins"),
        hop_length=hop_lengths(downs, strides)[level],
        sample_rate=v.whole("sr", vqvae.sample_rate if vqvae else 44100),
        transformer=_transformer(v, "prior_", ""),
        labels=_labels(v, timing=top),
        lyrics=_lyrics(v),
        conditioner=upper,
        merged_decoder=v.flag("merged_decoder", False),
        fp16_matrices=v.flag("fp16_params", False),
        hop_fraction=0.125 if top else 0.5,
        alignment_layer=v.whole("alignment_layer", None),
        alignment_head=v.whole("alignment_head", None),
    )


def _transformer(v: Values, sizes: str, rest: str) -> TransformerConfig:
    """One stack; the released names of sizes and of the rest differ in their prefix."""
    order = v.hps.get(rest + "attn_order")
    return TransformerConfig(
        width=v.whole(sizes + "width"),
        depth=v.whole(sizes + "depth"),
        heads=v.whole(rest + "heads", 1),
        attn_order=0 if order is None else v.whole(rest + "attn_order"),
        blocks=v.whole(rest + "blocks", None),
        spread=v.whole(rest + "spread", None),
        m_attn=v.number(rest + "m_attn", 0.25),
        m_mlp=v.number(rest + "m_mlp", 1.0),
        init_scale=v.number(rest + "init_scale", 1.0),
        res_scale=v.flag(rest + "res_scale", False),
        zero_out=v.flag(rest + "zero_out", False),
    )


def _conditioner(v: Values, down: int, stride: int) -> ConditionerConfig:
    return ConditionerConfig(
        down=down,
        stride=stride,
        width=v.whole("cond_width", 128),
        depth=v.whole("cond_depth", 3),
        m_conv=v.number("cond_m_conv", 1.0),
        dilation_growth=v.whole("cond_dilation_growth_rate", 1),
        dilation_cycle=v.whole("cond_dilation_cycle", None),
        res_scale=v.flag("cond_res_scale", False),
    )


def _labels(v: Values, *, timing: bool) -> LabelConfig | None:
    """Label tables; timing only where no level above tells the prior where it is."""
    if not v.flag("labels", True):
        return None
    bins = v.hps.get("y_bins")
    if not isinstance(bins, list | tuple) or len(bins) != 2:
        advice = "A prior without labels says labels=False."
        raise ConfigError(must("y_bins", bins, "two whole numbers: genres, artists", advice))
    bins = v.wholes("y_bins", ())
    v3 = v.flag("labels_v3", False)
    if timing:
        v.require("min_duration", "max_duration")
    return LabelConfig(
        version="v3" if v3 else "v2",
        n_genres=bins[0],
        n_artists=bins[1],
        max_genres=v.whole("max_bow_genre_size", 1 if v3 else 5),
        timing_bins=v.whole("t_bins", 64),
        min_duration=v.number("min_duration", 0.0),
        max_duration=v.number("max_duration", 600.0),
        timing=timing,
    )


def _lyrics(v: Values) -> LyricConfig | None:
    if not v.flag("use_tokens", False) or not v.whole("n_tokens", 0):
        return None
    single = v.flag("single_enc_dec", False)
    if not single:
        v.require("prime_width", "prime_depth")
    return LyricConfig(
        n_tokens=v.whole("n_tokens"),
        vocab_size=v.whole("n_vocab", 79 if v.flag("labels_v3", False) else 80),
        loss_fraction=v.number("prime_loss_fraction", 0.1),
        encoder=None if single else _transformer(v, "prime_", "prime_"),
    )
