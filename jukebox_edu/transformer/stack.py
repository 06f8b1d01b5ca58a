"""The Transformer: layers of sparse attention and small MLPs, with or without memory.

What
    One layer is

        a = attention(norm(x));   m = mlp(norm(x + a));   y = x + a + m

    and the stack is `depth` of them, each with the pattern that the attention order names. There
    is no normalization after the last layer. `forward` runs a whole sequence at once (training);
    `extend` feeds it piece by piece, down to one position at a time (sampling), with equal results.
Shapes
    (batch, n, width) in and out.
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/05_transformer_over_codes.ipynb
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as recomputed

from jukebox_edu.config import TransformerConfig
from jukebox_edu.nn.linear import LayerNorm32, PointwiseLinear
from jukebox_edu.transformer.attention import FactoredAttention
from jukebox_edu.transformer.cache import KeyValues
from jukebox_edu.transformer.patterns import LYRICS, Layout, layer_patterns


@dataclass(frozen=True)
class LayerRecord:
    """What happened inside one layer."""

    weights: Tensor  # (batch, heads, n, keys), see `FactoredAttention.forward`
    attended: Tensor  # (batch, n, width), what attention added to the residual stream
    hidden: Tensor  # (batch, n, width), the residual stream after the layer


@dataclass(frozen=True)
class StackOutput:
    """Result of a whole-sequence pass."""

    hidden: Tensor  # (batch, n, width)
    layers: dict[int, LayerRecord] = field(default_factory=dict)  # of the recorded layers


def quick_gelu(x: Tensor) -> Tensor:
    """The activation of the released models: x * sigmoid(1.702 x).

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    return x * torch.sigmoid(1.702 * x)


class MLP(nn.Module):
    """Two pointwise layers with a quick GELU between them: (batch, n, width) to the same.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def __init__(self, config: TransformerConfig, *, quiet: bool) -> None:
        super().__init__()
        std = 0.02 * config.init_scale
        self.up = PointwiseLinear(config.width, config.mlp_width, init_std=std)
        self.down = PointwiseLinear(config.mlp_width, config.width, init_std=0.0 if quiet else std)

    def forward(self, x: Tensor) -> Tensor:
        """Transform every position alone."""
        return self.down(quick_gelu(self.up(x)))


class TransformerLayer(nn.Module):
    """Attention and MLP around the residual stream.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def __init__(self, config: TransformerConfig, pattern: int, layout: Layout) -> None:
        super().__init__()
        self.scale = 1.0 / config.depth if config.res_scale else 1.0
        self.attention = FactoredAttention(config, pattern, layout)
        self.norm_attention = LayerNorm32(config.width)
        self.norm_mlp = LayerNorm32(config.width)
        self.mlp = MLP(config, quiet=config.zero_out or pattern == LYRICS)

    def forward(self, x: Tensor, encoder_states: Tensor | None = None) -> Tensor:
        """Whole sequence (batch, n, width)."""
        attended, _ = self.attention(self.norm_attention(x), encoder_states)
        return self._add(x, attended)

    def recorded(self, x: Tensor, encoder_states: Tensor | None = None) -> LayerRecord:
        """The same, with everything that happened inside."""
        attended, weights = self.attention(
            self.norm_attention(x), encoder_states, with_weights=True
        )
        return LayerRecord(weights, attended, self._add(x, attended))

    def extend(self, x: Tensor, cache: KeyValues) -> Tensor:
        """The next m positions (batch, m, width)."""
        return self._add(x, self.attention.extend(self.norm_attention(x), cache))

    def _add(self, x: Tensor, attended: Tensor) -> Tensor:
        branch = attended + self.mlp(self.norm_mlp(x + attended))
        return x + branch if self.scale == 1.0 else x + self.scale * branch


class Transformer(nn.Module):
    """A stack of layers over one sequence.

    Parameters
    ----------
    config
        Widths, depth and attention order.
    layout
        Length of the sequence and its rows.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    def __init__(self, config: TransformerConfig, layout: Layout) -> None:
        super().__init__()
        self.config, self.layout = config, layout
        self.patterns = layer_patterns(config.attn_order, config.depth)
        self.layers = nn.ModuleList(TransformerLayer(config, p, layout) for p in self.patterns)

    def forward(
        self,
        x: Tensor,
        encoder_states: Tensor | None = None,
        *,
        record: Collection[int] = (),
        checkpoint: bool = False,
    ) -> StackOutput:
        """Run a whole sequence.

        Parameters
        ----------
        x
            (batch, n, width).
        encoder_states
            (batch, lyric tokens, width), needed if any layer has pattern 6.
        record
            Layers whose attention weights and outputs are returned too.
        checkpoint
            Keep only what goes into each layer and compute the rest again for the gradients:
            the memory of one layer instead of all, for a third more time. Not where recorded.
        """
        records: dict[int, LayerRecord] = {}
        for i, layer in enumerate(self.layers):
            if i in record:
                records[i] = layer.recorded(x, encoder_states)  # type: ignore[operator]
                x = records[i].hidden
            elif checkpoint and torch.is_grad_enabled():
                x = recomputed(layer, x, encoder_states, use_reentrant=False)
            else:
                x = layer(x, encoder_states)
        return StackOutput(x, records)

    def new_cache(
        self, batch: int, like: Tensor, encoder_states: Tensor | None = None
    ) -> list[KeyValues]:
        """Memory for one sequence, in the dtype and on the device of `like`."""
        return [layer.attention.new_cache(batch, like, encoder_states) for layer in self.layers]  # type: ignore[union-attr,operator]

    def extend(self, x: Tensor, caches: list[KeyValues]) -> Tensor:
        """Feed the next m positions (batch, m, width) and return their outputs."""
        for layer, cache in zip(self.layers, caches, strict=True):
            x = layer.extend(x, cache)  # type: ignore[operator]
        return x
