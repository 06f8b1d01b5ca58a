"""Songs as codes, with their labels: what priors are trained on.

What
    Every song is encoded once by the finished codec. A training example is one window of codes of
    one level, at a random place, with the upper codes above it and the labels of that window.
Shapes
    codes (batch, n_ctx); upper codes (batch, n_ctx // factor); targets per top-level frame.
Paper: [Jukebox §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import LyricsError
from jukebox_edu.labels import Labels, LabelVocabularies, SongLabels, clean
from jukebox_edu.progress import Progress
from jukebox_edu.training.aids import guidance_targets
from jukebox_edu.training.songset import SongEntry, SongSet
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True)
class CodedSong:
    """One song, encoded."""

    codes: tuple[np.ndarray, ...]  # index = level, (tokens,) int16
    labels: SongLabels  # of this one song
    lyrics: str  # cleaned, the characters that `characters` points into
    phones: np.ndarray  # (top tokens,) phone index
    characters: np.ndarray  # (top tokens,) character index or -1


@dataclass(frozen=True)
class Batch:
    """Windows of several songs."""

    codes: Tensor  # (batch, n_ctx)
    upper_codes: Tensor | None  # (batch, n_ctx // factor)
    labels: Labels | None
    phones: Tensor | None = None  # (batch, n_ctx), top level only
    sung: Tensor | None = None  # (batch, n_ctx, n_tokens) boolean, top level only


def encode_songs(
    vqvae: VQVAE, songset: SongSet, songs: Sequence[SongEntry]
) -> tuple[np.ndarray, ...]:
    """Codes of every level, (tokens,) int16, of songs one after the other.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    levels: list[list[np.ndarray]] = [[] for _ in range(vqvae.levels)]
    with Progress(len(songs), label="encoding songs", unit="songs") as progress:
        for song in songs:
            codes = vqvae.encode(torch.from_numpy(songset.samples(song)))
            for level, tokens in enumerate(codes):
                levels[level].append(tokens[0].numpy().astype(np.int16))
            progress.update(1)
    return tuple(np.concatenate(parts) for parts in levels)


def label_songs(
    songset: SongSet,
    songs: Sequence[SongEntry],
    codes: Sequence[np.ndarray],
    priors: Sequence[PriorConfig],
    vocabularies: LabelVocabularies,
) -> list[CodedSong]:
    """Give the codes that `encode_songs` made of `songs` their labels.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    coded, firsts = [], [0] * len(priors)
    for song in songs:
        own = []
        for level, prior in enumerate(priors):
            first, last = firsts[level], firsts[level] + song.padded // prior.hop_length
            own.append(codes[level][first:last])
            firsts[level] = last
        labels = SongLabels.create(
            lyrics=song.lyrics,
            artist=song.artist,
            genre=song.genre,
            total_length=song.length,
            priors=priors,
            vocabularies=[vocabularies] * len(priors),
        )
        lyrics = clean(song.lyrics, "tiny")
        if lyrics != song.lyrics:
            raise LyricsError(f"Song {song.seed} has characters that cleaning changes.")
        phones = songset.frames(songset.phones, song)
        characters = songset.frames(songset.characters, song)
        coded.append(CodedSong(tuple(own), labels, lyrics, phones, characters))
    return coded


def random_batch(
    songs: Sequence[CodedSong], config: PriorConfig, size: int, random: np.random.Generator
) -> Batch:
    """Windows at random places of random songs, for the prior of `config.level`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    factor = config.conditioner.factor if config.conditioner else 1
    places = []
    for index in random.integers(len(songs), size=size):
        song = songs[index]
        tokens = len(song.codes[config.level])
        ends = song.labels.total_length // config.hop_length
        last = max(0, min(tokens - config.n_ctx, ends - config.n_ctx // 2)) // factor
        places.append((song, int(random.integers(last + 1)) * factor))
    return batch_of(places, config)


def batch_of(places: Sequence[tuple[CodedSong, int]], config: PriorConfig) -> Batch:
    """The windows that begin at given codes of given songs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    level, n, factor = config.level, config.n_ctx, 1
    if config.conditioner is not None:
        factor = config.conditioner.factor

    def cut(values: np.ndarray, start: int, length: int) -> Tensor:
        return torch.from_numpy(values[start : start + length].astype(np.int64))

    codes = torch.stack([cut(song.codes[level], start, n) for song, start in places])
    upper = None
    if config.conditioner is not None:
        upper = torch.stack(
            [cut(song.codes[level + 1], start // factor, n // factor) for song, start in places]
        )
    windows = [song.labels.window(start, level) for song, start in places]
    vector = torch.cat([labels.to_vector() for labels in windows if labels is not None])
    labels = Labels.from_vector(vector, windows[0].n_genres)  # type: ignore[union-attr]
    if config.lyrics is None:
        return Batch(codes, upper, labels)
    phones = torch.stack([cut(song.phones, start, n) for song, start in places])
    sung = []
    for song, start in places:
        indices = song.labels.lyric_indices(start, level)[0].numpy()  # type: ignore[index]
        sung.append(
            torch.from_numpy(
                guidance_targets(song.characters[start : start + n], song.lyrics, indices)
            )
        )
    return Batch(codes, upper, labels, phones, torch.stack(sung))
