"""What an upsampler is told of the level above: its codes, stretched by convolutions.

What
    Each upper code becomes a vector; a small decoder (the VQ-VAE's own building block) turns the
    slow sequence of vectors into one vector for every position of this level.
Shapes
    codes (batch, window // factor) -> (batch, window, width).
Paper: [Jukebox §4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from torch import Tensor, nn

from jukebox_edu.config import ConditionerConfig
from jukebox_edu.nn.linear import LayerNorm32
from jukebox_edu.nn.upsample import UpsampleBlock


class UpperConditioner(nn.Module):
    """Embedding, dilated convolutions with upsampling, and a norm.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(
        self, config: ConditionerConfig, codebook_size: int, width: int, init_scale: float
    ) -> None:
        super().__init__()
        scale = init_scale if config.init_scale is None else config.init_scale
        self.embedding = nn.Embedding(codebook_size, width)
        nn.init.normal_(self.embedding.weight, std=0.02 * scale)
        self.block = UpsampleBlock(
            width,
            config.width,
            config.depth,
            down=config.down,
            stride=config.stride,
            m_conv=config.m_conv,
            dilation_growth=config.dilation_growth,
            dilation_cycle=config.dilation_cycle,
            reverse_dilation=False,
            res_scale=config.res_scale,
        )
        self.norm = LayerNorm32(width)

    def forward(self, codes: Tensor) -> Tensor:
        """Stretch upper codes over this level's window."""
        slow = self.embedding(codes).transpose(1, 2)  # (batch, width, window // factor)
        return self.norm(self.block(slow).transpose(1, 2))  # (batch, window, width)
