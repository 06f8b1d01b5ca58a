"""Read audio files in blocks, so that an hour fits where several copies of it would not.

What
    libsndfile (through the `soundfile` package) reads wav, flac, ogg, mp3, aiff and more. Each
    block is mixed to mono as it arrives; memory holds the result and one block.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import units
from jukebox_edu.audio.arrays import checked_rate, resample
from jukebox_edu.audio.tags import AudioTags, read_tags
from jukebox_edu.errors import AudioError, must

_BLOCK_FRAMES = 65536  # frames read at once
_NEEDS_FFMPEG = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".mkv", ".amr", ".ra", ".ape")


@dataclass(frozen=True)
class AudioClip:
    """Sound read from a file.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """

    samples: np.ndarray  # float32 (samples,), or (channels, samples) when not mixed to mono
    sample_rate: int  # samples per second
    path: Path  # where it came from
    tags: AudioTags  # what the file says about itself

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return units.samples_to_seconds(self.samples.shape[-1], self.sample_rate)


def load(
    path: str | os.PathLike[str],
    *,
    sample_rate: int | None = None,
    start: float = 0.0,
    seconds: float | None = None,
    mono: bool = True,
) -> AudioClip:
    """Read an audio file, or a stretch of it.

    Parameters
    ----------
    path
        Any file that libsndfile reads: wav, flac, ogg, mp3, aiff, ...
    sample_rate
        Resample to this rate; None keeps the file's own.
    start, seconds
        Where to begin and how much to read, in seconds; None reads to the end.
    mono
        True: `(samples,)`, the mean of all channels. False: `(channels, samples)`.

    Notes
    -----
    An MP3 of variable bit rate that lacks the usual length header is read only as far as
    libsndfile guesses that it goes.

    Raises
    ------
    AudioError
        If the file is missing, unreadable, cut off, empty, or holds NaN or infinity.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    start = units.checked_seconds(start, "start", zero_ok=True)
    if seconds is not None:
        seconds = units.checked_seconds(seconds)
    target = None if sample_rate is None else checked_rate(sample_rate)
    file_path = _existing_file(path)
    with _open(file_path) as file:
        rate = file.samplerate
        samples = _read_stretch(file, file_path, start, seconds, mono)
    if target is not None:
        samples = resample(samples, rate, target)
    return AudioClip(samples, target or rate, file_path, read_tags(file_path))


def _existing_file(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise AudioError(must("path", path, "the name of an audio file"))
    file_path = Path(path)
    if file_path.is_dir():
        raise AudioError(must("path", str(path), "an audio file, not a folder"))
    if not file_path.is_file():
        advice = f"The present folder is {Path.cwd()}."
        raise AudioError(must("path", str(path), "an existing audio file", advice))
    try:
        with file_path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"{path} is empty (0 bytes): it holds no sound.")
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}.") from None
    return file_path


def _open(path: Path) -> Any:
    """Open `path` with libsndfile, or say what to do."""
    import soundfile

    try:
        file = soundfile.SoundFile(str(path))
    except (soundfile.SoundFileError, TypeError, ValueError):  # TypeError: headerless .raw
        if path.suffix.lower() in _NEEDS_FFMPEG:
            command = f"ffmpeg -i {shlex.quote(str(path))} {shlex.quote(path.stem + '.flac')}"
            advice = f"Install ffmpeg (https://ffmpeg.org) and convert it: {command}"
            raise AudioError(f"{path}: {path.suffix} files cannot be read. {advice}") from None
        raise AudioError(
            f"{path} is no audio file that can be read, or it is damaged. "
            "Use wav, flac, ogg, mp3 or aiff."
        ) from None
    checked_rate(file.samplerate, f"sample rate of {path}")
    if file.format == "MP3":  # soundfile seeks after every read, and what follows a seek in
        file.seekable = lambda: False  # an MP3 is damaged for a frame: a click at every block
    return file


def _read_stretch(
    file: Any, path: Path, start: float, seconds: float | None, mono: bool
) -> np.ndarray:
    """Read the stretch from `start` on, checking that it is really there."""
    rate, n_file = file.samplerate, file.frames
    if n_file <= 0:
        raise AudioError(f"{path} holds no sound: it is empty or cut off.")
    first = int(start * rate)
    if first >= n_file:
        length = units.samples_to_seconds(n_file, rate)
        raise AudioError(must("start", start, f"before the end of {path} at {length:.3f} s"))
    n_wanted = n_file - first
    if seconds is not None:
        n_wanted = min(n_wanted, max(1, round(seconds * rate)))
    if n_wanted > units.MAX_SECONDS * rate:
        raise AudioError(f"{path} is longer than a day: choose a stretch with start and seconds.")
    samples = _read_frames(file, path, first, n_wanted, mono)
    n_read = samples.shape[-1]
    # The length of an MP3 may be an estimate; anything else that ends early is damaged.
    spare = 0.1 * rate if file.format == "MP3" else 0
    if n_read == 0 or n_wanted - n_read > spare:
        readable = units.samples_to_seconds(n_read, rate)
        advice = f"Convert it anew, or pass seconds={readable:.2f}." if n_read else "Get it anew."
        raise AudioError(
            f"{path} is damaged or cut off: {readable:.2f} of "
            f"{units.samples_to_seconds(n_wanted, rate):.2f} s can be read. {advice}"
        )
    return samples


def _read_frames(file: Any, path: Path, first: int, n_wanted: int, mono: bool) -> np.ndarray:
    """Read up to `n_wanted` frames; fewer come back where the file breaks off."""
    import soundfile

    try:
        samples = np.empty(n_wanted if mono else (file.channels, n_wanted), dtype=np.float32)
    except MemoryError:
        raise AudioError(f"{path} is too long for this memory: pass start and seconds.") from None
    mix = np.full(file.channels, 1 / file.channels, dtype=np.float32)  # the mean over channels
    filled = 0
    try:
        _skip(file, first)
        while filled < n_wanted:
            n_block = min(_BLOCK_FRAMES, n_wanted - filled)
            block = file.read(n_block, dtype="float32", always_2d=True)  # (frames, channels)
            if len(block) == 0:
                break
            if not np.isfinite(block).all():
                at = units.samples_to_seconds(first + filled, file.samplerate)
                raise AudioError(f"{path} holds NaN or infinite samples after {at:.2f} s.")
            samples[..., filled : filled + len(block)] = block @ mix if mono else block.T
            filled += len(block)
    except soundfile.SoundFileError:
        pass  # a damaged place: the caller says how far it was readable
    return samples[..., :filled]


def _skip(file: Any, n_frames: int) -> None:
    """Move on by `n_frames`; MP3 is decoded on the way, since seeking in it is inexact."""
    if file.format != "MP3":
        file.seek(n_frames)
        return
    while n_frames > 0:
        got = len(file.read(min(_BLOCK_FRAMES, n_frames), dtype="float32"))
        if got == 0:
            return
        n_frames -= got
