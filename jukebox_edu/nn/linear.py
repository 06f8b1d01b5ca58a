"""Two small layers that the released weights define in their own way.

What
    `PointwiseLinear` stores its matrix as (n_in, n_out), the transpose of `torch.nn.Linear`: the
    released files do, and so nothing is transposed on the way. `LayerNorm32` normalizes in float32
    whatever the precision of the activations, as half precision sampling needs.
Paper: [Jukebox appendix B]
Lesson: notebooks/05_transformer_over_codes.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PointwiseLinear(nn.Module):
    """`x @ weight + bias` along the last axis, for every position alone.

    Parameters
    ----------
    n_in, n_out
        Input and output channels.
    init_std
        Standard deviation of the initial weights; 0 starts the layer at zero.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def __init__(self, n_in: int, n_out: int, *, init_std: float = 0.02) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out))  # (n_in, n_out)
        self.bias = nn.Parameter(torch.zeros(n_out))
        nn.init.normal_(self.weight, std=init_std)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., n_in) to (..., n_out); weights follow the input's dtype."""
        return functional.linear(x, self.weight.to(x.dtype).T, self.bias.to(x.dtype))


class LayerNorm32(nn.LayerNorm):
    """Layer normalization computed in float32; the result has the input's dtype.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize the last axis of (..., width)."""
        weight, bias = self.weight.float(), self.bias.float()
        return functional.layer_norm(x.float(), self.normalized_shape, weight, bias, self.eps).to(
            x.dtype
        )
