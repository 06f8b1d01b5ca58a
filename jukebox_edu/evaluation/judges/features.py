"""What the judges hear: the energy of 64 mel bands, every 16 milliseconds.

What
    Mel bands are narrow where the ear hears finely and wide above. The logarithm makes a quiet
    consonant count beside a loud vowel. Loudness itself is taken out, so that a song judged at
    half its volume is judged alike.
Shapes
    sound (samples,) to (64, frames). Frame k is about the middle of its 16 ms, as the songbook's
    `phone_frames` counts.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.audio.arrays import resample
from jukebox_edu.errors import AudioError, must
from jukebox_edu.vqvae.losses import stft_magnitude

SAMPLE_RATE = 16000  # samples per second; other sounds are resampled
HOP = 256  # samples per frame
FRAME_SECONDS = HOP / SAMPLE_RATE
BANDS = 64  # mel bands
_N_FFT = 1024  # samples per transform
_WINDOW = 640  # samples; 40 ms
_FLOOR = 1e-4  # energy, against the mean of the sound, below which a band is silent
_CENTER, _SCALE = -4.0, 3.0  # bring the logarithms to about -1 to 2


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """Mel filters (bands, frequencies)."""
    import librosa

    return torch.from_numpy(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=_N_FFT, n_mels=BANDS))


def log_mel(sound: np.ndarray, sample_rate: int = SAMPLE_RATE) -> Tensor:
    """Turn sound into what the judges hear.

    Parameters
    ----------
    sound
        (samples,) real numbers.
    sample_rate
        Its samples per second.

    Returns
    -------
    Tensor
        Float32 (64, frames), one frame per 16 ms.

    Raises
    ------
    AudioError
        If it is no sound: empty, of several channels, NaN.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    sound = np.asarray(sound, dtype=np.float32)
    if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise AudioError(must("sound", sound.shape, "(samples,) of finite numbers"))
    samples = torch.from_numpy(np.ascontiguousarray(resample(sound, sample_rate, SAMPLE_RATE)))
    n_frames = -(-len(samples) // HOP)
    missing = max(n_frames * HOP, _N_FFT + HOP) - len(samples)
    samples = functional.pad(samples, (0, missing))[HOP // 2 :]  # frame k is about (k + 1/2) HOP
    power = stft_magnitude(samples[None], _N_FFT, HOP, _WINDOW)[0].square()
    bands = (_filters() @ power)[:, :n_frames]  # (bands, frames)
    bands = bands / bands.mean().clamp(min=1e-12)
    return ((bands + _FLOOR).log() - _CENTER) / _SCALE
