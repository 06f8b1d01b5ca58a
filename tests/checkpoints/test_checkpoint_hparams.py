"""Released hyper-parameters become configurations, or errors that name the culprit."""

from __future__ import annotations

import dataclasses

import pytest

from jukebox_edu import released
from jukebox_edu.checkpoints import prior_config, vqvae_config
from jukebox_edu.config import ModelConfig, from_json_dict, to_json_dict
from jukebox_edu.errors import ConfigError

CODEC = {
    "levels": 3,
    "downs_t": [3, 2, 2],
    "strides_t": [2, 2, 2],
    "hvqvae_multipliers": [2, 1, 1],
    "emb_width": 64,
    "l_bins": 2048,
    "l_mu": 0.99,
    "width": 32,
    "depth": 4,
    "dilation_growth_rate": 3,
    "commit": 0.02,
    "loss_fn": "lmix",
    "lmix_l2": 1.0,
    "lmix_linf": 0.02,
}
PRIOR = {
    "level": 2,
    "l_bins": 2048,
    "downs_t": (3, 2, 2),
    "strides_t": (2, 2, 2),
    "n_ctx": 6144,
    "prior_width": 2048,
    "prior_depth": 72,
    "heads": 2,
    "attn_order": 12,
    "blocks": 64,
    "init_scale": 0.2,
    "labels_v3": True,
    "y_bins": (604, 7898),
    "min_duration": 17.84,
    "max_duration": 600.0,
    "use_tokens": True,
    "single_enc_dec": True,
    "n_tokens": 384,
    "n_vocab": 79,
    "prime_loss_fraction": 0.4,
    "alignment_layer": 63,
    "alignment_head": 0,
}


def test_released_codec():
    assert vqvae_config(CODEC) == released.vqvae()


def test_released_1b_prior():
    assert prior_config(PRIOR) == released.prior_1b_lyrics()
    without = {k: v for k, v in PRIOR.items() if k not in ("l_bins", "downs_t", "strides_t")}
    assert prior_config(without, vqvae=released.vqvae()) == released.prior_1b_lyrics()


def test_released_upsampler_takes_the_conditioner_from_the_level_above():
    hps = {
        **{k: PRIOR[k] for k in ("l_bins", "downs_t", "strides_t")},
        "level": 1,
        "n_ctx": 8192,
        "prior_width": 1920,
        "prior_depth": 72,
        "attn_order": 2,
        "blocks": 128,
        "init_scale": 0.4,
        "y_bins": (120, 4111),
        "cond_width": 1024,
        "cond_depth": 16,
        "cond_dilation_growth_rate": 3,
        "cond_dilation_cycle": 8,
        "cond_res_scale": True,
    }
    assert prior_config(hps) == released.upsampler_level_1()


def test_training_options_are_passed_over_and_unknown_names_are_not():
    assert vqvae_config({**CODEC, "lr": 1e-3, "bs": 4, "name": "x"}) == released.vqvae()
    with pytest.raises(ConfigError, match="'dephts'.*known released names only"):
        vqvae_config({**CODEC, "dephts": 4})


def test_documented_defaults():
    few = {"emb_width": 8, "width": 4, "depth": 1, "dilation_growth_rate": 1}
    config = vqvae_config(few)
    assert (config.levels, config.downs, config.codebook_size) == (2, (1, 1), 512)
    assert (config.losses.commit, config.revival_threshold) == (1.0, 1.0)
    assert config.reverse_decoder_dilation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": None}, r"given \['width'\] too"),
        ({"width": "32"}, "width='32': must be a whole number"),
        ({"m_conv": float("nan")}, "m_conv=nan: must be a finite number"),
        ({"downs_t": (3, 2)}, "downs_t=.*3 numbers above 0, one per level"),
        ({"strides_t": "222"}, "strides_t='222'"),
        ({"use_bottleneck": False}, "use_bottleneck=False: must be True"),
        ({"loss_fn": "l3"}, "kind='l3'"),
        ({"depth": 10**6}, "depth=1000000: must be at most"),
    ],
)
def test_codec_values_that_cannot_be(change, message):
    with pytest.raises(ConfigError, match=message):
        vqvae_config({**CODEC, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": 3}, "level=3: must be from 0 to 2"),
        ({"l_bins": None}, r"given \['l_bins'\] too"),
        ({"min_duration": None}, r"given \['min_duration'\] too"),
        ({"y_bins": None}, "y_bins=None.*says labels=False"),
        ({"y_bins": (1, 2, 3)}, "genres, artists"),
        ({"pos_init": True}, "pos_init=True: must be False"),
        ({"blocks": 100}, "blocks=100: must be a divisor"),
        ({"heads": 2.5}, "heads=2.5: must be a whole number"),
        ({"labels_v3": "yes"}, "labels_v3='yes': must be True or False"),
        ({"single_enc_dec": False}, r"given \['prime_width', 'prime_depth'\] too"),
        ({"n_tokens": 383}, "n_tokens=383"),
    ],
)
def test_prior_values_that_cannot_be(change, message):
    with pytest.raises(ConfigError, match=message):
        prior_config({**PRIOR, **change})


def test_not_a_mapping():
    with pytest.raises(ConfigError, match="hparams=.*mapping"):
        vqvae_config([("width", 32)])


@pytest.mark.parametrize("name", list(released.MODEL_SETS))
def test_model_sets_fit_together_and_survive_json(name):
    config = released.MODEL_SETS[name]
    assert config.name == name
    assert from_json_dict(ModelConfig, to_json_dict(config)) == config
    assert [p.hop_fraction for p in config.priors] == [0.5, 0.5, 0.125]
    assert [p.hop_length for p in config.priors] == [8, 32, 128]
    assert {p.temperature for p in config.priors} == {0.99}


def test_the_top_levels_differ_as_published():
    top = {name: config.priors[2] for name, config in released.MODEL_SETS.items()}
    assert (top["5b_lyrics"].alignment_layer, top["5b_lyrics"].alignment_head) == (68, 2)
    assert (top["1b_lyrics"].alignment_layer, top["1b_lyrics"].alignment_head) == (63, 0)
    assert top["5b"].lyrics is None and top["1b_lyrics"].single_sequence
    assert top["1b_lyrics"].sequence_length == 6528
    levels = [dataclasses.asdict(p.conditioner)["res_scale"] for p in
              released.MODEL_SETS["5b"].priors[:2]]  # fmt: skip
    assert levels == [False, True]
