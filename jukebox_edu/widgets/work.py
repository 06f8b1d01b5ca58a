"""What a session is asked to do: a new song, more of one, or the levels that one lacks.

What
    A `Work` is a job (a checked request, see `model.request`) with the run folder in which it is
    carried out. The folder is named after the request: the same request finds its own folder
    again, tomorrow and in another kernel, and goes on where it was.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.model.parts import SongPart
from jukebox_edu.model.prompt import as_prompt, song_prompt
from jukebox_edu.model.request import Job, Request, prepare, told_by
from jukebox_edu.model.writing import Writer, notes
from jukebox_edu.progress import Progress
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.sampling.run_folder import RunFolder
from jukebox_edu.song import Song


@dataclass(frozen=True, eq=False)
class Work:
    """One song (or batch) to be written.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    model: Jukebox
    job: Job  # the request, found possible
    deed: str  # what a take made of it is called: "sampled seed 3"
    folder: Path  # where it is saved as it goes
    before: Song | None = None  # the song it goes on from
    notes: tuple[str, ...] = ()  # what was chosen for the user: roundings, unknown names
    parent: int | None = None  # number of the take it is made from


def sing_work(model: Jukebox, folder: Path, *, prompt: Any = None, **asked: Any) -> Work:
    """A new song.

    Parameters
    ----------
    model
        Who sings.
    folder
        Where run folders are kept.
    prompt, asked
        As for `model.sample`.

    Raises
    ------
    JukeboxError
        If anything cannot be done.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    wanted = {"artist": None, "genre": None, "total_seconds": None, "n_samples": 1, "levels": None,
              "options": None, "seed": 0, **asked}  # fmt: skip
    request = Request(prompt=as_prompt(model, prompt), **wanted)
    return _work(model, request, folder, f"sampled seed {request.seed}")


def continue_work(
    model: Jukebox,
    folder: Path,
    song: Song,
    seconds: float,
    *,
    lyrics: str | None = None,
    seed: int | None = None,
    options: SamplingOptions | None = None,
    parent: int | None = None,
) -> Work:
    """More of a song: `seconds` are added, with other words or another seed if they are given.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    added = units.checked_seconds(seconds)
    told = told_by(song, lyrics, None, None)
    whole, total = song.seconds + added, None
    if song.labels is not None:
        total = max(whole, song.labels.total_length / model.sample_rate)
    request = Request(
        *told, whole, total, song.n_samples, song.seed if seed is None else seed,
        song.levels, song_prompt(model, song), options, deed="continued",
    )  # fmt: skip
    branch = "" if seed in (None, song.seed) else f", seed {seed}"
    return _work(model, request, folder, f"continued {added:g} s{branch}", song, parent)


def upsample_work(
    model: Jukebox,
    folder: Path,
    song: Song,
    *,
    options: SamplingOptions | None = None,
    parent: int | None = None,
) -> Work:
    """The levels that a song lacks.

    Raises
    ------
    ConfigError
        If it lacks none.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    lengths = [c.shape[1] * hop for c, hop in zip(song.codes, song.hop_lengths, strict=True)]
    missing = tuple(level for level, n in enumerate(lengths) if n < song.length)
    if not missing:
        raise ConfigError(must("song", song, "a song that lacks a level", "It has all of them."))
    total = None if song.labels is None else song.labels.total_length / song.sample_rate
    request = Request(
        *told_by(song, None, None, None), song.seconds, total, song.n_samples, song.seed,
        missing, song_prompt(model, song), options, deed="upsampled",
    )  # fmt: skip
    return _work(model, request, folder, "upsampled", song, parent)


def _work(
    model: Jukebox,
    request: Request,
    folder: Path,
    deed: str,
    before: Song | None = None,
    parent: int | None = None,
) -> Work:
    """Check the request, keep what it says about itself, and find its folder."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        job = prepare(model, request)
    said = (*notes(job), *dict.fromkeys(str(warning.message) for warning in heard))
    text = json.dumps(job.plain, sort_keys=True)
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Work(model, job, deed, folder / f"run_{name}", before, said, parent)


def written(work: Work, progress: Progress) -> Generator[SongPart, None, Song]:
    """Carry a work out: yields its parts as they are written, returns the song.

    The same steps as `model.stream`, with a progress of the caller's own: what its `update`
    raises ends the run after a whole code, and the folder keeps everything before.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    history = () if work.before is None else work.before.provenance.history
    run = RunFolder(work.folder, work.job.plain)
    try:
        writer = Writer(work.model, work.job, run, progress, parts=True, history=history)
        writer.begin()
        for plan in work.job.plan.levels:
            yield from writer.level(plan)
        return writer.song()
    finally:
        run.close()
