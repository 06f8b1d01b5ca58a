"""The encoder: waveform in, one vector per code out.

What
    Encoder `l` shortens the waveform block by block: its blocks 0..l each shorten time by
    `stride ** down` of their level, so that its output has one vector per `hop_lengths[l]` samples.
    Every level has an encoder of its own that starts again from the waveform.

        (batch, 1, samples) -> block 0 -> ... -> block l -> (batch, emb_width, tokens)
Paper: [Jukebox §3, appendix B.1]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.nn.conv import Conv1d, as_image
from jukebox_edu.nn.residual import ResidualStack
from jukebox_edu.nn.upsample import checked_stride


class DownsampleStep(nn.Module):
    """A strided convolution that divides the length by its stride, then a residual stack.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, conv: nn.Conv1d, residual: ResidualStack) -> None:
        super().__init__()
        self.conv = conv
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, t * stride) to (batch, width, t)."""
        return self.residual(self.conv(x))


class DownsampleBlock(nn.Module):
    """Shorten (batch, n_in, t * stride ** down) to (batch, emb_width, t).

    Parameters
    ----------
    n_in, emb_width, width
        Channels of the input, of the output, and inside.
    depth
        Residual blocks per stack.
    down, stride
        Number of strided convolutions and the stride of each (even).
    m_conv, dilation_growth, dilation_cycle
        See `ResidualStack`.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    steps: Sequence[DownsampleStep]

    def __init__(
        self,
        n_in: int,
        emb_width: int,
        width: int,
        depth: int,
        *,
        down: int,
        stride: int,
        m_conv: float = 1.0,
        dilation_growth: int = 1,
        dilation_cycle: int | None = None,
    ) -> None:
        super().__init__()
        self.stride = checked_stride(stride)
        steps = []
        for i in range(down):
            n_step = n_in if i == 0 else width
            conv = Conv1d(n_step, width, 2 * stride, stride, padding=stride // 2)
            residual = ResidualStack(
                width,
                depth,
                m_conv=m_conv,
                dilation_growth=dilation_growth,
                dilation_cycle=dilation_cycle,
            )
            steps.append(DownsampleStep(conv, residual))
        self.steps = nn.ModuleList(steps)  # type: ignore[assignment]
        self.leave = Conv1d(width, emb_width, 3, padding=1)

    def input_reach(self, output_reach: int) -> int:
        """Input steps to either side that matter for outputs up to `output_reach` steps away."""
        reach = output_reach + 1  # the leaving convolution looks one step to either side
        for step in reversed(self.steps):
            reach = (reach + step.residual.reach + 1) * self.stride
        return reach

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, t * stride ** down) to (batch, emb_width, t)."""
        for step in self.steps:
            x = step(x)  # (batch, width, time / stride)
        return self.leave(x)  # (batch, emb_width, t)


class Encoder(nn.Module):
    """Encoder of one level: (batch, 1, samples) to (batch, emb_width, tokens).

    Parameters
    ----------
    config
        Shape of the codec.
    level
        Which level's encoder; 0 is the bottom (finest).

    Lesson: notebooks/04_three_levels.ipynb
    """

    blocks: Sequence[DownsampleBlock]  # index = level

    def __init__(self, config: VQVAEConfig, level: int) -> None:
        super().__init__()
        multiplier = config.multipliers[level]
        self.blocks = nn.ModuleList(  # type: ignore[assignment]
            DownsampleBlock(
                1 if b == 0 else config.emb_width,
                config.emb_width,
                config.width * multiplier,
                config.depth * multiplier,
                down=config.downs[b],
                stride=config.strides[b],
                m_conv=config.m_conv,
                dilation_growth=config.dilation_growth,
                dilation_cycle=config.dilation_cycle,
            )
            for b in range(level + 1)
        )
        self.hop_length = config.hop_lengths[level]

    @property
    def reach(self) -> int:
        """How many codes to either side hold the samples that one code depends on."""
        reach = 0
        for block in reversed(self.blocks):
            reach = block.input_reach(reach)
        return -(-reach // self.hop_length)

    def forward(self, audio: Tensor, *, channels_last: bool = False) -> Tensor:
        """Map (batch, 1, samples) to (batch, emb_width, tokens), before quantisation.

        `channels_last` computes on images of height 1, see `nn.conv`: the same but for rounding,
        and faster on a CPU.
        """
        x = as_image(audio) if channels_last else audio
        for block in self.blocks:
            x = block(x)  # (batch, emb_width, time / stride ** down)
        return x.squeeze(2) if channels_last else x
