"""Test songs as codes with labels: encoded once, read by every measurement of the priors.

What
    Codes are small (a second of the bottom level of tiny is 2 kB), so those of all songs are
    kept while the sound is forgotten. Songs shorter than a window are filled up with silence,
    which is marked: nothing is measured there.
Shapes
    codes[level] (tokens,), index = level; characters and phones (top tokens,).
Paper: [Jukebox §4]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch

from jukebox_edu import units
from jukebox_edu.evaluation.songs import TestSong
from jukebox_edu.labels import SongLabels, UnknownNameWarning, explain_cleaning
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.model import Jukebox

UNKNOWN = "unknown"  # the name of nobody in every list


@dataclass(frozen=True, eq=False)
class CodedSong:
    """One test song, encoded.

    Lesson: notebooks/13_measure_it.ipynb
    """

    name: str
    artist: str
    genre: str
    n_samples: int  # of the song itself; codes go on to a whole window
    codes: tuple[np.ndarray, ...]  # index = level, (tokens,) int16 or int32
    labels: SongLabels  # of this one song
    nobody: SongLabels  # the same words, artist and genre unknown
    lyrics: str  # as the top level reads them
    times: LyricTimes | None  # of the characters of `lyrics`
    characters: np.ndarray | None  # (top tokens,) index into `lyrics`, -1: nothing is sung
    phones: np.ndarray | None  # (top tokens,) phone of the songbook
    notes: tuple[str, ...] = ()  # what was cut or is unknown, in words

    def n_codes(self, level: int, hop_length: int) -> int:
        """Whole codes of a level in the song itself."""
        return min(len(self.codes[level]), self.n_samples // hop_length)


def longest_samples(model: Jukebox) -> int:
    """Samples of the longest song that all priors know, whole top-level codes.

    Lesson: notebooks/13_measure_it.ipynb
    """
    top = model.hop_lengths[-1]
    told = [prior.labels for prior in model.config.priors if prior.labels and prior.labels.timing]
    seconds = min([labels.max_duration for labels in told], default=units.MAX_SECONDS)
    return (int(seconds * model.sample_rate) - top) // top * top


def shortest_samples(model: Jukebox) -> int:
    """Samples of the shortest song that the priors can be told of.

    Lesson: notebooks/13_measure_it.ipynb
    """
    told = [prior.labels for prior in model.config.priors if prior.labels and prior.labels.timing]
    return max([math.ceil(x.min_duration * model.sample_rate) for x in told], default=1)


def encode_song(model: Jukebox, song: TestSong) -> CodedSong:
    """Encode one song and translate its labels.

    Lesson: notebooks/13_measure_it.ipynb
    """
    top = model.hop_lengths[-1]
    sound, notes = song.audio, []
    if len(sound) > longest_samples(model):
        sound = sound[: longest_samples(model)]
        notes.append(f"{song.name}: only the first {len(sound) / model.sample_rate:g} s")
    window = max((prior.window_samples for prior in model.config.priors), default=0)
    padded = np.zeros(max(window, units.padded_length(len(sound), top)), np.float32)
    padded[: len(sound)] = sound
    small = np.int16 if model.config.vqvae.codebook_size <= 2**15 else np.int32
    codes = tuple(level[0].cpu().numpy().astype(small) for level in model.encode(padded))
    length = max(len(sound), shortest_samples(model))
    labels, unknown = _labels(model, song, length, song.artist, song.genre)
    nobody, _ = _labels(model, song, length, UNKNOWN, UNKNOWN)
    lyrics, times = _top_words(model, song)
    hop_seconds = top / model.sample_rate
    characters = None if times is None else _sung(times, len(codes[-1]), hop_seconds)
    phones = None
    if song.phones is not None:
        phones = np.zeros(len(codes[-1]), np.int64)  # silence behind the end
        n = min(len(phones), len(song.phones))
        phones[:n] = song.phones[:n]
    return CodedSong(
        song.name, song.artist, song.genre, len(sound), codes, labels, nobody, lyrics, times,
        characters, phones, (*notes, *unknown),
    )  # fmt: skip


def _labels(
    model: Jukebox, song: TestSong, length: int, artist: str, genre: str
) -> tuple[SongLabels, tuple[str, ...]]:
    """Labels of one song; names that the lists do not know are noted, not warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnknownNameWarning)
        labels = SongLabels.create(
            lyrics=song.lyrics,
            artist=artist or UNKNOWN,
            genre=genre or UNKNOWN,
            total_length=length,
            priors=model.config.priors,
            vocabularies=model.vocabularies,
        )
    return labels, tuple(dict.fromkeys(str(w.message) for w in caught))


def _top_words(model: Jukebox, song: TestSong) -> tuple[str, LyricTimes | None]:
    """Lyrics as the top level reads them, and their times."""
    labels = model.config.priors[-1].labels if model.levels else None
    if labels is None or not song.lyrics:
        return "", None
    cleaning = explain_cleaning(song.lyrics, labels.version)
    if song.times is None:
        return cleaning.text, None
    origin = np.asarray(cleaning.origin, dtype=np.int64)
    starts, ends = song.times.starts[origin], song.times.ends[origin]
    return cleaning.text, LyricTimes(cleaning.text, starts, ends)


def _sung(times: LyricTimes, n_frames: int, hop_seconds: float) -> np.ndarray:
    """Character sung at the middle of each frame (frames,), -1 for none and for white space."""
    found = times.characters_at((np.arange(n_frames) + 0.5) * hop_seconds)
    blank = np.array([c.isspace() for c in times.lyrics] + [True])  # the last one: index -1
    return np.where(blank[found], -1, found)


def as_tensor(codes: np.ndarray) -> torch.Tensor:
    """Codes (tokens,) as a long tensor (1, tokens).

    Lesson: notebooks/13_measure_it.ipynb
    """
    return torch.from_numpy(codes.astype(np.int64))[None]
