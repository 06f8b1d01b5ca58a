"""`jukebox-edu prepare`: a folder of songs becomes a store that training reads.

What
    Every file is listened to first; the report says what can be used, what is skipped and why.
    Then sound, codes and words are written. The same line goes on after an interruption, and takes
    over what has changed in the folder.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, must

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox
    from jukebox_edu.training.folder import FolderSource
    from jukebox_edu.training.songbook_source import SongbookSource
    from jukebox_edu.training.store import SongStore

_SONGBOOK = re.compile(r"songbook:(\d{1,7})$")


def add_commands(commands: Any) -> None:
    """Add `prepare` to the parser.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    prepare = commands.add_parser(
        "prepare", help="make a folder of songs ready for training; the same line goes on"
    )
    prepare.add_argument("folder", metavar="FOLDER", help="audio files, or songbook:N: N songs")
    prepare.add_argument("--out", metavar="DATA", help="folder of the prepared songs")
    prepare.add_argument(
        "--table", metavar="FILE", help="CSV or JSON: path, artist, genre, lyrics, times_file"
    )
    prepare.add_argument("--report-only", action="store_true", help="look, but write no songs")
    prepare.add_argument("--json", metavar="FILE", help="write the report as JSON too")
    prepare.add_argument("--min-seconds", type=float, help="leave shorter songs out")
    prepare.add_argument("--held-out", type=float, default=0.1, help="share kept for measuring")
    prepare.add_argument("--variants", type=int, default=1, help="encodings of each song")
    prepare.add_argument("--seed", type=int, default=0, help="other variants")
    prepare.add_argument("--workers", type=int, default=1, help="processes (about 0.5 GB each)")
    prepare.add_argument("--prune", action="store_true", help="drop songs no longer in FOLDER")
    codec = prepare.add_argument_group("what encodes the songs (default: the model tiny)")
    codec.add_argument("--model", metavar="NAME", help="see jukebox-edu models")
    codec.add_argument("--sample-rate", type=int, help="no codes: to train a codec first")
    codec.add_argument("--hop-length", type=int, help="samples per top-level code of that codec")
    codec.add_argument("--weights", metavar="DIR", help="folder with a released model's files")
    codec.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    prepare.add_argument("--quiet", action="store_true", help="show no progress")
    prepare.set_defaults(run=run_prepare)


def run_prepare(arguments: argparse.Namespace) -> None:
    """Look at the folder, say what is there, and prepare it.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    from jukebox_edu.training.prepare import prepare
    from jukebox_edu.training.store_plan import make_plan

    if arguments.out is None and not arguments.report_only:
        raise ConfigError(must("out", None, "the name of a folder", "Or look with --report-only."))
    model = _model(arguments)
    plan = make_plan(
        model,
        arguments.sample_rate,
        arguments.hop_length,
        variants=arguments.variants,
        seed=arguments.seed,
    )
    if not arguments.report_only:
        arguments.if_stopped = (
            f"Stopped. Whole songs are kept in {arguments.out}; the same line goes on from there."
        )
    source = _source(arguments, model)
    _report(arguments, source, model, plan)
    if arguments.report_only:
        return
    store = prepare(
        source,
        arguments.out,
        model=model,
        sample_rate=plan.sample_rate,
        hop_length=plan.hop_length,
        workers=arguments.workers,
        variants=arguments.variants,
        held_out=arguments.held_out,
        seed=arguments.seed,
        prune=arguments.prune,
        progress=not arguments.quiet,
    )
    for line in _summary(store, source, arguments.held_out):
        print(line)


def _model(arguments: argparse.Namespace) -> Jukebox | None:
    """The model that encodes; None: sound only."""
    from jukebox_edu.model import load

    plain = arguments.sample_rate is not None or arguments.hop_length is not None
    if plain and arguments.model is None:
        return None
    name = arguments.model or "tiny"
    return load(name, arguments.device, "auto", arguments.weights)


def _source(arguments: argparse.Namespace, model: Jukebox | None) -> FolderSource | SongbookSource:
    """Where the songs come from."""
    from jukebox_edu.training.folder import FolderSource
    from jukebox_edu.training.songbook_source import SongbookSource

    shown = not arguments.quiet
    limits = _limits(model)
    least = arguments.min_seconds
    generated = _SONGBOOK.match(arguments.folder)
    if arguments.folder.startswith("songbook:") and not Path(arguments.folder).exists():
        if generated is None or int(generated[1]) == 0:
            raise ConfigError(must("folder", arguments.folder, "a folder, or songbook:N"))
        options = {} if least is None else {"min_seconds": least}
        return SongbookSource(range(int(generated[1])), progress=shown, **options)
    if least is None:
        least = 1.0 if limits is None else limits[0]
    cache = None
    if arguments.out is not None and not arguments.report_only:
        from jukebox_edu.sampling.run_folder import checked_folder

        cache = checked_folder(arguments.out) / "examined.json"
    return FolderSource(
        arguments.folder,
        arguments.table,
        min_seconds=least,
        workers=max(arguments.workers, 1),
        cache=cache,
        progress=shown,
    )


def _limits(model: Jukebox | None) -> tuple[float, float] | None:
    """Shortest and longest songs (seconds) that the priors of a model are told of."""
    labels = [prior.labels for prior in model.config.priors if prior.labels] if model else []
    timed = [config for config in labels if config.timing]
    if not timed:
        return None
    return max(c.min_duration for c in timed), min(c.max_duration for c in timed)


def _report(arguments: argparse.Namespace, source: Any, model: Jukebox | None, plan: Any) -> None:
    """Print what is there and what it will need, and write it as JSON if asked for."""
    from jukebox_edu.training.report import disk_bytes, size

    records = source.records()
    report = getattr(source, "report", None)
    if report is None:
        seconds = sum(record.seconds for record in records)
        print(f"{len(records)} songs of the songbook, {units.clock(seconds)} in all.")
        about: dict[str, Any] = {"folder": arguments.folder, "seconds": round(seconds, 3)}
        needed = disk_bytes(
            ((r.seconds, 1) for r in records),
            plan.sample_rate,
            plan.hop_lengths,
            variants=plan.variants,
        )
    else:
        print(report.text())
        about = report.to_json()
        needed = report.disk_bytes(plan.sample_rate, plan.hop_lengths, plan.variants)
    limits = _limits(model)
    if limits is not None:
        long = [record for record in records if record.seconds >= limits[1]]
        if long:
            name = model.config.name if model else ""
            print(
                f"{len(long)} of {len(records)} songs: {limits[1]:g} s or longer, which the priors "
                f"of {name} do not know; training cuts them into parts, between words where their "
                "times are known."
            )
    about["needed_bytes"] = needed
    place = Path(arguments.out) if arguments.out else Path.cwd()
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    print(f"Preparing needs about {size(needed)} of disk; {size(free)} are free.")
    if arguments.json:
        from jukebox_edu.sampling.storing import write_json

        write_json(Path(arguments.json), json.loads(json.dumps(about)))


def _summary(store: SongStore, source: Any, held_out: float) -> list[str]:
    """What is in the store now."""
    from jukebox_edu.training.prepare import missing
    from jukebox_edu.training.report import printable

    lines = [f"{printable(p.name)} could not be prepared: {printable(p.reason)}"
             for p in store.problems]  # fmt: skip
    gone = list(missing(store, source.records()))
    if gone:
        lines.append(
            f"{len(gone)} prepared songs are no longer in the folder (first: "
            f"{printable(gone[0])}); --prune drops them."
        )
    if held_out and not store.held_out and len(store) > 1:
        lines.append(
            "No song is held out for measuring: the lot falls on none of so few. "
            f"The same line with --held-out {_share_of_one(store):g} keeps one."
        )
    codes = f", codes by {store.codec}" if store.codec else ""
    lines.append(
        f"wrote {store.folder}: {len(store.train)} songs to train on, {len(store.held_out)} held "
        f"out, {units.clock(store.seconds)} at {store.sample_rate} Hz{codes}"
    )
    return lines


def _share_of_one(store: SongStore) -> float:
    """The smallest share, in hundredths, that holds out a song but not all of them."""
    from jukebox_edu.training.stored_song import lot

    return math.floor(100 * min(lot(song.name) for song in store.songs) + 1) / 100
