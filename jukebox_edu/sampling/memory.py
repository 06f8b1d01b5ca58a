"""How much memory a level needs: its weights once, caches and room to work for every sample.

What
    All follows from the configuration. A prior with one layer is built without memory (torch's
    meta device); layers of the same pattern are alike, so one of each kind is counted.

        weights     matrices in the prior's precision, everything else float32
        caches      keys and values of one window
        work        what is in memory at the worst moment beside these: the conditions of the
                    window, and either the states of a prompt that is read in one piece or the
                    upper codes on their way through the conditioner
Conventions
    Numbers and bytes. What the device's own libraries take is not included (`cards.py`).
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

from torch import nn

from jukebox_edu.config import PriorConfig, TransformerConfig
from jukebox_edu.nn.empty import without_memory
from jukebox_edu.nn.linear import PointwiseLinear
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
    matrices: int = 0  # of `parameters`, those that may be kept in half precision
    work: int = 0  # numbers of one sample at the worst moment, in the prior's precision
    work_float32: int = 0  # likewise, always float32

    def weights(self, itemsize: int) -> int:
        """Bytes of the weights, with matrices of so many bytes per number."""
        return self.matrices * itemsize + (self.parameters - self.matrices) * 4

    def per_sample(self, itemsize: int) -> int:
        """Bytes of caches and work for each sample."""
        return (self.cache + self.work) * itemsize + self.work_float32 * 4

    def bytes(self, n_samples: int, itemsize: int) -> int:
        """Bytes for so many samples side by side, everything together."""
        return self.weights(itemsize) + n_samples * self.per_sample(itemsize)

    def largest_batch(self, n_bytes: float, itemsize: int) -> int:
        """Samples that fit side by side into so many bytes; 0 if not even one does."""
        return max(0, int((n_bytes - self.weights(itemsize)) // self.per_sample(itemsize)))


def _numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _matrices(module: nn.Module) -> int:
    parts = (part for part in module.modules() if isinstance(part, PointwiseLinear))
    return sum(part.weight.numel() for part in parts)


def _one_layer(config: TransformerConfig) -> tuple[TransformerConfig, int, int]:
    """The same stack with its first layer only; numbers and matrix numbers of all other layers."""
    patterns = layer_patterns(config.attn_order, config.depth)
    layers = {p: TransformerLayer(config, p, Layout(1)) for p in set(patterns)}
    numbers, matrices = ({p: f(layers[p]) for p in layers} for f in (_numbers, _matrices))
    short = dataclasses.replace(config, depth=1, attn_order=(patterns[0],))
    rest = patterns[1:]
    return short, sum(numbers[p] for p in rest), sum(matrices[p] for p in rest)


@functools.lru_cache(maxsize=32)
def level_memory(config: PriorConfig) -> LevelMemory:
    """Count the numbers that a prior of this shape holds; no memory is taken for it.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    lyrics = config.lyrics
    with without_memory():
        stack, rest, halves = _one_layer(config.transformer)
        if lyrics is not None and lyrics.encoder is not None and not lyrics.both_ways:
            encoder, more, more_halves = _one_layer(lyrics.encoder)
            lyrics = dataclasses.replace(lyrics, encoder=encoder)
            rest, halves = rest + more, halves + more_halves
        short = Prior(dataclasses.replace(config, transformer=stack, lyrics=lyrics))
    order = layer_patterns(config.transformer.attn_order, config.transformer.depth)
    layout = short.music.transformer.layout
    held = sum(PATTERNS[pattern].capacity(layout) for pattern in order)
    work, work_float32 = _work(config)
    return LevelMemory(
        parameters=_numbers(short) + rest,
        cache=2 * held * config.transformer.state_width,
        matrices=_matrices(short) + halves,
        work=work,
        work_float32=work_float32,
    )


def _work(config: PriorConfig) -> tuple[int, int]:
    """Numbers in the prior's precision, and float32 ones, at the worst moment of one sample."""
    stack, n = config.transformer, config.sequence_length
    told = config.conditioner is not None or (config.labels is not None and config.labels.timing)
    conditions = n * stack.width if told else 0
    # A prompt read in one piece: the stream before and after, its norms, the widest of the rest;
    # a test compares this with what torch really takes.
    wide = max(3 * stack.state_width, 2 * stack.mlp_width)
    work, work_float32 = n * (3 * stack.width + wide), n * 3 * stack.width
    if config.conditioner is not None:  # before the prompt is read
        through = 4 * n * config.conditioner.width + n * stack.width
        if through > work // 2 + work_float32:
            work, work_float32 = 0, through
    return work, conditions + work_float32
