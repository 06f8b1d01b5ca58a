"""The figures of the bundled model's alignment: what the script counts, on two bundled songs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jukebox_edu.dev import measure_alignment as script
from jukebox_edu.samples import data_samples

RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "alignment.json"


@pytest.fixture(scope="module")
def measured():
    import jukebox_edu

    model = jukebox_edu.load("tiny", device="cpu")
    return [script.measure(model, sample) for sample in data_samples()[:2]]


def test_truth_has_a_time_for_every_letter_and_for_nothing_else():
    for sample in data_samples():
        known = script.true_times(sample).known
        letters = [k for k, s in enumerate(sample.lyrics) if s.isalnum() or s == "'"]
        assert known.tolist() == letters


def test_attention_hears_more_than_an_even_spread_knows(measured):
    told = script.summary(measured)
    means = told["per clip, mean and 95 % interval"]
    read = means["median error of a character, seconds"]["mean"]
    assert read < means["median error if spread evenly, seconds"]["mean"]
    assert read == pytest.approx(np.mean([m.attention.median_error for m in measured]), abs=1e-4)
    assert told["clips"] == 2 and told["words"] == sum(
        len(m.attention.words_late) for m in measured
    )


def test_kept_figures_name_every_clip_and_agree_with_each_other():
    kept = json.loads(RESULT.read_text("utf-8"))
    assert sorted(kept["clips"]) == [sample.name for sample in data_samples()]
    medians = [clip["median error, seconds"] for clip in kept["clips"].values()]
    figures = kept["summary"]["per clip, mean and 95 % interval"]
    mean = figures["median error of a character, seconds"]["mean"]
    assert mean == pytest.approx(np.mean(medians), abs=1e-3)
    masses = [head["truth mass"] for head in kept["heads"]]
    assert masses == sorted(masses, reverse=True)
