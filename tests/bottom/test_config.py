"""Configurations check themselves, know what follows from them, and survive the way to JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu import config
from jukebox_edu.errors import ConfigError


def transformer(**changes: Any) -> config.TransformerConfig:
    return config.TransformerConfig(**{"width": 32, "depth": 2, "heads": 2, **changes})


def prior(level: int, **changes: Any) -> config.PriorConfig:
    hop = config.VQVAEConfig().hop_lengths[level]
    values: dict[str, Any] = {"level": level, "n_ctx": 64, "codebook_size": 16,
                              "hop_length": hop, "sample_rate": 44100,
                              "transformer": transformer(blocks=8)}  # fmt: skip
    return config.PriorConfig(**{**values, **changes})


def model() -> config.ModelConfig:
    lyrics = config.LyricConfig(n_tokens=16, encoder=transformer(attn_order=(0, 3)))
    priors = (
        prior(0, conditioner=config.ConditionerConfig(), labels=config.LabelConfig(timing=False)),
        prior(1, conditioner=config.ConditionerConfig()),
        prior(2, labels=config.LabelConfig(max_genres=5), lyrics=lyrics),
    )
    return config.ModelConfig("a", config.VQVAEConfig(), priors, licence="CC0-1.0")


def test_a_model_survives_the_way_to_json_and_back() -> None:
    before = model()
    text = json.dumps(config.to_json_dict(before))
    after = config.from_json_dict(config.ModelConfig, json.loads(text))
    assert after == before
    assert hash(after) == hash(before)  # tuples came back as tuples, all the way down


def test_unknown_and_missing_keys_are_named() -> None:
    data = config.to_json_dict(model())
    data["vqvae"]["tempo"] = 3
    with pytest.raises(ConfigError, match=r"VQVAEConfig=\['tempo'\].*newer version"):
        config.from_json_dict(config.ModelConfig, data)
    with pytest.raises(ConfigError, match="LyricConfig cannot be built from .*n_tokens"):
        config.from_json_dict(config.LyricConfig, {"vocab_size": 80})
    with pytest.raises(ConfigError, match="LyricConfig=7: must be a JSON object"):
        config.from_json_dict(config.LyricConfig, 7)


def test_values_from_json_are_checked_like_any_others() -> None:
    data = config.to_json_dict(config.VQVAEConfig())
    data["width"] = -4
    with pytest.raises(ConfigError, match="width=-4"):
        config.from_json_dict(config.VQVAEConfig, data)


def test_configurations_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        model().vqvae.width = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: config.LossConfig(kind="l3"), "kind='l3': must be one of"),
        (lambda: config.LossConfig(hops=(1,)), "n_ffts=.*as long as hops and windows"),
        (lambda: config.VQVAEConfig(width=0), "width=0: must be a positive whole number"),
        (lambda: config.VQVAEConfig(width=2.5), "width=2.5"),  # type: ignore[arg-type]
        (lambda: config.VQVAEConfig(strides=(2, 2)), r"strides=\(2, 2\): must be 3 positive"),
        (lambda: config.VQVAEConfig(codebook_decay=1.0), r"codebook_decay=1.0: must be in \(0, 1"),
        (lambda: transformer(heads=3), "heads=3: must be a divisor of .* 8. Change heads"),
        (lambda: transformer(attn_order=13), "attn_order=13: must be from 0 to 12"),
        (lambda: transformer(attn_order=(0,)), r"attn_order=\(0,\): must be 2 patterns"),
        (lambda: transformer(attn_order=(0, 8)), "2 patterns from 0 to 7"),
        (lambda: config.LabelConfig(version="v1"), "version='v1': must be one of"),
        (lambda: config.LabelConfig(min_duration=9, max_duration=9), "min_duration=9"),
        (lambda: config.LyricConfig(n_tokens=15), "n_tokens=15: must be even"),
        (lambda: config.LyricConfig(16, both_ways=True),
         "both_ways=True: must be False where there is no encoder"),
        (lambda: config.LyricConfig(16, ahead=-1), "ahead=-1: must be from 0 to 15 characters"),
        (lambda: config.LyricConfig(16, ahead=16), "ahead=16: must be from 0 to 15 characters"),
        (lambda: prior(0, n_ctx=0), "n_ctx=0"),
        (lambda: prior(0, hop_fraction=0), "hop_fraction=0"),
        (lambda: prior(0, n_ctx=60), "blocks=8: must be a divisor of the sequence length 60"),
        (lambda: prior(0, n_ctx=6, transformer=transformer(),
                       conditioner=config.ConditionerConfig()), "n_ctx=6: must be a multiple"),
        (lambda: dataclasses.replace(model(), priors=()), "priors=0: must be 3, one per level"),
        (lambda: dataclasses.replace(model(), priors=(prior(1),) * 3), r"priors\[0\].level=1"),
        (lambda: dataclasses.replace(model(), priors=(prior(0, hop_length=9), prior(1), prior(2))),
         r"priors\[0\].hop_length=9: must be 8"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(build: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build()


@given(st.integers(1, 64), st.integers(1, 50))
def test_lyrics_lengthen_the_sequence_only_in_the_single_design(half: int, n_ctx: int) -> None:
    lyrics = config.LyricConfig(n_tokens=2 * half)
    told = config.LabelConfig()
    single = prior(0, n_ctx=n_ctx, lyrics=lyrics, transformer=transformer(), labels=told)
    assert single.single_sequence and single.sequence_length == n_ctx + 2 * half
    separate = dataclasses.replace(
        single, lyrics=dataclasses.replace(lyrics, encoder=transformer())
    )
    assert not separate.single_sequence and separate.sequence_length == n_ctx
    assert single.window_samples == separate.window_samples == n_ctx * single.hop_length


def test_lyrics_need_labels() -> None:
    with pytest.raises(ConfigError, match="labels=None: must be set where there are lyrics"):
        prior(0, lyrics=config.LyricConfig(n_tokens=2))


def test_the_default_codec_is_the_released_one() -> None:
    codec = config.VQVAEConfig()
    assert codec.levels == 3 and codec.hop_lengths == (8, 32, 128)
    assert config.ConditionerConfig(down=3, stride=4).factor == 64
