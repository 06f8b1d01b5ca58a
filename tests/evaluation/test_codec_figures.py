"""What a level keeps, and how codes are counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.evaluation.codec import (
    SongKept,
    codec_figures,
    decoded,
    entropy_bits,
    measure_codec,
    song_kept,
)
from jukebox_edu.evaluation.paper import CONVERGENCE


def kept(counts) -> SongKept:
    return SongKept(10.0, 0.1, 5.0, np.asarray(counts))


def test_a_perfect_codec_has_convergence_0(model):
    sound = torch.from_numpy(np.random.default_rng(0).normal(0, 0.2, 3000).astype(np.float32))
    row = song_kept(model.vqvae, sound, sound, torch.zeros(1, 4, dtype=torch.long))
    figures = codec_figures(model.vqvae, 0, [row, row])
    assert figures.spectral_convergence.mean == 0
    assert figures.spectral_convergence_db.mean == -120
    assert figures.log_spectral_db.mean == 0
    assert figures.snr_db.mean == 120


def test_entropy_of_known_histograms():
    assert entropy_bits(np.full(32, 7)) == pytest.approx(5.0)
    assert entropy_bits(np.array([0, 9, 0])) == 0.0
    assert entropy_bits(np.array([2, 1, 1])) == pytest.approx(1.5)


def test_even_use_reaches_the_ceiling_and_the_rate_follows(model):
    figures = codec_figures(model.vqvae, 1, [kept(np.full(32, 3))] * 3)
    assert figures.entropy_bits.mean == pytest.approx(figures.most_bits)
    assert figures.perplexity.mean == pytest.approx(32)
    assert figures.used.mean == 1
    assert figures.bits_per_second.mean == pytest.approx(5 * 1000 / 32)
    assert figures.perplexity.low == pytest.approx(figures.perplexity.high)


def test_codes_are_counted_over_all_songs_together(model):
    one, other = np.zeros(32, int), np.zeros(32, int)
    one[:8], other[8:12] = 1, 1
    figures = codec_figures(model.vqvae, 0, [kept(one), kept(other)])
    assert figures.used.mean == 12 / 32
    assert figures.perplexity.mean == pytest.approx(12)
    assert figures.counts == tuple(one + other)
    assert figures.used.low < 12 / 32 < figures.used.high


def test_figures_of_songs_are_those_of_the_codec(model, songs):
    figures = measure_codec(model.vqvae, songs)
    sound = torch.from_numpy(songs[0].audio)
    for level, row in enumerate(figures):
        guess = model.decode(model.encode(sound), level)[0]
        noise = float((sound - guess).square().sum() / sound.square().sum())
        own = -10 * np.log10(noise)
        alone = measure_codec(model.vqvae, songs[:1])[level]
        assert alone.snr_db.mean == pytest.approx(own, abs=1e-3)
        assert row.snr_db.n == 4 and alone.other_song_db is None
        assert sum(row.counts) == sum(len(s.audio) for s in songs) // model.hop_lengths[level]
        assert row.other_song_db.n == 3


def test_long_songs_are_decoded_in_blocks(model):
    codes = torch.randint(32, (1, 700), generator=torch.Generator().manual_seed(0))
    whole = model.decode([codes, None, None], 0)[0]
    assert torch.allclose(decoded(model.vqvae, [codes, None, None], 0), whole, atol=1e-5)


def test_the_paper_loses_more_with_every_level():
    assert [row.level for row in CONVERGENCE] == [0, 1, 2]
    assert CONVERGENCE[0].db < CONVERGENCE[1].db < CONVERGENCE[2].db < 0
    assert [row.hop_length for row in CONVERGENCE] == [8, 32, 128]
