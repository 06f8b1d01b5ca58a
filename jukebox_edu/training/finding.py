"""Finding songs below a folder: which files are sound, which of them count, whose row is whose.

What
    A recording counts once: copies with equal sound, and the same song in other formats (same
    name and length), are left out in favor of the best.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Sequence
from pathlib import Path

from jukebox_edu.training.examine import Look
from jukebox_edu.training.report import SkippedFile
from jukebox_edu.training.song_words import folded
from jukebox_edu.training.tables import SongTable, TableRow

# endings of sound, the best copy of a song first
READABLE = (
    ".wav", ".wave", ".rf64", ".w64", ".aiff", ".aif", ".aifc", ".flac", ".caf", ".au", ".ogg",
    ".oga", ".opus", ".mp3", ".mp2", ".mpga",
)  # fmt: skip
OTHER_SOUND = (
    ".m4a", ".mp4", ".m4b", ".aac", ".wma", ".webm", ".mka", ".mkv", ".amr", ".ra", ".ape", ".wv",
    ".alac", ".mpc", ".tta", ".dsf",
)  # fmt: skip
_MAGIC = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b"RF64")


def all_files(folder: Path, notes: list[str]) -> dict[str, Path]:
    """Files below a folder by name, sorted; hidden ones are left out.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    found: dict[str, Path] = {}
    seen: set[str] = set()  # real folders

    def unreadable(error: OSError) -> None:
        notes.append(f"{error.filename}: this folder cannot be read ({error.strerror})")

    for base, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        real = os.path.realpath(base)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        if real in seen:  # a link to a folder above: it would go round and round
            folders.clear()
            continue
        seen.add(real)
        below = os.path.relpath(base, folder)
        parts = [] if below == "." else below.split(os.sep)
        for file in files:
            path = Path(base, file)
            if not file.startswith(".") and path.is_file():
                found["/".join([*parts, file])] = path
    return dict(sorted(found.items()))


def _rank(name: str) -> tuple[int, str]:
    """How good a copy is, by its format; the best comes first."""
    ending = posixpath.splitext(name)[1].lower()
    return (READABLE.index(ending) if ending in READABLE else len(READABLE), name)


def is_sound(path: Path) -> bool:
    """Whether a file claims to be sound, by its name or by its first bytes.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    ending = path.suffix.lower()
    if ending in READABLE or ending in OTHER_SOUND:
        return True
    if ending in (".txt", ".lrc", ".json", ".jsonl", ".csv", ".tsv", ".md", ".jpg", ".png"):
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head.startswith(_MAGIC) and not (head[:4] == b"RIFF" and head[8:] != b"WAVE")


def sorted_out(
    sounds: dict[str, Look], min_seconds: float, told: Collection[str] = ()
) -> tuple[list[str], list[SkippedFile]]:
    """Names of the files to use, and the rest with reasons.

    Parameters
    ----------
    sounds
        What examining has shown, by name.
    min_seconds
        Shorter files are left out.
    told
        Names of songs about which something is known: of several copies these are kept.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    skipped: dict[str, SkippedFile] = {}
    equal: dict[str, list[str]] = {}  # digest -> names
    for name, look in sounds.items():
        if look.problem:
            skipped[name] = SkippedFile(name, look.problem, look.reason)
        elif look.seconds < min_seconds:
            reason = f"{look.seconds:.2f} s, less than the {min_seconds:g} s asked for"
            skipped[name] = SkippedFile(name, "too short", reason)
        else:
            equal.setdefault(look.digest, []).append(name)
    copies: dict[str, list[str]] = {}  # name without ending -> names
    for names in equal.values():
        first = min(names, key=lambda name: (name not in told, name))
        copies.setdefault(folded(posixpath.splitext(first)[0]), []).append(first)
        for name in set(names) - {first}:
            skipped[name] = SkippedFile(name, "duplicate", f"the same recording as {first}")
    for names in copies.values():
        best = min(names, key=lambda name: (name not in told, *_rank(name)))
        for name in names:
            gap = abs(sounds[name].seconds - sounds[best].seconds)
            if name != best and gap < 0.2:  # the encoder's delay
                reason = f"the same name and length as {best}, which is the better copy"
                skipped[name] = SkippedFile(name, "duplicate", reason)
    return [n for n in sounds if n not in skipped], [skipped[n] for n in sorted(skipped)]


def _named(
    text: str,
    bases: tuple[Path, Path],
    by_name: dict[str, str],
    by_stem: dict[str, list[str]],
) -> str | None:
    """The song that a table means by a path: absolute, or below the folder or the table."""
    for base in bases:
        for given in (text, text.replace("\\", "/")):
            try:
                below = os.path.relpath(os.path.join(base, given), bases[0])
            except ValueError:  # another drive, or a null character
                continue
            wanted = folded(below.replace(os.sep, "/"))
            if wanted in by_name:
                return by_name[wanted]
            if len(by_stem.get(wanted, ())) == 1:
                return by_stem[wanted][0]
    return None


def matched_rows(
    table: SongTable | None, folder: Path, sounds: Sequence[str], notes: list[str]
) -> dict[str, TableRow]:
    """Rows of a table by the name of their song; what fits none is noted.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if table is None:
        return {}
    by_name = {folded(name): name for name in sounds}
    by_stem: dict[str, list[str]] = {}
    for name in sounds:
        by_stem.setdefault(folded(posixpath.splitext(name)[0]), []).append(name)
    rows: dict[str, TableRow] = {}
    for row in table.rows:
        where = f"{table.path.name}, {row.place}"
        song = _named(row.path, (folder, table.path.parent), by_name, by_stem)
        if song is None:
            notes.append(f"{where}: {row.path!r} is no audio file in {folder}")
        elif song in rows:
            notes.append(f"{where}: {row.path!r} is listed twice; {rows[song].place} counts")
        else:
            rows[song] = row
    return rows
