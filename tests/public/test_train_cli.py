"""Training from the command line at toy size: from a folder of songs to a model that knows them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile
import torch

from jukebox_edu.cli import main
from jukebox_edu.labels.names import UnknownNameWarning
from jukebox_edu.model import load
from jukebox_edu.training.results import trained_weights
from jukebox_edu.training.run import read_log
from jukebox_edu.training.store import open_store

QUICK = ["--steps", "2", "--batch", "1", "--quiet"]
TABLE = """path,artist,genre,lyrics
one.wav,Zoë,Polka,la la la
two.wav,ZOË,polka,li li li
three.wav,Ada,waltz,lu lu lu
long.wav,Dan,,so long a song that nobody knows it
"""


def write_songs(folder, lengths):
    """Noise as sound files."""
    folder.mkdir()
    for number, (name, seconds) in enumerate(lengths.items()):
        random = np.random.default_rng(number)
        sound = 0.3 * random.uniform(-1, 1, int(seconds * 1000))
        soundfile.write(folder / name, sound, 1000)
    return folder


@pytest.fixture(scope="module")
def place(model_folder, tmp_path_factory):
    """Songs prepared with the codec of a model."""
    folder = tmp_path_factory.mktemp("training")
    lengths = {"one.wav": 2.5, "two.wav": 3.0, "three.wav": 4.0, "long.wav": 70.0}
    music = write_songs(folder / "music", lengths)
    (music / "table.csv").write_text(TABLE, encoding="utf-8")
    shutil.copytree(model_folder, folder / "base")
    words = ["--table", str(music / "table.csv"), "--held-out", "0", "--quiet"]
    data = str(folder / "data")
    assert (
        main(["prepare", str(music), "--out", data, "--model", str(folder / "base"), *words]) == 0
    )
    return folder


def tune(place, out, level, *words, data="data"):
    """Train a prior of the model further."""
    given = ["--out", str(place / out), "--level", str(level), "--from", str(place / "base")]
    return main(["train", "prior", str(place / data), *given, *QUICK, *words])


@pytest.fixture(scope="module")
def tuned(place):
    """Two levels trained further, and a model of them."""
    assert tune(place, "top", 2) == 0 and tune(place, "bottom", 0, "--train", "labels") == 0
    runs = [str(place / "top"), str(place / "bottom")]
    words = ["--from", str(place / "base"), "--prior", *runs, "--out", str(place / "mine")]
    assert main(["train", "save", *words]) == 0
    return place


# ---- fine-tuning -------------------------------------------------------------------------------


def test_a_fine_tuned_model_knows_old_and_new_names(tuned, recwarn):
    model = load(tuned / "mine", device="cpu")
    assert model.config.name == "mine"
    assert model.artists() == ("Ada", "Ben", "Céline", "Dan", "Zoë")  # new ones sorted
    assert model.genres() == ("waltz", "blues", "Polka")
    song = model.sample("la la", artist="zoë", genre="POLKA", seconds=1, progress=False)
    assert song.labels.levels[2].artist_names == ("Zoë",)
    assert not [w for w in recwarn if issubclass(w.category, UnknownNameWarning)]
    assert "fine-tuned on songs whose licences" in model.config.licence


def test_codec_and_untrained_level_are_those_of_the_model(tuned):
    base, mine = load(tuned / "base", device="cpu"), load(tuned / "mine", device="cpu")
    for name, tensor in base.vqvae.state_dict().items():
        assert torch.equal(mine.vqvae.state_dict()[name], tensor.half().float())
    old, new = (m.priors[1].music.state_dict() for m in (base, mine))
    assert all(torch.equal(new[name], old[name].half().float()) for name in old)
    rows = base.priors[0].label_conditioner.artist.weight.half().float()
    assert torch.equal(mine.priors[0].label_conditioner.artist.weight[: len(rows)], rows)
    top = "transformer.layers.0.mlp.up.weight"
    assert not torch.equal(mine.priors[2].music.state_dict()[top],
                           base.priors[2].music.state_dict()[top].half().float())  # fmt: skip


def test_long_songs_are_trained_on_in_parts_and_that_is_said(place, capsys):
    assert tune(place, "parts", 2) == 0
    said = capsys.readouterr().out
    assert "1 song is 60 s or longer, which this prior does not know; trained on in 2 parts" in said
    about = json.loads((place / "parts" / "run.json").read_text())
    assert about["data"]["songs"] == 5  # three short ones and two parts
    assert "--level 1 --from" in said and "train save --from" in said


def test_the_same_line_resumes_to_the_same_end(place):
    words = ["--steps", "4", "--save-every", "2", "--log-every", "1"]
    assert tune(place, "whole", 1, *words) == 0
    assert tune(place, "stopped", 1, *words) == 0
    (place / "stopped" / "state-00000004.safetensors").unlink()  # as if killed after step 2
    assert tune(place, "stopped", 1, *words) == 0
    logs = [read_log(place / run) for run in ("whole", "stopped")]
    for row in [*logs[0], *logs[1]]:
        del row["seconds"]
    assert logs[0] == logs[1] and len(logs[0]) == 4
    ends = [trained_weights(place / run) for run in ("whole", "stopped")]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


# ---- what cannot be meant ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "3"], "level=3: must be from 0 to 2. test-1 has 3 levels."),
        (["--preset", "nano"], "preset='nano': must be left out with --from"),
        (["--train", "half"], "train='half': must be one of all, top, labels"),
        (["--train", "labels", "--average", "0.9"], "average=0.9: must be 0 when only 'labels'"),
        (["--seed", "-1"], "seed=-1"),
        (["--device", "toaster"], "device='toaster': must be"),
    ],
)
def test_words_that_cannot_be_meant(place, capsys, words, message):
    assert tune(place, "wrong", 2, *words) == 2
    assert message in capsys.readouterr().err
    assert not (place / "wrong" / "log.jsonl").exists()


def test_codec_and_model_together_or_none_of_them_are_refused(place, capsys):
    both = ["--codec", str(place / "base"), "--from", str(place / "base")]
    line = ["train", "prior", str(place / "data"), "--out", str(place / "x"), "--level", "2"]
    assert main([*line, *both]) == 2
    assert "not allowed with argument" in capsys.readouterr().err
    assert main(line) == 2
    assert "one of the arguments --codec --from is required" in capsys.readouterr().err
    assert main([*line, "--codec", str(place / "base"), "--train", "top"]) == 2
    assert "train='top': must be left out for a new prior" in capsys.readouterr().err


def test_codes_of_another_codec_are_refused(place, capsys):
    from tiny_models import ARTISTS, GENRES, tiny_model

    from jukebox_edu.checkpoints import KnownNames, save_model

    other = tiny_model(9)
    names = KnownNames(ARTISTS, GENRES)
    parts = (other.config, other.vqvae, other.priors)
    save_model(place / "other", *parts, known_names=names)
    line = ["train", "prior", str(place / "data"), "--out", str(place / "x"), "--level", "2"]
    assert main([*line, "--from", str(place / "other"), *QUICK]) == 2
    said = capsys.readouterr().err
    assert "whose codes are in" in said and "Choose another folder" in said


def test_a_folder_of_another_run_or_model_is_refused(tuned, capsys):
    assert tune(tuned, "top", 1) == 2
    assert (
        "holds another training run: name is 'prior-2' there and 'prior-1' here"
        in capsys.readouterr().err
    )
    assert tune(tuned, "top", 2, "--train", "top") == 2
    assert "notes.train is 'all' there and 'top' here" in capsys.readouterr().err
    words = [
        "--from",
        str(tuned / "mine"),
        "--prior",
        str(tuned / "top"),
        "--out",
        str(tuned / "y"),
    ]
    assert main(["train", "save", *words]) == 2
    assert "must be a run that began with mine" in capsys.readouterr().err
    words = ["--codec", str(tuned / "base"), "--prior", str(tuned / "top")]
    assert main(["train", "save", *words, "--out", str(tuned / "y")]) == 2
    assert "one run of each of 3 levels" in capsys.readouterr().err


def test_sound_without_codes_is_encoded_when_it_is_needed(place):
    words = ["--sample-rate", "1000", "--hop-length", "64", "--held-out", "0", "--quiet"]
    assert main(["prepare", str(place / "music"), "--out", str(place / "bare"), *words]) == 0
    assert not open_store(place / "bare").songs[0].has_codes
    assert tune(place, "from-bare", 1, data="bare") == 0
    assert all(song.has_codes for song in open_store(place / "bare").songs)


def test_songs_that_are_all_too_short_are_refused_by_name(place, tmp_path, capsys):
    music = write_songs(tmp_path / "short", {"a.wav": 1.5, "b.wav": 1.2})
    words = ["--model", str(place / "base"), "--held-out", "0", "--quiet"]
    assert main(["prepare", str(music), "--out", str(tmp_path / "data"), *words]) == 2
    said = capsys.readouterr()
    assert "a.wav" in said.out and "1.5" in said.out
    words += ["--min-seconds", "1"]
    assert main(["prepare", str(music), "--out", str(tmp_path / "data"), *words]) == 0
    line = ["--out", str(tmp_path / "run"), "--level", "2", "--from", str(place / "base")]
    assert main(["train", "prior", str(tmp_path / "data"), *line, *QUICK]) == 2
    assert "songs='2 songs': must be longer than 2.0 s" in capsys.readouterr().err


def test_data_that_is_none_is_refused(place, capsys):
    assert tune(place, "none", 2, data="music") == 2
    assert "holds no prepared songs" in capsys.readouterr().err
    assert main(["train", "vqvae", str(place / "data"), "--out", str(place / "v"), *QUICK]) == 2
    assert "sample_rate of songs=[1000]: must be [8000]" in capsys.readouterr().err


# ---- few songs ---------------------------------------------------------------------------------


def test_a_share_that_holds_a_song_out_is_named(place, tmp_path, capsys):
    words = ["--sample-rate", "1000", "--hop-length", "64", "--quiet"]
    line = ["prepare", str(place / "music"), "--out", str(tmp_path / "data"), *words]
    assert main([*line, "--held-out", "0.01"]) == 0
    advice = capsys.readouterr().out.split("--held-out ")[1].split(" ")[0]
    assert main([*line, "--held-out", advice]) == 0
    assert len(open_store(tmp_path / "data").held_out) == 1


def test_overfit_refuses_what_cannot_be(tmp_path, capsys):
    song = write_songs(tmp_path / "music", {"a.wav": 3.0}) / "a.wav"
    for words, message in (
        ([str(song), "--start", "5"], "start=5.0: must be before the end of"),
        ([str(song), "--preset", "giant"], "preset='giant': must be one of nano, tiny"),
        ([str(song), "--effort", "0"], "effort=0.0: must be above 0"),
        ([str(tmp_path / "b.wav")], "b.wav"),
    ):
        assert main(["train", "overfit", *words, "--out", str(tmp_path / "o"), "--quiet"]) == 2
        assert message in capsys.readouterr().err
