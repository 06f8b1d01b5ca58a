"""A training set made of songbook songs: rendered once, kept as arrays, cut into windows.

What
    Every song is rendered from its seed and stored with what the singer knows: which phone and
    which character sounds at each moment. Samples are kept as 16-bit integers in one long array;
    songs shorter than one window are padded with silence.
Shapes
    audio (samples,) int16 over all songs; phones and characters (frames,) per song, one entry per
    top-level code; -1 where no character is sung.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from jukebox_edu import units
from jukebox_edu.errors import CheckpointError
from jukebox_edu.progress import Progress
from jukebox_edu.songbook import character_frames, make_song, phone_frames

FULL_SCALE = 32767.0  # int16 value of a sample of 1.0


@dataclass(frozen=True)
class SongEntry:
    """One song of the set."""

    seed: int  # of the songbook
    artist: str  # voice
    genre: str  # style
    lyrics: str  # as a person writes them
    start: int  # first sample in the long array
    length: int  # samples of the song itself
    padded: int  # samples stored, a whole number of top-level codes, at least one window


@dataclass(frozen=True)
class SongSet:
    """Rendered songs."""

    sample_rate: int  # samples per second
    hop_length: int  # samples per frame of `phones` and `characters`
    songs: tuple[SongEntry, ...]
    audio: np.ndarray  # (samples,) int16
    phones: np.ndarray  # (frames,) int16, phone index of the songbook
    characters: np.ndarray  # (frames,) int32, index into the song's lyrics or -1

    def samples(self, song: SongEntry, start: int = 0, length: int | None = None) -> np.ndarray:
        """Float32 samples of a stretch of one song, in [-1, 1]."""
        stop = song.padded if length is None else start + length
        piece = self.audio[song.start + start : song.start + stop]
        return piece.astype(np.float32) / FULL_SCALE

    def frames(self, values: np.ndarray, song: SongEntry) -> np.ndarray:
        """The part of `phones` or `characters` that belongs to one song."""
        first = song.start // self.hop_length
        return values[first : first + song.padded // self.hop_length]


def render_songset(
    seeds: Sequence[int],
    *,
    sample_rate: int,
    hop_length: int,
    window: int,
    min_seconds: float,
    max_seconds: float,
) -> SongSet:
    """Sing the songs of `seeds`; their length and band level vary with the seed.

    Parameters
    ----------
    seeds
        One song each.
    sample_rate, hop_length
        Of the model's top level.
    window
        Samples of one top-level window; shorter songs are padded to it.
    min_seconds, max_seconds
        Shorter songs are left out, longer ones are not asked for.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    songs, audio, phones, characters = [], [], [], []
    position = 0
    progress = Progress(len(seeds), label="singing songs", unit="songs")
    progress.__enter__()
    for seed in seeds:
        progress.update(1)
        random = np.random.default_rng([seed, 77])
        seconds = random.uniform(7.0, max_seconds)
        song = make_song(
            seed, seconds=seconds, band_gain=random.uniform(0.0, 0.3), sample_rate=sample_rate
        )
        n = len(song.audio)
        if n < min_seconds * sample_rate:
            continue
        padded = max(window, units.padded_length(n, hop_length))
        samples = np.zeros(padded, np.float32)
        samples[:n] = song.audio
        n_frames = padded // hop_length
        audio.append((samples.clip(-1, 1) * FULL_SCALE).astype(np.int16))
        phones.append(phone_frames(song, hop_length / sample_rate, n_frames).astype(np.int16))
        characters.append(
            character_frames(song, hop_length / sample_rate, n_frames).astype(np.int32)
        )
        songs.append(
            SongEntry(int(seed), song.artist, song.genre, song.lyrics, position, n, padded)
        )
        position += padded
    progress.__exit__(None, None, None)
    joined = (np.concatenate(x) for x in (audio, phones, characters))
    return SongSet(sample_rate, hop_length, tuple(songs), *joined)


def save_songset(songset: SongSet, folder: Path) -> None:
    """Write a set to a folder, each file under a temporary name first.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("audio", "phones", "characters"):
        with open(folder / f"{name}.npy.part", "wb") as file:
            np.save(file, getattr(songset, name))
        os.replace(folder / f"{name}.npy.part", folder / f"{name}.npy")
    about = {
        "sample_rate": songset.sample_rate,
        "hop_length": songset.hop_length,
        "songs": [asdict(song) for song in songset.songs],
    }
    part = folder / "songs.json.part"
    part.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    os.replace(part, folder / "songs.json")


def load_songset(folder: Path) -> SongSet:
    """Read a set written by `save_songset`; the audio stays on disk until it is used.

    Raises
    ------
    CheckpointError
        If the folder holds no whole set.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not (folder / "songs.json").exists():
        raise CheckpointError(f"{folder} holds no rendered songs (songs.json is missing).")
    about = json.loads((folder / "songs.json").read_text(encoding="utf-8"))
    arrays = [
        np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in ("audio", "phones", "characters")
    ]
    songs = tuple(SongEntry(**song) for song in about["songs"])
    return SongSet(about["sample_rate"], about["hop_length"], songs, *arrays)
