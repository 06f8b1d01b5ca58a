"""Prepare songs for training: resample and encode each once, so that training only reads.

What
    Sound is brought to the model's sample rate and kept as 16-bit numbers, codes of every level
    follow if there is a codec. A store grows: songs that are there and unchanged are skipped, new
    words are taken over, a changed file is done anew, and a codec can be added later. Whatever
    stops the work (Ctrl-C, a crash, the power), the same call goes on with the next song. A song
    that cannot be prepared is reported and left out.
Paper: [Jukebox §3, §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu.errors import AudioError, ConfigError, must
from jukebox_edu.progress import Progress
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.sampling.run_folder import checked_folder
from jukebox_edu.sampling.storing import reported, write_json
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.report import printable
from jukebox_edu.training.song_writer import SongWriter, clear_leftovers, folder_name
from jukebox_edu.training.source import Source
from jukebox_edu.training.store import (
    FORMAT,
    FORMAT_VERSION,
    SongStore,
    open_store,
    read_settings,
)
from jukebox_edu.training.store_plan import Plan, codec_digest, make_plan, parts_of
from jukebox_edu.training.workers import write_songs
from jukebox_edu.vqvae.model import VQVAE

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox


def prepare(
    source: Source,
    out: str | os.PathLike[str],
    *,
    model: Jukebox | VQVAE | None = None,
    sample_rate: int | None = None,
    hop_length: int | None = None,
    workers: int = 1,
    variants: int = 1,
    held_out: float = 0.1,
    seed: int = 0,
    prune: bool = False,
    progress: bool = True,
) -> SongStore:
    """Write all songs of a source to a store, or bring the store up to date.

    Parameters
    ----------
    source
        Where the songs come from, e.g. `FolderSource` or `SongbookSource`.
    out
        Folder of the store; the same call goes on after an interruption.
    model
        A `Jukebox` or `VQVAE` that encodes; None stores sound only, at `sample_rate`, with words
        marked for every `hop_length` samples.
    workers
        Processes; each takes about half a gigabyte.
    variants, seed
        Encodings of each song, see `stored_song`. The same seed gives the same variants.
    held_out
        Share of songs that are kept for measuring; chosen by their names.
    prune
        Remove songs that the source no longer has.

    Raises
    ------
    ConfigError
        If an option is not allowed, or the store was made with another model or sample rate.
    AudioError
        If no song at all can be prepared.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    plan = make_plan(model, sample_rate, hop_length, variants=variants, seed=seed)
    _check_share(held_out)
    vqvae, name = parts_of(model)
    records = source.records()
    if not records:
        raise AudioError("The source has no songs that can be used: see its report.")
    folder = checked_folder(out)
    with FolderLock(folder):
        settings = _agreed_settings(folder, plan, vqvae, name, held_out)
        songs = _songs_folder(folder)
        write_json(folder / "store.json", settings)
        if prune:
            _prune(songs, records)
        writer = SongWriter(songs, plan, source, vqvae)
        settings["problems"] = _bring_up_to_date(writer, records, workers, progress)
        write_json(folder / "store.json", settings)
    store = open_store(folder)
    if not store.songs:
        first = store.problems[0]
        raise AudioError(f"No song could be prepared. The first: {first.name}: {first.reason}")
    return store


def encode_store(
    folder: str | os.PathLike[str],
    model: Jukebox | VQVAE,
    *,
    workers: int = 1,
    variants: int = 1,
    seed: int = 0,
    progress: bool = True,
) -> SongStore:
    """Add codes to a store of sound, without its source: after training a codec on it.

    Parameters
    ----------
    folder
        What `prepare` wrote.
    model, workers, variants, seed
        As in `prepare`.

    Raises
    ------
    ConfigError
        If the store has another sample rate, hop length, or codes of another codec.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    plan = make_plan(model, None, None, variants=variants, seed=seed)
    vqvae, name = parts_of(model)
    store = open_store(folder)
    records = [
        SongRecord(s.name, s.artist, s.genre, s.lyrics, s.times(), s.seconds) for s in store.songs
    ]
    with FolderLock(store.folder):
        settings = _agreed_settings(store.folder, plan, vqvae, name, None)
        songs = _songs_folder(store.folder)
        write_json(store.folder / "store.json", settings)
        writer = SongWriter(songs, plan, None, vqvae)
        settings["problems"] = _bring_up_to_date(writer, records, workers, progress)
        write_json(store.folder / "store.json", settings)
    return open_store(folder)


def _check_share(held_out: Any) -> None:
    good = isinstance(held_out, int | float) and not isinstance(held_out, bool)
    if not good or not 0 <= held_out < 1:
        raise ConfigError(must("held_out", held_out, "a share from 0 to below 1"))


def _songs_folder(folder: Path) -> Path:
    songs = folder / "songs"
    with reported(songs, "made"):
        songs.mkdir(exist_ok=True)
    clear_leftovers(songs)
    return songs


def _agreed_settings(
    folder: Path, plan: Plan, vqvae: VQVAE | None, name: str, held_out: float | None
) -> dict[str, Any]:
    """Content of store.json, after comparing it with what is there."""
    codec = None if vqvae is None else f"{name}-{codec_digest(vqvae)}"
    wanted = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "sample_rate": plan.sample_rate,
        "hop_length": plan.hop_length,
        "hop_lengths": list(plan.hop_lengths),
        "codec": codec,
        "window": plan.window,
        "seed": plan.seed,
        "held_out": held_out,
        "problems": [],
    }
    if not (folder / "store.json").exists():
        if any(folder.glob("songs/*/song.json")):
            raise ConfigError(f"{folder} holds songs but no store.json. Choose another folder.")
        return wanted
    there = read_settings(folder)
    advice = "Choose another folder for another model."
    for key in ("sample_rate", "hop_length"):
        if there[key] != wanted[key]:
            allowed = f"{there[key]}, that of the songs in {folder}"
            raise ConfigError(must(key, wanted[key], allowed, advice))
    old = there["codec"]
    if None not in (old, codec) and old.rsplit("-", 1)[1] != str(codec).rsplit("-", 1)[1]:
        allowed = f"{old}, whose codes are in {folder}"
        raise ConfigError(must("model", codec, allowed, advice))
    if old is not None and plan.variants > 1 and there["seed"] != plan.seed:
        raise ConfigError(must("seed", plan.seed, f"{there['seed']}, as in {folder}"))
    if codec is None:  # sound is added to a store that has codes
        wanted |= {key: there[key] for key in ("hop_lengths", "codec", "window", "seed")}
    wanted["window"] = max(there["window"], wanted["window"])
    wanted["codec"] = old or wanted["codec"]
    if held_out is None:
        wanted["held_out"] = there["held_out"]
    return wanted


def _prune(songs: Path, records: Sequence[SongRecord]) -> None:
    """Remove songs that are no longer wanted."""
    wanted = {folder_name(record.name) for record in records}
    for path in songs.iterdir():
        if path.is_dir() and path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def _bring_up_to_date(
    writer: SongWriter, records: Sequence[SongRecord], workers: int, progress: bool
) -> list[dict[str, str]]:
    """Do all songs that need it; returns those that failed."""
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise ConfigError(must("workers", workers, "a whole number from 1"))
    todo = [record for record in records if not _current(writer, record)]
    problems: list[dict[str, str]] = []
    with Progress(
        max(1, round(sum(record.seconds for record in todo))),
        label=f"preparing {len(todo)} songs" if len(todo) != 1 else "preparing 1 song",
        unit="s of sound",
        enabled="auto" if progress and todo else False,
    ) as shown:
        finished = _Seconds(shown)
        writer = dataclasses.replace(writer, advance=finished.hear)
        try:
            for record, reason in write_songs(writer, todo, workers):
                finished.song(record.seconds)
                if reason:
                    problems.append({"name": record.name, "reason": reason})
                    shown.note(f"{printable(record.name)}: {printable(reason)}")
        finally:
            clear_leftovers(writer.songs)
    return sorted(problems, key=lambda problem: problem["name"])


class _Seconds:
    """Seconds of sound that are done: whole songs, and what is heard of the present one."""

    def __init__(self, shown: Progress) -> None:
        self.shown, self.songs, self.present = shown, 0.0, 0.0

    def _show(self) -> None:
        self.shown.update(max(0, round(self.songs + self.present) - self.shown.done))

    def hear(self, seconds: float) -> None:
        """Count a part of the present song."""
        self.present += seconds
        self._show()

    def song(self, seconds: float) -> None:
        """Count a whole song."""
        self.songs, self.present = self.songs + seconds, 0.0
        self._show()


def _current(writer: SongWriter, record: SongRecord) -> bool:
    """Whether nothing is left to do; what cannot be told is tried, and reported then."""
    try:
        return writer.is_current(record)
    except Exception:
        return False


def missing(store: SongStore, records: Sequence[SongRecord]) -> Iterator[str]:
    """Names of stored songs that the source no longer has.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    wanted = {record.name for record in records}
    return (song.name for song in store.songs if song.name not in wanted)
