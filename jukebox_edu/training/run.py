"""The folder of a training run.

What
        run.json                    what is trained, on what, with which settings
        log.jsonl                   a row of numbers every so many steps
        state-00000250.safetensors  everything needed to go on from step 250
        samples/                    what the model sounded like on the way

    The folder belongs to one run: another model, other songs or other settings are refused. A run
    that is killed goes on from its last state; rows of the log that came after it are dropped and
    written again, the same. Two processes cannot work in it at once.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jukebox_edu.errors import RunError
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.sampling.storing import read_json, reported, write_json, write_whole
from jukebox_edu.training.state import TrainingState, newest_state, write_state

RUN_FILE, LOG_FILE, SAMPLES = "run.json", "log.jsonl", "samples"
FORMAT = "jukebox_edu training 1"
# Settings that change no number of the log nor of the model.
FREE = ("save_every", "sample_every", "sample_seconds", "tensorboard")

Row = dict[str, Any]  # "run" is a text, everything else a number


def fingerprint(data: Any) -> str:
    """Sixteen hexadecimal digits that stand for plain data.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_log(path: str | Path) -> list[Row]:
    """Rows of a log, oldest first; a row that was being written when the run died is left out.

    Parameters
    ----------
    path
        The file, or the folder of the run.

    Raises
    ------
    RunError
        If there is none.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    path = Path(path)
    path = path / LOG_FILE if path.is_dir() else path
    rows: list[Row] = []
    with reported(path, "read"):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict) and "step" in row:
                    rows.append(row)
    return rows


def read_about(folder: str | Path) -> dict[str, Any]:
    """What the run in a folder is, from its `run.json`.

    Raises
    ------
    RunError
        If the folder holds no training run.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    path = Path(folder) / RUN_FILE
    if not path.is_file():
        raise RunError(f"{folder} is no folder of a training run: there is no {RUN_FILE}.")
    about = read_json(path)
    if about.get("format") != FORMAT:
        raise RunError(f"{path} is of another kind: its format is {about.get('format')!r}.")
    return about


class TrainingRun:
    """A folder, locked for one run until `close`.

    Parameters
    ----------
    folder
        Made if missing.
    about
        What the run is, in plain JSON types; "settings" among them.

    Raises
    ------
    RunError
        If it holds another run, is in use, or cannot be written.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, folder: str | Path, about: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        with reported(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.folder)
        try:
            self._claim(json.loads(json.dumps({"format": FORMAT, **about})))
            for left in self.folder.glob(".state-*.part"):  # of a run that was killed
                with reported(left):
                    left.unlink()
        except BaseException:
            self._lock.close()
            raise

    def _claim(self, about: dict[str, Any]) -> None:
        """Make the folder this run's, or see that it is."""
        path = self.folder / RUN_FILE
        if not path.exists():
            write_json(path, about)
            return
        differences = _differences(read_about(self.folder), about)
        if differences:
            raise RunError(
                f"{self.folder} holds another training run: {'; '.join(differences[:3])}. "
                "Give the settings it was begun with, or choose another folder."
            )

    def newest(self) -> TrainingState | None:
        """The state to go on from, if there is any; the log is cut back to it."""
        state = newest_state(self.folder)
        path = self.folder / LOG_FILE
        if path.exists():
            step = 0 if state is None else state.step
            kept = [row for row in read_log(path) if row["step"] <= step]
            text = "".join(json.dumps(row) + "\n" for row in kept)
            write_whole(path, lambda file: file.write(text.encode()))
        return state

    def rows(self) -> list[Row]:
        """Rows of the log so far."""
        return read_log(self.folder) if (self.folder / LOG_FILE).exists() else []

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row to the log."""
        path = self.folder / LOG_FILE
        with reported(path), open(path, "ab") as file:
            file.write((json.dumps(row) + "\n").encode())

    def save(self, state: TrainingState) -> None:
        """Keep a state."""
        write_state(self.folder, state)

    def samples(self) -> Path:
        """The folder for sounds, made on demand."""
        folder = self.folder / SAMPLES
        with reported(folder):
            folder.mkdir(exist_ok=True)
        return folder

    def close(self) -> None:
        """Give the folder back."""
        self._lock.close()


def _differences(old: Any, new: Any, name: str = "") -> list[str]:
    """What differs between two descriptions, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted(set(old) | set(new), key=lambda k: (k not in ("name", "kind"), k)):
            where = f"{name}.{key}" if name else key
            if not (name == "settings" and _is_free(key, new)):
                found += _differences(old.get(key), new.get(key), where)
        return found
    return [] if old == new else [f"{name} is {_short(old)} there and {_short(new)} here"]


def _is_free(setting: str, settings: dict[str, Any]) -> bool:
    """Whether a run may go on with another value of a setting.

    A cosine depends on the number of steps; with the other schedules a run can be prolonged.
    """
    prolonged = setting == "steps" and settings.get("schedule") != "cosine"
    return setting in FREE or prolonged


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
