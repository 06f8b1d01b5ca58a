"""Text files as people have them: any of the usual encodings, and a word when it was a guess.

What
    UTF-8 (with or without its mark) and UTF-16 can be told from the bytes. What is neither was
    written by an old program in a one-byte alphabet; it is read as that of Western Europe, and
    `TextFile.guessed` says so, because letters may come out wrong.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

from jukebox_edu.errors import LyricsError, must

MAX_BYTES = 20 * 2**20  # larger files hold no words of a song and no table of songs


@dataclass(frozen=True)
class TextFile:
    """What a text file says.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    text: str  # line ends are "\n"
    encoding: str  # how it was read, e.g. "utf-8"
    guessed: bool  # True: the bytes do not tell the encoding


def read_text(path: str | os.PathLike[str], argument: str = "path") -> TextFile:
    """Read a text file of unknown encoding.

    Raises
    ------
    LyricsError
        If it is missing, unreadable, larger than 20 MB or no text.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        with open(Path(path), "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LyricsError(must(argument, str(path), "a text file", f"({reason})")) from None
    if len(raw) > MAX_BYTES:
        raise LyricsError(must(argument, str(path), "a text file of at most 20 MB"))
    try:
        found = decode_text(raw)
    except ValueError:
        raise LyricsError(must(argument, str(path), "a text file", "(it is no text)")) from None
    text = found.text.replace("\r\n", "\n").replace("\r", "\n")
    return TextFile(text, found.encoding, found.guessed)


def decode_text(raw: bytes) -> TextFile:
    """Text of some bytes; `ValueError` if they are none.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> decode_text("où".encode("utf-16")).text, decode_text("où".encode("latin-1")).guessed
    ('où', True)
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextFile(raw.decode("utf-16"), "utf-16", False)
    if b"\0" in raw:  # UTF-16 without its mark: every other byte of plain letters is zero
        zeros = raw[0::2].count(0), raw[1::2].count(0)
        name = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        if max(zeros) * 4 < len(raw) or min(zeros) > 0:
            raise ValueError("zero bytes")
        return TextFile(raw.decode(name), name, False)
    try:
        return TextFile(raw.decode("utf-8-sig"), "utf-8", False)
    except UnicodeDecodeError:
        pass
    try:
        return TextFile(raw.decode("cp1252"), "latin-1", True)  # with the quotes of Windows
    except UnicodeDecodeError:
        return TextFile(raw.decode("latin-1"), "latin-1", True)
