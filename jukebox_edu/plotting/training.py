"""Training as a picture: losses going down, codebook entries coming into use.

What
    Above, one line per loss. Below, for codecs: how many entries of the codebook are kept in use,
    how many would do if all were used alike (the perplexity, from the entropy), and how many were
    restarted because hardly anybody chose them.
Shapes
    every series (points,), all as long as the steps; NaN breaks a line
Paper: [Jukebox §3.1]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ShapeError, must
from jukebox_edu.plotting.style import ACCENT, INK, QUIET, WAVE, drawable, new_figure, style

_LINES = (  # color and dash of the losses: they differ in both
    (WAVE, "-"),
    (ACCENT, "--"),
    (INK, ":"),
    (QUIET, "-."),
    (WAVE, (0, (5, 1, 1, 1, 1, 1))),
    (ACCENT, (0, (1, 1))),
)


def training_figure(
    steps: Sequence[float],
    losses: Mapping[str, Sequence[float]],
    *,
    entropy: Sequence[float] | None = None,
    usage: Sequence[float] | None = None,
    codebook_size: int | None = None,
    log_scale: bool = False,
    title: str = "Training",
) -> Figure:
    """Draw losses over steps and, if it is known, how the codebook is used.

    Parameters
    ----------
    steps
        (points,) optimizer steps.
    losses
        By name, (points,) each.
    entropy, usage
        (points,) entropy of the codes in nats, and entries that were kept.
    codebook_size
        Entries in all.
    log_scale
        Draw losses on a logarithmic scale; what is not above 0 is left out.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    for name, values in losses.items():
        if len(values) != len(steps):
            raise ShapeError(must(name, len(values), f"{len(steps)} values, one per step"))
    codebook = codebook_size is not None and usage is not None and entropy is not None
    with style():
        figure = new_figure(4.6 if codebook else 2.9)
        rows = figure.subplots(2 if codebook else 1, 1, sharex=True, squeeze=False)[:, 0]
        _draw_losses(rows[0], steps, losses, log_scale)
        rows[0].set_title(drawable(title))
        if codebook:
            _draw_codebook(rows[1], steps, entropy, usage, codebook_size)  # type: ignore[arg-type]
        rows[-1].set_xlabel("step")
    return figure


def _draw_losses(
    axes: Axes, steps: Sequence[float], losses: Mapping[str, Sequence[float]], log_scale: bool
) -> None:
    for number, (name, values) in enumerate(losses.items()):
        color, dash = _LINES[number % len(_LINES)]
        shown = np.asarray(values, dtype=float)
        if log_scale:
            shown = np.where(shown > 0, shown, np.nan)
        axes.plot(steps, shown, color=color, linestyle=dash, linewidth=1.4, label=drawable(name))
    if log_scale:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("loss")
    if losses:
        axes.legend(loc="upper right", frameon=True, framealpha=0.9, ncols=2)


def _draw_codebook(
    axes: Axes,
    steps: Sequence[float],
    entropy: Sequence[float],
    usage: Sequence[float],
    codebook_size: int,
) -> None:
    kept = np.asarray(usage, dtype=float)
    restarted = np.maximum(0.0, codebook_size - kept)
    axes.fill_between(steps, 0, restarted, color=ACCENT, alpha=0.25, label="restarted")
    axes.plot(steps, kept, color=WAVE, linewidth=1.6, label="kept")
    axes.plot(
        steps,
        np.exp(np.asarray(entropy, dtype=float)),
        color=INK,
        linestyle="--",
        linewidth=1.4,
        label="perplexity",
    )
    axes.axhline(codebook_size, color=QUIET, linewidth=1.0, linestyle=":")
    axes.set_ylim(0, 1.08 * codebook_size)
    axes.set_ylabel(f"entries (of {codebook_size})")
    axes.legend(loc="center right", frameon=True, framealpha=0.9)
