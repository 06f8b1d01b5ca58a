"""One thread for steps that are too small to share.

What
    A step of a small prior takes less time than it takes to wake a second thread, dozens of times
    for each code. Where other programs are busy the second thread has no core, and the first one
    waits for it, longer than it computes. Large priors, and many songs side by side, keep all
    threads.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from jukebox_edu.prior.prior import Prior

SMALL = 2**19  # multiplications in the largest matrix product of a layer


def is_small(prior: Prior, rows: int) -> bool:
    """Whether a step of a prior on the CPU is small for so many rows side by side.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    stack = prior.config.transformer
    return prior.device.type == "cpu" and rows * stack.width * stack.mlp_width <= SMALL


@contextmanager
def one_thread(wanted: bool) -> Iterator[None]:
    """Compute with one thread inside, if that is wanted, and with as many as before after it.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    before = torch.get_num_threads()
    if not wanted or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
