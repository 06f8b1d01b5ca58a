"""Is it sung? The model sings lyrics it never saw, and the judges listen.

What
    Each level is heard alone. Beside the songs the model sang stand the real songs of those lyrics
    and the same songs through the codec: no prior sings more clearly than its codec. Chance is the
    same sound scored against another song's lyrics, and the same notes moved at random.
Conventions
    Figures are means over songs, in the order of the songs. Level 0 is the bottom level.
Paper: [Jukebox §5] judges by ear what networks judge here
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.codec import decoded
from jukebox_edu.evaluation.judges.listening import Listening, Request, SungFigures
from jukebox_edu.evaluation.judges.panel import Judges
from jukebox_edu.evaluation.judges.phone_errors import phones_of_words
from jukebox_edu.evaluation.songs import TestSong
from jukebox_edu.model import Jukebox
from jukebox_edu.progress import Progress
from jukebox_edu.sampling import SamplingOptions
from jukebox_edu.song import Song


@dataclass(frozen=True)
class SingingFigures:
    """How well a model sings, between its ceiling and chance.

    Lesson: notebooks/13_measure_it.ipynb
    """

    model: str  # its name
    weights: str  # fingerprint of its weights
    judges_codec: str  # what the tuned judges were tuned on
    real: SungFigures | None  # the songs themselves; None: only requests were given
    codec: tuple[SungFigures, ...]  # the songs through one level, index = level; may be empty
    sampled: tuple[SungFigures, ...]  # sung by the model, in the order of `levels`
    levels: tuple[int, ...]  # which levels were sung
    voice_chance: float  # share of voices guessed right by chance
    style_chance: float  # share of styles guessed right by chance


def requests_of(songs: Sequence[TestSong | Request], model: Jukebox) -> list[Request]:
    """What songs ask for.

    Raises
    ------
    ConfigError
        If there is no song, or one without words.

    Lesson: notebooks/13_measure_it.ipynb
    """
    requests = []
    for song in songs:
        if not isinstance(song, Request):
            seconds = len(song.audio) / model.sample_rate
            song = Request(song.lyrics, song.artist, song.genre, seconds)
        if not phones_of_words(song.lyrics).phones:
            raise ConfigError(must("lyrics of a song", song.lyrics, "words that can be sung"))
        requests.append(song)
    if not requests:
        raise ConfigError(must("songs", songs, "at least one song"))
    return requests


def songs_with_words(songs: Sequence[TestSong], n: int) -> list[TestSong]:
    """The first `n` songs that have words and sound.

    Raises
    ------
    ConfigError
        If there is none.

    Lesson: notebooks/13_measure_it.ipynb
    """
    fitting = (s for s in songs if phones_of_words(s.lyrics).phones and not s.silent)
    chosen = list(itertools.islice(fitting, n))
    if not chosen:
        raise ConfigError(must("songs", f"{len(songs)} songs", "songs with words, to be sung"))
    return chosen


def listen_to_songs(
    model: Jukebox, songs: Sequence[TestSong], judges: Judges, *, pitch: bool = True,
    progress: bool = True,
) -> list[Listening]:  # fmt: skip
    """Real songs, then the same songs through the bottom level, the next one, ...

    Lesson: notebooks/13_measure_it.ipynb
    """
    heard = [Listening(judges) for _ in range(model.vqvae.levels + 1)]
    with _progress(len(songs), "real songs", progress) as counter:
        for song in songs:
            heard[0].listen(song.audio, model.sample_rate, pitch=pitch)
            codes: list[torch.Tensor | None] = list(model.encode(song.audio))
            for level, listening in enumerate(heard[1:]):
                sound = decoded(model.vqvae, codes, level).numpy()[: len(song.audio)]
                listening.listen(sound, model.sample_rate, pitch=pitch)
            counter.update(1)
    return heard


def listen_to_model(
    model: Jukebox,
    requests: Sequence[Request],
    judges: Judges,
    *,
    levels: Sequence[int],
    options: SamplingOptions | None = None,
    batch: int = 8,
    pitch: bool = True,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> dict[int, Listening]:
    """Songs that the model sings, by level, in the order of the requests; see `measure_singing`.

    Lesson: notebooks/13_measure_it.ipynb
    """
    order = sorted(range(len(requests)), key=lambda i: requests[i].seconds)
    asked = [requests[i] for i in order]  # songs of like length are sung side by side
    sung = {level: Listening(judges) for level in levels}
    with _progress(len(asked), "sung songs", progress) as counter:
        for first in range(0, len(asked), batch):
            folder = None if out is None else Path(out) / f"songs-{first}"
            song = sing(model, asked[first : first + batch], levels, options, seed + first, folder)
            for i in range(song.n_samples):
                for level, listening in sung.items():
                    listening.listen(song.audio(level, i), song.sample_rate, pitch=pitch)
                counter.update(1)
    return {level: listening.in_order(order) for level, listening in sung.items()}


def measure_singing(
    model: Jukebox,
    songs: Sequence[TestSong | Request],
    judges: Judges,
    *,
    levels: Sequence[int] | None = None,
    options: SamplingOptions | None = None,
    batch: int = 8,
    pitch: bool = True,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> SingingFigures:
    """Let a model sing, and let the judges listen.

    Parameters
    ----------
    songs
        With lyrics the model was never trained on. If all are `TestSong`s, they are judged, too.
    levels
        Levels to sing, the top one among them; None: all.
    batch
        Songs sung side by side; they get the length of the longest.
    pitch
        Whether to follow the pitch, a second or two for every song and level.
    out
        Folder that keeps what was sung; the same call goes on there. None: memory only.

    Raises
    ------
    ConfigError
        If there is no song, or one without words.

    Lesson: notebooks/13_measure_it.ipynb
    """
    requests = requests_of(songs, model)
    levels = tuple(range(model.levels)) if levels is None else tuple(sorted(set(levels)))
    real = [song for song in songs if isinstance(song, TestSong)]
    known: list[SungFigures] = []
    if len(real) == len(requests):
        heard = listen_to_songs(model, real, judges, pitch=pitch, progress=progress)
        names = ["real songs"] + [f"real songs, level {k}" for k in range(model.vqvae.levels)]
        known = [one.figures(name, requests) for one, name in zip(heard, names, strict=True)]
    sung = listen_to_model(
        model, requests, judges, levels=levels, options=options, batch=batch, pitch=pitch,
        seed=seed, out=out, progress=progress,
    )  # fmt: skip
    return SingingFigures(
        model=model.config.name,
        weights=model.fingerprint,
        judges_codec=judges.codec,
        real=known[0] if known else None,
        codec=tuple(known[1:]),
        sampled=tuple(sung[k].figures(f"sung by the model, level {k}", requests) for k in levels),
        levels=levels,
        voice_chance=1 / len(judges.clean.voice.config.names),
        style_chance=1 / len(judges.clean.style.config.names),
    )


def _progress(total: int, label: str, shown: bool) -> Progress:
    return Progress(total, label=label, unit="songs", enabled="auto" if shown else False)


def sing(
    model: Jukebox,
    requests: Sequence[Request],
    levels: Sequence[int],
    options: SamplingOptions | None,
    seed: int,
    out: Path | None,
) -> Song:
    """Sing some requests side by side, as long as the longest.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return model.sample(
        [request.lyrics for request in requests],
        artist=[request.artist for request in requests],
        genre=[request.genre for request in requests],
        seconds=max(request.seconds for request in requests),
        n_samples=len(requests),
        seed=seed,
        levels=tuple(levels),
        options=options,
        out=out,
        progress=False,
    )
