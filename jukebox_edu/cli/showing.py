"""`jukebox-edu page` and `jukebox-edu gallery`: songs as documents that play anywhere.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu.cli.singing import add_model_options, load_model
from jukebox_edu.errors import JukeboxError, RunError

if TYPE_CHECKING:
    from jukebox_edu.labels.times import LyricTimes
    from jukebox_edu.page.gallery import GalleryEntry
    from jukebox_edu.song import Song

TRUTH_HELP = "true times of the words: .lrc, .json, .csv or .TextGrid"


def add_commands(commands: Any) -> None:
    """Add `page` and `gallery` to the parser.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    page = commands.add_parser("page", help="write the page of a song, for any browser")
    page.add_argument("folder", metavar="RUN_FOLDER", help="written by jukebox-edu sample")
    page.add_argument("--out", metavar="FILE", help="default: index.html in the folder")
    page.add_argument("--sample", type=int, default=0, help="which song of the batch")
    page.add_argument("--truth", metavar="FILE", help=TRUTH_HELP)
    add_model_options(page)
    page.set_defaults(run=run_page)
    gallery = commands.add_parser("gallery", help="write the pages of many songs and a list")
    gallery.add_argument("folder", metavar="FOLDER", help="all songs in it and below it")
    gallery.add_argument("--out", default="gallery", metavar="DIR", help="default: gallery")
    gallery.add_argument("--title", default="Songs", help="heading of the list")
    add_model_options(gallery)
    gallery.set_defaults(run=run_gallery)


def run_page(arguments: argparse.Namespace) -> None:
    """Write the page of one song.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.alignment.score import times_as_read
    from jukebox_edu.page import write_page
    from jukebox_edu.song.showing import page_data

    folder = Path(arguments.folder)
    song = open_song(folder, arguments)
    data = page_data(song, arguments.sample)
    if arguments.truth is not None:
        lyrics = data.lyrics if song.labels is None else song.labels.lyrics[arguments.sample]
        times = read_truth(arguments.truth, lyrics)
        data = dataclasses.replace(data, true_times=times_as_read(times, data.lyrics))
    path = write_page(arguments.out or folder / "index.html", data)
    print(f"wrote {path}: {data.seconds:.2f} s of song, {path.stat().st_size / 1e6:.2f} MB")


def open_song(folder: Path, arguments: argparse.Namespace) -> Song:
    """The song in a folder; its model is loaded only if its sound is not there.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.song import Song
    from jukebox_edu.song.sound import sound_name

    song = Song.load(folder)
    wanted = [sound_name(level, i) for level in song.levels for i in range(song.n_samples)]
    if all((folder / name).is_file() for name in wanted):
        return song
    return Song.load(folder, load_model(arguments))


def read_truth(path: str, lyrics: str) -> LyricTimes:
    """True times of lyrics from a file of any kind that we read.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if path.lower().endswith(".textgrid"):
        from jukebox_edu.alignment.textgrids import read_textgrid

        return read_textgrid(path, lyrics)
    from jukebox_edu.labels.times import read_times

    return read_times(path, lyrics)


def song_folders(folder: Path) -> tuple[Path, ...]:
    """All folders in and below `folder` that hold a song, sorted; links are not followed.

    Raises
    ------
    RunError
        If the folder is missing or holds no song.

    Lesson: notebooks/15_whose_music.ipynb
    """
    if not folder.is_dir():
        raise RunError(f"There is no folder {folder}.")
    found = sorted(Path(here) for here, _, names in os.walk(folder) if "song.json" in names)
    if not found:
        raise RunError(f"There are no songs in {folder}: no song.json in it or below it.")
    return tuple(found)


def run_gallery(arguments: argparse.Namespace) -> None:
    """Write a page for every song below a folder, and a list of them.

    Lesson: notebooks/15_whose_music.ipynb
    """
    from jukebox_edu.page.gallery import write_gallery
    from jukebox_edu.sampling.run_folder import checked_folder

    folders = song_folders(Path(arguments.folder))
    out = checked_folder(arguments.out, "out")
    entries: list[GalleryEntry] = []
    for folder in folders:
        try:
            song = open_song(folder, arguments)
            for entry in _song_pages(song, folder, out, len(entries)):
                entries.append(entry)
                if not arguments.quiet:
                    print(f"wrote {out / entry.file}")
        except JukeboxError as error:  # unfinished or damaged: the others are shown all the same
            print(f"jukebox-edu: note: left out {_shown(folder)}: {error}", file=sys.stderr)
    if not entries:
        raise RunError(f"None of the {len(folders)} songs in {arguments.folder} can be shown.")
    entries.sort(key=lambda entry: (entry.title.casefold(), entry.file))
    path = write_gallery(out, entries, arguments.title)
    many = f"{len(entries)} song{'s' if len(entries) > 1 else ''}"
    print(f"wrote {path}: {many}. Open it in a browser.")


def _shown(path: Path) -> str:
    """A path on one line that every terminal can print."""
    return str(path).encode("ascii", "backslashreplace").decode("ascii")


def _song_pages(song: Song, folder: Path, out: Path, number: int) -> Iterator[GalleryEntry]:
    """Write the page of every song of a batch; what the list says of each."""
    from jukebox_edu.page import write_page
    from jukebox_edu.page.gallery import GalleryEntry, file_name
    from jukebox_edu.song.showing import page_data

    for sample in range(song.n_samples):
        data = page_data(song, sample)
        name = file_name(folder.name, number + sample + 1)
        write_page(out / name, data)
        facts = dict(data.facts)
        known = ("artist", "genre", "seed", "sample", "model")
        yield GalleryEntry(
            title=data.title,
            file=name,
            seconds=data.seconds,
            first_line=_first_line(data.lyrics, data.title),
            facts=tuple((label, facts[label]) for label in known if label in facts),
        )


def _first_line(lyrics: str, title: str) -> str:
    """The first line of the lyrics that is not the title already."""
    lines = (" ".join(line.split()) for line in lyrics.split("\n"))
    return next((line for line in lines if line and line != title), "")
