"""`evaluate` and its report: complete, repeatable, and the same after a round trip."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.evaluation import Report, SongList, TestSong, evaluate
from jukebox_edu.evaluation.codec import measure_codec


def test_a_report_survives_its_file(report):
    text = json.dumps(report.to_json(), allow_nan=False)
    assert Report.from_json(json.loads(text)) == report


def test_foreign_files_are_refused():
    with pytest.raises(ConfigError, match="format=2: must be 1"):
        Report.from_json({"format": 2})
    with pytest.raises(ConfigError, match="as Report.to_json writes it"):
        Report.from_json([])  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Report"):
        Report.from_json({"format": 1, "something": "else"})


def test_everything_is_measured(report):
    assert report.model == "test-1" and report.n_generated == 4
    assert report.songs == ("song 0", "song 1", "song 2", "song 3")
    assert report.notes == ("silence: silent, left out",)
    assert report.seconds == pytest.approx(4 * 2.56)
    assert [f.level for f in report.codec] == [f.level for f in report.priors] == [0, 1, 2]
    for part in ("timing", "probe", "frechet", "diversity", "memorisation"):
        assert getattr(report, part) is not None, part
    assert {s.level for s in report.seams} == {0, 1, 2}
    assert all(len(prior.per_song) == 4 for prior in report.priors)
    assert len(report.frechet.codec) == 3 and report.frechet.generated is not None
    assert report.diversity.same_request.n == 4


def test_every_interval_holds_its_mean(report):
    def walk(value):
        if isinstance(value, dict):
            if set(value) == {"mean", "low", "high", "n"}:
                yield value
            else:
                for inner in value.values():
                    yield from walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from walk(inner)

    found = list(walk(report.to_json()))
    assert len(found) > 60
    for e in found:
        assert e["low"] - 1e-9 <= e["mean"] <= e["high"] + 1e-9 and e["n"] >= 1


def test_the_same_songs_give_the_same_figures(model, songs):
    few = songs[:2]
    first, again = (evaluate(model, few, progress=False) for _ in range(2))
    a, b = first.to_json(), again.to_json()
    a.pop("wall_seconds"), b.pop("wall_seconds")
    assert a == b
    assert first.memorisation is None and first.seams == () and first.frechet is None


def test_the_codec_figures_are_those_of_the_codec_alone(report, model, songs):
    for whole, alone in zip(report.codec, measure_codec(model.vqvae, songs), strict=True):
        assert whole.spectral_convergence.mean == pytest.approx(
            alone.spectral_convergence.mean, abs=1e-6
        )
        assert whole.counts == alone.counts


def test_songs_are_forgotten_once_they_were_heard(model, songs):
    """Sound of at most two songs is alive at any time: this one and the one before."""
    import gc
    import weakref

    alive: list[weakref.ref] = []
    most = []

    def reader(number):
        def read():
            gc.collect()
            most.append(sum(ref() is not None for ref in alive))
            sound = songs[number].audio.copy()
            alive.append(weakref.ref(sound))
            return TestSong(str(number), sound)

        return read

    evaluate(model, SongList([reader(k) for k in range(4)]), progress=False)
    assert max(most) <= 1


def test_nothing_to_hear_is_an_error(model):
    silence = TestSong("quiet", np.zeros(4000, np.float32))
    short = TestSong("short", np.full(300, 0.5, np.float32))
    with pytest.raises(ConfigError, match="at least one song that sounds.*quiet.*short"):
        evaluate(model, [silence, short], progress=False)
    with pytest.raises(ConfigError, match="songs=0"):
        evaluate(model, [], progress=False)


def test_a_prior_without_labels_is_measured_without_them(songs):
    """Only the codes are left to tell."""
    import dataclasses

    import torch
    from tiny_models import priors, tiny_model

    from jukebox_edu.config import ModelConfig
    from jukebox_edu.model import Jukebox
    from jukebox_edu.prior.prior import Prior

    with_labels = tiny_model()
    plain = tuple(
        dataclasses.replace(p, labels=None, lyrics=None, alignment_layer=None,
                            alignment_head=None,
                            transformer=dataclasses.replace(p.transformer, attn_order=2, blocks=4))
        for p in priors()
    )  # fmt: skip
    config = ModelConfig("plain", with_labels.config.vqvae, plain)
    with torch.random.fork_rng():
        model = Jukebox(config, with_labels.vqvae, [Prior(p) for p in plain])
    report = evaluate(model, songs[:2], progress=False)
    assert report.priors[2].costs == () and report.timing is None
    assert {c.condition for c in report.priors[0].costs} == {"upper codes"}


def test_the_card_stands_beside_its_picture(report, model, tmp_path):
    from jukebox_edu.dev.model_card import write_card

    log = tmp_path / "log.jsonl"
    rows = [{"run": run, "step": k, "total": 1.0 / k} for run in ("vqvae-0", "vqvae-1")
            for k in range(1, 60)]  # fmt: skip
    rows.append({"stage": "songs", "wall_seconds": 2.0})
    log.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    write_card(tmp_path / "README.md", model.config, report, log, 12)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "3 voices, 2 styles" in text and ", 12 of them" in text and "(losses.png)" in text
    assert "Is it sung?" not in text  # nothing was measured
    picture = (tmp_path / "losses.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < 60_000
