"""Watching training: rows in, now and then a picture out."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError, RunError, ShapeError
from jukebox_edu.plotting.training import training_figure
from jukebox_edu.widgets import CodebookMonitor
from jukebox_edu.widgets.history import History, read_log


class Clock:
    """Time that stands still until it is told."""

    def __init__(self, drawing=0.0):
        self.now, self.drawing = 0.0, drawing

    def __call__(self):
        self.now += self.drawing  # seconds that pass between two looks
        return self.now


def row(step, run="vqvae-2", **more):
    return {"run": run, "step": step, "total": 1 / (1 + step), "recons": 0.5, "entropy": 2.0,
            "usage": 30.0, **more}  # fmt: skip


def test_rows_are_kept_and_drawn_at_most_once_a_second(html):
    clock = Clock()
    monitor = CodebookMonitor(32, clock=clock)
    drawn = monitor.drawn
    clock.now = 2.0
    for step in range(100):
        monitor.update(row(step))
    assert monitor.drawn == drawn + 1  # the clock stood still
    clock.now = 2.9
    monitor.update(row(100))
    assert monitor.drawn == drawn + 1
    clock.now = 3.1
    monitor.update(row(101))
    assert monitor.drawn == drawn + 2 and "step 101" in html(monitor)
    assert monitor.history.seen == 102


def test_slow_drawing_is_done_less_often():
    clock = Clock(drawing=4.0)  # each look takes four seconds
    monitor = CodebookMonitor(32, clock=clock)
    pictures, looks = monitor.drawn, 0
    for step in range(100):
        monitor.update(row(step))
        looks += 1
    share = (monitor.drawn - pictures) * 4.0 / (looks * 4.0 + (monitor.drawn - pictures) * 8.0)
    assert share <= 0.11 and monitor.drawn > pictures


def test_use_restarts_and_perplexity_are_said(html):
    monitor = CodebookMonitor(32)
    monitor.update(row(1, usage=20.0, entropy=math.log(12)))
    monitor.refresh()
    assert "Of 32 entries 20 are kept, 12 restarted; perplexity 12." in html(monitor)
    assert monitor.restarts.tolist() == [12.0]


def test_runs_and_curves_can_be_chosen(html):
    monitor = CodebookMonitor(32)
    monitor.update(row(1))
    monitor.update({"run": "prior-1", "step": 5, "nats": 3.0})
    assert monitor.run.value == "prior-1" and monitor.curve.options == ("all losses", "nats")
    monitor.run.value = "vqvae-2"
    assert monitor.curve.options == ("all losses", "total", "recons")
    both = html(monitor)
    monitor.curve.value = "recons"
    assert html(monitor) != both
    monitor.log_scale.value = True
    assert monitor.error is None
    monitor.update(row(2))
    assert monitor.curve.value == "recons"  # a new row does not undo the choice
    assert monitor.restarts.size == 2


def test_rows_without_a_run_or_codebook_work_too(html):
    monitor = CodebookMonitor()
    monitor.update({"step": 1, "loss": float("nan"), "note": "text", "flag": True})
    monitor.update({"step": np.int64(2), "loss": np.float32(1.5)})
    monitor.refresh()
    assert "training, step 2: loss 1.5." in html(monitor) and monitor.restarts.size == 0


def test_nothing_yet_is_said(html):
    assert "Nothing has been logged yet" in html(CodebookMonitor(32))


def test_what_is_no_row_is_refused():
    monitor = CodebookMonitor(32)
    with pytest.raises(ConfigError, match='with a number as "step"'):
        monitor.update({"total": 1.0})
    assert monitor.histories == {}
    with pytest.raises(ConfigError, match="codebook_size=0: must be a whole number above 0"):
        CodebookMonitor(0)


def test_memory_and_output_stay_bounded(html):
    monitor = CodebookMonitor(32, clock=Clock())
    for step in range(20_000):
        monitor.update(row(step, extra=float(step)))
    history = monitor.history
    assert len(history.rows) <= history.most + 1 and history.seen == 20_000
    assert history.series("step")[0] == 0 and history.series("step")[-1] == 19_999
    monitor.refresh()
    assert len(html(monitor)) < 60_000
    for number in range(200):
        monitor.update(row(1, run=f"run-{number}"))
    assert len(monitor.histories) <= 64


def test_thinned_rows_stay_in_order_and_evenly_spaced():
    history = History(most=8)
    for step in range(100):
        history.add({"step": step})
    steps = history.series("step")
    assert np.all(np.diff(steps) > 0) and len(steps) <= 9 and steps[-1] == 99
    assert len(set(np.diff(steps[:-1]))) == 1


def test_a_log_file_is_shown(tmp_path, html):
    path = tmp_path / "log.jsonl"
    lines = [json.dumps(row(step)) for step in range(50)]
    path.write_text("\n".join([*lines, '{"run": "vqvae-2", "st']), encoding="utf-8")  # torn
    monitor = CodebookMonitor.from_log(path, 32)
    assert monitor.history.seen == 50 and "step 49" in html(monitor)
    assert repr(monitor) == "CodebookMonitor(32, 50 rows)"


@pytest.mark.parametrize("text", ["[1, 2]\n", "no json\n", '{"step": 1}\n"text"\n'])
def test_a_file_that_is_no_log_is_refused(text, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"log.jsonl, line \d: must be a JSON object"):
        list(read_log(path))
    with pytest.raises(RunError, match="must be a log of training"):
        list(read_log(tmp_path / "absent"))


def test_the_picture_holds_what_it_is_given():
    steps = [0.0, 1.0, 2.0]
    figure = training_figure(steps, {"a": [3, 2, 1], "b": [1, float("nan"), 0]},
                             entropy=[0, 1, 2], usage=[8, 9, 10], codebook_size=16)  # fmt: skip
    losses, codebook = figure.axes
    assert [line.get_label() for line in losses.lines] == ["a", "b"]
    assert losses.lines[0].get_ydata().tolist() == [3, 2, 1]
    by_label = {line.get_label(): line.get_ydata() for line in codebook.lines}
    assert by_label["kept"].tolist() == [8, 9, 10]
    assert by_label["perplexity"] == pytest.approx(np.exp([0, 1, 2]))
    dashes = {line.get_linestyle() for line in losses.lines}
    assert len(dashes) == 2  # told apart without color
    with pytest.raises(ShapeError, match="a=2: must be 3 values"):
        training_figure(steps, {"a": [1, 2]})
