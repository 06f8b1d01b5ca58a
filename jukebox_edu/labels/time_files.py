"""Three kinds of files that say when words are sung: LRC, JSON and CSV, read into pieces.

What
    LRC    `[01:02.50]a line`, see `lrc`.
    JSON   what `Alignment.to_json` gives, what lies beside the bundled songs, and plain lists of
           `{"word": .., "start": .., "end": ..}` (also below "words" or "segments").
    CSV    rows in order with the columns word, start, end, or word_start, word_end[, line_end].

    A *piece* is the smallest text with a time of its own: a line, a word or a syllable.
    `labels.times` finds the pieces in the lyrics.
Conventions
    Seconds; NaN where the file does not say.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.lrc import lrc_pieces
from jukebox_edu.labels.pieces import UNKNOWN, Piece, TimedText, ends_found
from jukebox_edu.labels.text_files import read_text


def read_pieces(path: Path, lyrics: str | None = None) -> TimedText:
    """Read a .lrc, .json or .csv file; `lyrics` choose among several songs of a JSON file.

    Raises
    ------
    LyricsError
        If it cannot be read; the text names the file and the line.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    readers = {".lrc": _read_lrc, ".json": _read_json, ".csv": _read_csv, ".tsv": _read_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise LyricsError(must("path", str(path), f"a name ending in {', '.join(readers)}"))
    file = read_text(path)
    found = reader(path, file.text, lyrics)
    if not any(piece.start == piece.start for piece in found.pieces):
        raise LyricsError(f"{path} holds no times.")
    return replace(found, encoding_guessed=file.guessed)


def _seconds(value: Any, path: Path, place: str, *, comma: bool = False) -> float:
    """A time in seconds; NaN for nothing."""
    text = "" if value is None else str(value).strip()
    if text.lower() in ("", "nan", "none", "null", "na"):
        return UNKNOWN
    try:
        seconds = float(text.replace(",", ".") if comma else text)
    except ValueError:
        seconds = math.inf
    if not 0 <= seconds < 1e6 or isinstance(value, bool):
        raise LyricsError(f"{path}, {place}: {value!r} is no time in seconds.")
    return seconds


def _read_lrc(path: Path, text: str, lyrics: str | None) -> TimedText:
    return lrc_pieces(text, str(path))


# ---- JSON ---------------------------------------------------------------------------------------


def _read_json(path: Path, text: str, lyrics: str | None) -> TimedText:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise LyricsError(f"{path}{at}: no JSON ({getattr(error, 'msg', error)}).") from None
    if isinstance(data, dict) and isinstance(data.get("samples"), list) and data["samples"]:
        songs = data["samples"]
        same = (s for s in songs if isinstance(s, dict) and s.get("lyrics") == lyrics)
        data = next(same, songs[0])
    words = data if isinstance(data, list) else None
    if isinstance(data, dict):
        words = data.get("words")
        if words is None and isinstance(data.get("segments"), list):
            words = []
            for segment in data["segments"]:
                inside = segment.get("words") if isinstance(segment, dict) else None
                words += inside if isinstance(inside, list) else [segment]
    if not isinstance(words, list):
        allowed = 'a list of {"word", "start", "end"}, also below "words", or Alignment.to_json'
        raise LyricsError(f"{path}: must be {allowed}.")
    own = data.get("lyrics") if isinstance(data, dict) else None
    own = own if isinstance(own, str) else None
    pieces = [_json_word(path, k, word, own) for k, word in enumerate(words, start=1)]
    if isinstance(data, dict) and own is not None:
        table = data.get("characters", data.get("character_times"))
        pieces = _with_edges(path, pieces, words, own, table)
    if own is None:
        own = " ".join(str(piece.text).strip() for piece in pieces)
    return TimedText(tuple(ends_found(pieces)), own)


def _json_word(path: Path, number: int, word: Any, lyrics: str | None) -> Piece:
    """One entry of a list of words; an aligned word that was not reached has no time."""
    place = f"word {number}"
    text = word.get("word", word.get("text")) if isinstance(word, dict) else None
    if not isinstance(text, str):
        raise LyricsError(f'{path}, {place}: must have "word", "start" and "end".')
    start = _seconds(word.get("start"), path, place)
    end = _seconds(word.get("end"), path, place)
    if lyrics is not None and "first_char" in word and end <= start:
        start = end = UNKNOWN
    return Piece(text, start, end, place)


def _with_edges(
    path: Path, pieces: list[Piece], words: list[Any], lyrics: str, table: Any
) -> list[Piece]:
    """Add the times of single characters where the file has them."""
    if not isinstance(table, list) or len(table) != len(lyrics):
        return pieces
    found = []
    for piece, word in zip(pieces, words, strict=True):
        first, stop = word.get("first_char"), word.get("last_char_end")
        edges: tuple[tuple[float, float], ...] = ()
        if isinstance(first, int) and isinstance(stop, int) and lyrics[first:stop] == piece.text:
            try:
                edges = tuple((float(a), float(b)) for a, b in table[first:stop])
            except (TypeError, ValueError):
                raise LyricsError(f"{path}, {piece.place}: bad times of characters.") from None
        found.append(replace(piece, edges=edges if not math.isnan(piece.start) else ()))
    return found


# ---- CSV ----------------------------------------------------------------------------------------

_COLUMNS = {"word": ("word", "text"), "start": ("word_start", "start"), "end": ("word_end", "end")}


def _read_csv(path: Path, text: str, lyrics: str | None) -> TimedText:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    columns = {k: next((names[n] for n in v if n in names), None) for k, v in _COLUMNS.items()}
    if columns["start"] is None:
        allowed = "word_start, word_end[, line_end] or word, start, end"
        raise LyricsError(f"{path}, line 1: the columns must be {allowed}, not {head!r}.")
    pieces, comma = [], delimiter != ","
    try:
        for row in reader:
            place = f"line {reader.line_num}"
            start = _seconds(row[columns["start"]], path, place, comma=comma)
            end = _seconds(row.get(columns["end"] or ""), path, place, comma=comma)
            ends_line = None
            if "line_end" in names:
                stop = _seconds(row[names["line_end"]], path, place, comma=comma)
                ends_line = not math.isnan(stop)
            word = row[columns["word"]] or "" if columns["word"] else None
            pieces.append(Piece(word, start, end, place, (), ends_line))
    except csv.Error as error:
        raise LyricsError(f"{path}, line {reader.line_num}: {error}.") from None
    if columns["word"] is None:
        return TimedText(tuple(pieces), None)
    own = "".join(f"{p.text}{chr(10) if p.ends_line else ' '}" for p in pieces).strip()
    return TimedText(tuple(ends_found(pieces)), own)
