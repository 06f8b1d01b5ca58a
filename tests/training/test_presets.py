"""Presets: the shapes of the release, settings that make sense, and models that can be built."""

from __future__ import annotations

import json

import pytest

from jukebox_edu.checkpoints.filling import empty_model
from jukebox_edu.checkpoints.names import prior_names, vqvae_names
from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import ConfigError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training import presets
from jukebox_edu.training.presets import PRESETS, find_preset, for_songs
from jukebox_edu.vqvae.model import VQVAE

# (name of the record, preset, level; None: the codec)
RECORDS = [
    ("vqvae", "paper", None),
    ("upsampler_level_0", "paper", 0),
    ("upsampler_level_1", "paper", 1),
    ("prior_5b", "paper", 2),
    ("small_vqvae", "small_vqvae", None),
    ("small_prior", "small_prior", 1),
    ("small_upsampler", "small_upsampler", 0),
    ("small_labelled_prior", "small_labelled_prior", 2),
    ("small_single_enc_dec_prior", "small_single_enc_dec_prior", 2),
    ("small_sep_enc_dec_prior", "small_sep_enc_dec_prior", 2),
]


@pytest.mark.parametrize(("record", "name", "level"), RECORDS)
def test_shapes_are_those_of_the_release(record, name, level, shared_folder):
    """Also when the songs have fewer names than the tables have rows."""
    path = shared_folder / "spec" / "state_dicts" / f"{record}.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    expected = json.loads(path.read_text(encoding="utf-8"))["tensors"]
    preset = PRESETS[name]
    if level is None:
        module, names = empty_model(lambda: VQVAE(preset.vqvae)), vqvae_names(preset.vqvae)
    else:
        config = preset.prior(level, 3, 2)
        module, names = empty_model(lambda: Prior(config)), prior_names(config)
    state = module.state_dict()
    ours = {n.released: list(state[n.ours].shape) for n in names}
    assert ours == {key: shape for key, (shape, _) in expected.items()}


@pytest.mark.parametrize("name", list(PRESETS))
def test_codec_and_priors_of_a_preset_fit_together(name):
    preset = find_preset(name)
    hops = preset.vqvae.hop_lengths
    for level, prior in enumerate(preset.priors(4, 3)):
        if prior is None:
            continue
        assert (prior.level, prior.hop_length) == (level, hops[level])
        assert prior.codebook_size == preset.vqvae.codebook_size
        assert prior.sample_rate == preset.vqvae.sample_rate
        if prior.conditioner is not None:
            assert prior.conditioner.factor == hops[level + 1] // hops[level]
        training = preset.prior_training(level)
        patterns = empty_model(lambda: Prior(prior)).music.transformer.patterns  # noqa: B023
        assert all(patterns[layer] in (6, 7) for layer in training.aided_layers)
    for level in (None, *range(len(hops))):
        training = preset.codec_training(level)
        assert training.level == level
        assert training.shape(preset.vqvae).samples == training.clip


@pytest.mark.parametrize("make", [presets.tiny, presets.nano])
def test_our_own_models_are_whole_and_take_all_names(make):
    config = make("name-0", 7, 5)
    assert isinstance(config, ModelConfig)
    assert all((p.labels.n_artists, p.labels.n_genres) == (7, 5) for p in config.priors)
    assert config.priors[2].lyrics is not None


def test_nano_is_what_it_says():
    vqvae = presets.nano("nano", 2, 2).vqvae
    assert (vqvae.sample_rate, vqvae.hop_lengths) == (8000, (8, 32, 128))
    module = empty_model(lambda: VQVAE(vqvae))
    assert sum(p.numel() for p in module.parameters()) < 500_000


def test_the_bundled_model_is_trained_where_words_matter():
    """Every level has its steps; codes that others are written from are asked for phones."""
    codec = [presets.tiny_codec(level) for level in range(3)]
    prior = [presets.tiny_prior(level) for level in range(3)]
    assert all(t.steps > 0 for t in (*codec, *prior))
    assert codec[2].phone >= codec[1].phone > codec[0].phone == 0.0
    assert prior[2].phone > 0
    whole = presets.tiny_codec(None)
    assert (whole.steps, whole.phone) == (codec[2].steps, codec[2].phone)
    assert [t.aided_layers for t in prior[:2]] == [(), ()]
    assert prior[2].spelled > 0 == prior[0].spelled
    config = presets.tiny("name", 2, 2).priors[2]
    assert config.alignment_layer in prior[2].aided_layers
    assert set(presets.HEARD) == set(presets.PHONE) == {0, 1, 2} and min(presets.HEARD.values()) > 0


def test_effort_scales_the_listener():
    whole = presets.tiny_listener()
    assert presets.tiny_listener(0.5).steps == whole.steps // 2
    assert presets.tiny_listener(0.0).steps == 1
    vqvae = presets.tiny("name", 2, 2).vqvae
    assert whole.clip % vqvae.hop_lengths[-1] == 0


def test_durations_follow_the_songs():
    top = presets.tiny("name", 2, 2).priors[2]
    told = for_songs(top, 2.5, 200.0).labels
    assert told.min_duration == 2.5 and told.max_duration == pytest.approx(202.0)
    assert for_songs(top, 10.0, 20.0) == top
    low = presets.tiny("name", 2, 2).priors[0]
    assert for_songs(low, 0.1, 1000.0) == low


def test_unknown_presets_and_levels_are_named():
    with pytest.raises(ConfigError, match="preset='huge': must be one of nano, tiny, small_vqvae"):
        find_preset("huge")
    with pytest.raises(ConfigError, match=r"level=0: must be one of \[1\] for preset"):
        PRESETS["small_prior"].prior(0, 1, 1)
