"""One attention layer: the clear way and the fast ways, side by side.

What
    Every way computes the same thing, softmax(q k / sqrt(d)) v over the positions that a pattern
    makes visible.

    * `masked_attention`: the definition, with an explicit mask. Used where weights are wanted,
      for patterns 4 and 5, and for pieces of a sequence that start in the middle of a row.
    * `FactoredAttention.whole`: the sequence from its start, folded into rows or columns so that
      ordinary (causal) attention does the work, n * sqrt(n) instead of n * n.
    * `FactoredAttention.extend`: the sequence continued, keys and values being kept in `KeyValues`.
Shapes
    x (batch, n, width); q, k, v (batch, heads, positions, channels); weights (batch, heads,
    queries, keys).
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.config import TransformerConfig
from jukebox_edu.nn.linear import PointwiseLinear
from jukebox_edu.transformer.cache import KeyValues
from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, PRIME, Layout, mask


@dataclass(frozen=True)
class Attended:
    """What came out of one attention: the mixture and, if asked for, the weights."""

    mixture: Tensor  # (batch, heads, queries, channels)
    weights: Tensor | None = None  # (batch, heads, queries, keys)


def masked_attention(
    q: Tensor, k: Tensor, v: Tensor, visible: Tensor, zero_keys: int = 0
) -> Attended:
    """Attention by its definition; a query that sees nothing yields zero.

    Parameters
    ----------
    q, k, v
        (batch, heads, queries or keys, channels).
    visible
        (queries, keys) boolean.
    zero_keys
        Number of extra keys and values of zeros that every query sees; their weights come first.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    if zero_keys:
        k = functional.pad(k, (0, 0, zero_keys, 0))  # (batch, heads, zero_keys + keys, channels)
        v = functional.pad(v, (0, 0, zero_keys, 0))
        visible = functional.pad(visible, (zero_keys, 0), value=True)
    scores = (q @ k.transpose(-1, -2)).float() / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(~visible, -torch.inf).softmax(-1)
    weights = weights.masked_fill(~visible.any(-1, keepdim=True), 0.0).to(v.dtype)
    return Attended(weights @ v, weights)


class FactoredAttention(nn.Module):
    """Multi-head attention with one of the patterns of `patterns.py`.

    Parameters
    ----------
    config
        Widths and heads of the stack.
    pattern
        0 to 7.
    layout
        How the sequence is cut into rows.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    def __init__(self, config: TransformerConfig, pattern: int, layout: Layout) -> None:
        super().__init__()
        width, state = config.width, config.state_width
        std = 0.02 * config.init_scale
        self.pattern, self.layout, self.heads = pattern, layout, config.heads
        if pattern == LYRICS:
            self.query = PointwiseLinear(width, state, init_std=std)
            self.encoder_kv = PointwiseLinear(width, 2 * state, init_std=std)
        else:
            self.qkv = PointwiseLinear(width, 3 * state, init_std=std)
        quiet = config.zero_out or pattern == LYRICS  # lyric layers start as the identity
        self.out = PointwiseLinear(state, width, init_std=0.0 if quiet else std)

    def forward(
        self, x: Tensor, encoder_states: Tensor | None = None, *, with_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Attend over a sequence from its start.

        Parameters
        ----------
        x
            (batch, n, width), n at most the layout's.
        encoder_states
            (batch, encoder positions, width), for pattern 6.
        with_weights
            Also return the weights (batch, heads, n, keys), computed by definition. For
            pattern 7 keys are the lyric positions, so rows need not sum to one.
        """
        q, k, v = self._project(x, encoder_states)
        if with_weights:
            attended = self._by_definition(q, k, v)
            return self._merge(attended.mixture), self._shown(attended.weights)
        return self._merge(self.whole(q, k, v)), None

    def extend(self, x: Tensor, cache: KeyValues) -> Tensor:
        """Attend with m more positions (batch, m, width), and remember their keys and values."""
        if self.pattern == LYRICS:
            q = self._split(self.query(x))
            mixture = functional.scaled_dot_product_attention(q, cache.keys, cache.values)
            return self._merge(mixture)
        q, k, v = self._project(x, None)
        start, m = cache.length, x.shape[1]
        if m == 1 and self.pattern not in (4, 5):
            cache.append(k, v)
            keys, values = cache.window()
            if keys.shape[2] == 0:  # the first row of "previous row" sees nothing
                return self._merge(torch.zeros_like(q))
            return self._merge(functional.scaled_dot_product_attention(q, keys, values))
        if start == 0:
            mixture = self.whole(q, k, v)
        else:
            old_keys, old_values, old_positions = cache.stored()
            new = torch.arange(start, start + m, device=x.device)
            visible = mask(self.pattern, self.layout, new, torch.cat([old_positions, new]))
            keys, values = torch.cat([old_keys, k], 2), torch.cat([old_values, v], 2)
            zeros = PATTERNS[self.pattern].zero_keys(self.layout)
            mixture = masked_attention(q, keys, values, visible, zeros).mixture
        cache.append(k, v)
        return self._merge(mixture)

    def new_cache(self, batch: int, like: Tensor, encoder_states: Tensor | None) -> KeyValues:
        """Room for everything this layer must remember; lyric keys are filled in at once."""
        channels = self.out.weight.shape[0] // self.heads
        if self.pattern == LYRICS:
            _, keys, values = self._project(None, encoder_states)
            return KeyValues.filled(keys, values)
        return KeyValues.empty(self.pattern, self.layout, (batch, self.heads, channels), like)

    def whole(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend over a sequence from its start, folded so that no pair is computed in vain."""
        attention = functional.scaled_dot_product_attention
        n, columns = q.shape[2], self.layout.columns
        if self.pattern == LYRICS:
            return attention(q, k, v)
        if self.pattern == 0:
            return attention(q, k, v, is_causal=True)
        if self.pattern in (4, 5):
            return self._by_definition(q, k, v).mixture
        if self.pattern == PRIME:
            positions = torch.arange(n, device=q.device)
            visible = mask(PRIME, self.layout, positions, positions[: self.layout.prime_span])
            span = visible.shape[1]
            return attention(q, k[:, :, :span], v[:, :, :span], attn_mask=visible)
        q, k, v = (_fold(t, columns) for t in (q, k, v))  # (batch, heads, rows, columns, channels)
        if self.pattern == 1:
            mixture = attention(q, k, v, is_causal=True)
        elif self.pattern == 2:
            q, k, v = (t.transpose(2, 3) for t in (q, k, v))
            mixture = attention(q, k, v, is_causal=True).transpose(2, 3)
        else:  # previous row: zeros stand before row 0
            k, v = (functional.pad(t, (0, 0, 0, 0, 1, 0))[:, :, :-1] for t in (k, v))
            mixture = attention(q, k, v)
        return mixture.flatten(2, 3)[:, :, :n]  # (batch, heads, n, channels)

    def _by_definition(self, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        if self.pattern == PRIME:  # nothing beyond is ever seen
            k, v = k[:, :, : self.layout.prime_span], v[:, :, : self.layout.prime_span]
        queries = torch.arange(q.shape[2], device=q.device)
        keys = torch.arange(k.shape[2], device=q.device)
        visible = mask(self.pattern, self.layout, queries, keys)
        return masked_attention(q, k, v, visible, PATTERNS[self.pattern].zero_keys(self.layout))

    def _shown(self, weights: Tensor | None) -> Tensor | None:
        """Of pattern 7 show music queries against lyric keys; of the others everything."""
        if self.pattern != PRIME or weights is None:
            return weights
        prime = self.layout.prime
        return weights[:, :, prime:, :prime]

    def _project(self, x: Tensor | None, encoder_states: Tensor | None) -> tuple[Tensor, ...]:
        if self.pattern == LYRICS:
            keys, values = self.encoder_kv(encoder_states).chunk(2, -1)
            q = self._split(self.query(x)) if x is not None else keys[:0]
            return q, self._split(keys), self._split(values)
        return tuple(self._split(t) for t in self.qkv(x).chunk(3, -1))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, heads, n, channels)

    def _merge(self, mixture: Tensor) -> Tensor:
        return self.out(mixture.transpose(1, 2).flatten(2))  # (batch, n, width)


def _fold(x: Tensor, columns: int) -> Tensor:
    """(batch, heads, n, channels) as whole rows; the last row is padded, nothing real sees it."""
    x = functional.pad(x, (0, 0, 0, -x.shape[2] % columns))
    return x.unflatten(2, (-1, columns))  # (batch, heads, rows, columns, channels)
