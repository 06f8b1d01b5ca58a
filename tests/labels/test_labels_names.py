"""Names of artists and genres."""

from __future__ import annotations

import json

import pytest

from jukebox_edu.errors import CheckpointError, ConfigError, LyricsError
from jukebox_edu.labels import LabelVocabularies, UnknownNameWarning, Vocabulary, normalize

ARTISTS = ["unknown", "Bright Voice", "Low Voice", "Céline"]


@pytest.fixture
def tiny():
    return Vocabulary.from_names(ARTISTS)


@pytest.fixture
def v2(tmp_path):
    path = tmp_path / "genres.txt"
    path.write_text("unknown;0\nblues;1\nRock;2\nhip;3\nhop;4\nblues;5\n", encoding="utf-8")
    return Vocabulary.from_id_file(path, "v2", "genre")


def test_index_is_id_and_case_does_not_matter(tiny):
    assert [tiny.ids_of(name)[0] for name in ARTISTS] == [0, 1, 2, 3]
    assert tiny.ids_of("bRIGHT vOICE ") == (1,)
    assert [tiny.name_of(k) for k in range(4)] == ARTISTS
    assert tiny.listed == ("Bright Voice", "Low Voice", "Céline")


@pytest.mark.parametrize("version", ["tiny", "v3"])
@pytest.mark.parametrize("typed", ["low\u00a0voice", "\ufefflow voice", "low\u200b voice\u00a0"])
def test_hidden_characters_do_not_matter(version, typed):
    names = ["unknown", "low voice"]
    assert Vocabulary.from_names(names, version).ids_of(typed) == (1,)


def test_unknown_names_warn_with_the_nearest(tiny):
    with pytest.warns(UnknownNameWarning, match=r"artist 'Brite Voice' .*'Bright Voice'"):
        assert tiny.ids_of("Brite Voice") == (0,)
    with pytest.raises(LyricsError, match=r"Nearest names: 'Céline'"):
        tiny.ids_of("Celin", strict=True)
    with pytest.raises(LyricsError, match=r"Nearest names: none"):
        tiny.ids_of("🎵", strict=True)


@pytest.mark.parametrize("name", ["unknown", "Unknown", ""])
def test_asking_for_unknown_is_no_mistake(tiny, name):
    assert tiny.ids_of(name, strict=True) == (0,)


def test_find_ignores_accents_and_takes_beginnings(tiny):
    assert tiny.find("celine")[0] == "Céline"
    assert tiny.find("voice") == ("Low Voice", "Bright Voice")
    assert tiny.find("low") == ("Low Voice",)
    assert tiny.find("voice", n=1) == ("Low Voice",)
    assert tiny.find("") == tiny.find("zzzz") == ()


def test_later_line_wins(v2):
    assert v2.ids_of("Blues") == (5,)
    assert v2.name_of([5, 2, -1]) == "blues_rock"
    assert v2.n_ids == 6


def test_v2_genre_is_a_bag_of_words(v2):
    assert v2.ids_of("Hip-Hop / Rock") == (3, 4, 2)
    with pytest.warns(UnknownNameWarning, match=r"'acid rock' \('acid'\)"):
        assert v2.ids_of("acid rock") == (0, 2)
    assert v2.match("acid rock").used == "unknown + rock"


def test_v3_genre_is_one_name(tmp_path):
    path = tmp_path / "genres.txt"
    path.write_text("unknown;0\nhip hop;1\n", encoding="utf-8")
    v3 = Vocabulary.from_id_file(path, "v3", "genre")
    assert v3.ids_of("Hip Hop") == (1,)
    assert v3.match("hip").ids == (0,)


def test_normalize_is_idempotent():
    for version in ("v2", "v3", "tiny"):
        for name in (*ARTISTS, "AC/DC", "  İstanbul__", "R&B\u200b"):
            once = normalize(name, version)
            assert normalize(once, version) == once


def test_json_list(tmp_path):
    path = tmp_path / "artists.json"
    path.write_text(json.dumps(ARTISTS), encoding="utf-8")
    assert Vocabulary.from_json(path) == Vocabulary.from_names(ARTISTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "no JSON list of names"), ("[1]", "no JSON list of names"), ("[", "is no JSON")],
)
def test_bad_json_is_named(tmp_path, content, message):
    path = tmp_path / "artists.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match=message):
        Vocabulary.from_json(path)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"absent.txt: no such file"):
        Vocabulary.from_id_file(tmp_path / "absent.txt", "v2")
    path = tmp_path / "ids.txt"
    for content, message in (
        ("unknown;0\na;b;1\n", r"line 2: 'a;b;1' is not of the form name;id"),
        ("unknown;x\n", r"line 1"),
        ("\n\n", r"holds no line"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(CheckpointError, match=message):
            Vocabulary.from_id_file(path, "v2")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CheckpointError, match=r"cannot be read as UTF-8"):
        Vocabulary.from_id_file(path, "v2")


def test_bad_lists_are_refused(tiny):
    with pytest.raises(ConfigError, match=r'starts with "unknown"'):
        Vocabulary.from_names(["Someone"])
    with pytest.raises(ConfigError, match=r"different from each other"):
        Vocabulary.from_names(["unknown", "Echo", "echo"])
    with pytest.raises(ConfigError, match=r"written as v2 compares names"):
        Vocabulary.from_names(["unknown", "Low Voice"], "v2")
    with pytest.raises(ConfigError, match=r"kind='singer'"):
        Vocabulary.from_names(["unknown"], kind="singer")
    with pytest.raises(ConfigError, match=r"kind="):
        LabelVocabularies(tiny, tiny)
    with pytest.raises(LyricsError, match=r"artist=3: must be a name"):
        tiny.ids_of(3)
