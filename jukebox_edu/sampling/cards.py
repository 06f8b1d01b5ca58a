"""Which model works on which device: precision and how many songs side by side.

What
    A table of devices people have, and for each level of a model the most samples that fit beside
    its weights. One level is in memory at a time, so a model works where each of its levels does.
Conventions
    GB are 10**9 bytes. Of a GPU a little is kept for its own libraries, of a computer's memory
    more for everything else that runs there. The figures follow from the shapes (`memory.py`);
    the devices themselves were not tried.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jukebox_edu.config import ModelConfig
from jukebox_edu.sampling.memory import LevelMemory, level_memory

ITEMSIZES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class Card:
    """A device a model may run on.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    name: str
    memory_gb: float  # in all
    dtypes: tuple[str, ...]  # precisions of the matrices, the preferred one first
    reserved_gb: float = 0.8  # not for us

    @property
    def usable_bytes(self) -> float:
        """Bytes that weights, caches and work may take."""
        return (self.memory_gb - self.reserved_gb) * 1e9


CARDS = (
    Card("8 GB GPU", 8, ("float16",)),
    Card("12 GB GPU", 12, ("float16",)),
    Card("T4 (15 GB)", 15, ("float16",)),
    Card("24 GB GPU", 24, ("bfloat16",)),
    Card("80 GB GPU", 80, ("bfloat16",)),
    Card("Apple, 16 GB", 16, ("float16",), reserved_gb=5.5),
    Card("Apple, 32 GB", 32, ("float16",), reserved_gb=10),
    Card("CPU, 16 GB", 16, ("float32", "bfloat16"), reserved_gb=3),
)


@dataclass(frozen=True)
class Fit:
    """How a model works on a device.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    card: Card
    dtype: str  # the precision to choose
    n_samples: tuple[int, ...]  # most samples side by side, index = level; 0: does not fit

    @property
    def works(self) -> bool:
        """Whether every level fits with at least one sample."""
        return min(self.n_samples) > 0


def fit(config: ModelConfig, card: Card) -> Fit:
    """Choose the precision in which a model works on a device, and the largest batches.

    The first precision of the device in which every level fits; if none is, its last.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    return fit_levels([level_memory(prior) for prior in config.priors], card)


def fit_levels(memory: Sequence[LevelMemory], card: Card) -> Fit:
    """The same from the numbers of each level.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    for dtype in card.dtypes:
        size = ITEMSIZES[dtype]
        batches = tuple(level.largest_batch(card.usable_bytes, size) for level in memory)
        found = Fit(card, dtype, batches)
        if found.works:
            break
    return found


def table(config: ModelConfig) -> str:
    """All devices for one model, as text.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    levels = range(len(config.priors) - 1, -1, -1)  # the top first, as they are written
    heads = "  ".join(f"level {level}" for level in levels)
    lines = [f"{config.name:14} precision  most samples side by side: {heads}"]
    for card in CARDS:
        found = fit(config, card)
        batches = "  ".join(f"{found.n_samples[level] or 'no':>7}" for level in levels)
        lines.append(f"{card.name:14} {found.dtype:10} {'':27} {batches}")
    return "\n".join(lines)
