"""Our own embedding of sound: a few numbers per second that say how it sounds.

What
    Sound is cut into clips of one second. A clip is described by the mean and the spread over time
    of its energy in 16 mel bands (logarithmic): loudness, timbre, and how much it moves. It knows
    nothing of melody or words. It is fixed: the same for every model, nothing is learned.
Conventions
    Figures made with it compare sets of sounds with each other. They cannot be compared with
    figures of other embeddings (VGGish, CLAP), whatever they are called.
Shapes
    sound (samples,) to clips (clips, 32)
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.vqvae.losses import stft_magnitude

CLIP_SECONDS = 1.0
BANDS = 16  # mel bands
N_FFT = 1024  # samples per transform
HOP = 256  # samples from one transform to the next
EDGE = N_FFT // 2 // HOP  # frames at either end that hold reflected sound
FLOOR = 1e-4  # energy of a band below which it is silent


@lru_cache(maxsize=4)
def _mel(sample_rate: int) -> Tensor:
    """Mel filters (bands, frequencies)."""
    import librosa

    return torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=N_FFT, n_mels=BANDS))


def embed(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Describe every whole second of a sound (samples,); at least one clip, padded if need be.

    Returns
    -------
    Float64 (clips, 32): per clip the mean, then the standard deviation of each band.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n = max(int(CLIP_SECONDS * sample_rate), N_FFT)  # samples per clip
    whole = max(1, len(sound) // n)
    padded = np.zeros(whole * n, np.float32)
    padded[: min(len(sound), len(padded))] = sound[: len(padded)]
    rows = []
    for clip in torch.from_numpy(padded).view(whole, n).split(32):  # (up to 32, n)
        power = stft_magnitude(clip, N_FFT, HOP, N_FFT).square()  # (clips, frequencies, frames)
        power = power[..., EDGE:-EDGE]  # without the frames that reach over the clip's ends
        bands = (_mel(sample_rate) @ power + FLOOR).log()  # (clips, bands, frames)
        rows.append(torch.cat([bands.mean(2), bands.std(2, correction=0)], dim=1))
    return torch.cat(rows).double().numpy()  # (clips, 32)
