"""Where the bundled songs are: a few finished clips with lyrics and exact timings.

What
    A checkout keeps them in `data_samples/` at its top, an installed wheel inside the package.
    Each song is a sound file and a JSON file beside it, which says when every word, character,
    phone and note sounds. `data_samples()` finds and reads them; the sound itself is read by
    `audio.load(song.path)`.
Conventions
    Times are seconds from the start of the sound. Characters are counted in `lyrics` from 0.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.errors import RunError

FORMAT = 1  # version of the JSON files that this code reads


@dataclass(frozen=True)
class SampleWord:
    """A word of the lyrics and when it is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # as written in the lyrics
    start: float  # seconds
    end: float  # seconds
    first_char: int  # index into the lyrics
    last_char_end: int  # index behind its last character


@dataclass(frozen=True)
class SamplePhone:
    """A speech sound and when it is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    phone: str  # ARPAbet name
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True)
class SampleNote:
    """A note of the melody.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    midi: float  # 69 is the A of 440 Hz, one unit a semitone
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True)
class SampleSong:
    """A bundled song.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """

    name: str  # name of its files without ending
    path: Path  # the sound file
    title: str  # name of the song
    lyrics: str  # as sung
    artist: str  # the voice
    genre: str  # the style
    seconds: float  # duration
    sample_rate: int  # samples per second
    seed: int  # from which it was made
    licence: str  # of the sound and the words
    words: tuple[SampleWord, ...]  # in order of time
    character_times: tuple[tuple[float, float], ...]  # (start, end) of each character of lyrics
    phones: tuple[SamplePhone, ...]  # in order of time
    notes: tuple[SampleNote, ...]  # in order of time


def data_folder() -> Path:
    """Find the folder of the bundled songs.

    Raises
    ------
    RunError
        If this installation has none.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    package = Path(__file__).resolve().parent
    candidates = (package / "data_samples", package.parent / "data_samples")
    for folder in candidates:
        if any(folder.glob("*.json")):
            return folder
    raise RunError(
        f"There are no bundled songs in {candidates[0]} or {candidates[1]}: "
        "install jukebox_edu again, or work in a whole checkout."
    )


def data_samples(folder: Path | None = None) -> tuple[SampleSong, ...]:
    """Read the descriptions of all bundled songs, in order of their names.

    Parameters
    ----------
    folder
        Where to look; None: `data_folder()`.

    Raises
    ------
    RunError
        If there are none, or a description is damaged.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    folder = data_folder() if folder is None else Path(folder)
    return tuple(_read(path) for path in sorted(folder.glob("*.json")))


def _read(path: Path) -> SampleSong:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _song(path, data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RunError(f"{path} does not describe a song: {what}.") from None


def _song(path: Path, data: dict[str, Any]) -> SampleSong:
    """Build a song from the content of its JSON file, checking what the rest relies on."""
    if data["format"] != FORMAT:
        raise ValueError(f"format={data['format']}, but this version reads {FORMAT}")
    audio = path.parent / Path(data["audio"]).name
    if audio.name != data["audio"] or not audio.is_file():
        raise ValueError(f"audio={data['audio']!r} is no file beside it")
    times = tuple((float(start), float(end)) for start, end in data["character_times"])
    if len(times) != len(data["lyrics"]):
        raise ValueError(f"{len(times)} character_times for {len(data['lyrics'])} characters")
    return SampleSong(
        name=path.stem,
        path=audio,
        title=data["title"],
        lyrics=data["lyrics"],
        artist=data["artist"],
        genre=data["genre"],
        seconds=float(data["seconds"]),
        sample_rate=int(data["sample_rate"]),
        seed=int(data["seed"]),
        licence=data["licence"],
        words=tuple(SampleWord(**word) for word in data["words"]),
        character_times=times,
        phones=tuple(SamplePhone(**phone) for phone in data["phones"]),
        notes=tuple(SampleNote(**note) for note in data["notes"]),
    )
