"""The optimizer: torch's AdamW, or the Adam that Jukebox was trained with.

What
    One step is  p <- p - size * (m / (sqrt(v) + eps) + decay * p)  with running means m of the
    gradient and v of its square. Three things set the original apart from AdamW: eps is added to
    the uncorrected root, the decay shrinks with the bias correction too, and gradients arrive
    multiplied by a scale (half precision) by which they are divided first.
Paper: [Jukebox appendix B]; Adam: arXiv 1412.6980
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from jukebox_edu.training.schedule import cosine, jukebox_factor, warmup_cosine
from jukebox_edu.training.settings import LoopSettings


class JukeboxAdam(torch.optim.Optimizer):
    """The original's Adam.

    Parameters
    ----------
    params
        Parameters or groups of them, as for every torch optimizer.
    lr, betas, eps, weight_decay
        Step size, decay of the two means, and the two constants of the formula above.

    Paper: [Jukebox appendix B]
    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 3e-4,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None, *, scale: float = 1.0) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient, which is divided by `scale` first."""
        if closure is not None:
            raise NotImplementedError("JukeboxAdam takes no closure: call backward() before.")
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, p.grad / scale, group)

    def _move(self, p: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state, (beta1, beta2) = self.state[p], group["betas"]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        state["step"] += 1
        t, m, v = int(state["step"]), state["exp_avg"], state["exp_avg_sq"]
        m.mul_(beta1).add_(gradient, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        size = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        p.sub_(size * (m / (v.sqrt() + group["eps"]) + group["decay"] * p))


def clip_divisor(norm: float, longest: float, scale: float = 1.0) -> float:
    """What gradients are divided by: `scale`, and more where they are longer than allowed.

    Parameters
    ----------
    norm
        Length of the unscaled gradient over all parameters.
    longest
        Length allowed; 0: any.
    scale
        By which the gradients were multiplied.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return scale * norm / longest if longest > 0 and norm > longest else scale


def make_optimizer(
    parameters: Mapping[str, nn.Parameter], settings: LoopSettings
) -> torch.optim.Optimizer:
    """The optimizer of a run; vectors do not decay unless `decay_biases` says so.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    groups = [
        {"params": [p for p in parameters.values() if p.ndim > 1]},
        {"params": [p for p in parameters.values() if p.ndim <= 1]},
    ]
    kinds = {"adamw": torch.optim.AdamW, "jukebox": JukeboxAdam}
    optimizer = kinds[settings.optimiser](
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
    )
    if not settings.decay_biases:
        for group in optimizer.param_groups:
            if group["params"][0].ndim <= 1:
                group["decay" if settings.optimiser == "jukebox" else "weight_decay"] = 0.0
    return optimizer


def rate_factor(settings: LoopSettings, step: int, share: float) -> float:
    """Factor on the learning rate for one step.

    Parameters
    ----------
    settings
        Of the run.
    step
        The step to come, from 1.
    share
        Of a run in minutes: how much of its time is used, 0 to 1. The cosine then follows the
        clock instead of the step, so that it ends when the time does.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if settings.schedule == "cosine":
        if settings.steps is not None:
            return warmup_cosine(step - 1, settings.steps, settings.warmup)
        return min(1.0, step / max(1, settings.warmup)) * cosine(share)
    return jukebox_factor(
        step,
        warmup=settings.warmup,
        gamma=settings.gamma,
        decay_steps=settings.decay_steps,
        decay_start=settings.decay_start,
        linear=settings.schedule == "linear",
    )
