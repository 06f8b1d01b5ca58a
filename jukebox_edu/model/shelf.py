"""The priors of a model, all in memory or one at a time.

What
    The three priors of a released model are never at work together: the top level is written to
    its end before the middle one begins. A shelf that keeps one of them reads each from its file
    when it is asked for and lets the one before go, so that memory is needed for the largest
    prior instead of all of them.
Conventions
    Level 0 is the bottom (finest) level.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import torch

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model.devices import cast_prior
from jukebox_edu.prior.prior import Prior

#: Reads the prior of one level to a device, with matrices in a precision.
Reader = Callable[[int, torch.device, torch.dtype], Prior]


class Shelf(Sequence[Prior]):
    """The priors of a model, bottom first.

    Parameters
    ----------
    configs
        Their shapes.
    read
        Reads one of them from its file.
    device, dtype
        Where to, and the precision of their matrices.
    keep
        How many are in memory at once; None: all that were asked for.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    def __init__(
        self,
        configs: Sequence[PriorConfig],
        read: Reader,
        device: torch.device,
        dtype: torch.dtype,
        *,
        keep: int | None = 1,
    ) -> None:
        self.configs = tuple(configs)
        self.device, self.dtype, self.keep = device, dtype, keep
        self._read = read
        self._held: dict[int, Prior] = {}  # the one asked for last stands last

    @classmethod
    def of(cls, priors: Sequence[Prior]) -> Shelf:
        """A shelf of priors that are in memory, or the shelf that was given.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        if isinstance(priors, Shelf):
            return priors
        ready = {level: prior.eval() for level, prior in enumerate(priors)}
        if not ready:
            raise ConfigError(must("priors", priors, "one prior per level"))
        top = ready[len(ready) - 1]
        configs = [prior.config for prior in ready.values()]
        shelf = cls(configs, _no_file, top.device, top.music.compute_dtype, keep=None)
        shelf._held = ready
        return shelf

    def __len__(self) -> int:
        return len(self.configs)

    def __getitem__(self, level: Any) -> Any:
        """The prior of one level (or of several), read from its file if need be."""
        if isinstance(level, slice):
            return tuple(self[i] for i in range(len(self))[level])
        level = range(len(self))[level]  # negative ones count from the top
        if level not in self._held:
            self._make_room()
            self._held[level] = self._read(level, self.device, self.dtype).eval()
        self._held[level] = self._held.pop(level)
        return self._held[level]

    @property
    def held(self) -> tuple[int, ...]:
        """Levels that are in memory now."""
        return tuple(sorted(self._held))

    def _make_room(self) -> None:
        """Let the priors go that were asked for the longest time ago."""
        while self.keep is not None and len(self._held) >= self.keep:
            del self._held[next(iter(self._held))]
            gc.collect()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def to(self, device: torch.device) -> None:
        """Move what is in memory; what is read later goes there, too.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        self.device = device
        for prior in self._held.values():
            prior.to(device)

    def cast(self, dtype: torch.dtype) -> None:
        """Change the precision of the matrices, now and of what is read later.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        self.dtype = dtype
        for prior in self._held.values():
            cast_prior(prior, dtype)


def _no_file(level: int, device: torch.device, dtype: torch.dtype) -> Prior:
    raise ConfigError(must("level", level, "the level of a prior that was given"))
