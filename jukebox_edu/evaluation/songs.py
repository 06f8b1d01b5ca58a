"""Songs to measure with: sound that no model was trained on, and what is known about it.

What
    A `TestSong` is one song at the model's rate with its names, its words, the true times of the
    words and the phone sung in every frame, as far as they are known. `SongList` reads songs one
    by one when they are looked at, so that a thousand of them need the memory of one.
Shapes
    audio (samples,) float32; phones (frames,), one per code of the model's top level.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from jukebox_edu import audio, units
from jukebox_edu.errors import AudioError, ConfigError, must
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.samples import SampleSong, data_samples
from jukebox_edu.songbook import (
    PHONES,
    SongbookSong,
    make_song,
    phone_frames,
    repertoire_of,
)

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

FIRST_SEED = 1_000_000  # songbook songs from here on are kept for measuring
SILENCE = PHONES.index("SIL")
LONGEST_SECONDS = 24.0  # of a songbook song


@dataclass(frozen=True, eq=False)
class TestSong:
    """One song that was never trained on.

    Lesson: notebooks/13_measure_it.ipynb
    """

    __test__ = False  # pytest, this is no test

    name: str  # for people, unique within a measurement
    audio: np.ndarray  # (samples,) float32 at the model's rate, in [-1, 1]
    artist: str = ""  # "" means unknown
    genre: str = ""  # "" means unknown
    lyrics: str = ""  # "" means unknown or none
    times: LyricTimes | None = None  # when each character of `lyrics` is sung, seconds
    phones: np.ndarray | None = None  # (frames,) phone of the songbook, per top-level code

    def __post_init__(self) -> None:
        """Check the sound and the times."""
        if self.audio.ndim != 1 or self.audio.dtype != np.float32 or not len(self.audio):
            given = (self.audio.shape, str(self.audio.dtype))
            raise AudioError(must(f"audio of {self.name!r}", given, "float32 (samples,)"))
        if not np.isfinite(self.audio).all():
            raise AudioError(must(f"audio of {self.name!r}", "NaN or infinity", "finite numbers"))
        if self.times is not None and self.times.lyrics != self.lyrics:
            allowed = "times of the song's own lyrics"
            raise ConfigError(must(f"times of {self.name!r}", self.times.lyrics, allowed))

    @property
    def silent(self) -> bool:
        """Whether nothing can be heard."""
        return not bool(np.abs(self.audio).max() > 1e-4)


class SongList(Sequence[TestSong]):
    """Songs that are read when they are asked for, and forgotten again.

    Parameters
    ----------
    readers
        One function for each song.

    Lesson: notebooks/13_measure_it.ipynb
    """

    __test__ = False

    def __init__(self, readers: Sequence[Callable[[], TestSong]]) -> None:
        self._readers = tuple(readers)

    def __len__(self) -> int:
        return len(self._readers)

    def __getitem__(self, index):  # type: ignore[no-untyped-def, override]
        """One song, or a list of fewer songs for a slice."""
        if isinstance(index, slice):
            return SongList(self._readers[index])
        return self._readers[index]()

    def __iter__(self) -> Iterator[TestSong]:
        return (read() for read in self._readers)


def _frames(model: Jukebox, n_samples: int) -> int:
    """Top-level codes of so many samples, the last one filled up with silence."""
    top = model.hop_lengths[-1]
    return units.padded_length(n_samples, top) // top


def _times(song: SampleSong | SongbookSong) -> LyricTimes:
    """Times of the characters that are sung; what stands between words has none."""
    sung = np.zeros(len(song.lyrics), dtype=bool)
    for word in song.words:
        sung[word.first_char : word.last_char_end] = True
    times = np.where(sung[:, None], np.asarray(song.character_times, dtype=float), np.nan)
    return LyricTimes(song.lyrics, times[:, 0], times[:, 1])


def from_data_samples(model: Jukebox, n: int | None = None) -> SongList:
    """The bundled songs at the model's rate, all or the first `n`.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return SongList([partial(_from_sample, song, model) for song in data_samples()[:n]])


def _from_sample(song: SampleSong, model: Jukebox) -> TestSong:
    samples = audio.load(song.path, sample_rate=model.sample_rate).samples
    hop_seconds = model.hop_lengths[-1] / model.sample_rate
    centers = (np.arange(_frames(model, len(samples))) + 0.5) * hop_seconds  # (frames,)
    ends = np.array([phone.end for phone in song.phones])
    numbers = np.array([PHONES.index(phone.phone) for phone in song.phones] + [SILENCE])
    return TestSong(
        name=song.name,
        audio=np.ascontiguousarray(samples, dtype=np.float32),
        artist=song.artist,
        genre=song.genre,
        lyrics=song.lyrics,
        times=_times(song),
        phones=numbers[np.searchsorted(ends, centers, side="right")],
    )


def from_songbook(model: Jukebox, n: int, *, first_seed: int = FIRST_SEED) -> SongList:
    """Songs of the songbook, sung when they are asked for: `n` seeds from `first_seed` on.

    Length and loudness of the band vary with the seed, as in the bundled model's training songs.
    Only voices and styles that the model knows are drawn, unless it knows none of them.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ConfigError(must("n", n, "a number of songs from 1"))
    seeds = range(first_seed, first_seed + n)
    return SongList([partial(_from_seed, seed, model) for seed in seeds])


def _from_seed(seed: int, model: Jukebox) -> TestSong:
    random = np.random.default_rng([seed, 77])
    repertoire = repertoire_of(model.artists(), model.genres())
    song = make_song(
        seed,
        seconds=random.uniform(7.0, LONGEST_SECONDS),
        repertoire=repertoire,
        band_gain=random.uniform(*repertoire.band_gain),
        sample_rate=model.sample_rate,
    )
    hop_seconds = model.hop_lengths[-1] / model.sample_rate
    frames = _frames(model, len(song.audio))
    return TestSong(
        name=f"songbook {seed}",
        audio=song.audio,
        artist=song.artist,
        genre=song.genre,
        lyrics=song.lyrics,
        times=_times(song),
        phones=phone_frames(song, hop_seconds, frames),
    )
