"""One prepared song: 16-bit sound on disk, codes, names, words and what sounds in each frame.

What
    song.json            names, words, length
    audio.pcm            16-bit samples, channel beside channel
    codes.npy            codes of all levels and variants, one after the other
    times.npy            when each character is sung
    phones.npy, characters.npy      what sounds in each top-level frame

    Nothing is read before it is asked for, and codes stay on disk (memory-mapped).

    A *variant* is one more encoding of the same song: moved by less than one top-level code, and
    with another balance of its two channels. Training on several keeps a prior from learning the
    accidents of one encoding by heart.
Conventions
    Level 0 is the bottom. Frames are top-level codes. `padded` counts samples: the length rounded
    up to whole frames and at least one training window; what lies past the end is silence.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import functools
import hashlib
import posixpath
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.labels.times import LyricTimes

FULL_SCALE = 32768.0  # 16-bit value of a sample of 1.0


def splits(name: str, held_out: float) -> str:
    """Whether a song is trained on ("train") or measured on ("held_out").

    It depends on the song's name alone (without its ending), so it stays when songs are added.

    Parameters
    ----------
    name
        Of the song.
    held_out
        Share of songs to hold out, from 0 to below 1.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return "held_out" if lot(name) < held_out else "train"


def lot(name: str) -> float:
    """The number from 0 to below 1 that decides over a song: held out if it is below the share.

    Lesson: notebooks/13_measure_it.ipynb
    """
    stem = unicodedata.normalize("NFC", posixpath.splitext(name)[0])
    digest = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True)
class Variant:
    """How one encoding of a song differs from the plain one.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    shift: int = 0  # its first code begins at this sample, below one top-level hop
    mix: float = 0.5  # share of the left channel


@dataclass(frozen=True)
class StoredSong:
    """One song of a store.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    folder: Path  # of this song
    name: str  # unique in the store
    artist: str  # "" = unknown
    genre: str  # "" = unknown
    lyrics: str  # "" = unknown, or none
    split: str  # "train" or "held_out"
    length: int  # samples
    channels: int  # 1 or 2
    sample_rate: int  # samples per second
    hop_length: int  # of the top level, samples
    padded: int  # samples that the codes cover, a whole number of frames
    hop_lengths: tuple[int, ...] = ()  # of the levels that are encoded, bottom first
    variants: tuple[Variant, ...] = ()  # encodings; empty: no codes
    mapped: bool = True  # False: codes are read into memory (too many songs for open files)

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.length / self.sample_rate

    @property
    def has_codes(self) -> bool:
        """Whether the song is encoded."""
        return bool(self.variants)

    @property
    def n_frames(self) -> int:
        """Top-level codes."""
        return self.padded // self.hop_length

    def samples(self, start: int = 0, length: int | None = None, mix: float = 0.5) -> np.ndarray:
        """Sound of a stretch, one channel.

        Parameters
        ----------
        start
            First sample.
        length
            Samples; None: to the end of the song. What lies past the end is silence.
        mix
            Share of the left channel: mix * left + (1 - mix) * right.

        Returns
        -------
        float32 (length,) in [-1, 1].

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        if start < 0 or not 0 <= mix <= 1:
            what = ("start", start, "0 or more") if start < 0 else ("mix", mix, "from 0 to 1")
            raise ConfigError(must(*what))
        length = max(0, self.length - start) if length is None else length
        there = max(0, min(length, self.length - start))
        out = np.zeros(length, np.float32)
        if there:
            offset = 2 * self.channels * start  # bytes
            path = self.folder / "audio.pcm"
            pcm = np.fromfile(path, "<i2", there * self.channels, offset=offset)
            if len(pcm) < there * self.channels:
                raise CheckpointError(f"{path} is cut off. Run prepare again.")
            out[:there] = blended(pcm.reshape(there, self.channels), mix)
        return out

    @functools.cached_property
    def _codes(self) -> np.ndarray:
        """Codes of all variants and levels, (codes,)."""
        path = self.folder / "codes.npy"
        try:
            codes = np.load(path, mmap_mode="r" if self.mapped else None, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CheckpointError(f"{path} cannot be read ({error}). Run prepare again.") from None
        if codes.shape != (self.n_codes * len(self.variants),):
            raise CheckpointError(f"{path} is damaged: {codes.shape} codes. Run prepare again.")
        return codes

    @property
    def n_codes(self) -> int:
        """Codes of all levels of one variant."""
        return sum(self.padded // hop for hop in self.hop_lengths)

    def codes(self, level: int, variant: int = 0) -> np.ndarray:
        """Codes of one level, whole numbers (tokens,), read from disk when they are used.

        Raises
        ------
        ConfigError
            If there is no such level or variant.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        if not 0 <= variant < len(self.variants):
            advice = "" if self.variants else "Run prepare with a model."
            allowed = f"below {len(self.variants)}, the encodings of {self.name!r}"
            raise ConfigError(must("variant", variant, allowed, advice))
        if not 0 <= level < len(self.hop_lengths):
            raise ConfigError(must("level", level, f"from 0 to {len(self.hop_lengths) - 1}"))
        first = variant * self.n_codes
        first += sum(self.padded // hop for hop in self.hop_lengths[:level])
        return self._codes[first : first + self.padded // self.hop_lengths[level]]

    def _array(self, name: str) -> np.ndarray | None:
        """A small array of the song; None: it has none."""
        path = self.folder / name
        try:
            return np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            raise CheckpointError(f"{path} cannot be read ({error}). Run prepare again.") from None

    def phones(self) -> np.ndarray | None:
        """Phone of each frame, int16 (frames,); None: nobody knows."""
        return self._array("phones.npy")

    def characters(self) -> np.ndarray | None:
        """Character sung in each frame, int32 (frames,) index into `lyrics`; None: unknown."""
        return self._array("characters.npy")

    def times(self) -> LyricTimes | None:
        """When each character is sung; None: unknown."""
        table = self._array("times.npy")  # (2, characters)
        return None if table is None else LyricTimes(self.lyrics, *table)

    def timings(self) -> np.ndarray | None:
        """Times (characters, 2) for `SongLabels.create`; None: its windows are spread evenly.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        times = self.times()
        return None if times is None else times.to_timings()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_codes"}


def blended(pcm: np.ndarray, mix: float) -> np.ndarray:
    """Float32 (samples,) of 16-bit (samples, channels).

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    sound = pcm.astype(np.float32) / np.float32(FULL_SCALE)
    if sound.shape[1] == 1:
        return sound[:, 0]
    return np.float32(mix) * sound[:, 0] + np.float32(1 - mix) * sound[:, 1]
