"""Randomness that can be repeated: every draw has its own noise, found by its place.

What
    Drawing from probabilities p can be done as a race: give code j an exponential time q_j / p_j
    and take the first to arrive. All randomness is in q, and q is computed from

        (seed, sample, level, absolute position)

    by a counter-based generator (Philox). So a code does not depend on batch size, on how often a
    run was interrupted, or on what was drawn before; only on the seed and its place.
Shapes
    noise (batch, bins) float32, exponential with mean 1.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must

Race = Callable[[int, tuple[int, int]], Tensor]  # (absolute position, (batch, bins)) -> noise


def checked_seed(seed: int) -> int:
    """Return `seed`, or raise `ConfigError` if it is no whole number from 0 to 2^64 - 1.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**64:
        raise ConfigError(must("seed", seed, "a whole number from 0 to 2^64 - 1"))
    return int(seed)


def positional_race(seed: int, level: int, samples: Sequence[int]) -> Race:
    """Noise as a pure function of the place.

    Parameters
    ----------
    seed
        Of the song.
    level
        0 = bottom.
    samples
        Number of each batch row within the song.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    key_of = [(checked_seed(seed), (sample << 8) | level) for sample in samples]

    def race(position: int, shape: tuple[int, int]) -> Tensor:
        rows = [
            np.random.Generator(np.random.Philox(key=key, counter=(0, position, 0, 0)))
            .standard_exponential(shape[1], dtype=np.float32, method="inv")
            for key in key_of
        ]  # fmt: skip
        return torch.from_numpy(np.stack(rows))

    return race


def generator_race(generator: torch.Generator | None, device: torch.device) -> Race:
    """Noise from a torch generator: the same draws as `torch.distributions.Categorical`.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def race(position: int, shape: tuple[int, int]) -> Tensor:
        return torch.empty(shape, device=device).exponential_(1.0, generator=generator)

    return race


def draw(logits: Tensor, noise: Tensor) -> Tensor:
    """The winners (batch,) of the race: one token per row of (batch, bins) logits.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    return (logits.softmax(-1) / noise).argmax(-1)
