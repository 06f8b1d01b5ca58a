"""From the configuration of Hugging Face's port to ours.

What
    The port describes a model by one `config.json`: a codec, and priors from the *top* down. A
    folder that we wrote has our own configuration in the same file, under the key "jukebox_edu",
    which the port passes over; elsewhere the port's names are translated. `port_description.py`
    goes the other way.
Conventions
    What the port's names leave open (which rules clean the lyrics) follows from the sizes: one
    genre a song means "v3", several mean "v2".
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jukebox_edu.checkpoints.folder import checked_name
from jukebox_edu.checkpoints.limits import refuse_absurd
from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
    from_json_dict,
)
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.units import hop_lengths

OWN_KEY = "jukebox_edu"
#: Attention orders the port has names for.
ORDERS = {
    2: "raw_column_previous_row_attention",
    10: "large_separated_enc_dec_w_lyrics",
    12: "enc_dec_with_lyrics",
}
# What the port leaves out of its files, because it is the default there.
_CODEC_DEFAULTS: dict[str, Any] = {
    "embed_dim": 64,
    "nb_discrete_codes": 2048,
    "res_downs_t": (3, 2, 2),
    "res_strides_t": (2, 2, 2),
    "res_conv_width": 32,
    "res_conv_depth": 4,
    "multipliers": (2, 1, 1),
    "res_convolution_multiplier": 1,
    "res_dilation_growth_rate": 3,
}
_PRIOR_DEFAULTS: dict[str, Any] = {
    "alignment_head": 2,
    "alignment_layer": 68,
    "attention_multiplier": 0.25,
    "attention_pattern": ORDERS[12],
    "attn_res_scale": False,
    "blocks": 64,
    "conv_res_scale": None,
    "encoder_loss_fraction": 0.4,
    "hidden_size": 2048,
    "init_scale": 0.2,
    "is_encoder_decoder": False,
    "lyric_vocab_size": 80,
    "max_duration": 600,
    "max_nb_genres": 1,
    "merged_decoder": True,
    "metadata_dims": (604, 7898),
    "min_duration": 0,
    "mlp_multiplier": 1.0,
    "music_vocab_size": 2048,
    "n_ctx": 6144,
    "n_heads": 2,
    "nb_relevant_lyric_tokens": 384,
    "num_layers": 72,
    "res_conv_depth": 3,
    "res_conv_width": 128,
    "res_convolution_multiplier": 1,
    "res_dilation_growth_rate": 1,
    "timing_dims": 64,
    "zero_out": False,
}
_ORDER_OF = {name: order for order, name in ORDERS.items()}


def read_port_config(data: Any) -> ModelConfig:
    """Our configuration of a model, from the port's `config.json`.

    Raises
    ------
    CheckpointError
        If it is not such a configuration, or says something that is not possible.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    try:
        refuse_absurd(data)
        if OWN_KEY in data:
            config: ModelConfig = from_json_dict(ModelConfig, data[OWN_KEY])
        else:
            config = _translated(data)
        checked_name(config.name)
        return config
    except Exception as error:  # a value of the wrong kind can fail anywhere in the dataclasses
        raise CheckpointError(
            f"config.json does not describe a Jukebox of the port: {str(error)[:300]}. The "
            "released models are recognized without it: is a file of weights missing?"
        ) from None


def _translated(data: Mapping[str, Any]) -> ModelConfig:
    codec = _codec(_CODEC_DEFAULTS | data["vqvae_config"], int(data.get("sampling_rate", 44100)))
    priors = data["prior_config_list"]
    levels = len(priors)
    if levels != codec.levels:
        raise ConfigError(must("len(prior_config_list)", levels, f"{codec.levels}"))
    from_the_top = [
        _prior(p, levels - 1 - i, codec) for i, p in enumerate(map(_whole_prior, priors))
    ]
    return ModelConfig("port", codec, tuple(from_the_top[::-1]))


def _whole_prior(port: Mapping[str, Any]) -> dict[str, Any]:
    """A prior's entry with the defaults it leaves out, its encoder's included."""
    whole = _PRIOR_DEFAULTS | dict(port)
    if whole.get("encoder_config"):
        whole["encoder_config"] = _PRIOR_DEFAULTS | whole["encoder_config"]
    return whole


def _codec(port: Mapping[str, Any], sample_rate: int) -> VQVAEConfig:
    return VQVAEConfig(
        sample_rate=sample_rate,
        downs=tuple(port["res_downs_t"]),
        strides=tuple(port["res_strides_t"]),
        emb_width=port["embed_dim"],
        codebook_size=port["nb_discrete_codes"],
        width=port["res_conv_width"],
        depth=port["res_conv_depth"],
        multipliers=tuple(port["multipliers"]),
        m_conv=float(port["res_convolution_multiplier"]),
        dilation_growth=port["res_dilation_growth_rate"],
        dilation_cycle=port.get("res_dilation_cycle"),
    )


def _prior(port: Mapping[str, Any], level: int, codec: VQVAEConfig) -> PriorConfig:
    top = level == codec.levels - 1
    genres, artists = port["metadata_dims"]
    labels = LabelConfig(
        version="v3" if port["max_nb_genres"] == 1 else "v2",
        n_genres=genres,
        n_artists=artists,
        max_genres=port["max_nb_genres"],
        timing_bins=port["timing_dims"],
        min_duration=float(port["min_duration"]) if top else 0.0,
        max_duration=float(port["max_duration"]),
        timing=top,
    )
    return PriorConfig(
        level=level,
        n_ctx=port["n_ctx"],
        codebook_size=port["music_vocab_size"],
        hop_length=hop_lengths(codec.downs, codec.strides)[level],
        sample_rate=codec.sample_rate,
        transformer=_transformer(port),
        labels=labels if port.get("metadata_conditioning", True) else None,
        lyrics=_lyrics(port),
        conditioner=None if top else _conditioner(port, level, codec),
        merged_decoder=bool(port["merged_decoder"]),
        hop_fraction=0.125 if top else 0.5,
        alignment_layer=port.get("alignment_layer"),
        alignment_head=port.get("alignment_head"),
    )


def _transformer(port: Mapping[str, Any]) -> TransformerConfig:
    order = port["attention_pattern"]
    if order not in _ORDER_OF:
        raise ConfigError(must("attention_pattern", order, f"one of {tuple(_ORDER_OF)}"))
    return TransformerConfig(
        width=port["hidden_size"],
        depth=port["num_layers"],
        heads=port["n_heads"],
        attn_order=_ORDER_OF[order],
        blocks=port["blocks"],
        spread=port.get("spread"),
        m_attn=float(port["attention_multiplier"]),
        m_mlp=float(port["mlp_multiplier"]),
        init_scale=float(port["init_scale"]),
        res_scale=bool(port["attn_res_scale"]),
        zero_out=bool(port["zero_out"]),
    )


def _lyrics(port: Mapping[str, Any]) -> LyricConfig | None:
    if not port["nb_relevant_lyric_tokens"]:
        return None
    single = bool(port["is_encoder_decoder"])
    return LyricConfig(
        n_tokens=port["nb_relevant_lyric_tokens"],
        vocab_size=port["lyric_vocab_size"],
        loss_fraction=float(port["encoder_loss_fraction"]),
        encoder=None if single else _transformer(port["encoder_config"]),
    )


def _conditioner(port: Mapping[str, Any], level: int, codec: VQVAEConfig) -> ConditionerConfig:
    return ConditionerConfig(
        down=codec.downs[level + 1],
        stride=codec.strides[level + 1],
        width=port["res_conv_width"],
        depth=port["res_conv_depth"],
        m_conv=float(port["res_convolution_multiplier"]),
        dilation_growth=port["res_dilation_growth_rate"],
        dilation_cycle=port.get("res_dilation_cycle"),
        res_scale=bool(port["conv_res_scale"]),
    )
