"""The names and words of one song, wherever a person has put them.

What
    Asked in this order, for each thing apart: the table, the tags of the audio file, files beside
    it with the same name.

        song.mp3   song.txt    lyrics
                   song.lrc    lyrics with times        song.words.csv, song.csv   times
                   song.json   artist, genre, lyrics, times of words

    Names are never guessed from folders. Times that do not fit the lyrics are reported, and the
    song is used without times.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jukebox_edu.errors import LyricsError
from jukebox_edu.labels.lrc import looks_like_lrc, lrc_pieces
from jukebox_edu.labels.text import MAX_CHARACTERS
from jukebox_edu.labels.text_files import read_text
from jukebox_edu.labels.times import LyricTimes, read_times, times_from_pieces
from jukebox_edu.training.embedded import Embedded, read_embedded
from jukebox_edu.training.tables import TableRow

_LYRICS = (".txt", ".lyrics.txt")
_TIMES = (".lrc", ".words.csv", ".words.json", ".json", ".csv")


@dataclass
class FoundWords:
    """Names and words of a song, and remarks on how they were found.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    artist: str = ""
    genre: str = ""
    lyrics: str = ""
    times: LyricTimes | None = None  # of `lyrics`
    notes: list[str] = field(default_factory=list)  # what is wrong, naming the files
    lyrics_from: str = ""  # "table", "tags" or the kind of file, e.g. ".txt"
    times_from: str = ""


def folded(name: str) -> str:
    """A file name as it is compared: without the difference between ways of writing é, and case.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return unicodedata.normalize("NFC", name).casefold()


def _beside(audio: Path, files: Mapping[str, Path], ending: str) -> Path | None:
    """The file with the name of the audio file and another ending; `files` by folded name."""
    return files.get(folded(audio.stem + ending)) or files.get(folded(audio.name + ending))


def has_words_beside(audio: Path, files: Mapping[str, Path]) -> bool:
    """Whether any file with words or times lies beside a song.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return any(_beside(audio, files, ending) for ending in (*_LYRICS, *_TIMES))


def find_words(
    audio: Path, files: Mapping[str, Path], row: TableRow | None, bases: tuple[Path, ...]
) -> FoundWords:
    """Collect the names and words of one song.

    Parameters
    ----------
    audio
        The audio file.
    files
        All files of its folder by `folded` name.
    row
        What the table says.
    bases
        Folders from which the paths in the table count.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    tags = read_embedded(audio)
    found = FoundWords()
    if tags.note:
        found.notes.append(tags.note)
    about = _read_about(audio, files, found)
    given = row or TableRow("", "")
    found.artist = given.artist or tags.artist or about.artist
    found.genre = given.genre or tags.genre or about.genre
    _find_lyrics(found, audio, files, row, bases, tags, about)
    _find_times(found, audio, files, row, bases, tags)
    if len(found.lyrics) > MAX_CHARACTERS:
        n = len(found.lyrics)
        found.notes.append(f"its lyrics have {n:,} characters, more than {MAX_CHARACTERS:,}")
        found.lyrics, found.times, found.lyrics_from, found.times_from = "", None, "", ""
    return found


def _read_about(audio: Path, files: Mapping[str, Path], found: FoundWords) -> Embedded:
    """Artist, genre and lyrics of a JSON file beside the song."""
    path = _beside(audio, files, ".json")
    if path is None:
        return Embedded()
    try:
        data = json.loads(read_text(path).text)
    except (LyricsError, ValueError, RecursionError):
        return Embedded()  # reading times from it says what is wrong
    if not isinstance(data, dict):
        return Embedded()
    texts = [data.get(name) for name in ("artist", "genre", "lyrics")]
    artist, genre, lyrics = (text.strip() if isinstance(text, str) else "" for text in texts)
    return Embedded(artist, genre, lyrics)


def _resolved(text: str, bases: tuple[Path, ...]) -> Path | None:
    """The file that a table means."""
    for base in bases:
        for name in (text, text.replace("\\", "/")):
            try:
                if (base / name).is_file():
                    return base / name
            except (OSError, ValueError):
                continue
    return None


def _find_lyrics(
    found: FoundWords,
    audio: Path,
    files: Mapping[str, Path],
    row: TableRow | None,
    bases: tuple[Path, ...],
    tags: Embedded,
    about: Embedded,
) -> None:
    """The first lyrics there are; LRC brings its times along."""
    if row is not None and row.lyrics:
        found.lyrics, found.lyrics_from = row.lyrics.replace("\\n", "\n"), "table"
        return
    if row is not None and row.lyrics_file:
        path = _resolved(row.lyrics_file, bases)
        if path is not None and _take_file(found, path, "table"):
            return
        if path is None:
            found.notes.append(f"the table names {row.lyrics_file!r}, which is not there")
    if tags.lyrics:
        found.lyrics, found.lyrics_from = tags.lyrics, "tags"
        return
    for ending in _LYRICS:
        path = _beside(audio, files, ending)
        if path is not None and _take_file(found, path, ending):
            return
    if about.lyrics:
        found.lyrics, found.lyrics_from = about.lyrics, ".json"


def _take_file(found: FoundWords, path: Path, origin: str) -> bool:
    """Use a text file as lyrics."""
    try:
        file = read_text(path)
        text = file.text.strip()
        if looks_like_lrc(text):
            timed = lrc_pieces(text, path.name)
            found.lyrics, found.lyrics_from = timed.lyrics or "", origin
            found.times = times_from_pieces(found.lyrics, timed.pieces, path.name)
            found.times_from = origin
            return True
    except LyricsError as error:
        found.notes.append(str(error))
        return bool(found.lyrics)
    if file.guessed:
        found.notes.append(f"{path.name}: its encoding is not UTF-8 and was guessed (latin-1)")
    found.lyrics, found.lyrics_from = text, origin
    return bool(text)


def _find_times(
    found: FoundWords,
    audio: Path,
    files: Mapping[str, Path],
    row: TableRow | None,
    bases: tuple[Path, ...],
    tags: Embedded,
) -> None:
    """The first times that fit the lyrics; without lyrics, the first that bring their own."""
    candidates: list[tuple[Path, str]] = []
    if row is not None and row.times_file:
        path = _resolved(row.times_file, bases)
        if path is None:
            found.notes.append(f"the table names {row.times_file!r}, which is not there")
        else:
            candidates.append((path, "table"))
    beside = ((_beside(audio, files, ending), ending) for ending in _TIMES)
    candidates += [(path, ending) for path, ending in beside if path is not None]
    if found.times is not None and not (candidates and candidates[0][1] == "table"):
        return
    if tags.times is not None and found.lyrics_from == "tags":
        found.times, found.times_from = tags.times, "tags"
    for path, origin in candidates:
        if found.times is not None and origin != "table":
            return
        _try_times(found, path, origin, _beside(audio, files, ".txt"))


def _try_times(found: FoundWords, path: Path, origin: str, text: Path | None) -> None:
    """Use a file of times if it fits, else say why not."""
    if path.suffix.lower() == ".json" and not _has_times(path):
        return
    times: LyricTimes | None
    try:
        times = read_times(path, found.lyrics or None)
    except LyricsError as error:
        times = _with_text_beside(found, path, text)
        if times is None:
            found.notes.append(str(error).replace(str(path), path.name))
            return
    found.notes += [note.replace(str(path), path.name) for note in times.notes]
    found.times, found.times_from = times, origin
    if not found.lyrics:
        found.lyrics_from = origin
    found.lyrics = times.lyrics


def _with_text_beside(found: FoundWords, path: Path, text: Path | None) -> LyricTimes | None:
    """Times of the lyrics beside the song, where those in its tags do not fit them."""
    if found.lyrics_from != "tags" or text is None:
        return None
    try:
        times = read_times(path, read_text(text).text.strip())
    except LyricsError:
        return None
    found.lyrics_from = ".txt"
    return times


def _has_times(path: Path) -> bool:
    """Whether a JSON file beside a song speaks of times at all; a broken one is worth a note."""
    try:
        data = json.loads(read_text(path).text)
    except (LyricsError, ValueError, RecursionError):
        return True
    return not isinstance(data, dict) or any(k in data for k in ("words", "segments", "samples"))
