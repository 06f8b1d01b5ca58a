"""Weights and everything that changes them: gradients in, one step at a time.

What
    backward   adds the gradients of one batch
    step       clips them, moves the weights, and lets the weight average follow

    Parameters have names, "model.encoders.0..." or "phone.layers.0...", under which they and what
    the optimizer remembers of them are kept in the state of a run.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from jukebox_edu.errors import RunError
from jukebox_edu.training.averaging import WeightAverage
from jukebox_edu.training.optimiser import JukeboxAdam, clip_divisor, make_optimizer
from jukebox_edu.training.precision import LossScale, autocast, check_precision
from jukebox_edu.training.settings import LoopSettings

LEAST_SCALE = 2.0**-10  # a loss scale below this means that the losses themselves overflow


class Learner:
    """The parameters of a run, their optimizer, their average and the loss scale.

    Parameters
    ----------
    modules
        The model and the heads of extra losses, by name.
    settings
        Of the run.
    device
        Where the modules are.
    trained
        Which parameters move, by name; None: all.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        settings: LoopSettings,
        device: torch.device,
        trained: Callable[[str], bool] | None = None,
    ) -> None:
        check_precision(settings.precision, device)
        self.modules, self.settings, self.device = dict(modules), settings, device
        named = {
            f"{owner}.{name}": p
            for owner, module in self.modules.items()
            for name, p in module.named_parameters()
        }
        self.parameters = {n: p for n, p in named.items() if trained is None or trained(n)}
        self.optimizer = make_optimizer(self.parameters, settings)
        average = settings.average
        self.average = WeightAverage(self.parameters, average) if average else None
        self.scale = LossScale() if settings.precision == "float16" else LossScale(1.0)

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """A `with` block in the precision of the run."""
        return autocast(self.settings.precision, self.device)

    def averaged(self) -> contextlib.AbstractContextManager[Any]:
        """A `with` block in which the weights are their average, if there is one."""
        return contextlib.nullcontext() if self.average is None else self.average.applied()

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of one of `accumulate` batches."""
        (loss * (self.scale.value / self.settings.accumulate)).backward()

    def step(self, factor: float) -> float | None:
        """Move the weights by the gradients added since the last step.

        Parameters
        ----------
        factor
            On the peak learning rate.

        Returns
        -------
        float or None
            Length of the gradient before clipping; None if it overflowed and nothing moved.

        Raises
        ------
        RunError
            If the gradient is not finite and that is not the loss scale's fault.
        """
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        norms = torch.stack([torch.linalg.vector_norm(g) for g in gradients])
        norm = float(torch.linalg.vector_norm(norms)) / self.scale.value
        moved = math.isfinite(norm)
        if moved:
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * factor
            self._move(gradients, clip_divisor(norm, self.settings.clip_norm, self.scale.value))
            if self.average is not None:
                self.average.update()
        elif self.settings.precision != "float16" or self.scale.value < LEAST_SCALE:
            raise RunError(
                "The gradient is not finite any more: the numbers have run away. Start again "
                "from the last state with a lower learning_rate, or look at the data."
            )
        if self.settings.precision == "float16":
            self.scale.update(overflow=not moved)
        self.optimizer.zero_grad(set_to_none=True)
        return norm if moved else None

    def _move(self, gradients: list[Tensor], divisor: float) -> None:
        if isinstance(self.optimizer, JukeboxAdam):
            self.optimizer.step(scale=divisor)
            return
        if divisor != 1.0:
            for gradient in gradients:
                gradient.div_(divisor)
        self.optimizer.step()

    # ---- what a state keeps ----------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a resumed run needs, by name; nothing is copied."""
        found = {}
        for owner, module in self.modules.items():
            for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
                found[f"{owner}.{name}"] = tensor.detach()
        for name, p in self.parameters.items():
            for key, value in self.optimizer.state.get(p, {}).items():
                found[f"optimizer.{key}.{name}"] = value
        if self.average is not None:
            found |= {f"average.{name}": value for name, value in self.average.average.items()}
        return found

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave in an earlier run.

        Raises
        ------
        RunError
            If names or shapes are others.
        """
        for name, p in self.parameters.items():
            keys = ("step", "exp_avg", "exp_avg_sq")
            stored = {key: tensors.get(f"optimizer.{key}.{name}") for key in keys}
            if stored["exp_avg"] is not None:
                empty = {"step": torch.zeros(())}
                self.optimizer.state[p] = {
                    key: torch.empty_like(empty.get(key, p)).copy_(value)
                    for key, value in stored.items()
                    if value is not None
                }
        for name, target in self.tensors().items():
            if name not in tensors or tensors[name].shape != target.shape:
                raise RunError(f"The stored state does not fit: {name} is missing or has another "
                               "shape. Choose another folder.")  # fmt: skip
            target.copy_(tensors[name])
