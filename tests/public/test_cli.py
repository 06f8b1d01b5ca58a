"""The command line: what it writes, and that no mistake shows a traceback."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import jukebox_edu as jb
from jukebox_edu import audio
from jukebox_edu.cli import main


@pytest.fixture
def tiny(model_folder):
    """Options that choose the test model."""
    return ["--model", str(model_folder), "--device", "cpu", "--quiet"]


@pytest.fixture
def recording(tmp_path):
    time = np.arange(1000) / 1000
    path = tmp_path / "recording.wav"
    audio.save(path, (0.5 * np.sin(2 * np.pi * 60 * time)).astype(np.float32), 1000)
    return path


SONG = ["--artist", "Ada", "--genre", "waltz", "--seconds", "0.96", "--text", "la la love"]


def test_sample_writes_a_song_and_the_same_line_resumes(model, tiny, tmp_path, capsys):
    line = ["sample", *SONG, "--seed", "4", "--out", str(tmp_path / "run"), *tiny]
    assert main(line) == 0
    out = capsys.readouterr()
    assert "index.html" in out.out and out.err == ""
    back = jb.Song.load(tmp_path / "run")
    ours = model.sample("la la love", "Ada", "waltz", 0.96, seed=4, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(back.codes, ours.codes, strict=True))
    assert main(line) == 0
    assert main([*line, "--seed", "5"]) == 2
    assert "seed is 4 there and 5 here" in capsys.readouterr().err


def test_sample_takes_every_option(tiny, recording, tmp_path):
    (tmp_path / "words.txt").write_bytes("\ufefflà là".encode())
    line = ["sample", "--lyrics", str(tmp_path / "words.txt"), "--artist", "Céline"]
    line += ["--genre", "blues", "--seconds", "1.92", "--total-seconds", "30", "--n-samples", "2"]
    line += ["--levels", "2,1", "--prompt", str(recording), "--temperature", "1,0.9,0.8"]
    line += ["--top-k", "7", "--hop-fraction", "0.5", "--guidance", "1.5"]
    assert main([*line, "--out", str(tmp_path / "run"), *tiny]) == 0
    song = jb.Song.load(tmp_path / "run")
    assert song.labels.lyrics == ("là là",) * 2 and song.labels.artist == ("Céline",) * 2
    assert song.labels.total_length == 30_000 and song.plan.prompt_length == 960
    settings = {level.level: level.settings for level in song.plan.levels}
    assert settings[2].temperature == 0.8 and settings[1].temperature == 0.9
    assert settings[2].top_k == 7 and settings[2].guidance == 1.5
    assert song.codes[2].shape == (2, 30) and song.codes[0].shape == (2, 60)  # the prompt's


def test_the_beginning_of_a_recording_can_be_the_prompt(tiny, recording, tmp_path, capsys):
    line = ["sample", *SONG, "--out", str(tmp_path / "a"), *tiny]
    short = ["--prompt", str(recording), "--prompt-seconds", "0.2"]
    assert main([*line, *short]) == 0
    song = jb.Song.load(tmp_path / "a")
    assert 0 < song.plan.prompt_length <= 200 and song.seconds == pytest.approx(0.96)
    assert main([*line, "--prompt-seconds", "1"]) == 2
    assert "prompt_seconds=1.0: must be of a prompt" in capsys.readouterr().err


def test_lyrics_come_from_standard_input(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("words from a pipe"))
    line = ["sample", "--lyrics", "-", *SONG[:6], "--out", str(tmp_path / "run"), *tiny]
    assert main(line) == 0
    assert jb.Song.load(tmp_path / "run").labels.lyrics == ("words from a pipe",)


def test_demo_writes_sound_and_page(model_folder, tmp_path, capsys):
    line = ["demo", "--out", str(tmp_path / "demo"), "--model", str(model_folder), "--quiet"]
    assert main([*line, "--device", "cpu"]) == 0
    clip = audio.load(tmp_path / "demo" / "song.flac")
    assert clip.seconds >= 10 and clip.tags.model == "test-1"
    assert "come and sing" in (tmp_path / "demo" / "song.html").read_text(encoding="utf-8")
    assert capsys.readouterr().out.count("wrote") == 2


@pytest.mark.parametrize("level", [0, 2])
def test_encode_then_decode_is_the_codec(model, tiny, recording, tmp_path, level):
    codes, sound = tmp_path / "codes.npz", tmp_path / "back.wav"
    assert main(["encode", str(recording), "--out", str(codes), *tiny]) == 0
    line = ["decode", str(codes), "--level", str(level), "--out", str(sound), *tiny]
    assert main(line) == 0
    back = audio.load(sound)
    ours = model.decode(model.encode(audio.load(recording).samples), level)[0, :1000]
    assert len(back.samples) == 1000  # the true length, without the padding
    np.testing.assert_allclose(back.samples, ours.clamp(-1, 1).numpy(), atol=1e-4)


def test_doctor_and_models_report(capsys):
    assert main(["doctor"]) == 0
    report = capsys.readouterr().out
    for word in ("jukebox_edu", "Python", "torch", "devices", "cpu", "flac", "free disk"):
        assert word in report
    assert main(["models"]) == 0
    assert "5b_lyrics" in capsys.readouterr().out


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("jukebox-edu ")
    assert main([]) == 0
    assert "sample" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert main(["sing"]) == 2


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (["sample", "--lyrics", "{tmp}/none.txt"], "lyrics='.*none.txt': must be a text file"),
        (["sample", "--lyrics", "{tmp}"], "must be a text file.*directory"),
        (["sample", "--lyrics", "{tmp}/latin.txt"], "must be a text file in UTF-8"),
        (["sample", "--seconds", "-3"], "seconds=-3"),
        (["sample", "--seconds", "nan"], "seconds=nan"),
        (["sample", "--seed", "-1"], "seed=-1"),
        (["sample", "--n-samples", "0"], "n_samples=0"),
        (["sample", "--levels", "two"], "levels='two': must be a number"),
        (["sample", "--levels", "0"], "write it too"),
        (["sample", "--temperature", "0"], "temperature=0"),
        (["sample", "--temperature", "hot"], "temperature='hot'"),
        (["sample", "--top-p", "2"], "top_p=2"),
        (["sample", "--prompt", "{tmp}/none.wav"], "existing audio file"),
        (["sample", "--prompt", "{tmp}/latin.txt"], "no audio file"),
        (["encode", "{tmp}/none.wav", "--out", "{tmp}/x.npz"], "existing audio file"),
        (["encode", "{tmp}/silent.wav", "--out", "{tmp}/x.npz"], "is silent"),
        (["encode", "{tmp}/silent.wav", "--out", "{tmp}/x.txt"], "ends in .npz"),
        (["decode", "{tmp}/latin.txt", "--out", "{tmp}/x.wav"], "written by jukebox-edu encode"),
        (["decode", "{tmp}/none.npz", "--out", "{tmp}/x.wav"], "No such file"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(tiny, tmp_path, capsys, line, text):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 \xff")
    audio.save(tmp_path / "silent.wav", np.zeros(500, np.float32), 1000)
    line = [word.format(tmp=tmp_path) for word in line]
    if line[0] == "sample":
        line += ["--out", str(tmp_path / "run")]
    assert main([*line, *tiny]) == 2
    err = capsys.readouterr().err
    assert err.startswith("jukebox-edu: ") and err.count("\n") == 1 and "Traceback" not in err
    import re

    assert re.search(text, err), err
    assert not (tmp_path / "run").exists() and not (tmp_path / "x.npz").exists()


def test_a_missing_model_is_one_line(capsys, tmp_path):
    assert main(["sample", "--model", "nobody", "--out", str(tmp_path / "run")]) == 2
    assert "There is no model 'nobody'" in capsys.readouterr().err


def test_codes_of_another_codec_are_refused(tiny, recording, tmp_path, capsys):
    codes = tmp_path / "codes.npz"
    assert main(["encode", str(recording), "--out", str(codes), *tiny]) == 0
    with np.load(codes) as file:
        arrays = dict(file)
    about = {**json.loads(str(arrays.pop("about"))), "sample_rate": 8000}
    np.savez(codes, about=np.array(json.dumps(about)), **arrays)
    assert main(["decode", str(codes), "--out", str(tmp_path / "x.wav"), *tiny]) == 2
    assert "must be of this model" in capsys.readouterr().err


def test_unexpected_errors_are_one_line_unless_asked(monkeypatch, capsys, tmp_path):
    def fail(*_, **__):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("jukebox_edu.model.load", fail)
    line = ["sample", "--out", str(tmp_path)]
    monkeypatch.delenv("JUKEBOX_EDU_DEBUG", raising=False)
    assert main(line) == 1
    assert "ZeroDivisionError: of all things (a bug?" in capsys.readouterr().err
    monkeypatch.setenv("JUKEBOX_EDU_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(line)


def test_unknown_names_are_a_note(tiny, tmp_path, capsys):
    line = ["sample", "--artist", "Adda", *SONG[2:], "--out", str(tmp_path / "run"), *tiny]
    assert main(line) == 0
    assert "note: artist 'Adda' is not among" in capsys.readouterr().err


INTERRUPTED = """
import signal, sys
from jukebox_edu import cli
from jukebox_edu.model import parts, writing
add = writing.LogWriter.add
count = [0]
def add_and_interrupt(self, tokens):
    add(self, tokens)
    count[0] += 1
    if count[0] == 40:
        signal.raise_signal(signal.SIGINT)
writing.LogWriter.add = add_and_interrupt
sys.exit(cli.main(sys.argv[1:]))
"""


def test_ctrl_c_says_how_to_resume_and_the_same_line_does(model, tiny, tmp_path):
    line = ["sample", *SONG, "--out", str(tmp_path / "run"), *tiny]
    stopped = subprocess.run([sys.executable, "-c", INTERRUPTED, *line], capture_output=True,
                             text=True)  # fmt: skip
    assert stopped.returncode == 130, stopped.stderr
    assert "Traceback" not in stopped.stderr and "the same line goes on" in stopped.stderr
    assert list((tmp_path / "run").glob("tokens_*.log"))
    assert main(line) == 0
    ours = model.sample("la la love", "Ada", "waltz", 0.96, progress=False)
    back = jb.Song.load(tmp_path / "run")
    assert all(torch.equal(a, b) for a, b in zip(back.codes, ours.codes, strict=True))
