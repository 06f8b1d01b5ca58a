"""Pictures of sound, codes, lyrics, plans and measurements, as matplotlib figures.

What
    Every function takes arrays or frozen dataclasses and returns a `matplotlib.figure.Figure`
    made without pyplot: nothing global changes, nothing opens a window. The sizes, fonts and
    color maps of all pictures stand in `style.py`; `figure_png` turns a figure into bytes.
Conventions
    Time runs to the right, in seconds. Level 0 is the bottom (finest) level. Color maps grow
    steadily in lightness, so every picture survives a gray print.
Paper: [Jukebox §3, §5]
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

from jukebox_edu.plotting.ablations import ablations_figure
from jukebox_edu.plotting.alignment import alignment_figure
from jukebox_edu.plotting.attention import pattern_figure, reach_figure, weights_figure
from jukebox_edu.plotting.audio import spectrogram_figure, waveform_figure
from jukebox_edu.plotting.codes import code_usage_figure, codes_figure
from jukebox_edu.plotting.evaluation import (
    codebooks_figure,
    convergence_figure,
    costs_figure,
    runs_figure,
    timing_figure,
)
from jukebox_edu.plotting.levels import detail_figure, levels_figure
from jukebox_edu.plotting.passage import passage_figure
from jukebox_edu.plotting.plan import WindowSpan, plan_figure
from jukebox_edu.plotting.song import song_figure
from jukebox_edu.plotting.style import figure_png
from jukebox_edu.plotting.times import heads_figure, times_figure
from jukebox_edu.plotting.training import training_figure

__all__ = [
    "WindowSpan",
    "ablations_figure",
    "alignment_figure",
    "code_usage_figure",
    "codebooks_figure",
    "codes_figure",
    "convergence_figure",
    "costs_figure",
    "detail_figure",
    "figure_png",
    "heads_figure",
    "levels_figure",
    "passage_figure",
    "pattern_figure",
    "plan_figure",
    "reach_figure",
    "runs_figure",
    "song_figure",
    "spectrogram_figure",
    "times_figure",
    "timing_figure",
    "training_figure",
    "waveform_figure",
    "weights_figure",
]
