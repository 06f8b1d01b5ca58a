"""Songs on disk, ready to be trained on: what `prepare` writes and the training loops read.

What
    store.json        sample rate, hop lengths, which codec made the codes
    songs/<name>/     one folder per song, see `stored_song`

    A song's folder appears under its name only when it is whole, so a store can be opened at any
    time, even while songs are added to it.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.errors import CheckpointError, must
from jukebox_edu.training.stored_song import StoredSong, Variant, splits

__all__ = ["Problem", "SongStore", "StoredSong", "Variant", "open_store", "splits"]

FORMAT = "jukebox_edu song store"  # what store.json says it is
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Problem:
    """A song that could not be prepared.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    name: str  # of the song
    reason: str  # in words


@dataclass(frozen=True)
class SongStore:
    """All songs of a store.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    folder: Path
    sample_rate: int  # samples per second
    hop_length: int  # of the top level, samples
    codec: str | None  # name and digest of the VQ-VAE that made the codes; None: no codes
    songs: tuple[StoredSong, ...]  # in order of their names
    problems: tuple[Problem, ...] = ()  # songs that could not be prepared the last time

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def train(self) -> tuple[StoredSong, ...]:
        """Songs to train on."""
        return tuple(song for song in self.songs if song.split == "train")

    @property
    def held_out(self) -> tuple[StoredSong, ...]:
        """Songs to measure on."""
        return tuple(song for song in self.songs if song.split == "held_out")

    @property
    def seconds(self) -> float:
        """Duration of all songs."""
        return sum(song.seconds for song in self.songs)


def read_settings(folder: Path) -> dict[str, Any]:
    """What `store.json` says.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    path = folder / "store.json"
    advice = "Make one with `jukebox-edu prepare`."
    if not path.is_file():
        raise CheckpointError(f"{folder} holds no prepared songs (no store.json). {advice}")
    data = read_json_object(path)
    if data.get("format") != FORMAT:
        raise CheckpointError(f"{path} describes no prepared songs. {advice}")
    if data.get("format_version") != FORMAT_VERSION:
        found = data.get("format_version")
        raise CheckpointError(
            f"{path} has format version {found!r}, but this program reads {FORMAT_VERSION}."
        )
    return data


def read_json_object(path: Path) -> dict[str, Any]:
    """A JSON object, or `CheckpointError`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        data = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}). Run prepare again.") from None
    if not isinstance(data, dict):
        raise CheckpointError(f"{path} is damaged: it is no JSON object. Run prepare again.")
    return data


def song_folders(folder: Path) -> list[Path]:
    """Folders of the songs that are whole, sorted by name of the folder.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    songs = folder / "songs"
    if not songs.is_dir():
        return []
    with os.scandir(songs) as entries:
        return sorted(Path(e.path) for e in entries if not e.name.startswith(".") and e.is_dir())


def read_song(folder: Path, settings: dict[str, Any], mapped: bool = True) -> StoredSong:
    """Read one song's folder and check that its files are whole.

    Raises
    ------
    CheckpointError
        If something is missing or cut off.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    data = read_json_object(folder / "song.json")
    try:
        variants = tuple(Variant(int(v["shift"]), float(v["mix"])) for v in data["variants"])
        song = StoredSong(
            folder=folder,
            name=data["name"],
            artist=data["artist"],
            genre=data["genre"],
            lyrics=data["lyrics"],
            split=splits(data["name"], settings["held_out"]),
            length=int(data["length"]),
            channels=int(data["channels"]),
            sample_rate=int(settings["sample_rate"]),
            hop_length=int(settings["hop_length"]),
            padded=int(data["padded"]),
            hop_lengths=tuple(settings["hop_lengths"]) if variants else (),
            variants=variants,
            mapped=mapped,
        )
        there = os.stat(folder / "audio.pcm").st_size
        codes = os.stat(folder / "codes.npy").st_size if variants else 0
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} is damaged ({error!r}). Run prepare again.") from None
    if there != 2 * song.channels * song.length or codes < 2 * song.n_codes * len(variants):
        raise CheckpointError(f"{folder} is damaged: a file is cut off. Run prepare again.")
    return song


def open_store(folder: str | os.PathLike[str]) -> SongStore:
    """Open what `prepare` has written.

    Raises
    ------
    CheckpointError
        If there is no store, or a song in it is damaged.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not isinstance(folder, str | os.PathLike):
        raise CheckpointError(must("folder", folder, "the name of a folder of prepared songs"))
    path = Path(folder)
    settings = read_settings(path)
    folders = song_folders(path)
    mapped = _may_open(len(folders))
    songs = [read_song(song, settings, mapped) for song in folders]
    problems = [Problem(p["name"], p["reason"]) for p in settings.get("problems", ())]
    return SongStore(
        folder=path,
        sample_rate=settings["sample_rate"],
        hop_length=settings["hop_length"],
        codec=settings["codec"],
        songs=tuple(sorted(songs, key=lambda song: song.name)),
        problems=tuple(problems),
    )


def _may_open(n_files: int) -> bool:
    """Whether so many files can stay mapped; a mapped file counts as open on most systems."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return True
    wanted = 2 * n_files + 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return True
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (ValueError, OSError):
        return False
    return most >= wanted
