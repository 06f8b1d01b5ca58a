"""Pictures of sound, codes, lyrics and plans, as matplotlib figures.

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

from jukebox_edu.plotting.alignment import alignment_figure
from jukebox_edu.plotting.audio import spectrogram_figure, waveform_figure
from jukebox_edu.plotting.codes import code_usage_figure, codes_figure
from jukebox_edu.plotting.plan import WindowSpan, plan_figure
from jukebox_edu.plotting.song import song_figure
from jukebox_edu.plotting.style import figure_png

__all__ = [
    "WindowSpan",
    "alignment_figure",
    "code_usage_figure",
    "codes_figure",
    "figure_png",
    "plan_figure",
    "song_figure",
    "spectrogram_figure",
    "waveform_figure",
]
