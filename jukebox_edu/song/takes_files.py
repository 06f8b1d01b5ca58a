"""A tree of takes in a folder.

What
    takes.json     names, deeds, parents, and which takes were current
    take_001/      the first take, as `Song.save` writes it
    take_002/      ...

    `takes.json` is written last and in one step, so the folder always holds the old tree or the
    new one. A take never changes once it is made: saving a tree that has grown writes only the
    new takes.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jukebox_edu.errors import ConfigError, JukeboxError, RunError
from jukebox_edu.sampling.run_folder import checked_folder
from jukebox_edu.sampling.storing import read_json, write_json
from jukebox_edu.song.song import Song
from jukebox_edu.song.takes import Take, Takes, same_codes

FORMAT = "jukebox_edu takes"  # what takes.json says it is
FORMAT_VERSION = 1
NAME = "takes.json"


def take_folder(number: int) -> str:
    """Name of the folder of one take.

    Lesson: notebooks/09_windows_and_upsampling.ipynb

    >>> take_folder(7)
    'take_007'
    """
    return f"take_{number:03d}"


def save_takes(takes: Takes, folder: str | os.PathLike[str]) -> Path:
    """Write a tree; see `Takes.save`.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    path = checked_folder(folder, "folder")
    if (path / NAME).exists():
        _check_ours(takes, path)
    for take in takes:
        if not _is_there(take, path):
            take.song.save(path / take_folder(take.number))
    record = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "takes": [{"name": take.name, "deed": take.deed, "parent": take.parent} for take in takes],
        "visited": list(takes._visited),
        "at": takes._at,
    }
    write_json(path / NAME, record)
    return path


def _is_there(take: Take, path: Path) -> bool:
    """Whether the folder holds this very take already, whole."""
    try:
        there = Song.load(path / take_folder(take.number))
    except JukeboxError:
        return False
    whole = (path / take_folder(take.number) / "index.html").exists()
    return whole and same_codes(there, take.song)


def _check_ours(takes: Takes, path: Path) -> None:
    """Refuse a folder of another tree, or of this one when it had more takes."""
    there = read_json(path / NAME).get("takes")
    ours = [[take.deed, take.parent] for take in takes]
    known = None
    if isinstance(there, list) and all(isinstance(entry, dict) for entry in there):
        known = [[entry.get("deed"), entry.get("parent")] for entry in there]
    if known is None or known != ours[: len(known)]:
        raise RunError(f"{path} holds other takes. Choose another folder.")


def load_takes(folder: str | os.PathLike[str], model: Any = None) -> Takes:
    """Read a tree; see `Takes.load`.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    path = Path(folder)
    if not (path / NAME).is_file():
        raise RunError(f"There are no takes in {path}: no {NAME}. Were they saved there?")
    record = read_json(path / NAME)
    if record.get("format") != FORMAT or record.get("format_version") != FORMAT_VERSION:
        found = (record.get("format"), record.get("format_version"))
        raise RunError(f"{path / NAME} is {found}; this program reads {(FORMAT, FORMAT_VERSION)}.")
    takes = Takes()
    try:
        for number, entry in enumerate(record["takes"], start=1):
            if entry["parent"] is not None and not 0 < entry["parent"] < number:
                raise ValueError(f"take {number} was made from take {entry['parent']!r}")
            song = Song.load(path / take_folder(number), model)
            takes.add(song, entry["deed"], entry["parent"], entry["name"])
        _restore_visits(takes, record["visited"], record["at"])
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RunError(f"{path / NAME} is damaged: {what}.") from None
    return takes


def _restore_visits(takes: Takes, visited: Any, at: Any) -> None:
    """Which takes were current, as it was saved."""
    numbers = [takes[number].number for number in visited]
    if not isinstance(at, int) or not -1 <= at < len(numbers):
        raise ValueError(f"at is {at!r}")
    takes._visited, takes._at = numbers, at
