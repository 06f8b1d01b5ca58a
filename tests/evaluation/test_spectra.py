"""Distances of sounds: blocks change nothing, and known cases come out as they must."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ShapeError
from jukebox_edu.evaluation import spectra
from jukebox_edu.vqvae.losses import SINGLE_RESOLUTION, spectral_convergence, stft_magnitude

SHAPES = ((512, 50, 240), (1024, 120, 600))


@pytest.fixture
def sound():
    return torch.from_numpy(np.random.default_rng(0).normal(0, 0.2, 9000).astype(np.float32))


@pytest.mark.parametrize("shape", [SINGLE_RESOLUTION, *SHAPES])
@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_blocks_are_the_whole_spectrogram(sound, shape, block, monkeypatch):
    monkeypatch.setattr(spectra, "BLOCK_FRAMES", block)
    joined = torch.cat(list(spectra.magnitude_blocks(sound, shape)), dim=1)
    assert torch.allclose(joined, stft_magnitude(sound[None], *shape)[0], atol=1e-5)


def test_convergence_is_that_of_the_losses(sound):
    guess = sound + 0.05 * torch.randn(9000, generator=torch.Generator().manual_seed(1))
    theirs = float(spectral_convergence(sound[None], guess[None]))
    assert spectra.convergence(sound, guess) == pytest.approx(theirs, rel=1e-4)


def test_a_perfect_copy_and_silence(sound):
    nothing = torch.zeros_like(sound)
    assert spectra.convergence(sound, sound) == 0.0
    assert spectra.to_db(spectra.convergence(sound, sound)) == -120.0
    assert spectra.convergence(sound, nothing) == pytest.approx(1.0)
    assert spectra.signal_to_noise(sound, sound) == 120.0
    assert spectra.signal_to_noise(sound, nothing) == pytest.approx(0.0)
    assert spectra.log_spectral_distance(sound, sound, SHAPES) == 0.0


def test_half_as_loud_is_6_db_away(sound):
    expected = 20 * np.log10(2)
    assert spectra.log_spectral_distance(sound, sound / 2, SHAPES) == pytest.approx(
        expected, abs=0.05
    )
    assert spectra.signal_to_noise(sound, sound / 2) == pytest.approx(expected, abs=1e-3)


def test_what_cannot_be_heard_does_not_count():
    quiet, quieter = torch.full((4000,), 1e-7), torch.full((4000,), 1e-9)
    assert spectra.log_spectral_distance(quiet, quieter, SHAPES) == 0.0


def test_too_short_a_sound_is_refused():
    with pytest.raises(ShapeError, match=r"samples=100: must be above 1024"):
        spectra.convergence(torch.zeros(100), torch.zeros(100))
