"""`jukebox-edu align`: when each word is sung, as files for other programs.

What
    A run folder is read by the prior that wrote it. A recording is encoded first; then the prior
    reads its codes together with the lyrics given.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu.cli.showing import TRUTH_HELP, open_song, read_truth
from jukebox_edu.cli.singing import add_model_options, load_model, read_lyrics
from jukebox_edu.errors import ConfigError, LyricsError, must

if TYPE_CHECKING:
    import numpy as np

    from jukebox_edu.alignment import Alignment
    from jukebox_edu.labels.times import LyricTimes
    from jukebox_edu.model import Jukebox
    from jukebox_edu.page import PageData
    from jukebox_edu.song import Song

STRANGERS = (
    "the bundled model has heard only the synthetic singers of its songbook; "
    "of any other voice its times are guesses"
)


def add_commands(commands: Any) -> None:
    """Add `align` to the parser.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    align = commands.add_parser("align", help="find out when each word is sung")
    align.add_argument("song", metavar="RUN_FOLDER|AUDIO", help="a song we made, or a recording")
    align.add_argument("--lyrics", metavar="FILE", help="its words; needed for a recording")
    align.add_argument("--artist", default="unknown", metavar="NAME", help="who sings a recording")
    align.add_argument("--genre", default="unknown", metavar="NAME", help="style of a recording")
    align.add_argument("--total-seconds", type=float, help="length of the song it begins")
    align.add_argument("--truth", metavar="FILE", help=f"{TRUTH_HELP}; the errors are told")
    align.add_argument(
        "--format", default="lrc,json,textgrid", metavar="LIST", help=f"of {', '.join(FORMATS)}"
    )
    align.add_argument("--out", default=".", metavar="DIR", help="folder (default: this one)")
    add_model_options(align)
    align.set_defaults(run=run_align)


def run_align(arguments: argparse.Namespace) -> None:
    """Align one song and write what was asked for.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    from jukebox_edu.sampling.run_folder import checked_folder

    formats = _formats(arguments.format)
    source = Path(arguments.song)
    lyrics = None if arguments.lyrics is None else read_lyrics(arguments.lyrics)
    a_run, original = source.is_dir(), None
    if a_run:
        song = _of_run(source, lyrics, arguments)
    else:
        model, original = _recording(source, lyrics, arguments)
        song = _encoded(model, original, lyrics or "", arguments)
    found = song.alignment()
    out = checked_folder(arguments.out, "out")
    stem = source.resolve().name if a_run else source.stem
    for sample, text in enumerate(found.lyrics):
        if not text:
            continue
        name = stem if song.n_samples == 1 else f"{stem}-{sample}"
        truth = None
        if arguments.truth is not None:
            truth = read_truth(arguments.truth, song.labels.lyrics[sample])  # type: ignore[union-attr]
        _tell(name, found, sample, truth)
        shown = Shown(song, sample, truth, original)
        for kind in formats:
            ending, write = FORMATS[kind]
            print(f"wrote {_write(out / (name + ending), write(shown))}")


@dataclasses.dataclass(frozen=True)
class Shown:
    """One song of a batch, with its true times if they are known."""

    song: Song
    sample: int
    truth: LyricTimes | None
    original: np.ndarray | None  # the recording (samples,) at the model's rate


def _json(shown: Shown) -> str:
    told = shown.song.alignment().to_json()
    told["samples"] = [told["samples"][shown.sample]]
    if shown.truth is not None:
        score = shown.song.alignment().compare(shown.truth, shown.sample)
        told["samples"][0]["against the true times"] = score.to_json()
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _page(shown: Shown) -> str:
    from jukebox_edu.alignment.score import times_as_read
    from jukebox_edu.page import Track, page
    from jukebox_edu.song.showing import page_data

    data: PageData = page_data(shown.song, shown.sample)
    if shown.original is not None:
        track = Track("original", shown.original, data.sample_rate)
        data = dataclasses.replace(data, tracks=(*data.tracks, track))
    if shown.truth is not None:
        data = dataclasses.replace(data, true_times=times_as_read(shown.truth, data.lyrics))
    return page(data)


FORMATS: dict[str, tuple[str, Callable[[Shown], str]]] = {
    "lrc": (".lrc", lambda shown: shown.song.alignment().to_lrc(shown.sample)),
    "words.lrc": (
        ".words.lrc",
        lambda shown: shown.song.alignment().to_lrc(shown.sample, words=True),
    ),
    "json": (".json", _json),
    "textgrid": (".TextGrid", lambda shown: shown.song.alignment().to_textgrid(shown.sample)),
    "html": (".html", _page),
}
"""Name on the command line: ending of the file, and what stands in it."""


def _formats(text: str) -> list[str]:
    """Names between commas, each one of `FORMATS`."""
    names = [name.strip().lower() for name in text.split(",")]
    if not set(names) <= set(FORMATS):
        raise ConfigError(must("format", text, f"of {', '.join(FORMATS)}, between commas"))
    return list(dict.fromkeys(names))


def _of_run(folder: Path, lyrics: str | None, arguments: argparse.Namespace) -> Song:
    """The song of a run folder; other lyrics are read anew by its model."""
    from jukebox_edu.song import Song

    song = open_song(folder, arguments)
    saved = (folder / "alignment.npz").is_file()
    if lyrics is None and saved:
        return song
    if song.model is None:
        song = Song.load(folder, load_model(arguments))
    if lyrics is None:
        return song
    from jukebox_edu.labels import SongLabels

    old = song.labels
    labels = SongLabels.create(
        lyrics=lyrics,
        artist="unknown" if old is None else list(old.artist),
        genre="unknown" if old is None else list(old.genre),
        total_length=song.length if old is None else old.total_length,
        offset=0 if old is None else old.offset,
        n_samples=song.n_samples,
        priors=song.model.config.priors,
        vocabularies=song.model.vocabularies,
    )
    return dataclasses.replace(song, labels=labels, folder=None, _heard={})


def _recording(
    path: Path, lyrics: str | None, arguments: argparse.Namespace
) -> tuple[Jukebox, np.ndarray]:
    """The model, and a recording (samples,) at its rate."""
    from jukebox_edu import audio

    if lyrics is None:
        advice = "Name a text file with the words that are sung."
        raise LyricsError(must("lyrics", None, "given for a recording", advice))
    model = load_model(arguments)
    clip = audio.load(path, sample_rate=model.sample_rate)
    if model.config.name.startswith("tiny"):
        print(f"jukebox-edu: note: {STRANGERS}", file=sys.stderr)
    return model, clip.samples


def _encoded(
    model: Jukebox, samples: np.ndarray, lyrics: str, arguments: argparse.Namespace
) -> Song:
    """A recording as a song."""
    from jukebox_edu.song import song_of_recording

    return song_of_recording(
        model,
        samples,
        lyrics,
        artist=arguments.artist,
        genre=arguments.genre,
        total_seconds=arguments.total_seconds,
    )


def _tell(name: str, found: Alignment, sample: int, truth: LyricTimes | None) -> None:
    """Say how far the times can be believed."""
    shown = name.encode("ascii", "backslashreplace").decode("ascii")
    on_path, forward = 100 * found.confidence(sample), 100 * found.monotonicity(sample)
    print(
        f"{shown}: {len(found.word_times(sample))} words; {on_path:.0f} % of the attention lies on "
        f"the path, forward in {forward:.0f} % of the steps"
    )
    if truth is not None:
        print(f"{shown}: {found.compare(truth, sample)}")


def _write(path: Path, text: str) -> Path:
    from jukebox_edu.page.writing import write_document

    return write_document(path, text)
