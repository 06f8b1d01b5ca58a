"""A table of songs: who sings what, in a CSV or JSON file that a person has made.

What
    One row per song. `path` is needed, the rest may be absent or empty:

        path, artist, genre, lyrics or lyrics_file, times_file

    A CSV file may be delimited by commas, semicolons, tabs or bars; JSON is a list of objects (also
    below "songs", or one object per line). Encodings are those of `labels.text_files`.
    A fault in a row is reported with its line and never stops the rest.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.errors import ConfigError, LyricsError, must
from jukebox_edu.labels.text_files import read_text

_COLUMNS = {
    "path": ("path", "file", "filename", "audio"),
    "artist": ("artist", "singer"),
    "genre": ("genre", "style"),
    "lyrics": ("lyrics", "text"),
    "lyrics_file": ("lyrics_file", "lyrics_path"),
    "times_file": ("times_file", "times_path"),
}


@dataclass(frozen=True)
class TableRow:
    """What a table says about one song; "" = nothing.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    place: str  # where it stands, e.g. "line 3"
    path: str  # as written
    artist: str = ""
    genre: str = ""
    lyrics: str = ""
    lyrics_file: str = ""  # as written
    times_file: str = ""  # as written


@dataclass(frozen=True)
class SongTable:
    """A table as read.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    path: Path  # of the table
    rows: tuple[TableRow, ...]  # in order
    notes: tuple[str, ...]  # what is wrong with it, each naming file and line


def read_table(path: Path) -> SongTable:
    """Read a table of songs.

    Raises
    ------
    ConfigError
        If the file cannot be read as a table at all, or has no column `path`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        file = read_text(path, "table")
    except LyricsError as error:
        raise ConfigError(str(error)) from None
    notes = []
    if file.guessed:
        notes.append(f"{path.name}: its encoding is not UTF-8 and was guessed (latin-1)")
    if path.suffix.lower() in (".json", ".jsonl"):
        rows = _json_rows(path, file.text, notes)
    else:
        rows = _csv_rows(path, file.text, notes)
    return SongTable(path, tuple(rows), tuple(notes))


def _column_names(given: list[str], path: Path, notes: list[str]) -> dict[str, str]:
    """Our name for every column that we know; the rest is reported."""
    ours = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
    found: dict[str, str] = {}
    for column in given:
        name = ours.get(column.strip().lower())
        if name is not None and name not in found.values():
            found[column] = name
        elif column.strip():
            notes.append(f"{path.name}: column {column!r} is not used")
    if "path" not in found.values():
        advice = f"They may be {', '.join(_COLUMNS)}."
        raise ConfigError(must("table", str(path), "a table with a column named path", advice))
    return found


def _csv_rows(path: Path, text: str, notes: list[str]) -> list[TableRow]:
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t|", key=head.count))
    names = _column_names([n for n in reader.fieldnames or [] if n], path, notes)
    rows = []
    try:
        for row in reader:
            place = f"line {reader.line_num}"
            if None in row or None in row.values():
                n_values = sum(v is not None for v in row.values()) + len(row.get(None) or ())
                n_values -= None in row
                few = "few" if None in row.values() else "many"
                columns = len(reader.fieldnames or ())
                notes.append(
                    f"{path.name}, {place}: too {few} values ({n_values} for {columns} columns); "
                    'a text with commas must stand between " quotes'
                )
                continue
            rows.append(_row(place, {name: row[column] for column, name in names.items()}))
    except csv.Error as error:
        notes.append(f"{path.name}, line {reader.line_num}: {error}; the rest is not read")
    return [row for row in rows if _has_path(row, path, notes)]


def _json_rows(path: Path, text: str, notes: list[str]) -> list[TableRow]:
    try:
        if path.suffix.lower() == ".jsonl":
            data: Any = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(must("table", str(path), "JSON", f"({error})")) from None
    if isinstance(data, dict):
        data = data.get("songs")
    if not isinstance(data, list):
        raise ConfigError(must("table", str(path), 'a list of objects, also below "songs"'))
    columns = dict.fromkeys(key for row in data if isinstance(row, dict) for key in row)
    names = _column_names(list(columns), path, notes)
    rows = []
    for number, row in enumerate(data, start=1):
        place = f"entry {number}"
        if not isinstance(row, dict):
            notes.append(f"{path.name}, {place}: {row!r:.40} is no object")
            continue
        values = {name: row[column] for column, name in names.items() if column in row}
        wrong = [k for k, v in values.items() if not isinstance(v, str | None)]
        if wrong:
            notes.append(f"{path.name}, {place}: {', '.join(wrong)} must be text")
            continue
        rows.append(_row(place, values))
    return [row for row in rows if _has_path(row, path, notes)]


def _row(place: str, values: dict[str, str | None]) -> TableRow:
    texts = {name: (text or "").strip() for name, text in values.items()}
    return TableRow(place=place, **{"path": "", **texts})


def _has_path(row: TableRow, table: Path, notes: list[str]) -> bool:
    if not row.path and any((row.artist, row.genre, row.lyrics, row.lyrics_file, row.times_file)):
        notes.append(f"{table.name}, {row.place}: has no path")
    return bool(row.path)
