"""Songs of a store as training examples: labels and marks stay with the sound."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from jukebox_edu.dev.tiny_recipe import Recipe, vocabularies
from jukebox_edu.errors import ConfigError
from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import EVERYTHING, PHONES
from jukebox_edu.training.clips import ClipShape, random_clips
from jukebox_edu.training.codeset import (
    UNKNOWN,
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

RECIPE = Recipe(Path(), "tiny-test", 3, 0, 1.0, repertoire=EVERYTHING)
NAMES = vocabularies(RECIPE)


@pytest.fixture(scope="module")
def config():
    return RECIPE.config


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
    return coded_songs(store, config.priors, NAMES)


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
    ahead = top.lyrics.ahead  # how far behind its character a state is
    word = "".join(coded[0].lyrics[int(indices[i - ahead])] for i in states)
    character = int(coded[0].characters[frame])
    assert word in coded[0].lyrics.split()
    assert coded[0].lyrics[character] in word


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_letters_and_targets_stand_at_the_state_of_their_character(coded, config, ahead):
    """The state of a letter sung now is among those of its word, and knows the phone sung."""
    top = config.priors[-1]
    top = dataclasses.replace(top, lyrics=dataclasses.replace(top.lyrics, ahead=ahead))
    song = coded[0]
    batch = batch_of([(song, 0)], top)
    assert batch.letters.shape == (1, top.lyrics.n_tokens) and batch.letters.dtype == torch.long
    indices = song.labels.lyric_indices(0, top.level)[0].tolist()
    checked = 0
    for frame in range(top.n_ctx):
        character = int(song.characters[frame])
        if character < 0 or character not in indices[: len(indices) - ahead]:
            continue
        state = indices.index(character) + ahead
        assert batch.sung[0, frame, state]
        if character != song.characters[frame - 1] or frame == 0:
            first = np.flatnonzero(song.characters == character)[0]
            assert batch.letters[0, state] == int(song.phones[first])
            checked += 1
    assert checked > 5
    sung = set(song.characters[: top.n_ctx].tolist())
    for state, phone in enumerate(batch.letters[0].tolist()):
        of = indices[state - ahead] if state >= ahead else -1
        assert (phone != UNKNOWN) == (of >= 0 and of in sung)


def test_letters_of_songs_that_nobody_marked_are_unknown(coded, config):
    bare = dataclasses.replace(coded[0], phones=None)
    batch = batch_of([(bare, 0), (coded[0], 0)], config.priors[-1])
    assert (batch.letters[0] == UNKNOWN).all() and (batch.letters[1] != UNKNOWN).any()
    assert torch.equal(batch.to("cpu").letters, batch.letters)
    assert batch_of([(coded[0], 0)], config.priors[0]).letters is None


def test_a_recipe_lists_the_names_of_its_repertoire_once():
    recipe = Recipe(Path(), "tiny-1", 3, 0, 1.0)
    for names, given in (
        (recipe.artists, recipe.repertoire.voices),
        (recipe.genres, recipe.repertoire.styles),
    ):
        assert names[0] == "unknown" and set(names[1:]) == set(given)
        assert len(set(names)) == len(names)
    assert vocabularies(recipe).genres.names == recipe.genres
    top = recipe.config.priors[2].labels
    assert (top.n_artists, top.n_genres) == (len(recipe.artists), len(recipe.genres))


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
    song = coded_songs(store, [config.priors[1]], NAMES)[0]
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
        coded_songs(store, [top], NAMES)
    with pytest.raises(ConfigError, match="split='test': must be 'train' or 'held_out'"):
        coded_songs(store, config.priors, NAMES, "test")
    bare = dataclasses.replace(
        store, songs=tuple(dataclasses.replace(song, variants=()) for song in store.songs)
    )
    with pytest.raises(ConfigError, match="a folder with codes.*jukebox-edu prepare"):
        coded_songs(bare, config.priors, NAMES)


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


def test_windows_can_be_asked_to_begin_with_the_song(coded, config):
    """A share of 1 takes the first codes always; a share of 0 asks chance as often as before."""
    low = config.priors[0]  # its windows are shorter than the songs
    firsts = {song.codes[0][: low.n_ctx].tobytes() for song in coded}
    drawn = random_batch(coded, low, 12, np.random.default_rng(3), from_start=1.0)
    kind = coded[0].codes[0].dtype
    assert {row.numpy().astype(kind).tobytes() for row in drawn.codes} <= firsts
    plain, none = (
        random_batch(coded, low, 12, np.random.default_rng(3), **told)
        for told in ({}, {"from_start": 0.0})
    )
    assert torch.equal(plain.codes, none.codes)
    assert any(row.numpy().astype(kind).tobytes() not in firsts for row in plain.codes)
