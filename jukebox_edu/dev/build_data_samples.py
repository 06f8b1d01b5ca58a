"""Make the bundled songs: `python -m jukebox_edu.dev.build_data_samples data_samples`.

What
    Twenty songs of about ten seconds, every voice of the bundled model in four styles and alone,
    none of which it was trained on. Each is an MP3 and a JSON file with lyrics and all times.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from jukebox_edu import audio
from jukebox_edu.samples import FORMAT
from jukebox_edu.songbook import STYLES, TINY_1, SongbookSong, make_song

FIRST_SEED = 2_000_000  # beyond training and held-out songs
SECONDS = 10.0  # asked for; songs end with a whole line
ALONE = "a cappella"


def chosen_songs() -> dict[str, SongbookSong]:
    """Name to song; the voices take turns through the styles.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    bands = [style for style in TINY_1.styles if not STYLES[style].alone]
    songs = {}
    for i, voice in enumerate(TINY_1.voices):
        for k, style in enumerate([*(bands[i:] + bands[:i])[:4], ALONE]):
            seed = FIRST_SEED + 10 * i + k
            name = f"{voice.split()[0]}_{style}".lower().replace(" ", "_")
            songs[name] = make_song(
                seed, seconds=SECONDS, voice=voice, style=style, repertoire=TINY_1
            )
    return songs


def write_song(folder: Path, name: str, song: SongbookSong) -> None:
    """Write one song's two files.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    title = song.lyrics.splitlines()[0].rstrip(".,;:!?")
    tags = audio.AudioTags(
        title=title, artist=song.artist, comment="made by jukebox_edu.songbook",
        seed=song.seed, licence=song.licence,
    )  # fmt: skip
    audio.save(folder / f"{name}.mp3", song.audio, song.sample_rate, tags=tags)

    def rounded(values: object) -> dict[str, object]:
        fields = dataclasses.asdict(values)  # type: ignore[call-overload]
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in fields.items()}

    about = {
        "format": FORMAT,
        "audio": f"{name}.mp3",
        "title": title,
        "lyrics": song.lyrics,
        "artist": song.artist,
        "genre": song.genre,
        "seconds": round(song.seconds, 4),
        "sample_rate": song.sample_rate,
        "seed": song.seed,
        "licence": song.licence,
        "words": [rounded(word) for word in song.words],
        "character_times": [[round(float(t), 4) for t in row] for row in song.character_times],
        "phones": [rounded(phone) for phone in song.phones],
        "notes": [rounded(note) for note in song.notes],
    }
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, folder / f"{name}.json")


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    parser = argparse.ArgumentParser(prog="build_data_samples", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the songs")
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, song in chosen_songs().items():
        write_song(folder, name, song)
    return 0


if __name__ == "__main__":
    sys.exit(main())
