"""A picture of ablations: the same thing measured with one thing changed at a time.

What
    One panel for each question, one row for each variant, the best one by the paper on top. Every
    seed is a mark with its 95 % interval over songs; if the order is as in the paper, the marks
    walk to the right from row to row.
Conventions
    Spectral convergence in dB: left is better, 0 is silence.
Paper: [Jukebox §5.1], tables 4 to 6
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.plotting.evaluation import Interval
from jukebox_edu.plotting.style import ACCENT, INK, QUIET, WAVE, drawable, new_figure, style

MARKS = "osD^v"  # one for each seed
COLORS = (WAVE, ACCENT, INK)


@dataclass(frozen=True)
class AblationRow:
    """One variant.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    label: str
    seeds: Mapping[int, Interval]  # dB, by seed; the same seeds for all variants


@dataclass(frozen=True)
class AblationPanel:
    """One question.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    title: str
    note: str  # what the paper found
    rows: Sequence[AblationRow]  # best first, by the paper


def ablations_figure(panels: Sequence[AblationPanel]) -> Figure:
    """Draw every question in a panel of its own.

    Raises
    ------
    ConfigError
        If there is no panel, or one without rows.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    if not panels or not all(panel.rows and panel.rows[0].seeds for panel in panels):
        raise ConfigError(must("panels", len(panels), "at least one, each with rows and seeds"))
    heights = [0.8 + 0.5 * len(panel.rows) for panel in panels]
    with style():
        figure = new_figure(0.6 + sum(heights))
        column = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )[:, 0]
        for axes, panel in zip(column, panels, strict=True):
            _draw(axes, panel)
        column[-1].set_xlabel("spectral convergence (dB); left is better, 0 is silence")
        labels = [f"seed {seed}" for seed in panels[0].rows[0].seeds]
        figure.legend(column[0].containers, labels, loc="outside lower right", ncols=len(labels))
    return figure


def _draw(axes: Axes, panel: AblationPanel) -> None:
    """One question: rows from top to bottom, seeds side by side."""
    seeds = tuple(panel.rows[0].seeds)
    for k, seed in enumerate(seeds):
        found = [row.seeds[seed] for row in panel.rows]
        means = [x.mean for x in found]
        whiskers = np.array([[x.mean - x.low, x.high - x.mean] for x in found]).T
        places = np.arange(len(found)) + 0.22 * (k - (len(seeds) - 1) / 2)
        axes.errorbar(means, places, xerr=np.maximum(whiskers, 0), fmt=MARKS[k % len(MARKS)],
                      color=COLORS[k % len(COLORS)], markersize=5, capsize=3)  # fmt: skip
    axes.set_yticks(range(len(panel.rows)), [drawable(row.label) for row in panel.rows])
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.grid(axis="x", color=QUIET, alpha=0.3)
    axes.set_title(drawable(panel.title))
    axes.annotate(drawable(panel.note), (1, 1), (0, 4), xycoords="axes fraction",
                  textcoords="offset points", ha="right", color=QUIET, fontsize=9)  # fmt: skip
