"""The labels of a song: names and lyrics as people give them, windows as models want them.

What
    `SongLabels` belongs to a song (or a batch of them) and outlives the model: it keeps the names,
    the full lyrics and, for every level, their translation into that level's ids and tokens. A
    human name is looked up by every level in its own list.

        names, lyrics --create--> SongLabels --window(start, level)--> Labels of one window
Conventions
    `start` counts codes of the level; lengths and offsets are samples; timings are seconds.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from jukebox_edu.config import PriorConfig, from_json_dict, to_json_dict
from jukebox_edu.errors import ConfigError, LyricsError, must
from jukebox_edu.labels.given import (
    CharacterTimes,
    SongWords,
    batch_size,
    per_song,
    timings_per_song,
)
from jukebox_edu.labels.labels import Labels
from jukebox_edu.labels.level import LevelLabels, translate
from jukebox_edu.labels.names import LabelVocabularies, Vocabulary, report_unknown
from jukebox_edu.labels.text import check_lyrics, explain_cleaning


def _first_name(lists: Sequence[Vocabulary]) -> str:
    """First name of the top list that all levels know, or simply its first; "" without lists."""
    if not lists:
        return ""
    shared = (name for name in lists[-1].listed if all(other.knows(name) for other in lists))
    return next(shared, next(iter(lists[-1].listed), "unknown"))


def _with_default(names: tuple[str | None, ...], lists: Sequence[Vocabulary]) -> tuple[str, ...]:
    """Fill in the default where no name was given."""
    default = _first_name(lists) if None in names else ""
    return tuple(default if name is None else name for name in names)


def _lists_in_use(
    priors: Sequence[PriorConfig], vocabularies: Sequence[LabelVocabularies | None]
) -> list[LabelVocabularies]:
    """Lists of the levels that take labels, bottom first."""
    if len(vocabularies) != len(priors):
        raise ConfigError(must("len(vocabularies)", len(vocabularies), f"{len(priors)}"))
    pairs = zip(priors, vocabularies, strict=True)
    return [lists for prior, lists in pairs if prior.labels and lists]


def _words(
    lists: Sequence[LabelVocabularies],
    lyrics: str | Sequence[str],
    artist: str | Sequence[str] | None,
    genre: str | Sequence[str] | None,
    n_samples: int,
    timings: Any,
) -> SongWords:
    """Check what was given, spread it over the songs and fill in the defaults."""
    n_songs = batch_size(n_samples, lyrics, artist, genre)
    texts = tuple(check_lyrics(text) for text in per_song("lyrics", lyrics, n_songs))
    artists = per_song("artist", artist, n_songs)
    genres = per_song("genre", genre, n_songs)
    given = {"artist": artists, "genre": genres}
    return SongWords(
        artists=_with_default(artists, [pair.artists for pair in lists]),
        genres=_with_default(genres, [pair.genres for pair in lists]),
        lyrics=texts,
        timings=timings_per_song(timings, texts),
        defaults=tuple(kind for kind, names in given.items() if None in names and lists),
    )


def _translations(
    priors: Sequence[PriorConfig],
    vocabularies: Sequence[LabelVocabularies | None],
    words: SongWords,
) -> tuple[LevelLabels | None, ...]:
    """What every level is told, None where it takes no labels."""
    pairs = zip(priors, vocabularies, strict=True)
    return tuple(translate(p, lists, words) if p.labels else None for p, lists in pairs)


@dataclass(frozen=True)
class SongLabels:
    """Names, lyrics and timings of a batch of songs, and what each level makes of them.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    artist: tuple[str, ...]  # per song, as given (or the default)
    genre: tuple[str, ...]  # per song, as given (or the default)
    lyrics: tuple[str, ...]  # per song, as given
    total_length: int  # length of the whole song, samples
    offset: int  # where in the song code 0 lies, samples
    levels: tuple[LevelLabels | None, ...]  # index = level; None: a prior without labels
    timings: tuple[CharacterTimes | None, ...]  # per song, per character as given, seconds
    defaults: tuple[str, ...] = ()  # "artist", "genre": which of them the model had to choose

    def __post_init__(self) -> None:
        """Check the lengths."""
        for name, least in (("total_length", 1), ("offset", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise LyricsError(must(name, value, f"a whole number of samples from {least}"))
        for level in self.levels:
            if level is not None:
                level.check_total(self.total_length)

    @classmethod
    def create(
        cls,
        *,
        lyrics: str | Sequence[str] = "",
        artist: str | Sequence[str] | None = None,
        genre: str | Sequence[str] | None = None,
        total_length: int,
        offset: int = 0,
        n_samples: int = 1,
        priors: Sequence[PriorConfig],
        vocabularies: Sequence[LabelVocabularies | None],
        strict: bool = False,
        timings: Any = None,
    ) -> SongLabels:
        """Translate names and lyrics for every prior of a model.

        Parameters
        ----------
        lyrics, artist, genre
            One for all songs or one per song. Artist or genre None: the model's first.
        total_length, offset
            Length of the whole song and where in it code 0 lies, samples.
        priors, vocabularies
            Index = level. The lists of a prior without labels may be None.
        strict
            Raise `LyricsError` instead of warning when a name is not listed.
        timings
            Seconds `(characters, 2)` for the lyrics as given, or one such table (or None) per song.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        lists = _lists_in_use(priors, vocabularies)
        words = _words(lists, lyrics, artist, genre, n_samples, timings)
        levels = _translations(priors, vocabularies, words)
        names = (words.artists, words.genres, words.lyrics)
        song = cls(*names, total_length, offset, levels, words.timings, words.defaults)
        report_unknown(song._unknown_names(lists), strict=strict)
        return song

    def _unknown_names(self, lists: Sequence[LabelVocabularies]) -> list[str]:
        """One message for each name that a list does not hold, each only once."""
        messages = {}
        for pair in reversed(lists):  # the top level first
            for vocabulary, names in ((pair.artists, self.artist), (pair.genres, self.genre)):
                for name in dict.fromkeys(names):
                    key = (vocabulary.kind, vocabulary.version, name)
                    match = vocabulary.match(name)
                    if match.unknown and key not in messages:
                        messages[key] = vocabulary.explain_unknown(match)
        return list(messages.values())

    @property
    def batch(self) -> int:
        """Number of songs."""
        return len(self.lyrics)

    def _level(self, level: int) -> LevelLabels | None:
        if not 0 <= level < len(self.levels):
            raise ConfigError(must("level", level, f"from 0 to {len(self.levels) - 1}"))
        return self.levels[level]

    def window(self, start: int, level: int, *, precision: str = "float32") -> Labels | None:
        """Labels of the window that begins at code `start` of a level.

        Returns
        -------
        Batched `Labels`, or None if the prior of this level takes no labels.

        Raises
        ------
        LyricsError
            If the window begins after the song's end or passes the longest duration known.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        told = self._level(level)
        if told is None:
            return None
        return told.window(
            start, total_length=self.total_length, offset=self.offset, precision=precision
        )

    def lyric_indices(self, start: int, level: int) -> Tensor | None:
        """Index into the cleaned lyrics of every lyric token of a window.

        Returns
        -------
        Long tensor `(batch, n_tokens)`, -1 for padding; None without labels.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        told = self._level(level)
        if told is None:
            return None
        return told.lyric_indices(start, total_length=self.total_length, offset=self.offset)

    def select(self, indices: Sequence[int]) -> SongLabels:
        """Keep some songs of the batch, in the order of `indices`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """

        def kept(owner: Any) -> Any:
            names = [f.name for f in dataclasses.fields(owner) if f.name in _PER_SONG]
            values = {name: tuple(getattr(owner, name)[i] for i in indices) for name in names}
            return dataclasses.replace(owner, **values)

        levels = tuple(level and kept(level) for level in self.levels)
        return dataclasses.replace(kept(self), levels=levels)

    def preview(self, level: int, song: int = 0) -> str:
        """Text for people: what one level is told about one song of the batch.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        told = self._level(level)
        if told is None:
            return f"Level {level} is told nothing: its prior takes no labels."
        genres = tuple(number for number in told.genre_ids[song] if number >= 0)
        total = self.total_length / told.sample_rate
        begin = self.offset / told.sample_rate
        end = begin + told.window_samples / told.sample_rate
        lines = [
            f"Level {level} ({told.config.version} names)",
            f"artist: {self.artist[song]!r} -> {told.artist_names[song]!r}, "
            f"id {told.artist_ids[song]}",
            f"genre: {self.genre[song]!r} -> {told.genre_names[song]!r}, "
            f"id {', '.join(map(str, genres))}",
            f"time: first window {begin:.2f} to {end:.2f} s of a song of {total:.2f} s"
            if told.config.timing
            else "time: not told",
        ]
        return "\n".join([*lines, *self._lyric_lines(told, song)])

    def _lyric_lines(self, told: LevelLabels, song: int) -> list[str]:
        if told.n_tokens == 0:
            return ["lyrics: not read at this level"]
        text = told.lyrics[song]
        cleaning = explain_cleaning(self.lyrics[song], told.config.version)
        guess = "their true times" if told.starts[song] is not None else "an even spread"
        indices = told.lyric_indices(0, total_length=self.total_length, offset=self.offset)
        seen = [int(k) for k in indices[song] if k >= 0]
        shown = text[seen[0] : seen[-1] + 1] if seen else ""
        return [
            f"lyrics: {len(text):,} characters, placed by {guess}. {cleaning.describe()}",
            f"first window reads {len(seen)} of {told.n_tokens} characters: {shown!r}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Turn into plain JSON types (for `json.dumps`).

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        return to_json_dict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SongLabels:
        """Rebuild from what `to_json` gave; no lists of names are needed.

        Raises
        ------
        ConfigError
            If the data have another form.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        return from_json_dict(cls, data)


_PER_SONG = frozenset(
    ("artist", "genre", "lyrics", "timings")
    + ("artist_ids", "artist_names", "genre_ids", "genre_names", "starts")
)
