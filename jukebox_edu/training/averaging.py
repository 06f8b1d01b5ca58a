"""An average of the weights over the last steps: steadier than the weights themselves.

What
    average <- keep * average + (1 - keep) * weights,  in float32, after every step. The average
    takes the place of the weights for evaluation, for sounds and in the finished model; training
    goes on with the weights themselves. Buffers, such as codebooks, are averages already.
Paper: [Jukebox appendix B]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def usual_average(batch: int) -> float:
    """Share kept at each step by the original, for a batch over all workers.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> usual_average(8), usual_average(256)
    (0.999, 0.968)
    """
    return 1 - batch / 8 / 1000


class WeightAverage:
    """A float32 average of named parameters.

    Parameters
    ----------
    parameters
        Where the average starts, and what it follows.
    keep
        Share of the old average that stays at each step, 0 to below 1.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], keep: float) -> None:
        self.parameters, self.keep = dict(parameters), keep
        self.average = {n: p.detach().float().clone() for n, p in self.parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Follow the weights after a step."""
        for name, p in self.parameters.items():
            self.average[name].mul_(self.keep).add_(p.float(), alpha=1 - self.keep)

    @torch.no_grad()
    def apply(self) -> dict[str, Tensor]:
        """Put the average in the weights' place; returns what was there."""
        before = {name: p.detach().clone() for name, p in self.parameters.items()}
        for name, p in self.parameters.items():
            p.copy_(self.average[name])
        return before

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The weights are the average inside a `with` block, and themselves again after it."""
        before = self.apply()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, p in self.parameters.items():
                    p.copy_(before[name])
