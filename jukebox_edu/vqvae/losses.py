"""What the VQ-VAE is trained to keep: samples, and spectrograms at several resolutions.

What
    Comparing samples alone gives dull sound, because high frequencies carry little energy. The
    spectral losses compare magnitudes of short-time Fourier transforms: they hear, ignoring phase.
Shapes
    Audio is (batch, samples); "per item" means (batch,).
Paper: [Jukebox §3.3]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jukebox_edu.config import LossConfig
from jukebox_edu.errors import ConfigError, ShapeError, must

SINGLE_RESOLUTION = (2048, 256, 1536)  # n_fft, hop, window of the single spectral loss, samples
SILENCE = 2e-3  # spectral convergence is 0 below this norm of the target


@dataclass(frozen=True)
class Bandwidth:
    """Size of the data in each kind of loss, so that a loss of 1 means "no better than silence".

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    l1: float = 1.0  # mean absolute sample
    l2: float = 1.0  # variance of the samples
    spec: float = 1.0  # mean Frobenius norm of one clip's magnitude spectrogram

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("l1", "l2", "spec"):
            if not getattr(self, name) > 0:
                advice = "Is all of the data silent?"
                raise ConfigError(must(name, getattr(self, name), "above 0", advice))


def stft_magnitude(audio: Tensor, n_fft: int, hop: int, window: int) -> Tensor:
    """Magnitude spectrogram, centered frames, Hann window, reflected at the borders.

    Parameters
    ----------
    audio
        (batch, samples).
    n_fft, hop, window
        Length of the transform, step and window, samples.

    Returns
    -------
    Tensor
        (batch, n_fft // 2 + 1, frames).

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    hann = torch.hann_window(window, device=audio.device)  # periodic
    spectrum = torch.stft(
        audio.float(), n_fft, hop, window, hann, pad_mode="reflect", return_complex=True
    )
    return spectrum.abs()


def _norm(x: Tensor) -> Tensor:
    """Frobenius norm of each item of (batch, frequencies, frames)."""
    return torch.linalg.vector_norm(x, dim=(1, 2))


def spectral_distance(target: Tensor, audio: Tensor, n_fft: int, hop: int, window: int) -> Tensor:
    """Frobenius norm, per item, of the difference of two magnitude spectrograms.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    target = stft_magnitude(target, n_fft, hop, window)
    return _norm(target - stft_magnitude(audio, n_fft, hop, window))


def multispectral_distance(target: Tensor, audio: Tensor, config: LossConfig) -> Tensor:
    """Mean over the configured resolutions of `spectral_distance`, per item.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    resolutions = zip(config.n_ffts, config.hops, config.windows, strict=True)
    distances = [spectral_distance(target, audio, *shape) for shape in resolutions]
    return torch.stack(distances).mean(0)


def spectral_convergence(target: Tensor, audio: Tensor) -> Tensor:
    """Spectral distance relative to the target's own norm, per item; 0 for a silent target.

    Lesson: notebooks/04_three_levels.ipynb
    """
    magnitude = stft_magnitude(target, *SINGLE_RESOLUTION)
    size = _norm(magnitude)
    distance = _norm(magnitude - stft_magnitude(audio, *SINGLE_RESOLUTION))
    return distance * (size > SILENCE) / size.clamp(min=SILENCE)


def l1_loss(target: Tensor, audio: Tensor, bandwidth: Bandwidth) -> Tensor:
    """Mean absolute difference / bandwidth.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return (target - audio).abs().mean() / bandwidth.l1


def l2_loss(target: Tensor, audio: Tensor, bandwidth: Bandwidth) -> Tensor:
    """Mean squared difference / bandwidth.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return (target - audio).square().mean() / bandwidth.l2


def linf_loss(target: Tensor, audio: Tensor, bandwidth: Bandwidth, k: int) -> Tensor:
    """Mean of the `k` largest squared differences of each item / bandwidth: the worst moments.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    squares = (target - audio).square()  # (batch, samples)
    return squares.topk(k, dim=1).values.mean() / bandwidth.l2


def reconstruction_loss(
    target: Tensor, audio: Tensor, config: LossConfig, bandwidth: Bandwidth
) -> Tensor:
    """The configured loss on samples: "l1", "l2", "linf", or their weighted sum "lmix".

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    weights = {config.kind: 1.0}
    if config.kind == "lmix":
        weights = {"l1": config.l1, "l2": config.l2, "linf": config.linf}
    total = torch.zeros((), device=audio.device)
    if weights.get("l1"):
        total = total + weights["l1"] * l1_loss(target, audio, bandwidth)
    if weights.get("l2"):
        total = total + weights["l2"] * l2_loss(target, audio, bandwidth)
    if weights.get("linf"):
        total = total + weights["linf"] * linf_loss(target, audio, bandwidth, config.linf_k)
    return total


def spectral_loss(
    target: Tensor, audio: Tensor, config: LossConfig, bandwidth: Bandwidth
) -> Tensor:
    """The single-resolution spectral loss, mean over items.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    if config.relative_spectral:
        return spectral_convergence(target, audio).mean()
    return spectral_distance(target, audio, *SINGLE_RESOLUTION).mean() / bandwidth.spec


def multispectral_loss(
    target: Tensor, audio: Tensor, config: LossConfig, bandwidth: Bandwidth
) -> Tensor:
    """The multi-resolution spectral loss, mean over items.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    return multispectral_distance(target, audio, config).mean() / bandwidth.spec


def check_clip(samples: int, config: LossConfig) -> None:
    """Raise `ShapeError` if clips of `samples` samples are too short for the configured losses.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    longest = max(SINGLE_RESOLUTION[0], *config.n_ffts) // 2
    if samples <= longest:
        advice = "Train on longer clips."
        raise ShapeError(must("samples", samples, f"above {longest} (half a transform)", advice))
    if samples < config.linf_k:
        advice = "Train on longer clips or lower linf_k."
        raise ShapeError(must("samples", samples, f"at least linf_k={config.linf_k}", advice))
