"""The bundled runs: songs that the bundled model sang, kept so that everybody sees the same.

What
    Sampling gives other codes on another machine in time; a lesson that talks about one passage
    needs that passage. So a few songs stand beside the weights that sang them:

        pretrained/tiny-1/runs/alma_folk/
            run.json          which file is the sound, how the run was chosen, what a judge heard
            song.json         labels, plan, seed, provenance  \
            codes_<level>.npy                                  } as `Song.load` reads them
            alignment.npz     as `Alignment.load` reads it    /
            sound.mp3         the bottom level, decoded

    They belong to these very weights and to no other: every run says whose they are, and a model
    with another fingerprint is refused.
Conventions
    Seconds count from the start of the sound. The attention of an alignment is rounded to steps of
    `STEP`, without which it would be ten times as large as all the rest.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import audio
from jukebox_edu.alignment import Alignment
from jukebox_edu.config import from_json_dict
from jukebox_edu.errors import JukeboxError, RunError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.model.loading import bundled
from jukebox_edu.sampling.run_folder import checked_folder, read_record
from jukebox_edu.sampling.storing import read_json, reported, write_codes, write_json
from jukebox_edu.song import Provenance, Song
from jukebox_edu.song.files import whole_record
from jukebox_edu.song.showing import tags
from jukebox_edu.song.sound import Sound

FORMAT = 1  # version of run.json that this code reads
FOLDER = "runs"  # in the folder of a model
SOUND = "sound.mp3"
STEP = 1 / 1024  # attention is kept in multiples of it


@dataclass(frozen=True)
class BundledRun:
    """A song that the bundled model sang once.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # name of its folder
    path: Path  # the folder
    sound: Path  # the sound file: the bottom level, decoded
    lyrics: str  # as asked for
    artist: str  # the voice asked for
    genre: str  # the style asked for
    seconds: float  # duration
    seed: int  # of the noise
    model: str  # name of the model that sang it
    weights: str  # fingerprint of that model's weights
    chosen: str  # out of how many and by what, in words
    phone_error: float | None  # changes per phone asked for, as a recogniser heard; None: unheard
    judge: str  # what that recogniser was tuned on; empty: nobody listened

    @property
    def alignment(self) -> Alignment:
        """When each character is sung, as the model read it when the run was kept.

        Raises
        ------
        RunError
            If the file is missing or damaged.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return Alignment.load(self.path / "alignment.npz")

    def song(self, model: Jukebox | None = None) -> Song:
        """The codes of all levels with labels and provenance.

        Parameters
        ----------
        model
            The model that sang it: the song can be decoded, aligned and continued anew. None: it
            has the sound of its bottom level and its alignment from the files.

        Raises
        ------
        RunError
            If the files are damaged, or the model is another one.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        if model is not None and model.fingerprint != self.weights:
            raise RunError(
                f"The bundled run {self.name!r} was sung by {self.model} with the weights "
                f"{self.weights}, but the model given is {model.config.name} with "
                f"{model.fingerprint}. Its codes mean nothing to other weights: give the model it "
                f"belongs to, jukebox_edu.load({self.model!r}), or no model."
            )
        song = Song.load(self.path, model)
        if model is not None:  # nothing comes from the files but the codes
            return dataclasses.replace(song, folder=None, _heard={})
        clip = audio.load(self.sound)
        if (clip.sample_rate, len(clip.samples)) != (song.sample_rate, song.length):
            raise RunError(
                f"{self.sound} holds {len(clip.samples)} samples at {clip.sample_rate} Hz, but the "
                f"song {song.length} at {song.sample_rate}: install jukebox_edu again."
            )
        share = song._heard.get(("clipped", 0, 0), 0.0)
        song._heard["sound", 0, 0] = Sound(clip.samples, share)
        return song


def bundled_runs(folder: str | os.PathLike[str] | None = None) -> tuple[BundledRun, ...]:
    """Read the descriptions of all bundled runs, in order of their names.

    Parameters
    ----------
    folder
        Where to look; None: beside the newest bundled model. Empty if that model has none.

    Raises
    ------
    RunError
        If a description is damaged.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if folder is None:
        models = bundled()
        if not models:
            return ()
        folder = models[-1] / FOLDER
    return tuple(_read(path.parent) for path in sorted(Path(folder).glob("*/run.json")))


def bundled_run(name: str, folder: str | os.PathLike[str] | None = None) -> BundledRun:
    """The bundled run of a name; see `bundled_runs`.

    Raises
    ------
    RunError
        If there is none of this name, or its description is damaged.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    there = {run.name: run for run in bundled_runs(folder)}
    if name not in there:
        known = ", ".join(map(repr, there)) or "none at all"
        raise RunError(must("name", name, f"one of the bundled runs; there are {known}"))
    return there[name]


def _read(folder: Path) -> BundledRun:
    try:
        return _run(folder, read_json(folder / "run.json"), read_record(folder))
    except (JukeboxError, ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise RunError(f"{folder} holds no bundled run: {what}.") from None


def _run(folder: Path, about: dict[str, Any], record: dict[str, Any]) -> BundledRun:
    """Build a run from its two JSON files, checking what the rest relies on."""
    if about["format"] != FORMAT:
        raise ValueError(f"format={about['format']}, but this version reads {FORMAT}")
    sound = folder / Path(about["sound"]).name
    if sound.name != about["sound"] or not sound.is_file():
        raise ValueError(f"sound={about['sound']!r} is no file beside it")
    labels = SongLabels.from_json(record["labels"])
    known = from_json_dict(Provenance, record["provenance"])
    if labels.batch != 1:
        raise ValueError(f"{labels.batch} songs, but a run holds one")
    lengths = zip(record["tokens"], record["hop_lengths"], strict=True)
    error = about["phone_error"]
    return BundledRun(
        name=folder.name,
        path=folder,
        sound=sound,
        lyrics=labels.lyrics[0],
        artist=labels.artist[0],
        genre=labels.genre[0],
        seconds=max(tokens * hop for tokens, hop in lengths) / record["sample_rate"],
        seed=int(record["seed"]),
        model=known.model,
        weights=known.weights,
        chosen=str(about["chosen"]),
        phone_error=None if error is None else float(error),
        judge=str(about["judge"]),
    )


def write_run(
    folder: str | os.PathLike[str],
    song: Song,
    *,
    chosen: str,
    phone_error: float | None = None,
    judge: str = "",
    sound: str = SOUND,
) -> BundledRun:
    """Keep a song as a run; `run.json` comes last, so that a folder with one is whole.

    Parameters
    ----------
    folder
        Whose name becomes the run's.
    song
        One song of all levels, with lyrics and the model that sang it.
    chosen
        Out of how many and by what, in words.
    phone_error, judge
        Of its bottom level as sound, and what the recogniser that heard it was tuned on.
    sound
        Name of the sound file; its ending decides the format.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if song.n_samples != 1 or song.finest != 0 or song.model is None or song.labels is None:
        allowed = "one song of all levels, with its lyrics and model"
        raise RunError(must("song", song, allowed, "Pick one: song.take(0)."))
    path = checked_folder(folder, "folder")
    for level in song.levels:
        write_codes(path / f"codes_{level}.npy", song.codes[level].numpy())
    with reported(path):
        rounded(song.alignment()).save(path / "alignment.npz")
    audio.save(path / sound, song.audio(), song.sample_rate, tags=tags(song))
    clipped = [[song.clipped_share(level)] for level in song.levels]
    write_json(path / "song.json", {**whole_record(song), "clipped": clipped})
    about = {"format": FORMAT, "sound": sound, "chosen": chosen}
    write_json(path / "run.json", {**about, "phone_error": phone_error, "judge": judge})
    return _read(path)


def rounded(alignment: Alignment) -> Alignment:
    """The alignment with weights in multiples of `STEP`: most are 0, and files are small.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    weights = tuple((np.round(w / STEP) * STEP).astype(np.float32) for w in alignment.weights)
    return dataclasses.replace(alignment, weights=weights)
