"""Attention over the lyrics as a picture: which character the model sings, and when.

Shapes
    weights (frames, n_chars), 0 or above; truth (n_chars, 2) start and end in seconds
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.page.payload import pool
from jukebox_edu.page.words import words
from jukebox_edu.plotting.style import AMOUNTS, drawable, heading, new_figure, style

MAX_LABELS = 16  # words written beside the picture


def alignment_figure(
    weights: np.ndarray,
    lyrics: str,
    hop_seconds: float,
    truth: np.ndarray | None = None,
    title: str = "Attention over the lyrics",
) -> Figure:
    """Draw attention weights, time to the right and the text downward.

    Parameters
    ----------
    weights
        (frames, n_chars) attention of each frame over the characters.
    lyrics
        Text of n_chars characters.
    hop_seconds
        Seconds from one frame to the next.
    truth
        (n_chars, 2) start and end of each sung character in seconds, NaN where unsung; drawn as
        a line over the weights.
    title
        Heading of the picture.

    Paper: [Jukebox §4.2]
    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    weights = np.asarray(weights, dtype=np.float32)
    if weights.ndim != 2 or weights.size == 0 or weights.shape[1] != len(lyrics):
        raise ShapeError(
            must(
                "weights",
                weights.shape,
                f"of shape (frames, {len(lyrics)})",
                "Give one column for each character of the lyrics.",
            )
        )
    if not np.isfinite(hop_seconds) or hop_seconds <= 0:
        raise ConfigError(must("hop_seconds", hop_seconds, "a positive number of seconds"))
    if truth is not None and np.shape(truth) != (len(lyrics), 2):
        raise ShapeError(must("truth", np.shape(truth), f"of shape ({len(lyrics)}, 2)"))
    with style():
        figure = new_figure(4.0)
        axes = figure.add_subplot()
        image = draw_alignment(axes, weights, lyrics, weights.shape[0] * hop_seconds)
        figure.colorbar(image, ax=axes, label="attention weight", pad=0.01)
        if truth is not None:
            draw_truth(axes, np.asarray(truth, dtype=np.float64))
        axes.set_title(heading(title))
        axes.set_xlabel("time (s)")
        axes.set_ylabel("lyrics (character)")
    return figure


def draw_alignment(axes: Axes, weights: np.ndarray, lyrics: str, seconds: float) -> AxesImage:
    """Draw weights (frames, n_chars) into `axes` and return the image.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    image = axes.imshow(
        pool(weights, 900, 512).T,
        aspect="auto",
        cmap=AMOUNTS,
        vmin=0,
        extent=(0, seconds, len(lyrics), 0),
    )
    found = words(lyrics)
    shown = found[:: max(1, -(-len(found) // MAX_LABELS))]
    axes.set_yticks([word.start + 0.5 for word in shown], [_label(word.text) for word in shown])
    return image


def _label(text: str, longest: int = 12) -> str:
    """A word short enough to stand beside the picture."""
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return drawable(text)


def draw_truth(axes: Axes, truth: np.ndarray) -> None:
    """Draw the true times (n_chars, 2) of the characters as a black dashed line on a white one.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    middle = np.arange(len(truth)) + 0.5
    center = truth.mean(axis=1)  # NaN breaks the line where nothing is sung
    axes.plot(center, middle, color="white", linewidth=3.2)
    axes.plot(center, middle, color="black", linewidth=1.2, linestyle="--", label="true times")
    axes.legend(loc="upper right", facecolor="white", frameon=True)
