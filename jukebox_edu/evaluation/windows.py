"""The middle window of a song as a prior sees it, and what each of its codes costs.

What
    A prior gives every code a probability, knowing the codes before it and what it is told; -log
    of the probability of the code that is there is its cost.
Shapes
    codes (1, n_ctx); upper codes (1, n_ctx // factor); costs (n_ctx,) in nats.
Paper: [Jukebox §4]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.evaluation.coded import CodedSong, as_tensor
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior


@dataclass(frozen=True, eq=False)
class PriorWindow:
    """The middle window of one song, as one prior sees it.

    Lesson: notebooks/13_measure_it.ipynb
    """

    start: int  # its first code
    codes: Tensor  # (1, n_ctx)
    upper_codes: Tensor | None  # (1, n_ctx // factor)
    labels: Labels | None  # as they are
    nobody: Labels | None  # the same, artist and genre unknown
    inside: np.ndarray  # (n_ctx,) whether a code is in the song
    phone_changes: np.ndarray | None  # (n_ctx,) whether another phone begins, top level only


def middle(song: CodedSong, prior: Prior) -> int:
    """First code of the window in the middle of a song, a whole code of the level above.

    Lesson: notebooks/13_measure_it.ipynb
    """
    config = prior.config
    factor = config.conditioner.factor if config.conditioner is not None else 1
    spare = song.n_samples // config.hop_length - config.n_ctx
    return max(0, spare // 2) // factor * factor


def window_of(song: CodedSong, prior: Prior) -> PriorWindow:
    """Cut the middle window out of a song.

    Lesson: notebooks/13_measure_it.ipynb
    """
    config, level, start = prior.config, prior.config.level, middle(song, prior)
    n = config.n_ctx
    codes = as_tensor(song.codes[level][start : start + n])
    upper = None
    if config.conditioner is not None:
        factor = config.conditioner.factor
        upper = as_tensor(song.codes[level + 1][start // factor : (start + n) // factor])
    inside = np.arange(start, start + n) < song.n_codes(level, config.hop_length)
    changes = None
    if song.phones is not None and len(song.phones) == len(song.codes[level]):
        phones = song.phones[start : start + n]
        changes = np.concatenate([[False], phones[1:] != phones[:-1]])
    told = [labels.window(start, level) for labels in (song.labels, song.nobody)]
    return PriorWindow(start, codes, upper, told[0], told[1], inside, changes)


def nats_per_code(
    prior: Prior, codes: Tensor, upper_codes: Tensor | None, labels: Labels | None
) -> np.ndarray:
    """Cost in nats of every code of a window, (n_ctx,).

    Lesson: notebooks/13_measure_it.ipynb
    """
    codes = codes.to(prior.device)
    with torch.inference_mode():
        logits = prior.logits(codes, upper_codes, labels)
        losses = functional.cross_entropy(
            logits.float().transpose(1, 2), codes, reduction="none"
        )  # (1, n_ctx)
    return losses[0].cpu().numpy()
