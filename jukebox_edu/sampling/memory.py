"""How much memory a level needs: its weights once, its keys and values for every sample.

What
    Both follow from the configuration. The prior is built without memory (torch's meta device)
    and its parameters and caches are counted.
Conventions
    Bytes. Activations and the allocator's own needs are not included: plan for a fifth more.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch

from jukebox_edu.config import PriorConfig
from jukebox_edu.prior.prior import Prior


@dataclass(frozen=True)
class LevelMemory:
    """What one prior needs, in numbers; times the bytes per number of its dtype."""

    parameters: int  # numbers in the weights
    cache: int  # numbers in keys and values of one sample while a window is written

    def bytes(self, n_samples: int, itemsize: int) -> int:
        """Bytes for weights and caches of so many samples.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        return (self.parameters + n_samples * self.cache) * itemsize


@functools.lru_cache(maxsize=32)
def level_memory(config: PriorConfig) -> LevelMemory:
    """Count the numbers that a prior of this shape holds; nothing is allocated.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    with torch.device("meta"):
        prior = Prior(config)
        n_tokens = config.lyrics.n_tokens if config.lyrics and config.lyrics.encoder else 0
        width = config.transformer.width
        states = torch.zeros(1, n_tokens, width) if n_tokens else None
        with torch.inference_mode():
            caches = prior.music.transformer.new_cache(1, torch.zeros(0), states)
    held = sum(cache.keys.numel() + cache.values.numel() for cache in caches)
    return LevelMemory(sum(p.numel() for p in prior.parameters()), held)
