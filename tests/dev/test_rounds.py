"""A second round of training: it goes on from a whole model, gently, and the card says so."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from jukebox_edu.dev.model_card import _cost
from jukebox_edu.dev.tiny_recipe import RUNS, Recipe, rounds_before
from jukebox_edu.dev.train_tiny import go_on_from
from jukebox_edu.errors import ConfigError
from jukebox_edu.vqvae.model import VQVAE


@pytest.fixture
def first(tmp_path) -> Recipe:
    return Recipe(tmp_path, "tiny-x", 10, 2, 1.0)


@pytest.mark.parametrize("run", RUNS)
def test_a_second_round_is_the_first_one_but_gentler(first, run):
    begun, again = first.settings(run), dataclasses.replace(first, start="tiny-1").settings(run)
    assert 0 < again.learning_rate < begun.learning_rate
    changed = {"learning_rate": begun.learning_rate}
    if run.startswith("prior"):
        assert again.hide == 0.0 < begun.hide
        changed["hide"] = begun.hide
    assert dataclasses.replace(again, **changed) == begun


def test_weights_are_taken_over_whole_or_refused(first):
    config = first.config.vqvae
    small = dataclasses.replace(config, width=8, emb_width=8)
    with torch.random.fork_rng(devices=[]):
        ours, trained, other = VQVAE(config), VQVAE(config), VQVAE(small)
    go_on_from("tiny-1", ours, trained)
    theirs = trained.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.state_dict().items())
    with pytest.raises(
        ConfigError, match="start='nano-1'.*a model of the recipe's shape.*size mism"
    ):
        go_on_from("nano-1", ours, other)


def test_the_card_counts_every_round():
    rows = [
        {"stage": "songs", "wall_seconds": 3.0},
        {"stage": "vqvae-0", "wall_seconds": 99.0},
        {"stage": "vqvae-0", "wall_seconds": 10.0},
        {"stage": "vqvae-0", "wall_seconds": 20.0, "start": "tiny-x"},
    ]
    text = _cost(rows, pictured=False)
    lines = [line for line in text.splitlines() if line.startswith("| vqvae-0")]
    assert lines == ["| vqvae-0 | 10 | – |", "| vqvae-0 | 20 | tiny-x |"]
    assert "in rounds" in text and "in rounds" not in _cost(rows[:3], pictured=False)


def test_what_earlier_rounds_cost_is_taken_from_the_log_of_the_model_that_goes_on(tmp_path):
    assert rounds_before("") == rounds_before(str(tmp_path)) == []
    kept = [
        {"stage": "songs", "wall_seconds": 3.0},
        {"stage": "prior-2", "wall_seconds": 20.0, "start": "tiny-x"},
    ]
    other = [{"run": "prior-2", "step": 50, "nats": 2.0}, {"stage": "save", "wall_seconds": 1.0}]
    lines = [json.dumps(row) for row in (other[0], *kept, other[1])]
    (tmp_path / "training.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert rounds_before(str(tmp_path)) == kept
