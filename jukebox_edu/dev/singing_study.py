"""What `measure_singing` finds out: its songs, its results, and their file.

What
    The file holds one entry for each part of the study; it is written whole after every part, so
    that a command that was stopped goes on where it was.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu.audio.arrays import resample
from jukebox_edu.config import from_json_dict, to_json_dict
from jukebox_edu.dev.outside_words import outside_lyrics
from jukebox_edu.errors import ConfigError, RunError, must
from jukebox_edu.evaluation import Estimate
from jukebox_edu.evaluation.judges.listening import SungFigures
from jukebox_edu.evaluation.songs import FIRST_SEED, SongList, TestSong
from jukebox_edu.model import Jukebox
from jukebox_edu.sampling.storing import write_json
from jukebox_edu.songbook import compose, make_song, repertoire_of

FORMAT = 1  # version of the file
LEAST_RATE = 8000  # samples per second that the songbook can sing
SECONDS = (8.5, 10.0)  # that a song may last at most: one window of the top prior holds it
LEAST_SECONDS = 7.0  # songs that turn out shorter are passed over
LONG_SECONDS = (22.0, 30.0)  # that a long song may last at most: two or three windows
LEAST_LONG = 18.0  # long songs that turn out shorter are passed over
OUTSIDE_SEED = FIRST_SEED + 500_000  # songs of words outside the vocabulary


@dataclass(frozen=True)
class WordRecall:
    """Words of the training vocabulary and others, in the same songs.

    Lesson: notebooks/13_measure_it.ipynb
    """

    sound: str  # which songs, in words
    outside: Estimate  # share of the words outside that are heard
    inside: Estimate  # share of the others


@dataclass(frozen=True)
class Part:
    """One part of the study.

    Lesson: notebooks/13_measure_it.ipynb
    """

    sounds: tuple[SungFigures, ...]  # what was heard
    songs: int  # how many
    wall_seconds: float  # how long it took
    recalls: tuple[WordRecall, ...] = ()  # of songs with words outside the vocabulary


@dataclass(frozen=True)
class Study:
    """Everything that was found out so far.

    Lesson: notebooks/13_measure_it.ipynb
    """

    model: str  # its name
    weights: str  # fingerprint of its weights
    judges: str  # codec that the tuned judges know
    first_seed: int  # of the songs
    voice_chance: float  # share of voices guessed right by chance
    style_chance: float  # share of styles guessed right by chance
    machine: dict[str, Any]  # where it was measured
    parts: dict[str, Part] = field(default_factory=dict)  # by name, in the order of measuring

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types.

        Lesson: notebooks/13_measure_it.ipynb
        """
        return {"format": FORMAT, **to_json_dict(self)}

    def save(self, path: Path) -> None:
        """Write the file whole.

        Lesson: notebooks/13_measure_it.ipynb
        """
        write_json(path, self.to_json())

    def sound(self, part: str, number: int = 0) -> SungFigures | None:
        """One sound of a part; None if the part was not measured.

        Lesson: notebooks/13_measure_it.ipynb
        """
        found = self.parts.get(part)
        return None if found is None else found.sounds[number]


def read_study(path: Path) -> Study:
    """Read what `Study.save` wrote.

    Raises
    ------
    RunError
        If it is no such file.

    Lesson: notebooks/13_measure_it.ipynb
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ConfigError(must("format", "another", f"{FORMAT}"))
        data["parts"] = {name: from_json_dict(Part, part) for name, part in data["parts"].items()}
        return Study(**data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        advice = f"({error}) Give the file that measure_singing wrote, or another name."
        raise RunError(must("file", str(path), "a study of singing", advice)) from None


def new_song(
    seed: int,
    model: Jukebox,
    lyrics: str | None = None,
    lasting: tuple[float, float] | None = None,
) -> TestSong:
    """A song of the kind that the model knows, never trained on; `lasting`: in place of `SECONDS`.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng([seed, 84])
    repertoire = repertoire_of(model.artists(), model.genres())
    rate = max(model.sample_rate, LEAST_RATE)
    song = make_song(
        seed,
        seconds=random.uniform(*(lasting or SECONDS)),
        repertoire=repertoire,
        band_gain=random.uniform(*repertoire.band_gain),
        sample_rate=rate,
        lyrics=lyrics,
    )
    sound = np.ascontiguousarray(resample(song.audio, rate, model.sample_rate), dtype=np.float32)
    return TestSong(f"songbook {seed}", sound, song.artist, song.genre, song.lyrics)


def long_enough(seed: int, model: Jukebox, lasting: tuple[float, float], least: float) -> bool:
    """Whether the song of a seed lasts `least` seconds; nothing is sung to find out.

    Songs of a batch are sung as long as the longest: a much shorter one would be given time to
    fill, and would be blamed for what it fills it with.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng([seed, 84])
    repertoire = repertoire_of(model.artists(), model.genres())
    score = compose(seed, seconds=random.uniform(*lasting), repertoire=repertoire)
    return score.seconds >= least


def short_songs(model: Jukebox, n: int) -> SongList:
    """Songs that were never trained on: the first `n` long enough, seeds from `FIRST_SEED` on.

    Lesson: notebooks/13_measure_it.ipynb
    """
    chosen = _seeds(model, n, SECONDS, LEAST_SECONDS)
    return SongList([partial(new_song, seed, model) for seed in chosen])


def long_songs(model: Jukebox, n: int) -> SongList:
    """Songs of several windows that were never trained on.

    Lesson: notebooks/13_measure_it.ipynb
    """
    chosen = _seeds(model, n, LONG_SECONDS, LEAST_LONG)
    return SongList([partial(new_song, seed, model, None, LONG_SECONDS) for seed in chosen])


def _seeds(model: Jukebox, n: int, lasting: tuple[float, float], least: float) -> list[int]:
    fitting = (seed for seed in count(FIRST_SEED) if long_enough(seed, model, lasting, least))
    return list(islice(fitting, n))


def outside_songs(model: Jukebox, n: int) -> SongList:
    """Songs with words outside the vocabulary.

    Lesson: notebooks/13_measure_it.ipynb
    """
    seeds = range(OUTSIDE_SEED, OUTSIDE_SEED + n)
    return SongList([partial(new_song, seed, model, outside_lyrics(seed)) for seed in seeds])
