"""Waveforms as arrays: checks, mono, resampling and the three figures that describe loudness.

Conventions
    A waveform is a floating-point array between -1 and 1, `(samples,)` or `(channels, samples)`.
    Levels are in dBFS: 0 dB is a square wave that fills the whole range.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jukebox_edu.errors import AudioError, ConfigError, ShapeError, must

MAX_CHANNELS = 64  # more "channels" than this is a (samples, channels) array by mistake
MIN_RATE, MAX_RATE = 1_000, 768_000  # samples per second accepted anywhere
_BLOCK_SECONDS = 30  # resampling works on pieces of this length ...
_CONTEXT_SECONDS = 1  # ... and gives the filter this much of both neighbors


def checked_rate(sample_rate: Any, argument: str = "sample_rate") -> int:
    """Return `sample_rate` as an int, or raise `ConfigError` if it is no sensible rate.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    whole = isinstance(sample_rate, int | np.integer) and not isinstance(sample_rate, bool)
    if not whole or not MIN_RATE <= sample_rate <= MAX_RATE:
        allowed = f"a whole number of samples per second from {MIN_RATE} to {MAX_RATE}"
        raise ConfigError(must(argument, sample_rate, allowed, "CDs have 44100."))
    return int(sample_rate)


def checked_waveform(audio: Any, argument: str = "audio") -> np.ndarray:
    """Return `audio` as float32 `(channels, samples)`, or raise if it is no waveform.

    Raises
    ------
    ShapeError
        If the array is not `(samples,)` or `(channels, samples)`.
    AudioError
        If it holds integers, nothing at all, NaN or infinity.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    array = np.asarray(audio)
    if array.ndim not in (1, 2):
        allowed = "an array (samples,) or (channels, samples)"
        raise ShapeError(must(f"{argument}.shape", array.shape, allowed))
    if array.size == 0:
        raise AudioError(must(f"{argument}.shape", array.shape, "not empty"))
    if not np.issubdtype(array.dtype, np.floating):
        advice = "Divide 16-bit integers by 32768 first."
        raise AudioError(must(f"{argument}.dtype", str(array.dtype), "floating point", advice))
    array = np.atleast_2d(array).astype(np.float32, copy=False)  # (channels, samples)
    if len(array) > MAX_CHANNELS:
        allowed = f"(channels, samples) with at most {MAX_CHANNELS} channels"
        raise ShapeError(must(f"{argument}.shape", array.shape, allowed, "Transpose it."))
    if not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise AudioError(f"{argument} holds {bad} samples that are NaN or infinite: remove them.")
    return array


def as_mono(audio: Any, argument: str = "audio") -> np.ndarray:
    """Mix a waveform down to one channel: the mean over channels.

    Parameters
    ----------
    audio
        Floating point, `(samples,)` or `(channels, samples)`.
    argument
        Name to use in error messages.

    Returns
    -------
    numpy.ndarray
        Float32 `(samples,)`.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    array = checked_waveform(audio, argument)
    return array[0] if len(array) == 1 else array.mean(axis=0)


def resample(samples: np.ndarray, sample_rate: int, target_rate: int) -> np.ndarray:
    """Change the sample rate with soxr's high-quality filter, piece by piece.

    Long sounds are cut at whole seconds, where input and output samples coincide, and every piece
    is filtered together with a second of its neighbors; so the result is that of one pass over
    the whole, and memory holds little beside input and output.

    Parameters
    ----------
    samples
        Float32 `(..., samples)`.
    sample_rate, target_rate
        Samples per second before and after.

    Returns
    -------
    numpy.ndarray
        Float32 `(..., ceil(samples * target_rate / sample_rate))`.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    rate, target = checked_rate(sample_rate), checked_rate(target_rate, "target_rate")
    n_samples = samples.shape[-1]
    if n_samples == 0:
        raise AudioError(must("samples.shape", samples.shape, "not empty"))
    if rate == target:
        return samples
    import librosa  # slow to import, and only needed here

    n_out = -(-n_samples * target // rate)
    out = np.empty((*samples.shape[:-1], n_out), dtype=np.float32)
    for second in range(0, -(-n_samples // rate), _BLOCK_SECONDS):
        first = max(0, second - _CONTEXT_SECONDS)
        last = second + _BLOCK_SECONDS + _CONTEXT_SECONDS
        piece = samples[..., first * rate : last * rate].astype(np.float32, copy=False)
        piece = librosa.resample(piece, orig_sr=rate, target_sr=target, res_type="soxr_hq")
        skip, begin = (second - first) * target, second * target
        wanted = min(_BLOCK_SECONDS * target, n_out - begin)
        out[..., begin : begin + wanted] = piece[..., skip : skip + wanted]
    return out


def peak(samples: np.ndarray) -> float:
    """Largest magnitude in `samples`; full scale is 1.

    Lesson: notebooks/01_sound_as_numbers.ipynb

    >>> peak(np.array([0.25, -0.5]))
    0.5
    """
    return float(max(samples.max(), -samples.min())) if samples.size else 0.0


def rms_db(samples: np.ndarray) -> float:
    """Root-mean-square level in dBFS; minus infinity for silence.

    Lesson: notebooks/01_sound_as_numbers.ipynb

    >>> round(rms_db(np.full(1000, 0.1)), 3)
    -20.0
    """
    flat = np.ravel(samples)
    power = float(np.dot(flat, flat)) / max(flat.size, 1)
    return 10 * math.log10(power) if power > 0 else -math.inf


def clipped_share(samples: np.ndarray) -> float:
    """Share of samples (0 to 1) beyond full scale, which a file or loudspeaker cuts off.

    Lesson: notebooks/01_sound_as_numbers.ipynb

    >>> clipped_share(np.array([0.0, 1.0, -1.5, 2.0]))
    0.5
    """
    beyond = np.count_nonzero(samples > 1) + np.count_nonzero(samples < -1)
    return float(beyond / max(samples.size, 1))


def check_not_silent(samples: np.ndarray, argument: str = "audio") -> None:
    """Raise `AudioError` if every sample is zero: for places where silence must be a mistake.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    if peak(samples) == 0.0:
        raise AudioError(
            f"{argument} is silent: all of its {samples.shape[-1]} samples are zero. "
            "Was the right file, channel or stretch chosen?"
        )
