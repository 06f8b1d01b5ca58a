"""The plan of a song as a picture: which window of which level is sampled, and from what.

What
    One bar is one window. Its hatched part is the prompt: codes that were there already and are
    only read. Its plain part is new. Windows overlap, so bars alternate between two heights.
Conventions
    Times in seconds. The order of work runs from the top level down, from left to right.
Paper: [Jukebox §4.4]: windowed sampling
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page.sentences import level_name
from jukebox_edu.plotting.style import INK, WAVE, heading, new_figure, style

PROMPT = "#dfe6ee"  # fill of the part that is only read


@dataclass(frozen=True)
class WindowSpan:
    """One window of one level on the time axis.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    level: int  # 0 is the bottom (finest) level
    start_s: float  # seconds, where the window starts
    prompt_end_s: float  # seconds, up to where its codes were there already
    end_s: float  # seconds, where it ends

    def __post_init__(self) -> None:
        if self.level < 0:
            raise ConfigError(must("level", self.level, "0 (bottom) or above"))
        times = (self.start_s, self.prompt_end_s, self.end_s)
        if not all(math.isfinite(time) for time in times):
            raise ConfigError(must("WindowSpan times", times, "finite numbers of seconds"))
        if not 0 <= self.start_s <= self.prompt_end_s <= self.end_s or self.start_s == self.end_s:
            raise ConfigError(
                must("WindowSpan times", times, "ordered: 0 <= start <= prompt end <= end")
            )


def plan_figure(windows: Sequence[WindowSpan], title: str = "Plan of the song") -> Figure:
    """Draw all windows, one row for each level, the top level first.

    Parameters
    ----------
    windows
        In the order in which they are sampled.
    title
        Heading of the picture.

    Paper: [Jukebox §4.4]
    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if not windows:
        raise ConfigError(must("windows", list(windows), "at least one WindowSpan"))
    levels = sorted({window.level for window in windows}, reverse=True)
    n_levels = max(levels) + 1
    with style():
        figure = new_figure(1.3 + 0.7 * len(levels))
        axes = figure.add_subplot()
        for row, level in enumerate(levels):
            of_level = [window for window in windows if window.level == level]
            for number, window in enumerate(of_level):
                _draw_window(axes, window, row + (0.18 if number % 2 else -0.18))
        axes.set_yticks(
            range(len(levels)), [_row_label(level, n_levels, windows) for level in levels]
        )
        axes.set_ylim(len(levels) - 0.5, -0.5)
        axes.set_xlim(0, max(window.end_s for window in windows))
        axes.set_title(heading(title))
        axes.set_xlabel("time (s)")
        axes.set_ylabel("level")
        axes.legend(
            handles=[
                Patch(facecolor=WAVE, edgecolor=INK, label="new codes"),
                Patch(facecolor=PROMPT, edgecolor=INK, hatch="///", label="prompt, only read"),
            ],
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=2,
            borderaxespad=0.2,
        )
    return figure


def _row_label(level: int, n_levels: int, windows: Sequence[WindowSpan]) -> str:
    """Name of a level and the number of its windows."""
    count = sum(window.level == level for window in windows)
    return f"{level_name(level, n_levels)}\n{count} window{'s' if count > 1 else ''}"


def _draw_window(axes: Axes, window: WindowSpan, center: float) -> None:
    """Draw one window as a bar: the prompt hatched, the new codes plain."""
    bar: dict[str, Any] = {"height": 0.3, "y": center, "edgecolor": INK, "linewidth": 0.8}
    prompt = window.prompt_end_s - window.start_s
    if prompt:
        axes.barh(width=prompt, left=window.start_s, facecolor=PROMPT, hatch="///", **bar)
    axes.barh(
        width=window.end_s - window.prompt_end_s, left=window.prompt_end_s, facecolor=WAVE, **bar
    )
