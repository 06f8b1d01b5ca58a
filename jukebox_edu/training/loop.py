"""What both training loops share around a step: state, log, clock, Ctrl-C.

What
        with Loop(...) as loop:
            for step in loop.steps():            # goes on from the last state; saves as it goes
                for _ in range(settings.accumulate):
                    ...
                    loop.backward(loss, values)
                loop.update()                    # clips, moves the weights, writes the log

    Everything random is drawn from `loop.random` (numpy, for data) and `loop.generator` (torch),
    which are part of the state. So a run that was killed and resumed draws what it would have
    drawn, and on a CPU its log and its weights are equal to those of an undisturbed run, the field
    "seconds" apart.

    A run in `minutes` counts its own working time, kept over interruptions. The learning rate
    follows that clock instead of the step, and so has come down when the time is up; such a run
    ends with whatever step it has reached, and two of them are not equal.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jukebox_edu.model.devices import checked_device
from jukebox_edu.progress import Progress
from jukebox_edu.training.board import Board, open_board
from jukebox_edu.training.learner import Learner
from jukebox_edu.training.optimiser import rate_factor
from jukebox_edu.training.run import Row, TrainingRun
from jukebox_edu.training.settings import LoopSettings
from jukebox_edu.training.state import Generators, TrainingState

SHOWN = 3  # numbers of a row that are shown where nobody else watches

Watch = Callable[[Mapping[str, Any]], None]  # called with every row of the log


@dataclass(frozen=True)
class TrainingResult:
    """What a training loop did.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    steps: int  # optimizer steps in all, those before an interruption included
    seconds: float  # working time in all
    rows: tuple[Row, ...]  # the log


@dataclass(frozen=True)
class Surroundings:
    """Where a run works and who looks on.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    out: str | Path | None = None  # folder of the run; None: nothing is kept
    device: str | torch.device = "cpu"  # where the model is trained
    watch: Watch | None = None  # called with every row, e.g. `widgets.CodebookMonitor().update`
    progress: bool | str = "auto"  # as in `Progress`


class Loop:
    """One training run.

    Parameters
    ----------
    name
        Of the run in its log, e.g. "vqvae-2".
    settings
        How long, how fast, how often.
    modules
        The model (as "model") and the heads of extra losses, by name.
    about
        What else makes this run what it is, in plain JSON types; see `TrainingRun`.
    around
        Folder, device, spectator.
    seed
        Tells the random numbers of this run from those of others with the same `settings.seed`.
    trained
        Which parameters move, by name; None: all.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(
        self,
        name: str,
        settings: LoopSettings,
        modules: Mapping[str, nn.Module],
        *,
        about: Mapping[str, Any],
        around: Surroundings,
        seed: int,
        trained: Callable[[str], bool] | None = None,
    ) -> None:
        self.name, self.settings, self.around = name, settings, around
        self.device = checked_device(around.device)
        self.about = {"name": name, "settings": asdict(settings), **about}
        for module in modules.values():
            module.to(self.device).train()
        self.learner = Learner(modules, settings, self.device, trained)
        self._generators = Generators(settings.seed, seed)
        self.step = 0  # optimizer steps done
        self.rows: list[Row] = []
        self._sums: dict[str, float] = {}
        self._count = 0  # batches in the sums
        self._spent = 0.0  # seconds worked before `_started`
        self._stop = False  # Ctrl-C was pressed
        self._saved = -1  # step of the last state
        self._run: TrainingRun | None = None
        self._board: Board | None = None

    # ---- begin and end ---------------------------------------------------------------------

    def __enter__(self) -> Loop:
        """Take the folder, go back to its last state, and start the clock."""
        self._board = open_board(self.around.out) if self.settings.tensorboard else None
        if self.around.out is not None:
            self._run = TrainingRun(self.around.out, self.about)
            try:
                self._resume(self._run)
            except BaseException:
                self._run.close()
                raise
        total = self.settings.steps or int((self.settings.minutes or 0) * 60)
        unit = "steps" if self.settings.steps else "seconds"
        done = min(total, self.step if self.settings.steps else int(self._spent))
        self._progress = Progress(
            total, label=self.name, unit=unit, enabled=self.around.progress, done=done
        )
        self._progress.__enter__()
        self._started = time.monotonic()
        self._catch_interrupt()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the folder back; a model trained to its end keeps the average of its weights."""
        self._release_interrupt()
        self._progress.__exit__(kind, error, trace)
        if self._board is not None:
            self._board.close()
        if self._run is not None:
            self._run.close()
        for module in self.learner.modules.values():
            module.eval()
        if kind is None and self.learner.average is not None:
            self.learner.average.apply()

    def _resume(self, run: TrainingRun) -> None:
        state = run.newest()
        self.rows = run.rows()
        if state is None:
            return
        self.learner.load(state.tensors)
        numbers = state.numbers
        self._generators.load(numbers["numpy"], state.tensors["generator"])
        self.step, self._spent = state.step, float(numbers["seconds"])
        self._sums, self._count = dict(numbers["sums"]), int(numbers["count"])
        self.learner.scale.value = float(numbers["loss_scale"])
        self._saved = self.step

    # ---- steps -----------------------------------------------------------------------------

    @property
    def random(self) -> np.random.Generator:
        """Source of random numbers for data."""
        return self._generators.numpy

    @property
    def generator(self) -> torch.Generator:
        """Source of random numbers for everything else, on the CPU."""
        return self._generators.torch

    @property
    def seconds(self) -> float:
        """Working time so far, interruptions not counted."""
        return self._spent + time.monotonic() - self._started

    @property
    def share(self) -> float:
        """How much of the steps or minutes is used, 0 to 1."""
        if self.settings.steps is not None:
            return self.step / self.settings.steps
        return min(1.0, self.seconds / ((self.settings.minutes or 1.0) * 60))

    def steps(self) -> Iterator[int]:
        """The steps that are left, counted from 1; the state is saved between them.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, at the end of a step and when the state is saved. A second Ctrl-C
            does not wait for that.
        """
        while self.share < 1.0:
            yield self.step + 1
            if self.due(self.settings.save_every) or self._stop:
                self.save()
            if self._stop:
                raise KeyboardInterrupt
        self.save()

    def due(self, every: int) -> bool:
        """Whether something that happens every so many steps (0: never) is due now."""
        return every > 0 and self.step % every == 0

    def backward(self, loss: Tensor, values: Mapping[str, float | Tensor]) -> None:
        """Add one batch: its gradients, and its numbers for the log."""
        self.learner.backward(loss)
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self._count += 1

    def update(self) -> None:
        """End a step: move the weights; every so many steps the mean numbers become a row."""
        factor = rate_factor(self.settings, self.step + 1, self.share)
        norm = self.learner.step(factor)
        self.step += 1
        steps = self.settings.steps
        self._progress.update(1 if steps else int(self.seconds) - self._progress.done)
        if self.due(self.settings.log_every) or self.step == steps:
            means = {name: value / self._count for name, value in self._sums.items()}
            self._sums, self._count = {}, 0
            rate = self.settings.learning_rate * factor
            self.row({**means, "gradient": norm or 0.0, "learning_rate": rate})

    def row(self, values: Mapping[str, float]) -> None:
        """Write a row of the log and show it to whoever watches."""
        numbers = {name: float(f"{float(value):.6g}") for name, value in values.items()}
        seconds = round(self.seconds, 1)
        row: Row = {"run": self.name, "step": self.step, "seconds": seconds, **numbers}
        self.rows.append(row)
        if self._run is not None:
            self._run.append(row)
        if self._board is not None:
            self._board.add(row)
        if self.around.watch is not None:
            self.around.watch(row)
        else:
            shown = ", ".join(f"{k} {v:.3g}" for k, v in list(numbers.items())[:SHOWN])
            self._progress.note(f"{self.name}, step {self.step}: {shown}")

    def save(self) -> None:
        """Keep the state of this step."""
        if self._run is None or self._saved == self.step:
            return
        numbers = {
            "step": self.step,
            "seconds": self.seconds,
            "sums": self._sums,
            "count": self._count,
            "loss_scale": self.learner.scale.value,
            "numpy": self._generators.numbers(),
        }
        tensors = {**self.learner.tensors(), "generator": self.generator.get_state()}
        self._run.save(TrainingState(numbers, tensors))
        self._saved = self.step

    def sound(self, name: str, samples: np.ndarray, sample_rate: int) -> None:
        """Write a sound of this step into the folder of the run, e.g. "level-2"."""
        from jukebox_edu import audio

        if self._run is not None:
            path = self._run.samples() / f"step-{self.step:08d}-{name}.flac"
            audio.save(path, samples, sample_rate)

    def result(self) -> TrainingResult:
        """Steps, time and log so far."""
        return TrainingResult(self.step, self.seconds, tuple(self.rows))

    # ---- Ctrl-C ----------------------------------------------------------------------------

    def _catch_interrupt(self) -> None:
        """Let the first Ctrl-C wait for the end of the step."""
        self._previous: Any = None
        if threading.current_thread() is not threading.main_thread() or self._run is None:
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, number: int, frame: Any) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        self._progress.note(f"{self.name}: saving after this step, then stopping")

    def _release_interrupt(self) -> None:
        if self._previous is not None:
            with contextlib.suppress(ValueError):  # not in the main thread any more
                signal.signal(signal.SIGINT, self._previous)
