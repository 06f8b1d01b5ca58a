"""When words are sung, and which attention head knows it, as pictures.

Shapes
    read, truth (n_chars, 2) start and end in seconds, NaN where unknown
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.page.words import WordTime, word_times
from jukebox_edu.plotting.style import (
    ACCENT,
    AMOUNTS,
    INK,
    QUIET,
    WAVE,
    drawable,
    heading,
    new_figure,
    style,
)

if TYPE_CHECKING:
    from jukebox_edu.alignment import HeadScore

TOLERANCE = 0.12  # seconds: what counts as sung at the right moment
PALE = "#dfe6ee"  # fill of the boxes of words


def times_figure(
    lyrics: str, read: np.ndarray, truth: np.ndarray | None = None, title: str = "Words in time"
) -> Figure:
    """Draw words as boxes on a time axis; below them the true times and how far off each word is.

    Parameters
    ----------
    lyrics
        Text of n_chars characters.
    read
        (n_chars, 2) start and end of each character in seconds, NaN where unsung.
    truth
        The same, from somebody who knows.
    title
        Heading of the picture.

    Paper: [Jukebox §4.2]
    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    for name, times in (("read", read), ("truth", truth)):
        if times is not None and np.shape(times) != (len(lyrics), 2):
            raise ShapeError(must(name, np.shape(times), f"of shape ({len(lyrics)}, 2)"))
    found = word_times(lyrics, np.asarray(read, dtype=float))
    true = () if truth is None else word_times(lyrics, np.asarray(truth, dtype=float))
    ends = [word.end_s for word in (*found, *true) if np.isfinite(word.end_s)]
    if not ends:
        raise ShapeError(must("read", "no time at all", "the time of at least one word"))
    heights = [0.55, 0.55, 1.5] if true else [0.6]
    with style():
        figure = new_figure(sum(heights) + 0.9)
        rows = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        rows = rows[:, 0]  # (rows,)
        _draw_boxes(rows[0], found, max(ends), "-", "read")
        if true:
            _draw_boxes(rows[1], true, max(ends), "--", "true")
            _draw_errors(rows[2], found, true)
        rows[0].set_title(heading(title))
        rows[0].set_xlim(0, max(ends))
        rows[-1].set_xlabel("time (s)")
    return figure


def _draw_boxes(
    axes: Axes, timed: Sequence[WordTime], seconds: float, line: str, name: str
) -> None:
    """One box for each word, its text inside if there is room."""
    for word in timed:
        if not np.isfinite(word.start_s):
            continue
        width = word.end_s - word.start_s
        axes.barh(
            0.5, width, 0.8, word.start_s, facecolor=PALE, edgecolor=INK, linestyle=line,
            linewidth=0.8,
        )  # fmt: skip
        letters = int(width / seconds / 0.0105)  # that fit into the box
        text = drawable(word.word.text)
        shown = text if len(text) <= letters else text[: max(0, letters - 1)] + "…" * (letters > 1)
        axes.text(word.start_s + 0.003 * seconds, 0.5, shown, fontsize=9, va="center", clip_on=True)
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    axes.set_ylabel(name, rotation=0, ha="right", va="center")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)


def _draw_errors(axes: Axes, read: Sequence[WordTime], true: Sequence[WordTime]) -> None:
    """How late each word was read, a mark for each; the band is what one does not hear."""
    start = np.array([word.start_s for word in true])
    late = np.array([word.start_s for word in read]) - start
    inside = np.abs(late) <= TOLERANCE
    axes.axhspan(-TOLERANCE, TOLERANCE, color=PALE, label=f"within {TOLERANCE} s")
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.plot(start[inside], late[inside], "o", color=WAVE, markersize=5)
    axes.plot(start[~inside], late[~inside], "X", color=ACCENT, markersize=7, label="farther off")
    axes.set_ylabel("read too late (s)")
    axes.legend(loc="upper right", ncols=2)
    known = np.isfinite(late)
    if known.any():
        reach = max(3 * TOLERANCE, 1.15 * float(np.abs(late[known]).max()))
        axes.set_ylim(-reach, reach)


def heads_figure(scores: Sequence[HeadScore], title: str = "Which head follows the song") -> Figure:
    """Draw the score of every attention head: layers downward, heads to the right.

    Parameters
    ----------
    scores
        What `alignment.find_head` returned.
    title
        Heading of the picture.

    Paper: [Jukebox §4.2]
    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if not scores:
        raise ConfigError(must("scores", list(scores), "at least one HeadScore"))
    layers = sorted({score.layer for score in scores})
    n_heads = 1 + max(score.head for score in scores)
    table = np.full((len(layers), n_heads), np.nan)
    for score in scores:
        table[layers.index(score.layer), score.head] = score.score
    best = max(scores, key=lambda score: score.score)
    known = best.truth_mass is not None
    with style():
        figure = new_figure(max(3.0, 1.2 + 0.45 * len(layers)))  # the color bar's label needs 3
        axes = figure.add_subplot()
        image = axes.imshow(table, aspect="auto", cmap=AMOUNTS, vmin=0, vmax=max(best.score, 1e-9))
        middle = best.score / 2
        for row, column in np.argwhere(np.isfinite(table)):
            value = table[row, column]
            mark = " best" if (layers[row], column) == (best.layer, best.head) else ""
            axes.text(
                column, row, f"{value:.2f}{mark}", ha="center", va="center",
                color="white" if value < middle else "black", fontweight="bold" if mark else None,
            )  # fmt: skip
        axes.set_xticks(range(n_heads))
        axes.set_yticks(range(len(layers)), [str(layer) for layer in layers])
        axes.set_title(heading(title))
        axes.set_xlabel("head")
        axes.set_ylabel("layer")
        label = "attention near the truth" if known else "monotone × coverage × confidence"
        figure.colorbar(image, ax=axes, label=label, pad=0.01)
    return figure
