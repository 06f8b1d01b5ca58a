"""Do the paper's design decisions matter at small scale too? Train without them, and measure.

    python -m jukebox_edu.dev.ablations --out runs/ablations [--effort 1.0] [--seeds 0 1 2]

What
    songs      sing songs to train on and songs to measure on
    train      small codecs, `ablation_models`, each in a folder of its own
    measure    spectral convergence on the held-out songs
    write      results.json and results.png in the folder; a table on the screen

    Only the order is compared with the paper's: its codecs heard other songs, at 44.1 kHz, for
    days. No aid of ours takes part, neither the log-mel loss nor the phone head. A run that was
    interrupted goes on when the same command is given again. About 25 minutes on one quiet core;
    `--effort` is a factor on the steps.
Paper: [Jukebox §5.1], tables 4 to 6
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jukebox_edu.config import to_json_dict
from jukebox_edu.dev.ablation_models import CLIP, SAMPLE_RATE, VARIANTS, Variant, build, hear
from jukebox_edu.dev.ablation_results import Measured, markdown, panels, report
from jukebox_edu.dev.shared_autoencoder import SharedAutoencoder
from jukebox_edu.evaluation import spectra
from jukebox_edu.evaluation.codec import entropy_bits
from jukebox_edu.evaluation.songs import FIRST_SEED
from jukebox_edu.plotting.ablations import ablations_figure
from jukebox_edu.plotting.style import figure_png
from jukebox_edu.sampling.storing import write_json, write_whole
from jukebox_edu.training.clips import ClipShape, random_clips
from jukebox_edu.training.codeset import song_list
from jukebox_edu.training.loop import Loop, Surroundings
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.settings import LoopSettings, require
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.store import StoredSong, open_store
from jukebox_edu.training.vqvae_loop import measured_bandwidth
from jukebox_edu.vqvae.model import VQVAE

STEPS = 600  # of each training run
MOST_EFFORT = 3.5  # see `ablation_models.NEVER`
SECONDS = (7.0, 12.0)  # shortest and longest song


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    out: Path  # folder of everything
    effort: float = 1.0  # factor on the steps
    seeds: tuple[int, ...] = (0, 1, 2)  # of weights and clips
    n_songs: int = 64  # to train on
    n_held_out: int = 24  # to measure on

    def __post_init__(self) -> None:
        """Check the effort."""
        advice = "Longer runs would bring neglected codes back where they should stay away."
        allowed = f"above 0 and at most {MOST_EFFORT}"
        require(0 < self.effort <= MOST_EFFORT, "effort", self.effort, allowed, advice)

    def settings(self, seed: int) -> LoopSettings:
        """Settings of every run of a seed."""
        steps = max(1, round(STEPS * self.effort))
        return LoopSettings(
            steps=steps,
            batch=8,
            seed=seed,
            learning_rate=2e-3,
            decay_biases=True,
            warmup=min(50, steps // 4),
            log_every=50,
            save_every=100,
        )


@dataclass(frozen=True)
class Songs:
    """Songs of two kinds.

    Lesson: notebooks/13_measure_it.ipynb
    """

    train: tuple[StoredSong, ...]
    held_out: tuple[StoredSong, ...]  # generated from other seeds


def sing(plan: Plan) -> Songs:
    """Sing all songs, or find them in the folder.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    folders = {"train": (0, plan.n_songs), "held-out": (FIRST_SEED, plan.n_held_out)}
    found = []
    for name, (first, count) in folders.items():
        source = SongbookSource(range(first, first + count), seconds=SECONDS)
        hop = VARIANTS[0].config.hop_lengths[-1]
        out = plan.out / "songs" / name
        prepare(source, out, sample_rate=SAMPLE_RATE, hop_length=hop, held_out=0.0, prune=True)
        found.append(open_store(out).songs)
    return Songs(*found)


def train(
    variant: Variant, songs: Sequence[StoredSong], settings: LoopSettings, out: Path
) -> tuple[VQVAE | SharedAutoencoder, float]:
    """Train a variant, or go on with it; returns it with its seconds of work.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    model = build(variant, settings.seed)
    shape = ClipShape(CLIP, variant.config.hop_lengths[-1])
    bandwidth = measured_bandwidth(songs, shape, SAMPLE_RATE, settings.seed)
    levels: dict[str, Any] = {} if variant.shared else {"levels": (variant.level,)}
    about = {"kind": "ablation", "model": to_json_dict(variant.config), "data": song_list(songs)}
    with Loop(
        variant.name,
        settings,
        {"model": model},
        about={**about, "variant": asdict(variant)},
        around=Surroundings(out),
        seed=0,  # the same for all variants: they see the same clips
    ) as loop:
        for _ in loop.steps():
            clips = random_clips(songs, shape, settings.batch, loop.random)
            result = model.losses(
                clips.audio, bandwidth=bandwidth, generator=loop.generator, **levels
            )
            values = {"total": result.total, "recons": result.recons}
            values |= {"spectral": result.multispectral, "commit": result.commit}
            loop.backward(result.total, {name: v.detach() for name, v in values.items()})
            loop.update()
    return model, loop.result().rows[-1]["seconds"]


def measure(
    model: VQVAE | SharedAutoencoder, variant: Variant, songs: Sequence[StoredSong], seconds: float
) -> Measured:
    """Figures of a trained variant on songs that it has not heard.

    Lesson: notebooks/04_three_levels.ipynb
    """
    hop = variant.config.hop_lengths[-1]
    db, all_levels, counts = [], [], np.zeros(variant.config.codebook_size, np.int64)
    for song in songs:
        sound = torch.from_numpy(song.samples(0, song.length // hop * hop))
        heard = hear(model, variant, sound)
        db.append(spectra.to_db(spectra.convergence(sound, heard.sound)))
        if heard.all_levels is not None:
            all_levels.append(spectra.to_db(spectra.convergence(sound, heard.all_levels)))
        counts += np.bincount(heard.codes.numpy(), minlength=len(counts))
    named = variant.codebook_size is not None
    return Measured(
        tuple(db),
        tuple(all_levels),
        used=int((counts > 0).sum()) if named else None,
        perplexity=2 ** entropy_bits(counts) if named else None,
        seconds=seconds,
    )


def run(plan: Plan) -> dict[int, dict[str, Measured]]:
    """Train and measure everything: seed -> name of the variant -> figures.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    songs = sing(plan)
    results: dict[int, dict[str, Measured]] = {}
    for seed in plan.seeds:
        results[seed] = {}
        for variant in VARIANTS:
            out = plan.out / f"seed-{seed}" / variant.name
            model, seconds = train(variant, songs.train, plan.settings(seed), out)
            results[seed][variant.name] = measure(model, variant, songs.held_out, seconds)
    return results


def machine() -> dict[str, Any]:
    """What the figures were computed on; they do not depend on it but for rounding.

    Lesson: notebooks/13_measure_it.ipynb
    """
    name, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
        "load average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def write(plan: Plan, results: dict[int, dict[str, Measured]]) -> Path:
    """Write results.json and results.png; returns the path of the former.

    Lesson: notebooks/13_measure_it.ipynb
    """
    settings = plan.settings(plan.seeds[0])
    told = {
        "what": "spectral convergence of small codecs, each with one thing changed, dB",
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
        "effort": plan.effort,
        "seeds": list(plan.seeds),
        "songs": {"train": plan.n_songs, "held out": plan.n_held_out},
        "steps of each run": settings.steps,
        "clips": {"per step": settings.batch, "samples": CLIP, "sample rate": SAMPLE_RATE},
        "training seconds": round(sum(m.seconds for row in results.values() for m in row.values())),
        **report(results),
    }
    path = plan.out / "results.json"
    write_json(path, told)
    picture = figure_png(ablations_figure(panels(results)))
    write_whole(plan.out / "results.png", lambda file: file.write(picture))
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    parser = argparse.ArgumentParser(prog="ablations", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on all steps")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--songs", type=int, default=64, help="songs to train on")
    parser.add_argument("--held-out", type=int, default=24, help="songs to measure on")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    plan = Plan(given.out, given.effort, tuple(given.seeds), given.songs, given.held_out)
    results = run(plan)
    path = write(plan, results)
    sys.stdout.write(f"{markdown(results)}\n{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
