"""Half precision: fewer bits where they are not missed.

What
    Matrix products in 16 bits are faster; weights, sums and losses stay in float32. `bfloat16` has
    the range of float32 and needs no care. `float16` has not: small gradients would become zero,
    so the loss is multiplied by a large number first and the gradients are divided by it later.
    When they overflow, the step is skipped and the number halved.
Paper: [Jukebox appendix B]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from jukebox_edu.errors import ConfigError, must

_HALF = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse a precision that a device cannot train in.

    Raises
    ------
    ConfigError
        For float16 on anything but a GPU.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if precision == "float16" and device.type != "cuda":
        advice = "Or train on a GPU: device='cuda'."
        allowed = f"float32 or bfloat16 on {device.type}"
        raise ConfigError(must("precision", precision, allowed, advice))


def autocast(precision: str, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """A `with` block in which matrix products are computed in `precision`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, _HALF[precision])


class LossScale:
    """The number that the loss is multiplied by, found by trying.

    Parameters
    ----------
    value
        To begin with.
    window
        Good steps in which it doubles.
    largest
        Where it stops growing.

    Paper: [Jukebox appendix B]
    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def __init__(
        self, value: float = 2.0**16, *, window: int = 250, largest: float = 2.0**24
    ) -> None:
        self.value, self.window, self.largest = value, window, largest

    def update(self, overflow: bool) -> None:
        """Halve it after an overflow, else let it grow a little."""
        grown = self.value * 2.0 ** (1 / self.window)
        self.value = self.value / 2 if overflow else min(self.largest, grown)
