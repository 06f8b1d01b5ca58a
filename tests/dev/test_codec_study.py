"""Variants of codec levels, their phones at other hops, and the study from songs to table."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from jukebox_edu.dev import codec_results, codec_study
from jukebox_edu.dev.codec_results import cell, hear, measure, pieces, table, told_of
from jukebox_edu.dev.codec_study import Pace, study
from jukebox_edu.dev.codec_variants import (
    BY_NAME,
    VARIANTS,
    HeardAtHop,
    PhonesAtHop,
    frames_for,
    phones_at,
    recipe_of,
    with_hop,
)
from jukebox_edu.errors import ConfigError
from jukebox_edu.training import presets
from jukebox_edu.training.clips import SILENCE, ClipShape, random_clips
from jukebox_edu.training.codeset import UNKNOWN
from jukebox_edu.training.extras import ClipPass, PhonesInCodes
from jukebox_edu.training.listener import Heard, Listener
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import open_store
from jukebox_edu.vqvae.model import VQVAE

HOP, RATE = 256, 16000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Eight short songs, about half of them held out."""
    out = tmp_path_factory.mktemp("store")
    source = SongbookSource(range(8), seconds=(3.0, 5.0))
    prepare(source, out, sample_rate=RATE, hop_length=HOP, held_out=0.6, progress=False)
    return open_store(out)


@pytest.fixture(scope="module")
def listener():
    """A listener that has learned nothing."""
    with seeded(0):
        return Listener(RATE, HOP, width=96).eval().requires_grad_(False)


def test_variants_have_the_hop_of_their_name_and_one_change():
    assert len(BY_NAME) == len(VARIANTS)
    for variant in VARIANTS:
        recipe = recipe_of(variant.level)
        assert variant.config.hop_lengths[-1] == int(variant.name.split()[1])
        assert variant.training(500).shape(variant.config).samples == 16384
        own, first = dataclasses.asdict(variant), dataclasses.asdict(recipe)
        changed = {name for name in own if own[name] != first[name]} - {"name"}
        assert changed - {"downs"} == changed & {"strides"} or len(changed) == 1
        assert bool(changed) == (variant is not recipe)


def test_the_first_variant_of_each_level_is_the_bundled_model_s():
    recipe = presets.tiny("tiny", 2, 2).vqvae
    for level in range(3):
        variant = recipe_of(level)
        assert variant.config.hop_lengths == recipe.hop_lengths[: level + 1]
        assert variant.config.losses == recipe.losses
        ours, theirs = variant.training(500), presets.tiny_codec(level)
        same = dataclasses.replace(
            theirs, steps=500, log_every=ours.log_every, save_every=ours.save_every
        )
        assert ours == same


@pytest.mark.parametrize("hop", [8, 16, 64, 128, 256])
def test_finer_phones_come_back_as_they_were(hop):
    phones = np.random.default_rng(0).integers(40, size=64)
    finer = phones_at(phones, HOP, hop)
    assert len(finer) == 64 * HOP // hop
    back = frames_for(torch.from_numpy(finer)[None], hop, HOP)
    assert (back[0].numpy() == phones).all()


def test_a_longer_hop_knows_every_second_phone_and_makes_none_up():
    phones = np.arange(8)
    longer = phones_at(phones, HOP, 512)
    assert longer.tolist() == [1, 3, 5, 7]
    back = frames_for(torch.from_numpy(longer)[None], 512, HOP)[0]
    assert back.tolist() == [UNKNOWN, 1, UNKNOWN, 3, UNKNOWN, 5, UNKNOWN, 7]


def test_phone_heads_see_the_same_time_at_every_hop():
    for variant in (recipe_of(1), recipe_of(2)):
        own = variant.config
        head = PhonesAtHop(1.0, own, HOP).head.layers[0]
        factor = HOP // own.hop_lengths[-1]
        recipe = PhonesInCodes(1.0, own.emb_width, factor=factor).head.layers[0]
        assert head.kernel_size == recipe.kernel_size and head.in_channels == own.emb_width


@pytest.mark.parametrize("hop", [16, 128, 512])
def test_clips_of_any_hop_have_the_phones_of_their_sound(store, hop):
    song = store.songs[0]
    own = with_hop(song, hop)
    clips = random_clips([own], ClipShape(16384, hop), 4, np.random.default_rng(1))
    assert clips.phones.shape == (4, 16384 // hop)
    whole, known = song.samples(), song.phones()
    starts = range(0, song.length - 16384 + 1, hop)
    for audio, phones in zip(clips.audio.numpy(), clips.phones.numpy(), strict=True):
        first = next(s for s in starts if np.array_equal(whole[s : s + 16384], audio))
        middles = first + np.arange(len(phones)) * hop + hop // 2
        assert (phones == known[middles // HOP]).all()
    assert set(clips.phones.unique().tolist()) > {SILENCE}


def _pass(sound, phones):
    return ClipPass(sound, phones, SimpleNamespace(ran=(SimpleNamespace(reconstruction=sound),)))


def test_hearing_at_another_hop_is_hearing_at_the_listener_s(listener):
    sound = torch.randn(2, 16384, generator=torch.Generator().manual_seed(0)) / 10
    phones = np.random.default_rng(0).integers(1, 40, size=(2, 64))
    plain = Heard(1.0, listener)
    expected = plain(_pass(sound, torch.from_numpy(phones)))
    for hop in (16, 128, 256):
        finer = torch.from_numpy(np.stack([phones_at(row, HOP, hop) for row in phones]))
        torch.testing.assert_close(HeardAtHop(1.0, listener, hop)(_pass(sound, finer)), expected)
    half = torch.from_numpy(phones.copy())
    half[:, 0::2] = UNKNOWN
    longer = torch.from_numpy(phones[:, 1::2].copy())
    found = HeardAtHop(1.0, listener, 512)(_pass(sound, longer))
    torch.testing.assert_close(found, plain(_pass(sound, half)))


def test_only_sung_frames_are_heard(listener):
    sound = torch.randn(16384, generator=torch.Generator().manual_seed(0)) / 10
    logits = listener(sound[None])[0]  # (phones, frames)
    guess = logits.argmax(0).numpy()
    phones = np.where(guess == SILENCE, SILENCE + 1, guess)
    phones[20:30] = phones[20:30] % 30 + 1
    phones[:8] = SILENCE
    right, nats = hear(listener, sound, phones)
    assert right == pytest.approx((phones == guess)[8:].mean())
    costs = -logits.log_softmax(0)[phones, range(64)]
    assert nats == pytest.approx(float(costs[8:].mean()), rel=1e-5)


def test_measuring_a_top_level_gives_all_figures(store, listener, monkeypatch):
    monkeypatch.setattr(codec_results, "PROBE_STEPS", 5)
    variant = BY_NAME["hop 512"]
    with seeded(0):
        vqvae = VQVAE(variant.config).eval()
    found = pieces(store)
    told = measure(variant, vqvae, found, listener)
    assert list(told["figures"]) == list(codec_results.COLUMNS)
    assert told["codes_per_second"] == 31.25
    assert all(figure["n"] == len(found.tested) for figure in told["figures"].values())
    names = {id(piece) for piece in found.tested} & {id(piece) for piece in found.probed}
    assert not names


def test_a_star_needs_a_difference_on_the_same_songs():
    first, better = told_of([1.0, 5.0, 9.0]), told_of([1.5, 5.6, 9.4])
    assert cell(better, first, "{:.1f}") == "5.5 [1.5, 9.4]*"
    assert cell(told_of([5.0, 1.0, 9.0]), first, "{:.1f}") == "5.0 [1.0, 9.0]"
    assert cell(None, first, "{:.1f}") == "–"


def test_the_pace_is_kept_over_an_interruption(tmp_path, monkeypatch):
    clock = iter([10.0, 12.0, 100.0, 101.0])
    monkeypatch.setattr(codec_study.time, "process_time", lambda: next(clock))
    for rows in ((2, 4), (6, 10)):
        pace = Pace(tmp_path / "pace.jsonl")
        for step in rows:
            pace({"step": step})
    assert pace.seconds_per_step() == pytest.approx((2.0 + 1.0) / (2 + 4))


def test_the_study_trains_measures_and_is_not_repeated(store, listener, tmp_path, capsys):
    weights, out = tmp_path / "listener.safetensors", tmp_path / "out"
    save_file(listener.state_dict(), weights)
    given = ["--songs", str(store.folder), "--listener", str(weights), "--out", str(out)]
    names = ["--steps", "2", "--variants", "hop 32"]
    assert codec_study.main([*given, *names]) == 0
    written = (out / "results.json").read_bytes()
    assert codec_study.main([*given, *names]) == 0
    assert (out / "results.json").read_bytes() == written
    capsys.readouterr()
    assert codec_study.main(["--out", str(out), "--table"]) == 0
    shown = capsys.readouterr().out
    assert "| bottom | hop 32 | 500 |" in shown and "| real sound |" in shown
    lines = [line for line in shown.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    with pytest.raises(ConfigError, match="steps.*2, as in"):
        study(store.folder, weights, out, 3, ["hop 32"])
    assert table(codec_study.read_json(out / "results.json")) == shown.rstrip("\n")
