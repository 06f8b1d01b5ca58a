"""Our models, built without memory, against the recorded shapes and dtypes of every file."""

from __future__ import annotations

import json

import pytest

from jukebox_edu import released
from jukebox_edu.checkpoints.filling import empty_model, matrix_names
from jukebox_edu.checkpoints.names import prior_names, vqvae_names
from jukebox_edu.config import VQVAEConfig
from jukebox_edu.prior.prior import Prior
from jukebox_edu.vqvae.model import VQVAE

MODELS = [
    "vqvae",
    "upsampler_level_0",
    "upsampler_level_1",
    "prior_5b",
    "prior_5b_lyrics",
    "prior_1b_lyrics",
    "small_vqvae",
    "small_prior",
    "small_labelled_prior",
    "small_single_enc_dec_prior",
    "small_sep_enc_dec_prior",
    "small_upsampler",
]


def built(config):
    """An empty model and the name table of its configuration."""
    if isinstance(config, VQVAEConfig):
        return empty_model(lambda: VQVAE(config)), vqvae_names(config)
    return empty_model(lambda: Prior(config)), prior_names(config)


def record(shared_folder, model):
    path = shared_folder / "spec" / "state_dicts" / f"{model}.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("model", MODELS)
def test_names_shapes_and_dtypes_of_the_file(model, shared_folder):
    expected = record(shared_folder, model)
    config = getattr(released, model)()
    module, names = built(config)
    state, half = module.state_dict(), matrix_names(module)
    fp16 = getattr(config, "fp16_matrices", False)
    ours = {
        n.released: [
            list(state[n.ours].shape),
            "float16" if fp16 and n.ours in half else "float32",
        ]
        for n in names
    }
    assert ours == expected["tensors"]
    assert {n.ours for n in names} == set(state)


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_counted_as_published(model, shared_folder):
    expected = record(shared_folder, model)
    module, names = built(getattr(released, model)())
    assert sum(p.numel() for p in module.parameters()) == expected["parameters_unique"]
    assert len(names) == expected["n_entries"]
    if "raw_to_tokens" in expected:
        assert module.config.hop_length == expected["raw_to_tokens"]
        assert module.config.window_samples == expected["sample_length"]


def test_nothing_is_allocated_for_an_empty_model():
    model = empty_model(lambda: VQVAE(released.vqvae()))
    assert all(t.is_meta for t in [*model.parameters(), *model.buffers()])
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
