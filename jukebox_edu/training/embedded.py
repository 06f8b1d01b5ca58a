"""Names and words inside an audio file: ID3, Vorbis comments and what RIFF knows.

What
    Artist, genre, lyrics (USLT, LYRICS) and timed lyrics (SYLT). Lyrics in a tag are often LRC.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.errors import LyricsError
from jukebox_edu.labels.lrc import looks_like_lrc, lrc_pieces
from jukebox_edu.labels.pieces import UNKNOWN, Piece, ends_found
from jukebox_edu.labels.times import LyricTimes, times_from_pieces

_ESCAPES = re.compile(r"&#?\w{2,8};")


@dataclass(frozen=True)
class Embedded:
    """What an audio file says about its song; "" = nothing.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    artist: str = ""
    genre: str = ""
    lyrics: str = ""
    times: LyricTimes | None = None  # of `lyrics`
    note: str = ""  # what is wrong with its lyrics


def read_embedded(path: Path) -> Embedded:
    """Read the tags of an audio file; what is absent or unreadable comes back empty.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    import mutagen

    try:
        tags: Any = getattr(mutagen.File(path), "tags", None)
    except Exception:  # damaged tags must not keep anybody from the sound
        tags = None
    try:
        found = Embedded() if tags is None else _of_tags(tags)
    except LyricsError as error:
        found = Embedded(note=str(error))
    except Exception as error:
        found = Embedded(note=f"its tags are damaged ({type(error).__name__})")
    artist, genre = found.artist, found.genre
    if not artist or not genre:
        own_artist, own_genre = _of_libsndfile(path)
        artist, genre = artist or own_artist, genre or own_genre
    return Embedded(_plain(artist), _plain(genre), found.lyrics, found.times, found.note)


def _plain(name: str) -> str:
    """A name without the escapes of web pages, which some shops leave in: &quot;J.A.R&quot;."""
    return _ESCAPES.sub(lambda match: html.unescape(match[0]), name)


def _of_libsndfile(path: Path) -> tuple[str, str]:
    """Artist and genre of formats that have fields of their own (RIFF INFO, AIFF)."""
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            return file.artist.strip(), file.genre.strip()
    except Exception:
        return "", ""


def _of_tags(tags: Any) -> Embedded:
    if hasattr(tags, "getall"):  # ID3
        artist, genre = _id3(tags, "TPE1"), _id3_genre(tags)
        lyrics = next((str(frame.text) for frame in tags.getall("USLT")), "")
        spoken = next((f for f in tags.getall("SYLT") if f.format == 2), None)
        if spoken is not None:
            return _with_times(artist, genre, _sylt(spoken.text), "the tag SYLT")
    else:
        values = {str(key).lower(): value for key, value in dict(tags).items()}
        artist, genre = _first(values, "artist"), _first(values, "genre")
        lyrics = _first(values, "syncedlyrics", "lyrics", "unsyncedlyrics", "unsynced lyrics")
    lyrics = lyrics.replace("\r\n", "\n").replace("\r", "\n").strip()
    if looks_like_lrc(lyrics):
        found = lrc_pieces(lyrics, "the tag with lyrics")
        return _with_times(artist, genre, (found.lyrics or "", list(found.pieces)), "the tag")
    return Embedded(artist, genre, lyrics)


def _with_times(artist: str, genre: str, timed: tuple[str, list[Piece]], where: str) -> Embedded:
    """Keep the words even if their times are of no use."""
    lyrics, pieces = timed
    try:
        return Embedded(artist, genre, lyrics, times_from_pieces(lyrics, pieces, where))
    except LyricsError as error:
        return Embedded(artist, genre, lyrics, note=str(error))


def _first(values: dict[str, Any], *names: str) -> str:
    for name in names:
        value = values.get(name)
        text = str(next(iter(value), "")) if isinstance(value, list | tuple) else str(value or "")
        if text.strip():
            return text.strip()
    return ""


def _id3(tags: Any, name: str) -> str:
    return next((str(f.text[0]).strip() for f in tags.getall(name) if f.text), "")


def _id3_genre(tags: Any) -> str:
    """Genre in words: some programs write its number in the list of ID3v1."""
    return next((str(f.genres[0]).strip() for f in tags.getall("TCON") if f.genres), "")


def _sylt(entries: list[tuple[str, int]]) -> tuple[str, list[Piece]]:
    """Lyrics and pieces of a SYLT frame: (text, milliseconds), new lines inside the texts."""
    if not any("\n" in text for text, _ in entries) and any(" " in t.strip() for t, _ in entries):
        entries = [(f"\n{text}", stamp) for text, stamp in entries]  # every entry is a line
    lines = "".join(text for text, _ in entries).split("\n")
    lyrics = "\n".join(" ".join(line.split()) for line in lines).strip()
    pieces = [
        Piece(text, stamp / 1000, UNKNOWN, f"entry {k}")
        for k, (text, stamp) in enumerate(entries, start=1)
    ]
    return lyrics, ends_found(pieces)
