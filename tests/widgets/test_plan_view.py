"""The plan under one's fingers."""

from __future__ import annotations

import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.sampling import SamplingOptions
from jukebox_edu.widgets import PlanView


@pytest.fixture
def view(model):
    return PlanView(model, 6.0)


def test_the_plan_is_the_models_own_and_stands_there_in_words(view, model, html):
    options = SamplingOptions(hop_fraction=0.5)
    assert view.plan == model.plan(seconds=6.0, options=options)
    for line in view.plan.explain().splitlines():
        assert line in html(view).replace("&#x27;", "'")
    assert "Plan of" in html(view) and "<img" in html(view)


def test_every_control_changes_the_plan(view, model):
    view.seconds.value = 4.0
    assert view.plan.seconds == model.plan(seconds=4.0).seconds
    windows = len(view.plan.levels[-1].windows)
    view.hop.value = 0.25
    assert len(view.plan.levels[-1].windows) > windows
    view.samples.value = 3
    assert view.plan.n_samples == 3
    view.prompt.value = 2.0
    assert view.plan.prompt_length == 2.0 * model.sample_rate // 64 * 64
    view.prompt.value = 0.0
    view.levels.value = (2,)
    assert [level.level for level in view.plan.levels] == [2]
    view.levels.value = (1, 2)
    assert [level.level for level in view.plan.levels] == [2, 1]
    assert view.error is None


def test_what_the_model_cannot_do_is_said_and_the_old_plan_stays(view, html):
    plan, page = view.plan, html(view)
    view.seconds.value = 0.001
    assert isinstance(view.error, ConfigError) and view.message.value
    assert view.plan is plan and html(view) == page
    view.seconds.value = 3.0
    assert view.error is None and not view.message.value and view.plan is not plan


def test_a_plan_that_is_impossible_from_the_start_is_refused(model):
    with pytest.raises(ConfigError, match="seconds"):
        PlanView(model, 0.0)


def test_only_hops_of_whole_upper_codes_are_offered(view, model):
    shares = dict(view.hop.options)
    assert 0.5 in shares.values() and 1 / 16 not in shares.values()  # one code of 16: half an upper
    for share in shares.values():
        model.plan(seconds=6.0, options=SamplingOptions(hop_fraction=share))
