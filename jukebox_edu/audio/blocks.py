"""Read a file of any length block by block, at any sample rate, in the memory of one block.

What
    `stream` gives what `load(mono=False)` would, half a minute at a time: both resample the same
    pieces with the same neighbors, so the blocks joined are the array, sample for sample.
Shapes
    Blocks are float32 `(channels, samples)`.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import units
from jukebox_edu.audio.arrays import _BLOCK_SECONDS, _CONTEXT_SECONDS, checked_rate
from jukebox_edu.audio.reading import _BLOCK_FRAMES, _existing_file, _open
from jukebox_edu.errors import AudioError


def stream(path: str | os.PathLike[str], *, sample_rate: int | None = None) -> Iterator[np.ndarray]:
    """Blocks `(channels, samples)` of an audio file, in order.

    Parameters
    ----------
    path
        Any file that libsndfile reads: wav, flac, ogg, mp3, aiff, ...
    sample_rate
        Resample to this rate; None keeps the file's own.

    Raises
    ------
    AudioError
        If the file is missing, unreadable, cut off, empty, or holds NaN or infinity. What is
        wrong late in a file is found when that block is read.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    target = None if sample_rate is None else checked_rate(sample_rate)
    file_path = _existing_file(path)
    with _open(file_path) as file:
        blocks, rate = file_blocks(file, file_path), file.samplerate
        yield from blocks if target in (None, rate) else _resampled(blocks, rate, target or rate)


def file_blocks(file: Any, path: Path) -> Iterator[np.ndarray]:
    """Blocks `(channels, samples)` of an open file, checked for damage.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    import soundfile

    n_file, filled = file.frames, 0
    if n_file <= 0:
        raise AudioError(f"{path} holds no sound: it is empty or cut off.")
    try:
        while filled < n_file:
            wanted = min(_BLOCK_FRAMES, n_file - filled)
            block = file.read(wanted, dtype="float32", always_2d=True)  # (frames, channels)
            if len(block) == 0:
                break
            if not np.isfinite(block).all():
                at = units.samples_to_seconds(filled, file.samplerate)
                raise AudioError(f"{path} holds NaN or infinite samples after {at:.2f} s.")
            filled += len(block)
            yield block.T  # (channels, frames)
    except soundfile.SoundFileError:
        pass  # a damaged place: see below how far it was readable
    # The length of an MP3 may be an estimate; anything else that ends early is damaged.
    spare = 0.1 * file.samplerate if file.format == "MP3" else 0
    if filled == 0 or n_file - filled > spare:
        readable = units.samples_to_seconds(filled, file.samplerate)
        whole = units.samples_to_seconds(n_file, file.samplerate)
        raise AudioError(
            f"{path} is damaged or cut off: {readable:.2f} of {whole:.2f} s can be read. "
            "Get it anew."
        )


def _resampled(blocks: Iterator[np.ndarray], rate: int, target: int) -> Iterator[np.ndarray]:
    """Resample in pieces that are cut at whole seconds, as `arrays.resample` does."""
    import librosa

    held = np.empty((0, 0), np.float32)  # (channels, samples) from second `first` on
    parts: list[np.ndarray] = []
    n_read = second = first = 0  # samples; seconds

    def piece(n_total: int | None) -> np.ndarray:
        """The piece that begins at `second`; `n_total`: samples of the file, if it has ended."""
        last = (second + _BLOCK_SECONDS + _CONTEXT_SECONDS - first) * rate
        sound = librosa.resample(held[:, :last], orig_sr=rate, target_sr=target, res_type="soxr_hq")
        skip, wanted = (second - first) * target, _BLOCK_SECONDS * target
        if n_total is not None:
            wanted = min(wanted, -(-n_total * target // rate) - second * target)
        return sound[:, skip : skip + wanted]

    for block in blocks:
        parts.append(block)
        n_read += block.shape[1]
        # one second more than the piece needs, so that a piece never ends with the file
        while n_read > (second + _BLOCK_SECONDS + _CONTEXT_SECONDS) * rate:
            held, parts = np.concatenate([held, *parts] if held.size else parts, axis=1), []
            yield piece(None)
            second += _BLOCK_SECONDS
            drop = (second - _CONTEXT_SECONDS - first) * rate
            held, first = held[:, drop:].copy(), second - _CONTEXT_SECONDS
    held = np.concatenate([held, *parts] if held.size else parts, axis=1)
    while second * rate < n_read:
        yield piece(n_read)
        second += _BLOCK_SECONDS
        held, first = (
            held[:, (second - _CONTEXT_SECONDS - first) * rate :],
            second - _CONTEXT_SECONDS,
        )
