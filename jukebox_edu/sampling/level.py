"""Writing one level: window after window, every new code given out as soon as it is drawn.

What
    The level's codes stand in one table. Each window reads its prompt there, is told its labels
    and the codes of the level above, and writes what is missing. A run that was interrupted gives
    the tokens it had drawn as `replay`: whole windows are taken over, a window that was cut short
    is prefilled as it was the first time and takes its tokens through the same steps. So the rest
    is drawn from the same predictions as if nothing had happened.
Shapes
    codes (batch, existing), upper codes (batch, tokens of the level above), replay (batch, r).
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jukebox_edu.errors import ShapeError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.noise import positional_race
from jukebox_edu.sampling.plan import LevelPlan
from jukebox_edu.sampling.window import window_conditions, write_window
from jukebox_edu.sampling.windows import Window


@dataclass(frozen=True)
class LevelStep:
    """One position of a level, for all samples of the batch.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    level: int  # 0 = bottom
    position: int  # of the code within the level
    tokens: Tensor  # (batch,) in the Transformer's own vocabulary: what a log must keep
    codes: Tensor  # (batch,) the same as codes of the codec
    replayed: bool  # drawn by an earlier, interrupted run


def sample_level(
    prior: Prior,
    plan: LevelPlan,
    codes: Tensor,
    *,
    upper_codes: Tensor | None = None,
    labels: SongLabels | None = None,
    seed: int = 0,
    samples: Sequence[int] | None = None,
    replay: Tensor | None = None,
) -> Generator[LevelStep, None, Tensor]:
    """Write what a level lacks; yields every new position, returns codes (batch, total).

    Parameters
    ----------
    prior, plan
        Of the same level.
    codes
        (batch, existing) codes that are there and stay.
    upper_codes
        (batch, tokens) of the level above, all of them; None at the top.
    labels
        Of the song.
    seed, samples
        Key of the noise: the song's seed and the number of each row within it (default 0, 1, ..).
    replay
        (batch, r) tokens that an interrupted run has drawn after `codes`.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    batch, existing = codes.shape
    if existing != plan.existing:
        raise ShapeError(must("codes.shape", tuple(codes.shape), f"(batch, {plan.existing})"))
    device = prior.device
    table = torch.zeros(batch, plan.total, dtype=torch.long, device=device)
    table[:, :existing] = codes
    drawn = torch.zeros(batch, 0, dtype=torch.long) if replay is None else replay
    drawn = drawn.to(device)
    upper_codes = None if upper_codes is None else upper_codes.to(device)
    race = positional_race(seed, plan.level, range(batch) if samples is None else samples)
    for window in plan.windows:
        first = window.start + window.n_prompt
        old = drawn[:, first - existing : window.stop - existing]  # (batch, at most n_new)
        if old.shape[1] == window.n_new:
            tokens = iter(old.unbind(dim=1))
        else:
            told = None if labels is None else labels.window(window.start, plan.level)
            conditions = window_conditions(
                prior, told, _above(prior, window, upper_codes), plan.settings.guidance
            )
            tokens = write_window(
                prior, conditions, table[:, window.start : first], window.n_new,
                race=race, first_position=first, settings=plan.settings, replay=old,
            )  # fmt: skip
        for i, token in enumerate(tokens):
            found = prior.to_codes(token)
            table[:, first + i] = found
            yield LevelStep(plan.level, first + i, token, found, replayed=i < old.shape[1])
    return table


def _above(prior: Prior, window: Window, upper_codes: Tensor | None) -> Tensor | None:
    """The codes of the level above that belong to a whole window: (batch, n_ctx // factor)."""
    if prior.config.conditioner is None or upper_codes is None:
        return None
    factor = prior.config.conditioner.factor
    return upper_codes[:, window.start // factor : (window.start + prior.config.n_ctx) // factor]
