"""The study of singing, its file, and the card that is written from it."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "sampling"))  # for tiny_models

from jukebox_edu.config import LyricConfig, TransformerConfig
from jukebox_edu.dev import measure_singing, singing_study
from jukebox_edu.dev.measure_singing import PARTS, Found, Setting, measured, recall_of, study_of
from jukebox_edu.dev.model_card import _introduction, losses_figure
from jukebox_edu.dev.outside_words import OUTSIDE_WORDS, outside_lyrics, outside_places
from jukebox_edu.dev.singing_card import singing_sections
from jukebox_edu.dev.singing_study import new_song, outside_songs, read_study
from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.evaluation.judges import ClassifierConfig, Judges, RecogniserConfig
from jukebox_edu.evaluation.judges.files import PanelConfig, new_panel
from jukebox_edu.evaluation.judges.listening import Listening, Request
from jukebox_edu.evaluation.judges.panel import Heard
from jukebox_edu.evaluation.judges.phone_errors import phones_of_words
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model import Jukebox
from jukebox_edu.songbook import STYLES, TINY_1, VOICES
from jukebox_edu.songbook.grammar import TEMPLATES, WORDS
from jukebox_edu.songbook.lyrics import read_words

SINGERS = ("unknown", "Bruno Deep", "Teo Bright", "Alma Warm")
STYLE_NAMES = ("unknown", "a cappella", "waltz")


@pytest.fixture(scope="module")
def model() -> Jukebox:
    """A random model that knows some of the songbook's singers."""
    from tiny_models import tiny_model

    plain = tiny_model()
    names = LabelVocabularies(
        Vocabulary.from_names(SINGERS, "tiny", "artist"),
        Vocabulary.from_names(STYLE_NAMES, "tiny", "genre"),
    )
    return Jukebox(plain.config, plain.vqvae, list(plain.priors), (names,) * plain.levels)


@pytest.fixture(scope="module")
def judges() -> Judges:
    shape = PanelConfig(
        RecogniserConfig(4, (1,)),
        1.0,
        ClassifierConfig(tuple(VOICES), 4, (1,)),
        ClassifierConfig(tuple(STYLES), 4, (1,)),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Judges(new_panel(shape), new_panel(shape), "test codec")


@pytest.fixture(scope="module")
def setting(model, judges) -> Setting:
    return Setting(model, judges, 2, 2, 2, 2, None, pitch=False, n_long=2)


@pytest.fixture(scope="module")
def study(setting, tmp_path_factory):
    """All parts, with songs of one short line each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(singing_study, "SECONDS", (2.0, 2.5))
        patch.setattr(singing_study, "LONG_SECONDS", (3.0, 3.5))
        patch.setattr(singing_study, "LEAST_LONG", 2.6)
        yield _study(setting, tmp_path_factory)


def _study(setting, tmp_path_factory):
    found = study_of(setting, tmp_path_factory.mktemp("study") / "none.json")
    parts = {name: measured(setting, name) for name in PARTS}
    return dataclasses.replace(found, parts=parts)


def training_words() -> set[str]:
    known = {word for words in WORDS.values() for word in words}
    known |= {slot.lower() for lines in TEMPLATES.values() for x in lines for slot in x.split()}
    lines = [text for song in TINY_1.old_songs for text, _ in song.lines]
    return known | {word.text.lower() for line in lines for word in read_words(line)}


def test_new_words_are_in_no_training_song() -> None:
    assert len(OUTSIDE_WORDS) >= 40 and not OUTSIDE_WORDS & training_words()
    assert all(len(read_words(word)[0].syllables) <= 2 for word in OUTSIDE_WORDS)


def test_texts_of_new_words_hold_old_ones_only_between_them() -> None:
    known = training_words()
    for seed in range(20):
        words = outside_lyrics(seed).split()
        places = outside_places(outside_lyrics(seed))
        assert len(places) == len(words) and any(places) and not all(places)
        assert all((word.lower() in known) != new for word, new in zip(words, places, strict=True))
    assert outside_lyrics(3) == outside_lyrics(3) != outside_lyrics(4)


def test_one_window_of_the_bundled_model_holds_a_song(model) -> None:
    for seed in range(1_000_000, 1_000_003):
        song = new_song(seed, model)
        assert 1 < len(song.audio) / model.sample_rate <= 10.24
        assert song.artist in SINGERS and song.genre in STYLE_NAMES
    assert any(outside_places(next(iter(outside_songs(model, 1))).lyrics))


def test_long_songs_need_several_windows(model) -> None:
    seconds = [len(song.audio) / model.sample_rate for song in singing_study.long_songs(model, 3)]
    assert all(18 <= length <= 30.5 for length in seconds)


def test_recall_tells_new_words_from_old_ones(judges) -> None:
    request = Request("the goat will hop", "Bruno Deep", "waltz", 3.0)
    heard = Heard(phones_of_words("the goat will").phones, "", "")
    found = recall_of(Found("x", Listening(judges, [Heard((), "", "")], [heard]), [request]))
    assert (found.outside.mean, found.inside.mean) == (0.5, 1.0)  # the tuned judges count


def test_every_part_is_measured(study, model) -> None:
    n_sounds = {name: len(part.sounds) for name, part in study.parts.items()}
    levels = model.levels
    assert n_sounds["real"] == 1 + levels and n_sounds["sung"] == levels
    assert n_sounds["real-top-codes"] == levels - 1 and n_sounds["outside"] == 1 + 2 * levels
    assert n_sounds["long"] == 3
    assert n_sounds["other-lyrics"] == n_sounds["other-voice"] == 2
    assert all(len(s.clean.per_song) == 2 for p in study.parts.values() for s in p.sounds)
    assert len(study.parts["outside"].recalls) == n_sounds["outside"]
    asked, own = study.parts["other-voice"].sounds
    assert asked.best.phone_errors == own.best.phone_errors
    assert asked.best.voice.mean + own.best.voice.mean <= 1  # one voice is heard in a song


def test_top_codes_of_the_songs_stay_when_they_are_upsampled(model, setting) -> None:
    songs = setting.songs(2)
    begun = measure_singing.with_top_codes(model, songs, 0)
    written = model.upsample(begun, progress=False)
    assert written.levels == tuple(range(model.levels))
    for i, song in enumerate(songs):
        own = model.encode(np.pad(song.audio, (0, begun.length - len(song.audio))))[-1][0]
        assert torch.equal(written.codes[-1][i], own)


def test_a_study_survives_its_file(study, tmp_path) -> None:
    path = tmp_path / "study.json"
    study.save(path)
    assert read_study(path) == study
    path.write_text('{"format": 1, "parts": {}}')
    with pytest.raises(RunError, match="must be a study of singing"):
        read_study(path)


def test_a_study_goes_on_with_the_same_model_and_judges_only(study, setting, tmp_path) -> None:
    path = tmp_path / "study.json"
    study.save(path)
    assert study_of(setting, path) == study
    path.write_text(json.dumps({**study.to_json(), "weights": "others"}))
    with pytest.raises(ConfigError, match="of this model and these judges"):
        study_of(setting, path)


def test_the_command_measures_what_is_missing(
    setting, study, tmp_path, monkeypatch, capsys
) -> None:
    path = tmp_path / "study.json"
    half = {name: study.parts[name] for name in ("real", "sung")}
    dataclasses.replace(study, parts=half).save(path)
    monkeypatch.setattr(measure_singing, "load", lambda *_, **__: setting.model)
    monkeypatch.setattr(measure_singing, "load_judges", lambda _: setting.judges)
    words = ["--model", "x", "--out", str(path), "--ablation-songs", "2", "--parts"]
    assert measure_singing.main([*words, "sung", "top"]) == 0
    found = read_study(path)
    assert list(found.parts) == ["real", "sung", "top"] and found.parts["sung"] == half["sung"]
    said = capsys.readouterr().err
    assert "top (" in said and "sung (" not in said


def test_the_card_has_the_figures_of_the_study(study) -> None:
    text = "\n".join(singing_sections(study))
    headings = "Is it sung?", "By voice", "With one thing", "New words", "Longer", "Where it fails"
    for heading in headings:
        assert f"## {heading}" in text
    errors = study.parts["sung"].sounds[0].best.phone_errors
    assert f"{100 * errors.mean:.0f} % [" in text
    groups = {group.name for group in study.parts["sung"].sounds[0].best.groups}
    assert all(f"| {name} |" in text for name in groups)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"\|", row)) for row in rows}) <= 5  # whole tables
    bare = dataclasses.replace(study, parts={"real": study.parts["real"]})
    assert len(singing_sections(bare)) == 1
    assert singing_sections(dataclasses.replace(study, parts={})) == []


LOG = [
    {"run": run, "step": 50 * k, key: 5.0 / k}
    for run, key in (("vqvae-0", "total"), ("vqvae-2", "total"), ("prior-1", "nats"))
    for k in range(1, 40)
] + [{"stage": "songs", "wall_seconds": 3.2}]


def test_losses_are_drawn_by_level() -> None:
    left, right = losses_figure(LOG).axes
    assert [line.get_label() for line in left.lines] == ["vqvae-0", "vqvae-2"]
    assert [line.get_label() for line in right.lines] == ["prior-1"]
    assert len({line.get_linestyle() for line in left.lines}) == 2  # readable without color
    assert losses_figure([{"stage": "songs", "wall_seconds": 1.0}]) is None


def test_departures_are_named_only_where_there_are_any(model) -> None:
    plain = _introduction(model.config, 1997)
    assert "departs from Jukebox" not in plain and "1,997 of them" in plain
    assert "3 voices, 2 styles" in plain
    encoder = TransformerConfig(width=8, depth=1, heads=1, attn_order=0)
    lyrics = LyricConfig(n_tokens=8, encoder=encoder, both_ways=True)
    top = dataclasses.replace(model.config.priors[-1], lyrics=lyrics)
    other = dataclasses.replace(model.config, priors=(*model.config.priors[:-1], top))
    assert "departs from Jukebox" in _introduction(other, None)


@pytest.mark.parametrize(("names", "without"), [(False, "lyrics,"), (True, "lyrics, voice and")])
def test_guidance_is_told_with_what_it_pushes(model, names, without) -> None:
    top = model.config.priors[-1]
    for guidance in (1.0, 1.5):
        pushed = dataclasses.replace(top, guidance=guidance, guide_names=names)
        other = dataclasses.replace(model.config, priors=(*model.config.priors[:-1], pushed))
        text = " ".join(_introduction(other, None).split())
        assert (f"as asked and without {without}" in text) == (guidance == 1.5)
        assert ("goes 1.5 times" in text) == (guidance == 1.5)
