"""Spectral envelopes: what the mouth does to the sound, phone by phone.

What
    A voice is a buzz (or a hiss) colored by the mouth. The color of one moment is a smooth curve
    over frequency, its *spectral envelope*. We keep the logarithm of that curve as `N_CEPSTRA`
    cosine weights on the mel axis (a *mel-cepstrum*), and five numbers that say how much of the
    sound is hiss in five bands (*aperiodicity*: 0 all buzz, 1 all hiss).

    A `PhoneTable` holds both for every phone at `N_POINTS` moments, from start to end. There
    are two sources of tables: the *bank* (distilled from flite's CMU voices, see CREDITS.md) and
    *formants* (`formants.py`: a handful of resonances per phone, no outside material at all).

Shapes
    ``(phones, points, cepstra)`` and ``(phones, points, bands)``; phones as in `PHONES`.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.phones import PHONES, level_db

N_CEPSTRA = 40  # cosine weights per envelope
N_POINTS = 8  # moments per phone
TOP_HZ = 8000.0  # the envelopes reach this far
BAND_CENTERS_HZ = (500.0, 1500.0, 3000.0, 5000.0, 7000.0)  # of the aperiodicity bands
_BANK_FILE = Path(__file__).with_name("phone_bank.npz")


@dataclass(frozen=True)
class PhoneTable:
    """The envelopes of every phone of one speaker.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    cepstra: np.ndarray  # (phones, points, cepstra) float32, natural log of amplitude
    aperiodicity: np.ndarray  # (phones, points, bands) float32, 0..1


@dataclass(frozen=True)
class EnvelopeBasis:
    """Cosines that turn a mel-cepstrum into a minimum-phase spectrum on FFT bins.

    Both rows are linear in the cepstrum, so magnitude and phase are one matrix product each.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    log_amplitude: np.ndarray  # (cepstra, bins) float32
    phase: np.ndarray  # (cepstra, bins) float32, radians
    tilt_log_amplitude: np.ndarray  # (bins,) float32, the voice's spectral tilt
    tilt_phase: np.ndarray  # (bins,) float32


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Return the mel value of a frequency in hertz.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return 2595.0 * np.log10(1.0 + np.asarray(hz, dtype=np.float64) / 700.0)


def cosine_basis(hz: np.ndarray) -> np.ndarray:
    """Return the cosines of the mel-cepstrum at the given frequencies, ``(cepstra, len(hz))``.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    position = hz_to_mel(np.minimum(hz, TOP_HZ)) / hz_to_mel(TOP_HZ)
    return np.cos(np.pi * np.arange(N_CEPSTRA)[:, None] * position[None, :])  # (cepstra, bins)


def fit_cepstra(log_amplitude: np.ndarray, hz: np.ndarray) -> np.ndarray:
    """Return the mel-cepstra of log envelopes given on a frequency grid.

    Parameters
    ----------
    log_amplitude : (..., bins) natural log of amplitude.
    hz : (bins,) frequencies in hertz, rising.

    Returns
    -------
    (..., cepstra) float64.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    n_grid = 160
    position = (np.arange(n_grid) + 0.5) / n_grid
    grid_hz = 700.0 * (10.0 ** (position * hz_to_mel(TOP_HZ) / 2595.0) - 1.0)
    flat = log_amplitude.reshape(-1, log_amplitude.shape[-1])
    on_grid = np.stack([np.interp(grid_hz, hz, row) for row in flat])  # (rows, grid)
    cosines = np.cos(np.pi * np.arange(N_CEPSTRA)[:, None] * position[None, :])
    scale = np.where(np.arange(N_CEPSTRA) == 0, 1.0, 2.0) / n_grid
    return (on_grid @ cosines.T * scale).reshape(*log_amplitude.shape[:-1], N_CEPSTRA)


def minimum_phase(log_amplitude: np.ndarray) -> np.ndarray:
    """Return the phase of the minimum-phase filter with this log amplitude.

    Parameters
    ----------
    log_amplitude : (..., bins) on the non-negative bins of an even FFT.

    Returns
    -------
    (..., bins) phase in radians: the Hilbert transform, by folding the cepstrum.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    cepstrum = np.fft.irfft(log_amplitude, axis=-1)  # (..., 2 * (bins - 1))
    half = cepstrum.shape[-1] // 2
    cepstrum[..., 1:half] *= 2.0
    cepstrum[..., half + 1 :] = 0.0
    return np.fft.rfft(cepstrum, axis=-1).imag


@functools.lru_cache(maxsize=32)
def envelope_basis(
    sample_rate: int, n_fft: int, tract_scale: float, tilt_db: float
) -> EnvelopeBasis:
    """Return the basis for one voice at one sample rate.

    Parameters
    ----------
    sample_rate : samples per second.
    n_fft : FFT length in samples.
    tract_scale : every formant is moved up by this factor (shorter tract: above 1).
    tilt_db : decibels per octave added above 500 Hz (negative: darker).

    Returns
    -------
    The basis; bins run from 0 to half the sample rate.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    fine = max(4096, n_fft)  # the phase needs a finer grid than the pulses do
    hz = np.arange(fine // 2 + 1) * sample_rate / fine
    cosines = cosine_basis(hz / tract_scale)
    octaves = np.log2(np.maximum(hz, 500.0) / 500.0)
    beyond = np.log2(np.maximum(hz / tract_scale, TOP_HZ) / TOP_HZ)  # nothing is known up there
    tilt = (tilt_db * octaves - 30.0 * beyond) * (np.log(10.0) / 20.0)
    step = fine // n_fft
    rows = np.concatenate([cosines, tilt[None]])
    phases = minimum_phase(rows)[:, ::step].astype(np.float32)  # (cepstra + 1, bins)
    rows = rows[:, ::step].astype(np.float32)
    return EnvelopeBasis(rows[:-1], phases[:-1], rows[-1], phases[-1])


def level_phones(table: PhoneTable) -> PhoneTable:
    """Return the table with every phone as loud as a clear singer makes it.

    Parameters
    ----------
    table : phones as loud as they happened to be spoken.

    Returns
    -------
    The same envelopes, each phone shifted so that its loudest moment has the level of
    `phones.level_db`. Consonants come out a little louder than in speech: they carry the words.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    hz = np.linspace(0.0, TOP_HZ, 257)
    log_amplitude = table.cepstra @ cosine_basis(hz).astype(np.float32)  # (phones, points, bins)
    power = np.exp(2.0 * log_amplitude[..., hz > 80.0]).mean(axis=2)  # (phones, points)
    loudest = power.max(axis=1)
    wanted = np.array([level_db(phone) for phone in PHONES]) * np.log(10.0) / 20.0
    cepstra = table.cepstra.copy()
    cepstra[1:, :, 0] += (wanted - 0.5 * np.log(loudest))[1:, None]
    return PhoneTable(cepstra, table.aperiodicity)


@functools.lru_cache(maxsize=8)
def load_phone_table(speaker: str) -> PhoneTable:
    """Read one speaker of the phone bank.

    Parameters
    ----------
    speaker : name of a speaker in ``phone_bank.npz``.

    Returns
    -------
    The speaker's table.

    Raises
    ------
    ConfigError : the bank has no such speaker.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    with np.load(_BANK_FILE, allow_pickle=False) as bank:
        speakers = [str(name) for name in bank["speakers"]]
        if speaker not in speakers:
            raise ConfigError(f"speaker: {speaker!r} is not in the phone bank {speakers}.")
        number = speakers.index(speaker)
        cepstra = bank["cepstra"][number].astype(np.float32) * bank["cepstra_step"]
        aperiodicity = bank["aperiodicity"][number].astype(np.float32) / 255.0
    return level_phones(PhoneTable(cepstra.astype(np.float32), aperiodicity))
