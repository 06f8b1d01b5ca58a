"""The decoder: one codebook vector per code in, waveform out.

What
    Decoder `l` holds blocks for the levels 0..l and walks them from its own level down to the
    waveform. It reads the vectors of its own level only: each level must be able to speak alone.

        (batch, emb_width, tokens) -> block l -> ... -> block 0 -> out -> (batch, 1, samples)
Paper: [Jukebox §3, appendix B.1]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.nn.conv import Conv1d, as_image
from jukebox_edu.nn.upsample import UpsampleBlock


class Decoder(nn.Module):
    """Decoder of one level: (batch, emb_width, tokens) to (batch, 1, samples).

    Parameters
    ----------
    config
        Shape of the codec.
    level
        Which level's decoder; 0 is the bottom (finest).

    Lesson: notebooks/04_three_levels.ipynb
    """

    blocks: Sequence[UpsampleBlock]  # index = level

    def __init__(self, config: VQVAEConfig, level: int) -> None:
        super().__init__()
        multiplier = config.multipliers[level]
        self.blocks = nn.ModuleList(  # type: ignore[assignment]
            UpsampleBlock(
                config.emb_width,
                config.width * multiplier,
                config.depth * multiplier,
                down=config.downs[b],
                stride=config.strides[b],
                m_conv=config.m_conv,
                dilation_growth=config.dilation_growth,
                dilation_cycle=config.dilation_cycle,
                reverse_dilation=config.reverse_decoder_dilation,
            )
            for b in range(level + 1)
        )
        self.out = Conv1d(config.emb_width, 1, 3, padding=1)

    @property
    def reach(self) -> int:
        """How many codes to either side the samples of one code depend on."""
        reach = 1  # of `out`, in samples
        for block in self.blocks:
            reach = block.input_reach(reach)
        return reach

    def forward(self, vectors: Tensor, *, channels_last: bool | None = None) -> Tensor:
        """Map (batch, emb_width, tokens) to (batch, 1, samples); nothing is clamped.

        `channels_last` computes on images of height 1, see `nn.conv`: the same but for rounding,
        and faster on a CPU. None: on a CPU where no gradients are taken.
        """
        if channels_last is None:
            # Rounding differs by 1e-7: nothing to hear, but a gradient can flip at a ReLU's corner,
            # so that training asks for it.
            channels_last = vectors.device.type == "cpu" and not torch.is_grad_enabled()
        if channels_last:
            return self.walk(as_image(vectors)).squeeze(2)  # (batch, 1, samples)
        return self.walk(vectors)

    def walk(self, x: Tensor) -> Tensor:
        """Apply the blocks from the decoder's own level down, then `out`."""
        for block in reversed(self.blocks):
            x = block(x)  # (batch, emb_width, time * stride ** down)
        return self.out(x)
