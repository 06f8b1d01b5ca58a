"""A gallery: one document that lists many songs and leads to the page of each.

What
    The list is plain HTML with relative links: it needs no script, no server and no network, and
    can be carried on a stick together with the pages beside it.
Conventions
    Names come from strangers: shown as text, and never used as names of files (`file_name`).
Lesson: notebooks/15_whose_music.ipynb
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jukebox_edu.page.text import escape
from jukebox_edu.page.writing import write_document

LONGEST_NAME = 60  # characters of a file name before its number
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class GalleryEntry:
    """One song of a gallery.

    Lesson: notebooks/15_whose_music.ipynb
    """

    title: str  # name of the song
    file: str  # its page, relative to the list; made by `file_name`
    seconds: float  # duration
    first_line: str = ""  # of the lyrics, if it is not the title already
    facts: tuple[tuple[str, str], ...] = ()  # (label, value): artist, genre, seed, model ...


def file_name(name: str, number: int) -> str:
    """A name for a file that every system takes, whatever `name` holds; `number` makes it unique.

    Lesson: notebooks/15_whose_music.ipynb

    >>> file_name("../<b>Äpfel & CON", 7)
    'b-pfel-con-007.html'
    """
    plain = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:LONGEST_NAME].strip("-")
    return f"{plain or 'song'}-{number:03d}.html"


def gallery_page(entries: Sequence[GalleryEntry], heading: str = "Songs") -> str:
    """Write the list of songs as a whole HTML document, in the order given.

    Lesson: notebooks/15_whose_music.ipynb
    """
    count = f"{len(entries)} song{'s' if len(entries) != 1 else ''}"
    total = sum(entry.seconds for entry in entries)
    style = files("jukebox_edu.page").joinpath("gallery.css").read_text(encoding="utf-8")
    songs = "\n".join(_entry(entry) for entry in entries)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(heading)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1><bdi>{escape(heading)}</bdi></h1>\n"
        f"<p>{count}, {total:.0f} seconds; each opens in a player of its own.</p>\n"
        f"<ol>\n{songs}\n</ol>\n</main>\n</body>\n</html>\n"
    )


def write_gallery(
    folder: str | os.PathLike[str], entries: Sequence[GalleryEntry], heading: str = "Songs"
) -> Path:
    """Write `index.html` into the folder that holds the pages of the songs.

    Raises
    ------
    RunError
        If the file cannot be written.

    Lesson: notebooks/15_whose_music.ipynb
    """
    return write_document(Path(folder) / "index.html", gallery_page(entries, heading))


def _entry(entry: GalleryEntry) -> str:
    facts = (("length", f"{entry.seconds:.1f} s"), *entry.facts)
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>"
        for label, value in facts
        if value
    )
    line = f"<div><q><bdi>{escape(entry.first_line)}</bdi></q></div>" if entry.first_line else ""
    title = escape(entry.title) if entry.title.strip() else "(without a title)"
    return f'<li><a href="{escape(entry.file)}"><bdi>{title}</bdi></a>{line}\n<dl>{cells}</dl></li>'
