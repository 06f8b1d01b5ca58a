"""Cross-entropies and what wrong conditions cost."""

from __future__ import annotations

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch

from jukebox_edu.evaluation.conditioning import BITS, measure_prior
from jukebox_edu.evaluation.windows import middle, nats_per_code, window_of


def costs_of(figures) -> dict[tuple[str, str], float]:
    return {(cost.told, cost.condition): cost.nats.mean for cost in figures.costs}


def test_nats_are_the_loss_of_the_prior(model, coded):
    for prior in model.priors:
        window = window_of(coded[0], prior)
        nats = nats_per_code(prior, window.codes, window.upper_codes, window.labels)
        with torch.no_grad():
            loss = prior.loss(window.codes, window.upper_codes, window.labels)
        assert nats.shape == (prior.config.n_ctx,)
        assert nats.mean() / BITS == pytest.approx(float(loss.music), rel=1e-5)


def test_a_prior_that_knows_nothing_pays_log_k_whatever_it_is_told(model, coded):
    blind = copy.deepcopy(model.priors[-1])
    for name, weight in blind.music.named_parameters():
        if "embedding" in name or "head" in name or "output" in name:
            weight.data.zero_()
    figures = measure_prior(blind, coded)
    assert figures.nats_per_code.mean == pytest.approx(math.log(32), abs=1e-5)
    assert figures.bits_per_code.mean == pytest.approx(figures.even_bits, abs=1e-5)
    assert all(abs(cost) < 1e-5 for cost in costs_of(figures).values())


def test_wrong_lyrics_cost_nothing_if_they_are_not_heard(model, coded):
    heard = costs_of(measure_prior(model.priors[-1], coded))
    assert abs(heard["wrong", "lyrics"]) > 1e-4
    deaf = copy.deepcopy(model.priors[-1])
    for weight in deaf.lyric_encoder.parameters():
        weight.data.zero_()
    costs = costs_of(measure_prior(deaf, coded))
    assert costs["wrong", "lyrics"] == 0 and costs["missing", "lyrics"] == 0
    assert abs(costs["wrong", "artist"]) > 1e-4


def test_each_prior_is_asked_only_about_what_it_is_told(model, coded):
    silence = torch.tensor(3)
    top = costs_of(measure_prior(model.priors[2], coded))
    below = costs_of(measure_prior(model.priors[1], coded, silence=silence))
    names = {("wrong", "artist"), ("missing", "artist"), ("wrong", "genre"), ("missing", "genre")}
    assert set(top) == names | {("wrong", "lyrics"), ("missing", "lyrics")}
    assert set(below) == names | {("wrong", "upper codes"), ("missing", "upper codes")}


def test_where_there_is_no_other_song_nothing_can_be_wrong(model, coded):
    costs = costs_of(measure_prior(model.priors[-1], coded[:1]))
    assert set(costs) == {("missing", "artist"), ("missing", "genre"), ("missing", "lyrics")}
    twins = [coded[0], dataclasses.replace(coded[0], name="twin")]
    assert set(costs_of(measure_prior(model.priors[-1], twins))) == set(costs)


def test_a_wrong_artist_is_another_one_where_there_is_one(model, coded):
    """Songs 0 and 3 have the same artist; the other one must come from songs 1 or 2."""
    figures = measure_prior(model.priors[-1], [coded[0], coded[3], coded[1]])
    wrong = next(c for c in figures.costs if (c.told, c.condition) == ("wrong", "artist"))
    assert all(cost is not None and cost != 0 for cost in wrong.per_song)


def test_silence_behind_a_short_song_does_not_count(model, songs):
    from jukebox_edu.evaluation.coded import encode_song

    short = dataclasses.replace(songs[0], audio=songs[0].audio[:320], times=None)
    prior, first = model.priors[-1], encode_song(model, short)
    changed = dataclasses.replace(first, codes=tuple(c.copy() for c in first.codes))
    changed.codes[-1][5:] = (changed.codes[-1][5:] + 7) % 32  # behind the end
    assert window_of(first, prior).inside.tolist() == [True] * 5 + [False] * 3
    figures = [measure_prior(prior, [song]).nats_per_code.mean for song in (first, changed)]
    assert figures[0] == pytest.approx(figures[1], abs=1e-6)


def test_windows_lie_in_the_middle_on_whole_upper_codes(model, coded):
    for prior in model.priors:
        start = middle(coded[0], prior)
        n_codes = coded[0].n_codes(prior.config.level, prior.config.hop_length)
        spare = n_codes - prior.config.n_ctx
        factor = prior.config.conditioner.factor if prior.config.conditioner else 1
        assert start % factor == 0 and abs(start - spare / 2) <= factor
        window = window_of(coded[0], prior)
        if window.upper_codes is not None:
            assert window.upper_codes.shape[1] * factor == prior.config.n_ctx


def test_phone_changes_are_counted_where_another_phone_begins(model, coded):
    prior = model.priors[-1]
    start, n = middle(coded[0], prior), prior.config.n_ctx
    phones = coded[0].phones[start : start + n]
    found = window_of(coded[0], prior).phone_changes
    assert found.tolist() == [False, *(phones[1:] != phones[:-1]).tolist()]
    assert window_of(coded[0], model.priors[0]).phone_changes is None
    figures = measure_prior(prior, coded)
    lyrics = next(c for c in figures.costs if c.condition == "lyrics")
    assert lyrics.at_phone_changes is not None and len(lyrics.per_song) == 4
    assert np.isfinite(lyrics.at_phone_changes.mean)
