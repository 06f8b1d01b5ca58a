"""`jukebox-edu evaluate`: measure a model, write a report page with pictures.

What
    report/index.html      the page, to open in a browser; nothing is loaded from elsewhere
    report/figures.json    the same figures for programs
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.cli.singing import add_model_options, load_model
from jukebox_edu.errors import ConfigError, RunError, must

if TYPE_CHECKING:
    from jukebox_edu.evaluation import Report, SongList
    from jukebox_edu.evaluation.probe import PhoneCodes
    from jukebox_edu.evaluation.songs import TestSong
    from jukebox_edu.model import Jukebox
    from jukebox_edu.song import Song
    from jukebox_edu.training.store import StoredSong

PROBE_SONGS = 300  # training songs that the phone probe reads
TAKES = 2  # samples of each request, so that diversity can be measured


def add_commands(commands: Any) -> None:
    """Add `evaluate` to the parser.

    Lesson: notebooks/13_measure_it.ipynb
    """
    evaluate = commands.add_parser("evaluate", help="measure a model: writes a report page")
    evaluate.add_argument(
        "--songs", default="samples", metavar="WHICH",
        help="samples (bundled), songbook:N (N songs are sung), or a folder made by prepare",
    )  # fmt: skip
    evaluate.add_argument("--out", default="report", metavar="DIR", help="default: report")
    evaluate.add_argument("--n", type=int, metavar="N", help="the first N songs only")
    evaluate.add_argument("--generate", type=int, default=0, metavar="K", help="write K songs, too")
    evaluate.add_argument("--seconds", type=float, default=10, help="length of generated songs")
    evaluate.add_argument("--seed", type=int, default=0, help="of generated songs and chance")
    evaluate.add_argument(
        "--sing", type=int, default=0, metavar="N", help="let it sing N songs, and judges listen"
    )
    evaluate.add_argument("--judges", metavar="DIR", help="folder of the judges")
    evaluate.add_argument("--log", metavar="FILE", help="training log (JSON lines) to draw")
    evaluate.add_argument("--json", action="store_true", help="print the figures, too")
    add_model_options(evaluate)
    evaluate.set_defaults(run=run_evaluate)


@dataclass(frozen=True)
class ChosenSongs:
    """Songs to measure with.

    Lesson: notebooks/13_measure_it.ipynb
    """

    songs: SongList
    source: str  # where they come from, in words
    training: Iterable[np.ndarray] | None = None  # top-level codes of training songs
    probe: tuple[PhoneCodes, ...] = ()  # training songs whose phones are known


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Measure and write the report.

    Lesson: notebooks/13_measure_it.ipynb
    """
    from jukebox_edu.evaluation import evaluate
    from jukebox_edu.evaluation.judges import load_judges
    from jukebox_edu.sampling.run_folder import checked_folder

    for name, least in (("n", 1), ("generate", 0), ("sing", 0)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise ConfigError(must(name, value, f"a number of songs from {least}"))
    log = read_log(arguments.log) if arguments.log else ()
    judges = load_judges(arguments.judges) if arguments.sing else None
    model = load_model(arguments)
    chosen = choose_songs(model, arguments.songs, arguments.n)
    folder = checked_folder(arguments.out)
    report = evaluate(
        model,
        chosen.songs,
        generated=generate(model, chosen.songs, arguments),
        training_codes=chosen.training,
        probe_songs=chosen.probe,
        judges=judges,
        sing=arguments.sing,
        source=chosen.source,
        progress=not arguments.quiet,
        seed=arguments.seed,
    )
    page = write_report(folder, report, log)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1, allow_nan=False))
    else:
        print(f"wrote {folder / 'figures.json'}")
        print(f"wrote {page}")


def write_report(folder: Path, report: Report, log: Iterable[Mapping[str, Any]] = ()) -> Path:
    """Write figures.json and index.html into a folder; returns the page.

    Lesson: notebooks/13_measure_it.ipynb
    """
    from jukebox_edu.cli.report_sections import introduction, sections
    from jukebox_edu.page.report import write_report_page
    from jukebox_edu.sampling.storing import write_whole

    text = json.dumps(report.to_json(), indent=1, allow_nan=False) + "\n"
    write_whole(folder / "figures.json", lambda file: file.write(text.encode()))
    title = f"{report.model}, measured"
    parts = sections(report, tuple(log))
    return write_report_page(folder / "index.html", title, introduction(report), parts)


def choose_songs(model: Jukebox, which: str, n: int | None) -> ChosenSongs:
    """The songs that `--songs` names, all or the first `n`.

    Raises
    ------
    ConfigError
        If they are none of the three kinds, or of another rate than the model.

    Lesson: notebooks/13_measure_it.ipynb
    """
    from jukebox_edu.evaluation import from_data_samples, from_songbook

    if which == "samples":
        return ChosenSongs(from_data_samples(model, n), "the bundled samples")
    if match := re.fullmatch(r"songbook:([0-9]{1,6})", which):
        songs = from_songbook(model, int(match[1]))
        return ChosenSongs(songs[:n], "the songbook, sung for this measurement")
    if not Path(which).is_dir():
        allowed = '"samples", "songbook:N" (songbook:16, say), or a folder made by prepare'
        raise ConfigError(must("songs", which, allowed))
    return store_songs(model, Path(which), n)


def store_songs(model: Jukebox, folder: Path, n: int | None = None) -> ChosenSongs:
    """Held-out songs of a prepared folder, with the codes of its training songs.

    Codes that another codec made are not looked at.

    Raises
    ------
    CheckpointError, ConfigError
        If there is no store, it is of another rate, or no song of it is held out.

    Lesson: notebooks/13_measure_it.ipynb
    """
    from jukebox_edu.evaluation import SongList
    from jukebox_edu.evaluation.probe import PhoneCodes
    from jukebox_edu.training.prepare import codec_digest
    from jukebox_edu.training.store import open_store

    store = open_store(folder)
    if store.sample_rate != model.sample_rate:
        advice = "Prepare the songs for this model (prepare --model)."
        allowed = f"{model.sample_rate}, the model's"
        raise ConfigError(must("sample rate of the songs", store.sample_rate, allowed, advice))
    if not store.held_out:
        advice = "Prepare them with a larger --held-out, e.g. 0.3."
        raise ConfigError(must("songs", str(folder), "a folder with held-out songs", advice))
    songs = SongList([partial(_stored, song, model) for song in store.held_out[:n]])
    source = f"the held-out songs of {folder.name}"
    own = store.codec is not None and store.codec.endswith(codec_digest(model.vqvae))
    coded = [song for song in store.train if song.has_codes] if own else []
    if not coded:
        return ChosenSongs(songs, source)
    top = model.levels - 1
    heard = ((song.codes(top), song.phones()) for song in coded[:PROBE_SONGS])
    probe = tuple(PhoneCodes(codes, phones) for codes, phones in heard if phones is not None)
    return ChosenSongs(songs, source, (song.codes(top) for song in coded), probe)


def _stored(song: StoredSong, model: Jukebox) -> TestSong:
    """One song of a store as a test song."""
    from jukebox_edu.evaluation import TestSong

    same = song.hop_length == model.hop_lengths[-1]
    return TestSong(
        name=song.name,
        audio=np.ascontiguousarray(song.samples(), dtype=np.float32),
        artist=song.artist,
        genre=song.genre,
        lyrics=song.lyrics,
        times=song.times(),
        phones=song.phones() if same else None,
    )


def generate(model: Jukebox, songs: SongList, arguments: argparse.Namespace) -> list[Song]:
    """Songs of the model's own with the words and names of the test songs, two of each.

    Lesson: notebooks/13_measure_it.ipynb
    """
    made = []
    n_requests = -(-arguments.generate // TAKES)
    for number in range(n_requests):
        asked = songs[number * len(songs) // n_requests]  # from all over the list
        made.append(
            model.sample(
                asked.lyrics,
                artist=asked.artist or "unknown",
                genre=asked.genre or "unknown",
                seconds=arguments.seconds,
                n_samples=min(TAKES, arguments.generate - TAKES * number),
                seed=arguments.seed + number,
                progress=not arguments.quiet,
            )
        )
    return made


def read_log(path: str) -> tuple[dict[str, Any], ...]:
    """Rows of a training log, one JSON object a line; damaged lines are passed over.

    Raises
    ------
    RunError
        If the file cannot be read.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(must("log", path, "a training log", f"({reason})")) from None
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:  # a run that was killed leaves half a line
            continue
        if isinstance(row, dict):
            rows.append(row)
    return tuple(rows)
