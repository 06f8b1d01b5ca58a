"""How much memory a level needs: its weights once, its keys and values for every sample.

What
    Both follow from the configuration. A prior with one layer is built without memory (torch's
    meta device); layers of the same pattern are alike, so one of each kind is counted.
Conventions
    Bytes. Activations and the allocator's own needs are not included: plan for a fifth more.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

from torch import nn

from jukebox_edu.config import PriorConfig, TransformerConfig
from jukebox_edu.nn.empty import without_memory
from jukebox_edu.prior.prior import Prior
from jukebox_edu.transformer.patterns import PATTERNS, Layout, layer_patterns
from jukebox_edu.transformer.stack import TransformerLayer


@dataclass(frozen=True)
class LevelMemory:
    """What one prior needs, in numbers; times the bytes per number of its dtype.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    parameters: int  # numbers in the weights
    cache: int  # numbers in keys and values of one sample while a window is written

    def bytes(self, n_samples: int, itemsize: int) -> int:
        """Bytes for weights and caches of so many samples.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        return (self.parameters + n_samples * self.cache) * itemsize


def _numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _one_layer(config: TransformerConfig) -> tuple[TransformerConfig, int]:
    """The same stack with its first layer only, and the numbers in all other layers."""
    patterns = layer_patterns(config.attn_order, config.depth)
    layout = Layout(1)
    size = {p: _numbers(TransformerLayer(config, p, layout)) for p in set(patterns)}
    short = dataclasses.replace(config, depth=1, attn_order=(patterns[0],))
    return short, sum(size[pattern] for pattern in patterns[1:])


@functools.lru_cache(maxsize=32)
def level_memory(config: PriorConfig) -> LevelMemory:
    """Count the numbers that a prior of this shape holds; no memory is taken for it.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    lyrics = config.lyrics
    with without_memory():
        stack, rest = _one_layer(config.transformer)
        if lyrics is not None and lyrics.encoder is not None:
            encoder, more = _one_layer(lyrics.encoder)
            lyrics, rest = dataclasses.replace(lyrics, encoder=encoder), rest + more
        short = Prior(dataclasses.replace(config, transformer=stack, lyrics=lyrics))
    order = layer_patterns(config.transformer.attn_order, config.transformer.depth)
    layout = short.music.transformer.layout
    held = sum(PATTERNS[pattern].capacity(layout) for pattern in order)
    return LevelMemory(_numbers(short) + rest, 2 * held * config.transformer.state_width)
