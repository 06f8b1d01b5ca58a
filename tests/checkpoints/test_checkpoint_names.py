"""The table of names against the recorded contents of every released file."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from jukebox_edu import released
from jukebox_edu.checkpoints.names import canonical, prior_names, vqvae_names
from jukebox_edu.config import VQVAEConfig

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


def names_of(model):
    config = getattr(released, model)()
    return vqvae_names(config) if isinstance(config, VQVAEConfig) else prior_names(config)


def recorded(shared_folder, name):
    path = shared_folder / "spec" / "state_dicts" / name
    if not path.exists():
        pytest.skip(f"no {path}")
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)


@pytest.mark.parametrize("model", MODELS)
def test_released_names_are_exactly_those_of_the_file(model, shared_folder):
    tensors = recorded(shared_folder, f"{model}.json")["tensors"]
    names = [n.released for n in names_of(model)]
    assert len(names) == len(set(names))
    assert set(names) == set(tensors)


@pytest.mark.parametrize("model", MODELS)
def test_the_map_is_a_bijection(model):
    names = names_of(model)
    for kind in ("ours", "released", "port"):
        assert len({getattr(n, kind) for n in names}) == len(names)


@pytest.mark.parametrize("model", MODELS)
def test_canonical_changes_no_usual_name(model):
    for n in names_of(model):
        assert canonical(n.released) == n.released
        assert canonical("module." + n.released) == n.released


@pytest.mark.parametrize(
    "model", ["vqvae", "small_vqvae", "upsampler_level_0", "upsampler_level_1", "small_upsampler"]
)
def test_both_spellings_of_residual_stacks_are_understood(model):
    changed = 0
    for n in names_of(model):
        for one, other in (("blocks", "model"), ("model", "blocks")):
            spelled = re.sub(rf"\.{one}(\.\d+\.model\.[13]\.)", rf".{other}\1", n.released)
            changed += spelled != n.released
            assert canonical(spelled) == n.released
    assert changed > 50


@pytest.mark.parametrize(
    "model", ["vqvae", "upsampler_level_0", "upsampler_level_1", "prior_5b_lyrics",
              "prior_1b_lyrics"]
)  # fmt: skip
def test_names_of_the_port(model, shared_folder):
    expected = recorded(shared_folder, f"hf_name_map_{model}.json.gz")
    ours = {n.released: n.port for n in names_of(model)}
    prefixes = {expected[k].removesuffix(v) for k, v in ours.items()}
    assert prefixes <= {"", "vqvae.", "priors.0.", "priors.1.", "priors.2."}
    assert len(prefixes) == 1
    prefix = prefixes.pop()
    assert {k: prefix + v for k, v in ours.items()} == expected
