"""Shared by the tests of this folder: a tiny model of the released kind, saved."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for released_like


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """No test sees, or writes to, the cache folder of whoever runs it."""
    monkeypatch.setenv("JUKEBOX_EDU_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def made(tmp_path):
    """Return `made(single_sequence) -> folder` with a model folder of ours."""
    import torch
    from released_like import NAMES, model

    from jukebox_edu.checkpoints import save_model

    def make(single_sequence=True, seed=0):
        config, vqvae, priors = model(single_sequence, seed)
        folder = tmp_path / f"model-{single_sequence}-{seed}"
        return save_model(folder, config, vqvae, priors, known_names=NAMES, dtype=torch.float32)

    return make
