"""`jukebox-edu train`: a codec, priors over its codes, and a model of both.

What
    jukebox-edu prepare MUSIC --out data --sample-rate 8000 --hop-length 128
    jukebox-edu train vqvae data --out codec --preset nano
    jukebox-edu train prior data --out top --level 2 --codec codec --preset nano
    ... --level 1, --level 0 ...
    jukebox-edu train save --codec codec --prior top middle bottom --out my-model

    jukebox-edu prepare MUSIC --out data                            further from a model:
    jukebox-edu train prior data --out more --level 2 --from tiny
    jukebox-edu train save --from tiny --prior more --out my-tiny

    The same line goes on after an interruption. With `--minutes` instead of `--steps` the learning
    rate follows the clock, so that it has come down when the time is up, whatever the speed.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu.errors import ConfigError, must

if TYPE_CHECKING:
    from jukebox_edu.training.beginning import Beginning
    from jukebox_edu.training.loop import TrainingResult
    from jukebox_edu.training.presets import Preset
    from jukebox_edu.training.prior_loop import PriorTraining
    from jukebox_edu.training.store import SongStore
    from jukebox_edu.vqvae.model import VQVAE

# options that are settings of the loop under the same name
_SETTINGS = ("batch", "accumulate", "learning_rate", "precision", "average", "seed", "save_every",
             "evaluate_every", "sample_every", "log_every")  # fmt: skip
DEFAULT_PRESET = "nano"
EVALUATE_EVERY = 100  # steps, where nothing else is said


def add_commands(commands: Any) -> None:
    """Add `train` to the parser.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    from jukebox_edu.cli.overfitting import add_overfit

    train = commands.add_parser("train", help="train a codec or a prior on your songs")
    whats = train.add_subparsers(dest="what", metavar="WHAT", required=True)
    vqvae = whats.add_parser("vqvae", help="sound to codes and back; first")
    vqvae.add_argument("--level", default="all", metavar="N", help="one level alone (default: all)")
    prior = whats.add_parser("prior", help="a model of the codes of one level")
    prior.add_argument("--level", type=int, required=True, metavar="N", help="0 is the bottom")
    _add_origin(prior)
    prior.add_argument(
        "--train", metavar="WHAT", help="with --from: all (default), top or labels (new names)"
    )
    for parser, run in ((vqvae, run_vqvae), (prior, run_prior)):
        _add_run_options(parser)
        parser.set_defaults(run=run)
    save = whats.add_parser("save", help="put codec and priors together as a model")
    _add_origin(save)
    save.add_argument("--prior", nargs="+", required=True, metavar="RUN",
                      help="one per level; with --from those that were trained")  # fmt: skip
    save.add_argument("--out", required=True, metavar="DIR", help="folder of the model")
    save.add_argument("--name", help="of the model (default: that of the folder)")
    save.add_argument("--licence", help="of the weights, in words")
    save.add_argument("--dtype", default="float16", choices=("float16", "float32"))
    save.set_defaults(run=run_save)
    add_overfit(whats)


def _add_origin(parser: argparse.ArgumentParser) -> None:
    """Where codec and perhaps priors come from."""
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument(
        "--codec", nargs="+", metavar="RUN",
        help="new priors over the codes of `train vqvae` runs (one, or one per level) or a model",
    )  # fmt: skip
    origin.add_argument(
        "--from", dest="base", metavar="MODEL", help="fine-tune the priors of a model, e.g. tiny"
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """What both kinds of training are told."""
    parser.add_argument("data", metavar="DATA", help="folder made by jukebox-edu prepare")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder of this run")
    parser.add_argument("--preset", metavar="NAME", help="nano (default), tiny, small_..., paper")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, metavar="N", help="default: the preset's")
    length.add_argument("--minutes", type=float, metavar="M", help="instead: working time")
    parser.add_argument("--batch", type=int, metavar="N", help="examples at once")
    parser.add_argument("--accumulate", type=int, metavar="N", help="batches per step")
    parser.add_argument("--learning-rate", type=float, metavar="X", help="peak")
    parser.add_argument("--precision", help="float32, bfloat16, float16 (GPU)")
    parser.add_argument("--average", type=float, metavar="X", help="weight average, e.g. 0.999")
    parser.add_argument("--seed", type=int, help="another number, another run")
    parser.add_argument("--log-every", type=int, metavar="N", help="steps per row of the log")
    parser.add_argument("--save-every", type=int, metavar="N", help="steps between states")
    parser.add_argument("--evaluate-every", type=int, metavar="N", help="0: never (default: 100)")
    parser.add_argument("--sample-every", type=int, metavar="N", help="sounds; 0: never (default)")
    parser.add_argument("--tensorboard", action="store_true", help="log for TensorBoard, too")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _settings(arguments: argparse.Namespace, preset: Any, has_held_out: bool) -> Any:
    """The preset's settings with what the command line changes."""
    given = {name: getattr(arguments, name) for name in _SETTINGS}
    changed = {name: value for name, value in given.items() if value is not None}
    if arguments.minutes is not None:
        changed |= {"minutes": arguments.minutes, "steps": None}
    elif arguments.steps is not None:
        changed["steps"] = arguments.steps
    changed.setdefault("evaluate_every", EVALUATE_EVERY if has_held_out else 0)
    return dataclasses.replace(preset, tensorboard=arguments.tensorboard, **changed)


def run_vqvae(arguments: argparse.Namespace) -> None:
    """Train a codec.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    from jukebox_edu.training.presets import find_preset
    from jukebox_edu.training.state import seeded
    from jukebox_edu.training.store import open_store
    from jukebox_edu.training.vqvae_loop import train_vqvae
    from jukebox_edu.vqvae.model import VQVAE

    preset = find_preset(arguments.preset or DEFAULT_PRESET)
    store = open_store(arguments.data)
    level = None if arguments.level == "all" else _level(arguments.level)
    training = _settings(arguments, preset.codec_training(level), bool(store.held_out))
    with seeded(training.seed):
        vqvae = VQVAE(preset.vqvae)
    _say_how_to_go_on(arguments)
    result = train_vqvae(
        vqvae,
        store.train,
        training,
        held_out=store.held_out,
        out=arguments.out,
        device=arguments.device,
        notes={"preset": preset.name},
        progress=not arguments.quiet and "auto",
    )
    _say_end(arguments, result)
    top = vqvae.levels - 1
    print(
        f"next: jukebox-edu train prior {arguments.data} --out {arguments.out}-prior-{top} "
        f"--level {top} --codec {arguments.out} --preset {preset.name}"
    )


@dataclasses.dataclass(frozen=True)
class _Start:
    """What a prior's training is given."""

    store: SongStore  # with codes
    vqvae: VQVAE
    beginning: Beginning
    training: PriorTraining
    notes: dict[str, Any]  # for the folder of the run
    then: str  # what to type when it is done


def run_prior(arguments: argparse.Namespace) -> None:
    """Train a prior, a new one or that of a model.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    from jukebox_edu.training.codeset import coded_songs
    from jukebox_edu.training.parts import parts_told
    from jukebox_edu.training.prior_loop import train_prior

    start = _start_of_model(arguments) if arguments.base else _start_of_preset(arguments)
    begun, store = start.beginning, start.store
    configs = [begun.prior.config]
    songs = coded_songs(store, configs, begun.names)
    held_out = []
    try:
        held_out = coded_songs(store, configs, begun.names, "held_out")
    except ConfigError as error:  # all too short: no reason not to train
        print(f"Nothing is measured on the way: held-out {error}")
    if told := parts_told(store.songs, configs).text():
        print(told)
    _say_how_to_go_on(arguments)
    result = train_prior(
        begun.prior,
        songs,
        start.training,
        held_out=held_out,
        vqvae=start.vqvae,
        trained=begun.trained,
        out=arguments.out,
        device=arguments.device,
        notes={**start.notes, "codec": store.codec, **begun.notes()},
        progress=not arguments.quiet and "auto",
    )
    _say_end(arguments, result)
    print(start.then)


def _start_of_preset(arguments: argparse.Namespace) -> _Start:
    """A new prior over the codes of a codec."""
    from jukebox_edu.training.beginning import begin_prior, check_codec, load_codec, with_codes
    from jukebox_edu.training.presets import find_preset
    from jukebox_edu.training.store import open_store

    if arguments.train is not None:
        advice = "Give --from MODEL instead of --codec to train a model's prior further."
        raise ConfigError(must("train", arguments.train, "left out for a new prior", advice))
    preset = find_preset(arguments.preset or DEFAULT_PRESET)
    config = preset.prior(arguments.level, 1, 1)
    vqvae = load_codec(arguments.codec)
    check_codec(config, vqvae)
    store = with_codes(open_store(arguments.data), vqvae, preset, progress=not arguments.quiet)
    training = _settings(arguments, preset.prior_training(arguments.level), bool(store.held_out))
    beginning = begin_prior(preset, store, arguments.level, training.seed)
    notes = {"preset": preset.name}
    return _Start(store, vqvae, beginning, training, notes, _next_after_prior(arguments, preset))


def _start_of_model(arguments: argparse.Namespace) -> _Start:
    """A model's prior, to be trained further."""
    from jukebox_edu.model import load
    from jukebox_edu.training.beginning import begin_from, with_codes
    from jukebox_edu.training.finetune import checked_training, finetune_training
    from jukebox_edu.training.store import open_store

    if arguments.preset is not None:
        advice = "The shape is that of the model."
        raise ConfigError(must("preset", arguments.preset, "left out with --from", advice))
    what, store = arguments.train or "all", open_store(arguments.data)
    model = load(arguments.base, device="cpu", hold="one")
    store = with_codes(store, model.vqvae, model, progress=not arguments.quiet)
    seed = arguments.seed or 0
    beginning = begin_from(model, store, arguments.level, what=what, seed=seed)
    training = finetune_training(beginning.prior.config, what)
    training = checked_training(_settings(arguments, training, bool(store.held_out)), what)
    then = (
        f"next: jukebox-edu train save --from {arguments.base} --prior {arguments.out} --out MODEL"
        " (runs of other levels can be given, too)"
    )
    notes = {"base": model.fingerprint, "base_name": model.config.name, "train": what}
    return _Start(store, model.vqvae, beginning, training, notes, then)


def run_save(arguments: argparse.Namespace) -> None:
    """Put a model together.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    import torch

    from jukebox_edu.model import load
    from jukebox_edu.training.assembling import assembled, finetuned
    from jukebox_edu.training.beginning import load_codec
    from jukebox_edu.training.results import trained_prior

    trained = [trained_prior(folder) for folder in arguments.prior]
    name = arguments.name or Path(arguments.out).name
    if arguments.base is not None:
        base = load(arguments.base, device="cpu", hold="one")
        whole = finetuned(name, base, trained, arguments.licence)
    else:
        whole = assembled(name, load_codec(arguments.codec), trained, arguments.licence or "")
    folder = whole.save(arguments.out, getattr(torch, arguments.dtype))
    print(f"wrote {folder}: jukebox-edu sample --model {folder} --out a-song")


def _level(text: str) -> int:
    if not text.isdigit():
        raise ConfigError(must("level", text, "a level, 0 = bottom, or all"))
    return int(text)


def _say_how_to_go_on(arguments: argparse.Namespace) -> None:
    from jukebox_edu.training.run import LOG_FILE

    print(f"log: {Path(arguments.out) / LOG_FILE}", flush=True)
    arguments.if_stopped = (
        f"Stopped. The state is in {arguments.out}; the same line goes on from there."
    )


def _say_end(arguments: argparse.Namespace, result: TrainingResult) -> None:
    from jukebox_edu import units

    print(f"trained {result.steps:,} steps in {units.clock(result.seconds)}: {arguments.out}")


def _next_after_prior(arguments: argparse.Namespace, preset: Preset) -> str:
    """What to type when a prior is done."""
    codec = " ".join(arguments.codec)
    there = [level for level, prior in enumerate(preset.priors(1, 1)) if prior is not None]
    below = arguments.level - 1
    if below in there:
        return (
            f"next: jukebox-edu train prior {arguments.data} --out RUN-OF-LEVEL-{below} "
            f"--level {below} --codec {codec} --preset {preset.name}"
        )
    runs = " ".join(f"RUN-OF-LEVEL-{level}" for level in reversed(there) if level > 0)
    every = f"{runs} {arguments.out}".strip()
    return f"next: jukebox-edu train save --codec {codec} --prior {every} --out MODEL"
