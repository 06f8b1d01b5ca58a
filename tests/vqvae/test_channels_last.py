"""Training on images of height 1: the same numbers as the plain way, but for rounding."""

from __future__ import annotations

import copy

import pytest
import torch

from jukebox_edu.config import LossConfig, VQVAEConfig
from jukebox_edu.nn.conv import WIDE, Conv1d, ConvTranspose1d, _WideConvolution, as_image
from jukebox_edu.vqvae import VQVAE
from jukebox_edu.vqvae.bottleneck import ROWS_AT_ONCE, Codebook

EXACT = {"rtol": 1e-10, "atol": 1e-10}  # of float64: nothing but the order of sums may differ
LOSSES = LossConfig(linf_k=64, n_ffts=(128, 64), hops=(16, 8), windows=(96, 48))


def config(**options) -> VQVAEConfig:
    """Two levels whose dilations reach `WIDE`: 1, 6, 36."""
    shape = {"downs": (2, 1), "strides": (2, 4), "multipliers": (1, 1), "width": 8, "depth": 3}
    return VQVAEConfig(
        **shape, emb_width=8, codebook_size=16, dilation_growth=6, losses=LOSSES, **options
    )


def gradients(module: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    """Gradient of a loss by every parameter that has one."""
    names, parameters = zip(*module.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return {n: g for n, g in zip(names, found, strict=True) if g is not None}


def run(layer: torch.nn.Module, x: torch.Tensor, image: bool) -> list[torch.Tensor]:
    """Output of a convolution, and gradients by its input and its parameters."""
    x = x.clone().requires_grad_()
    y = layer(as_image(x)).squeeze(2) if image else layer(x)
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape)
    return [y, *torch.autograd.grad((weights * y.square()).sum(), [x, *layer.parameters()])]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("n_in", "n_out", "taps", "options"),
    [
        (3, 5, 3, {"padding": 1}),
        (3, 5, 1, {}),
        (1, 5, 4, {"stride": 2, "padding": 1}),  # the encoder's first
        (5, 1, 3, {"padding": 1}),  # the decoder's last
        (3, 5, 4, {"stride": 2, "padding": 1, "bias": False}),
        (3, 5, 3, {"padding": WIDE, "dilation": WIDE}),
        (1, 5, 3, {"padding": WIDE, "dilation": WIDE}),
        (3, 5, 5, {"padding": 2 * WIDE, "dilation": WIDE, "bias": False}),
        (3, 5, 3, {"padding": 200, "dilation": 200}),  # the outer taps see nothing at all
        (3, 5, 4, {"padding": 51, "dilation": 34}),  # keeps the length with an even kernel
        (3, 5, 3, {"padding": 7, "dilation": WIDE}),  # shortens, so torch's own gradient
    ],
)
def test_convolutions_and_their_gradients_agree_in_float64(batch, n_in, n_out, taps, options):
    torch.manual_seed(0)
    layer = Conv1d(n_in, n_out, taps, **options).double()
    x = torch.randn(batch, n_in, 120, dtype=torch.float64)
    for fast, plain in zip(run(layer, x, True), run(layer, x, False), strict=True):
        torch.testing.assert_close(fast, plain, **EXACT)


def test_transposed_convolution_and_its_gradients_agree_in_float64():
    torch.manual_seed(0)
    layer = ConvTranspose1d(3, 5, 4, 2, padding=1).double()
    x = torch.randn(2, 3, 20, dtype=torch.float64)
    for fast, plain in zip(run(layer, x, True), run(layer, x, False), strict=True):
        torch.testing.assert_close(fast, plain, **EXACT)


def test_gradient_of_a_wide_convolution_against_differences():
    torch.manual_seed(0)
    parts = [torch.randn(2, 3, 1, 9), torch.randn(4, 3, 3), torch.randn(4)]
    parts = [part.double().requires_grad_() for part in parts]
    assert torch.autograd.gradcheck(lambda *three: _WideConvolution.apply(*three, 4), parts)


@pytest.mark.parametrize("level", [0, 1])
def test_encoder_and_decoder_agree_in_float64(level):
    """Law: with rounding out of the way no ReLU flips, and both layouts are one function."""
    torch.manual_seed(level)
    codec = VQVAE(config()).double()
    audio = torch.randn(2, 1, 256, dtype=torch.float64)
    vectors = torch.randn(2, 8, 256 // codec.hop_lengths[level], dtype=torch.float64)
    for module, x in ((codec.encoders[level], audio), (codec.decoders[level], vectors)):
        fast, plain = module(x, channels_last=True), module(x, channels_last=False)
        torch.testing.assert_close(fast, plain, **EXACT)
        fast_gradients = gradients(module, fast.square().sum())
        plain_gradients = gradients(module, plain.square().sum())
        assert len(plain_gradients) == len(list(module.parameters()))
        torch.testing.assert_close(fast_gradients, plain_gradients, **EXACT)


def step(codec: VQVAE, audio: torch.Tensor, *, half: bool = False, **options):
    """A training step of a copy: its result, gradients in one vector, and the copy."""
    codec = copy.deepcopy(codec).train()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        result = codec.losses(audio, generator=torch.Generator().manual_seed(3), **options)
    found = gradients(codec, result.total)
    return result, torch.cat([gradient.flatten().double() for gradient in found.values()]), codec


@pytest.fixture
def codec() -> VQVAE:
    torch.manual_seed(5)
    codec = VQVAE(config(revival_threshold=0.0))
    for book in codec.bottleneck.codebooks:
        book.vectors.normal_(std=0.3)
    return codec


@pytest.fixture
def audio() -> torch.Tensor:
    return 0.3 * torch.randn(2, 2048, generator=torch.Generator().manual_seed(6))


def test_a_training_step_differs_by_rounding_only(codec, audio):
    """Gradients may differ where a ReLU or a choice of code flips; of the whole that is little."""
    plain, plain_gradient, plain_after = step(codec, audio)
    fast, fast_gradient, fast_after = step(codec, audio, channels_last=True)
    assert fast.total.item() == pytest.approx(plain.total.item(), rel=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(fast.codes, plain.codes, strict=True))
    difference = (fast_gradient - plain_gradient).norm() / plain_gradient.norm()
    assert difference < 1e-2
    books = zip(fast_after.bottleneck.codebooks, plain_after.bottleneck.codebooks, strict=True)
    for mine, other in books:  # they learn the same, and they do learn
        torch.testing.assert_close(mine.vectors, other.vectors, rtol=1e-4, atol=1e-5)
    assert not torch.equal(mine.vectors, codec.bottleneck.codebooks[-1].vectors)


def test_plain_convolutions_are_the_default_where_gradients_are_taken(codec, audio):
    default, plain = step(codec, audio), step(codec, audio, channels_last=False)
    assert torch.equal(default[0].total, plain[0].total)
    assert torch.equal(default[1], plain[1])


def test_half_precision_is_as_good_in_both_layouts(codec, audio):
    """Under autocast the gradient keeps its direction, with images as without."""
    _, exact, _ = step(codec.eval(), audio)
    likeness = {
        layout: torch.cosine_similarity(
            exact, step(codec, audio, half=True, channels_last=layout)[1], dim=0
        )
        for layout in (True, False)
    }
    assert likeness[True] > 0.95
    assert 1 - likeness[True] < 3 * (1 - likeness[False]) + 1e-3


def test_search_in_pieces_finds_the_nearest():
    """Law: however many rows there are, each gets its nearest, and inputs stay as they were."""
    torch.manual_seed(0)
    book = Codebook(config())
    book.vectors.normal_()
    rows = torch.randn(ROWS_AT_ONCE + 3, 8)
    before = rows.clone()
    codes, distances = book.nearest(rows)
    exact = torch.cdist(rows.double(), book.vectors.double()).square()
    assert torch.equal(codes, exact.argmin(1))
    torch.testing.assert_close(distances.double(), exact.amin(1), rtol=1e-4, atol=1e-4)
    assert torch.equal(rows, before)
