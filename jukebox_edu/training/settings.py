"""Settings that both training loops share, checked when they are made.

What
    `LoopSettings` is what `VQVAETraining` and `PriorTraining` have in common: how long, how much
    at once, with which optimizer, in which precision, and what happens every so many steps.
Conventions
    Steps are optimizer steps; 0 switches off what happens "every" so many steps. A run is given
    either `steps` or `minutes`.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.training.schedule import SCHEDULES

OPTIMISERS = ("adamw", "jukebox")
PRECISIONS = ("float32", "bfloat16", "float16")


def require(condition: bool, argument: str, given: Any, allowed: str, advice: str = "") -> None:
    """Raise `ConfigError` unless `condition` holds.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not condition:
        raise ConfigError(must(argument, given, allowed, advice))


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


@dataclass(frozen=True)
class LoopSettings:
    """What every training run is told.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    steps: int | None = None  # optimizer steps; None: as many as fit into `minutes`
    minutes: float | None = None  # of work, pauses not counted; None: as long as `steps` take
    batch: int = 8  # examples computed at once
    accumulate: int = 1  # batches whose gradients make one step
    seed: int = 0  # of everything that is drawn at random
    optimiser: str = "adamw"  # "adamw" (torch's) or "jukebox" (the original's Adam)
    learning_rate: float = 3e-4  # peak
    betas: tuple[float, float] = (0.9, 0.99)  # decay of the two moments, per step
    eps: float = 1e-8  # added to the root of the second moment
    weight_decay: float = 0.01  # share of a weight lost per unit of learning rate
    decay_biases: bool = False  # whether vectors (biases, gains) decay like matrices
    clip_norm: float = 1.0  # longest gradient over all weights; 0: any
    schedule: str = "cosine"  # "cosine", "constant" or "linear", see schedule.py
    warmup: int = 100  # steps of the linear rise
    gamma: float = 1.0  # "constant": factor every `decay_steps`
    decay_steps: int = 0  # "constant": steps between factors (0: none); "linear": its length
    decay_start: int = 0  # "linear": step at which the line begins
    average: float = 0.0  # share of the weight average kept at each step, e.g. 0.999; 0: off
    precision: str = "float32"  # of matrix products: "float32", "bfloat16", "float16" (GPU only)
    log_every: int = 50  # steps whose mean makes one row of the log
    save_every: int = 100  # steps between states that a run can resume from
    evaluate_every: int = 0  # steps between losses on held-out songs
    evaluate_batches: int = 4  # batches of each such loss
    sample_every: int = 0  # steps between sounds in the folder `samples`
    sample_seconds: float = 4.0  # length of each of them
    tensorboard: bool = False  # write the rows for TensorBoard too

    def __post_init__(self) -> None:
        """Check the values."""
        self._check_length()
        for name in ("batch", "accumulate", "log_every", "save_every", "evaluate_batches"):
            value = getattr(self, name)
            require(_whole(value, 1), name, value, "a whole number from 1")
        for name in ("seed", "warmup", "decay_steps", "decay_start"):
            value = getattr(self, name)
            require(_whole(value, 0), name, value, "a whole number from 0")
        for name in ("evaluate_every", "sample_every"):
            value = getattr(self, name)
            require(_whole(value, 0), name, value, "a number of steps, or 0 for never")
        for name, values in (
            ("optimiser", OPTIMISERS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
        ):
            value = getattr(self, name)
            require(value in values, name, value, f"one of {values}")
        self._check_numbers()

    def _check_length(self) -> None:
        one = (self.steps is None) != (self.minutes is None)
        require(one, "steps, minutes", (self.steps, self.minutes), "one of them, not both")
        if self.steps is not None:
            require(_whole(self.steps, 1), "steps", self.steps, "a whole number from 1")
        else:
            require(self.minutes > 0, "minutes", self.minutes, "above 0")  # type: ignore[operator]

    def _check_numbers(self) -> None:
        for name in ("learning_rate", "eps", "sample_seconds", "gamma"):
            value = getattr(self, name)
            require(0 < value < math.inf, name, value, "above 0")
        for name in ("weight_decay", "clip_norm"):
            value = getattr(self, name)
            require(0 <= value < math.inf, name, value, "0 or more")
        ok = len(self.betas) == 2 and all(0 <= b < 1 for b in self.betas)
        require(ok, "betas", self.betas, "two numbers from 0 to below 1")
        require(0 <= self.average < 1, "average", self.average, "from 0 (off) to below 1")
        if self.schedule == "linear":
            advice = "It is the length of the line down to zero."
            require(self.decay_steps > 0, "decay_steps", self.decay_steps, "above 0", advice)
