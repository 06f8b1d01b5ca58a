"""Clips of songs at random places: what the VQ-VAE is trained on.

Shapes
    audio (batch, samples); phones (batch, frames), one frame per top-level code.
Paper: [Jukebox §5.1]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.songbook import PHONES
from jukebox_edu.training.codeset import UNKNOWN
from jukebox_edu.training.store import StoredSong

SILENCE = PHONES.index("SIL")


@dataclass(frozen=True)
class Clips:
    """A batch of clips."""

    audio: Tensor  # (batch, samples) float32
    phones: Tensor  # (batch, frames) long, UNKNOWN where nobody knows

    def to(self, device: torch.device | str) -> Clips:
        """Copy to a device."""
        return Clips(self.audio.to(device), self.phones.to(device))


@dataclass(frozen=True)
class ClipShape:
    """How clips are cut."""

    samples: int  # per clip
    hop_length: int  # samples per top-level code; clips begin at whole codes
    blend: bool = False  # mix stereo songs anew each time, instead of half and half


def random_clips(
    songs: Sequence[StoredSong], shape: ClipShape, size: int, random: np.random.Generator
) -> Clips:
    """Clips at random places of random songs; songs shorter than a clip end in silence.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    hop, audio, phones = shape.hop_length, [], []
    for _ in range(size):
        song = songs[int(random.integers(len(songs)))]
        last = max(0, song.length - shape.samples) // hop
        first = int(random.integers(last + 1))
        mix = float(random.random()) if shape.blend else 0.5
        audio.append(song.samples(first * hop, shape.samples, mix=mix))
        phones.append(_phones(song, first, shape))
    return Clips(torch.from_numpy(np.stack(audio)), torch.from_numpy(np.stack(phones)))


def _phones(song: StoredSong, first: int, shape: ClipShape) -> np.ndarray:
    """Phones (frames,) of a clip; after the song's end there is silence."""
    n = shape.samples // shape.hop_length
    known = song.phones() if song.hop_length == shape.hop_length else None
    found = np.full(n, UNKNOWN if known is None else SILENCE, np.int64)
    if known is not None:
        piece = known[first : first + n]
        found[: len(piece)] = piece
    return found


def check_songs(songs: Sequence[StoredSong], sample_rate: int) -> None:
    """Refuse an empty list, and songs at another sample rate than the model's.

    Raises
    ------
    ConfigError
        If there are no songs or they are at another rate.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not songs:
        raise ConfigError(must("songs", 0, "at least one song", "Prepare more of them."))
    rates = {song.sample_rate for song in songs}
    if rates != {sample_rate}:
        advice = "Prepare them again for this model."
        given = sorted(rates)
        raise ConfigError(must("sample_rate of songs", given, f"[{sample_rate}]", advice))
