"""Sparse attention as pictures: what a position sees, through how many layers, and how strongly.

What
    A sequence is drawn as its grid: position p stands in row p // columns and column p % columns.
    Next to the grid stands what it cannot show: all pairs of the pattern, how the view grows with
    the layers, or the same weights over time.
Conventions
    Dark is seen, light is not seen, white comes later. The position that looks is a ring. The
    order of lightness is the order of meaning, so a gray print shows the same.
Shapes
    seen, layers, weights (positions,); pairs.share (queries, keys)
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.plotting.style import ACCENT, AMOUNTS, INK, WAVE, drawable, new_figure, style
from jukebox_edu.transformer.reach import Pairs

LATER, UNSEEN, SEEN = "#ffffff", "#d5dce4", WAVE  # from light to dark
MOST_LAYERS = 8  # layers that get a color of their own
MAX_TOKENS = 64  # lyric tokens whose letters are written out


def pattern_figure(
    seen: np.ndarray,
    query: int,
    columns: int,
    pairs: Pairs,
    title: str = "What one position sees",
) -> Figure:
    """Draw what one position sees: on the grid, and among all pairs of the pattern.

    Parameters
    ----------
    seen
        Boolean (positions,).
    query
        The position that looks.
    columns
        Positions in one row of the grid.
    pairs
        Which pairs of positions the pattern allows, from `transformer.reach`.
    title
        Heading of the picture.

    Paper: [Jukebox appendix A]
    Lesson: notebooks/06_sparse_attention.ipynb
    """
    seen = _checked(seen, query, columns, "seen").astype(bool)
    with style():
        figure = new_figure(3.9)
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        states = np.where(np.arange(seen.size) > query, 0, 1 + seen)
        colors = ListedColormap([LATER, UNSEEN, SEEN])
        _draw_grid(left, states, columns, cmap=colors, vmin=0, vmax=2)
        _mark(left, query, columns)
        left.set_title(drawable(title))
        names = ("comes later", "not seen", f"seen ({int(seen.sum()):,} of {query + 1:,})")
        patches = [
            Patch(facecolor=color, edgecolor=INK, linewidth=0.6, label=name)
            for color, name in zip((LATER, UNSEEN, SEEN), names, strict=True)
        ]
        figure.legend(handles=patches, loc="outside lower left", ncols=3)
        _draw_pairs(right, pairs, query, seen.size)
    return figure


def _draw_pairs(axes: Axes, pairs: Pairs, query: int, n: int) -> None:
    """Pairs of a pattern, one line per position that looks."""
    if pairs.share.ndim != 2 or pairs.share.size == 0:
        raise ShapeError(must("pairs.share", pairs.share.shape, "(queries, keys), at least one"))
    shown = np.sqrt(pairs.share)  # thin lines must stay visible
    (first, last), (left, right) = pairs.queries, pairs.keys
    colors = ListedColormap([UNSEEN, SEEN]) if set(np.unique(shown)) <= {0.0, 1.0} else "Blues"
    axes.imshow(
        shown, cmap=colors, vmin=0, vmax=1, aspect="auto", extent=(left, right, last, first)
    )
    axes.axhline(query + 0.5, color=ACCENT, linestyle="--", linewidth=1.2)
    whole = last - first == n
    axes.set_title("All pairs of the pattern" if whole else "All pairs near this position")
    axes.set_xlabel("position that is looked at")
    axes.set_ylabel("position that looks")


def reach_figure(
    layers: np.ndarray, query: int, columns: int, title: str = "Through how many layers"
) -> Figure:
    """Draw through how many layers one position sees each other one.

    Parameters
    ----------
    layers
        Whole numbers (positions,): the first number of layers that suffices, 0 for never.
    query, columns
        As for `pattern_figure`.

    Paper: [Jukebox appendix A]
    Lesson: notebooks/06_sparse_attention.ipynb
    """
    layers = _checked(layers, query, columns, "layers").astype(int)
    if layers.min(initial=0) < 0 or not layers.max(initial=0):
        raise ConfigError(must("layers", int(layers.min(initial=0)), "from 0; some above 0"))
    deepest = int(layers.max())
    steps = min(deepest, MOST_LAYERS)
    with style():
        figure = new_figure(3.7)
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        shades = colormaps[AMOUNTS](np.linspace(0, 0.85, steps))  # one layer is darkest
        colors = ListedColormap(["white", *shades])
        drawn = np.where(layers > 0, np.minimum(layers, steps), 0)
        norm = BoundaryNorm(np.arange(steps + 2) - 0.5, steps + 1)
        image = _draw_grid(left, drawn, columns, cmap=colors, norm=norm)
        _mark(left, query, columns)
        left.set_title(drawable(title))
        bar = figure.colorbar(image, ax=left, ticks=range(steps + 1), label="layers needed")
        last = f"{steps}" if deepest <= MOST_LAYERS else f"{steps} or more"
        bar.ax.set_yticklabels(["never", *map(str, range(1, steps)), last])
        _draw_growth(right, layers, query)
    return figure


def _draw_growth(axes: Axes, layers: np.ndarray, query: int) -> None:
    """Share of the past that is seen through 1, 2, ... layers."""
    depths = np.arange(1, max(2, int(layers.max())) + 1)
    counts = np.array([((layers > 0) & (layers <= depth)).sum() for depth in depths])
    shares = 100 * counts / (query + 1)
    axes.bar(depths, shares, color=WAVE, width=0.6)
    for depth, share, count in zip(depths[:MOST_LAYERS], shares, counts, strict=False):
        axes.annotate(f"{count:,}", (depth, share), ha="center", va="bottom", fontsize=9)
    axes.set_xticks(depths[:: max(1, len(depths) // 12)])
    axes.set_ylim(0, 112)
    axes.set_yticks(range(0, 101, 25))
    axes.set_title(f"Of {query + 1:,} positions so far")
    axes.set_xlabel("layers")
    axes.set_ylabel("seen (%)")


def weights_figure(
    weights: np.ndarray,
    query: int,
    columns: int,
    hop_seconds: float,
    start_seconds: float = 0.0,
    title: str = "Attention weights",
) -> Figure:
    """Draw how strongly one position looks at the others: on the grid, and over time.

    Parameters
    ----------
    weights
        (positions,), 0 or above.
    query, columns
        As for `pattern_figure`.
    hop_seconds, start_seconds
        Seconds of one position, and where the first one begins.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    weights = _checked(weights, query, columns, "weights").astype(np.float64)
    if not np.isfinite(hop_seconds) or hop_seconds <= 0:
        raise ConfigError(must("hop_seconds", hop_seconds, "a positive number of seconds"))
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise ShapeError(must("weights", "NaN, infinite or negative weights", "0 or above"))
    with style():
        figure = new_figure(3.9)
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        past = np.where(np.arange(weights.size) <= query, weights, np.nan)
        image = _draw_grid(left, past, columns, cmap=AMOUNTS, vmin=0)
        _mark(left, query, columns)
        left.set_title(drawable(title))
        figure.colorbar(image, ax=left, label="weight")
        rows = left.secondary_yaxis(
            -0.22,
            functions=(
                lambda row: start_seconds + row * columns * hop_seconds,
                lambda time: (time - start_seconds) / (columns * hop_seconds),
            ),
        )
        rows.set_ylabel("time (s)")
        times = start_seconds + np.arange(weights.size) * hop_seconds
        right.fill_between(times, weights, step="post", color=WAVE, linewidth=0)
        right.plot(times, weights, drawstyle="steps-post", color=WAVE, linewidth=0.8)
        right.axvline(times[query], color=ACCENT, linestyle="--", linewidth=1.2)
        right.set_xlim(times[0], times[-1] + hop_seconds)
        right.set_ylim(bottom=0)
        right.set_title(f"Over time · looking from {times[query]:.3f} s")
        right.set_xlabel("time (s)")
        right.set_ylabel("weight")
    return figure


def lyric_weights_figure(
    weights: np.ndarray, letters: Sequence[str], title: str = "Attention over the lyrics"
) -> Figure:
    """Draw how strongly one position looks at each lyric token.

    Parameters
    ----------
    weights
        (lyric tokens,), 0 or above.
    letters
        What each token stands for; "" for padding, which is left out at both ends.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 1 or len(letters) != weights.size or not weights.size:
        raise ShapeError(must("weights", weights.shape, f"({len(letters)},), one per letter"))
    real = [i for i, letter in enumerate(letters) if letter] or [0, weights.size - 1]
    tokens = np.arange(real[0], real[-1] + 1)  # without the padding on both sides
    with style():
        figure = new_figure(2.6)
        axes = figure.add_subplot()
        axes.bar(tokens, weights[tokens], color=WAVE, width=0.9)
        axes.set_title(drawable(title))
        axes.set_xlabel("lyric token" if tokens.size > MAX_TOKENS else "lyric token (its letter)")
        axes.set_ylabel("weight")
        axes.set_xlim(tokens[0] - 0.6, tokens[-1] + 0.6)
        if tokens.size <= MAX_TOKENS:
            shown = [drawable(letters[i]) if letters[i].strip() else "·" for i in tokens.tolist()]
            axes.set_xticks(tokens, shown)
        else:
            best = int(tokens[weights[tokens].argmax()])
            text = drawable("".join(letters[max(0, best - 6) : best + 7]).strip())
            axes.annotate(f"{text!r}", (best, weights[best]), ha="center", va="bottom", color=INK)
            axes.margins(y=0.15)
    return figure


def _draw_grid(axes: Axes, values: np.ndarray, columns: int, **look: Any) -> Any:
    """Positions (n,) as rows of `columns`; the last row may be shorter."""
    rows = -(-values.size // columns)
    table = np.full(rows * columns, np.nan)
    table[: values.size] = values
    image = axes.imshow(
        np.ma.masked_invalid(table.reshape(rows, columns)),  # (rows, columns)
        aspect="auto",
        extent=(0, columns, rows, 0),
        **look,
    )
    axes.set_xlabel("column (position within its row)")
    axes.set_ylabel("row")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(True)
    return image


def _mark(axes: Axes, query: int, columns: int) -> None:
    """A ring around the position that looks, visible on light and dark."""
    place = (query % columns + 0.5, query // columns + 0.5)
    ring: dict[str, Any] = {
        "marker": "o",
        "fillstyle": "none",
        "clip_on": False,
        "linestyle": "none",
    }
    axes.plot(*place, markersize=11, markeredgewidth=4, markeredgecolor="white", **ring)
    axes.plot(*place, markersize=11, markeredgewidth=2, markeredgecolor=ACCENT, **ring)


def _checked(values: np.ndarray, query: int, columns: int, argument: str) -> np.ndarray:
    """Values (positions,) with a query among them and whole columns."""
    array = np.asarray(values)
    if array.ndim != 1 or not array.size:
        raise ShapeError(must(argument, array.shape, "(positions,), at least one"))
    if not 0 <= query < array.size:
        raise ConfigError(must("query", query, f"a position from 0 to {array.size - 1}"))
    if not 1 <= columns <= array.size:
        raise ConfigError(must("columns", columns, f"from 1 to {array.size}"))
    return array
