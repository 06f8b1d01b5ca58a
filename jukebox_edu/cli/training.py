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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jukebox_edu.cli.prior_starts import (
    DEFAULT_PRESET,
    settings_of,
    start_of_model,
    start_of_preset,
)
from jukebox_edu.errors import ConfigError, must

if TYPE_CHECKING:
    from jukebox_edu.training.loop import TrainingResult


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
    training = settings_of(arguments, preset.codec_training(level), bool(store.held_out))
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


def run_prior(arguments: argparse.Namespace) -> None:
    """Train a prior, a new one or that of a model.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    from jukebox_edu.training.codeset import coded_songs
    from jukebox_edu.training.parts import parts_told
    from jukebox_edu.training.prior_loop import train_prior

    start = start_of_model(arguments) if arguments.base else start_of_preset(arguments)
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
