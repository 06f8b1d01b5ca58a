"""Sound as a picture: the waveform and the spectrogram.

Shapes
    samples (samples,), full scale [-1, 1]
Paper: [Jukebox §3]: the spectral loss compares spectrograms like these
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page.data import Track
from jukebox_edu.page.payload import peaks
from jukebox_edu.plotting.style import ACCENT, AMOUNTS, QUIET, WAVE, heading, new_figure, style

FLOOR_DB = -80.0  # what is quieter than this below the loudest point is drawn as silence


def waveform_figure(samples: np.ndarray, sample_rate: int, title: str = "Waveform") -> Figure:
    """Draw a waveform; samples outside full scale are marked and counted in the title.

    Parameters
    ----------
    samples
        Sound (samples,).
    sample_rate
        Samples per second.
    title
        Heading of the picture.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    track = Track("", samples, sample_rate)
    with style():
        figure = new_figure(2.4)
        axes = figure.add_subplot()
        draw_waveform(axes, track)
        share = f" · {100 * track.clipped_share:.2g} % clipped" if track.clipped_share else ""
        axes.set_title(heading(title) + share)
        axes.set_xlabel("time (s)")
    return figure


def draw_waveform(axes: Axes, track: Track, bins: int = 1600) -> None:
    """Draw one track into `axes`: the span of the samples of every bin.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    low_high = peaks(track.samples, bins)  # (bins, 2)
    time = (np.arange(len(low_high)) + 0.5) * track.seconds / len(low_high)
    axes.axhline(0, color=QUIET, linewidth=0.6)
    axes.fill_between(time, low_high[:, 0], low_high[:, 1], color=WAVE, linewidth=0.4)
    if track.clipped_share:
        hit = np.abs(low_high).max(axis=1) >= 1.0
        axes.plot(time[hit], np.full(hit.sum(), 1.04), "|", color=ACCENT, clip_on=False)
    axes.set_xlim(0, track.seconds)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, 0, 1])
    axes.set_ylabel("amplitude\n(full scale)")


def spectrogram_figure(
    samples: np.ndarray, sample_rate: int, title: str = "Spectrogram", fft_size: int = 1024
) -> Figure:
    """Draw how much of every frequency sounds at every moment, in decibels.

    Parameters
    ----------
    samples
        Sound (samples,).
    sample_rate
        Samples per second.
    title
        Heading of the picture.
    fft_size
        Samples per frame: longer frames tell frequencies apart, shorter ones moments.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    track = Track("", samples, sample_rate)
    if not 16 <= fft_size <= track.samples.size:
        raise ConfigError(
            must("fft_size", fft_size, f"between 16 and the {track.samples.size} samples given")
        )
    decibels = spectrogram(track.samples, fft_size)  # (frequencies, frames)
    with style():
        figure = new_figure(3.2)
        axes = figure.add_subplot()
        image = axes.imshow(
            decibels,
            origin="lower",
            aspect="auto",
            cmap=AMOUNTS,
            vmin=FLOOR_DB,
            vmax=0,
            extent=(0, track.seconds, 0, sample_rate / 2000),
        )
        figure.colorbar(image, ax=axes, label="level (dB below the loudest)", pad=0.01)
        axes.set_title(heading(title))
        axes.set_xlabel("time (s)")
        axes.set_ylabel("frequency (kHz)")
    return figure


def spectrogram(samples: np.ndarray, fft_size: int, max_frames: int = 1200) -> np.ndarray:
    """Short-time Fourier transform in decibels below its loudest point.

    Parameters
    ----------
    samples
        Sound (samples,).
    fft_size
        Samples per frame; frames overlap by three quarters where that is not too many.
    max_frames
        Most frames computed.

    Returns
    -------
    numpy.ndarray
        (fft_size // 2 + 1, frames), from `FLOOR_DB` to 0.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    room = samples.size - fft_size
    hop = max(fft_size // 4, room // max_frames + 1)
    starts = np.arange(0, room + 1, hop)
    frames = np.lib.stride_tricks.sliding_window_view(samples, fft_size)[starts]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(fft_size), axis=1)).T  # (freq., frames)
    loudest = spectrum.max()
    if loudest == 0:
        return np.full(spectrum.shape, FLOOR_DB)
    return 20 * np.log10(np.maximum(spectrum / loudest, 10 ** (FLOOR_DB / 20)))
