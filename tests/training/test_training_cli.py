"""`jukebox-edu train`: from prepared songs to a model that sings, line by line."""

from __future__ import annotations

import json

import pytest
import torch

from jukebox_edu.cli import main
from jukebox_edu.model import load
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.results import trained_prior, trained_vqvae, trained_weights
from jukebox_edu.training.run import read_about, read_log
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.store import open_store

QUICK = ["--steps", "1", "--batch", "1", "--quiet"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with prepared songs and a codec in two runs."""
    folder = tmp_path_factory.mktemp("place")
    prepare(
        SongbookSource(range(3), seconds=(8.0, 9.0)),
        folder / "data",
        sample_rate=8000,
        hop_length=128,
        held_out=0.4,
        progress=False,
    )
    for level in ("0", "1", "2"):
        words = ["--out", str(folder / f"codec{level}"), "--level", level]
        assert main(["train", "vqvae", str(folder / "data"), *words, *QUICK]) == 0
    return folder


def train(place, *words):
    return main(["train", words[0], str(place / "data"), *words[1:], *QUICK])


def codec(place):
    return ["--codec", *(str(place / f"codec{level}") for level in (0, 1, 2))]


@pytest.fixture(scope="module")
def runs(place):
    for level in ("2", "1", "0"):
        out = ["--out", str(place / f"prior{level}"), "--level", level]
        assert train(place, "prior", *out, *codec(place)) == 0
    return place


def test_levels_trained_alone_make_one_codec(place):
    folders = [place / f"codec{level}" for level in (2, 0, 1)]
    vqvae = trained_vqvae(folders)
    for level in range(3):
        weights = trained_weights(place / f"codec{level}")
        name = f"decoders.{level}.out.weight"
        assert torch.equal(vqvae.state_dict()[name], weights[name].half().float())


def test_a_missing_level_is_named(place, capsys):
    words = ["--out", str(place / "none"), "--level", "2", "--codec", str(place / "codec2")]
    assert train(place, "prior", *words) == 2
    assert "Train level 0 as well, and give its run too." in capsys.readouterr().err


def test_songs_are_encoded_when_the_first_prior_needs_them(runs):
    store = open_store(runs / "data")
    assert store.codec.startswith("nano-") and all(song.has_codes for song in store.songs)
    about = read_about(runs / "prior2")
    assert about["notes"]["codec"] == store.codec
    assert about["notes"]["artists"][0] == "unknown"
    assert read_log(runs / "prior2")[0]["run"] == "prior-2"


def test_the_same_line_again_says_that_all_is_done(runs, capsys):
    before = (runs / "prior0" / "log.jsonl").read_bytes()
    out = ["--out", str(runs / "prior0"), "--level", "0"]
    assert train(runs, "prior", *out, *codec(runs)) == 0
    assert (runs / "prior0" / "log.jsonl").read_bytes() == before
    said = capsys.readouterr().out
    assert "trained 1 steps" in said and "next: jukebox-edu train save --codec" in said


def test_a_model_made_of_runs_sings(runs, capsys):
    words = ["--prior", *(str(runs / f"prior{level}") for level in (0, 1, 2))]
    out = ["--out", str(runs / "my-model")]
    assert main(["train", "save", *codec(runs), *words, *out]) == 0
    model = load(runs / "my-model", device="cpu")
    assert model.config.name == "my-model" and model.hop_lengths == (8, 32, 128)
    artists = read_about(runs / "prior2")["notes"]["artists"]
    assert list(model.artists()) == artists[1:]
    name = "music.position_embedding"
    ours = trained_prior(runs / "prior1").prior.state_dict()[name]
    assert torch.equal(model.priors[1].state_dict()[name].half(), ours.half())
    song = model.sample("la la", seconds=1024 / 8000 * 32, levels=[2], progress=False)
    assert song.codes[2].shape[1] == 256


def test_a_model_needs_every_level(runs, capsys):
    words = ["--prior", str(runs / "prior2"), "--out", str(runs / "half")]
    assert main(["train", "save", *codec(runs), *words]) == 2
    assert "one run of each of 3 levels" in capsys.readouterr().err
    words = ["--prior", str(runs / "codec2"), "--out", str(runs / "half")]
    assert main(["train", "save", *codec(runs), *words]) == 2
    assert "must be a run that trains a prior" in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused(runs, capsys):
    out = ["--out", str(runs / "prior1"), "--level", "1", "--learning-rate", "0.5"]
    assert train(runs, "prior", *out, *codec(runs)) == 2
    assert "settings.learning_rate is 0.0015 there and 0.5 here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "two"], "level='two': must be a level"),
        (["--level", "5"], "level=5: must be one of"),
        (["--preset", "giant"], "preset='giant': must be one of"),
        (["--preset", "tiny"], r"sample_rate of songs=[8000]: must be [16000]"),
        (["--precision", "float16"], "precision='float16': must be float32 or bfloat16 on cpu"),
    ],
)
def test_words_that_cannot_be_meant(place, capsys, words, message):
    assert train(place, "vqvae", "--out", str(place / "wrong"), *words) == 2
    assert message in capsys.readouterr().err


def test_a_preset_for_another_codec_is_refused(place, capsys):
    out = ["--out", str(place / "wrong"), "--level", "0", "--preset", "small_upsampler"]
    assert train(place, "prior", *out, *codec(place)) == 2
    assert "sample_rate of the preset=22050: must be 8000" in capsys.readouterr().err


def test_minutes_are_written_into_the_settings(place):
    out = str(place / "timed")
    words = ["train", "vqvae", str(place / "data"), "--out", out, "--level", "2", "--quiet"]
    assert main([*words, "--minutes", "0.001", "--batch", "1"]) == 0
    settings = json.loads((place / "timed" / "run.json").read_text())["settings"]
    assert settings["minutes"] == 0.001 and settings["steps"] is None
