"""Plans: what is written follows from what is asked, and nonsense is refused in words."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import pytest

from jukebox_edu import units
from jukebox_edu.errors import ConfigError
from jukebox_edu.released import MODEL_SETS
from jukebox_edu.sampling import Plan, SamplingOptions, make_plan
from jukebox_edu.sampling.memory import level_memory

RELEASED = MODEL_SETS["1b_lyrics"]


def released(**changes):
    return make_plan(RELEASED, **{"seconds": 20, **changes})


@pytest.mark.parametrize("seconds", [1, 1.3, 2, 7.77])
@pytest.mark.parametrize("prompt", [None, 0, 0.5])
def test_windows_of_every_level_write_what_is_missing(model, seconds, prompt):
    plan = make_plan(model.config, seconds=seconds, prompt_seconds=prompt)
    assert [level.level for level in plan.levels] == [2, 1, 0]
    assert plan.length % model.hop_lengths[-1] == 0
    assert plan.length <= seconds * model.sample_rate < plan.length + model.hop_lengths[-1]
    for level in plan.levels:
        assert level.total * level.hop_length == plan.length
        assert level.existing * level.hop_length == plan.prompt_length
        assert level.n_new == level.total - level.existing


def test_the_whole_length_counts_the_prompt():
    with_prompt, without = released(prompt_seconds=10), released()
    assert with_prompt.length == without.length
    assert with_prompt.n_new < without.n_new


def test_seconds_made_of_samples_are_not_rounded_down():
    """n / rate * rate is often a little below n; such a song keeps its last code."""
    for rate, hop in ((16000, 128), (44100, 128), (22050, 256)):
        for n in range(hop, 60 * rate, 7 * hop):
            assert units.seconds_to_samples(n / rate, rate, hop) == n


def test_roundings_and_defaults_are_said_in_words(model):
    text = released().explain()
    assert "20 s are rounded down to 19.9982 s: 6,890 top-level codes of 128 samples." in text
    plan = make_plan(model.config, seconds=0.96)
    assert plan.total_length == 2000  # the shortest song this model knows
    assert "told a song of 2 s, the shortest it knows" in plan.explain()
    exact = make_plan(model.config, seconds=2.048, total_seconds=5)
    assert not exact.notes and exact.total_seconds == 5


def test_the_plan_explains_windows_and_memory():
    text = released(total_seconds=180, n_samples=16, itemsize=2).explain()
    assert "16 songs of 20.00 s" in text and "told as part of a song of 180.00 s" in text
    assert "6,890 are drawn in 2 windows of 6,144 codes (17.83 s)" in text
    assert "the time is known once this model has run here" in text
    assert re.search(r"level 2 \d.\d GB \+ \d.\d GB", text)


def test_known_rates_become_a_time(model):
    plan = make_plan(model.config, seconds=2)
    timed = dataclasses.replace(plan, rates=(10.0, 10.0, 10.0))
    assert f"about {round(plan.n_new / 10)} s" in timed.explain()
    assert timed == plan  # rates belong to the machine


@pytest.mark.parametrize("levels", [None, 2, (2,), (2, 1), [1, 2]])
def test_plans_survive_json(model, levels):
    plan = make_plan(model.config, seconds=2, levels=levels, prompt_seconds=0.3)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_plans_can_be_drawn(model):
    figure = make_plan(model.config, seconds=2, prompt_seconds=0.5).plot()
    assert len(figure.axes[0].get_yticks()) == 3


def test_levels_below_one_that_is_there_can_be_written(model):
    plan = make_plan(model.config, seconds=0.96, levels=(1, 0), existing=(0, 0, 15))
    assert [level.level for level in plan.levels] == [1, 0]


def test_memory_counts_the_real_prior(model):
    """Counted from the shape alone, equal to what the model and its caches hold."""
    for prior in model.priors:
        memory = level_memory(prior.config)
        assert memory.parameters == sum(p.numel() for p in prior.parameters())
        lyrics = prior.config.lyrics
        states = None
        if lyrics is not None:
            states = prior.music.position_embedding.new_zeros(1, lyrics.n_tokens, 16)
        like = prior.music.position_embedding.new_zeros(0)
        caches = prior.music.transformer.new_cache(1, like, states)
        assert memory.cache == sum(c.keys.numel() + c.values.numel() for c in caches)


def test_memory_of_the_released_models():
    """About 1 billion parameters each, as their names say."""
    assert all(0.8e9 < level_memory(prior).parameters < 1.1e9 for prior in RELEASED.priors)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"seconds": 0}, "seconds=0: must be a number of seconds above 0"),
        ({"seconds": -3}, "seconds=-3: must be a number"),
        ({"seconds": math.nan}, "seconds=nan: must be a number"),
        ({"seconds": math.inf}, "seconds=inf: must be a number"),
        ({"seconds": 1e9}, "must be a number of seconds above 0 up to 86400"),
        ({"seconds": True}, "seconds=True: must be a number"),
        ({"seconds": "ten"}, "seconds='ten': must be a number"),
        ({"seconds": None}, "seconds=None: must be a number"),
        ({"seconds": 0.001}, "seconds=0.001: must be at least 0.0029"),
        ({"seconds": 3}, "seconds=3: must be at least 5.945 s, one window of level 1. Or"),
        ({"seconds": 700}, "seconds=700.0: must be below 600"),
        ({"total_seconds": 10}, "total_seconds=10: must be at least the 20 s"),
        ({"total_seconds": 600}, "total_seconds=600.0: must be below 600"),
        ({"total_seconds": -1}, "total_seconds=-1: must be a number"),
        ({"seconds": 12, "total_seconds": 13}, "at least 17.84 s, the shortest song"),
        ({"n_samples": 0}, "n_samples=0: must be a whole number from 1 to 1024"),
        ({"n_samples": 1025}, "n_samples=1025: must be a whole number"),
        ({"n_samples": 1.0}, "n_samples=1.0: must be a whole number"),
        ({"n_samples": True}, "n_samples=True: must be a whole number"),
        ({"prompt_seconds": 20}, "`seconds` counts the prompt"),
        ({"prompt_seconds": -1}, "prompt_seconds=-1: must be"),
        ({"levels": ()}, "levels=(): must be some of (0, 1, 2)"),
        ({"levels": 3}, "levels=3: must be some of"),
        ({"levels": "2"}, "levels='2': must be some of"),
        ({"levels": True}, "levels=True: must be some of"),
        ({"levels": (2, 2)}, "levels=(2, 2): must be some of"),
        ({"levels": (2, 0)}, "levels=(2, 0): must be neighbors, without a gap"),
        ({"levels": (1, 0)}, "Level 2 has 0 of 6890 codes: write it too."),
        ({"levels": 0}, "Level 1 has 0 of 27560 codes: write it too."),
        ({"existing": (1, 2)}, "existing=(1, 2): must be 3 numbers"),
        ({"existing": (110240, 27560, 6890)}, "more than the 19.9982 s there are"),
    ],
)
def test_refusals(changes, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        released(**changes)


def test_options_are_one_value_or_one_per_level():
    options = SamplingOptions(temperature=[0.9, None, 1.1], top_k=(0, 5, 0), hop_fraction=0.25)
    chosen = [options.for_level(prior, 3) for prior in RELEASED.priors]
    assert [c.settings.temperature for c in chosen] == [0.9, 0.99, 1.1]
    assert [c.settings.top_k for c in chosen] == [0, 5, 0]
    assert [c.hop for c in chosen] == [2048, 2048, 1536]


def test_options_default_to_the_models_own_figures():
    chosen = [SamplingOptions().for_level(prior, 3) for prior in RELEASED.priors]
    assert [c.hop for c in chosen] == [4096, 4096, 768]
    assert {c.settings.temperature for c in chosen} == {0.99}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"temperature": 0}, "temperature=0: must be a positive number"),
        ({"temperature": [1, -1, 1]}, "temperature=-1: must be a positive number"),
        ({"temperature": math.nan}, "temperature=nan: must be a number"),
        ({"temperature": True}, "temperature=True: must be a number"),
        ({"temperature": "hot"}, "temperature='hot': must be a number"),
        ({"temperature": []}, "temperature=[]: must be one value"),
        ({"top_k": 1.5}, "top_k=1.5: must be 0"),
        ({"top_k": (0, 0, 9), "top_p": 0.5}, "Use one of the two"),
        ({"hop_fraction": 0}, "hop_fraction=0: must be above 0"),
        ({"hop_fraction": 1.5}, "hop_fraction=1.5: must be above 0"),
        ({"guidance": 30}, "guidance=30: must be from 0 to 20"),
        ({"fast_upsample": 4}, "not available yet"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        SamplingOptions(**options)


def test_options_for_another_number_of_levels_are_refused():
    with pytest.raises(ConfigError, match=re.escape("must be one value, or 3 values")):
        released(options=SamplingOptions(temperature=[1.0, 1.0]))
    with pytest.raises(ConfigError, match="multiple of 4"):
        released(options=SamplingOptions(hop_fraction=0.3001))
