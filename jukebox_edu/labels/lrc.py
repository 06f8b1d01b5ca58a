"""LRC, the format of karaoke players: lines, or words, with the time at which they begin.

What
    `[01:02.50]a line`, several stamps for a line that returns, `[offset:-200]` (milliseconds; a
    positive offset means sooner), and the enhanced kind with a stamp for each word:
    `[01:02.50]<01:02.50>a <01:02.90>line`. A line without words says when the one before it ends.
Conventions
    Stamps count minutes, seconds and hundredths (or thousandths).
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from jukebox_edu.errors import LyricsError
from jukebox_edu.labels.pieces import UNKNOWN, Piece, TimedText, ends_found

_CLOCK = r"(?:(\d{1,2}):)?(\d{1,4}):(\d{1,2}(?:[.,:]\d{1,3})?)"
_STAMP = re.compile(rf"[\[<]\s*{_CLOCK}\s*[\]>]")
_ID_TAG = re.compile(r"\s*\[\s*([a-zA-Z#]\w*)\s*:(.*)\]\s*$")


def looks_like_lrc(text: str) -> bool:
    """Whether most lines of a text begin with a stamp, as lyrics in tags sometimes do.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    stamped = sum(line.startswith("[") and bool(_STAMP.match(line)) for line in lines)
    return stamped > 0 and 2 * stamped >= len(lines)


def _clock(match: re.Match[str]) -> float:
    """Seconds of a stamp; 1:02:50 is a minute and two and a half seconds."""
    hours, minutes, rest = match.groups()
    if hours is not None and not re.search(r"[.,:]", rest):
        hours, minutes, rest = None, hours, f"{minutes}.{rest}"
    seconds = float(rest.replace(",", ".").replace(":", "."))
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes) + seconds


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
