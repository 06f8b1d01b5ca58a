"""Which hops and strides should a small codec have? Train single levels, and measure.

    python -m jukebox_edu.dev.codec_study --songs STORE --listener FILE --out runs/codec-study
    python -m jukebox_edu.dev.codec_study --out runs/codec-study --table

What
    Every variant of `codec_variants` is trained for the same number of steps on the same songs and
    measured on the first seconds of held-out songs: waveform, spectra, and the share of sung
    frames whose phone the frozen listener hears in the reconstruction. The real sound is the
    ceiling of that, the commonest phone the floor. Of top levels a probe reads the codes, too.

    Equal steps are not equal work: seconds of one core for a step stand beside the figures. One
    seed, a short training: small differences mean nothing, and intervals over songs do not tell
    how another seed would have come out. The listener helped to train most variants and then
    judges them; the probe of a longer hop sees more time and has fewer codes to learn from.

    results.json is written after every variant, and those in it are not repeated; a run that was
    interrupted goes on when the same command is given again. Songs and listener are those that
    `train_tiny` leaves. About three minutes of one core each.
Paper: [Jukebox §3, §5.1]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from jukebox_edu.dev.ablations import machine
from jukebox_edu.dev.codec_results import ceiling, measure, pieces, table
from jukebox_edu.dev.codec_variants import BY_NAME, HeardAtHop, PhonesAtHop, Variant, with_hop
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.sampling.storing import read_json, write_json
from jukebox_edu.training import presets
from jukebox_edu.training.extras import ExtraLoss
from jukebox_edu.training.listener import Listener
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import StoredSong, open_store
from jukebox_edu.training.vqvae_loop import train_vqvae
from jukebox_edu.vqvae.model import VQVAE


class Pace:
    """Writes down seconds of processor time of the steps between two rows of the log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: tuple[int, float] | None = None  # step, processor seconds

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Take note of a row."""
        now = (int(row["step"]), time.process_time())
        if self._last is not None:
            told = {"steps": now[0] - self._last[0], "seconds": now[1] - self._last[1]}
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(told) + "\n")
        self._last = now

    def seconds_per_step(self) -> float | None:
        """Mean over all that was noted, before interruptions too; None: nothing."""
        if not self.path.is_file():
            return None
        rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return float(sum(r["seconds"] for r in rows) / sum(r["steps"] for r in rows))


def train(
    variant: Variant, songs: Sequence[StoredSong], listener: Listener, steps: int, out: Path
) -> tuple[VQVAE, float | None]:
    """Train a variant, or go on with it; returns it with the processor seconds of a step."""
    training, hop = variant.training(steps), variant.config.hop_lengths[-1]
    with seeded(variant.level):
        vqvae = VQVAE(variant.config)
    aids: list[ExtraLoss] = []
    if variant.listener:
        aids.append(HeardAtHop(presets.HEARD[variant.level], listener, hop))
    if training.phone:  # the loop's own head would see fewer milliseconds at a shorter hop
        with seeded(training.seed):
            aids.append(PhonesAtHop(training.phone, variant.config, listener.hop_length))
        training = replace(training, phone=0.0)
    out.mkdir(parents=True, exist_ok=True)
    pace = Pace(out / "pace.jsonl")
    own = [with_hop(song, hop) for song in songs]
    train_vqvae(vqvae, own, training, losses=aids, out=out, watch=pace)
    return vqvae.eval(), pace.seconds_per_step()


def study(store_folder: Path, weights: Path, out: Path, steps: int, names: Sequence[str]) -> None:
    """Train and measure the variants that results.json does not hold yet.

    Raises
    ------
    ConfigError
        If what it holds was trained for another number of steps.

    Lesson: notebooks/04_three_levels.ipynb
    """
    results = out / "results.json"
    before = read_json(results).get("steps", steps) if results.is_file() else steps
    if before != steps:
        advice = "Take another folder for other trainings."
        raise ConfigError(must("steps", steps, f"{before}, as in {results}", advice))
    store = open_store(store_folder)
    listener = Listener(store.sample_rate, store.hop_length)
    listener.load_state_dict(load_file(weights))
    listener.eval().requires_grad_(False)
    found = pieces(store)
    for name in names:
        if results.is_file() and name in read_json(results)["variants"]:
            continue
        variant, folder = BY_NAME[name], out / name.replace(" ", "-").replace(",", "")
        vqvae, pace = train(variant, store.train, listener, steps, folder)
        told = {"cpu_seconds_per_step": pace, **measure(variant, vqvae, found, listener)}
        # read again: another process may have added variants of its own
        known: dict[str, Any] = read_json(results) if results.is_file() else {"variants": {}}
        known["variants"][name] = told
        shape = variant.training(steps)
        known |= {
            "steps": steps,
            "audio_seconds": steps * shape.batch * shape.clip / store.sample_rate,
            "songs": {"train": len(store.train), "held out": len(found.tested)},
            "real": ceiling(found, listener),
            "machine": machine(),
        }
        write_json(results, known)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command."""
    parser = argparse.ArgumentParser(prog="codec_study", description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=Path, help="store of sung songs")
    parser.add_argument("--listener", type=Path, help="weights that `train_tiny` has left")
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--steps", type=int, default=500, help="of each training run")
    parser.add_argument("--variants", nargs="*", default=list(BY_NAME), choices=list(BY_NAME))
    parser.add_argument("--table", action="store_true", help="only print what is known")
    given = parser.parse_args(arguments)
    if given.table:
        sys.stdout.write(table(read_json(given.out / "results.json")) + "\n")
        return 0
    if given.songs is None or given.listener is None:
        parser.error("--songs and --listener are needed")
    torch.set_num_threads(1)
    study(given.songs, given.listener, given.out, given.steps, given.variants)
    return 0


if __name__ == "__main__":
    sys.exit(main())
