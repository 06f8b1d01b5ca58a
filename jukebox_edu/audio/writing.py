"""Write sound to files and bytes, a second at a time.

What
    `save` writes under a temporary name in the same folder and renames when all is well, so a file
    that carries its final name is whole. Samples beyond full scale are clamped, counted, reported.
    Writing goes in blocks of a second because one long write crashes the Vorbis encoder.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import units
from jukebox_edu.audio.arrays import checked_rate, checked_waveform, clipped_share, peak
from jukebox_edu.audio.tags import AudioTags, write_tags
from jukebox_edu.errors import AudioError, RunError, must


@dataclass(frozen=True)
class SavedAudio:
    """What `save` did.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """

    path: Path  # the file
    seconds: float  # its duration
    clipped_share: float  # share of samples that were beyond full scale, 0 to 1
    peak: float  # largest magnitude before clamping, full scale is 1


@dataclass(frozen=True)
class _Format:
    name: str  # libsndfile's name of the container
    subtype: str  # libsndfile's name of the encoding
    max_channels: int  # what the encoder takes
    max_rate: int  # samples per second
    rates: tuple[int, ...] = ()  # the only rates it takes; empty: any up to max_rate


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_FORMATS = {
    ".wav": _Format("WAV", "PCM_16", 64, 768_000),
    ".flac": _Format("FLAC", "PCM_16", 8, 655_350),
    ".ogg": _Format("OGG", "VORBIS", 64, 200_000),  # beyond that the encoder crashes
    ".mp3": _Format("MP3", "MPEG_LAYER_III", 2, 48_000, _MP3_RATES),
}


def save(
    path: str | os.PathLike[str],
    samples: np.ndarray,
    sample_rate: int,
    *,
    tags: AudioTags | None = None,
) -> SavedAudio:
    """Write a waveform to a wav, flac, ogg or mp3 file; the ending decides which.

    Parameters
    ----------
    path
        The file; folders on the way are made, an existing file is replaced once the new is whole.
    samples
        Floating point `(samples,)` or `(channels, samples)`; clamped to [-1, 1].
    sample_rate
        Samples per second.
    tags
        Written into the file; None writes none.

    Raises
    ------
    RunError
        If the folder cannot be written or the disk is full; nothing half-written stays.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    import soundfile

    target = Path(path)
    waveform = checked_waveform(samples, "samples")  # (channels, samples)
    form = _checked_format(target, len(waveform), sample_rate)
    partial = target.with_name(f".part-{os.getpid()}-{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.open("xb").close()  # a refusal of the folder comes with its reason
        _write_blocks(str(partial), waveform, sample_rate, form)
        if soundfile.info(str(partial)).frames != waveform.shape[1]:
            raise OSError("not everything arrived in the file")
        if tags is not None:
            write_tags(partial, tags)
        os.replace(partial, target)
    except (OSError, soundfile.SoundFileError, AssertionError) as error:
        raise RunError(_cannot_write(target, error)) from None
    finally:
        _remove(partial)
    seconds = units.samples_to_seconds(waveform.shape[1], sample_rate)
    return SavedAudio(target, seconds, clipped_share(waveform), peak(waveform))


def encode_mp3(samples: np.ndarray, sample_rate: int, *, compression: float | None = None) -> bytes:
    """Encode a waveform as MP3 in memory, small enough to embed in a page.

    Parameters
    ----------
    samples
        Floating point `(samples,)` or `(2, samples)`; clamped to [-1, 1].
    sample_rate
        One of the rates of MP3, 8000 to 48000.
    compression
        From 0 (largest, best) to 1; None leaves it to the encoder.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    if compression is not None and not 0 <= compression <= 1:
        raise AudioError(must("compression", compression, "from 0 to 1"))
    return _encode(".mp3", samples, sample_rate, compression)


def encode_wav(samples: np.ndarray, sample_rate: int) -> bytes:
    """Encode a waveform as 16-bit WAV in memory: what every player takes, at twice its samples.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    return _encode(".wav", samples, sample_rate)


def _encode(
    suffix: str, samples: np.ndarray, sample_rate: int, compression: float | None = None
) -> bytes:
    waveform = checked_waveform(samples, "samples")  # (channels, samples)
    form = _checked_format(Path("memory" + suffix), len(waveform), sample_rate)
    buffer = io.BytesIO()
    _write_blocks(buffer, waveform, sample_rate, form, compression)
    return buffer.getvalue()


def _checked_format(path: Path, n_channels: int, sample_rate: int) -> _Format:
    """Find the format by the ending of `path` and check that it takes this sound."""
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise AudioError(must("path", str(path), f"a name ending in {', '.join(_FORMATS)}"))
    rate = checked_rate(sample_rate)
    advice = "Resample it (audio.resample), or save it as .wav or .flac."
    if form.rates and rate not in form.rates:
        raise AudioError(must("sample_rate", rate, f"one of {form.rates} for MP3", advice))
    if rate > form.max_rate:
        allowed = f"at most {form.max_rate} for {form.name}"
        raise AudioError(must("sample_rate", rate, allowed, advice))
    if n_channels > form.max_channels:
        allowed = f"at most {form.max_channels} for {form.name}"
        raise AudioError(must("channels", n_channels, allowed, "Mix it down (audio.as_mono)."))
    return form


def _write_blocks(
    target: Any, waveform: np.ndarray, rate: int, form: _Format, compression: float | None = None
) -> None:
    """Write `(channels, samples)` to a file name or a buffer, one second at a time."""
    import soundfile

    options = {} if compression is None else {"compression_level": compression}
    with soundfile.SoundFile(
        target, "w", rate, len(waveform), subtype=form.subtype, format=form.name, **options
    ) as file:
        for begin in range(0, waveform.shape[1], rate):
            block = waveform[:, begin : begin + rate]  # (channels, at most a second)
            file.write(np.clip(block, -1.0, 1.0).T)


def _cannot_write(path: Path, error: BaseException) -> str:
    reason = getattr(error, "strerror", None) or str(error).strip(". ") or "the write stopped"
    try:
        free = f" {shutil.disk_usage(path.parent).free / 2**20:.0f} MiB are free there."
    except OSError:
        free = ""
    return f"{path} cannot be written: {reason}.{free} Choose another folder or make room."


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # the folder itself is not there or not ours: nothing of ours is in it
