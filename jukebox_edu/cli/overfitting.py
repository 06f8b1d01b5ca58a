"""`jukebox-edu train overfit`: ten seconds of a recording, learned by heart from nothing.

What
    jukebox-edu train overfit song.mp3 --start 60 --seconds 10 --out ten
    jukebox-edu train overfit songbook:3 --out ten          no recording at hand

    It prepares, trains codec and priors, saves the model, lets it continue the first second, and
    compares with the original. The same line goes on after an interruption.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any


def add_overfit(whats: Any) -> None:
    """Add `overfit` to the parser of `train`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    parser = whats.add_parser(
        "overfit", help="everything at its smallest: ten seconds, learned by heart"
    )
    parser.add_argument("file", metavar="FILE", help="a recording, or songbook:SEED")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of runs and model")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds, default 0")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="default: 10")
    parser.add_argument("--preset", default="nano", metavar="NAME", help="nano (default), tiny")
    parser.add_argument(
        "--effort", type=float, default=1.0, metavar="X", help="so many times as many steps"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the song it writes")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run_overfit)


def run_overfit(arguments: argparse.Namespace) -> None:
    """Train, write, compare.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    from jukebox_edu import audio
    from jukebox_edu.model import load
    from jukebox_edu.sampling.storing import write_json
    from jukebox_edu.training.excerpt import Excerpt
    from jukebox_edu.training.overfit import (
        OverfitSteps,
        continued,
        measure_overfit,
        overfit,
    )
    from jukebox_edu.training.presets import find_preset
    from jukebox_edu.training.store import open_store

    preset, shown = find_preset(arguments.preset), not arguments.quiet
    steps = OverfitSteps().times(arguments.effort)
    source = Excerpt(arguments.file, arguments.start, arguments.seconds)
    record = source.records()[0]
    print(
        f"{record.name}, {record.seconds:.1f} s; all runs are kept in {arguments.out}", flush=True
    )
    arguments.if_stopped = (
        f"Stopped. What is done is in {arguments.out}; the same line goes on from there."
    )
    folder = Path(arguments.out)
    model_folder = overfit(
        source, folder, preset=preset, steps=steps, device=arguments.device, progress=shown
    )
    model, song = load(model_folder, arguments.device), open_store(folder / "data").songs[0]
    written = continued(model, song, folder / "song", seed=arguments.seed, progress=shown)
    written.save(folder / "song")
    audio.save(folder / "original.flac", song.samples(), song.sample_rate)
    figures = measure_overfit(model, song, written)
    write_json(folder / "figures.json", dataclasses.asdict(figures))
    print(figures.text())
    print(f"wrote {folder / 'original.flac'} and {folder / 'song'}: open "
          f"{folder / 'song' / 'index.html'}")  # fmt: skip
    print(f"next: jukebox-edu sample --model {model_folder} --out another-song")
