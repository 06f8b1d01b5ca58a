"""Preparing songs: interrupted, repeated, spread over processes, the store is the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jukebox_edu.cli import main
from jukebox_edu.errors import AudioError, ConfigError, RunError
from jukebox_edu.sampling.lock import FolderLock
from jukebox_edu.training.folder import FolderSource
from jukebox_edu.training.prepare import encode_store, missing, prepare
from jukebox_edu.training.song_writer import folder_name
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.store import open_store
from jukebox_edu.training.store_plan import variant_of

sys.path.insert(0, os.path.dirname(__file__))
from small_songs import RATE, Tones, digests, small_vqvae, write_wav  # noqa: E402

HOP = 64
NAMES = ("a.wav", "b/c.wav", "d.wav", "é e.wav")


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(NAMES):
        write_wav(tmp_path / "in" / name, seed=k, channels=1 + k % 2)
    (tmp_path / "in" / "a.txt").write_text("la lo")
    (tmp_path / "in" / "a.lrc").write_text("[00:00.20]la lo")
    return tmp_path / "in"


def run(source, out, **options):
    options = {"model": small_vqvae(), "progress": False, "variants": 2, **options}
    return prepare(source, out, **options)


def times_of(folder: Path):
    """When each file of a store was written."""
    return {p: p.stat().st_mtime_ns for p in sorted((folder / "songs").rglob("*")) if p.is_file()}


def test_a_run_that_was_killed_goes_on_to_the_same_store(folder, tmp_path):
    run(FolderSource(folder), tmp_path / "undisturbed")
    out = tmp_path / "killed"
    program = Path(__file__).with_name("small_songs.py")
    child = subprocess.Popen(
        [sys.executable, program, folder, out], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    with child:
        for name in NAMES[:2]:  # the third song is on its way when the child dies
            assert child.stdout.readline() == f"{name}\n"
            child.stdin.write("\n")
            child.stdin.flush()
        assert child.stdout.readline() == "d.wav\n"
        child.kill()
    assert [song.name for song in open_store(out).songs] == list(NAMES[:2])
    assert list((out / "songs").glob(".part-*"))
    before = times_of(out)
    run(FolderSource(folder), out)
    assert digests(out) == digests(tmp_path / "undisturbed")
    after = times_of(out)
    kept = [path for path in before if ".part-" not in str(path)]
    assert len(kept) == 8 and all(after[path] == before[path] for path in kept)


def test_two_processes_write_what_one_does_and_a_song_that_ends_one_is_found_out(tmp_path):
    two = run(Tones(["a", "b", "raise", "c", "crash"]), tmp_path / "2", workers=2)
    assert [song.name for song in two.songs] == ["a", "b", "c"]
    assert [problem.name for problem in two.problems] == ["crash", "raise"]
    assert "ends the process" in two.problems[0].reason
    run(Tones(["a", "b", "c"]), tmp_path / "1")
    assert digests(tmp_path / "1" / "songs") == digests(tmp_path / "2" / "songs")


def test_ctrl_c_keeps_the_songs_that_are_whole(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Tones(["a", "stop", "z"]), tmp_path / "x")
    assert [song.name for song in open_store(tmp_path / "x").songs] == ["a"]
    assert not list((tmp_path / "x" / "songs").glob(".*"))
    run(Tones(["a", "z"]), tmp_path / "x")
    run(Tones(["a", "z"]), tmp_path / "y")
    assert digests(tmp_path / "x") == digests(tmp_path / "y")


def test_a_broken_song_is_reported_and_the_rest_is_written(folder, tmp_path, capsys):
    source = FolderSource(folder)
    assert len(source.records()) == 4
    (folder / "d.wav").write_bytes(b"no sound any more, after the look")
    (folder / "a.wav").unlink()
    store = run(source, tmp_path / "out")
    assert [song.name for song in store.songs] == [NAMES[1], NAMES[3]]
    reasons = {problem.name: problem.reason for problem in store.problems}
    assert "a.wav has gone: No such file" in reasons["a.wav"]
    assert open_store(tmp_path / "out").problems == store.problems
    store = run(Tones(["raise", "a"]), tmp_path / "x")
    assert store.problems[0].reason == "ValueError: this song is broken"
    with pytest.raises(AudioError, match="No song could be prepared. The first: raise: ValueError"):
        run(Tones(["raise"]), tmp_path / "y")
    with pytest.raises(AudioError, match="no songs that can be used"):
        run(Tones([]), tmp_path / "y")


def test_added_and_changed_songs_are_all_that_is_done(folder, tmp_path):
    out = tmp_path / "out"
    first = run(FolderSource(folder), out)
    before = times_of(out)
    write_wav(folder / "new.wav", seed=9)
    write_wav(folder / "d.wav", seed=8, seconds=2.0)
    os.utime(folder / "d.wav", ns=(1, 1))
    second = run(FolderSource(folder), out)
    after = times_of(out)
    changed = {path.parent.name for path in after if before.get(path) != after[path]}
    assert changed == {folder_name("new.wav"), folder_name("d.wav")}
    assert len(second.songs) == len(first.songs) + 1
    assert next(s for s in second.songs if s.name == "d.wav").seconds == 2.0
    splits = {song.name: song.split for song in first.songs}
    assert all(song.split == splits.get(song.name, song.split) for song in second.songs)
    run(FolderSource(folder), out)
    assert times_of(out) == after


def test_new_words_cost_no_new_encoding(folder, tmp_path):
    out = tmp_path / "out"
    run(FolderSource(folder), out)
    before = times_of(out)
    (folder / "a.txt").write_text("li lu")
    (folder / "a.lrc").write_text("[00:00.40]li lu")
    (folder / "d.txt").write_text("words")
    store = run(FolderSource(folder), out)
    after = times_of(out)
    changed = {(p.parent.name, p.name) for p in after if before.get(p) != after[p]}
    a, d = folder_name("a.wav"), folder_name("d.wav")
    assert changed == {(a, "song.json"), (a, "times.npy"), (a, "characters.npy"), (d, "song.json")}
    song = store.songs[0]
    assert song.lyrics == "li lu" and song.times().starts[0] == 0.4
    run(FolderSource(folder), tmp_path / "afresh")
    assert digests(out) == digests(tmp_path / "afresh")


def test_another_model_rate_or_hop_is_refused(folder, tmp_path):
    out, source = tmp_path / "out", FolderSource(folder)
    run(source, out)
    there = digests(out)
    with pytest.raises(ConfigError, match="must be vqvae-.*, whose codes are in .*another folder"):
        run(source, out, model=small_vqvae(seed=1))
    for options, message in (
        ({"sample_rate": 16000, "hop_length": HOP}, "sample_rate=16000: must be 8000, that of the"),
        ({"sample_rate": RATE, "hop_length": 32}, "hop_length=32: must be 64, that of the songs"),
    ):
        with pytest.raises(ConfigError, match=message):
            run(source, out, model=None, variants=1, **options)
    with pytest.raises(ConfigError, match="seed=5: must be 0, as in"):
        run(source, out, seed=5)
    assert digests(out) == there


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": None, "variants": 1}, "model=None: must be given, or else sample_rate"),
        ({"model": 7}, "model=7: must be a Jukebox, a VQVAE or None"),
        ({"variants": 0}, "variants=0: must be a whole number from 1 to 64"),
        ({"model": None, "sample_rate": RATE, "hop_length": 8}, "variants=2: must be 1 without"),
        ({"model": None, "sample_rate": 5, "hop_length": 8, "variants": 1}, "sample_rate=5: must"),
        ({"model": None, "sample_rate": RATE, "hop_length": 0, "variants": 1}, "hop_length=0"),
        ({"sample_rate": 44100}, "sample_rate=44100: must be 8000, that of the model"),
        ({"held_out": 1}, "held_out=1: must be a share from 0 to below 1"),
        ({"workers": 0}, "workers=0: must be a whole number from 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        run(Tones(["a"]), tmp_path, **options)


def test_variants_belong_to_song_and_seed_alone(folder, tmp_path):
    store = run(FolderSource(folder), tmp_path / "four", variants=4)
    for song in store.songs:
        wanted = tuple(variant_of(song.name, k, 0, HOP) for k in range(4))
        assert song.variants == wanted
    shifts = {v.shift for song in store.songs for v in song.variants[1:]}
    assert len(shifts) > 8 and max(shifts) < HOP
    assert variant_of("a", 1, 0, HOP) != variant_of("a", 1, 1, HOP)
    run(FolderSource(folder), tmp_path / "two", variants=2)
    codes = {song.name: np.array(song.codes(0, 1)) for song in open_store(tmp_path / "two").songs}
    run(FolderSource(folder), tmp_path / "two", variants=4)  # two more are added
    assert digests(tmp_path / "two") == digests(tmp_path / "four")
    assert all(np.array_equal(song.codes(0, 1), codes[song.name]) for song in store.songs)


def test_codes_are_added_to_a_store_of_sound(folder, tmp_path):
    """A codec is trained on the sound first; then it encodes what is there."""
    source, vqvae = FolderSource(folder), small_vqvae()
    run(source, tmp_path / "whole")
    options = {"model": None, "variants": 1, "sample_rate": RATE, "hop_length": HOP}
    for name in ("again", "alone"):
        assert not run(source, tmp_path / name, **options).songs[0].has_codes
    run(source, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(tmp_path / "whole")
    shutil.rmtree(folder)  # not needed any more
    store = encode_store(tmp_path / "alone", vqvae, variants=2, progress=False)
    assert digests(tmp_path / "alone") == digests(tmp_path / "whole")
    assert store.songs[0].has_codes and store.codec is not None
    with pytest.raises(ConfigError, match="whose codes are in"):
        encode_store(tmp_path / "alone", small_vqvae(seed=1), progress=False)


def test_songs_that_have_gone_stay_until_pruned(folder, tmp_path):
    run(FolderSource(folder), tmp_path / "out")
    (folder / "d.wav").unlink()
    source = FolderSource(folder)
    store = run(source, tmp_path / "out")
    assert len(store.songs) == 4 and list(missing(store, source.records())) == ["d.wav"]
    assert len(run(source, tmp_path / "out", prune=True).songs) == 3


def test_a_store_in_use_is_left_alone(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with FolderLock(out), pytest.raises(RunError, match="is in use by another run"):
        run(FolderSource(folder), out)


def test_the_songbook_is_prepared_the_same_every_time(tmp_path):
    for name in ("a", "b"):
        run(SongbookSource((1, 2), seconds=(5.0, 6.0), min_seconds=2.0), tmp_path / name)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    with pytest.raises(ConfigError, match="seconds=.*the smaller first"):
        SongbookSource((1,), seconds=(6.0, 5.0))


# ---- the command --------------------------------------------------------------------------------


def plain(folder, out, *options):
    """The command without a model."""
    words = ["prepare", str(folder), "--sample-rate", str(RATE), "--hop-length", str(HOP)]
    return [*words, "--out", str(out), "--quiet", *options]


def test_the_command_reports_then_prepares(folder, tmp_path, capsys):
    (folder / "broken.wav").write_bytes(b"")
    about = tmp_path / "about.json"
    words = plain(folder, tmp_path / "out", "--json", str(about))
    assert main([*words, "--report-only"]) == 0
    shown = capsys.readouterr().out
    assert "4 songs of 6 s in all can be used" in shown and "empty: broken.wav" in shown
    assert "Preparing needs about" in shown and not (tmp_path / "out").exists()
    report = json.loads(about.read_text(encoding="utf-8"))
    assert len(report["used"]) == 4 and report["skipped"][0]["problem"] == "empty"
    assert main([*words, "--held-out", "0.5"]) == 0
    store = open_store(tmp_path / "out")
    assert f"wrote {tmp_path / 'out'}: {len(store.train)} songs to train" in capsys.readouterr().out
    assert len(store.train) + len(store.held_out) == 4 and store.held_out
    before = times_of(tmp_path / "out")
    assert main(words) == 0
    assert times_of(tmp_path / "out") == before
    (folder / "d.wav").unlink()
    assert main(words) == 0
    assert "--prune drops them" in capsys.readouterr().out


def test_the_command_encodes_songbook_songs(tmp_path, capsys):
    words = ["prepare", "songbook:3", "--out", str(tmp_path), "--quiet", "--held-out", "0"]
    assert main([*words, "--sample-rate", "8000", "--hop-length", "64", "--min-seconds", "1"]) == 0
    assert "3 songs of the songbook" in capsys.readouterr().out
    assert len(open_store(tmp_path).train) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x"], "out=None: must be the name of a folder. Or look with --report-only"),
        (["x", "--report-only", "--sample-rate", "8000"], "model=None: must be given"),
        (["nothing", "--out", "o", "--sample-rate", "8000", "--hop-length", "64"],
         "must be an existing folder"),
        (["songbook:0", "--report-only", "--sample-rate", "8000", "--hop-length", "64"],
         "folder='songbook:0': must be a folder, or songbook:N"),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line_end_in_one_line(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", *words, "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way")
def test_ctrl_c_at_the_command_is_130_and_the_same_line_goes_on(folder, tmp_path):
    for k in range(10, 40):  # enough to be interrupted
        write_wav(folder / f"{k}.wav", seed=k, seconds=4.0)
    words = plain(folder, tmp_path / "out", "--workers", "2")
    child = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    with child:
        assert "songs of" in child.stdout.readline()  # the report: preparing begins
        os.killpg(child.pid, signal.SIGINT)
        error = child.communicate()[1]
    if child.returncode != 0:  # it was not quicker than we
        assert child.returncode == 130, error
        assert "the same line goes on from there" in error and "Traceback" not in error
    assert main(plain(folder, tmp_path / "out")) == 0
    assert len(open_store(tmp_path / "out").songs) == 34


_COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from jukebox_edu.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
sys.exit(code)
"""


def test_codes_for_a_model_with_a_longer_window_than_the_songs(tmp_path):
    """What is stored is stretched with silence before it is encoded, sound and marks alike."""
    source = SongbookSource([3], seconds=(4.0, 4.5), min_seconds=0.0)
    prepare(source, tmp_path, sample_rate=RATE, hop_length=HOP, held_out=0.0, progress=False)
    vqvae, window = small_vqvae(), 10 * RATE // HOP * HOP
    priors = (SimpleNamespace(window_samples=window),)
    model = SimpleNamespace(vqvae=vqvae, config=SimpleNamespace(name="long", priors=priors))
    encode_store(tmp_path, model, progress=False)
    song = open_store(tmp_path).songs[0]
    assert song.length < song.padded == window
    assert [len(song.codes(level)) for level in range(vqvae.levels)] == [
        window // hop for hop in vqvae.hop_lengths
    ]
    assert len(song.phones()) == len(song.characters()) == window // HOP
    assert (song.characters()[song.length // HOP + 1 :] == -1).all()
