"""The script of the bundled runs: who is asked for, who is kept, and that it resumes."""

from __future__ import annotations

import pytest
import torch

from jukebox_edu.dev import build_runs
from jukebox_edu.errors import ConfigError
from jukebox_edu.evaluation.judges import ClassifierConfig, Judges, RecogniserConfig
from jukebox_edu.evaluation.judges.files import PanelConfig, new_panel
from jukebox_edu.evaluation.judges.listening import Request
from jukebox_edu.labels import SongLabels
from jukebox_edu.model import load
from jukebox_edu.runs import bundled_runs
from jukebox_edu.song import Song
from jukebox_edu.songbook import STYLES, VOICES
from jukebox_edu.songbook.grammar import TEMPLATES, WORDS

SINGERS = ("Bruno Deep", "Teo Bright", "Alma Warm")
KINDS = ("a cappella", "folk")


@pytest.fixture(scope="module")
def singer_folder(model, tmp_path_factory):
    """A toy model that knows voices and styles of the songbook."""
    from jukebox_edu.checkpoints import KnownNames, save_model

    folder = tmp_path_factory.mktemp("models") / "test-1"
    names = KnownNames(("unknown", *SINGERS), ("unknown", *KINDS))
    parts = (model.config, model.vqvae, model.priors)
    return save_model(folder, *parts, known_names=names, dtype=torch.float32)


@pytest.fixture(scope="module")
def singer(singer_folder):
    return load(singer_folder, device="cpu")


def candidate(model, number: int, artist: str, error: float | None) -> build_runs.Candidate:
    """A song of one top code whose seed is its number."""
    labels = SongLabels.create(
        lyrics="la", artist=artist, genre="folk", total_length=2048, priors=model.config.priors,
        vocabularies=model.vocabularies,
    )  # fmt: skip
    codes = [torch.zeros(1, n, dtype=torch.long) for n in (4, 2, 1)]
    song = Song(codes, 1000, (16, 32, 64), 32, seed=number, labels=labels, model=model)
    return build_runs.Candidate(song, error)


def numbers(kept) -> list[int]:
    return [entry.candidate.song.seed for entry in kept]


def test_voices_and_styles_take_turns(singer):
    asked = build_runs.requests(singer, 27)
    assert [request.artist for request in asked] == list(SINGERS) * 9
    for voice in SINGERS:
        styles = [request.genre for request in asked if request.artist == voice]
        assert styles == ["a cappella", "folk", "folk"] * 3
    assert all(0 < request.seconds < 1.3 * build_runs.SECONDS for request in asked)
    assert len({request.lyrics for request in asked}) == 27


def test_lyrics_are_verses_of_the_grammar(singer):
    lines = " ".join(line for kind in TEMPLATES.values() for line in kind)
    ours = {*lines.split(), *(word for kind in WORDS.values() for word in kind)}
    words = [w for r in build_runs.requests(singer, 12) for w in r.lyrics.split()]
    assert len(words) > 60 and set(words) <= ours
    again = [request.lyrics for request in build_runs.requests(singer, 12)]
    assert " ".join(again).split() == words


def test_the_best_of_every_voice_and_a_typical_one_are_kept(singer):
    errors = [0.5, 0.3, 0.9, 0.1, 0.45, 0.2, 0.7, 0.6, 0.8]
    all_of_them = [
        candidate(singer, i, SINGERS[i % 3], error) for i, error in enumerate(errors)
    ]  # voice 0: 0.5, 0.1, 0.7; voice 1: 0.3, 0.45, 0.6; voice 2: 0.9, 0.2, 0.8
    kept = build_runs.choose(all_of_them, 5)
    assert numbers(kept) == [3, 5, 1, 4, 0]  # the median, 0.5, is still there for the last
    assert [entry.typical for entry in kept] == [False] * 4 + [True]
    assert kept[0].chosen == "best of 3 by phone error, of this voice"
    assert kept[3].chosen == "second best of 3 by phone error, of this voice"
    assert kept[4].chosen == "nearest to the median (0.50) of 9 by phone error"
    names = build_runs.names_of(kept)
    assert names == ["bruno_folk", "alma_folk", "teo_folk", "teo_folk_2", "bruno_folk_typical"]
    assert numbers(build_runs.choose(all_of_them, 1)) == [3]
    assert len(build_runs.choose(all_of_them, 99)) == 9


def test_without_judges_the_first_are_kept(singer):
    some = [candidate(singer, i, SINGERS[0], None) for i in range(4)]
    kept = build_runs.choose(some, 3)
    assert numbers(kept) == [0, 1, 2] and kept[0].chosen == "the first 3 sung, nobody chose"


def judges() -> Judges:
    shape = PanelConfig(
        RecogniserConfig(8, (1, 2)), 1.0,
        ClassifierConfig(tuple(VOICES), 6, (1,)), ClassifierConfig(tuple(STYLES), 6, (1,)),
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Judges(new_panel(shape), new_panel(shape), "some codec")


def test_only_tuned_judges_listen(song):
    panel = judges()
    found = build_runs.listen([song.take(0), song.take(1)], panel, show=False)
    assert all(one.phone_error is not None and one.phone_error >= 0 for one in found)
    with pytest.raises(ConfigError, match="clean judges alone.*train_judges"):
        build_runs.listen([song.take(0)], Judges(panel.clean), show=False)


def test_the_command_writes_runs_and_resumes(singer_folder, tmp_path, monkeypatch, capsys):
    asked = [Request("la", voice, "folk", 0.6 + 0.1 * i) for i, voice in enumerate(SINGERS)]
    monkeypatch.setattr(build_runs, "requests", lambda model, n: asked[:n])
    monkeypatch.setattr(build_runs, "BATCH", 2)
    stale = tmp_path / "runs" / "old"
    stale.mkdir(parents=True)
    (stale / "run.json").write_text("{}")
    command = ["--model", str(singer_folder), "--keep", "3", "--out", str(tmp_path / "runs")]
    command += ["--work", str(tmp_path / "work"), "--sound", "sound.flac"]
    assert build_runs.main(command) == 0
    first = bundled_runs(tmp_path / "runs")
    names = ["alma_folk", "bruno_folk", "teo_folk"]
    assert [run.name for run in first] == names and not stale.exists()
    assert all(run.phone_error is None and run.judge == "" for run in first)
    assert "nobody chose" in capsys.readouterr().out
    codes = {path: path.stat().st_mtime_ns for path in tmp_path.glob("work/*/codes_*.npy")}
    assert len(codes) == 6  # two batches of three levels
    monkeypatch.setattr("jukebox_edu.model.writing.sample_level", None)  # nothing is drawn again
    assert build_runs.main(command) == 0
    assert bundled_runs(tmp_path / "runs") == first
    assert codes == {path: path.stat().st_mtime_ns for path in codes}
