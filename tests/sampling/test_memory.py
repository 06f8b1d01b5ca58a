"""Memory is counted from shapes: published figures, real models, and devices."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from jukebox_edu import released
from jukebox_edu.released import MODEL_SETS
from jukebox_edu.sampling import SamplingOptions, make_plan
from jukebox_edu.sampling.cards import CARDS, ITEMSIZES, Card, fit, table
from jukebox_edu.sampling.memory import LevelMemory, level_memory

HALF = 2  # bytes per number


@pytest.mark.parametrize(
    ("name", "megabytes"),
    [("prior_5b_lyrics", 983), ("prior_5b", 966), ("prior_1b_lyrics", 338),
     ("upsampler_level_0", 386), ("upsampler_level_1", 386)],
)  # fmt: skip
def test_caches_per_sample_are_what_the_patterns_need(name, megabytes):
    """In half precision; close to the release's own 400 MB (1b_lyrics) and 1 GB (5b_lyrics)."""
    memory = level_memory(getattr(released, name)())
    assert round(memory.cache * HALF / 1e6) == megabytes


@pytest.mark.parametrize(
    ("name", "n_bytes"),
    [("prior_5b_lyrics", 11_451_832_000), ("prior_5b", 10_288_531_200)],
)
def test_weights_in_half_precision_are_the_released_files_bytes(name, n_bytes):
    """Those two files hold their matrices in float16 and all else in float32, as we do."""
    assert level_memory(getattr(released, name)()).weights(HALF) == n_bytes


def test_weights_in_float32_are_all_the_numbers():
    memory = level_memory(released.prior_1b_lyrics())
    assert memory.weights(4) == 4 * memory.parameters == 3_770_572_800
    assert memory.weights(HALF) < memory.weights(4)


def test_weights_of_a_loaded_model_are_counted_to_the_byte(model):
    from jukebox_edu.model.devices import cast_prior

    for prior in model.priors:
        for dtype, size in ((torch.float32, 4), (torch.bfloat16, 2)):
            cast_prior(prior, dtype)
            held = sum(p.numel() * p.element_size() for p in prior.parameters())
            assert held == level_memory(prior.config).weights(size)
        cast_prior(prior, torch.float32)


def wide(name):
    """A released prior with two layers: large enough for its work to be seen."""
    config = getattr(released, name)()
    stack = dataclasses.replace(config.transformer, depth=2, attn_order=(2, 1), width=480)
    small = {"transformer": stack, "lyrics": None, "n_ctx": 2048}
    if config.conditioner is not None:
        small["conditioner"] = dataclasses.replace(config.conditioner, width=256, depth=3)
    return dataclasses.replace(config, **small)


@pytest.mark.parametrize("name", ["prior_1b_lyrics", "upsampler_level_0"])
def test_work_bounds_what_a_prompt_really_takes(name):
    """The largest memory beside weights and caches while a window begins, as torch counts it."""
    from torch.profiler import ProfilerActivity, profile

    from jukebox_edu.prior.prior import Prior

    config = wide(name)
    with torch.device("cpu"):
        prior = Prior(config).requires_grad_(False).eval()
    slots = config.labels.max_genres
    y = torch.tensor([[44100 * 60, 0, config.window_samples, 1] + [1] + [-1] * (slots - 1)])
    upper = None
    if config.conditioner is not None:
        upper = torch.zeros(1, config.n_ctx // config.conditioner.factor, dtype=torch.long)
    prompt = torch.zeros(1, config.n_ctx - 1, dtype=torch.long)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        with torch.inference_mode():
            conditions = prior.condition(y, upper)
            state = prior.start(conditions, 1)
            prior.prefill(state, prompt)
    held = peak = 0
    for event in seen.profiler.kineto_results.events():  # in the order of time
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    counted = level_memory(config).per_sample(4)
    assert 0.4 * counted < peak < 1.1 * counted


# ---- devices ------------------------------------------------------------------------------------


def fits(model, card):
    return fit(MODEL_SETS[model], next(c for c in CARDS if c.name == card))


def test_the_workshop_card_runs_1b_and_just_5b_lyrics():
    assert fits("1b_lyrics", "T4 (15 GB)").n_samples[2] >= 8
    assert fits("5b_lyrics", "T4 (15 GB)").n_samples[2] == 1
    assert not fits("5b_lyrics", "12 GB GPU").works
    assert fits("1b_lyrics", "8 GB GPU").works
    assert fits("5b_lyrics", "80 GB GPU").n_samples[2] >= 16


def test_a_computer_keeps_full_precision_where_it_can():
    assert fits("1b_lyrics", "CPU, 16 GB").dtype == "float32"
    assert fits("5b", "CPU, 16 GB").dtype == "bfloat16"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
@pytest.mark.parametrize("name", list(MODEL_SETS))
def test_the_largest_batch_fits_and_one_more_does_not(card, name):
    found = fit(MODEL_SETS[name], card)
    assert found.dtype in card.dtypes
    for prior, n in zip(MODEL_SETS[name].priors, found.n_samples, strict=True):
        memory, size = level_memory(prior), ITEMSIZES[found.dtype]
        if n:
            assert memory.bytes(n, size) <= card.usable_bytes
        assert memory.bytes(n + 1, size) > card.usable_bytes


def test_more_memory_never_takes_fewer():
    memory = LevelMemory(parameters=1000, cache=10, matrices=900, work=5, work_float32=1)
    batches = [memory.largest_batch(n, HALF) for n in range(0, 4000, 50)]
    assert batches == sorted(batches) and batches[0] == 0 and batches[-1] > 0


def test_the_table_names_every_device():
    text = table(MODEL_SETS["5b_lyrics"])
    assert all(card.name in text for card in CARDS)
    assert "no" in text


def test_the_plan_says_on_what_device_a_large_model_works():
    config = MODEL_SETS["1b_lyrics"]
    text = make_plan(config, seconds=20, n_samples=4, itemsize=2).explain()
    assert "weights + caches + work: level 2 2.0 GB + 1.4 GB + 1.4 GB" in text
    most = min(fits("1b_lyrics", "T4 (15 GB)").n_samples)
    assert f"T4 (15 GB) {most} in float16" in text
    guided = make_plan(config, seconds=20, options=SamplingOptions(guidance=(1, 1, 2)), levels=2)
    top = fits("1b_lyrics", "T4 (15 GB)").n_samples[2]
    assert f"T4 (15 GB) {top // 2} in float16" in guided.explain()  # everything twice


def test_the_plan_of_a_small_model_says_nothing_of_devices(model):
    assert "GPU" not in make_plan(model.config, seconds=2).explain()


def test_no_card_is_too_small_to_answer():
    assert not fit(MODEL_SETS["5b"], Card("toy", 0.1, ("float16",))).works
