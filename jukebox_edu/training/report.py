"""What was found in a folder of songs: used, skipped and why, and what preparing will need.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jukebox_edu import units

MOST_NAMES = 8  # names of artists and genres shown in the text
MOST_LINES = 20  # files of one kind shown in the text


@dataclass(frozen=True)
class UsedFile:
    """A file that will be trained on.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    name: str  # path below the folder
    seconds: float  # duration
    sample_rate: int  # its own
    channels: int  # its own
    artist: str  # "" = unknown
    genre: str  # "" = unknown
    lyrics_from: str  # "" = none; "table", "tags" or the ending of a file beside it
    times_from: str  # likewise


@dataclass(frozen=True)
class SkippedFile:
    """A file that will not be trained on.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    name: str  # path below the folder
    problem: str  # one word or two, e.g. "damaged"
    reason: str  # in words, and what to do


def printable(text: str) -> str:
    r"""A name as it can be shown in a terminal: control characters and stray bytes are escaped.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> printable("a\nb")
    'a\\x0ab'
    """
    return "".join(
        c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"
        for c in text
    )


def size(n_bytes: float) -> str:
    """Bytes as people read them.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> size(1_500_000)
    '1.5 MB'
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes:.0f} bytes"


def disk_bytes(
    seconds: Iterable[tuple[float, int]],
    sample_rate: int,
    hop_lengths: Sequence[int],
    *,
    variants: int = 1,
) -> int:
    """Bytes that preparing songs of so many (seconds, channels) will write, about.

    Parameters
    ----------
    sample_rate
        Of the store, samples per second.
    hop_lengths
        Of the levels that are encoded, samples; empty: sound only.
    variants
        Encodings of each song.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    codes = sum(2 * variants / hop for hop in hop_lengths)  # bytes per sample
    per_song = 8192  # names, words, marks
    total = sum(s * sample_rate * (2 * min(c, 2) + codes) + per_song for s, c in seconds)
    return int(total)


@dataclass(frozen=True)
class FolderReport:
    """What a folder holds.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    folder: Path
    used: tuple[UsedFile, ...]  # in order of their names
    skipped: tuple[SkippedFile, ...]  # in order of their names
    notes: tuple[str, ...]  # what is odd but does not stop a song from being used
    n_other: int = 0  # files that are no sound

    @property
    def seconds(self) -> float:
        """Duration of all songs used."""
        return sum(file.seconds for file in self.used)

    @property
    def artists(self) -> Counter[str]:
        """Songs per artist, without the unknown."""
        return Counter(file.artist for file in self.used if file.artist)

    @property
    def genres(self) -> Counter[str]:
        """Songs per genre, without the unknown."""
        return Counter(file.genre for file in self.used if file.genre)

    @property
    def n_lyrics(self) -> int:
        """Songs with lyrics."""
        return sum(bool(file.lyrics_from) for file in self.used)

    @property
    def n_times(self) -> int:
        """Songs whose lyrics have times."""
        return sum(bool(file.times_from) for file in self.used)

    def disk_bytes(self, sample_rate: int, hop_lengths: Sequence[int], variants: int = 1) -> int:
        """Bytes that preparing these songs will write, about."""
        parts = [(file.seconds, file.channels) for file in self.used]
        return disk_bytes(parts, sample_rate, hop_lengths, variants=variants)

    def text(self) -> str:
        """All of it for a terminal.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        n = len(self.used)
        found = f"{n} songs of {units.clock(self.seconds)}" if n != 1 else "1 song of "
        found += units.clock(self.seconds) if n == 1 else " in all"
        lines = [f"{printable(str(self.folder))}: {found} can be used."]
        if n:
            lines.append(f"  artists  {_names(self.artists, n)}")
            lines.append(f"  genres   {_names(self.genres, n)}")
            lines.append(f"  lyrics   {_origins((f.lyrics_from for f in self.used), n)}")
            lines.append(f"  times    {_origins((f.times_from for f in self.used), n)}")
        if self.skipped:
            lines.append(f"Skipped: {len(self.skipped)}")
        problems = dict.fromkeys(file.problem for file in self.skipped)
        for problem in problems:
            files = [f for f in self.skipped if f.problem == problem]
            shown = [f"  {problem}: {printable(f.name)}: {printable(f.reason)}" for f in files]
            lines += _cut(shown, f"  {problem}: and {{}} more")
        if self.notes:
            lines.append(f"Notes: {len(self.notes)}")
            lines += _cut([f"  {printable(note)}" for note in self.notes], "  and {} more")
        if self.n_other:
            lines.append(f"Other files (words, times, pictures, ...): {self.n_other}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON types.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        return {
            "folder": str(self.folder),
            "seconds": round(self.seconds, 3),
            "artists": dict(self.artists),
            "genres": dict(self.genres),
            "n_lyrics": self.n_lyrics,
            "n_times": self.n_times,
            "used": [asdict(file) for file in self.used],
            "skipped": [asdict(file) for file in self.skipped],
            "notes": list(self.notes),
            "n_other": self.n_other,
        }


def _cut(lines: list[str], rest: str) -> list[str]:
    """The first lines, and how many more there are."""
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[:MOST_LINES], rest.format(len(lines) - MOST_LINES)]


def _names(counts: Counter[str], n_songs: int) -> str:
    """The most frequent names, and how many songs have one."""
    if not counts:
        return "none known"
    shown = [f"{printable(name)} ({count})" for name, count in counts.most_common(MOST_NAMES)]
    if len(counts) > MOST_NAMES:
        shown.append(f"and {len(counts) - MOST_NAMES} more")
    unknown = n_songs - counts.total()
    return ", ".join(shown) + (f"; unknown: {unknown}" if unknown else "")


def _origins(origins: Iterable[str], n_songs: int) -> str:
    """How many songs have lyrics or times, and where from."""
    counts = Counter(origin for origin in origins if origin)
    if not counts:
        return "none"
    kinds = ", ".join(f"{count} from {origin}" for origin, count in counts.most_common())
    return f"{counts.total()} of {n_songs} songs: {kinds}"
