"""The levels side by side: what a coarser code still knows of a sound.

What
    `levels_figure` draws one spectrogram for each version of a sound, on the same axes and in the
    same colors; `detail_figure` a few milliseconds of each, where single vibrations can be seen.
Conventions
    The original, if there is one, comes first; then the levels, bottom first. Colors say the same
    in all spectrograms: decibels below the loudest point of the first.
Paper: [Jukebox §5.1, figure 4]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page.data import Track
from jukebox_edu.plotting.audio import FLOOR_DB
from jukebox_edu.plotting.style import AMOUNTS, QUIET, WAVE, drawable, new_figure, style

FFT_SIZE = 512  # samples per frame of the small spectrograms
FRAMES = 120  # frames of each: there are several beside each other
BANDS = 100  # rows of each


def levels_figure(tracks: Sequence[Track], notes: Sequence[str] = ()) -> Figure:
    """Draw one spectrogram per track beside each other.

    Parameters
    ----------
    tracks
        Versions of one sound, all at one rate.
    notes
        A few words for each, written below its name.

    Lesson: notebooks/04_three_levels.ipynb
    """
    _check(tracks)
    notes = tuple(notes) or ("",) * len(tracks)
    spectra = [_magnitudes(track.samples) for track in tracks]  # (bands, frames) each
    loudest = max(float(spectra[0].max()), 1e-9)
    with style():
        figure = new_figure(2.9)
        row = figure.subplots(1, len(tracks), sharex=True, sharey=True, squeeze=False)[0]
        for axes, track, spectrum, note in zip(row, tracks, spectra, notes, strict=True):
            decibels = 20 * np.log10(np.maximum(spectrum / loudest, 10 ** (FLOOR_DB / 20)))
            image = axes.imshow(
                decibels,
                origin="lower",
                aspect="auto",
                cmap=AMOUNTS,
                vmin=FLOOR_DB,
                vmax=0,
                extent=(0, track.seconds, 0, track.sample_rate / 2000),
            )
            axes.set_title(drawable(f"{track.label}\n{note}" if note else track.label))
            axes.set_xlabel("time (s)")
        row[0].set_ylabel("frequency (kHz)")
        figure.colorbar(image, ax=list(row), label="level (dB)", pad=0.01)
    return figure


def detail_figure(tracks: Sequence[Track], at: float, seconds: float = 0.04) -> Figure:
    """Draw a few milliseconds of every track below each other, around the moment `at`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    _check(tracks)
    rate, whole = tracks[0].sample_rate, tracks[0].seconds
    if not 0 <= at <= whole:
        raise ConfigError(must("at", at, f"from 0 to the {whole:g} s of the sound"))
    n = max(2, round(seconds * rate))
    first = max(0, min(round((at - seconds / 2) * rate), tracks[0].samples.size - n))
    parts = [np.clip(track.samples[first : first + n], -1, 1) for track in tracks]
    reach = max(1e-3, *(float(np.abs(part).max(initial=0)) for part in parts))
    with style():
        figure = new_figure(0.8 + 0.8 * len(tracks))
        rows = figure.subplots(len(tracks), 1, sharex=True, squeeze=False)[:, 0]
        for axes, track, part in zip(rows, tracks, parts, strict=True):
            if track is not tracks[0]:
                axes.plot(_times(parts[0], first, rate), parts[0], color=QUIET, linewidth=0.8)
            axes.plot(_times(part, first, rate), part, color=WAVE, linewidth=1.3)
            axes.set_ylim(-1.1 * reach, 1.1 * reach)
            axes.set_yticks([0])
            axes.set_ylabel(drawable(track.label), rotation=0, ha="right", va="center")
        rows[0].set_title(f"{1000 * seconds:.0f} ms of every version · gray: {tracks[0].label}")
        rows[-1].set_xlabel("time (s)")
    return figure


def _check(tracks: Sequence[Track]) -> None:
    if not tracks or len({track.sample_rate for track in tracks}) != 1:
        rates = [track.sample_rate for track in tracks]
        raise ConfigError(must("tracks", rates, "at least one, all at one rate"))


def _times(samples: np.ndarray, first: int, rate: int) -> np.ndarray:
    return (first + np.arange(samples.size)) / rate


def _magnitudes(samples: np.ndarray) -> np.ndarray:
    """Magnitudes (`BANDS`, `FRAMES`)."""
    samples = np.pad(samples, (0, max(0, FFT_SIZE - samples.size)))
    starts = np.linspace(0, samples.size - FFT_SIZE, FRAMES).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FFT_SIZE)[starts]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(FFT_SIZE), axis=1)).T
    edges = np.linspace(0, len(spectrum), BANDS + 1).astype(np.int64)[:-1]
    return np.maximum.reduceat(spectrum, edges, axis=0)  # (bands, frames): thin lines must stay
