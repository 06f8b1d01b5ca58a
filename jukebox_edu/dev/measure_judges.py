"""How good the judges are themselves: on real songs, through a codec, and by chance.

What
    Songs of seeds that neither a model nor a judge learned from. `everything` are songs of all
    voices and styles, heard as they are. `own` are songs of the codec's own repertoire, heard as
    they are and through each level. Beside every figure stands chance. What a sampled song reaches
    is to be read against these: they are its ceiling.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jukebox_edu.config import to_json_dict
from jukebox_edu.dev.judge_songs import BAND_GAIN, TEST_SEEDS, sing, through_codec
from jukebox_edu.evaluation.intervals import estimate
from jukebox_edu.evaluation.judges.features import FRAME_SECONDS, log_mel
from jukebox_edu.evaluation.judges.listening import Listening, Request
from jukebox_edu.evaluation.judges.panel import Judges
from jukebox_edu.evaluation.judges.pitch import share_in_scale
from jukebox_edu.model import Jukebox
from jukebox_edu.sampling.storing import write_json, write_whole
from jukebox_edu.songbook import SongbookSong, phone_frames, repertoire_of

Sound = Callable[[SongbookSong], np.ndarray]


def judged(
    name: str,
    songs: Sequence[SongbookSong],
    judges: Judges,
    sound: Sound,
    sample_rate: int,
    n_pitch: int,
) -> dict[str, Any]:
    """All figures of the judges on some songs, heard as `sound` gives them.

    Pitch is followed in the first `n_pitch` songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    listening = Listening(judges)
    panels = {"clean": judges.clean, "tuned": judges.tuned}
    right: dict[str, list[float]] = {"clean": [], "tuned": []}
    for number, song in enumerate(songs):
        heard = sound(song)
        listening.listen(heard, sample_rate, pitch=number < n_pitch)
        mel = log_mel(heard, sample_rate)
        phones = phone_frames(song, FRAME_SECONDS, mel.shape[1])
        for kind, panel in panels.items():
            share = None if panel is None else panel.frame_accuracy(mel, phones)
            if share is not None:
                right[kind].append(share)
    requests = [Request(song.lyrics, song.artist, song.genre, song.seconds) for song in songs]
    keys = [share_in_scale(p, s.key) for p, s in zip(listening.pitches, songs, strict=False)]
    return {
        **to_json_dict(listening.figures(name, requests)),
        "frame_accuracy": {k: to_json_dict(estimate(v)) for k, v in right.items() if v},
        "in_known_scale": to_json_dict(estimate(keys)) if keys else None,
    }


def measure(judges: Judges, model: Jukebox | None, n_songs: int, n_pitch: int) -> dict[str, Any]:
    """Figures of the judges, and of the codec as they hear it; pitch in `n_pitch` of the songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    seeds = range(TEST_SEEDS, TEST_SEEDS + n_songs)

    def as_sung(song: SongbookSong) -> np.ndarray:
        return song.audio

    songs = [sing(seed, share=0.0) for seed in seeds]
    rate = songs[0].sample_rate
    name = "songs of all voices and styles"
    figures = {"everything": judged(name, songs, judges, as_sung, rate, n_pitch)}
    if model is not None:
        known = repertoire_of(model.artists(), model.genres())
        own = [sing(seed, known, share=1.0) for seed in seeds]
        name = "songs of the codec's repertoire"
        figures["own"] = judged(name, own, judges, as_sung, rate, n_pitch)
        for level in range(model.vqvae.levels):

            def decoded(song: SongbookSong, level: int = level) -> np.ndarray:
                return through_codec(model, song, level)

            name = f"the same songs through level {level}"
            figures[f"level_{level}"] = judged(
                name, own, judges, decoded, model.sample_rate, n_pitch
            )
    return {"codec": judges.codec, "songs": n_songs, "first_seed": TEST_SEEDS, "judges": figures}


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    mean, low, high = (100 * figure[key] for key in ("mean", "low", "high"))
    return f"{mean:.0f} % [{low:.0f}, {high:.0f}]"


def _row(name: str, figures: dict[str, Any], kind: str) -> str | None:
    panel = figures[kind]
    if panel is None:
        return None
    cells = [
        figures["frame_accuracy"].get(kind),
        *(panel[key] for key in ("phone_errors", "other_lyrics", "words", "voice", "style")),
    ]
    return f"| {name} | {kind} | " + " | ".join(_cell(cell) for cell in cells) + " |"


def card(data: dict[str, Any], judges: Judges) -> str:
    """The judges' README.

    Lesson: notebooks/13_measure_it.ipynb
    """
    figures = data["judges"]
    rows = [
        _row(part["sound"], part, kind) for part in figures.values() for kind in ("clean", "tuned")
    ]
    pitch = [
        f"| {part['sound']} | {_cell(part['pitch']['voiced'])} | "
        f"{_cell(part['pitch']['in_scale'])} | {_cell(part['in_known_scale'])} | "
        f"{_cell(part['pitch']['shuffled'])} |"
        for part in figures.values()
        if part["pitch"] is not None
    ]
    low, high = BAND_GAIN
    voices, styles = judges.clean.voice.config.names, judges.clean.style.config.names
    return "\n".join(
        [
            "# Judges",
            "",
            "Small networks that say what is heard in a song: its phones, its voice, its style.",
            "Trained only on songs of the procedural songbook (`jukebox_edu.songbook`), by",
            "`python -m jukebox_edu.dev.train_judges --codec tiny`. They measure models; they are",
            "no part of one, and no part of the wheel. `clean` learned from songs as they are,",
            f"`tuned` went on with songs through the codec of {judges.codec or '(none)'}.",
            "",
            "They know the songbook's singers and words, so they are kinder than a person. Read",
            "their figures for a model beside those below, the ceiling, and beside chance.",
            "",
            "**Licence:** CC-BY-4.0, as the songs they learned from.",
            "",
            f"On {data['songs']} songs of 6 to 12 s, bands {low:g} to {high:g} times as loud as "
            "the voice;",
            "means over songs with 95 % intervals. Guessing would name",
            f"{100 / len(voices):.1f} % of voices and {100 / len(styles):.1f} % of styles.",
            "",
            "| songs | judges | frames right | phone errors | another song's lyrics | words | "
            "voice | style |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(row for row in rows if row),
            "",
            "Pitch is followed by pYIN, which learned nothing here. Share of voiced frames within",
            "50 cents of a scale; chance moves each note evenly within an octave.",
            "",
            "| songs | frames voiced | in the best major scale | in the song's own | chance |",
            "| --- | --- | --- | --- | --- |",
            *pitch,
            "",
        ]
    )


def write(folder: Path, data: dict[str, Any], judges: Judges) -> None:
    """Write figures.json and README.md into the judges' folder.

    Lesson: notebooks/13_measure_it.ipynb
    """
    write_json(folder / "figures.json", data)
    write_whole(folder / "README.md", lambda file: file.write(card(data, judges).encode()))
