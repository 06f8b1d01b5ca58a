"""Shared by the tests of this folder: one tiny random model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "sampling"))  # for tiny_models


@pytest.fixture(scope="session")
def model():
    """Three levels, separate lyric encoder."""
    from tiny_models import tiny_model

    return tiny_model()


@pytest.fixture(scope="session")
def model_folder(model, tmp_path_factory):
    """The same model as a folder."""
    import torch
    from tiny_models import ARTISTS, GENRES

    from jukebox_edu.checkpoints import KnownNames, save_model

    folder = tmp_path_factory.mktemp("models") / "test-1"
    names = KnownNames(ARTISTS, GENRES)
    parts = (model.config, model.vqvae, model.priors)
    return save_model(folder, *parts, known_names=names, dtype=torch.float32)


@pytest.fixture(scope="session")
def song(model):
    """Two samples, three levels, about two seconds."""
    return model.sample(
        "la la love", artist="Ada", genre="waltz", seconds=1.92, n_samples=2, seed=3, progress=False
    )


@pytest.fixture(scope="session")
def saved(song, tmp_path_factory):
    """The same song as a folder."""
    return song.save(tmp_path_factory.mktemp("songs") / "song")
