"""What one prior is told about the songs of a batch: names as ids, words as tokens.

What
    A song has one artist, one genre and one text; every prior has lists and an alphabet of its
    own. `LevelLabels` is the translation for one level, complete: from here on a window of labels
    needs numbers only.
Conventions
    Level 0 is the bottom level. `start` counts codes of the level, everything else samples.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import LabelConfig, PriorConfig
from jukebox_edu.errors import ConfigError, LyricsError, must
from jukebox_edu.labels.given import SongWords
from jukebox_edu.labels.labels import Labels
from jukebox_edu.labels.names import LabelVocabularies, NameMatch
from jukebox_edu.labels.text import explain_cleaning, tokenize, vocab_size
from jukebox_edu.labels.window import linear_middle, timed_middle, window_indices


@dataclass(frozen=True)
class LevelLabels:
    """Labels of a batch of songs, in the terms of one prior.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    level: int  # 0 = bottom
    n_ctx: int  # window length, codes
    hop_length: int  # samples per code
    sample_rate: int  # samples per second
    n_tokens: int  # lyric characters in reach of a window; 0: this level reads no lyrics
    config: LabelConfig  # version, slots and range of durations
    artist_ids: tuple[int, ...]  # per song
    artist_names: tuple[str, ...]  # per song, as the list spells it
    genre_ids: tuple[tuple[int, ...], ...]  # per song, padded to the slots with -1
    genre_names: tuple[str, ...]  # per song, as the list spells them
    lyrics: tuple[str, ...]  # per song, cleaned
    starts: tuple[tuple[float, ...] | None, ...]  # per song: when each character begins, seconds

    @functools.cached_property
    def tokens(self) -> tuple[tuple[int, ...], ...]:
        """All lyric tokens of every song."""
        return tuple(tokenize(text, self.config.version) for text in self.lyrics)

    @property
    def window_samples(self) -> int:
        """Samples covered by one window."""
        return self.n_ctx * self.hop_length

    def check_total(self, total_length: int) -> None:
        """Raise `LyricsError` if songs of this many samples are not what the prior knows.

        Compared in float32, as the released program does: just below the limit counts as at it.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        if not self.config.timing:
            return
        low, high = self.config.min_duration, self.config.max_duration
        shortest, longest = (np.float32(s * self.sample_rate) for s in (low, high))
        if not shortest <= np.float32(total_length) < longest:
            seconds = total_length / self.sample_rate
            allowed = f"from {low:g} to below {high:g} seconds for the prior of level {self.level}"
            advice = f"This is {seconds:g} s; state another total duration (total_seconds)."
            raise LyricsError(must("total_length", total_length, allowed, advice))

    def _check_window(self, start: int, offset: int, total_length: int) -> None:
        """Refuse windows outside of what the timing tables cover."""
        if start < 0:
            raise LyricsError(must("start", start, "a code index from 0"))
        if not (self.config.timing or self.n_tokens):
            return
        if not 0 <= offset < total_length:
            allowed = f"from 0 to below total_length={total_length} samples"
            advice = "The window starts after the end of the song; state a longer total_seconds."
            raise LyricsError(must("offset", offset, allowed, advice))
        end = offset + self.window_samples
        longest = self.config.max_duration
        if self.config.timing and np.float32(end) > np.float32(longest * self.sample_rate):
            seconds = f"{end / self.sample_rate:g} s"
            allowed = (
                f"at most {longest:g} s, the longest song the prior of level {self.level} knows"
            )
            raise LyricsError(must("end of window", seconds, allowed, "Ask for a shorter song."))

    def lyric_indices(
        self, start: int, *, total_length: int, offset: int, precision: str = "float32"
    ) -> Tensor:
        """Which character of its song each lyric token of a window is.

        Parameters
        ----------
        start
            First code of the window.
        total_length, offset
            Length of the song; where in it code 0 lies. Samples.
        precision
            See `window.linear_middle`.

        Returns
        -------
        Long tensor `(batch, n_tokens)`, -1 for padding.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        moved = offset + start * self.hop_length
        self._check_window(start, moved, total_length)
        rows = np.full((len(self.lyrics), self.n_tokens), -1, dtype=np.int64)
        for row, text, starts in zip(rows, self.lyrics, self.starts, strict=True):
            if self.n_tokens == 0 or not text:
                continue
            if starts is None:
                middle = linear_middle(
                    len(text),
                    total_length=total_length,
                    offset=moved,
                    duration=self.window_samples,
                    precision=precision,
                )
            else:
                center = (moved + self.window_samples / 2) / self.sample_rate
                middle = timed_middle(starts, center)
            row[:] = window_indices(len(text), self.n_tokens, middle)
        return torch.from_numpy(rows)

    def window(
        self, start: int, *, total_length: int, offset: int, precision: str = "float32"
    ) -> Labels:
        """Labels of the window that begins at code `start`; parameters as `lyric_indices`.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        indices = self.lyric_indices(
            start, total_length=total_length, offset=offset, precision=precision
        )
        lyric_tokens = torch.zeros_like(indices)
        for row, index, tokens in zip(lyric_tokens, indices, self.tokens, strict=True):
            read = [tokens[k] if k >= 0 else 0 for k in index.tolist()]
            row[:] = torch.tensor(read, dtype=torch.long)
        batch = len(self.lyrics)
        moved = offset + start * self.hop_length
        return Labels(
            total_length=torch.full((batch,), total_length),
            offset=torch.full((batch,), moved),
            window_length=torch.full((batch,), self.window_samples),
            artist=torch.tensor(self.artist_ids),
            genres=torch.tensor(self.genre_ids),  # (batch, slots)
            lyric_tokens=lyric_tokens,
        )


def _checked_lists(prior: PriorConfig, lists: LabelVocabularies | None) -> LabelVocabularies:
    """Check that the lists of names belong to the prior."""
    config = prior.labels
    argument = f"vocabularies[{prior.level}]"
    if config is None or not isinstance(lists, LabelVocabularies):
        raise ConfigError(must(argument, lists, "LabelVocabularies for a prior with labels"))
    for vocabulary, rows in ((lists.artists, config.n_artists), (lists.genres, config.n_genres)):
        name = f"{argument}.{vocabulary.kind}s"
        if vocabulary.version != config.version:
            raise ConfigError(must(f"{name}.version", vocabulary.version, repr(config.version)))
        if vocabulary.n_ids > rows:
            raise ConfigError(must(f"{name}.n_ids", vocabulary.n_ids, f"at most {rows}"))
    if prior.lyrics is not None and prior.lyrics.vocab_size < vocab_size(config.version):
        allowed = f"at least {vocab_size(config.version)} for version {config.version!r}"
        raise ConfigError(must("lyrics.vocab_size", prior.lyrics.vocab_size, allowed))
    return lists


def _slots(match: NameMatch, config: LabelConfig) -> tuple[int, ...]:
    """Ids of a genre padded with -1, refusing more words than there are slots."""
    if len(match.ids) > config.max_genres:
        allowed = f"at most {config.max_genres} words for a model of version {config.version!r}"
        raise LyricsError(must("genre", match.given, allowed, "Leave some words out."))
    return match.ids + (-1,) * (config.max_genres - len(match.ids))


def translate(prior: PriorConfig, lists: LabelVocabularies | None, words: SongWords) -> LevelLabels:
    """Translate names and lyrics of a batch into the terms of one prior.

    Raises
    ------
    ConfigError
        If the lists of names do not belong to the prior.
    LyricsError
        If a genre has too many words or lyrics are too long.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    lists = _checked_lists(prior, lists)
    config = prior.labels or LabelConfig()  # _checked_lists has refused None
    cleanings = [explain_cleaning(text, config.version) for text in words.lyrics]
    artists = [lists.artists.match(name) for name in words.artists]
    genres = [lists.genres.match(name) for name in words.genres]
    starts = tuple(
        None if times is None else tuple(times[k][0] for k in cleaning.origin)
        for times, cleaning in zip(words.timings, cleanings, strict=True)
    )
    return LevelLabels(
        level=prior.level,
        n_ctx=prior.n_ctx,
        hop_length=prior.hop_length,
        sample_rate=prior.sample_rate,
        n_tokens=prior.lyrics.n_tokens if prior.lyrics else 0,
        config=config,
        artist_ids=tuple(match.ids[0] for match in artists),
        artist_names=tuple(match.used for match in artists),
        genre_ids=tuple(_slots(match, config) for match in genres),
        genre_names=tuple(match.used for match in genres),
        lyrics=tuple(cleaning.text for cleaning in cleanings),
        starts=starts,
    )
