"""A model folder gives back what was put in, and nothing else is believed."""

from __future__ import annotations

import dataclasses
import json
import struct

import pytest
import torch

from jukebox_edu.checkpoints import (
    KnownNames,
    load_known_names,
    load_model_config,
    load_prior,
    load_vqvae,
    save_model,
)
from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LyricConfig,
    ModelConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.errors import CheckpointError, ConfigError, JukeboxError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

NAMES = KnownNames(("Ana", "Bo", "Ünal"), ("waltz", "blues"))


def tiny_config():
    codec = VQVAEConfig(
        sample_rate=8000, downs=(1, 2), strides=(2, 2), emb_width=4, codebook_size=8, width=4,
        depth=1, multipliers=(1, 1),
    )  # fmt: skip
    stack = TransformerConfig(width=8, depth=3, heads=1, attn_order=2, blocks=4)
    labels = LabelConfig(version="tiny", n_genres=2, n_artists=3, max_duration=60.0)
    bottom = PriorConfig(
        level=0, n_ctx=16, codebook_size=8, hop_length=2, sample_rate=8000, transformer=stack,
        labels=dataclasses.replace(labels, timing=False),
        conditioner=ConditionerConfig(down=2, stride=2, width=4, depth=1),
    )  # fmt: skip
    top = PriorConfig(
        level=1, n_ctx=16, codebook_size=8, hop_length=8, sample_rate=8000,
        transformer=dataclasses.replace(stack, depth=4, attn_order=6), labels=labels,
        lyrics=LyricConfig(n_tokens=8, encoder=dataclasses.replace(stack, depth=2)),
        merged_decoder=True,
    )  # fmt: skip
    return ModelConfig(name="test-1", vqvae=codec, priors=(bottom, top), licence="CC0-1.0")


def tiny_model(seed=0):
    torch.manual_seed(seed)
    config = tiny_config()
    vqvae, priors = VQVAE(config.vqvae), [Prior(p) for p in config.priors]
    for codebook in vqvae.bottleneck.codebooks:
        codebook.vectors.normal_()
    return config, vqvae, priors


@pytest.fixture
def saved(tmp_path):
    config, vqvae, priors = tiny_model()
    folder = tmp_path / "model"
    save_model(folder, config, vqvae, priors, known_names=NAMES, dtype=torch.float32)
    return folder


def equal(a, b, through=torch.float32):
    first, second = a.state_dict(), b.state_dict()
    assert first.keys() == second.keys()
    return all(torch.equal(first[k].to(through).float(), second[k].float()) for k in first)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_round_trip(tmp_path, dtype):
    config, vqvae, priors = tiny_model()
    save_model(tmp_path, config, vqvae, priors, known_names=NAMES, dtype=dtype)
    assert load_model_config(tmp_path) == config
    assert load_known_names(tmp_path) == NAMES
    loaded = [load_vqvae(tmp_path), *(load_prior(tmp_path, level) for level in (0, 1))]
    for mine, theirs in zip([vqvae, *priors], loaded, strict=True):
        assert equal(mine, theirs, dtype)
        assert theirs.config == mine.config
        assert {t.dtype for t in theirs.state_dict().values()} == {torch.float32}
        assert not theirs.training and not any(p.requires_grad for p in theirs.parameters())
    assert {p.name for p in tmp_path.iterdir()} == {
        "config.json", "vqvae.safetensors", "prior_0.safetensors", "prior_1.safetensors",
        "artists.json", "genres.json",
    }  # fmt: skip


def test_shared_head_is_kept_shared(saved):
    bottom, top = load_prior(saved, 0), load_prior(saved, 1)
    assert bottom.music.output.weight is bottom.music.token_embedding.weight
    assert top.music.output.weight is not top.music.token_embedding.weight


def test_half_precision_concerns_matrices_only(saved):
    prior = load_prior(saved, 1, dtype=torch.float16)
    half = {n for n, p in prior.named_parameters() if p.dtype == torch.float16}
    assert "music.transformer.layers.0.mlp.up.weight" in half
    assert "lyric_encoder.project.weight" in half
    assert not any(n.endswith("bias") or "embedding" in n or "norm" in n for n in half)


def test_saving_twice_replaces_and_a_failed_save_leaves_the_old(saved):
    config, vqvae, priors = tiny_model(seed=1)
    save_model(saved, config, vqvae, priors, dtype=torch.float32)
    assert equal(vqvae, load_vqvae(saved))
    before = {p.name: p.read_bytes() for p in saved.iterdir()}
    with torch.no_grad():
        priors[1].music.position_embedding.fill_(1e6)
    with pytest.raises(CheckpointError, match="music.position_embedding.*not finite in torch.fl"):
        save_model(saved, config, vqvae, priors)
    assert {p.name: p.read_bytes() for p in saved.iterdir()} == before


def test_parts_that_do_not_belong_together(tmp_path):
    config, vqvae, priors = tiny_model()
    for bad, message in [
        (dataclasses.replace(config, name="../x"), "name='../x'"),
        (dataclasses.replace(config, name="a/b"), "name='a/b'"),
        (dataclasses.replace(config, name=""), "name=''"),
        (dataclasses.replace(config, vqvae=dataclasses.replace(config.vqvae, width=8)), "vqvae"),
    ]:
        with pytest.raises(ConfigError, match=message):
            save_model(tmp_path, bad, vqvae, priors)
    with pytest.raises(ConfigError, match="priors="):
        save_model(tmp_path, config, vqvae, priors[::-1])
    with pytest.raises(ConfigError, match=r"len\(artists\)=1: must be 3"):
        save_model(tmp_path, config, vqvae, priors, known_names=KnownNames(("Ana",)))
    with pytest.raises(ConfigError, match="dtype=torch.int8"):
        save_model(tmp_path, config, vqvae, priors, dtype=torch.int8)
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    config, vqvae, priors = tiny_model()
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_model(tmp_path / "file", config, vqvae, priors)


def test_no_folder_and_no_level(tmp_path, saved):
    with pytest.raises(CheckpointError, match="no config.json in"):
        load_model_config(tmp_path / "nowhere")
    for level in (2, -1, True, "0"):
        with pytest.raises(ConfigError, match="level="):
            load_prior(saved, level)
    (saved / "prior_1.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no file .*prior_1.safetensors"):
        load_prior(saved, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 3}, "format_version 3"),
        ({"format_version": True}, "format_version True"),
        ({"vqvae": None}, "codec"),
        ({"format_version": 2, "priors": [None, 7]}, r"priors\[1\]"),
        ({"format_version": 2, "vqvae": 7, "priors": [None, None]}, "vqvae=7"),
        ({"format_version": None}, "format_version None"),
        ({"name": "../../etc"}, "name="),
        ({"name": "/etc"}, "name="),
        ({"name": 3}, "name=3"),
        ({"surprise": 1}, "surprise"),
        ({"priors": []}, "one per level"),
        ({"priors": 7}, "does not describe a model"),
        ({"vqvae": {"downs": [10**9, 2]}}, "at most 16"),
        ({"vqvae": {"depth": 10**9}}, "at most 1000"),
        ({"vqvae": {"codebook_size": 10**15}}, "at most"),
        ({"vqvae": {"downs": "ab"}}, "does not describe a model"),
        ({"vqvae": []}, "does not describe a model"),
    ],
)
def test_configurations_that_are_not_believed(saved, change, message):
    data = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    for key, value in change.items():
        merge = isinstance(value, dict)
        data[key] = {**data[key], **value} if merge else value
    (saved / "config.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        load_vqvae(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\x00", "NaN", '"x"'])
def test_configurations_that_are_no_json(saved, text):
    (saved / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match="JSON|JSON object"):
        load_model_config(saved)


def test_other_shapes_than_the_weights(saved):
    data = json.loads((saved / "config.json").read_text(encoding="utf-8"))
    data["vqvae"]["width"] = 8
    (saved / "config.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CheckpointError, match="must have"):
        load_vqvae(saved)


def test_broken_weights(saved):
    path = saved / "vqvae.safetensors"
    data = path.read_bytes()
    for broken in (b"", b"x", data[:20], data[: len(data) // 2], data[:-1], data + b"x",
                   struct.pack("<Q", 2**60) + data[8:], b"\x80\x02}." * 100):  # fmt: skip
        path.write_bytes(broken)
        with pytest.raises(CheckpointError, match="damaged or no safetensors file"):
            load_vqvae(saved)
    path.write_bytes((saved / "prior_0.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="lacks"):
        load_vqvae(saved)


def test_weights_that_are_not_finite(saved):
    from safetensors.torch import load_file, save_file

    tensors = load_file(saved / "vqvae.safetensors")
    for value in (float("nan"), float("inf")):
        tensors["decoders.0.out.bias"][:] = value
        save_file(tensors, saved / "vqvae.safetensors")
        with pytest.raises(CheckpointError, match="decoders.0.out.bias.*not finite"):
            load_vqvae(saved)


def test_names_that_are_no_names(saved):
    for text in ("{}", "[1]", "[", '"x"'):
        (saved / "genres.json").write_text(text, encoding="utf-8")
        with pytest.raises(JukeboxError, match="genres.json"):
            load_known_names(saved)
    (saved / "genres.json").unlink()
    assert load_known_names(saved).genres == ()
