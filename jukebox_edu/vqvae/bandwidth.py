"""Statistics of the data that the VQ-VAE's losses are divided by.

What
    Loud and quiet data sets should see losses of the same size. Three numbers, measured once over
    a few minutes of clips, make them comparable; see `Bandwidth`.
Shapes
    A clip is (samples,) or (samples, channels).
Paper: [Jukebox §3.3]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch

from jukebox_edu.errors import AudioError, ShapeError, must
from jukebox_edu.vqvae.losses import SINGLE_RESOLUTION, Bandwidth, stft_magnitude


def measure_bandwidth(
    clips: Iterable[np.ndarray], *, sample_rate: int, seconds: float = 600.0, every: int = 16
) -> Bandwidth:
    """Measure `Bandwidth` over every 16th clip until `seconds` of sound were seen.

    Parameters
    ----------
    clips
        Arrays (samples,) or (samples, channels). Of a sequence only the visited ones are read.
    sample_rate, seconds
        Stop once `sample_rate * seconds` numbers were seen; channels count separately.
    every
        Visit clips 0, every, 2 * every, ...

    Raises
    ------
    AudioError
        If there is no clip, or all of them are silent.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    n = n_clips = 0
    total = total_square = total_abs = total_norm = 0.0
    for clip in _every(clips, every):
        samples = _checked_clip(clip).astype(np.float64)  # (samples, channels)
        n += samples.size
        n_clips += 1
        total += float(samples.sum())
        total_square += float(np.square(samples).sum())
        total_abs += float(np.abs(samples).sum())
        total_norm += _spectral_norm(samples)
        if n >= sample_rate * seconds:
            break
    if n == 0 or total_abs == 0:
        raise AudioError(must("clips", f"{n_clips} clips", "clips with sound in them"))
    variance = total_square / n - (total / n) ** 2
    return Bandwidth(l1=total_abs / n, l2=variance, spec=total_norm / n_clips)


def _every(clips: Iterable[np.ndarray], step: int) -> Iterator[np.ndarray]:
    """Clips 0, step, 2 * step, ...; those between are not even read where that can be avoided."""
    if isinstance(clips, Sequence):
        return (clips[i] for i in range(0, len(clips), step))
    return islice(clips, 0, None, step)


def _checked_clip(clip: np.ndarray) -> np.ndarray:
    """Return the clip as (samples, channels)."""
    clip = np.asarray(clip)
    least = SINGLE_RESOLUTION[0] // 2
    if clip.ndim not in (1, 2) or len(clip) <= least:
        allowed = f"(samples,) or (samples, channels) with more than {least} samples"
        raise ShapeError(must("clip.shape", clip.shape, allowed))
    return clip.reshape(len(clip), -1)


def _spectral_norm(samples: np.ndarray) -> float:
    """Frobenius norm of the magnitude spectrogram of the channels' mean."""
    mono = torch.from_numpy(samples.mean(1).astype(np.float32))
    return float(torch.linalg.vector_norm(stft_magnitude(mono[None], *SINGLE_RESOLUTION)))
