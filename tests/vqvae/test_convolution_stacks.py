"""Laws of the residual stacks, down- and upsampling blocks."""

from __future__ import annotations

import math

import pytest
import torch

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import ConfigError
from jukebox_edu.nn.conv import Conv1d, ConvTranspose1d, as_image
from jukebox_edu.nn.residual import ResidualBlock, ResidualStack
from jukebox_edu.nn.upsample import UpsampleBlock
from jukebox_edu.vqvae.decoder import Decoder
from jukebox_edu.vqvae.encoder import DownsampleBlock, Encoder


@pytest.mark.parametrize(
    ("depth", "cycle", "reverse", "expected"),
    [
        (4, None, False, (1, 3, 9, 27)),
        (4, None, True, (27, 9, 3, 1)),
        (5, 2, False, (1, 3, 1, 3, 1)),
        (5, 2, True, (1, 3, 1, 3, 1)),
        (4, 3, True, (1, 9, 3, 1)),
    ],
)
def test_dilations_of_the_stored_convolutions(depth, cycle, reverse, expected):
    options = {"dilation_growth": 3, "dilation_cycle": cycle, "reverse_dilation": reverse}
    stack = ResidualStack(4, depth, **options)
    assert tuple(layer.dilated.dilation[0] for layer in stack.layers) == expected
    assert tuple(layer.dilated.padding[0] for layer in stack.layers) == expected


def test_only_decoders_reverse_their_dilations():
    config = VQVAEConfig(downs=(1,), strides=(2,), multipliers=(2,), width=4, depth=1)
    down, up = Encoder(config, 0).blocks[0], Decoder(config, 0).blocks[0]
    assert down.steps[0].residual.dilations == (1, 3)
    assert up.steps[0].residual.dilations == (3, 1)


def test_skip_path_is_not_rectified():
    block = ResidualBlock(3, 3)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(2, 3, 5)
    assert (x < 0).any()
    torch.testing.assert_close(block(x), x)


def test_residual_scale_counts_every_block():
    torch.manual_seed(0)
    scaled = ResidualStack(3, 4, res_scale=True)
    plain = ResidualStack(3, 4, res_scale=1 / math.sqrt(4))
    plain.load_state_dict(scaled.state_dict())
    x = torch.randn(1, 3, 8)
    torch.testing.assert_close(scaled(x), plain(x))
    assert not torch.allclose(scaled(x), ResidualStack(3, 4, res_scale=False)(x))
    assert ResidualStack(3, 4, res_scale=False).layers[0].res_scale == 1.0


def test_hidden_width_and_state_names():
    stack = ResidualStack(8, 1, m_conv=0.5)
    shapes = {name: tuple(value.shape) for name, value in stack.state_dict().items()}
    assert shapes == {
        "layers.0.dilated.weight": (4, 8, 3),
        "layers.0.dilated.bias": (4,),
        "layers.0.pointwise.weight": (8, 4, 1),
        "layers.0.pointwise.bias": (8,),
    }


def test_reach_is_exactly_how_far_an_output_looks():
    stack = ResidualStack(4, 3, dilation_growth=3)
    x = torch.randn(1, 4, 61, requires_grad=True)
    stack(x)[0, :, 30].sum().backward()
    touched = x.grad[0].abs().sum(0).nonzero()[:, 0]
    assert int(touched.min()) >= 30 - stack.reach and int(touched.max()) <= 30 + stack.reach
    assert stack.reach == 13


@pytest.mark.parametrize(("down", "stride"), [(1, 2), (3, 2), (1, 4), (2, 4), (1, 16)])
def test_down_and_up_are_inverse_in_length(down, stride):
    factor = stride**down
    shorten = DownsampleBlock(1, 6, 4, 2, down=down, stride=stride)
    lengthen = UpsampleBlock(6, 4, 2, down=down, stride=stride)
    x = torch.randn(2, 1, 5 * factor)
    assert shorten(x).shape == (2, 6, 5)
    assert lengthen(shorten(x)).shape == (2, 6, 5 * factor)


@pytest.mark.parametrize("stride", [1, 3])
def test_odd_strides_are_refused(stride):
    with pytest.raises(ConfigError, match=f"stride={stride}: must be an even number"):
        UpsampleBlock(6, 4, 2, down=1, stride=stride)
    with pytest.raises(ConfigError, match="stride 2 and a larger down"):
        DownsampleBlock(1, 6, 4, 2, down=1, stride=stride)


@pytest.mark.parametrize("level", [0, 1])
def test_decoding_as_an_image_of_height_one_gives_the_same_sound(level):
    torch.manual_seed(0)
    config = VQVAEConfig(downs=(2, 1), strides=(2, 4), multipliers=(2, 1), width=8, depth=2)
    decoder, vectors = Decoder(config, level), torch.randn(2, 64, 12)
    plain = decoder(vectors)
    with torch.no_grad():
        fast = decoder(vectors)
    assert fast.shape == plain.shape == (2, 1, 12 * config.hop_lengths[level])
    torch.testing.assert_close(fast, plain.detach(), rtol=1e-5, atol=1e-6)
    assert torch.equal(plain, decoder.walk(vectors))  # gradients: torch's own 1-D convolutions


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 9), (4, 1)])
def test_convolution_as_image_equals_convolution(stride, dilation):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 40)
    options = {"stride": stride, "padding": 2, "dilation": dilation}
    conv = Conv1d(3, 5, 3, **options)
    torch.testing.assert_close(conv(as_image(x)).squeeze(2), conv(x), rtol=1e-5, atol=1e-6)
    up = ConvTranspose1d(3, 5, 2 * stride, stride, padding=stride // 2)
    torch.testing.assert_close(up(as_image(x)).squeeze(2), up(x), rtol=1e-5, atol=1e-6)
    assert as_image(x).is_contiguous(memory_format=torch.channels_last)
