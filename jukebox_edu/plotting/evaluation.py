"""Pictures of measurements: what a codec keeps, what a prior uses, when words are sung.

What
    Every function takes plain numbers, or anything with `mean`, `low` and `high` (an interval),
    and returns a figure. Whiskers are 95 % intervals over songs.
Conventions
    Level 0 is the bottom level. Ours is filled, what it is compared with is hatched or dashed, so
    the pictures survive a gray print.
Paper: [Jukebox §5]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page.sentences import level_name
from jukebox_edu.plotting.style import ACCENT, INK, QUIET, WAVE, drawable, new_figure, style

PALE = "#dfe6ee"  # fill of what we are compared with
DASHES = ("-", "--", ":", "-.")  # lines of one picture
HISTOGRAM_SECONDS = 1.0  # errors beyond it are counted in the outermost bars
BAR_SECONDS = 0.05  # width of a bar of the histogram


class Interval(Protocol):
    """A mean with its interval.

    Lesson: notebooks/13_measure_it.ipynb
    """

    @property
    def mean(self) -> float:
        """The figure."""

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval."""

    @property
    def high(self) -> float:
        """Upper end."""


def _whiskers(intervals: Sequence[Interval]) -> np.ndarray:
    """Distances from mean to both ends (2, n), as matplotlib wants them."""
    below = [max(0.0, x.mean - x.low) for x in intervals]
    above = [max(0.0, x.high - x.mean) for x in intervals]
    return np.array([below, above])


_LINE = {"ecolor": INK, "capsize": 3, "elinewidth": 1.2}


def convergence_figure(
    ours: Sequence[Interval],
    paper: Sequence[float] = (),
    hop_lengths: Sequence[int] = (),
    paper_hop_lengths: Sequence[int] = (),
) -> Figure:
    """Draw spectral convergence in dB per level, the paper's beside it.

    Parameters
    ----------
    ours
        One per level, bottom first, dB; lower is better, 0 is silence.
    paper
        The paper's figures, dB.
    hop_lengths, paper_hop_lengths
        Samples per code, for the labels.

    Paper: [Jukebox §5.1]
    Lesson: notebooks/04_three_levels.ipynb
    """
    if not ours:
        raise ConfigError(must("ours", list(ours), "one figure for each level"))
    theirs = list(paper[: len(ours)])
    means = [x.mean for x in ours]
    lowest = min([x.low for x in ours] + theirs + [-1.0])
    with style():
        figure = new_figure(3.0)
        axes = figure.add_subplot()
        places = np.arange(len(ours))
        axes.bar(places - 0.2, means, 0.38, color=WAVE, edgecolor=INK, label="this codec",
                 yerr=_whiskers(ours), error_kw=_LINE)  # fmt: skip
        if theirs:
            axes.bar(places[: len(theirs)] + 0.2, theirs, 0.38, color=PALE, edgecolor=INK,
                     hatch="///", label="the paper's, other songs and 44.1 kHz")  # fmt: skip
        for side, values in ((-0.2, means), (0.2, theirs)):
            for place, value in enumerate(values):
                axes.annotate(f"{value:.1f}", (place + side, 0), (0, 3), fontsize=9,
                              textcoords="offset points", ha="center")  # fmt: skip
        axes.set_xticks(places, _level_labels(len(ours), hop_lengths, paper_hop_lengths))
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_ylim(1.1 * lowest, -0.1 * lowest)  # room for the numbers
        axes.set_ylabel("spectral convergence (dB)")
        axes.set_title("Lower is nearer to the song; 0 dB is what silence gets")
        axes.legend(loc="lower right")
    return figure


def _level_labels(n_levels: int, ours: Sequence[int], theirs: Sequence[int]) -> list[str]:
    """Name of each level, and its samples per code: ours / theirs."""
    labels = []
    for level in range(n_levels):
        hops = [str(hops[level]) for hops in (ours, theirs) if level < len(hops)]
        label = level_name(level, n_levels)
        labels.append(f"{label}\n{' / '.join(hops)} samples per code" if hops else label)
    return labels


def costs_figure(
    names: Sequence[str],
    costs: Sequence[Interval],
    at_phone_changes: Sequence[Interval | None] = (),
    title: str = "Cost of telling the prior something wrong",
) -> Figure:
    """Draw what wrong and missing conditions cost, in nats per code.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if not names or len(names) != len(costs):
        raise ConfigError(must("costs", len(costs), f"one for each of the {len(names)} names"))
    rows = np.arange(len(names))
    with style():
        figure = new_figure(1.3 + 0.36 * len(names))
        axes = figure.add_subplot()
        axes.barh(rows, [x.mean for x in costs], 0.6, color=WAVE, edgecolor=INK, label="all codes",
                  xerr=_whiskers(costs), error_kw=_LINE)  # fmt: skip
        known = [(row, x) for row, x in zip(rows, at_phone_changes, strict=False) if x is not None]
        if known:
            axes.errorbar([x.mean for _, x in known], [row + 0.18 for row, _ in known],
                          xerr=_whiskers([x for _, x in known]), fmt="D", color=ACCENT, capsize=3,
                          markersize=5, label="where another phone begins")  # fmt: skip
        axes.set_yticks(rows, [drawable(name) for name in names])
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel("nats per code more than with the right one; 0: not used")
        axes.set_title(drawable(title))
        if known:
            axes.legend(loc="lower right")
    return figure


def codebooks_figure(counts: Sequence[Sequence[int]]) -> Figure:
    """Draw how often the codes of every level are used, the most frequent first.

    `counts` holds, per level, how often each code occurs.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """
    if not counts or any(sum(level) == 0 for level in counts):
        raise ConfigError(must("counts", len(counts), "counts of at least one level, not all 0"))
    with style():
        figure = new_figure(3.0)
        axes = figure.add_subplot()
        for level, row in enumerate(counts):
            share = 100 * np.sort(np.asarray(row))[::-1] / np.sum(row)
            used = int(np.count_nonzero(share))
            line = DASHES[level % len(DASHES)]
            name = f"{level_name(level, len(counts))}: {used} of {len(row)} codes occur"
            color = (WAVE, ACCENT, INK, QUIET)[level % 4]
            axes.plot(np.arange(1, used + 1), share[:used], line, color=color, label=name)
        size = max(len(row) for row in counts)
        axes.axhline(100 / size, color=QUIET, linewidth=1, label=f"all equal: {100 / size:.2g} %")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlim(0, size)
        axes.set_xlabel("codes, most frequent first (rank)")
        axes.set_ylabel("share of all codes (%)")
        axes.set_title("Codebook use; flat is good, a steep end wastes codes")
        axes.legend(loc="upper right")
    return figure


def timing_figure(errors: Sequence[float], tolerance: float = 0.12) -> Figure:
    """Draw a histogram of timing errors, estimate minus truth, seconds.

    Errors beyond one second are counted in the outermost bars.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if not len(errors):
        raise ConfigError(must("errors", list(errors), "at least one error"))
    inside = np.clip(np.asarray(errors, dtype=float), -HISTOGRAM_SECONDS, HISTOGRAM_SECONDS)
    half = int(round(HISTOGRAM_SECONDS / BAR_SECONDS))
    edges = np.linspace(-HISTOGRAM_SECONDS, HISTOGRAM_SECONDS, 2 * half + 1)
    share = 100 * float((np.abs(np.asarray(errors)) <= tolerance).mean())
    with style():
        figure = new_figure(2.8)
        axes = figure.add_subplot()
        axes.axvspan(-tolerance, tolerance, facecolor=PALE, hatch="///", edgecolor="white",
                     label=f"within {tolerance:g} s: {share:.0f} % of words")  # fmt: skip
        axes.hist(inside, edges.tolist(), color=WAVE, edgecolor="white", linewidth=0.5)
        median = float(np.median(errors))
        axes.axvline(median, color=ACCENT, linestyle="--", label=f"median {median:+.3f} s")
        axes.set_xlim(-HISTOGRAM_SECONDS, HISTOGRAM_SECONDS)
        axes.set_xlabel("estimate minus truth (s); early left, late right")
        axes.set_ylabel("words")
        axes.set_title(f"When words begin, read from attention ({len(errors):,} words)")
        axes.legend(loc="upper right")
    return figure


def runs_figure(rows: Sequence[Mapping[str, object]], quantity: str = "total") -> Figure:
    """Draw a loss over the steps of training, one line for each run of the log.

    Parameters
    ----------
    rows
        Of a training log: "run", "step" and quantities; rows without `quantity` are passed over.
    quantity
        What to draw, on a logarithmic axis if all of it is positive.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    runs: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        step, value = row.get("step"), row.get(quantity)
        if isinstance(step, int | float) and isinstance(value, int | float) and np.isfinite(value):
            runs.setdefault(str(row.get("run", "")), []).append((float(step), float(value)))
    if not runs:
        raise ConfigError(
            must("rows", f"no row with {quantity!r}", f"rows with step and {quantity}")
        )
    with style():
        figure = new_figure(3.0)
        axes = figure.add_subplot()
        for number, (name, points) in enumerate(sorted(runs.items())):
            _draw_run(axes, number, name, points)
        if all(value > 0 for points in runs.values() for _, value in points):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("{x:g}")
        axes.set_xlabel("step")
        axes.set_ylabel(drawable(quantity))
        axes.set_title(f"Training: {drawable(quantity)}")
        axes.legend(loc="upper right", ncols=2)
    return figure


def _draw_run(axes: Axes, number: int, name: str, points: Sequence[tuple[float, float]]) -> None:
    """One run; a step counted from the start again begins a new line."""
    steps, values = np.array(points).T
    breaks = np.flatnonzero(np.diff(steps) < 0) + 1
    color = (WAVE, ACCENT, INK, QUIET)[number % 4]
    dash = DASHES[number // 4 % len(DASHES)] if number >= 4 else DASHES[number % len(DASHES)]
    pieces = zip(np.split(steps, breaks), np.split(values, breaks), strict=True)
    for k, (x, y) in enumerate(pieces):
        label = drawable(name) if k == 0 else None
        axes.plot(x, y, dash, color=color, linewidth=1.3, label=label)
