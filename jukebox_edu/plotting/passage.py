"""One code among all others: where it occurs, what stands around it, how often it is used.

What
    Four rows: the waveform and the codes of one level on one time axis, with a mark wherever the
    chosen code occurs; a few codes around the chosen place, large enough to read their numbers;
    and how often every code is used, the chosen one marked.
Shapes
    codes (tokens,) of one level
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page.data import CodeLane, Track
from jukebox_edu.plotting.audio import draw_waveform
from jukebox_edu.plotting.codes import draw_lane
from jukebox_edu.plotting.style import ACCENT, CODES, INK, WAVE, new_figure, style

_MARK: dict[str, Any] = {
    "marker": "v",
    "linestyle": "",
    "color": ACCENT,
    "markersize": 5,
    "clip_on": False,
}
_GRID = {"left": 0.125, "right": 0.985, "top": 0.92, "bottom": 0.1, "hspace": 0.85}
AROUND = 12  # codes on each side of the chosen one whose numbers are written
WAVE_ROW, LANE_ROW, ZOOM_ROW, USAGE_ROW = 0, 1, 2, 3  # of the figure's axes


@dataclass(frozen=True)
class Area:
    """Where a row of the picture lies, to tell what a click on it means."""

    left: float  # share of the picture's width, 0 to 1
    right: float
    top: float  # share of the picture's height, from the top
    bottom: float
    first: float  # value at the left edge
    last: float  # value at the right edge


def passage_figure(
    track: Track,
    lane: CodeLane,
    position: int,
    n_levels: int,
    *,
    code: int | None = None,
    span: tuple[int, int] | None = None,
) -> Figure:
    """Draw where a code occurs and what stands around a position.

    Parameters
    ----------
    track, lane
        Sound and codes of one level.
    position
        Number of the chosen place in the song.
    n_levels
        Levels of the model, for their names.
    code
        Which code is looked for; None: the one at `position`.
    span
        First code of a marked stretch, and the one behind its last; None: nothing is marked.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if not 0 <= position < lane.codes.size:
        raise ConfigError(must("position", position, f"from 0 to {lane.codes.size - 1}"))
    code = int(lane.codes[position]) if code is None else code
    hop = lane.hop_seconds
    places = np.flatnonzero(lane.codes == code)
    with style():
        figure = new_figure(5.0)
        figure.set_layout_engine(
            "none"
        )  # rows lie where `areas` says, and drawing is twice as fast
        rows = figure.subplots(4, 1, height_ratios=(1.0, 0.55, 0.8, 1.0), gridspec_kw=_GRID)
        draw_waveform(rows[WAVE_ROW], track)
        draw_lane(rows[LANE_ROW], lane, n_levels, track.seconds)
        rows[LANE_ROW].set_xlabel("time (s)")
        for axes in rows[: LANE_ROW + 1]:
            if places.size:
                marks = np.full(len(places), 1.08)  # above the row
                above = axes.get_xaxis_transform()
                axes.plot((places + 0.5) * hop, marks, transform=above, **_MARK)
            axes.axvline((position + 0.5) * hop, color=ACCENT, linewidth=1.2)
            if span is not None:
                axes.axvspan(span[0] * hop, span[1] * hop, color=ACCENT, alpha=0.22, linewidth=0)
        rows[WAVE_ROW].set_title(f"Code {code} occurs {times(len(places))} (▾)", pad=12)
        rows[WAVE_ROW].tick_params(labelbottom=False)
        _draw_zoom(rows[ZOOM_ROW], lane, position, span)
        _draw_usage(rows[USAGE_ROW], lane, code)
    return figure


def _draw_zoom(axes: Axes, lane: CodeLane, position: int, span: tuple[int, int] | None) -> None:
    """Write the numbers of the codes around one, each in its color."""
    first = max(0, min(position - AROUND, lane.codes.size - 2 * AROUND - 1))
    shown = lane.codes[first : first + 2 * AROUND + 1]
    edges = (first - 0.5, first + len(shown) - 0.5)
    top = max(1, lane.codebook_size - 1)
    axes.imshow(shown[None, :], aspect="auto", cmap=CODES, vmin=0, vmax=top, extent=(*edges, 0, 1))
    for place, code in enumerate(shown, start=first):
        dark = code / top < 0.6
        chosen = place == position
        look: dict[str, Any] = {
            "color": "white" if dark else INK,
            "weight": "bold" if chosen else "normal",
        }
        axes.text(place, 0.5, str(code), ha="center", va="center", fontsize=8, **look)
    box: dict[str, Any] = {
        "facecolor": "none",
        "edgecolor": ACCENT,
        "linewidth": 2.5,
        "clip_on": False,
    }
    axes.axvspan(position - 0.5, position + 0.5, **box)
    if span is not None and span[0] < edges[1] and span[1] > edges[0]:
        inside = max(span[0] - 0.5, edges[0]), min(span[1] - 0.5, edges[1])
        axes.plot(inside, (-0.06, -0.06), color=ACCENT, linewidth=3, clip_on=False)
    axes.set_xlim(*edges)
    axes.set_yticks([])
    axes.set_xlabel(f"number of the code ({1000 * lane.hop_seconds:.3g} ms each)")


def _draw_usage(axes: Axes, lane: CodeLane, code: int) -> None:
    """Draw how often codes are used, most frequent first, and mark one of them."""
    order = by_use(lane)
    counts = np.bincount(lane.codes, minlength=lane.codebook_size)[order]
    ranks = np.arange(len(order))
    axes.bar(ranks, counts, width=1.0, color=WAVE, linewidth=0)
    if code in order:
        rank = int(np.flatnonzero(order == code)[0])
        axes.plot([rank], [counts[rank] * 1.3], **_MARK)
    axes.set_yscale("log")  # a codebook is used unevenly: frequent codes would hide the rest
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylim(0.7, 2 * counts[0])
    axes.set_xlim(-0.5, len(order) - 0.5)
    axes.set_ylabel("times used")
    axes.set_xlabel(
        f"the {len(order)} codes that are used, most frequent first (of {lane.codebook_size})"
    )


def times(count: int) -> str:
    """A number of times in words.

    Lesson: notebooks/02_vector_quantisation.ipynb

    >>> times(0), times(1), times(7)
    ('never', 'once', '7 times')
    """
    return ("never", "once")[count] if count < 2 else f"{count} times"


def by_use(lane: CodeLane) -> np.ndarray:
    """The codes that occur, the most frequent first (at a tie the lower number), (n,).

    Lesson: notebooks/02_vector_quantisation.ipynb
    """
    counts = np.bincount(lane.codes, minlength=lane.codebook_size)
    return np.argsort(-counts, kind="stable")[: int(np.count_nonzero(counts))]


def areas(figure: Figure, spans: dict[int, tuple[float, float]]) -> tuple[Area, ...]:
    """Where rows of a figure lie.

    Parameters
    ----------
    figure
        As `passage_figure` returned it.
    spans
        Of each row the values at its two edges.

    Lesson: notebooks/04_three_levels.ipynb
    """
    found = []
    for row, (first, last) in spans.items():
        box = figure.axes[row].get_position()
        found.append(Area(box.x0, box.x1, 1 - box.y1, 1 - box.y0, first, last))
    return tuple(found)
