"""A few seconds of one recording, as a collection of a single song.

What
    `Excerpt("song.mp3", start=60, seconds=10)` or `Excerpt("songbook:3")`. Names come from the
    file's tags and from files beside it; words only where it is known when they are sung, for then
    it is known which of them belong to these seconds.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import audio, units
from jukebox_edu.errors import AudioError, must
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.song_words import find_words, folded
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.source import FrameMarks

LEAST_SECONDS = 1.0  # of an excerpt
SPARE_SECONDS = 4.0  # a songbook song ends with a line, so ask for more
_SONGBOOK = re.compile(r"songbook:([0-9]{1,7})")


class Excerpt:
    """Some seconds of a recording, or of a song of the songbook.

    Parameters
    ----------
    what
        A sound file, or "songbook:SEED".
    start, seconds
        Where it begins and how long it is.

    Raises
    ------
    AudioError
        If the file cannot be read, or is not that long.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, what: str, start: float = 0.0, seconds: float = 10.0) -> None:
        self.what = str(what)
        self.start = units.checked_seconds(start, "start", zero_ok=True)
        self.seconds = units.checked_seconds(seconds)
        if self.seconds < LEAST_SECONDS:
            raise AudioError(must("seconds", seconds, f"at least {LEAST_SECONDS:g}"))
        match = _SONGBOOK.fullmatch(self.what)
        self._seed = int(match[1]) if match and not Path(self.what).exists() else None

    @functools.cached_property
    def _songbook(self) -> SongbookSource:
        length = self.start + self.seconds + SPARE_SECONDS
        return SongbookSource([self._seed or 0], seconds=(length, length), min_seconds=0.0)

    @functools.cached_property
    def _clip(self) -> audio.AudioClip:
        return audio.load(self.what, start=self.start, seconds=self.seconds, mono=False)

    def records(self) -> tuple[SongRecord, ...]:
        """The one song that there is."""
        return (self._record,)

    @functools.cached_property
    def _record(self) -> SongRecord:
        if self._seed is not None:
            whole = self._songbook.records()[0]
            there, name = whole.seconds, whole.name
            artist, genre, times = whole.artist, whole.genre, whole.times
        else:
            path, there = Path(self.what), self.start + self._clip.seconds
            files = {folded(p.name): p for p in path.parent.iterdir() if p.is_file()}
            words = find_words(path, files, None, ())
            name, artist, genre, times = path.name, words.artist, words.genre, words.times
        if there < self.start + LEAST_SECONDS:
            advice = "Choose an earlier start."
            raise AudioError(must("start", self.start, f"below {there:.1f}, the length", advice))
        length = min(self.seconds, there - self.start)
        times = None if times is None else sung_within(times, self.start, self.start + length)
        lyrics = "" if times is None else times.lyrics
        return SongRecord(f"{name} from {self.start:g} s", artist, genre, lyrics, times, length)

    def audio(self, record: SongRecord, sample_rate: int) -> np.ndarray:
        """Sound of the excerpt, float32 (channels, samples)."""
        if self._seed is None:
            sound = audio.resample(self._clip.samples, self._clip.sample_rate, sample_rate)
            return sound if len(sound) <= 2 else sound.mean(axis=0, keepdims=True)
        sound = self._songbook.audio(self._songbook.records()[0], sample_rate)
        first = round(self.start * sample_rate)
        return sound[:, first : first + round(record.seconds * sample_rate)]

    def marks(self, record: SongRecord, frame_seconds: float, n_frames: int) -> FrameMarks | None:
        """Only what the times say."""
        return None

    def fingerprint(self, record: SongRecord) -> dict[str, Any]:
        """Which seconds of what."""
        told: dict[str, Any] = {"of": self.what, "start": self.start, "seconds": record.seconds}
        if self._seed is None:
            told["size"] = Path(self.what).stat().st_size
        return told


def sung_within(times: LyricTimes, start: float, end: float) -> LyricTimes | None:
    """Words sung between two moments (seconds), timed from the first; None if there are none.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    known = times.known
    inside = known[(times.starts[known] >= start) & (times.ends[known] <= end)]
    if not len(inside):
        return None
    first, last = int(inside[0]), int(inside[-1]) + 1
    return LyricTimes(
        times.lyrics[first:last], times.starts[first:last] - start, times.ends[first:last] - start
    )
