"""Sound small enough for a page: MP3 in memory, without ffmpeg; WAV for short comparisons.

What
    Clips of up to two seconds stay exact (WAV): there one compares original and reconstruction,
    and a second lossy codec would blur what is compared. All else is MP3: ten seconds at 44.1 kHz
    are 1.2 MB as WAV in base64 and 0.19 MB as MP3, and every browser plays it. The bit rate is
    constant on purpose: browsers seek in such a file by arithmetic, so the cursor and the sound
    agree after every jump.
Shapes
    samples (samples,), full scale [-1, 1]; what lies outside is clamped, nothing is normalized.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jukebox_edu.audio import encode_wav
from jukebox_edu.page.data import Track

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # samples per second
ENCODER_GAIN = 0.95  # LAME scales all it encodes by this much; undone, so that loudness is kept
WAV_SECONDS = 2.0  # clips up to so long are kept exactly
WAV_BYTES = 200_000  # of all tracks of a player together, if they are to be kept exactly
COMPRESSION = 0.7  # 0 largest, 1 smallest: about 57 kbit/s at 16 kHz, 113 kbit/s at 44.1 kHz


def small_compression(sample_rate: int) -> float:
    """Compression for notebooks, whose files are kept small: 40 kbit/s, or 48 from 32 kHz on.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    if sample_rate >= 32000:
        return (320 - 48) / (320 - 32)  # MP3 knows 32 to 320 kbit/s at these rates
    return (160 - 40) / (160 - 8) if sample_rate > 12000 else COMPRESSION


@dataclass(frozen=True)
class SoundFile:
    """A sound file in memory.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """

    kind: str  # its media type, for instance "audio/mpeg"
    content: bytes  # the file


def encode_sounds(tracks: Sequence[Track], *, small: bool = False) -> tuple[SoundFile, ...]:
    """Encode the tracks of one player, all in the same way, so that they can be compared.

    Parameters
    ----------
    tracks
        Sounds; up to `WAV_SECONDS` they are kept exactly, as WAV.
    small
        Fewer bits for MP3: the file of a notebook is kept small.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    short = max(track.seconds for track in tracks) <= WAV_SECONDS
    if short and sum(2 * track.samples.size for track in tracks) <= WAV_BYTES:
        return tuple(SoundFile("audio/wav", _wav(track)) for track in tracks)
    return tuple(
        SoundFile(
            "audio/mpeg",
            encode_mp3(track, small_compression(track.sample_rate) if small else COMPRESSION),
        )
        for track in tracks
    )


def _wav(track: Track) -> bytes:
    return encode_wav(np.clip(track.samples, -1.0, 1.0), int(track.sample_rate))


def encode_mp3(track: Track, compression: float = COMPRESSION) -> bytes:
    """Encode one track as a mono MP3 file.

    Parameters
    ----------
    track
        Sound (samples,). A rate that MP3 does not know is resampled to the next higher one.
    compression
        0 gives the largest file, 1 the smallest.

    Returns
    -------
    bytes
        The file; the same track gives the same bytes.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    samples, rate = _at_mp3_rate(np.clip(track.samples, -1.0, 1.0), int(track.sample_rate))
    samples = samples / np.float32(ENCODER_GAIN)
    buffer = io.BytesIO()
    with _open_mp3(buffer, rate, compression) as file:
        for start in range(0, samples.size, rate):  # long single writes overflow the encoder
            file.write(samples[start : start + rate])
    return buffer.getvalue()


def _at_mp3_rate(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """Samples at a rate that MP3 knows."""
    if rate in MP3_RATES:
        return samples, rate
    import soxr  # comes with librosa

    target = next((known for known in MP3_RATES if known > rate), MP3_RATES[-1])
    return np.clip(soxr.resample(samples, rate, target), -1.0, 1.0), target


def _open_mp3(buffer: io.BytesIO, rate: int, compression: float) -> Any:
    """Open `buffer` for writing MP3, at a constant bit rate where soundfile can."""
    import soundfile

    kind = {"samplerate": rate, "channels": 1, "format": "MP3"}
    try:
        return soundfile.SoundFile(
            buffer, "w", **kind, compression_level=compression, bitrate_mode="CONSTANT"
        )
    except TypeError:  # soundfile before 0.13 knows no bit rates
        return soundfile.SoundFile(buffer, "w", **kind)
