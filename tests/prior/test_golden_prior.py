"""Priors against numbers of the original program: conditions, logits, losses, greedy sampling."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from jukebox_edu.checkpoints import load_openai_prior
from jukebox_edu.config import LabelConfig
from jukebox_edu.errors import LyricsError
from jukebox_edu.labels import Labels
from jukebox_edu.prior.labels import LabelConditioner, timing_bins
from jukebox_edu.prior.prior import Prior

UPSAMPLERS = ("upsampler_l0_tiny", "upsampler_l1_tiny", "upsampler_tiny_nolabels")
LYRICAL = ("prior_tiny_sepencdec", "prior_tiny_sepencdec_order8", "prior_tiny_singleencdec")
CASES = (*UPSAMPLERS, "prior_tiny_nolabels", "prior_tiny_nolyrics", *LYRICAL)
TAGS = ("ancestral", "primed", "primed_nochunk", "partial_ancestral", "partial_primed")
COND = {"rtol": 1e-4, "atol": 2e-5}
LOGITS = {"rtol": 1e-3, "atol": 2e-3}


@functools.lru_cache
def load(folder: Path) -> Prior:
    """The golden prior with its recorded weights."""
    config = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["config"]
    codec = {name: config["vqvae"][name] for name in ("downs_t", "strides_t")}
    hps = {**config["hps"], **codec, "l_bins": config["l_bins"]}
    return load_openai_prior(folder / "prior.pth.tar", hps)


def build(case) -> Prior:
    return load(case.folder)


def given(case) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Labels (the packed vector) and upper codes of the case's window."""
    present = case.arrays
    labels = case.tensor("y") if "y" in present else None
    return labels, case.tensor("z_cond0") if "z_cond0" in present else None


def case_tags(names=CASES):
    return [(name, tag) for name in names for tag in TAGS]


@pytest.mark.parametrize("name", CASES)
def test_patterns_and_sizes(golden, name):
    case = golden(name)
    prior, config = build(case), case.manifest["config"]
    assert list(prior.music.transformer.patterns) == config["attn_funcs"]
    assert prior.config.hop_length == config["raw_to_tokens"]
    assert prior.config.window_samples == config["sample_length"]


@pytest.mark.parametrize("name", CASES)
def test_conditions(golden, name):
    case = golden(name)
    prior = build(case)
    n = prior.config.n_ctx
    conditions = prior.condition(*given(case))
    for recorded, ours in (("y_cond", conditions.start), ("x_cond", conditions.per_position)):
        assert (recorded in case.arrays) == (ours is not None)
        if ours is not None:
            assert_close(ours[:, -n:], case.tensor(recorded), **COND)
            assert ours[:, :-n].abs().sum() == 0  # lyric positions have no time
    if "prime" in case.arrays:
        assert torch.equal(conditions.lyric_tokens, case.tensor("prime"))


@pytest.mark.parametrize("name", CASES)
def test_whole_window(golden, name):
    case = golden(name)
    prior, codes = build(case), case.tensor("z")
    n = prior.config.n_ctx
    labels, upper = given(case)
    conditions = prior.condition(labels, upper)
    tokens = prior.to_tokens(codes)
    if prior.config.single_sequence:
        tokens = torch.cat([conditions.lyric_tokens, tokens], dim=1)
    embedded = prior.music.embed(tokens, conditions.start, conditions.per_position)
    assert_close(embedded, case.tensor("transformer_in"), **COND)
    expected = case.tensor("logits")
    logits = prior.music.head(prior(codes, conditions).hidden)
    assert_close(logits, expected, **LOGITS)  # the single sequence: lyrics too, all symbols
    music = expected[:, -n:, prior.first_code :]
    assert_close(prior.logits(codes, upper, labels), music, **LOGITS)


@pytest.mark.parametrize("name", CASES)
def test_losses(golden, name):
    case = golden(name)
    labels, upper = given(case)
    loss = build(case).loss(case.tensor("z"), upper, labels)
    expected = case.manifest["config"]["loss"]
    pairs = {"loss": loss.total, "gen_loss": loss.music, "prime_loss": loss.lyrics}
    for key, value in pairs.items():
        assert value.item() == pytest.approx(expected[key], rel=1e-4), key


@pytest.mark.parametrize("name", [name for name in LYRICAL if "sepencdec" in name])
def test_lyric_encoder(golden, name):
    case = golden(name)
    prior = build(case)
    tokens = case.tensor("prime")
    states = prior.lyric_encoder(tokens)
    assert_close(prior.lyric_encoder.shell(tokens).hidden, case.tensor("prime_acts"), **COND)
    assert_close(states, case.tensor("encoder_kv"), **COND)
    assert_close(prior.lyric_encoder.logits(states), case.tensor("prime_logits"), **LOGITS)


@pytest.mark.parametrize("name", LYRICAL)
def test_attention_over_lyrics(golden, name):
    case = golden(name)
    prior = build(case)
    labels, upper = given(case)
    names = [key for key in case.arrays if key.startswith("attn_layer")]
    layers = [int(key.removeprefix("attn_layer")) for key in names]
    assert layers
    recorded = prior.attention(case.tensor("z"), upper, labels, layers)
    assert list(recorded) == layers
    for key, layer in zip(names, layers, strict=True):
        assert_close(recorded[layer].weights, case.tensor(key), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("name", "tag"), case_tags())
def test_greedy_token_by_token(golden, name, tag):
    case = golden(name)
    prior, run = build(case), case.manifest["config"]["sampling"][tag]
    prompt, expected = case.tensor(f"{tag}__z_in"), case.tensor(f"{tag}__z")
    n_tokens = run["sample_tokens"] or prior.config.n_ctx
    state = prior.start(prior.condition(*given(case)), len(prompt))
    prior.prefill(state, prompt, chunk=run["chunk_size"])
    token, tokens, logits = None, [], []
    for _ in range(n_tokens - prompt.shape[1]):
        logits.append(prior.next_logits(state, token))
        token = logits[-1].argmax(-1)
        tokens.append(token)
    drawn = torch.stack(tokens, dim=1)
    assert torch.equal(torch.cat([prompt, prior.to_codes(drawn)], dim=1), expected)
    assert_close(torch.stack(logits, dim=1), case.tensor(f"{tag}__logits"), **LOGITS)
    if f"{tag}__raw_tokens" in case.arrays:  # a lyric symbol that wins is fed back as it is
        assert torch.equal(drawn, case.tensor(f"{tag}__raw_tokens"))
        won = case.manifest["config"]["ancestral_positions_where_a_lyric_token_won"]
        assert int((drawn < prior.first_code).sum()) == won > 0


@pytest.mark.parametrize(("name", "tag"), case_tags(("upsampler_l1_tiny", *LYRICAL)))
def test_greedy_sample(golden, name, tag):
    case = golden(name)
    prior, run = build(case), case.manifest["config"]["sampling"][tag]
    labels, upper = given(case)
    prompt = case.tensor(f"{tag}__z_in")
    codes = prior.sample(
        len(prompt),
        labels,
        upper,
        prefix=prompt if prompt.shape[1] else None,
        n_tokens=run["sample_tokens"],
        top_k=run["top_k"],
        temperature=run["temp"],
    )
    assert torch.equal(codes, case.tensor(f"{tag}__z"))


# ---- bins of the timing tables, at the size of the released models --------------------------


def spied_conditioner(settings: dict) -> tuple[LabelConditioner, dict[str, list]]:
    """A conditioner of full scale, and the list of bins each of its tables is asked for."""
    n_genres, n_artists = settings["y_bins"]
    names = ("timing_bins", "min_duration", "max_duration")
    values = [settings[k] for k in ("t_bins", "min_duration", "max_duration")]
    config = LabelConfig(
        n_genres=n_genres,
        n_artists=n_artists,
        max_genres=settings["max_bow_genre_size"],
        **dict(zip(names, values, strict=True)),
    )
    conditioner = LabelConditioner(config, 2, settings["n_time"], settings["sr"], 1.0)
    asked: dict[str, list] = {}
    for name in ("total_length", "absolute_position", "relative_position"):
        asked[name] = []
        table = getattr(conditioner, name)
        table.register_forward_hook(lambda _, given, __, to=asked[name]: to.append(given[0]))
    return conditioner, asked


@pytest.mark.parametrize("model", ["prior_5b", "prior_5b_lyrics", "prior_1b_lyrics"])
def test_timing_bins(golden, model):
    case = golden("timing_bins")
    settings = case.manifest["config"][model]
    conditioner, asked = spied_conditioner(settings)
    labels = Labels.from_vector(case.tensor(f"{model}__y"), settings["max_bow_genre_size"])
    assert conditioner.timing(labels).shape == (labels.batch, settings["n_time"], 2)
    recorded = {
        "total_length": "total_length_emb",
        "absolute_position": "absolute_pos_emb",
        "relative_position": "relative_pos_emb",
    }
    for ours, theirs in recorded.items():
        expected = case.arrays[f"{model}__{theirs}"].astype(np.int64)
        np.testing.assert_array_equal(asked[ours][0].numpy(), expected, err_msg=ours)
    refused = [r for r in case.manifest["config"]["rejected"] if r["model"] == model]
    assert refused
    for entry in refused:
        vector = torch.tensor([entry["y"]])
        with pytest.raises(LyricsError, match="time=.*must be from .* to below .*total_seconds"):
            conditioner.timing(Labels.from_vector(vector, settings["max_bow_genre_size"]))


def test_timing_bins_by_hand():
    bins = timing_bins(torch.tensor([0.0, 5.0]), torch.tensor([10.0, 10.0]), 5, 0.0, 10.0, 10)
    assert bins.tolist() == [[0, 2, 4, 6, 8], [5, 6, 7, 8, 9]]
    with pytest.raises(LyricsError, match=r"time=\[10.0\]: must be from 0 to below 10"):
        timing_bins(torch.tensor([10.0]), None, 1, 0.0, 10.0, 10)
