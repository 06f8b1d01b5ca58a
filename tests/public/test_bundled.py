"""The bundled model: it is a whole trained Jukebox, and it listens to its lyrics."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import jukebox_edu as jb
from jukebox_edu.labels import SongLabels
from jukebox_edu.model.loading import bundled
from jukebox_edu.prior.untold import without_lyrics

FOLDER = bundled()[-1]  # of the newest
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tiny():
    return jb.load("tiny", device="cpu")


@pytest.fixture(scope="module")
def songs(tiny):
    """A bundled song of every voice, as codes and labels; none of them was trained on."""
    one_each = {song.artist: song for song in jb.data_samples()}
    result = []
    for song in one_each.values():
        sound = jb.audio.load(song.path, sample_rate=tiny.sample_rate).samples
        window = tiny.config.priors[2].window_samples
        codes = tiny.encode(np.pad(sound, (0, max(0, window - len(sound)))))
        labels = SongLabels.create(
            lyrics=song.lyrics, artist=song.artist, genre=song.genre, total_length=len(sound),
            priors=tiny.config.priors, vocabularies=tiny.vocabularies,
        )  # fmt: skip
        result.append((song, codes, labels))
    return result


def test_it_is_what_the_readme_says(tiny):
    assert tiny.levels == 3 and tiny.sample_rate == 16000
    assert tiny.hop_lengths == (16, 64, 256)
    assert tiny.config.name == FOLDER.name
    assert tiny.config.priors[2].lyrics.encoder is not None
    card = f"(jukebox_edu/pretrained/{FOLDER.name}/README.md)"
    assert card in (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_knows_all_voices_and_styles_of_the_bundled_songs(tiny, songs):
    assert len(songs) == len(tiny.artists())
    for song in jb.data_samples():
        assert song.artist in tiny.artists() and song.genre in tiny.genres(), song.name


def test_files_are_small_and_self_describing():
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) <= 20e6 and max(sizes) <= 15 * 2**20
    figures = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))
    top = jb.evaluation.Report.from_json(figures).priors[-1].nats_per_code.mean
    assert f"nats per code | {top:.3f} [" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert (FOLDER / "training.jsonl").stat().st_size > 0


def test_attention_follows_the_singer(tiny, songs):
    """Word times read from attention against the singer's true times, on songs never seen."""
    errors = []
    for song, codes, labels in songs:
        alignment = jb.alignment.align(tiny.priors[2], codes[2], labels)
        for heard, true in zip(alignment.word_times(), song.words, strict=True):
            errors.append(abs(heard.start - true.start))
    assert np.median(errors) < 0.12


def test_right_lyrics_are_worth_something(tiny, songs):
    prior, right, wrong, none = tiny.priors[2], [], [], []
    for i, (_, codes, labels) in enumerate(songs):
        window = codes[2][:, : prior.config.n_ctx]
        told = labels.window(0, 2)
        others = songs[(i + 1) % len(songs)][2].window(0, 2)
        swapped = dataclasses.replace(told, lyric_tokens=others.lyric_tokens)
        for labels_used, losses in ((told, right), (swapped, wrong), (without_lyrics(told), none)):
            losses.append(prior.loss(window, labels=labels_used).music.item())
    assert np.mean(wrong) > np.mean(right)
    assert np.mean(none) > np.mean(right)


def test_codes_keep_the_sound(tiny, songs):
    """Every level comes closer to the sound than the one above, and all beat silence."""
    song, codes, _ = songs[0]
    sound = jb.audio.load(song.path, sample_rate=tiny.sample_rate).samples
    n = len(sound) // 256 * 256
    target = torch.from_numpy(sound[:n])
    errors = [float((tiny.decode(codes, lv)[0, :n] - target).square().mean()) for lv in range(3)]
    assert errors[0] < errors[1] < errors[2] < float(target.square().mean())


def test_it_sings_through_all_levels_and_repeats_itself(tiny):
    def sing():
        return tiny.sample("come and sing with me", seconds=2.2, seed=5, progress=False)

    one, two = sing(), sing()
    assert all(torch.equal(a, b) for a, b in zip(one.codes, two.codes, strict=True))
    sound = one.audio()
    assert sound.shape == (one.codes[0].shape[1] * 16,) and np.isfinite(sound).all()
    assert one.clipped_share() < 0.01
