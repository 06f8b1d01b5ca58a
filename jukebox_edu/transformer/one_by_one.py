"""The stack for one position at a time, with nothing but the arithmetic.

What
    While a song is written, most of the work is `Transformer.extend` with a single position. In a
    small model that costs less than the calls around it: modules inside modules, conversions that
    convert nothing, reshaping for lengths that are always one. Here the same layer is written out
    flat; matrices, gains and biases are looked up and converted once per window. The result is the
    same up to rounding, and `OneByOne.fits` says which stacks can be written so.
Shapes
    (batch, width) in and out: there is no time axis.
Paper: [Jukebox §4.4]
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.nn.linear import LayerNorm32, PointwiseLinear
from jukebox_edu.transformer.cache import KeyValues
from jukebox_edu.transformer.patterns import LYRICS
from jukebox_edu.transformer.stack import Transformer, TransformerLayer, quick_gelu


class FlatLinear:
    """A `PointwiseLinear` for (batch, n_in) of one dtype.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, linear: PointwiseLinear, dtype: torch.dtype) -> None:
        self.weight, self.bias = linear.weight.to(dtype), linear.bias.to(dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, n_in) to (batch, n_out)."""
        return torch.addmm(self.bias, x, self.weight)


class FlatNorm:
    """A `LayerNorm32` for inputs of one dtype.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, norm: LayerNorm32, dtype: torch.dtype) -> None:
        self.weight, self.bias, self.dtype = norm.weight.float(), norm.bias.float(), dtype
        self.shape, self.eps = norm.normalized_shape, norm.eps

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, width) to the same, computed in float32."""
        if self.dtype == torch.float32:
            return functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)
        normal = functional.layer_norm(x.float(), self.shape, self.weight, self.bias, self.eps)
        return normal.to(self.dtype)


def asking(layer: TransformerLayer) -> PointwiseLinear:
    """The matrix that makes queries (and, but for lyric layers, keys and values).

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    attention = layer.attention
    return attention.query if attention.pattern == LYRICS else attention.qkv


class LayerStep:
    """One layer and what it remembers; every call is the next position.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, layer: TransformerLayer, cache: KeyValues) -> None:
        attention, dtype = layer.attention, cache.keys.dtype
        self.cache, self.heads, self.scale = cache, attention.heads, layer.scale
        self.reads_lyrics = attention.pattern == LYRICS
        self.ask, self.out = FlatLinear(asking(layer), dtype), FlatLinear(attention.out, dtype)
        self.up, self.down = FlatLinear(layer.mlp.up, dtype), FlatLinear(layer.mlp.down, dtype)
        self.norm_attention = FlatNorm(layer.norm_attention, dtype)
        self.norm_mlp = FlatNorm(layer.norm_mlp, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """As `TransformerLayer.extend`: attention and MLP around the residual stream."""
        attended = self.out(self._mixture(self.ask(self.norm_attention(x))))
        branch = attended + self.down(quick_gelu(self.up(self.norm_mlp(x + attended))))
        return x + branch if self.scale == 1.0 else x + self.scale * branch

    def _mixture(self, asked: Tensor) -> Tensor:
        """What the queries, keys and values of (batch, state or 3 state) see: (batch, state)."""
        batch = asked.shape[0]
        if self.reads_lyrics:
            q = asked.view(batch, self.heads, 1, -1)
            keys, values = self.cache.keys, self.cache.values
        else:
            q, k, v = asked.view(batch, 3, self.heads, 1, -1).unbind(1)
            self.cache.append(k, v)
            keys, values = self.cache.window()
            if keys.shape[2] == 0:  # the first row of "previous row" sees nothing
                return torch.zeros_like(q).view(batch, -1)
        return functional.scaled_dot_product_attention(q, keys, values).reshape(batch, -1)


class OneByOne:
    """A stack and what it remembers; every call is the next position.

    Parameters
    ----------
    transformer, caches
        The stack, and its memory as `Transformer.new_cache` makes it. Weights are looked up now:
        what is changed later does not count.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, transformer: Transformer, caches: list[KeyValues]) -> None:
        layers: Any = transformer.layers
        self.steps = [LayerStep(*pair) for pair in zip(layers, caches, strict=True)]

    @staticmethod
    def fits(transformer: Transformer) -> bool:
        """Whether a stack can be written so.

        It cannot where a layer looks at ends of rows (patterns 4, 5), where a matrix is kept in
        another way, and where hooks listen in: they are called by modules only.
        """
        layers: Any = transformer.layers
        used = (m for x in layers for m in (asking(x), x.attention.out, x.mlp.up, x.mlp.down))
        plain = all(type(m) is PointwiseLinear for m in used)
        heard = any(m._forward_hooks or m._forward_pre_hooks for m in transformer.modules())
        return plain and not heard and not {4, 5} & set(transformer.patterns)

    def __call__(self, x: Tensor) -> Tensor:
        """The next position (batch, width), as `Transformer.extend`."""
        for step in self.steps:
            x = step(x)
        return x
