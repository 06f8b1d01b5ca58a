"""The original's optimizer, reproduced, and the laws of what stands around it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.training.averaging import WeightAverage, usual_average
from jukebox_edu.training.learner import Learner
from jukebox_edu.training.optimiser import JukeboxAdam, clip_divisor, rate_factor
from jukebox_edu.training.precision import LossScale, check_precision
from jukebox_edu.training.schedule import jukebox_factor
from jukebox_edu.training.settings import LoopSettings

CPU = torch.device("cpu")
# names of the golden case for the arguments of `jukebox_factor`
ARGUMENTS = {
    "lr_scale": "scale",
    "lr_warmup": "warmup",
    "lr_gamma": "gamma",
    "lr_decay": "decay_steps",
    "lr_start_linear_decay": "decay_start",
    "lr_use_linear_decay": "linear",
}


def test_golden_adam_steps(golden):
    case = golden("optimiser")
    adam, limits = case.manifest["config"]["adam"], case.manifest["tolerances"]["all"]
    p = nn.Parameter(case.tensor("p0").clone())
    betas = (adam["beta1"], adam["beta2"])
    optimizer = JukeboxAdam(
        [p], adam["lr"], betas=betas, eps=adam["eps"], weight_decay=adam["weight_decay"]
    )
    steps = sum(name.startswith("grad") for name in case.arrays)
    assert steps > 0
    for step in range(steps):
        p.grad = case.tensor(f"grad{step}").clone()
        optimizer.step(scale=adam["scale"])
        np.testing.assert_allclose(p.detach(), case.arrays[f"p{step + 1}"], **limits)


def test_golden_learning_rates_and_clipping(golden):
    config = golden("optimiser").manifest["config"]
    for entry in config["lr"]:
        given = {ARGUMENTS[name]: value for name, value in entry["kw"].items()}
        assert jukebox_factor(entry["step"], **given) == pytest.approx(entry["factor"], rel=1e-6)
    for entry in config["clip"]:
        found = clip_divisor(entry["grad_norm"], entry["max_norm"], entry["scale"])
        assert found == pytest.approx(entry["out"])


def test_without_decay_only_eps_tells_the_two_adams_apart():
    """The original adds eps to the uncorrected root; with eps near 0 the steps are equal."""
    start, gradients = torch.randn(5), torch.randn(6, 5)
    ends = []
    for kind, extra in ((JukeboxAdam, {}), (torch.optim.Adam, {})):
        p = nn.Parameter(start.clone())
        optimizer = kind([p], lr=0.01, betas=(0.9, 0.95), eps=1e-16, **extra)
        for gradient in gradients:
            p.grad = gradient.clone()
            optimizer.step()
        ends.append(p.detach())
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimiser", ["adamw", "jukebox"])
def test_a_long_gradient_is_cut_to_the_length_allowed(optimiser):
    """Twice the gradient beyond the limit makes the same step."""
    ends = []
    for size in (10.0, 20.0):
        model = nn.Linear(3, 2)
        nn.init.constant_(model.weight, 0.5)
        nn.init.zeros_(model.bias)
        settings = LoopSettings(1, optimiser=optimiser, clip_norm=1.0)
        learner = Learner({"model": model}, settings, CPU)
        learner.backward(size * model(torch.ones(1, 3)).sum())
        assert learner.step(1.0) > 1.0
        ends.append(model.weight.detach().clone())
    torch.testing.assert_close(ends[0], ends[1])
    assert not torch.equal(ends[0], torch.full((2, 3), 0.5))


def test_biases_do_not_decay_unless_asked():
    for decay in (False, True):
        model = nn.Linear(2, 2)
        nn.init.ones_(model.bias)
        settings = LoopSettings(1, weight_decay=0.5, learning_rate=0.1, decay_biases=decay)
        learner = Learner({"model": model}, settings, CPU)
        learner.backward(0.0 * model(torch.ones(1, 2)).sum())
        learner.step(1.0)
        assert torch.equal(model.bias, torch.ones(2)) is not decay


def test_gradients_that_are_not_finite_end_the_run():
    model = nn.Linear(2, 1)
    learner = Learner({"model": model}, LoopSettings(1), CPU)
    before = model.weight.detach().clone()
    learner.backward(model(torch.full((1, 2), math.inf)).sum())
    with pytest.raises(RunError, match="not finite any more.*lower learning_rate"):
        learner.step(1.0)
    assert torch.equal(model.weight, before)


def test_the_average_is_what_its_formula_says_and_gives_the_weights_back():
    p = nn.Parameter(torch.tensor([1.0, 2.0]))
    average = WeightAverage({"p": p}, 0.9)
    values = torch.randn(5, 2)
    expected = torch.tensor([1.0, 2.0])
    for value in values:
        p.data.copy_(value)
        average.update()
        expected = 0.9 * expected + 0.1 * value
    with average.applied():
        torch.testing.assert_close(p.data, expected)
    assert torch.equal(p.data, values[-1])
    assert usual_average(8) == pytest.approx(0.999)


def test_an_average_of_half_precision_weights_keeps_small_changes():
    """In float16 steps of 0.0001 near 1 would vanish; the average sees them all."""
    p = nn.Parameter(torch.ones(1, dtype=torch.float16))
    average = WeightAverage({"p": p}, 0.999)
    p.data.fill_(1.01)
    for _ in range(100):
        average.update()
    assert 1.0005 < average.average["p"].item() < 1.0015


def test_the_loss_scale_doubles_in_a_window_and_halves_on_overflow():
    scale = LossScale(1024.0, window=10, largest=4096.0)
    for _ in range(10):
        scale.update(overflow=False)
    assert scale.value == pytest.approx(2048.0)
    scale.update(overflow=True)
    assert scale.value == pytest.approx(1024.0)
    for _ in range(40):
        scale.update(overflow=False)
    assert scale.value == 4096.0


def test_float16_needs_a_gpu():
    with pytest.raises(ConfigError, match="precision='float16'.*float32 or bfloat16 on cpu"):
        check_precision("float16", CPU)


def test_the_schedule_of_a_run_in_minutes_ends_with_its_time():
    settings = LoopSettings(minutes=2.0, warmup=10)
    assert rate_factor(settings, 1, 0.0) == pytest.approx(0.1)
    assert rate_factor(settings, 500, 1.0) == pytest.approx(0.05)
    factors = [rate_factor(settings, 100, share / 10) for share in range(11)]
    assert factors == sorted(factors, reverse=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "steps, minutes=.*one of them, not both"),
        ({"steps": 5, "minutes": 1.0}, "one of them, not both"),
        ({"steps": 0}, "steps=0: must be a whole number from 1"),
        ({"minutes": 0.0}, "minutes=0.0: must be above 0"),
        ({"steps": 5, "accumulate": 0}, "accumulate=0: must be a whole number from 1"),
        ({"steps": 5, "average": 1.0}, "average=1.0: must be from 0"),
        ({"steps": 5, "optimiser": "sgd"}, "optimiser='sgd': must be one of"),
        ({"steps": 5, "precision": "int8"}, "precision='int8'"),
        ({"steps": 5, "schedule": "linear"}, "decay_steps=0: must be above 0"),
        ({"steps": 5, "betas": (0.9, 1.0)}, "betas"),
        ({"steps": 5, "learning_rate": -1.0}, "learning_rate=-1.0: must be above 0"),
        ({"steps": 5, "evaluate_every": -1}, "evaluate_every=-1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        LoopSettings(**given)
