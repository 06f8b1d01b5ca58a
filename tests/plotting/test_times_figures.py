"""Pictures of times and heads: labelled, readable in gray, true to the numbers."""

from __future__ import annotations

import io

import matplotlib.text
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from jukebox_edu.alignment import HeadScore
from jukebox_edu.errors import ConfigError, ShapeError
from jukebox_edu.plotting import figure_png, heads_figure, times_figure

LYRICS = "la moon by\nsea"
EDGES = np.linspace(0, 7, len(LYRICS) + 1)
TRUE = np.stack([EDGES[:-1], EDGES[1:]], axis=1)  # (n_chars, 2)
TRUE[[sign.isspace() for sign in LYRICS]] = np.nan
READ = TRUE + np.array([0.05, 0.05])
READ[3:7] += 0.45  # the second word comes half a second late
SCORES = [HeadScore(layer, head, 0.9, 0.8, 0.1 * head + 0.01 * layer) for layer in (3, 7)
          for head in range(4)]  # fmt: skip


def texts(figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def test_words_stand_where_they_are_sung():
    figure = times_figure(LYRICS, READ, TRUE)
    read, true, late = figure.axes
    for axes, times in ((read, READ), (true, TRUE)):
        boxes = [p for p in axes.patches if isinstance(p, Rectangle)]
        assert [box.get_x() for box in boxes] == pytest.approx(times[[0, 3, 8, 11], 0])
    assert {box.get_linestyle() for box in read.patches} != {
        box.get_linestyle() for box in true.patches
    }
    inside, outside = late.lines[1:3]
    assert outside.get_xdata() == pytest.approx([TRUE[3, 0]])
    assert outside.get_ydata() == pytest.approx([0.5])
    assert inside.get_ydata() == pytest.approx([0.05] * 3)
    assert inside.get_marker() != outside.get_marker()
    assert figure.axes[-1].get_xlabel() == "time (s)" and late.get_ylabel() == "read too late (s)"


def test_times_without_truth_are_one_row():
    figure = times_figure(LYRICS, READ)
    assert len(figure.axes) == 1 and figure.axes[0].get_title(loc="left") == "Words in time"
    assert {"la", "moon", "by", "sea"} <= set(texts(figure))


@pytest.mark.parametrize("truth", [None, 0.4])
def test_heads_show_every_score_and_mark_the_best(truth):
    scores = [HeadScore(3, 0, 0.5, 0.5, 0.5, truth), *SCORES]
    if truth is not None:
        scores = [
            *scores[:1],
            *(HeadScore(s.layer, s.head, 0.1, 0.1, 0.1, 0.01) for s in SCORES[1:]),
        ]
    figure = heads_figure(scores)
    shown = texts(figure)
    best = max(scores, key=lambda score: score.score)
    assert [text for text in shown if text.endswith("best")] == [f"{best.score:.2f} best"]
    label = "attention near the truth" if truth else "monotone × coverage × confidence"
    assert label in shown and "layer" in shown and "head" in shown and "7" in shown


@pytest.mark.parametrize("make", [lambda: times_figure(LYRICS, READ, TRUE),
                                  lambda: heads_figure(SCORES)])  # fmt: skip
def test_pictures_are_stable_and_say_the_same_in_gray(make):
    png = figure_png(make())
    assert png == figure_png(make())
    with Image.open(io.BytesIO(png)) as image:
        gray = np.asarray(image.convert("L"), dtype=float)
    assert gray.max() - gray.min() > 200 and len(np.unique(gray)) > 20


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: times_figure(LYRICS, READ[:3]), ShapeError, r"read=\(3, 2\): must be of shape"),
        (lambda: times_figure(LYRICS, READ, TRUE[:3]), ShapeError, r"truth=\(3, 2\)"),
        (lambda: times_figure(LYRICS, READ * np.nan), ShapeError, "the time of at least one word"),
        (lambda: heads_figure([]), ConfigError, "at least one HeadScore"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(make, error, match):
    with pytest.raises(error, match=match):
        make()
