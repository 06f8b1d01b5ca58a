"""Songs of the songbook as a collection: sung when they are asked for, with exact times.

What
    Each seed is a song; its length and the level of its band are drawn from the seed too. Words
    and times follow from the score alone, so they are known before anything is sung.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.progress import Progress
from jukebox_edu.songbook import EVERYTHING, PHONES, Repertoire, Score, compose, make_song
from jukebox_edu.songbook.timeline import Timeline, lay_phones, spread_characters
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.source import FrameMarks


@dataclass(frozen=True)
class SongbookSource:
    """Generated songs.

    Parameters
    ----------
    seeds
        One song each.
    seconds
        Shortest and longest length that is asked for; a song ends with a line, hence earlier.
    band_gain
        Softest and loudest band, relative to the voice; None: as the repertoire has it.
    min_seconds
        Songs that turn out shorter are left out.
    repertoire
        Voices, styles and old songs to draw from.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    seeds: Sequence[int]
    seconds: tuple[float, float] = (7.0, 24.0)
    band_gain: tuple[float, float] | None = None
    min_seconds: float = 4.0
    progress: bool = False
    repertoire: Repertoire = EVERYTHING

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, (low, high) in (("seconds", self.seconds), ("band_gain", self._gains)):
            if not 0 <= low <= high:
                raise ConfigError(must(name, (low, high), "two numbers from 0, the smaller first"))

    @property
    def _gains(self) -> tuple[float, float]:
        return self.repertoire.band_gain if self.band_gain is None else self.band_gain

    def _wishes(self, seed: int) -> tuple[float, float]:
        """Length (seconds) and band gain of one song."""
        random = np.random.default_rng([seed, 77])
        return random.uniform(*self.seconds), random.uniform(*self._gains)

    def _score(self, seed: int) -> tuple[Score, Timeline]:
        score = compose(seed, seconds=self._wishes(seed)[0], repertoire=self.repertoire)
        return score, lay_phones(score)

    @functools.cached_property
    def _records(self) -> tuple[SongRecord, ...]:
        found = []
        enabled = "auto" if self.progress else False
        with Progress(len(self.seeds), label="composing", unit="songs", enabled=enabled) as shown:
            for seed in self.seeds:
                shown.update(1)
                record = self._record(int(seed))
                if record.seconds >= self.min_seconds:
                    found.append(record)
        return tuple(found)

    def records(self) -> tuple[SongRecord, ...]:
        """All songs that are long enough, in order of the seeds."""
        return self._records

    def _record(self, seed: int) -> SongRecord:
        score, timeline = self._score(seed)
        starts, ends = np.full((2, len(score.lyrics)), np.nan)
        for word, phones in zip(score.words, timeline.word_phones, strict=True):
            edges = spread_characters(word.text, phones)
            starts[word.first_char : word.last_char_end] = edges[:-1]
            ends[word.first_char : word.last_char_end] = edges[1:]
        return SongRecord(
            name=f"songbook/{seed:07d}",
            artist=score.voice.name,
            genre=score.style.name,
            lyrics=score.lyrics,
            times=LyricTimes(score.lyrics, starts, ends),
            seconds=score.seconds,
        )

    def audio(self, record: SongRecord, sample_rate: int) -> np.ndarray:
        """Sing a song, float32 (1, samples)."""
        seed = _seed_of(record)
        seconds, band_gain = self._wishes(seed)
        song = make_song(
            seed,
            seconds=seconds,
            band_gain=band_gain,
            sample_rate=sample_rate,
            repertoire=self.repertoire,
        )
        return song.audio[None]

    def marks(self, record: SongRecord, frame_seconds: float, n_frames: int) -> FrameMarks:
        """Phone and character in the middle of each frame."""
        _, timeline = self._score(_seed_of(record))
        centers = (np.arange(n_frames) + 0.5) * frame_seconds
        ends = np.array([phone.end for phone in timeline.phones])
        numbers = np.array([PHONES.index(phone.phone) for phone in timeline.phones] + [0])
        phones = numbers[np.searchsorted(ends, centers, side="right")].astype(np.int16)
        times = record.times
        characters = None if times is None else times.characters_at(centers).astype(np.int32)
        return FrameMarks(phones, characters)

    def _drawn_from(self) -> list[Any]:
        """The repertoire in plain words."""
        drawn = self.repertoire
        titles = [song.title for song in drawn.old_songs]
        manner = [drawn.varied, drawn.manners, drawn.own_keys, drawn.old_song_share]
        return [*drawn.voices, *drawn.styles, *titles, *manner]

    def fingerprint(self, record: SongRecord) -> dict[str, Any]:
        """What the song is made from."""
        seconds, band_gain = self._wishes(_seed_of(record))
        asked = {"seed": _seed_of(record), "seconds": seconds, "band_gain": band_gain}
        return asked | ({} if self.repertoire == EVERYTHING else {"from": self._drawn_from()})


def _seed_of(record: SongRecord) -> int:
    return int(record.name.removeprefix("songbook/"))
