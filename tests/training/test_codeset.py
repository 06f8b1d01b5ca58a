"""Songs of a store as training examples: labels and marks stay with the sound."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from jukebox_edu.dev.train_tiny import vocabularies
from jukebox_edu.errors import ConfigError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import PHONES, STYLES, VOICES
from jukebox_edu.training import presets
from jukebox_edu.training.clips import ClipShape, random_clips
from jukebox_edu.training.codeset import (
    batch_of,
    cleaned_characters,
    coded_songs,
    random_batch,
    song_list,
)
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.results import Unfinished, song_names
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import seeded
from jukebox_edu.vqvae.model import VQVAE


@pytest.fixture(scope="module")
def config():
    return presets.tiny("tiny-test", len(VOICES) + 1, len(STYLES) + 1)


@pytest.fixture(scope="module")
def store(config, tmp_path_factory):
    """Three short songs with codes of an untrained codec, in two variants."""
    with seeded(0):
        vqvae = VQVAE(config.vqvae)
    for book in vqvae.bottleneck.codebooks:
        book.vectors.normal_(generator=torch.Generator().manual_seed(1))
    return prepare(
        SongbookSource(range(3), seconds=(7.0, 9.0)),
        tmp_path_factory.mktemp("store"),
        model=Unfinished(vqvae.eval(), config),
        variants=2,
        held_out=0.0,
        progress=False,
    )


@pytest.fixture(scope="module")
def coded(config, store):
    return coded_songs(store, config.priors, vocabularies())


def test_every_variant_is_a_song_of_its_own(store, coded):
    assert len(coded) == 2 * len(store.songs)
    first, moved = coded[:2]
    assert first.labels.offset == 0 and moved.labels.offset == store.train[0].variants[1].shift
    assert not np.array_equal(first.codes[0], moved.codes[0])
    assert first.lyrics == moved.lyrics == store.train[0].lyrics


def test_windows_of_all_levels_cover_the_same_time(coded, config):
    for prior in config.priors:
        batch = batch_of([(song, 0) for song in coded], prior)
        assert batch.codes.shape == (len(coded), prior.n_ctx)
        if prior.conditioner is not None:
            assert batch.upper_codes.shape[1] * prior.conditioner.factor == prior.n_ctx
            upper = coded[0].codes[prior.level + 1][: batch.upper_codes.shape[1]]
            assert batch.upper_codes[0].tolist() == upper.tolist()


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


def test_clips_have_their_own_phones_and_end_in_silence(store):
    song = store.train[0]
    shape = ClipShape(4 * song.padded, song.hop_length)  # longer than the song
    clips = random_clips([song], shape, 1, np.random.default_rng(0))
    assert torch.equal(clips.audio[0, : song.length], torch.from_numpy(song.samples()))
    assert not clips.audio[0, song.length :].any()
    known = song.phones()
    assert clips.phones[0, : len(known)].tolist() == known.tolist()
    assert (clips.phones[0, len(known) :] == PHONES.index("SIL")).all()


def test_one_prior_needs_only_its_own_levels(store, config):
    song = coded_songs(store, [config.priors[1]], vocabularies())[0]
    assert song.codes[0] is None and len(song.codes) == 3
    assert song.labels.levels[0] is None and song.labels.levels[1] is not None
    with pytest.raises(ConfigError, match="level=0.*Pass every prior"):
        batch_of([(song, 0)], config.priors[0])


def test_random_windows_stay_inside_their_songs(coded, config):
    random = np.random.default_rng(0)
    for _ in range(20):
        batch = random_batch(coded, config.priors[0], 4, random)
        assert (batch.labels.offset < batch.labels.total_length).all()


def test_small_batches_draw_what_a_large_one_draws(coded, config):
    large = random_batch(coded, config.priors[0], 6, np.random.default_rng(5))
    random = np.random.default_rng(5)
    small = [random_batch(coded, config.priors[0], 2, random) for _ in range(3)]
    assert torch.equal(large.codes, torch.cat([batch.codes for batch in small]))


def test_songs_that_no_window_fits_are_left_out_and_said(store, config):
    top = dataclasses.replace(config.priors[2], n_ctx=64000)
    with pytest.raises(ConfigError, match=r"songs='3 songs': must be longer than 1024.0 s"):
        coded_songs(store, [top], vocabularies())
    with pytest.raises(ConfigError, match="split='test': must be 'train' or 'held_out'"):
        coded_songs(store, config.priors, vocabularies(), "test")
    bare = dataclasses.replace(
        store, songs=tuple(dataclasses.replace(song, variants=()) for song in store.songs)
    )
    with pytest.raises(ConfigError, match="a folder with codes.*jukebox-edu prepare"):
        coded_songs(bare, config.priors, vocabularies())


def test_characters_follow_the_cleaned_lyrics():
    lyrics = "Où… va"  # 'ù' becomes 'u', the dots become three
    given = np.array([-1, 0, 1, 2, 4])
    assert cleaned_characters(given, lyrics, "tiny").tolist() == [-1, 0, 1, 2, 6]


def test_names_are_listed_once_unknown_first(store):
    songs = [
        dataclasses.replace(store.songs[0], artist=artist, genre=genre)
        for artist, genre in (("Zoe", "Folk"), ("  ", ""), ("Ann ", "folk"), ("zoe", "unknown"))
    ]
    names = song_names(songs, "tiny")
    assert names.artists.names == ("unknown", "Ann", "Zoe")
    assert names.genres.names == ("unknown", "Folk")
    songs = [dataclasses.replace(songs[0], genre="Blues Rock")]
    assert song_names(songs, "v2").genres.names == ("unknown", "blues", "rock")


def test_other_songs_have_another_fingerprint(store, coded):
    assert song_list(store.songs) == song_list(store.songs)
    assert song_list(store.songs) != song_list(store.songs[:2])
    assert song_list(coded) != song_list([*coded[:-1], coded[0]])


def test_a_prior_learns_a_song_by_heart(coded, config, level=0):
    with seeded(0):
        prior = Prior(config.priors[level])
    batch = batch_of([(coded[0], 0)], prior.config)
    before = prior.loss(batch.codes, batch.upper_codes, batch.labels).music.item()
    settings = PriorTraining(6, batch=1, hide=0.0, learning_rate=3e-3, warmup=1)
    train_prior(prior, coded[:1], settings, progress=False)
    after = prior.loss(batch.codes, batch.upper_codes, batch.labels).music.item()
    assert after < before - 0.5
