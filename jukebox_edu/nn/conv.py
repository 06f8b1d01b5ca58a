"""One-dimensional convolutions that can also be computed the way processors like best.

What
    A signal (batch, channels, time) can be seen as an image of height 1, (batch, channels, 1,
    time), stored with the channels of one time step side by side ("channels last"). The numbers
    are the same, but a CPU then runs the convolution as one dense matrix product and is 1.2 to 2
    times faster. Which of the two is computed depends on the input's shape alone.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def as_image(x: Tensor) -> Tensor:
    """Turn (batch, channels, time) into (batch, channels, 1, time), stored channels last.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    return x[:, :, None].contiguous(memory_format=torch.channels_last)


class Conv1d(nn.Conv1d):
    """`torch.nn.Conv1d` that also takes an image of height 1, see `as_image`.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, [1,] time) to (batch, n_out, [1,] time')."""
        if x.ndim == 3:
            return super().forward(x)
        stride, padding, dilation = (1, *self.stride), (0, *self.padding), (1, *self.dilation)
        kernel = self.weight[:, :, None]  # (n_out, n_in, 1, kernel)
        return functional.conv2d(x, kernel, self.bias, stride, padding, dilation)


class ConvTranspose1d(nn.ConvTranspose1d):
    """`torch.nn.ConvTranspose1d` that also takes an image of height 1, see `as_image`.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (batch, n_in, [1,] time) to (batch, n_out, [1,] time')."""
        if x.ndim == 3:
            return super().forward(x, output_size)
        stride, padding = (1, *self.stride), (0, *self.padding)
        kernel = self.weight[:, :, None]  # (n_in, n_out, 1, kernel)
        return functional.conv_transpose2d(x, kernel, self.bias, stride, padding)
