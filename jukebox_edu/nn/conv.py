"""One-dimensional convolutions that can also be computed the way processors like best.

What
    A signal (batch, channels, time) can be seen as an image of height 1, (batch, channels, 1,
    time), stored with the channels of one time step side by side ("channels last"). The numbers
    are the same, but for rounding; a CPU then runs a convolution as dense matrix products. Which
    of the two is computed depends on the input's shape alone.

        y[t] = w[0] x[t - d] + w[1] x[t] + w[2] x[t + d]          three taps, dilation d
        dw[0] = sum over t of dy[t] x[t - d]^T, and so on for each tap

    The second line is one matrix product for each tap. torch's own gradient of the kernel takes up
    to 1.7 times as long where dilations are wide, in float32; there `_WideConvolution` replaces it.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDE = 32  # time steps between taps from which our gradient of the kernel is the faster one


def as_image(x: Tensor) -> Tensor:
    """Turn (batch, channels, time) into (batch, channels, 1, time), stored channels last.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    return x[:, :, None].contiguous(memory_format=torch.channels_last)


def _rows(image: Tensor) -> Tensor:
    """(batch, channels, 1, time) as (batch, time, channels): no copy, if stored channels last."""
    return image.squeeze(2).transpose(1, 2)


def _image(rows: Tensor) -> Tensor:
    """(batch, time, channels) as (batch, channels, 1, time), stored channels last."""
    return rows.transpose(1, 2)[:, :, None]


def _convolve(
    image: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: int, dilation: int
) -> Tensor:
    """Convolve (batch, n_in, 1, time) with (n_out, n_in, taps): (batch, n_out, 1, time')."""
    n_in, taps = kernel.shape[1:]
    if taps == 1 and stride == 1 and padding == 0:  # every time step alone
        return _image(functional.linear(_rows(image), kernel[:, :, 0], bias))
    if n_in == 1 and dilation == 1:  # the windows of one channel are the rows of a matrix
        padded = functional.pad(image[:, 0, 0], (padding, padding))  # (batch, time + 2 padding)
        windows = padded.unfold(1, taps, stride).contiguous()  # (batch, time', taps)
        return _image(functional.linear(windows, kernel[:, 0], bias))
    shape = ((1, stride), (0, padding), (1, dilation))
    return functional.conv2d(image, kernel[:, :, None], bias, *shape)


def _tap_gradients(x: Tensor, gradient: Tensor, taps: int, dilation: int) -> Tensor:
    """Gradient (n_out, n_in, taps) of a kernel, one matrix product for each tap.

    `x` and `gradient` are (batch, time, channels): input, and gradient of the output.
    """
    length, products = x.shape[1], []
    for tap in range(taps):
        shift = (tap - taps // 2) * dilation  # output t has seen input t + shift
        first, last = max(0, -shift), min(length, length - shift)  # where that lies inside
        last = max(first, last)
        pairs = zip(gradient[:, first:last], x[:, first + shift : last + shift], strict=True)
        products.append(torch.stack([felt.T @ seen for felt, seen in pairs]).sum(0))
    return torch.stack(products, -1)


class _WideConvolution(torch.autograd.Function):
    """A convolution of images that keeps the length, with our gradient of its kernel."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, kernel: Tensor, bias: Tensor, dilation: int) -> Tensor:
        ctx.save_for_backward(image, kernel)
        ctx.dilation = dilation
        return _convolve(image, kernel, bias, 1, kernel.shape[2] // 2 * dilation, dilation)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (image, kernel), dilation = ctx.saved_tensors, ctx.dilation
        gradient, taps = gradients[0], kernel.shape[2]
        of_image = of_kernel = of_bias = None
        if ctx.needs_input_grad[0]:  # a convolution with the mirrored kernel
            mirrored = kernel.transpose(0, 1).flip(2)  # (n_in, n_out, taps)
            of_image = _convolve(gradient, mirrored, None, 1, taps // 2 * dilation, dilation)
        if ctx.needs_input_grad[1]:
            of_kernel = _tap_gradients(_rows(image), _rows(gradient), taps, dilation)
        if ctx.needs_input_grad[2]:
            of_bias = gradient.sum((0, 2, 3))
        return of_image, of_kernel, of_bias, None


class Conv1d(nn.Conv1d):
    """`torch.nn.Conv1d` that also takes an image of height 1, see `as_image`.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, [1,] time) to (batch, n_out, [1,] time')."""
        if x.ndim == 3:
            return super().forward(x)
        parts = (x, self.weight, self.bias)
        stride, padding, dilation = self.stride[0], int(self.padding[0]), self.dilation[0]
        taps = self.kernel_size[0]
        keeps_length = stride == 1 and taps % 2 == 1 and padding == taps // 2 * dilation
        half = x.element_size() < 4 or torch.is_autocast_enabled(x.device.type)
        if dilation >= WIDE and keeps_length and not half and torch.is_grad_enabled():
            return _WideConvolution.apply(*parts, dilation)
        return _convolve(*parts, stride, padding, dilation)


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
