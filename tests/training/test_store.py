"""A store of songs: what is read is what was prepared, and damage is noticed."""

from __future__ import annotations

import dataclasses
import os
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from jukebox_edu import audio
from jukebox_edu.config import LabelConfig, LyricConfig, PriorConfig, TransformerConfig
from jukebox_edu.errors import CheckpointError, ConfigError
from jukebox_edu.labels import LabelVocabularies, SongLabels, Vocabulary, clean, detokenize
from jukebox_edu.songbook import TINY_0, character_frames, make_song, phone_frames
from jukebox_edu.training import store as stores
from jukebox_edu.training.folder import FolderSource
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.store import Variant, open_store, splits
from jukebox_edu.vqvae.model import ENCODE_SECONDS

sys.path.insert(0, os.path.dirname(__file__))
from small_songs import RATE, Tones, noise, small_vqvae, write_wav  # noqa: E402

HOP = 64  # of the top level of the small codec
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def songbook(tmp_path_factory):
    """Two generated songs, prepared without codes."""
    source = SongbookSource(SEEDS, seconds=(8.0, 10.0))
    out = tmp_path_factory.mktemp("songbook")
    options = {"sample_rate": RATE, "hop_length": HOP, "held_out": 0.0, "progress": False}
    return source, prepare(source, out, **options)


def test_sound_is_that_of_the_file_to_16_bits(tmp_path):
    path = write_wav(tmp_path / "in" / "a.wav", noise(2.0, 2, rate=44100), rate=44100)
    store = prepare(FolderSource(tmp_path / "in"), tmp_path / "out", sample_rate=RATE,
                    hop_length=HOP, progress=False)  # fmt: skip
    (song,) = store.songs
    left, right = audio.load(path, sample_rate=RATE, mono=False).samples
    assert (song.length, song.channels, song.name) == (2 * RATE, 2, "a.wav")
    for mix, sound in ((1.0, left), (0.0, right), (0.5, (left + right) / 2)):
        assert np.abs(song.samples(mix=mix) - sound.clip(-1, 1)).max() <= 0.51 / 32768
    assert not song.has_codes and store.codec is None


def test_16_bit_files_at_the_same_rate_are_kept_exactly(tmp_path):
    path = write_wav(tmp_path / "in" / "a.wav", np.linspace(-1, 1, 2 * RATE)[:, None])
    out = tmp_path / "out"
    store = prepare(FolderSource(tmp_path / "in"), out, model=small_vqvae(), progress=False)
    sound = audio.load(path).samples
    song = store.songs[0]
    assert np.array_equal(song.samples(), sound)
    assert np.array_equal(song.samples(100, 50), sound[100:150])
    past = song.samples(song.length - 10, 30)
    assert np.array_equal(past[:10], sound[-10:]) and not past[10:].any()
    assert len(song.samples(song.length + 5)) == 0 and not song.samples(10**6, 4).any()
    with pytest.raises(ConfigError, match="start=-1: must be 0 or more"):
        song.samples(-1)
    with pytest.raises(ConfigError, match="mix=2: must be from 0 to 1"):
        song.samples(mix=2)


def test_codes_are_those_of_the_whole_song_in_every_variant(tmp_path):
    """Also across the places where long songs are cut."""
    seconds = ENCODE_SECONDS * 1.6 + 0.01
    write_wav(tmp_path / "in" / "a.wav", noise(seconds, 2))
    vqvae = small_vqvae()
    store = prepare(FolderSource(tmp_path / "in"), tmp_path / "out", model=vqvae, variants=3,
                    progress=False)  # fmt: skip
    (song,) = store.songs
    assert song.variants[0] == Variant(0, 0.5) and len(set(song.variants)) == 3
    for number, variant in enumerate(song.variants):
        assert 0 <= variant.shift < HOP and 0 <= variant.mix <= 1
        sound = song.samples(variant.shift, song.padded, variant.mix)
        whole = vqvae.encode(torch.from_numpy(sound))
        for level, hop in enumerate(vqvae.hop_lengths):
            codes = song.codes(level, number)
            assert len(codes) == song.padded // hop and len(np.unique(codes)) > 4
            assert np.array_equal(codes, whole[level][0].numpy())
    assert not np.array_equal(song.codes(1, 0), song.codes(1, 1))
    with pytest.raises(ConfigError, match="variant=3: must be below 3"):
        song.codes(0, 3)
    with pytest.raises(ConfigError, match="level=2: must be from 0 to 1"):
        song.codes(2)


def prior_config(n_ctx, **options):
    """A prior of the small codec's top level."""
    return PriorConfig(
        level=1, n_ctx=n_ctx, codebook_size=32, hop_length=HOP, sample_rate=RATE,
        transformer=TransformerConfig(width=16, depth=1, heads=1), **options,
    )  # fmt: skip


def test_short_songs_are_padded_to_a_window_of_the_priors(tmp_path):
    config = SimpleNamespace(name="small", priors=(prior_config(512),))
    model = SimpleNamespace(vqvae=small_vqvae(), config=config)  # what is asked of a `Jukebox`
    store = prepare(Tones(["a"]), tmp_path, model=model, progress=False)
    (song,) = store.songs
    assert song.padded == 512 * HOP > song.length and len(song.codes(1)) == 512
    assert store.codec.startswith("small-")


def test_marks_are_those_of_the_songbook(songbook):
    source, store = songbook
    assert [record.name for record in source.records()] == [song.name for song in store.songs]
    for song, seed in zip(store.songs, SEEDS, strict=True):
        seconds, band_gain = source._wishes(seed)
        truth = make_song(seed, seconds=seconds, band_gain=band_gain, sample_rate=RATE)
        frame = HOP / RATE
        assert np.abs(song.samples() - truth.audio).max() <= 0.51 / 32768
        assert np.array_equal(song.phones(), phone_frames(truth, frame, song.n_frames))
        assert np.array_equal(song.characters(), character_frames(truth, frame, song.n_frames))
        assert (song.artist, song.genre, song.lyrics) == (truth.artist, truth.genre, truth.lyrics)
        times = song.times()
        sung = times.known
        assert np.allclose(times.starts[sung], truth.character_times[sung, 0])
        assert np.allclose(times.ends[sung], truth.character_times[sung, 1])


def test_songs_without_times_have_no_marks(tmp_path):
    store = prepare(Tones(["a"]), tmp_path, sample_rate=RATE, hop_length=HOP, progress=False)
    song = store.songs[0]
    assert song.phones() is None and song.characters() is None
    assert song.times() is None and song.timings() is None


def window_hits(song, timings):
    """For every window in whose middle someone sings: does it hold the character sung?"""
    lists = [Vocabulary.from_names(["unknown", "x"], "tiny", k) for k in ("artist", "genre")]
    label = LabelConfig(version="tiny", n_artists=2, n_genres=2, max_genres=1, min_duration=1.0,
                        max_duration=60.0)  # fmt: skip
    prior = prior_config(62, labels=label, lyrics=LyricConfig(n_tokens=16, vocab_size=79))
    labels = SongLabels.create(
        lyrics=song.lyrics, artist="x", genre="x", total_length=song.length,
        priors=[dataclasses.replace(prior, level=0)], vocabularies=[LabelVocabularies(*lists)],
        timings=timings,
    )  # fmt: skip
    text, hits = clean(song.lyrics, "tiny"), []
    assert text == song.lyrics
    for start in range(0, song.length // HOP - prior.n_ctx, 20):
        window = labels.lyric_indices(start, 0)[0].numpy()
        told = labels.window(start, 0).lyric_tokens[0].tolist()
        told = [token for token, k in zip(told, window, strict=True) if k >= 0]
        assert detokenize(told, "tiny") == "".join(text[k] for k in window if k >= 0)
        sung = song.characters()[start + prior.n_ctx // 2]
        if sung >= 0:
            hits.append(sung in window)
    return hits


def test_true_times_put_the_sung_character_into_every_lyric_window(tmp_path):
    """After a long introduction an even spread, all there is without times, looks elsewhere."""
    song, wait = make_song(2, seconds=9.0, sample_rate=RATE), 8.0
    sound = np.concatenate([noise(wait)[:, 0] * 0.1, song.audio])[:, None]
    for name in ("with times", "without"):
        write_wav(tmp_path / "in" / f"{name}.wav", sound)
        sound = -sound
        (tmp_path / "in" / f"{name}.txt").write_text(song.lyrics)
    rows = [f"{w.text},{w.start + wait},{w.end + wait}" for w in song.words]
    (tmp_path / "in" / "with times.csv").write_text("\n".join(["word,start,end", *rows]))
    source = FolderSource(tmp_path / "in")
    timed, untimed = prepare(
        source, tmp_path / "out", sample_rate=RATE, hop_length=HOP, progress=False
    ).songs
    assert untimed.timings() is None and timed.timings().shape == (len(song.lyrics), 2)
    hits = window_hits(timed, timed.timings())
    assert len(hits) > 20 and all(hits)
    spread = window_hits(timed, untimed.timings())
    assert len(spread) == len(hits) and np.mean(spread) < 0.5


def test_a_song_stays_in_its_split_and_the_share_is_about_right():
    names = [f"album/{k:04d} song.flac" for k in range(2000)]
    held = [name for name in names if splits(name, 0.1) == "held_out"]
    assert 150 < len(held) < 250
    assert all(splits(name.replace(".flac", ".mp3"), 0.1) == "held_out" for name in held)
    assert all(splits(name, 0.3) == "held_out" for name in held)  # a larger share keeps them
    assert not any(splits(name, 0.0) == "held_out" for name in names)
    assert splits("Bjo\u0308rk", 0.5) == splits("Bj\u00f6rk", 0.5)  # two ways of writing ö


def test_stores_that_are_none_or_damaged_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="holds no prepared songs .no store.json.*prepare"):
        open_store(tmp_path)
    with pytest.raises(CheckpointError, match="must be the name of a folder"):
        open_store(None)
    out = tmp_path / "out"
    store = prepare(Tones(["a", "b"]), out, model=small_vqvae(), progress=False)
    for name, message in (("audio.pcm", "a file is cut off"), ("codes.npy", "a file is cut off")):
        path = store.songs[0].folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(CheckpointError, match=f"{message}. Run prepare again"):
            open_store(out)
        again = prepare(Tones(["a", "b"]), out, model=small_vqvae(), progress=False)
        assert len(again.songs) == 2 and path.read_bytes() == whole  # done anew
    path = store.songs[0].folder / "song.json"
    path.write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_store(out)
    for text, message in (
        ("[]", "is no JSON object"), ("{}", "describes no prepared songs"),
        ('{"format": "jukebox_edu song store", "format_version": 9}', "format version 9"),
    ):  # fmt: skip
        (out / "store.json").write_text(text)
        with pytest.raises(CheckpointError, match=message):
            open_store(out)


def test_songs_travel_to_other_processes_without_their_codes(tmp_path):
    song = prepare(Tones(["a"]), tmp_path, model=small_vqvae(), progress=False).songs[0]
    codes = np.array(song.codes(0))
    packed = pickle.dumps(song)
    assert len(packed) < 2000 and np.array_equal(pickle.loads(packed).codes(0), codes)


def test_codes_are_read_into_memory_when_too_many_files_would_be_open(tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    prepare(Tones(["a"]), tmp_path, model=small_vqvae(), progress=False)
    assert isinstance(open_store(tmp_path).songs[0]._codes, np.memmap)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (100, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: None)
    song = open_store(tmp_path).songs[0]
    assert not isinstance(song._codes, np.memmap)
    assert np.array_equal(song.codes(1), dataclasses.replace(song, mapped=True).codes(1))
    assert stores._may_open(0) is False


def test_a_repertoire_limits_what_the_songbook_draws():
    source = SongbookSource(range(6), seconds=(5.0, 6.0), repertoire=TINY_0)
    assert {record.artist for record in source.records()} <= set(TINY_0.voices)
    everything = SongbookSource(range(6), seconds=(5.0, 6.0))
    record = source.records()[0]
    assert source.fingerprint(record) != everything.fingerprint(record)
