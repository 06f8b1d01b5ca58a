"""Train the bundled model from nothing: `python -m jukebox_edu.dev.train_tiny --out runs/tiny`.

What
    songs      sing the training songs, and some to look at now and then
    listener   train the small network that teaches the codec to keep phones
    vqvae-*    train each level of the codec (two at a time, one core each)
    codes      encode all songs (two at a time), if the first gate is passed
    prior-*    train each prior (two at a time)
    save       the model folder
    measure    figures on songs never trained on, log and card, in that folder
    words      the other gates

    A finished stage is not repeated when the command is given again, and a stage that was killed
    goes on from its last state, at most `SAVE_EVERY` steps back, with the same result. The gates
    (`gates.py`) stop it where going on is useless.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from jukebox_edu.dev.gates import (
    GateMissed,
    check,
    deletion_gate,
    probe_gate,
    word_gates,
)
from jukebox_edu.dev.tiny_recipe import RUNS, Recipe, codec_of, rounds_before, vocabularies
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model import load
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.storing import read_json, write_json, write_whole
from jukebox_edu.training import presets
from jukebox_edu.training.codeset import coded_songs
from jukebox_edu.training.listener import Heard, Listener, train_listener
from jukebox_edu.training.prepare import encode_store, prepare
from jukebox_edu.training.prior_loop import train_prior
from jukebox_edu.training.results import Unfinished, trained_prior
from jukebox_edu.training.run import LOG_FILE, read_log
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import open_store
from jukebox_edu.training.vqvae_loop import train_vqvae
from jukebox_edu.vqvae.model import VQVAE


def stage_songs(recipe: Recipe) -> None:
    """Sing; songs to measure the finished model on are other seeds, sung when they are needed."""
    codec = recipe.config.vqvae
    prepare(
        recipe.source,
        recipe.songs,
        sample_rate=codec.sample_rate,
        hop_length=codec.hop_lengths[-1],
        held_out=0.06,
        workers=2,
    )
    write_json(recipe.out / "songs.done", {"songs": recipe.n_songs})


def new_listener(recipe: Recipe) -> Listener:
    """A listener for the codec's rate and top-level codes.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    codec = recipe.config.vqvae
    return Listener(codec.sample_rate, codec.hop_lengths[-1])


def stage_listener(recipe: Recipe) -> None:
    """Train the listener on the songs themselves."""
    codec, songs = recipe.config.vqvae, open_store(recipe.songs).train
    training = presets.tiny_listener(recipe.effort)
    listener = train_listener(songs, codec.sample_rate, codec.hop_lengths[-1], training)
    data = save(listener.state_dict())
    write_whole(recipe.out / "listener.safetensors", lambda file: file.write(data))


def go_on_from(start: str, module: nn.Module, trained: nn.Module) -> None:
    """Take over the weights of the model named `start`.

    Raises
    ------
    ConfigError
        If it has another shape.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        module.load_state_dict(trained.state_dict())
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise ConfigError(must("start", start, "a model of the recipe's shape", first)) from None


def stage_vqvae(recipe: Recipe, level: int) -> None:
    """Train one level of the codec."""
    run = f"vqvae-{level}"
    with seeded(level):
        vqvae = VQVAE(recipe.config.vqvae)
    if recipe.start:
        go_on_from(recipe.start, vqvae, load(recipe.start, device="cpu").vqvae)
    listener = new_listener(recipe)
    listener.load_state_dict(load_file(recipe.out / "listener.safetensors"))
    train_vqvae(
        vqvae,
        open_store(recipe.songs).train,
        recipe.settings(run),
        losses=[Heard(presets.HEARD[level], listener)],
        out=recipe.out / run,
        device=recipe.device,
    )


def stage_codes(recipe: Recipe, go_on: bool = False) -> None:
    """Encode all songs; short ones are filled up to a whole window with silence."""
    held_out = open_store(recipe.songs).held_out
    gate = probe_gate(codec_of(recipe), list(held_out))
    check(recipe.out / "gates.json", [gate], go_on)
    unfinished: Any = Unfinished(codec_of(recipe), recipe.config)
    store = encode_store(recipe.songs, unfinished, workers=2)
    write_json(recipe.out / "codes.done", {"codec": store.codec})


def stage_prior(recipe: Recipe, level: int) -> None:
    """Train one prior."""
    run, names, store = f"prior-{level}", vocabularies(recipe), open_store(recipe.songs)
    with seeded(100 + level):
        prior = Prior(recipe.config.priors[level])
    if recipe.start:
        go_on_from(recipe.start, prior, load(recipe.start, device="cpu").priors[level])
    lists = {"artists": list(names.artists.names), "genres": list(names.genres.names)}
    songs, held_out = (
        coded_songs(store, [recipe.config.priors[level]], names, split)
        for split in ("train", "held_out")
    )
    train_prior(
        prior,
        songs,
        recipe.settings(run),
        held_out=held_out,
        out=recipe.out / run,
        device=recipe.device,
        notes={**lists, "codec": store.codec},
    )


def stage_save(recipe: Recipe) -> None:
    """The model folder."""
    from jukebox_edu.checkpoints import KnownNames, save_model

    names = vocabularies(recipe)
    known = KnownNames(names.artists.names, names.genres.names)
    priors = [trained_prior(recipe.out / f"prior-{level}").prior for level in range(3)]
    for prior, own in zip(priors, recipe.config.priors, strict=True):  # chosen after training
        prior.config = dataclasses.replace(
            prior.config, temperature=own.temperature, guidance=own.guidance
        )
    save_model(
        recipe.model,
        recipe.config,
        codec_of(recipe),
        priors,
        known_names=known,
        dtype=torch.float16,
    )


def stage_measure(recipe: Recipe) -> None:
    """Figures on songs that were never trained on, with log and card, in the model folder."""
    from jukebox_edu.dev.model_card import write_card
    from jukebox_edu.evaluation import evaluate, from_songbook

    model = load(recipe.model, device="cpu")
    songs = from_songbook(model, recipe.n_held_out)
    report = evaluate(model, songs, source=f"{recipe.n_held_out} songs of the songbook")
    before = "".join(json.dumps(row) + "\n" for row in rounds_before(recipe.start))
    joined = b"".join((recipe.out / run / LOG_FILE).read_bytes() for run in RUNS)
    joined += before.encode() + (recipe.out / "stages.jsonl").read_bytes()
    write_whole(recipe.model / "training.jsonl", lambda file: file.write(joined))
    n_songs = len(open_store(recipe.songs).train)
    write_card(
        recipe.model / "README.md", recipe.config, report, recipe.model / "training.jsonl", n_songs
    )
    write_json(recipe.model / "figures.json", report.to_json())


def stage_words(recipe: Recipe, go_on: bool = False) -> None:
    """The gates of the finished model: the lyrics must be used, and their phones heard."""
    from jukebox_edu.dev.singing_study import read_study
    from jukebox_edu.evaluation import Report

    gates = word_gates(Report.from_json(read_json(recipe.model / "figures.json")))
    study = recipe.model / "singing.json"
    sung = read_study(study).sound("sung") if study.is_file() else None
    if sung is not None:
        gates.append(deletion_gate(sung.best.deletions.mean))
    check(recipe.out / "gates.json", gates, go_on)


STAGES: dict[str, Callable[[Recipe, bool], None]] = {
    "songs": lambda r, go_on: stage_songs(r),
    "listener": lambda r, go_on: stage_listener(r),
    "vqvae-2": lambda r, go_on: stage_vqvae(r, 2),
    "vqvae-1": lambda r, go_on: stage_vqvae(r, 1),
    "vqvae-0": lambda r, go_on: stage_vqvae(r, 0),
    "codes": stage_codes,
    "prior-2": lambda r, go_on: stage_prior(r, 2),
    "prior-1": lambda r, go_on: stage_prior(r, 1),
    "prior-0": lambda r, go_on: stage_prior(r, 0),
    "save": lambda r, go_on: stage_save(r),
    "measure": lambda r, go_on: stage_measure(r),
    "words": stage_words,
}
# rows run one after the other; the lists within a row run side by side
ORDER = (
    [["songs"]],
    [["listener"]],
    [["vqvae-2"], ["vqvae-1", "vqvae-0"]],
    [["codes"]],
    [["prior-2"], ["prior-1", "prior-0"]],
    [["save", "measure", "words"]],
)


def is_done(recipe: Recipe, stage: str) -> bool:
    """Whether a stage has left its result.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    files = {"save": recipe.model / "config.json", "measure": recipe.model / "figures.json"}
    files |= {name: recipe.out / f"{name}.done" for name in ("songs", "codes")}
    files["listener"] = recipe.out / "listener.safetensors"
    if stage == "words":  # takes no time
        return False
    return recipe.finished(stage) if stage in RUNS else files[stage].exists()


def run_stage(recipe: Recipe, stage: str, go_on: bool = False) -> None:
    """Do one stage, unless its result is there already.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if is_done(recipe, stage):
        return
    torch.set_num_threads(1)
    started = time.monotonic()
    STAGES[stage](recipe, go_on)
    seconds = time.monotonic() - started
    if stage in RUNS:  # counts the time before interruptions too
        seconds = read_log(recipe.out / stage)[-1]["seconds"]
    row = {"stage": stage, "wall_seconds": round(seconds, 1)}
    if recipe.start:
        row["start"] = Path(recipe.start).name
    with open(recipe.out / "stages.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    parser = argparse.ArgumentParser(prog="train_tiny", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--name", default="tiny-new", help="name of the model")
    parser.add_argument("--songs", type=int, default=8000, help="songs, half a MB each")
    parser.add_argument("--held-out", type=int, default=48, help="songs to measure on")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on all steps")
    parser.add_argument("--device", default="cpu", help="where to train: cpu, cuda")
    parser.add_argument("--start", default="", help="model that goes on learning")
    parser.add_argument("--compiled", action="store_true", help="compile priors; needs g++")
    parser.add_argument("--go-on", action="store_true", help="do not stop at a missed gate")
    parser.add_argument("--stages", nargs="*", choices=list(STAGES), help="only these, in order")
    given = parser.parse_args(arguments)
    recipe = Recipe(
        given.out, given.name, given.songs, given.held_out, given.effort, given.device,
        given.start, given.compiled,
    )  # fmt: skip
    recipe.out.mkdir(parents=True, exist_ok=True)
    if given.stages:
        try:
            for stage in given.stages:
                run_stage(recipe, stage, given.go_on)
        except GateMissed as missed:
            print(f"train_tiny stops: {missed}", file=sys.stderr)
            return 3
        return 0
    for row in ORDER:
        calls = [_command(given) + ["--stages", *stages] for stages in row]
        running = [subprocess.Popen(call, env=_one_thread()) for call in calls]
        ends = [process.wait() for process in running]  # below 0: killed
        if any(ends):
            return next(end for end in ends if end)
    return 0


def _command(given: argparse.Namespace) -> list[str]:
    return [
        sys.executable, "-m", "jukebox_edu.dev.train_tiny", "--out", str(given.out),
        "--name", given.name, "--songs", str(given.songs), "--held-out", str(given.held_out),
        "--effort", str(given.effort), "--device", given.device,
        "--start", given.start, *(["--go-on"] if given.go_on else []),
        *(["--compiled"] if given.compiled else []),
    ]  # fmt: skip


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
