"""Released files in both containers become models whose numbers are those of the files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from jukebox_edu.checkpoints import load_openai_prior, load_openai_vqvae, prior_config
from jukebox_edu.checkpoints.names import canonical, prior_names, vqvae_names
from jukebox_edu.errors import CheckpointError, ConfigError

CODECS = ["vqvae_tiny", "vqvae_2level"]
PRIORS = [
    "prior_tiny_nolabels",
    "prior_tiny_nolyrics",
    "prior_tiny_sepencdec",
    "prior_tiny_sepencdec_order8",
    "prior_tiny_singleencdec",
    "upsampler_l0_tiny",
    "upsampler_l1_tiny",
    "upsampler_tiny_nolabels",
]


def path_of(case):
    names = [n for n, entry in case.manifest["files"].items() if entry["kind"] == "checkpoint"]
    return case.folder / names[0]


def hparams_of(case):
    """The released names of a golden prior, the codec's included."""
    config = case.manifest["config"]
    codec = {k: config["vqvae"][k] for k in ("downs_t", "strides_t", "levels", "l_bins")}
    return {**config["hps"], **codec}


def load(case):
    if "l_bins" not in case.manifest["config"]:
        return load_openai_vqvae(path_of(case), case.manifest["config"]["hps"])
    return load_openai_prior(path_of(case), hparams_of(case))


def same_network(a, b):
    """Equal configurations, initial scales apart: golden manifests do not list them all."""
    plain = [dataclasses.asdict(c) for c in (a, b)]
    for config in plain:
        encoder = (config.get("lyrics") or {}).get("encoder")
        if encoder:
            encoder.pop("init_scale")
    return plain[0] == plain[1]


@pytest.mark.parametrize("name", CODECS + PRIORS)
def test_every_number_arrives_in_its_place(name, golden):
    case = golden(name)
    model = load(case)
    table = vqvae_names if name in CODECS else prior_names
    state = model.state_dict()
    reference = torch.load(path_of(case), map_location="cpu", weights_only=True)["model"]
    reference = {canonical(k): v for k, v in reference.items()}
    assert {n.released for n in table(model.config)} == set(reference)
    for n in table(model.config):
        assert state[n.ours].dtype == torch.float32
        assert torch.equal(state[n.ours], reference[n.released].float()), n


@pytest.mark.parametrize("name", CODECS + PRIORS)
def test_loaded_models_are_frozen_and_whole(name, golden):
    model = load(golden(name))
    assert not any(part.training for part in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    assert not any(t.is_meta for t in [*model.parameters(), *model.buffers()])


@pytest.mark.parametrize("name", PRIORS)
def test_head_is_shared_where_the_release_shares_it(name, golden):
    model = load(golden(name))
    shared = model.music.output.weight is model.music.token_embedding.weight
    assert shared != model.config.merged_decoder


@pytest.mark.parametrize("name", PRIORS)
def test_configuration_says_what_the_manifest_says(name, golden):
    case = golden(name)
    model, facts = load(case), case.manifest["config"]
    assert list(model.music.transformer.patterns) == facts["attn_funcs"]
    assert model.config.hop_length == facts["raw_to_tokens"]
    assert model.config.codebook_size == facts["l_bins"]
    assert model.config.n_ctx == facts["z_shapes"][model.config.level][0]


@pytest.mark.parametrize("name", PRIORS)
def test_every_way_of_giving_hparams_agrees(name, golden):
    case = golden(name)
    given = load(case).config
    path, hps = path_of(case), case.manifest["config"]["hps"]
    assert same_network(given, load_openai_prior(path).config)
    assert same_network(given, load_openai_prior(path, hps).config)
    assert same_network(given, load_openai_prior(path, given).config)
    assert same_network(given, prior_config(hparams_of(case)))


def test_prior_follows_the_codec_it_is_given(golden):
    codec = load(golden("vqvae_tiny"))
    case = golden("prior_tiny_sepencdec")
    wrong = {**hparams_of(case), "l_bins": 2048}
    for vqvae in (codec, codec.config):
        prior = load_openai_prior(path_of(case), wrong, vqvae)
        assert prior.config.codebook_size == codec.config.codebook_size


def test_prior_shape_that_does_not_fit_the_codec_is_refused(golden):
    codec = load(golden("vqvae_2level"))
    case = golden("upsampler_l0_tiny")
    config = load(case).config
    with pytest.raises(ConfigError, match="trained with"):
        load_openai_prior(path_of(case), config, codec)


@pytest.mark.parametrize("name", CODECS)
def test_codes_and_sound_of_a_loaded_codec(name, golden):
    case = golden(name)
    model = load(case)
    tag = next(k for k in ("audio", "x", "x_in") if k in case.arrays)
    audio = case.tensor(tag).reshape(case.manifest["config"]["batch"], -1)
    codes = model.encode(audio)
    for level, mine in enumerate(codes):
        assert torch.equal(mine, case.tensor(f"z_l{level}").long())
        decoded = case.arrays[f"dec_l{level}"].reshape(len(audio), -1)
        np.testing.assert_allclose(model.decode(codes, level), decoded, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("name", PRIORS)
def test_logits_of_a_loaded_prior(name, golden):
    case = golden(name)
    model = load(case)
    upper = case.tensor("z_cond0").long() if "z_cond0" in case.arrays else None
    labels = case.tensor("y").long() if model.config.labels else None
    with torch.no_grad():
        logits = model.logits(case.tensor("z").long(), upper, labels)
    expected = case.arrays["logits"][:, -model.config.n_ctx :, model.first_code :]
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=2e-3)


def test_half_precision_concerns_the_matrices_only(golden):
    case = golden("prior_tiny_sepencdec")
    model = load_openai_prior(path_of(case), hparams_of(case), dtype=torch.float16)
    stored = torch.load(path_of(case), map_location="cpu", weights_only=True)["model"]
    for n in prior_names(model.config):
        tensor = model.state_dict()[n.ours]
        assert tensor.dtype == stored[n.released].dtype
        assert torch.equal(tensor, stored[n.released])


def test_loaded_numbers_do_not_depend_on_the_file(golden, tmp_path):
    case = golden("vqvae_tiny")
    copy = tmp_path / "copy.pth.tar"
    copy.write_bytes(path_of(case).read_bytes())
    model = load_openai_vqvae(copy)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    copy.write_bytes(bytes(copy.stat().st_size))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize("infix", ["blocks", "model"])
def test_conditioner_is_read_under_both_names_of_its_stacks(infix, golden, tmp_path):
    case = golden("upsampler_l1_tiny")
    content = torch.load(path_of(case), map_location="cpu", weights_only=True)
    content["model"] = {k.replace(".blocks.", f".{infix}."): v for k, v in content["model"].items()}
    torch.save(content, tmp_path / "prior.pth.tar")
    first, second = load(case), load_openai_prior(tmp_path / "prior.pth.tar", hparams_of(case))
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_wrong_kind_of_model_is_named(golden):
    codec, prior = golden("vqvae_tiny"), golden("prior_tiny_nolabels")
    with pytest.raises(CheckpointError, match="holds a codec, not a prior. Use load_openai_vqvae"):
        load_openai_prior(path_of(codec))
    with pytest.raises(CheckpointError, match="holds a prior, not a codec. Use load_openai_prior"):
        load_openai_vqvae(path_of(prior))


def test_file_without_options_asks_for_hparams(golden, tmp_path):
    case = golden("prior_tiny_nolabels")
    content = torch.load(path_of(case), map_location="cpu", weights_only=True)
    path = tmp_path / "bare.pth.tar"
    torch.save({"model": content["model"], "step": 0}, path)
    with pytest.raises(ConfigError, match="Give hparams"):
        load_openai_prior(path)
    assert load_openai_prior(path, hparams_of(case)).config.n_ctx == 48


def test_tied_head_that_differs_is_refused(golden, tmp_path):
    case = golden("prior_tiny_nolabels")
    content = torch.load(path_of(case), map_location="cpu", weights_only=True)
    content["model"]["prior.x_out.weight"] += 1
    torch.save(content, tmp_path / "p.pth.tar")
    with pytest.raises(CheckpointError, match="merged_decoder=True"):
        load_openai_prior(tmp_path / "p.pth.tar", hparams_of(case))
