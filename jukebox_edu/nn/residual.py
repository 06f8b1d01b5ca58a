"""Dilated residual convolutions: how a stack of small filters hears a long stretch of time.

What
    A residual block looks at three points in time, `dilation` steps apart, and adds what it finds
    to its input. With dilations 1, 3, 9, 27, ... a few blocks cover thousands of steps:

        dilation 1      . . . . . . x x x . . . . . .
        dilation 3      . . . x . . x . . x . . . . .
        dilation 9      x . . . . . . . . x . . . . . . . . x

Shapes
    Everything is (batch, width, time); time never changes.
Paper: [Jukebox §3, appendix B.1]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from jukebox_edu.nn.conv import Conv1d


def dilation_exponents(
    depth: int, cycle: int | None = None, *, reverse: bool = False
) -> tuple[int, ...]:
    """Exponents of the dilation growth, one per block of a stack, in stored order.

    Parameters
    ----------
    depth
        Number of blocks.
    cycle
        The exponents start again at 0 after this many blocks; None: never.
    reverse
        Largest dilation first, as in the VQ-VAE's decoders.

    Lesson: notebooks/03_train_a_vqvae.ipynb

    >>> dilation_exponents(4), dilation_exponents(5, 2, reverse=True)
    ((0, 1, 2, 3), (0, 1, 0, 1, 0))
    """
    exponents = [j if cycle is None else j % cycle for j in range(depth)]
    return tuple(reversed(exponents)) if reverse else tuple(exponents)


class ResidualBlock(nn.Module):
    """`x + res_scale * pointwise(relu(dilated(relu(x))))`, (batch, width, time) in and out.

    The skip path is not rectified: only the copy that goes through the convolutions is.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(
        self, width: int, hidden: int, *, dilation: int = 1, res_scale: float = 1.0
    ) -> None:
        super().__init__()
        self.dilated = Conv1d(width, hidden, 3, padding=dilation, dilation=dilation)
        self.pointwise = Conv1d(hidden, width, 1)
        self.res_scale = res_scale

    def forward(self, x: Tensor) -> Tensor:
        """Add to (batch, width, time) what the two convolutions find in it."""
        hidden = self.dilated(x.relu()).relu_()  # (batch, hidden, time)
        return torch.add(x, self.pointwise(hidden), alpha=self.res_scale)


class ResidualStack(nn.Module):
    """Residual blocks with growing dilation, (batch, width, time) in and out.

    Parameters
    ----------
    width, depth
        Channels, and number of blocks.
    m_conv
        Channels between the two convolutions of a block / width.
    dilation_growth, dilation_cycle, reverse_dilation
        Block j has dilation `growth ** exponent`, see `dilation_exponents`.
    res_scale
        Factor on every block's contribution; True means `1 / sqrt(depth)`, False means 1.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(
        self,
        width: int,
        depth: int,
        *,
        m_conv: float = 1.0,
        dilation_growth: int = 1,
        dilation_cycle: int | None = None,
        reverse_dilation: bool = False,
        res_scale: float | bool = 1.0,
    ) -> None:
        super().__init__()
        if isinstance(res_scale, bool):
            res_scale = 1 / math.sqrt(depth) if res_scale else 1.0
        exponents = dilation_exponents(depth, dilation_cycle, reverse=reverse_dilation)
        self.dilations = tuple(dilation_growth**e for e in exponents)  # time steps, stored order
        self.layers = nn.ModuleList(
            ResidualBlock(width, int(m_conv * width), dilation=dilation, res_scale=res_scale)
            for dilation in self.dilations
        )

    @property
    def reach(self) -> int:
        """How many time steps to either side an output depends on."""
        return sum(self.dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Apply all blocks in stored order; (batch, width, time) in and out."""
        for layer in self.layers:
            x = layer(x)
        return x
