"""The way back up in time: from codes of one level to the finer time steps below it.

What
    One block widens the time axis by `stride ** down`. The VQ-VAE's decoders chain such blocks down
    to the waveform; a prior uses one of them to read the codes of the level above.

        (batch, emb_width, t) -> enter -> [residual stack -> transposed convolution] x down
                              -> (batch, emb_width, t * stride ** down)
Paper: [Jukebox §3, §4, appendix B.1]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.nn.conv import Conv1d, ConvTranspose1d
from jukebox_edu.nn.residual import ResidualStack


def checked_stride(stride: int) -> int:
    """Return `stride` if lengths come out whole with it, else raise `ConfigError`.

    A kernel of `2 * stride` with padding `stride // 2` changes a length by exactly the factor
    `stride` only if the stride is even.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if stride < 2 or stride % 2:
        advice = "Use stride 2 and a larger down."
        raise ConfigError(must("stride", stride, "an even number from 2", advice))
    return stride


class UpsampleStep(nn.Module):
    """A residual stack, then a transposed convolution that multiplies the length by its stride.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def __init__(self, residual: ResidualStack, conv: nn.ConvTranspose1d) -> None:
        super().__init__()
        self.residual = residual
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width, t) to (batch, width or emb_width, t * stride)."""
        return self.conv(self.residual(x))


class UpsampleBlock(nn.Module):
    """Lengthen (batch, emb_width, t) to (batch, emb_width, t * stride ** down).

    Parameters
    ----------
    emb_width, width
        Channels outside and inside the block.
    depth
        Residual blocks per stack.
    down, stride
        Number of transposed convolutions and the stride of each (even).
    m_conv, dilation_growth, dilation_cycle, reverse_dilation, res_scale
        See `ResidualStack`.

    Lesson: notebooks/04_three_levels.ipynb
    """

    steps: Sequence[UpsampleStep]

    def __init__(
        self,
        emb_width: int,
        width: int,
        depth: int,
        *,
        down: int,
        stride: int,
        m_conv: float = 1.0,
        dilation_growth: int = 1,
        dilation_cycle: int | None = None,
        reverse_dilation: bool = False,
        res_scale: bool = False,
    ) -> None:
        super().__init__()
        self.stride = checked_stride(stride)
        self.enter = Conv1d(emb_width, width, 3, padding=1)
        steps = []
        for i in range(down):
            residual = ResidualStack(
                width,
                depth,
                m_conv=m_conv,
                dilation_growth=dilation_growth,
                dilation_cycle=dilation_cycle,
                reverse_dilation=reverse_dilation,
                res_scale=res_scale,
            )
            n_out = emb_width if i == down - 1 else width
            conv = ConvTranspose1d(width, n_out, 2 * stride, stride, padding=stride // 2)
            steps.append(UpsampleStep(residual, conv))
        self.steps = nn.ModuleList(steps)  # type: ignore[assignment]

    def input_reach(self, output_reach: int) -> int:
        """Input steps to either side that matter for outputs up to `output_reach` steps away."""
        reach = output_reach
        for step in reversed(self.steps):
            reach = -(-reach // self.stride) + 1 + step.residual.reach
        return reach + 1  # the entering convolution looks one step to either side

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, emb_width, t) to (batch, emb_width, t * stride ** down)."""
        x = self.enter(x)  # (batch, width, t)
        for step in self.steps:
            x = step(x)  # (batch, width or emb_width, t * stride)
        return x
