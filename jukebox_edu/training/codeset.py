"""Songs as codes, with their labels: what priors are trained on.

What
    A store keeps the codes of every song. A training example is one window of codes of one level,
    at a random place, with the upper codes above it and the labels of that window.
Shapes
    codes (batch, n_ctx); upper codes (batch, n_ctx // factor); phones and characters per
    top-level code.
Paper: [Jukebox §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import ConfigError, LyricsError, must
from jukebox_edu.labels import Labels, LabelVocabularies, SongLabels, clean, explain_cleaning
from jukebox_edu.training.aids import guidance_targets, letter_phones, spoken_for
from jukebox_edu.training.parts import StoredPart, longest_seconds, song_parts
from jukebox_edu.training.store import SongStore, StoredSong

UNKNOWN = -100  # phone of a frame that nobody knows; torch's cross-entropy leaves it out


@dataclass(frozen=True)
class CodedSong:
    """One song, encoded."""

    codes: tuple[np.ndarray | None, ...]  # index = level, (tokens,) integers; None: not needed
    labels: SongLabels  # of this one song
    lyrics: str  # cleaned, the characters that `characters` points into
    phones: np.ndarray | None  # (top tokens,) phone index; None: unknown
    characters: np.ndarray | None  # (top tokens,) character index or -1; None: unknown
    name: str = ""  # within its store

    @property
    def n_samples(self) -> int:
        """Length of the song itself, samples."""
        return self.labels.total_length


@dataclass(frozen=True)
class Batch:
    """Windows of several songs."""

    codes: Tensor  # (batch, n_ctx)
    upper_codes: Tensor | None  # (batch, n_ctx // factor)
    labels: Labels | None
    phones: Tensor | None = None  # (batch, n_ctx), UNKNOWN where nobody knows; with lyrics only
    sung: Tensor | None = None  # (batch, n_ctx, n_tokens) boolean; with lyrics only
    letters: Tensor | None = None  # (batch, n_tokens) phone of each lyric state's character

    def to(self, device: torch.device | str) -> Batch:
        """Copy to a device."""
        return Batch(
            self.codes.to(device),
            None if self.upper_codes is None else self.upper_codes.to(device),
            None if self.labels is None else self.labels.to(device),
            None if self.phones is None else self.phones.to(device),
            None if self.sung is None else self.sung.to(device),
            None if self.letters is None else self.letters.to(device),
        )


def coded_songs(
    store: SongStore,
    priors: Sequence[PriorConfig],
    vocabularies: LabelVocabularies | None,
    split: str = "train",
) -> list[CodedSong]:
    """Songs of a store with the labels that priors are told; the codes stay on the disk.

    Songs longer than a prior knows are cut into parts; those that a prior cannot use (shorter
    than its window, or than it knows) are left out.

    Parameters
    ----------
    store
        With codes.
    priors
        One or several, of any levels.
    vocabularies
        Lists of artists and genres, for all priors alike; None where they take no labels.
    split
        "train" or "held_out".

    Raises
    ------
    ConfigError
        If the store has no codes, or no song can be used.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    songs = {"train": store.train, "held_out": store.held_out}.get(split)
    if songs is None:
        raise ConfigError(must("split", split, "'train' or 'held_out'"))
    if songs and not all(song.has_codes for song in songs):
        advice = "Run jukebox-edu prepare with the codec that the prior is trained for."
        raise ConfigError(must("store", str(store.folder), "a folder with codes", advice))
    coded = [
        song
        for stored in songs
        for part in song_parts(stored, longest_seconds(priors))
        if all(_usable(stored, part, prior) for prior in priors)
        for song in _variants(stored, part, priors, vocabularies)
    ]
    if songs and not coded:
        least = max(_least_seconds(prior) for prior in priors)
        longest = max(song.length / song.sample_rate for song in songs)
        allowed = f"longer than {least:.1f} s (the longest is {longest:.1f} s)"
        advice = "Train a prior with a shorter window, or prepare longer songs."
        raise ConfigError(must("songs", f"{len(songs)} songs", allowed, advice))
    return coded


def _least_seconds(prior: PriorConfig) -> float:
    labels = prior.labels
    least = labels.min_duration if labels is not None and labels.timing else 0.0
    return max(least, prior.window_samples / prior.sample_rate)


def _usable(song: StoredSong, part: StoredPart, prior: PriorConfig) -> bool:
    """Whether a part of a song fills a window and is not shorter than the prior knows."""
    labels = prior.labels
    least = labels.min_duration if labels is not None and labels.timing else 0.0
    tokens = len(_cut_out(song, part, prior.hop_length))
    return tokens >= prior.n_ctx and part.length / song.sample_rate >= least


def _cut_out(song: StoredSong, part: StoredPart, hop_length: int) -> range:
    """Codes of a part at one level; the last part has those of the silence behind the song."""
    last = part.start + part.length == song.length
    end = song.padded if last else part.start + part.length
    return range(part.start // hop_length, end // hop_length)


def _variants(
    song: StoredSong,
    part: StoredPart,
    priors: Sequence[PriorConfig],
    vocabularies: LabelVocabularies | None,
) -> list[CodedSong]:
    """A part of a song once for each way in which the song was encoded."""
    labels = song_labels(song, part, priors, vocabularies)
    version = next((p.labels.version for p in reversed(priors) if p.labels), "tiny")
    text = song.lyrics[part.first : part.last]
    frames = _cut_out(song, part, song.hop_length)
    phones, characters, lyrics = song.phones(), song.characters(), clean(text, version)
    if phones is not None:
        phones = phones[frames.start : frames.stop]
    if characters is not None:
        sung = characters[frames.start : frames.stop]
        inside = (part.first <= sung) & (sung < part.last)
        sung = np.where(inside, sung - part.first, -1)
        characters = cleaned_characters(sung, text, version)
    whole = part.length == song.length
    name = song.name if whole else f"{song.name} from {part.start / song.sample_rate:.1f} s"
    found = []
    for number, variant in enumerate(song.variants):
        moved = dataclasses.replace(labels, offset=variant.shift)
        codes = _codes(song, part, priors, number)
        found.append(CodedSong(codes, moved, lyrics, phones, characters, name))
    return found


def _codes(
    song: StoredSong, part: StoredPart, priors: Sequence[PriorConfig], variant: int
) -> tuple[np.ndarray | None, ...]:
    """Codes of the levels that the priors need, None for the others."""
    needed = {p.level for p in priors} | {p.level + 1 for p in priors if p.conditioner}
    found: list[np.ndarray | None] = []
    for level in range(max(needed) + 1):
        places = _cut_out(song, part, song.hop_lengths[level])
        wanted = level in needed
        found.append(song.codes(level, variant)[places.start : places.stop] if wanted else None)
    return tuple(found)


def cleaned_characters(characters: np.ndarray, lyrics: str, version: str) -> np.ndarray:
    """Indices into lyrics as given, turned into indices into the cleaned lyrics.

    Characters that cleaning removed become -1.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    place = np.full(len(lyrics) + 1, -1, np.int32)  # the last entry is that of index -1
    origin = np.array(explain_cleaning(lyrics, version).origin, int)
    place[origin[::-1]] = np.arange(len(origin), dtype=np.int32)[::-1]  # the first copy counts
    return place[np.asarray(characters)]


def song_labels(
    song: StoredSong,
    part: StoredPart,
    priors: Sequence[PriorConfig],
    vocabularies: LabelVocabularies | None,
) -> SongLabels:
    """What the priors are told about a part of a song; other levels are told nothing.

    Lyric windows are placed by an even spread over the song, true times or not: it is what the
    model will be given when it sings, where nobody knows the times.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    labels = SongLabels.create(
        lyrics=song.lyrics[part.first : part.last],
        artist=song.artist,
        genre=song.genre,
        total_length=part.length,
        priors=priors,
        vocabularies=[vocabularies] * len(priors),
    )
    told = {prior.level: level for prior, level in zip(priors, labels.levels, strict=True)}
    levels = tuple(told.get(level) for level in range(max(told) + 1))
    return dataclasses.replace(labels, levels=levels)


def random_batch(
    songs: Sequence[CodedSong],
    config: PriorConfig,
    size: int,
    random: np.random.Generator,
    *,
    from_start: float = 0.0,
) -> Batch:
    """Windows at random places of random songs, for the prior of `config.level`.

    A share `from_start` of them begins with the song: there a prior sees all that led to a code.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    factor = config.conditioner.factor if config.conditioner else 1
    places = []
    for _ in range(size):  # one after the other, so that 3 batches of 2 are 1 batch of 6
        song = songs[int(random.integers(len(songs)))]
        tokens = len(_of_level(song, config.level))
        ends = song.n_samples // config.hop_length
        last = max(0, min(tokens - config.n_ctx, ends - config.n_ctx // 2)) // factor
        start = int(random.integers(last + 1)) * factor
        if from_start and random.random() < from_start:
            start = 0
        places.append((song, start))
    return batch_of(places, config)


def batch_of(places: Sequence[tuple[CodedSong, int]], config: PriorConfig) -> Batch:
    """The windows that begin at given codes of given songs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    level, n = config.level, config.n_ctx
    codes = torch.stack([_cut(_of_level(song, level), start, n) for song, start in places])
    upper = labels = None
    if config.conditioner is not None:
        factor = config.conditioner.factor
        upper = torch.stack(
            [_cut(_of_level(s, level + 1), start // factor, n // factor) for s, start in places]
        )
    if config.labels is not None:
        windows = [song.labels.window(start, level) for song, start in places]
        vector = torch.cat([w.to_vector() for w in windows if w is not None])
        labels = Labels.from_vector(vector, config.labels.max_genres)
    if config.lyrics is None:
        return Batch(codes, upper, labels)
    # Phones and characters are known per top-level code, and only top levels read lyrics.
    phones = torch.stack([_phones(song, start, n) for song, start in places])
    marks = [_lyric_marks(song, start, config) for song, start in places]
    sung, letters = (torch.stack(rows) for rows in zip(*marks, strict=True))
    return Batch(codes, upper, labels, phones, sung, letters)


def _of_level(song: CodedSong, level: int) -> np.ndarray:
    codes = song.codes[level] if level < len(song.codes) else None
    if codes is None:
        advice = "Pass every prior that will be trained to coded_songs."
        raise ConfigError(must("level", level, f"one whose codes {song.name!r} has", advice))
    return codes


def _cut(values: np.ndarray, start: int, length: int) -> Tensor:
    return torch.from_numpy(values[start : start + length].astype(np.int64))


def _phones(song: CodedSong, start: int, n: int) -> Tensor:
    if song.phones is None:
        return torch.full((n,), UNKNOWN)
    return _cut(song.phones, start, n)


def _lyric_marks(song: CodedSong, start: int, config: PriorConfig) -> tuple[Tensor, Tensor]:
    """What is known of a window's lyric tokens.

    Which of them belong to the word sung at each code, (n_ctx, n_tokens); the phone of each state's
    character, (n_tokens,), UNKNOWN where it is not sung here.
    """
    n, ahead = config.n_ctx, config.lyrics.ahead if config.lyrics else 1
    n_tokens = config.lyrics.n_tokens if config.lyrics else 0
    letters = torch.full((n_tokens,), UNKNOWN)
    if song.characters is None:
        return torch.zeros(n, n_tokens, dtype=torch.bool), letters
    found = song.labels.lyric_indices(start, config.level)
    if found is None:
        raise LyricsError(f"{song.name!r} has no labels for level {config.level}.")
    indices, characters = found[0].numpy(), song.characters[start : start + n]
    sung = torch.from_numpy(guidance_targets(characters, song.lyrics, indices, ahead))
    if song.phones is not None:
        phones = song.phones[start : start + n]
        said = letter_phones(characters, phones, spoken_for(indices, ahead))
        letters = torch.from_numpy(np.where(said < 0, UNKNOWN, said).astype(np.int64))
    return sung, letters


def song_list(songs: Sequence[Any]) -> dict[str, Any]:
    """What tells one set of songs from another, for the folder of a run.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    told = hashlib.sha256()
    for song in songs:
        if isinstance(song, CodedSong):
            facts = [song.name, song.n_samples, song.labels.artist, song.labels.genre, song.lyrics]
            told.update(repr([*facts, *map(_head, song.codes)]).encode())
        else:
            facts = [song.name, song.length, song.sample_rate]
            told.update(repr([*facts, song.samples(song.length // 2, 64).tolist()]).encode())
    return {"songs": len(songs), "fingerprint": told.hexdigest()[:16]}


def _head(codes: np.ndarray | None) -> list[int] | None:
    return None if codes is None else codes[:64].tolist()
