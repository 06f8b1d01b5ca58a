"""Codes as a picture: the lanes of all levels, and how often each code is used.

What
    A code is a name, not a size: colors only say "same" or "different". The bottom level has
    more codes than a picture has columns, so the codes of one column are stacked in it, first on
    top. No code is hidden, and the density of the levels can be seen.
Shapes
    codes (tokens,) of each level, index = level
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.page.data import CodeLane
from jukebox_edu.page.sentences import level_name
from jukebox_edu.plotting.style import ACCENT, CODES, WAVE, heading, new_figure, style

COLUMNS = 760  # columns of a lane: about one for each dot of the picture
MAX_ROWS = 24  # most codes stacked in one column


def codes_figure(
    codes: Sequence[np.ndarray],
    hop_lengths: Sequence[int],
    sample_rate: int,
    codebook_size: int | None = None,
) -> Figure:
    """Draw the codes of all levels on one time axis, top level first.

    Parameters
    ----------
    codes
        (tokens,) of each level, index = level.
    hop_lengths
        Samples per code of each level.
    sample_rate
        Samples per second.
    codebook_size
        Number of different codes; None: one more than the largest given.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if len(codes) == 0 or len(codes) != len(hop_lengths):
        raise ConfigError(
            must(
                "codes",
                f"{len(codes)} levels",
                f"one array for each of the {len(hop_lengths)} hop lengths",
                "Pass one level as [codes].",
            )
        )
    arrays = [np.asarray(level_codes) for level_codes in codes]
    size = codebook_size or 1 + max(int(array.max(initial=0)) for array in arrays)
    lanes = [
        CodeLane(level, array, hop / sample_rate, size)
        for level, (array, hop) in enumerate(zip(arrays, hop_lengths, strict=True))
    ]
    seconds = max(lane.seconds for lane in lanes)
    with style():
        figure = new_figure(0.9 + 0.75 * len(lanes))
        rows = figure.subplots(len(lanes), 1, sharex=True, squeeze=False)[:, 0]
        for axes, lane in zip(rows, reversed(lanes), strict=True):
            draw_lane(axes, lane, len(lanes), seconds)
        rows[0].set_title(f"Codes of {len(lanes)} level(s) · same color = same code")
        rows[-1].set_xlabel("time (s)")
    return figure


def draw_lane(axes: Axes, lane: CodeLane, n_levels: int, seconds: float) -> None:
    """Draw the codes of one level into `axes`.

    Lesson: notebooks/04_three_levels.ipynb
    """
    axes.imshow(
        code_raster(lane, seconds),
        aspect="auto",
        cmap=CODES,
        vmin=0,
        vmax=max(1, lane.codebook_size - 1),
        extent=(0, seconds, 0, 1),
    )
    axes.set_yticks([])
    axes.set_ylabel(
        f"{level_name(lane.level, n_levels)}\n{1 / lane.hop_seconds:,.5g} codes/s",
        rotation=0,
        ha="right",
        va="center",
    )


def code_raster(lane: CodeLane, seconds: float, columns: int = COLUMNS) -> np.ndarray:
    """Arrange codes in a grid whose columns are moments.

    Parameters
    ----------
    lane
        Codes of one level.
    seconds
        Length of the time axis.
    columns
        Columns of the grid.

    Returns
    -------
    numpy.ndarray
        (rows, columns) float: the codes of a column from top to bottom, NaN behind the end.

    Lesson: notebooks/04_three_levels.ipynb
    """
    per_column = seconds / columns / lane.hop_seconds
    rows = min(MAX_ROWS, max(1, int(np.ceil(per_column))))
    steps = np.arange(columns)[None, :] + (np.arange(rows)[:, None] + 0.5) / rows
    index = (steps * per_column).astype(np.int64)  # (rows, columns)
    inside = index < lane.codes.size
    return np.where(inside, lane.codes[np.minimum(index, lane.codes.size - 1)], np.nan)


def code_usage_figure(codes: np.ndarray, codebook_size: int, title: str = "Code usage") -> Figure:
    """Draw how often each code is used, the most frequent first.

    A flat curve means that the codebook is used well; codes never used are marked as dead.

    Parameters
    ----------
    codes
        Integers of any shape.
    codebook_size
        Number of different codes.
    title
        Heading of the picture.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """
    flat = np.asarray(codes).ravel()
    if flat.size == 0 or flat.dtype.kind not in "iu":
        raise ShapeError(must("codes", flat.dtype, "integers, at least one"))
    if flat.min() < 0 or flat.max() >= codebook_size:
        raise ShapeError(
            must(
                "codes",
                f"{flat.min()} to {flat.max()}",
                f"from 0 to codebook_size - 1 = {codebook_size - 1}",
            )
        )
    share = 100 * np.sort(np.bincount(flat, minlength=codebook_size))[::-1] / flat.size
    used = int(np.count_nonzero(share))
    probability = share[:used] / 100
    perplexity = float(np.exp(-(probability * np.log(probability)).sum()))
    with style():
        figure = new_figure(2.6)
        axes = figure.add_subplot()
        axes.fill_between(
            np.arange(used), share[:used], share[used - 1] / 3, step="mid", color=WAVE
        )
        axes.axhline(
            100 / codebook_size,
            color=ACCENT,
            linestyle="--",
            linewidth=1.2,
            label=f"all equal: {100 / codebook_size:.3g} %",
        )
        if used < codebook_size:
            axes.axvspan(
                used - 0.5,
                codebook_size - 0.5,
                facecolor="white",
                edgecolor=ACCENT,
                hatch="//",
                linewidth=0,
                label=f"never used: {codebook_size - used}",
            )
        axes.set_title(
            f"{heading(title, 40)} · {used} of {codebook_size} codes, perplexity {perplexity:.0f}"
        )
        axes.set_xlabel("codes, most frequent first (rank)")
        axes.set_ylabel("share of all codes (%)")
        axes.set_xlim(-0.5, codebook_size - 0.5)
        axes.set_yscale("log")  # a codebook is used unevenly: frequent codes would hide the rest
        axes.yaxis.set_major_formatter("{x:g}")  # 0.01 and not a power of ten
        axes.yaxis.set_minor_formatter("")
        axes.set_ylim(share[used - 1] / 3, max(2 * share[0], 300 / codebook_size))
        axes.legend(loc="upper right", frameon=True, framealpha=1)
    return figure
