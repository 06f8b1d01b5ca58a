"""Tables of songs: what people write is understood, and every fault is named with its line."""

from __future__ import annotations

import json
import os
import sys

import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.training.folder import FolderSource
from jukebox_edu.training.tables import read_table

sys.path.insert(0, os.path.dirname(__file__))
from small_songs import write_wav  # noqa: E402

TABLE = 'path,artist,genre,lyrics\na.wav,Ann,folk,"la, la"\nb/c.wav,Bób,waltz,\n'


def table(folder, text, name="songs.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(("a.wav", "b/c.wav", "d.wav")):
        write_wav(tmp_path / "music" / name, seed=k)
    return tmp_path / "music"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_encodings_are_found_out(tmp_path, delimiter, encoding):
    text = TABLE.replace(",", delimiter).replace(f"la{delimiter} la", "la, la")
    found = read_table(table(tmp_path, text, encoding=encoding))
    assert [(r.path, r.artist, r.genre, r.lyrics) for r in found.rows] == [
        ("a.wav", "Ann", "folk", "la, la"), ("b/c.wav", "Bób", "waltz", "")
    ]  # fmt: skip
    assert [r.place for r in found.rows] == ["line 2", "line 3"]
    guessed = ["songs.csv: its encoding is not UTF-8 and was guessed (latin-1)"]
    assert list(found.notes) == (guessed if encoding == "latin-1" else [])


def test_json_says_the_same_in_three_ways(tmp_path):
    rows = [{"file": "a.wav", "Artist": "Ann"}, {"file": "b.wav", "Artist": None}]
    lines = "\n".join(map(json.dumps, rows))
    for name, text in (
        ("a.json", json.dumps(rows)), ("b.json", json.dumps({"songs": rows})), ("c.jsonl", lines)
    ):  # fmt: skip
        found = read_table(table(tmp_path, text, name))
        assert [(r.path, r.artist) for r in found.rows] == [("a.wav", "Ann"), ("b.wav", "")]
        assert found.notes == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "artist,genre\nAnn,folk\n", "a table with a column named path. They may be path"),
        ("a.csv", "", "a table with a column named path"),
        ("a.json", "{", "must be JSON"),
        ("a.json", '{"a": 1}', "must be a list of objects"),
        ("a.json", "[]", "a table with a column named path"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, text, message):
    with pytest.raises(ConfigError, match=message):
        read_table(table(tmp_path, text, name))
    with pytest.raises(ConfigError, match="table=.*must be a text file"):
        read_table(tmp_path / "nothing.csv")


def test_faulty_rows_are_reported_and_the_rest_is_used(folder):
    text = (
        "path,artist,genre,mood\n"
        "a.wav,Ann,folk,sad\n"
        "d.wav,Ann\n"
        "a.wav,Bob,waltz,gay\n"
        "nothing.wav,Ann,folk,sad\n"
        ",Ann,folk,sad\n"
        "b/c.wav,Cid,folk,sad,very\n"
        "../music/b\\c.wav,Cid,folk,sad\n"
    )
    source = FolderSource(folder, table(folder.parent, text))
    artists = {record.name: record.artist for record in source.records()}
    assert artists == {"a.wav": "Ann", "b/c.wav": "Cid", "d.wav": ""}
    assert [note.split(": ", 1)[1] for note in source.report.notes] == [
        "column 'mood' is not used",
        'too few values (2 for 4 columns); a text with commas must stand between " quotes',
        'too many values (5 for 4 columns); a text with commas must stand between " quotes',
        "has no path",
        "'a.wav' is listed twice; line 2 counts",
        f"'nothing.wav' is no audio file in {folder}",
    ]
    places = [note.split(": ", 1)[0] for note in source.report.notes]
    assert places == ["songs.csv", *(f"songs.csv, line {k}" for k in (3, 7, 6, 4, 5))]


def test_paths_count_from_the_folder_or_from_the_table_with_or_without_ending(folder):
    names = ("a", str(folder / "b" / "c.wav"), "music/D.WAV")
    text = "\n".join(["path,artist", *(f"{name},Ann" for name in names)])
    source = FolderSource(folder, table(folder.parent, text))
    assert [record.artist for record in source.records()] == ["Ann"] * 3
    assert source.report.notes == ()


def test_files_of_lyrics_and_times_are_read_and_missing_ones_reported(folder):
    base = folder.parent
    (base / "words").mkdir()
    (base / "words" / "a.txt").write_text("la lo")
    (base / "words" / "a.csv").write_text("word,start,end\nla,0,0.5\nlo,0.5,1\n")
    (base / "words" / "d.csv").write_text("word,start,end\nla,0,0.5\nli,0.5,1\n")
    text = (
        "path,lyrics,lyrics_file,times_file\n"
        "a.wav,,words/a.txt,words/a.csv\n"
        "b/c.wav,,words/nothing.txt,words/none.lrc\n"
        "d.wav,la lo,,words/d.csv\n"
    )
    source = FolderSource(folder, table(base, text))
    a, c, d = source.records()
    assert a.lyrics == "la lo" and a.times.starts[3] == 0.5
    assert c.lyrics == "" and c.times is None
    assert d.lyrics == "la lo" and d.times is None
    assert source.report.used[0].lyrics_from == "table"
    assert list(source.report.notes) == [
        "b/c.wav: the table names 'words/nothing.txt', which is not there",
        "b/c.wav: the table names 'words/none.lrc', which is not there",
        "d.wav: d.csv, line 3: found 'li', but line 1 of the lyrics has 'lo' there. "
        "Make the words the same.",
    ]


def test_the_table_goes_before_tags_and_neighbors(folder):
    (folder / "a.json").write_text('{"artist": "Other", "genre": "march", "lyrics": "x"}')
    (folder / "a.txt").write_text("from a file")
    source = FolderSource(folder, table(folder, TABLE))
    a = source.records()[0]
    assert (a.artist, a.genre, a.lyrics) == ("Ann", "folk", "la, la")
