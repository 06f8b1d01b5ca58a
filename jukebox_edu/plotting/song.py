"""A whole song in one picture: waveform, codes of all levels and attention on one time axis.

What
    The poster of the page, and what remains where no script runs and no sound is played.
Paper: [Jukebox §3, §5]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jukebox_edu.page.data import PageData
from jukebox_edu.page.words import WordTime, word_times
from jukebox_edu.plotting.alignment import draw_alignment, draw_truth
from jukebox_edu.plotting.audio import draw_waveform
from jukebox_edu.plotting.codes import draw_lane
from jukebox_edu.plotting.style import INK, drawable, heading, new_figure, style

WAVE_INCHES, LANE_INCHES, TEXT_INCHES, ALIGNMENT_INCHES = 1.0, 0.42, 0.3, 1.9


def song_figure(data: PageData) -> Figure:
    """Draw one song: what there is of it, from the sound down to the words.

    Parameters
    ----------
    data
        The song; codes, times and alignment may be absent.

    Paper: [Jukebox §3, §5]
    Lesson: notebooks/00_ten_minutes.ipynb
    """
    times = data.true_times if data.character_times is None else data.character_times
    timed = () if times is None else word_times(data.lyrics, times)
    heights = [WAVE_INCHES] + [LANE_INCHES] * len(data.codes)
    heights += [TEXT_INCHES] * bool(timed) + [ALIGNMENT_INCHES] * (data.alignment is not None)
    with style():
        figure = new_figure(sum(heights) + 0.75)
        grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        grid = grid[:, 0]  # (rows,)
        rows = iter(grid)
        draw_waveform(next(rows), data.tracks[0])
        for lane in data.lanes:
            draw_lane(next(rows), lane, data.n_levels, data.seconds)
        if timed:
            _draw_words(next(rows), timed, data.seconds)
        if data.alignment is not None:
            axes = next(rows)
            reach = len(data.alignment) * data.alignment_hop_seconds
            draw_alignment(axes, data.alignment, data.lyrics, reach)
            if data.true_times is not None:
                draw_truth(axes, data.true_times)
            axes.set_ylabel("lyrics")
        grid[0].set_title(heading(" · ".join(part for part in (data.title, data.subtitle) if part)))
        grid[0].set_xlim(0, data.seconds)
        grid[-1].set_xlabel("time (s)")
        for axes in grid[:-1]:
            axes.tick_params(bottom=False, labelbottom=False)
    return figure


def _draw_words(axes: Axes, timed_words: tuple[WordTime, ...], seconds: float) -> None:
    """Write every sung word where it starts, if it does not run into the one before."""
    free_from = 0.0
    for timed in timed_words:
        width = (len(timed.word.text) + 1) * 0.0105 * seconds
        if timed.start_s >= free_from:
            axes.text(
                timed.start_s, 0.5, drawable(timed.word.text), fontsize=9, va="center", clip_on=True
            )
            axes.axvline(timed.start_s, ymax=0.25, color=INK, linewidth=0.8)
            free_from = timed.start_s + width
    axes.set_yticks([])
    axes.set_ylabel("sung", rotation=0, ha="right", va="center")
    axes.spines[["left", "bottom"]].set_visible(False)
