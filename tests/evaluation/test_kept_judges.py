"""The judges that a checkout keeps: small, outside the wheel, and they hear real songs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import jukebox_edu as jb
from jukebox_edu.evaluation.judges import edit_counts, load_judges, log_mel
from jukebox_edu.evaluation.judges.phone_errors import phones_of_words
from jukebox_edu.training.store_plan import codec_digest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "judges"
MOST_BYTES = 4_000_000
FILES = {"README.md", "config.json", "figures.json", "clean.safetensors", "tuned.safetensors"}


@pytest.fixture(scope="module")
def judges():
    if not (FOLDER / "config.json").is_file():
        pytest.skip("this checkout keeps no judges")
    return load_judges(FOLDER)


def test_no_rule_puts_them_into_a_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools = project["tool"]["setuptools"]
    assert setuptools["packages"]["find"]["include"] == ["jukebox_edu*"]
    assert list(setuptools["package-data"]) == ["jukebox_edu"]
    assert "judges" not in (ROOT / "MANIFEST.in").read_text(encoding="utf-8")
    assert not list((ROOT / "jukebox_edu" / "evaluation" / "judges").rglob("*.safetensors"))


def test_they_are_small_and_whole(judges):
    assert {path.name for path in FOLDER.iterdir()} == FILES
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES
    assert judges.tuned is not None


def test_they_were_tuned_on_the_codec_of_the_bundled_model(judges):
    model = jb.load("tiny", device="cpu")
    assert judges.codec.split()[-1] == codec_digest(model.vqvae)
    for panel in (judges.clean, judges.tuned):
        assert set(model.artists()) <= set(panel.voice.config.names)
        assert set(model.genres()) <= set(panel.style.config.names)


def test_real_songs_are_heard(judges):
    """Of one song of every voice: its own words rather than another's, and who sings."""
    songs = list({song.artist: song for song in jb.data_samples()}.values())
    own, others, voices = [], [], []
    for i, song in enumerate(songs):
        clip = jb.audio.load(song.path)
        heard = judges.clean.hear(log_mel(clip.samples, clip.sample_rate))
        asked, strange = (phones_of_words(each.lyrics) for each in (song, songs[i - 1]))
        own.append(edit_counts(asked.phones, heard.phones).rate)
        others.append(edit_counts(strange.phones, heard.phones).rate)
        voices.append(heard.voice == song.artist)
    assert np.mean(own) < 0.35 and np.mean(others) > 0.6
    assert np.mean(voices) > 0.5
