"""Train the judges from nothing: `python -m jukebox_edu.dev.train_judges --codec tiny`.

What
    songs      sing the songs they learn from, clean ones and ones through the codec
    clean      train recogniser, voice and style on clean songs
    tuned      let each go on with songs that passed through the codec, clean ones among them
    save       the folder of judges
    measure    their figures on songs of other seeds, real and through the codec; the card

    A finished part is not repeated when the command is given again. Without --codec only the clean
    judges are trained; the same command with --codec goes on from them. A codec is a model's name
    or folder, or a folder of `train_tiny` whose codes are there and whose priors need not be.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from jukebox_edu.dev import judge_songs, measure_judges
from jukebox_edu.dev.judge_songs import JudgeSong, sung
from jukebox_edu.dev.judge_training import (
    LoopSettings,
    choose_penalty,
    phones_label,
    style_label,
    train_judge,
    voice_label,
)
from jukebox_edu.dev.tiny_recipe import Recipe as TinyRecipe
from jukebox_edu.dev.tiny_recipe import codec_of, vocabularies
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.judges.classifiers import ClassifierConfig
from jukebox_edu.evaluation.judges.files import PanelConfig, load_judges, new_panel, save_judges
from jukebox_edu.evaluation.judges.panel import Judges, Panel
from jukebox_edu.evaluation.judges.recogniser import RecogniserConfig
from jukebox_edu.model import Jukebox, load
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.storing import read_json, write_json, write_whole
from jukebox_edu.songbook import STYLES, VOICES
from jukebox_edu.training.store_plan import codec_digest

SHAPE = PanelConfig(
    RecogniserConfig(), 2.0, ClassifierConfig(tuple(VOICES)), ClassifierConfig(tuple(STYLES))
)
LABELS = {"recogniser": phones_label, "voice": voice_label, "style": style_label}
CLEAN = {
    "recogniser": LoopSettings(steps=2500, frames=128),
    "voice": LoopSettings(steps=500, frames=256, seed=1),
    "style": LoopSettings(steps=1500, frames=384, seed=2),
}
TUNED = {
    "recogniser": LoopSettings(steps=2000, frames=128, rate=1e-3, seed=3),
    "voice": LoopSettings(steps=250, frames=256, rate=1e-3, seed=4),
    "style": LoopSettings(steps=700, frames=384, rate=1e-3, seed=5),
}
N_CHOOSING = 30  # songs on which the penalty is chosen


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is trained, from how much, and where."""

    out: Path  # folder of the judges
    work: Path  # folder of songs and unfinished judges
    codec: str | None  # a model's name or folder, or train_tiny's; None: no tuned panel
    n_songs: int  # clean songs
    n_tuning: int  # songs through the codec
    n_test: int  # songs to measure on
    n_pitch: int  # of them, songs whose pitch is followed, which takes longest
    effort: float  # factor on all steps
    name: str = ""  # of the codec's model, where a folder of train_tiny is called otherwise


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _train(
    network: nn.Module, path: Path, songs: Callable[[], Sequence[JudgeSong]], name: str,
    settings: LoopSettings, effort: float,
) -> None:  # fmt: skip
    """Train one network and keep it in a file; read it if the file is there."""
    if path.is_file():
        network.load_state_dict(torch.load(path, weights_only=True))
        return
    settings = dataclasses.replace(settings, steps=max(1, int(settings.steps * effort)))
    began, used = time.perf_counter(), time.process_time()

    def shown(row: dict[str, float]) -> None:
        if row["step"] % 50 == 0:
            seconds = time.process_time() - used
            _say(f"{path.stem} {row['step']:.0f}/{settings.steps} loss {row['loss']:.3f} "
                 f"accuracy {row['accuracy']:.3f} cpu {seconds:.0f} s "
                 f"wall {time.perf_counter() - began:.0f} s")  # fmt: skip

    train_judge(network, songs(), LABELS[name], settings, shown)
    write_whole(path, lambda file: torch.save(network.state_dict(), file))
    spent = round(time.process_time() - used)
    write_json(path.with_suffix(".json"), {"steps": settings.steps, "cpu_seconds": spent})


def tuned_kind(model: Jukebox) -> str:
    """Name of the unfinished judges of a codec; another codec has others.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return f"tuned-{codec_digest(model.vqvae)}"


def training_record(recipe: Recipe, model: Jukebox | None) -> dict[str, Any]:
    """From how much each network learned, as far as it is written down.

    Lesson: notebooks/13_measure_it.ipynb
    """
    kinds = ("clean", *(() if model is None else (tuned_kind(model),)))
    names = [f"{kind}-{name}" for kind in kinds for name in LABELS]
    known = {name: recipe.work / f"{name}.json" for name in names}
    rows = {name: read_json(path) for name, path in known.items() if path.is_file()}
    return {"songs": recipe.n_songs, "tuning_songs": recipe.n_tuning, "networks": rows}


def _train_panel(
    recipe: Recipe, kind: str, panel: Panel, songs: Callable[[], Sequence[JudgeSong]],
    choosing: Callable[[], Sequence[JudgeSong]],
) -> Panel:  # fmt: skip
    """Train the three networks of a panel and choose its penalty."""
    plans = CLEAN if kind == "clean" else TUNED
    for name, settings in plans.items():
        path = recipe.work / f"{kind}-{name}.pt"
        _train(getattr(panel, name), path, songs, name, settings, recipe.effort)
    penalty = choose_penalty(panel, choosing())
    _say(f"{kind}: penalty {penalty}")
    return dataclasses.replace(panel, penalty=penalty)


def fresh_panel(seed: int = 0) -> Panel:
    """A panel with random weights; the same for the same seed.

    Lesson: notebooks/13_measure_it.ipynb
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return new_panel(SHAPE)


def train(recipe: Recipe, model: Jukebox | None) -> Judges:
    """Sing, train and save; what is there already is read.

    Lesson: notebooks/13_measure_it.ipynb
    """
    songs = partial(sung, recipe.work / "songs" / "clean")
    clean_songs = partial(songs, judge_songs.TRAINING_SEEDS, recipe.n_songs)
    choosing = partial(songs, judge_songs.CHOOSING_SEEDS, N_CHOOSING)
    recipe.work.mkdir(parents=True, exist_ok=True)
    clean = _train_panel(recipe, "clean", fresh_panel(), clean_songs, choosing)
    tuned, codec = None, ""
    if model is not None:
        digest = codec_digest(model.vqvae)
        codec = f"{model.config.name} {digest}"
        through = partial(sung, recipe.work / "songs" / f"through-{digest}", model=model)

        def mixed() -> Sequence[JudgeSong]:
            own = through(judge_songs.TUNING_SEEDS, recipe.n_tuning)
            return [*own, *clean_songs()[: recipe.n_tuning // 4]]

        tuned = _train_panel(
            recipe, tuned_kind(model), copy.deepcopy(clean), mixed,
            partial(through, judge_songs.CHOOSING_SEEDS, N_CHOOSING),
        )  # fmt: skip
    judges = Judges(clean, tuned, codec)
    save_judges(recipe.out, judges)
    return load_judges(recipe.out)  # as others will read them


def codec_model(codec: str, name: str = "") -> Jukebox:
    """A model by name or folder; of a folder of `train_tiny`, its codec with priors left at random.

    That model has the given name, or else the folder's.

    Raises
    ------
    ConfigError
        If `train_tiny` has not finished its codec.

    Lesson: notebooks/13_measure_it.ipynb
    """
    folder = Path(codec)
    if not (folder / "songs.done").is_file():
        return load(codec, device="cpu")
    if not (folder / "codes.done").is_file():
        advice = "Wait for its stage codes."
        raise ConfigError(must("codec", codec, "a folder whose codec is finished", advice))
    training = TinyRecipe(folder, name or folder.name, 0, 0, 1.0)
    priors = [Prior(prior) for prior in training.config.priors]
    names = vocabularies(training)
    return Jukebox(training.config, codec_of(training), priors, (names,) * len(priors))


def parsed(arguments: Sequence[str] | None = None) -> Recipe:
    """Read the command line.

    Lesson: notebooks/13_measure_it.ipynb
    """
    parser = argparse.ArgumentParser(description="Train the judges of the songbook.")
    parser.add_argument("--out", type=Path, default=Path("judges"), help="folder of the judges")
    parser.add_argument("--work", type=Path, default=Path("runs/judges"), help="unfinished things")
    parser.add_argument("--codec", help="whose codec the tuned judges shall know")
    parser.add_argument("--name", default="", help="of its model; default: that of the folder")
    parser.add_argument("--songs", type=int, default=2000, help="clean songs to learn from")
    parser.add_argument("--tuning-songs", type=int, default=500, help="songs through the codec")
    parser.add_argument("--test-songs", type=int, default=48, help="songs to measure on")
    parser.add_argument("--pitch-songs", type=int, default=24, help="of them, for pitch")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on all training steps")
    given = parser.parse_args(arguments)
    return Recipe(
        given.out, given.work, given.codec, given.songs, given.tuning_songs, given.test_songs,
        given.pitch_songs, given.effort, given.name,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the recipe of the command line.

    Lesson: notebooks/13_measure_it.ipynb
    """
    recipe = parsed(arguments)
    model = None if recipe.codec is None else codec_model(recipe.codec, recipe.name)
    judges = train(recipe, model)
    figures: dict[str, Any] = measure_judges.measure(judges, model, recipe.n_test, recipe.n_pitch)
    figures["training"] = training_record(recipe, model)
    measure_judges.write(recipe.out, figures, judges)
    _say(json.dumps(figures["judges"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
