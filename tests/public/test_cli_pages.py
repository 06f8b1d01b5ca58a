"""`page`, `gallery` and `align` on the command line: what they write, and their one-line errors."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

import jukebox_edu as jb
from jukebox_edu import audio
from jukebox_edu.alignment import read_textgrid
from jukebox_edu.cli import main
from jukebox_edu.labels.times import read_times

HOSTILE = "</title><script>x</script> \u202e"


@pytest.fixture
def tiny(model_folder):
    """Options that choose the test model."""
    return ["--model", str(model_folder), "--device", "cpu", "--quiet"]


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("la la love", encoding="utf-8")
    return str(path)


@pytest.fixture
def recording(tmp_path):
    time = np.arange(1500) / 1000
    path = tmp_path / "recording.wav"
    audio.save(path, (0.5 * np.sin(2 * np.pi * 60 * time)).astype(np.float32), 1000)
    return str(path)


def test_page_is_written_without_a_model_when_the_sound_is_there(saved, tmp_path, capsys):
    out = tmp_path / "song.html"
    assert main(["page", str(saved), "--out", str(out), "--model", "nowhere"]) == 0
    ours, theirs = (
        re.sub(r"[A-Za-z0-9+/=]{60,}", "", path.read_text("utf-8"))  # but for the last bit of sound
        for path in (out, saved / "index.html")
    )
    assert ours == theirs
    assert re.match(r"wrote .*song.html: 1\.92 s of song, 0\.\d\d MB", capsys.readouterr().out)
    second = tmp_path / "second.html"
    assert main(["page", str(saved), "--sample", "1", "--out", str(second)]) == 0
    assert second.read_bytes() != out.read_bytes()


def test_page_of_a_bare_run_is_heard_through_its_model(saved, tiny, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(saved, run, ignore=shutil.ignore_patterns("*.flac", "*.html", "*.npz"))
    assert main(["page", str(run), *tiny]) == 0
    assert (run / "index.html").is_file()
    other = tmp_path / "other.html"
    assert main(["page", str(saved), "--out", str(other), *tiny]) == 0
    assert b"jbx-player" in other.read_bytes()


def test_page_shows_true_times(saved, tmp_path):
    times = tmp_path / "song.lrc"
    times.write_text("[00:00.50]<00:00.50>la <00:00.80>la <00:01.00>love", encoding="utf-8")
    out = tmp_path / "song.html"
    assert main(["page", str(saved), "--truth", str(times), "--out", str(out)]) == 0
    text = out.read_text("utf-8")
    assert "true from (s)" in text and ">0.80<" in text and "against the true times" in text


def test_gallery_lists_every_song_and_leaves_out_what_is_broken(song, tmp_path, capsys):
    import dataclasses

    folder = tmp_path / "songs"
    for name in ("b", "a/deep", "a"):
        song.save(folder / name)
    labels = dataclasses.replace(song.labels, artist=(HOSTILE,) * 2)
    dataclasses.replace(song, labels=labels, seed=9, _heard={}).save(folder / "../songs/hostile<>")
    (folder / "broken").mkdir()
    (folder / "broken" / "song.json").write_text("{", encoding="utf-8")
    out = tmp_path / "gallery"
    assert main(["gallery", str(folder), "--out", str(out), "--title", HOSTILE, "--quiet"]) == 0
    told = capsys.readouterr()
    assert "8 songs" in told.out and "left out" in told.err and told.err.count("\n") == 1
    index = (out / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"]*)"', index)
    assert len(links) == len(set(links)) == 8 and all((out / name).is_file() for name in links)
    assert "<script" not in index and "&lt;script&gt;" in index
    for expected in ("la la love", "Ada", "waltz", "<dt>seed</dt><dd><bdi>3</bdi>"):
        assert expected in index
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["gallery", str(folder), "--out", str(out), "--title", HOSTILE, "--quiet"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_align_of_a_run_writes_files_that_can_be_read_back(saved, tmp_path, capsys):
    out = tmp_path / "times"
    formats = "lrc,words.lrc,json,textgrid,html"
    assert main(["align", str(saved), "--format", formats, "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert "3 words" in told.out and told.err == ""
    endings = ("lrc", "words.lrc", "json", "TextGrid", "html")
    expected = {f"song-{sample}.{ending}" for sample in (0, 1) for ending in endings}
    assert {path.name for path in out.iterdir()} == expected
    found = jb.Song.load(saved).alignment()
    for sample in (0, 1):
        read = read_times(out / f"song-{sample}.json", "la la love")
        assert found.compare(read, sample).median_error < 1e-4
        told = json.loads((out / f"song-{sample}.json").read_text("utf-8"))
        assert len(told["samples"]) == 1
        assert read_textgrid(out / f"song-{sample}.TextGrid").known.size


def test_align_with_other_words_reads_anew(saved, words, tiny, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("oh my moon", encoding="utf-8")
    line = ["align", str(saved), "--lyrics", str(other), "--format", "json", "--out", str(tmp_path)]
    assert main([*line, *tiny]) == 0
    told = json.loads((tmp_path / "song-0.json").read_text("utf-8"))
    assert told["samples"][0]["lyrics"] == "oh my moon"


def test_align_of_a_recording_with_truth(recording, words, tiny, tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    truth.write_text("word,start,end\nla,0.1,0.4\nla,0.5,0.8\nlove,0.9,1.4\n", encoding="utf-8")
    line = ["align", recording, "--lyrics", words, "--truth", str(truth), "--out", str(tmp_path)]
    assert main([*line, "--format", "json,html", "--artist", "Ada", *tiny]) == 0
    told = capsys.readouterr()
    assert "recording: AlignmentScore(median error" in told.out
    score = json.loads((tmp_path / "recording.json").read_text("utf-8"))["samples"][0]
    assert score["against the true times"]["characters"] == 8
    page = (tmp_path / "recording.html").read_text("utf-8")
    assert "<bdi>original</bdi>" in page and "a recording, as the model codes it" in page
    assert "generated by a machine" not in page


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (["page", "nowhere"], "There is no song in nowhere"),
        (["page", "{saved}", "--sample", "7"], "sample=7: must be from 0 to 1"),
        (["page", "{saved}", "--out", "no/such/folder/x.html"], "folder that exists"),
        (["page", "{saved}", "--truth", "nowhere.lrc"], "a text file"),
        (["page", "{saved}", "--truth", "{words}"], "a name ending in .lrc"),
        (["gallery", "nowhere"], "There is no folder nowhere"),
        (["gallery", "{tmp}"], "There are no songs in"),
        (["align", "{recording}"], "lyrics=None: must be given for a recording"),
        (["align", "{recording}", "--lyrics", "nowhere.txt"], "must be a text file"),
        (["align", "nowhere.wav", "--lyrics", "{words}"], "an existing audio file"),
        (["align", "{saved}", "--format", "midi"], "format='midi': must be of lrc, words.lrc"),
        (["align", "{recording}", "--lyrics", "{words}", "--total-seconds", "1"], "total_seconds"),
        (["align", "{tmp}"], "There is no song in"),
    ],
)
def test_errors_are_one_line_and_exit_code_two(
    line, match, saved, words, recording, tiny, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    places = {"saved": saved, "words": words, "recording": recording, "tmp": tmp_path}
    line = [word.format(**places) for word in line]
    assert main([*line, *tiny]) == 2
    told = capsys.readouterr()
    last = told.err.strip().splitlines()[-1]
    assert last.startswith("jukebox-edu: ") and re.search(match, last)
    assert "Traceback" not in told.err


def test_true_times_given_with_the_lyrics_are_on_the_page(model):
    """Times of the lyrics as given go along with the characters that the model reads."""
    from jukebox_edu.song.showing import page_data

    lyrics = "lœ la"  # the model reads "loe la"
    times = np.stack([np.arange(5) * 0.2, np.arange(5) * 0.2 + 0.2], axis=1)
    song = model.sample(lyrics, "Ada", "waltz", 0.96, timings=times, seed=1, progress=False)
    data = page_data(song)
    assert data.lyrics == "loe la"
    assert data.true_times[[0, 1, 2, 4, 5], 0] == pytest.approx([0, 0.2, 0.2, 0.6, 0.8])
    assert np.isnan(data.true_times[3]).all()  # a space is not sung
    assert page_data(model.sample("la", seconds=0.96, progress=False)).true_times is None
