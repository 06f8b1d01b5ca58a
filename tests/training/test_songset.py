"""Rendered songs, encoded songs and their windows: labels stay with the sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jukebox_edu.dev.train_tiny import vocabularies
from jukebox_edu.errors import CheckpointError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import PHONES, STYLES, VOICES
from jukebox_edu.training import presets
from jukebox_edu.training.codeset import batch_of, encode_songs, label_songs, random_batch
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.songset import load_songset, render_songset, save_songset
from jukebox_edu.training.vqvae_loop import VQVAETraining, train_vqvae_level
from jukebox_edu.vqvae.model import VQVAE


@pytest.fixture(scope="module")
def config():
    return presets.tiny("tiny-test", len(VOICES) + 1, len(STYLES) + 1)


@pytest.fixture(scope="module")
def songset(config):
    top = config.priors[-1]
    return render_songset(
        range(3),
        sample_rate=16000,
        hop_length=top.hop_length,
        window=top.window_samples,
        min_seconds=4.0,
        max_seconds=9.0,
    )


@pytest.fixture(scope="module")
def coded(config, songset):
    torch.manual_seed(0)
    codes = encode_songs(VQVAE(config.vqvae).eval(), songset, songset.songs)
    return label_songs(songset, songset.songs, codes, config.priors, vocabularies())


def test_songs_are_padded_to_a_window_and_labels_cover_them(songset, config):
    for song in songset.songs:
        assert song.padded >= config.priors[-1].window_samples
        assert song.padded % songset.hop_length == 0
        phones = songset.frames(songset.phones, song)
        characters = songset.frames(songset.characters, song)
        assert len(phones) == len(characters) == song.padded // songset.hop_length
        assert (phones[characters >= 0] != PHONES.index("SIL")).mean() > 0.8
        assert characters.max() < len(song.lyrics)
        after = -(-song.length // songset.hop_length)
        assert (characters[after:] == -1).all()
        assert np.abs(songset.samples(song)[song.length :]).max(initial=0) == 0


def test_a_saved_set_is_the_same_set(songset, tmp_path):
    save_songset(songset, tmp_path)
    again = load_songset(tmp_path)
    assert again.songs == songset.songs
    assert np.array_equal(again.audio, songset.audio)
    assert np.array_equal(again.characters, songset.characters)
    with pytest.raises(CheckpointError, match="holds no rendered songs"):
        load_songset(tmp_path / "nothing")


def test_windows_of_all_levels_cover_the_same_time(coded, config):
    for prior in config.priors:
        batch = batch_of([(song, 0) for song in coded], prior)
        assert batch.codes.shape == (len(coded), prior.n_ctx)
        if prior.conditioner is not None:
            assert batch.upper_codes.shape[1] * prior.conditioner.factor == prior.n_ctx
            upper = torch.from_numpy(coded[0].codes[prior.level + 1][: batch.upper_codes.shape[1]])
            assert torch.equal(batch.upper_codes[0], upper.long())


def test_guidance_targets_point_at_the_sung_word(coded, config):
    top = config.priors[-1]
    batch = batch_of([(coded[0], 0)], top)
    frame = int((batch.sung[0].any(-1)).nonzero()[10])
    states = batch.sung[0, frame].nonzero()[:, 0]
    indices = coded[0].labels.lyric_indices(0, top.level)[0]
    word = "".join(coded[0].lyrics[int(indices[i - 1])] for i in states)
    character = int(coded[0].characters[frame])
    assert word in coded[0].lyrics.split()
    assert coded[0].lyrics[character] in word


def test_the_same_seed_trains_the_same_codec(songset, config):
    states = []
    for _ in range(2):
        torch.manual_seed(1)
        vqvae = VQVAE(config.vqvae)
        train_vqvae_level(vqvae, songset, VQVAETraining(level=2, steps=2, batch=2, phone=1.0))
        states.append(vqvae.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    untouched = VQVAE(config.vqvae).state_dict()
    assert not torch.equal(
        states[0]["bottleneck.codebooks.2.vectors"], untouched["bottleneck.codebooks.2.vectors"]
    )
    assert (states[0]["bottleneck.codebooks.0.vectors"] == 0).all()  # another level: not trained


@pytest.mark.parametrize("level", [0, 2])
def test_a_prior_learns_a_song_by_heart(coded, config, level):
    torch.manual_seed(0)
    prior = Prior(config.priors[level])
    batch = batch_of([(coded[0], 0)], prior.config)
    before = prior.loss(batch.codes, batch.upper_codes, batch.labels).music.item()
    settings = PriorTraining(steps=12, batch=2, hide=0.0, bfloat16=False, learning_rate=3e-3)
    train_prior(prior, coded[:1], settings)
    after = prior.loss(batch.codes, batch.upper_codes, batch.labels).music.item()
    assert after < before - 0.5


def test_random_windows_stay_inside_their_songs(coded, config):
    random = np.random.default_rng(0)
    for _ in range(20):
        batch = random_batch(coded, config.priors[0], 4, random)
        assert (batch.labels.offset < batch.labels.total_length).all()
