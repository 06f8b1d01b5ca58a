"""The run folder: what makes an interrupted run go on as if nothing had happened.

What
    song.json            plan, labels, seed, the request that began the run, versions, licence
    prompt_<level>.npy   codes that were there before
    tokens_<level>.log   what has been drawn of the level being written
    codes_<level>.npy    (batch, tokens) integers, once the level is whole
    .lock                held by the process that writes

    Everything but the log appears under its name only when it is whole. The log may end torn.
    So at every instant the folder holds all that was drawn, and the same request finds it.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu.errors import RunError, must
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.sampling.storing import (
    read_codes,
    read_json,
    reported,
    write_codes,
    write_json,
)
from jukebox_edu.sampling.token_log import TokenLog

FORMAT = "jukebox_edu song"  # what song.json says it is
FORMAT_VERSION = 1


def read_record(folder: Path) -> dict[str, Any]:
    """Read `song.json` of a folder.

    Raises
    ------
    RunError
        If it is missing, damaged, or of something else.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    path = folder / "song.json"
    record = read_json(path)
    if record.get("format") != FORMAT:
        raise RunError(f"{path} describes no song of this library. Choose another folder.")
    if record.get("format_version") != FORMAT_VERSION:
        found = record.get("format_version")
        raise RunError(
            f"{path} has format version {found!r}, but this program reads {FORMAT_VERSION}."
        )
    if record.get("status") not in ("running", "whole"):
        raise RunError(f"{path} is damaged: its status is {record.get('status')!r}.")
    return record


def checked_folder(folder: Any, argument: str = "out") -> Path:
    """Return the folder as a path, made if needed, or raise `RunError`.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise RunError(must(argument, folder, "the name of a folder"))
    path = Path(folder)
    try:
        with reported(path, "made"):
            path.mkdir(parents=True, exist_ok=True)
    except ValueError as error:  # a null character
        raise RunError(must(argument, str(folder), "the name of a folder", f"{error}.")) from None
    return path


class RunFolder:
    """A folder in which one request is carried out.

    Parameters
    ----------
    folder
        Made if absent; it may hold foreign files, but no other run.
    request
        What was asked for, in plain JSON types. The same request continues, another is refused.

    Raises
    ------
    RunError
        If the folder is in use, holds another run, or cannot be written.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self, folder: str | os.PathLike[str], request: Mapping[str, Any]) -> None:
        self.path = checked_folder(folder)
        self.request = json.loads(json.dumps(dict(request)))  # lists for tuples
        self.record: dict[str, Any] | None = None  # song.json, once there is one
        self._log: TokenLog | None = None
        self._lock = FolderLock(self.path)
        try:
            if (self.path / "song.json").exists():
                self.record = read_record(self.path)
                self._check_request(self.record.get("request"))
            elif any(self.path.glob("codes_*.npy")) or any(self.path.glob("tokens_*.log")):
                raise RunError(f"{self.path} holds codes but no song.json. Choose another folder.")
        except BaseException:
            self._lock.close()
            raise

    def _check_request(self, there: Any) -> None:
        if not isinstance(there, dict):
            raise RunError(
                f"{self.path} holds a song that this call did not begin. Choose another folder."
            )
        for key in [*self.request, *there]:
            ours, theirs = self.request.get(key), there.get(key)
            if ours != theirs:
                raise RunError(
                    f"{self.path} holds a run of another request: {key} is {_short(theirs)} there "
                    f"and {_short(ours)} here. Repeat that request, or choose another folder."
                )

    def begin(self, record: Mapping[str, Any], prompts: Mapping[int, np.ndarray]) -> None:
        """Write down what will be done; `prompts` are the codes (batch, n) that are there.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        for level, codes in prompts.items():
            write_codes(self.path / f"prompt_{level}.npy", codes)
        self.record = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "status": "running",
            "prompt": {str(level): codes.shape[1] for level, codes in prompts.items()},
            "request": self.request,
            **record,
        }
        write_json(self.path / "song.json", self.record)

    def prompt(self, level: int, *, batch: int, codebook_size: int) -> np.ndarray:
        """Codes (batch, n) of a level that were there when the run began; n may be 0.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        tokens = (self.record or {}).get("prompt", {}).get(str(level))
        if tokens is None:
            return np.zeros((batch, 0), dtype=np.int64)
        path = self.path / f"prompt_{level}.npy"
        return read_codes(path, batch=batch, tokens=tokens, codebook_size=codebook_size)

    def level_codes(
        self, level: int, *, batch: int, tokens: int, codebook_size: int
    ) -> np.ndarray | None:
        """Codes (batch, tokens) of a level that is whole; None if it is not yet.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        path = self.path / f"codes_{level}.npy"
        if not path.exists():
            return None
        return read_codes(path, batch=batch, tokens=tokens, codebook_size=codebook_size)

    def open_log(self, level: int, *, batch: int, first: int, bins: int) -> TokenLog:
        """The log of the level that is written now.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self.close_log()
        path = self.path / f"tokens_{level}.log"
        self._log = TokenLog(path, level=level, batch=batch, first=first, bins=bins)
        return self._log

    def finish_level(self, level: int, codes: np.ndarray) -> None:
        """Keep the whole level's codes (batch, tokens); its log is no longer needed.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        write_codes(self.path / f"codes_{level}.npy", codes)
        self.close_log()
        with contextlib.suppress(OSError):  # a log beside a whole level does no harm
            (self.path / f"tokens_{level}.log").unlink(missing_ok=True)

    def finish(self) -> None:
        """Mark the run as whole.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if self.record is not None and self.record["status"] != "whole":
            self.record["status"] = "whole"
            write_json(self.path / "song.json", self.record)

    def close_log(self) -> None:
        """Close the log of the present level.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if self._log is not None:
            self._log.close()
            self._log = None

    def close(self) -> None:
        """Let others in.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self.close_log()
        self._lock.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
