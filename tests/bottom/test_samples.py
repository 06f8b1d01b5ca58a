"""Bundled songs: descriptions are read, checked and refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jukebox_edu import audio, samples
from jukebox_edu.errors import RunError

SONG: dict[str, Any] = {
    "format": 1, "audio": "a.flac", "title": "A", "lyrics": "la oh", "artist": "alto",
    "genre": "lullaby", "seconds": 1.0, "sample_rate": 8000, "seed": 3, "licence": "CC0-1.0",
    "words": [{"text": "la", "start": 0.0, "end": 0.4, "first_char": 0, "last_char_end": 2},
              {"text": "oh", "start": 0.5, "end": 1.0, "first_char": 3, "last_char_end": 5}],
    "character_times": [[0, 0.2], [0.2, 0.4], [0.4, 0.5], [0.5, 0.7], [0.7, 1]],
    "phones": [{"phone": "L", "start": 0.0, "end": 0.1}],
    "notes": [{"midi": 60, "start": 0.0, "end": 0.4}],
}  # fmt: skip


def write(folder: Path, **changes: Any) -> Path:
    audio.save(folder / "a.flac", np.zeros(8000), 8000)
    (folder / "a.json").write_text(json.dumps({**SONG, **changes}), encoding="utf-8")
    return folder


def test_a_description_is_read_whole(tmp_path: Path) -> None:
    (song,) = samples.data_samples(write(tmp_path))
    assert song.name == "a" and song.path == tmp_path / "a.flac"
    assert [song.lyrics[w.first_char : w.last_char_end] for w in song.words] == ["la", "oh"]
    assert song.character_times[4] == (0.7, 1.0) and song.notes[0].midi == 60
    assert song.phones[0].phone == "L" and hash(song) is not None
    assert audio.load(song.path).seconds == song.seconds


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "format=2, but this version reads 1"),
        ({"audio": "../a.flac"}, "is no file beside it"),
        ({"audio": "b.flac"}, "audio='b.flac' is no file beside it"),
        ({"lyrics": "la"}, "5 character_times for 2 characters"),
        ({"notes": [{"midi": 60}]}, "missing 2 required"),
        ({"words": 3}, "not iterable"),
    ],
)
def test_a_damaged_description_is_refused(tmp_path: Path, changes: dict, says: str) -> None:
    with pytest.raises(RunError, match=f"a.json does not describe a song: .*{says}"):
        samples.data_samples(write(tmp_path, **changes))


def test_a_missing_field_and_broken_json(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(RunError, match="'format' is missing"):
        samples.data_samples(tmp_path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(RunError, match="does not describe a song"):
        samples.data_samples(tmp_path)


def test_the_bundled_songs_fit_their_sound() -> None:
    try:
        songs = samples.data_samples()
    except RunError:
        pytest.skip("this checkout has no bundled songs")
    for song in songs:
        clip = audio.load(song.path)
        assert clip.sample_rate == song.sample_rate
        assert clip.seconds == pytest.approx(song.seconds, abs=0.02)
        audio.check_not_silent(clip.samples)
        for word in song.words:
            assert song.lyrics[word.first_char : word.last_char_end] == word.text
            assert 0 <= word.start <= word.end <= song.seconds
