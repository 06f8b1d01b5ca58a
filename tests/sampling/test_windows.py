"""Windows: where they start, what they hold, and what the original program asked of its prior."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from jukebox_edu.errors import ConfigError
from jukebox_edu.prior.prior import Conditions
from jukebox_edu.sampling import (
    DrawSettings,
    LevelPlan,
    continuation_window,
    level_windows,
    sample_level,
    split_batch,
    window_starts,
)

BINS = 251  # a prime below every window, so that tokens are positions modulo BINS


class PositionPrior:
    """A prior whose every token is its absolute position (modulo BINS); it notes each call."""

    device = torch.device("cpu")

    def __init__(self, n_ctx: int, factor: int | None) -> None:
        conditioner = None if factor is None else SimpleNamespace(factor=factor)
        stack = SimpleNamespace(width=8, mlp_width=32)
        self.config = SimpleNamespace(
            n_ctx=n_ctx, conditioner=conditioner, lyrics=None, transformer=stack
        )
        self.calls: list[SimpleNamespace] = []

    def condition(self, labels, upper_codes):
        self.calls.append(SimpleNamespace(labels=labels, upper=upper_codes))
        return Conditions(start=labels.start)

    def start(self, conditions, batch):
        self.calls[-1].batch = batch
        return SimpleNamespace(position=conditions.start, fed=None)

    def prefill(self, state, codes):
        self.calls[-1].context = codes
        state.position += codes.shape[1]

    def next_logits(self, state, previous=None):
        batch = self.calls[-1].batch
        logits = torch.full((batch, BINS), -1e9)
        logits[:, state.position % BINS] = 0.0
        state.position += 1
        return logits

    def to_codes(self, tokens):
        return tokens


class PositionLabels:
    """Labels that only know where a window is."""

    def __init__(self, hops, n_ctx, offset):
        self.hops, self.n_ctx, self.offset = hops, n_ctx, offset

    def window(self, start, level):
        at = self.offset + start * self.hops[level]
        return SimpleNamespace(
            start=start, vector=[999999, at, self.n_ctx[level] * self.hops[level]]
        )


def scenarios(golden, *, failing: bool):
    found = golden("windows").manifest["scenarios"]
    return [s for s in found if ("error" in s) == failing]


def geometry(scenario):
    """Hop lengths and codes per upper code of the three levels, bottom first."""
    downs = scenario["downsamples"]
    hops = [downs[0], downs[0] * downs[1], downs[0] * downs[1] * downs[2]]
    return hops, [downs[1], downs[2], None]


def windows_of(scenario, level):
    """Our windows for one level; `total` new codes where the original says partial window."""
    hops, factors = geometry(scenario)
    n_ctx = scenario["n_ctx"][level]
    hop = int(scenario["hop_fraction"][level] * n_ctx)
    total, have = scenario["sample_length"] // hops[level], scenario["initial_lengths"][level]
    if total < n_ctx and have and factors[level] is None:
        return (continuation_window(level, have, total, n_ctx),)
    return level_windows(level, total, n_ctx, hop, existing=have, factor=factors[level])


def test_starts_are_those_of_the_original_program(golden):
    compared = 0
    for case in golden("windows").manifest["get_starts"]:
        total, n_ctx, hop = case["total"], case["n_ctx"], case["hop"]
        if total < n_ctx:  # the original returns negative starts or none; we refuse
            with pytest.raises(ConfigError, match="at least one window"):
                window_starts(total, n_ctx, hop)
        else:
            assert window_starts(total, n_ctx, hop) == case["starts"]
            compared += 1
    assert compared > 10


def test_batches_are_split_as_in_the_original_program(golden):
    for case in golden("windows").manifest["split_batch"]:
        assert split_batch(case["n"], case["size"]) == case["splits"]


def test_calls_are_those_of_the_original_program(golden):
    """Every call of every scenario: place, context, conditioning, labels, batch."""
    n_calls = 0
    for scenario in scenarios(golden, failing=False):
        trace = iter(scenario["trace"])
        hops, factors = geometry(scenario)
        batch, n_ctx = scenario["n_samples"], scenario["n_ctx"]
        labels = PositionLabels(hops, n_ctx, scenario["label_offset"])
        codes = {
            level: (torch.arange(n) % BINS).expand(batch, n)
            for level, n in enumerate(scenario["initial_lengths"])
        }
        for level in sorted(scenario["sample_levels"], reverse=True):
            windows = windows_of(scenario, level)
            existing = scenario["initial_lengths"][level]
            total = windows[-1].stop if windows else existing
            plan = LevelPlan(
                level, n_ctx[level], 0, hops[level], existing, total, windows, DrawSettings()
            )
            prior = PositionPrior(n_ctx[level], factors[level])
            steps = sample_level(
                prior, plan, codes[level], upper_codes=codes.get(level + 1), labels=labels
            )
            positions = [step.position for step in steps_of(steps, codes, level)]
            assert positions == list(range(existing, total))
            assert codes[level].shape == (batch, scenario["final_lengths"][level])
            assert (codes[level] == torch.arange(total) % BINS).all(), scenario["name"]
            for call, window in zip(prior.calls, windows, strict=True):
                for size in split_batch(batch, scenario["max_batch_size"][level]):
                    compare(call, window, next(trace), size, scenario["name"])
                    n_calls += 1
        assert next(trace, None) is None
    assert n_calls > 100


def steps_of(steps, codes, level):
    """Run a level to its end and keep what it returns."""
    while True:
        try:
            yield next(steps)
        except StopIteration as end:
            codes[level] = end.value
            return


def compare(call, window, expected, size, name):
    where = (name, expected)
    assert window.level == expected["level"], where
    assert window.start == expected["start"], where
    assert window.n_prompt == expected["conditioning_tokens"], where
    assert window.n_new == expected["new_tokens"], where
    assert size == expected["call_batch"], where
    assert call.labels.vector == expected["y_row0"], where
    if expected["z_cond_len"] is None:
        assert call.upper is None, where
    else:
        assert call.upper.shape[1] == expected["z_cond_len"], where
        ends = [call.upper[0, 0].item(), call.upper[0, -1].item()]
        assert ends == [v % BINS for v in expected["z_cond_first_last"]], where
    if expected["context_first_last"] is None:
        assert call.context.shape[1] == 0, where
    else:
        ends = [call.context[0, 0].item(), call.context[0, -1].item()]
        assert ends == [v % BINS for v in expected["context_first_last"]], where


def test_what_the_original_refuses_is_refused_before_anything_is_sampled(golden):
    refused = scenarios(golden, failing=True)
    assert refused
    for scenario in refused:
        with pytest.raises(ConfigError, match="at least one window|whole upper code"):
            for level in sorted(scenario["sample_levels"], reverse=True):
                windows_of(scenario, level)


@pytest.mark.parametrize("existing", [0, 1, 31, 64, 65, 200])
@pytest.mark.parametrize("total", [64, 65, 100, 200])
def test_windows_write_every_missing_code_once(total, existing):
    written = []
    for window in level_windows(2, total, 64, 24, existing=existing):
        first = window.start + window.n_prompt
        assert first == existing + len(written)  # the prompt ends where the codes end
        assert window.n_prompt + window.n_new == 64
        written += range(first, window.stop)
    assert written == list(range(existing, total))


def test_a_level_shorter_than_its_window_is_one_partial_window():
    (window,) = level_windows(2, 10, 64, 8, existing=4)
    assert (window.start, window.n_prompt, window.n_new) == (0, 4, 6)
    with pytest.raises(ConfigError, match="at least one window of 64 codes at level 0"):
        level_windows(0, 10, 64, 8, factor=4)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: window_starts(10, 0, 1), "window=0: must be at least 1"),
        (lambda: window_starts(10, 5, 0), "hop=0: must be at least 1"),
        (lambda: split_batch(3, 0), "size=0: must be at least 1"),
        (lambda: continuation_window(2, 5, 0, 64), "n_new=0: must be from 1"),
        (lambda: continuation_window(2, 5, 65, 64), "n_new=65: must be from 1"),
        (lambda: level_windows(0, 100, 64, 9, factor=4), "multiple of 4"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ConfigError, match=text):
        call()
