"""A folder of audio files as a collection of songs.

What
    Every file below the folder that holds sound is read once from end to end (`examine`); names
    and words come from a table, from tags or from files beside it (`song_words`). What cannot be
    used is skipped with a reason, and nothing is written into the folder.
Conventions
    A song is named by its path below the folder, with "/" between the parts.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu import units
from jukebox_edu.audio.blocks import stream
from jukebox_edu.errors import AudioError, ConfigError, must
from jukebox_edu.progress import Progress
from jukebox_edu.training.examine import Look, examine_all
from jukebox_edu.training.finding import all_files, is_sound, matched_rows, sorted_out
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.report import FolderReport, UsedFile
from jukebox_edu.training.song_words import FoundWords, find_words, folded, has_words_beside
from jukebox_edu.training.source import FrameMarks
from jukebox_edu.training.tables import TableRow, read_table


@dataclass(frozen=True)
class _Song:
    """A file that can be used, with its words."""

    path: Path
    look: Look
    words: FoundWords
    record: SongRecord


class FolderSource:
    """Audio files below a folder.

    Parameters
    ----------
    folder
        The folder; folders in it are searched too.
    table
        CSV or JSON file with the columns path, artist, genre, lyrics or lyrics_file, times_file.
    min_seconds
        Shorter files are skipped.
    workers
        Files examined at the same time.
    cache
        File that remembers what examining has found, for the next time.
    progress
        Show how far examining is.

    Raises
    ------
    ConfigError
        If the folder or the table is missing or cannot be read.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        table: str | os.PathLike[str] | None = None,
        *,
        min_seconds: float = 1.0,
        workers: int = 1,
        cache: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            advice = f"The present folder is {Path.cwd()}."
            raise ConfigError(must("folder", str(folder), "an existing folder", advice))
        self.min_seconds = units.checked_seconds(min_seconds, "min_seconds", zero_ok=True)
        self.table = None if table is None else read_table(Path(table))
        self.workers, self.progress = workers, progress
        self.cache = None if cache is None else Path(cache)

    # ---- what a source must do ------------------------------------------------------------------

    def records(self) -> tuple[SongRecord, ...]:
        """All songs that can be used, in order of their names."""
        return tuple(song.record for song in self._found[0])

    def audio(self, record: SongRecord, sample_rate: int) -> np.ndarray:
        """Sound of a song, float32 (channels, samples) with 1 or 2 channels."""
        return np.concatenate(list(self.blocks(record, sample_rate)), axis=1)

    def blocks(self, record: SongRecord, sample_rate: int) -> Iterator[np.ndarray]:
        """The same in pieces; more than two channels are mixed to one."""
        for block in stream(self._path(record), sample_rate=sample_rate):
            yield block if len(block) <= 2 else block.mean(axis=0, keepdims=True)

    def marks(self, record: SongRecord, frame_seconds: float, n_frames: int) -> FrameMarks | None:
        """Nobody knows the phones; characters follow from the times."""
        return None

    def fingerprint(self, record: SongRecord) -> dict[str, Any]:
        """Size and time of the audio file."""
        try:
            status = self._path(record).stat()
        except OSError as error:
            raise AudioError(f"{record.name} has gone: {error.strerror}.") from None
        return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}

    def _path(self, record: SongRecord) -> Path:
        return self.folder.joinpath(*record.name.split("/"))

    @property
    def report(self) -> FolderReport:
        """What was found, what is skipped and why."""
        return self._found[1]

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to read the sound of a record."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_found", "_by_folder")}

    # ---- looking around -------------------------------------------------------------------------

    @functools.cached_property
    def _found(self) -> tuple[tuple[_Song, ...], FolderReport]:
        notes: list[str] = list(self.table.notes) if self.table else []
        files = all_files(self.folder, notes)
        sounds = [name for name in files if is_sound(files[name])]
        looks = self._examine([files[name] for name in sounds])
        rows = matched_rows(self.table, self.folder, sounds, notes)
        told = {name for name in sounds if self._words_beside(files, name)} | set(rows)
        seen = {name: looks[files[name]] for name in sounds}
        good, skipped = sorted_out(seen, self.min_seconds, told)
        songs = [self._song(name, files, looks[files[name]], rows.get(name)) for name in good]
        used = []
        for song in songs:
            name, look, words = song.record.name, song.look, song.words
            notes += [f"{name}: {note}" for note in words.notes]
            if look.misnamed(song.path):
                notes.append(f"{name}: it is {look.kind} by its content, and is read as such")
            used.append(
                UsedFile(
                    name,
                    look.seconds,
                    look.sample_rate,
                    look.channels,
                    words.artist,
                    words.genre,
                    words.lyrics_from,
                    words.times_from,
                )  # fmt: skip
            )
        n_other = len(files) - len(sounds)
        report = FolderReport(self.folder, tuple(used), tuple(skipped), tuple(notes), n_other)
        return tuple(songs), report

    def _examine(self, paths: Sequence[Path]) -> dict[Path, Look]:
        with Progress(
            len(paths),
            label="examining files",
            unit="files",
            enabled="auto" if self.progress else False,
        ) as shown:
            return examine_all(
                paths,
                workers=self.workers,
                cache=self.cache,
                seen=lambda path, look: shown.update(1),
            )

    def _song(self, name: str, files: dict[str, Path], look: Look, row: TableRow | None) -> _Song:
        """Everything about one song."""
        path = files[name]
        bases = (self.folder,) if self.table is None else (self.table.path.parent, self.folder)
        words = find_words(path, self._beside(files).get(path.parent, {}), row, bases)
        record = SongRecord(
            name, words.artist, words.genre, words.lyrics, words.times, look.seconds
        )
        return _Song(path, look, words, record)

    def _words_beside(self, files: dict[str, Path], name: str) -> bool:
        return has_words_beside(files[name], self._beside(files).get(files[name].parent, {}))

    def _beside(self, files: dict[str, Path]) -> dict[Path, dict[str, Path]]:
        """For every folder its files by folded name, the table excepted."""
        if not hasattr(self, "_by_folder"):
            by_folder: dict[Path, dict[str, Path]] = {}
            table = None if self.table is None else self.table.path.absolute()
            for path in files.values():
                if path.absolute() != table:
                    by_folder.setdefault(path.parent, {})[folded(path.name)] = path
            self._by_folder = by_folder
        return self._by_folder
