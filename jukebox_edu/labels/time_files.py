"""Three kinds of files that say when words are sung: LRC, JSON and CSV, read into pieces.

What
    LRC    `[01:02.50]a line`, several stamps for a line that returns, `[offset:-200]`, and the
           enhanced kind with a stamp for each word: `[01:02.50]<01:02.50>a <01:02.90>line`.
    JSON   what `Alignment.to_json` gives, what lies beside the bundled songs, and plain lists of
           `{"word": .., "start": .., "end": ..}` (also below "words" or "segments").
    CSV    rows in order with the columns word, start, end, or word_start, word_end[, line_end].

    A *piece* is the smallest text with a time of its own: a line, a word or a syllable.
    `labels.times` finds the pieces in the lyrics.
Conventions
    Seconds; NaN where the file does not say. Stamps of LRC count hundredths (or thousandths).
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.text_files import read_text

UNKNOWN = math.nan
SECONDS_PER_LETTER = 0.25  # a line whose end is not said lasts at most so long per letter
_CLOCK = r"(?:(\d{1,2}):)?(\d{1,4}):(\d{1,2}(?:[.,:]\d{1,3})?)"
_STAMP = re.compile(rf"[\[<]\s*{_CLOCK}\s*[\]>]")
_ID_TAG = re.compile(r"\s*\[\s*([a-zA-Z#]\w*)\s*:(.*)\]\s*$")
_NO_LETTERS = re.compile(r"[\W_]*$")


@dataclass(frozen=True)
class Piece:
    """A text with a time of its own."""

    text: str | None  # None: the file gives times only
    start: float  # seconds, NaN: not said
    end: float  # seconds, NaN: not said
    place: str  # where in the file, e.g. "line 12"
    edges: tuple[tuple[float, float], ...] = ()  # begin and end of each character, if known
    ends_line: bool | None = None  # whether a line of lyrics ends here; None: not said


@dataclass(frozen=True)
class TimedText:
    """What a file of times says."""

    pieces: tuple[Piece, ...]  # in order of the lyrics
    lyrics: str | None  # None: the file does not hold the words
    encoding_guessed: bool = False  # see `text_files.TextFile`


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


# ---- LRC ----------------------------------------------------------------------------------------


def _clock(match: re.Match[str]) -> float:
    """Seconds of a stamp; 1:02:50 is a minute and two and a half seconds."""
    hours, minutes, rest = match.groups()
    if hours is not None and not re.search(r"[.,:]", rest):
        hours, minutes, rest = None, hours, f"{minutes}.{rest}"
    seconds = float(rest.replace(",", ".").replace(":", "."))
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes) + seconds


def looks_like_lrc(text: str) -> bool:
    """Whether most lines of a text begin with a stamp, as lyrics in tags sometimes do.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    stamped = sum(line.startswith("[") and bool(_STAMP.match(line)) for line in lines)
    return stamped > 0 and 2 * stamped >= len(lines)


def _read_lrc(path: Path, text: str, lyrics: str | None) -> TimedText:
    return lrc_pieces(text, str(path))


def lrc_pieces(text: str, where: str) -> TimedText:
    """Pieces of a text in the format LRC; `where` names it in errors.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    offset, lines, returning = 0.0, [], False
    for number, line in enumerate(text.split("\n"), start=1):
        tag = _ID_TAG.match(line)
        if tag:
            if tag[1].lower() == "offset":
                offset = _milliseconds(tag[2], where, number) / 1000
            continue
        found = list(_lrc_lines(line, f"line {number}"))
        returning |= len(found) > 1
        lines += [pieces for pieces in found if pieces]
    if returning:  # untimed lines stay behind the line that they follow
        now = 0.0
        keyed = []
        for pieces in lines:
            now = now if math.isnan(pieces[0].start) else pieces[0].start
            keyed.append((now, pieces))
        lines = [pieces for _, pieces in sorted(keyed, key=lambda pair: pair[0])]
    words = ["".join(piece.text or "" for piece in pieces) for pieces in lines]
    words = [" ".join(line.split()) for line in words]
    pieces = ends_found([piece for line in lines for piece in line])
    moved = [
        replace(piece, start=max(0.0, piece.start - offset), end=max(0.0, piece.end - offset))
        if not math.isnan(piece.start)
        else piece
        for piece in pieces
    ]
    return TimedText(tuple(moved), "\n".join(line for line in words if line))


def _milliseconds(text: str, where: str, number: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise LyricsError(f"{where}, line {number}: offset {text!r} is no number.") from None


def _lrc_lines(line: str, place: str) -> Iterator[list[Piece]]:
    """Pieces of one line of a file, once for every time that it returns."""
    stamps, rest = [], line.strip()
    while (match := _STAMP.match(rest)) and rest.startswith("["):
        stamps.append(_clock(match))
        rest = rest[match.end() :].lstrip()
    if not stamps:
        yield [Piece(rest, UNKNOWN, UNKNOWN, place)] if rest and not rest.startswith("#") else []
        return
    inner = list(_STAMP.finditer(rest))
    cuts = [0, *(m.end() for m in inner)]
    stops = [*(m.start() for m in inner), len(rest)]
    texts = [rest[a:b] for a, b in zip(cuts, stops, strict=True)]
    starts = [stamps[0], *map(_clock, inner)]
    ends = [*starts[1:], UNKNOWN]
    for stamp in stamps:
        later = stamp - stamps[0]
        pieces = [
            Piece(text, start + later, end + later, place)
            for text, start, end in zip(texts, starts, ends, strict=True)
        ]
        if len(pieces) > 1 and not texts[0].strip():
            pieces = pieces[1:]  # the first word has a stamp of its own
        yield pieces


def ends_found(pieces: Sequence[Piece]) -> list[Piece]:
    """Give every piece an end, and leave out those without letters, which only mark ends.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    starts = [piece.start for piece in pieces]
    found = []
    for k, piece in enumerate(pieces):
        if _NO_LETTERS.match(piece.text or ""):
            continue
        end = piece.end
        if math.isnan(end) and not math.isnan(piece.start):
            letters = sum(map(str.isalnum, piece.text or ""))
            end = piece.start + SECONDS_PER_LETTER * letters
            after = next((j for j in range(k + 1, len(starts)) if starts[j] >= piece.start), None)
            if after is not None:
                a_mark = after == k + 1 and bool(_NO_LETTERS.match(pieces[after].text or ""))
                end = starts[after] if a_mark else min(end, starts[after])
        found.append(replace(piece, end=end))
    return found


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
