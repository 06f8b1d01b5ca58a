"""What is asked for: every argument of `model.sample`, checked and ready for JSON.

What
    A request decides the song together with the model. Its plain form stands in the run folder:
    the same request continues a run, another one is refused.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.labels.given import batch_size
from jukebox_edu.model.prompt import Prompt, empty_prompt
from jukebox_edu.sampling.noise import checked_seed
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.sampling.plan import Plan, checked_n_samples, make_plan
from jukebox_edu.song import Song

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox


@dataclass(frozen=True, eq=False)
class Request:
    """One song (or batch) that shall be written.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    lyrics: Any  # one for all samples or one per sample
    artist: Any  # likewise; None: the model's first
    genre: Any  # likewise; None: the model's first
    seconds: Any  # length of the whole song, prompt included
    total_seconds: Any  # what the model is told; None: see make_plan
    n_samples: int  # songs written side by side
    seed: int  # of the noise
    levels: Any  # None: all
    prompt: Prompt | None  # codes that are there
    options: SamplingOptions | None  # how codes are drawn; None: all by default
    timings: Any = None  # when each character is sung, if known, seconds
    deed: str = "sampled"  # for the provenance


@dataclass(frozen=True, eq=False)
class Job:
    """A request that was found possible: nothing can be refused from here on but by the disk.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    request: Request
    prompt: Prompt  # one row per sample
    plan: Plan
    labels: SongLabels | None
    rows: tuple[int, ...]  # number of each row in the noise
    plain: dict[str, Any]  # the request in JSON types


def prepare(model: Jukebox, request: Request) -> Job:
    """Check a request as a whole and plan it.

    Raises
    ------
    JukeboxError
        If anything in it cannot be done.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    options = SamplingOptions() if request.options is None else request.options
    if not isinstance(options, SamplingOptions):
        raise ConfigError(must("options", request.options, "SamplingOptions(...) or None"))
    seed = checked_seed(request.seed)
    asked = (request.lyrics, request.artist, request.genre)
    n_samples = checked_n_samples(batch_size(checked_n_samples(request.n_samples), *asked))
    given = request.prompt
    prompt = empty_prompt(model.levels, n_samples) if given is None else given.for_batch(n_samples)
    plan = make_plan(
        model.config,
        seconds=request.seconds,
        total_seconds=request.total_seconds,
        n_samples=n_samples,
        levels=request.levels,
        options=options,
        existing=[codes.shape[1] for codes in prompt.codes],
        itemsize=model.dtype.itemsize,
    )
    labels = SongLabels.create(
        lyrics=request.lyrics,
        artist=request.artist,
        genre=request.genre,
        total_length=plan.total_length,
        n_samples=n_samples,
        priors=model.config.priors,
        vocabularies=model.vocabularies,
        timings=request.timings,
    )
    rows = prompt.rows if prompt.rows is not None else tuple(range(n_samples))
    plain = {
        "model": model.config.name,
        "weights": model.fingerprint,
        "lyrics": _plain(request.lyrics),
        "artist": _plain(request.artist),
        "genre": _plain(request.genre),
        "seconds": float(request.seconds),
        "total_seconds": None if request.total_seconds is None else float(request.total_seconds),
        "n_samples": n_samples,
        "seed": seed,
        "levels": [level.level for level in plan.levels],
        "prompt": None if given is None else given.mark,
        "rows": list(rows),
        "options": options.to_json(),
        "timings": _plain(request.timings),
    }
    return Job(request, prompt, plan, labels, rows, plain)


def _plain(value: Any) -> Any:
    """JSON types of names, lyrics and tables of times."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, np.floating) else value


def told_by(song: Any, lyrics: Any, artist: Any, genre: Any) -> tuple[Any, Any, Any]:
    """Words and names as given, else those of the song: (lyrics, artist, genre).

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if not isinstance(song, Song):
        raise ConfigError(must("song", song, "a Song", "Pass recordings as prompt= to sample."))
    labels = song.labels
    if labels is None:
        return lyrics or "", artist, genre
    return (
        labels.lyrics if lyrics is None else lyrics,
        labels.artist if artist is None else artist,
        labels.genre if genre is None else genre,
    )
