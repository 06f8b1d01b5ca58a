"""What `jukebox-edu train prior` begins with: a new prior of a preset, or that of a model.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from jukebox_edu.errors import ConfigError, must

if TYPE_CHECKING:
    from jukebox_edu.training.beginning import Beginning
    from jukebox_edu.training.presets import Preset
    from jukebox_edu.training.prior_loop import PriorTraining
    from jukebox_edu.training.store import SongStore
    from jukebox_edu.vqvae.model import VQVAE

# options that are settings of the loop under the same name
_SETTINGS = ("batch", "accumulate", "learning_rate", "precision", "average", "seed", "save_every",
             "evaluate_every", "sample_every", "log_every")  # fmt: skip
DEFAULT_PRESET = "nano"
EVALUATE_EVERY = 100  # steps, where nothing else is said


def settings_of(arguments: argparse.Namespace, preset: Any, has_held_out: bool) -> Any:
    """The preset's settings with what the command line changes.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    given = {name: getattr(arguments, name) for name in _SETTINGS}
    changed = {name: value for name, value in given.items() if value is not None}
    if arguments.minutes is not None:
        changed |= {"minutes": arguments.minutes, "steps": None}
    elif arguments.steps is not None:
        changed["steps"] = arguments.steps
    changed.setdefault("evaluate_every", EVALUATE_EVERY if has_held_out else 0)
    return dataclasses.replace(preset, tensorboard=arguments.tensorboard, **changed)


@dataclasses.dataclass(frozen=True)
class Start:
    """What a prior's training is given.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    store: SongStore  # with codes
    vqvae: VQVAE
    beginning: Beginning
    training: PriorTraining
    notes: dict[str, Any]  # for the folder of the run
    then: str  # what to type when it is done


def start_of_preset(arguments: argparse.Namespace) -> Start:
    """A new prior over the codes of a codec.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
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
    training = settings_of(arguments, preset.prior_training(arguments.level), bool(store.held_out))
    beginning = begin_prior(preset, store, arguments.level, training.seed)
    notes = {"preset": preset.name}
    return Start(store, vqvae, beginning, training, notes, next_after_prior(arguments, preset))


def start_of_model(arguments: argparse.Namespace) -> Start:
    """A model's prior, to be trained further.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
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
    training = checked_training(settings_of(arguments, training, bool(store.held_out)), what)
    below = arguments.level - 1
    if below >= 0:
        then = (
            f"next: jukebox-edu train prior {arguments.data} --out RUN-OF-LEVEL-{below} "
            f"--level {below} --from {arguments.base}, or at once "
        )
    else:
        then = "next: "
    then += f"jukebox-edu train save --from {arguments.base} --prior {arguments.out} --out MODEL"
    notes = {"base": model.fingerprint, "base_name": model.config.name, "train": what}
    return Start(store, model.vqvae, beginning, training, notes, then)


def next_after_prior(arguments: argparse.Namespace, preset: Preset) -> str:
    """What to type when a prior is done.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
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
