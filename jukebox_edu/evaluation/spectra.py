"""Comparing two sounds by their spectra, in blocks: an hour needs the memory of ten seconds.

What
    The transform of a long sound is taken a few hundred frames at a time; the frames are the same
    as those of the whole sound, so the figures are too.

    spectral convergence        |X - Y| / |X|, norms over the whole spectrogram; 0 is perfect,
                                1 is what silence gets. In dB: 20 log10 of it.
    log-spectral distance       root mean square over frequencies of the difference in dB, mean
                                over frames and over several resolutions. It hears quiet parts.
Shapes
    sounds (samples,); magnitudes (frequencies, frames)
Paper: [Jukebox §3.3, §5.1]; spectral convergence: Sturmel & Daudet, DAFx 2011
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.errors import ShapeError, must
from jukebox_edu.vqvae.losses import SILENCE, SINGLE_RESOLUTION

BLOCK_FRAMES = 2048  # frames at a time
FLOOR_DB = -60.0  # quieter than this, relative to a full-scale sine: counted as this
LEAST_RATIO = 1e-6  # a ratio below it is shown as -120 dB
Resolution = tuple[int, int, int]  # n_fft, hop, window, samples


def to_db(ratio: float) -> float:
    """A ratio of amplitudes in dB, not below -120.

    Lesson: notebooks/13_measure_it.ipynb

    >>> to_db(0.1), to_db(0.0)
    (-20.0, -120.0)
    """
    return float(20 * np.log10(max(ratio, LEAST_RATIO)))


def magnitude_blocks(sound: Tensor, shape: Resolution) -> Iterator[Tensor]:
    """Magnitude spectrogram of (samples,), a few frames at a time, as `stft_magnitude` has it.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n_fft, hop, window = shape
    if len(sound) <= n_fft // 2:
        advice = "Measure on longer songs."
        raise ShapeError(must("samples", len(sound), f"above {n_fft // 2}", advice))
    n_frames = len(sound) // hop + 1
    hann = torch.hann_window(window)
    half = n_fft // 2
    padded = functional.pad(sound.float()[None, None], (half, half), mode="reflect")[0, 0]
    for first in range(0, n_frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, n_frames) - 1
        piece = padded[first * hop : last * hop + n_fft]
        spectrum = torch.stft(
            piece, n_fft, hop, window, hann, center=False, return_complex=True
        )  # (frequencies, frames)
        yield spectrum.abs()


def convergence(target: Tensor, guess: Tensor) -> float:
    """Spectral convergence of two sounds (samples,); 0 for a silent target.

    Lesson: notebooks/13_measure_it.ipynb
    """
    size = distance = 0.0
    blocks = (magnitude_blocks(sound, SINGLE_RESOLUTION) for sound in (target, guess))
    for a, b in zip(*blocks, strict=True):
        size += float(a.double().square().sum())
        distance += float((a - b).double().square().sum())
    if size**0.5 <= SILENCE:
        return 0.0
    return (distance / size) ** 0.5


def log_spectral_distance(
    target: Tensor, guess: Tensor, resolutions: Sequence[Resolution]
) -> float:
    """Log-spectral distance in dB of two sounds (samples,), mean over the resolutions.

    Lesson: notebooks/13_measure_it.ipynb
    """
    means = []
    for shape in resolutions:
        full_scale = float(torch.hann_window(shape[2]).sum()) / 2  # magnitude of a sine of 1.0
        floor = full_scale * 10 ** (FLOOR_DB / 20)
        total, frames = 0.0, 0
        blocks = (magnitude_blocks(sound, shape) for sound in (target, guess))
        for a, b in zip(*blocks, strict=True):
            difference = 20 * (a.clamp(min=floor).log10() - b.clamp(min=floor).log10())
            total += float(difference.square().mean(0).sqrt().double().sum())
            frames += a.shape[1]
        means.append(total / frames)
    return float(np.mean(means))


def signal_to_noise(target: Tensor, guess: Tensor) -> float:
    """Signal to noise of two waveforms (samples,), dB, at most 120; phase counts.

    Lesson: notebooks/13_measure_it.ipynb
    """
    signal = float(target.double().square().sum())
    noise = float((target - guess).double().square().sum())
    return -to_db((noise / signal) ** 0.5) if signal else 0.0
