"""Gates of the bundled model's training: they stop it, say why, and write down what was found."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from jukebox_edu.config import LossConfig, VQVAEConfig
from jukebox_edu.dev import train_tiny
from jukebox_edu.dev.gates import (
    LEAST_COST,
    LEAST_PROBE,
    MOST_DELETIONS,
    Gate,
    GateMissed,
    check,
    deletion_gate,
    probe_gate,
    word_gates,
)
from jukebox_edu.dev.tiny_recipe import RUNS, Recipe
from jukebox_edu.errors import ConfigError
from jukebox_edu.evaluation.conditioning import Cost
from jukebox_edu.evaluation.intervals import Estimate
from jukebox_edu.songbook import PHONES
from jukebox_edu.vqvae.model import VQVAE

HOP = 16
CODEC = VQVAEConfig(
    sample_rate=8000, downs=(1, 1), strides=(4, 4), emb_width=8, codebook_size=16, width=8,
    depth=1, multipliers=(1, 1),
    losses=LossConfig(kind="l2", n_ffts=(512,), hops=(64,), windows=(256,)),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class LoudOrSoft:
    """A song whose phone is how loud it is; `told` False: phones at random."""

    seed: int
    told: bool = True
    padded: int = 300 * HOP

    def _phones(self):
        return np.random.default_rng(self.seed).integers(1, 4, 15).repeat(20)

    def samples(self, start=0, length=None):
        loud = self._phones().repeat(HOP) / 3.0
        return loud.astype(np.float32)[start : start + (length or self.padded)]

    def phones(self):
        if self.told:
            return self._phones()
        return np.random.default_rng([self.seed, 1]).integers(1, len(PHONES), 300)


def hearing_codec() -> VQVAE:
    """A random codec whose codes are spread over the sounds of these songs."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vqvae = VQVAE(CODEC).eval()
        sound = torch.cat([torch.from_numpy(LoudOrSoft(i).samples()) for i in range(2)])[None]
        with torch.no_grad():
            heard = vqvae.encoders[1](sound[:, None])[0].T  # (codes, emb_width)
        vqvae.bottleneck.codebooks[1].vectors.copy_(heard[:: len(heard) // 16][:16])
    return vqvae


def test_a_figure_passes_on_its_side_of_the_limit():
    assert Gate("a", 0.5, 0.5).passed and not Gate("a", 0.49, 0.5).passed
    assert Gate("a", 0.5, 0.5, least=False).passed and not Gate("a", 0.51, 0.5, False).passed
    assert not Gate("a", float("nan"), 0.5).passed
    assert str(Gate("a", 0.25, 0.5)) == "a 0.250, at least 0.5 wanted: MISSED"
    assert deletion_gate(MOST_DELETIONS).passed and not deletion_gate(MOST_DELETIONS + 0.01).passed


def test_a_missed_gate_stops_unless_told_to_go_on(tmp_path):
    path = tmp_path / "gates.json"
    good, bad = Gate("one", 0.9, 0.8), Gate("two", 0.1, 0.2)
    check(path, [good], go_on=False)
    told = "^two 0.100, at least 0.2 wanted: MISSED.*--go-on"
    with pytest.raises(GateMissed, match=told) as found:
        check(path, [good, bad], go_on=False)
    assert "one" not in str(found.value)
    known = json.loads(path.read_text(encoding="utf-8"))
    assert {name: row["passed"] for name, row in known.items()} == {"one": True, "two": False}
    check(path, [dataclasses.replace(bad, value=0.15)], go_on=True)
    known = json.loads(path.read_text(encoding="utf-8"))
    assert list(known) == ["one", "two"] and known["one"]["value"] == 0.9  # the others stay
    assert (known["two"]["value"], known["two"]["limit"], known["two"]["passed"]) == (
        0.15, 0.2, False,
    )  # fmt: skip


def test_the_probe_gate_tells_codes_with_words_from_codes_without():
    vqvae = hearing_codec()
    told = probe_gate(vqvae, [LoudOrSoft(i) for i in range(6)])
    deaf = probe_gate(vqvae, [LoudOrSoft(i, told=False) for i in range(6)])
    assert told.limit == deaf.limit == LEAST_PROBE
    assert told.value > 0.8 > 0.3 > deaf.value
    with pytest.raises(ConfigError, match="held-out songs=1: must be at least 2.*Sing more songs"):
        probe_gate(vqvae, [LoudOrSoft(0)])


def cost(condition, told, nats, at_changes):
    one, two = (None if x is None else Estimate(x, x, x, 3) for x in (nats, at_changes))
    return Cost(condition, told, one, two, (nats,))


def test_word_gates_are_those_of_the_top_prior():
    costs = (
        cost("artist", "wrong", 9.0, 9.0),
        cost("lyrics", "missing", 9.0, 9.0),
        cost("lyrics", "wrong", LEAST_COST, 0.1),
    )
    below = SimpleNamespace(costs=(cost("upper codes", "wrong", 9.0, None),))
    report = SimpleNamespace(priors=(below, SimpleNamespace(costs=costs)))
    whole, changes = word_gates(report)
    assert (whole.value, whole.passed) == (LEAST_COST, True)
    assert (changes.value, changes.passed) == (0.1, False)


def test_the_command_ends_with_3_at_a_missed_gate(tmp_path, monkeypatch, capsys):
    """The stage is the command's own table; what follows it is not begun."""
    begun = []

    def codes(recipe, go_on):
        check(recipe.out / "gates.json", [Gate("words", 0.1, 0.8)], go_on)

    monkeypatch.setitem(train_tiny.STAGES, "codes", codes)
    monkeypatch.setitem(train_tiny.STAGES, "save", lambda recipe, go_on: begun.append(go_on))
    command = ["--out", str(tmp_path), "--stages", "codes", "save"]
    assert train_tiny.main(command) == 3 and not begun
    assert "train_tiny stops: words 0.100" in capsys.readouterr().err
    assert train_tiny.main([*command[:2], "--go-on", *command[2:]]) == 0 and begun == [True]
    rows = (tmp_path / "stages.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["stage"] for row in rows] == ["codes", "save"]


@pytest.mark.parametrize("ends", [(0, -9), (-9, 0), (0, 3), (1, 0)])
def test_a_stage_that_failed_or_was_killed_ends_the_command(tmp_path, monkeypatch, ends):
    """Also where its neighbor in the same row came to its end."""
    calls = []

    def popen(command, env):
        calls.append(command)
        row = len(calls) - 1
        code = 0 if row < 2 else ends[row - 2]  # songs, listener, then two side by side
        return SimpleNamespace(wait=lambda: code)

    monkeypatch.setattr(train_tiny.subprocess, "Popen", popen)
    assert train_tiny.main(["--out", str(tmp_path), "--go-on"]) == sum(ends)
    assert len(calls) == 4 and all("--go-on" in call for call in calls)


def test_every_stage_is_run_once_and_in_an_order_that_works():
    stages = [stage for row in train_tiny.ORDER for side in row for stage in side]
    assert sorted(stages) == sorted(train_tiny.STAGES) and set(RUNS) <= set(stages)
    place = {stage: i for i, row in enumerate(train_tiny.ORDER) for side in row for stage in side}
    assert place["songs"] < place["listener"] < place["vqvae-0"] < place["codes"]
    assert all(place["codes"] < place[f"prior-{level}"] < place["save"] for level in range(3))


def test_effort_scales_the_steps_of_every_run(tmp_path):
    whole, half = (Recipe(tmp_path, "t", 8, 2, effort) for effort in (1.0, 0.5))
    for run in RUNS:
        assert half.settings(run).steps == whole.settings(run).steps // 2
        assert not whole.finished(run)
        (tmp_path / run).mkdir()
        (tmp_path / run / f"state-{half.settings(run).steps:08d}.safetensors").touch()
        assert half.finished(run) and not whole.finished(run)
