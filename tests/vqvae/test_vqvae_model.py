"""Laws of the whole codec: lengths, levels, pieces, training, and what it refuses."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from jukebox_edu.config import LossConfig, VQVAEConfig
from jukebox_edu.errors import AudioError, ConfigError, ShapeError
from jukebox_edu.vqvae import VQVAE, Bandwidth, measure_bandwidth
from jukebox_edu.vqvae import losses as loss_functions
from jukebox_edu.vqvae.bottleneck import draw_candidates

LOSSES = LossConfig(linf_k=64, n_ffts=(512, 256), hops=(128, 64), windows=(400, 200))
CONFIG = VQVAEConfig(
    sample_rate=8000,
    downs=(2, 1, 1),
    strides=(2, 2, 4),
    emb_width=8,
    codebook_size=16,
    width=4,
    depth=2,
    multipliers=(2, 1, 1),
    losses=LOSSES,
)  # hop lengths 4, 8, 32


def noise(batch: int, samples: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, samples, generator=generator) * 2 - 1


@pytest.fixture
def model() -> VQVAE:
    torch.manual_seed(0)
    model = VQVAE(CONFIG)
    generator = torch.Generator().manual_seed(5)
    for encoder, book in zip(model.encoders, model.bottleneck.codebooks, strict=True):
        rows = book.to_rows(encoder(noise(1, 6400, seed=5)[:, None])).detach()
        book.vectors.copy_(draw_candidates(rows, 16, generator))
    return model.eval()


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 320])
def test_lengths(model, samples):
    codes = model.encode(noise(2, samples))
    whole = -(-samples // 32) * 32
    assert [tuple(c.shape) for c in codes] == [(2, whole // hop) for hop in (4, 8, 32)]
    for level in range(3):
        audio = model.decode(codes, level)
        assert audio.shape == (2, whole) and audio.dtype == torch.float32


def test_padding_is_silence(model):
    audio = noise(1, 50)
    padded = torch.cat([audio, torch.zeros(1, 14)], 1)
    for ours, theirs in zip(model.encode(audio), model.encode(padded), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(model.encode(audio[0]), model.encode(audio), strict=True):
        assert torch.equal(ours, theirs)


def test_batch_items_do_not_hear_each_other(model):
    both = model.encode(noise(2, 320))
    for level, codes in enumerate(model.encode(noise(2, 320)[1:])):
        assert torch.equal(codes[0], both[level][1])


def test_decode_reads_its_own_level_only(model):
    codes = model.encode(noise(1, 64))
    torch.testing.assert_close(model.decode([None, codes[1], None], 1), model.decode(codes, 1))
    assert not torch.allclose(model.decode(codes, 0), model.decode(codes, 2))


def test_decode_does_not_clamp(model):
    torch.nn.init.constant_(model.decoders[0].out.bias, 3.0)
    torch.nn.init.zeros_(model.decoders[0].out.weight)
    torch.testing.assert_close(model.decode(model.encode(noise(1, 32))), torch.full((1, 32), 3.0))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_decoding_in_pieces_equals_decoding_at_once(model, level):
    codes = model.encode(noise(2, 3200))
    whole = model.decode(codes, level)
    for block_seconds in (0.01, 0.033, 0.1, 9.0):
        parts = list(model.decode_blocks(codes, level, block_seconds=block_seconds))
        torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-5, atol=1e-6)
    assert len(parts) == 1


@pytest.mark.parametrize("level", [0, 1, 2])
def test_encoding_in_pieces_equals_encoding_at_once(model, level, monkeypatch):
    audio = noise(2, 6400)
    whole = model.encode(audio)[level]
    assert len(whole.unique()) > 3
    monkeypatch.setattr("jukebox_edu.vqvae.model.ENCODE_SECONDS", 0.07)
    assert torch.equal(model.encode(audio)[level], whole)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_code_hears_no_further_than_the_reach(model, level):
    encoder, hop = model.encoders[level], model.hop_lengths[level]
    middle = 2 * encoder.reach
    audio = torch.randn(1, 1, 2 * middle * hop, requires_grad=True)
    encoder(audio)[0, :, middle].sum().backward()
    touched = audio.grad[0, 0].nonzero()[:, 0] // hop
    assert middle - encoder.reach <= int(touched.min())
    assert int(touched.max()) <= middle + encoder.reach


@pytest.mark.parametrize("level", [0, 1, 2])
def test_pieces_are_shorter_than_the_song_and_longer_than_the_reach(model, level):
    decoder, hop = model.decoders[level], model.hop_lengths[level]
    n = 4 * decoder.reach
    vectors = torch.randn(1, 8, n, requires_grad=True)
    middle = n // 2
    decoder(vectors)[0, 0, middle * hop : (middle + 1) * hop].sum().backward()
    touched = vectors.grad[0].abs().sum(0).nonzero()[:, 0]
    assert middle - decoder.reach <= int(touched.min())
    assert int(touched.max()) <= middle + decoder.reach


def test_levels_train_apart_as_together(model):
    audio = noise(2, 1280)
    model.train()
    apart = copy.deepcopy(model)
    together = model.losses(audio, generator=torch.Generator().manual_seed(0))
    alone = apart.losses(audio, levels=(2,), generator=torch.Generator().manual_seed(0))
    assert alone.levels[0] is None and alone.quantised[0] is None and alone.codes[1] is None
    assert torch.equal(alone.codes[2], together.codes[2])
    torch.testing.assert_close(
        alone.total, alone.recons + alone.multispectral + 0.02 * alone.commit
    )
    torch.testing.assert_close(alone.levels[2].recons, together.levels[2].recons)
    torch.testing.assert_close(alone.reconstruction, together.levels[2].reconstruction)
    alone.total.backward()
    grads = {name for name, p in apart.named_parameters() if p.grad is not None}
    assert {name.split(".")[1] for name in grads} == {"2"}
    assert alone.quantised[2].shape == (2, 8, 40)


def test_sums_and_level_zero_metrics(model):
    audio, bandwidth = noise(1, 1280), Bandwidth(l1=0.5, l2=0.25, spec=10.0)
    loss = model.losses(audio, bandwidth=bandwidth)
    for name in ("recons", "spectral", "multispectral", "commit"):
        parts = sum(getattr(level, name) for level in loss.levels)
        torch.testing.assert_close(getattr(loss, name), parts)
    torch.testing.assert_close(loss.reconstruction, model.decode(loss.codes))
    difference = audio - loss.reconstruction
    torch.testing.assert_close(loss.l1, difference.abs().mean() / 0.5)
    torch.testing.assert_close(loss.l2, difference.square().mean() / 0.25)
    largest = difference.square().flatten().sort().values[-64:]
    torch.testing.assert_close(loss.linf, largest.mean() / 0.25)


def test_training_lowers_the_loss_and_uses_the_codebook():
    torch.manual_seed(0)
    model = VQVAE(CONFIG).train()  # its codebooks are empty: the first step fills them
    time = torch.arange(1280) / 8000
    audio = torch.sin(2 * torch.pi * torch.tensor([[200.0], [330.0]]) * time)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    generator, values = torch.Generator().manual_seed(0), []
    for _ in range(30):
        loss = model(audio, bandwidth=Bandwidth(spec=40.0), levels=(1,), generator=generator)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        values.append(loss.total.item())
    assert max(values[-5:]) < 0.85 * values[0]
    assert loss.codebook.entropy > 1 and loss.codebook.dk > 0


def test_unweighted_spectral_losses_give_no_gradient(model):
    loss = model.train().losses(noise(1, 1280))
    assert loss.multispectral.requires_grad and not loss.spectral.requires_grad


def test_spectral_losses_ignore_phase_and_hear_silence():
    audio, silent = noise(2, 2048), torch.zeros(2, 2048)
    assert loss_functions.multispectral_distance(audio, -audio, LOSSES).max() == 0
    convergence = loss_functions.spectral_convergence
    torch.testing.assert_close(convergence(audio, silent), torch.ones(2))
    assert convergence(silent, audio).tolist() == [0.0, 0.0]


def test_gradient_of_silence_is_finite():
    guess = torch.zeros(1, 2048, requires_grad=True)
    loss_functions.multispectral_distance(torch.zeros(1, 2048), guess, LOSSES).sum().backward()
    assert guess.grad.isfinite().all()


def test_bandwidth_by_hand():
    clip = np.where(np.arange(4096) % 2 == 0, 0.5, -0.25)
    stereo = np.stack([clip, clip], 1)
    measured = measure_bandwidth([clip, "never read", stereo], sample_rate=8000, every=2)
    assert measured.l1 == pytest.approx(0.375)
    assert measured.l2 == pytest.approx(np.var(clip))
    mono = torch.from_numpy(clip).float()[None]
    magnitude = loss_functions.stft_magnitude(mono, *loss_functions.SINGLE_RESOLUTION)
    assert measured.spec == pytest.approx(float(magnitude.norm()), rel=1e-5)


def test_bandwidth_stops_after_enough_seconds():
    loud, quiet = np.tile([0.5, -0.5], 2048), np.tile([0.1, -0.1], 2048)
    clips = iter([loud, quiet])
    measured = measure_bandwidth(clips, sample_rate=8000, seconds=0.5, every=1)
    assert measured.l1 == pytest.approx(0.5)
    assert next(clips) is quiet


def test_state_names():
    names = set(VQVAE(CONFIG).state_dict())
    expected = {
        "encoders.2.blocks.0.steps.1.conv.weight",
        "encoders.0.blocks.0.steps.0.residual.layers.3.dilated.bias",
        "encoders.1.blocks.1.leave.weight",
        "decoders.2.blocks.2.enter.bias",
        "decoders.0.blocks.0.steps.1.residual.layers.0.pointwise.weight",
        "decoders.1.out.weight",
        "bottleneck.codebooks.2.vectors",
    }
    assert expected <= names
    assert not any("ema" in name for name in names)


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros(64), "audio='ndarray': must be a tensor of real numbers. Convert it"),
        (torch.zeros(64, dtype=torch.int16), "audio='torch.int16': must be a tensor of real"),
        (torch.zeros(1, 64, 1), r"audio.shape=\(1, 64, 1\): must be \(batch, samples\)"),
        (torch.zeros(0), r"audio.shape=\(0,\): must be .* not empty"),
        (torch.tensor([0.0, float("nan")]), "audio='nan or infinity': must be finite"),
    ],
)
def test_audio_it_refuses(model, audio, message):
    with pytest.raises(ShapeError, match=message):
        model.encode(audio)


@pytest.mark.parametrize(
    ("codes", "level", "message"),
    [
        (torch.zeros(1, 4).long(), 0, "codes='one tensor': must be a list with one entry per"),
        ([torch.zeros(1, 4).long()], 1, "codes='1 entries': must be .* at least 2. None will do"),
        ([None, None, None], 1, r"codes\[1\]='NoneType': must be a tensor of whole numbers"),
        ([torch.zeros(1, 4)], 0, r"codes\[0\]='torch.float32': must be a tensor of whole"),
        ([torch.zeros(4).long()], 0, r"codes\[0\].shape=\(4,\): must be \(batch, tokens\)"),
        ([torch.tensor([[0, 16]])], 0, r"range of codes\[0\]=\(0, 16\): must be from 0 to 15"),
        ([torch.tensor([[-1, 3]])], 0, r"range of codes\[0\]=\(-1, 3\): must be from 0 to 15"),
    ],
)
def test_codes_it_refuses(model, codes, level, message):
    with pytest.raises(ShapeError, match=message):
        model.decode(codes, level)
    with pytest.raises(ShapeError, match=message):
        next(model.decode_blocks(codes, level))


def test_levels_and_clips_it_refuses(model):
    with pytest.raises(ConfigError, match=r"level=3: must be from 0 \(bottom\) to 2 \(top\)"):
        model.decode([None] * 4, 3)
    with pytest.raises(ConfigError, match=r"levels=\(5,\): must be some of \(0, 1, 2\)"):
        model.losses(noise(1, 1280), levels=(5,))
    with pytest.raises(ShapeError, match="multiple of the hop length 32. Cut it to 1280"):
        model.losses(noise(1, 1300))
    assert model.losses(noise(1, 1300), levels=(0,)).reconstruction.shape == (1, 1300)
    with pytest.raises(ShapeError, match="samples=1024: must be above 1024 .* longer clips"):
        model.losses(noise(1, 1024))
    with pytest.raises(ShapeError, match="samples=1280: must be at least linf_k=2048.* lower linf"):
        VQVAE(VQVAEConfig(downs=(1,), strides=(2,), multipliers=(1,))).losses(noise(1, 1280))


def test_data_it_refuses():
    with pytest.raises(AudioError, match="clips='0 clips': must be clips with sound"):
        measure_bandwidth([], sample_rate=8000)
    with pytest.raises(AudioError, match="clips='1 clips'"):
        measure_bandwidth([np.zeros(4096)], sample_rate=8000)
    with pytest.raises(ShapeError, match=r"clip.shape=\(100,\): must be .* more than 1024 samples"):
        measure_bandwidth([np.zeros(100)], sample_rate=8000)
    with pytest.raises(ConfigError, match="l2=0.0: must be above 0. Is all"):
        Bandwidth(l2=0.0)
