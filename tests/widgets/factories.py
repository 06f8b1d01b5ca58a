"""How each widget is made in tests: a new widget is one line more.

A factory takes a song with a model and gives a new widget.
"""

from __future__ import annotations

import numpy as np

import jukebox_edu as jb


def monitor(song):
    """A monitor that has seen a run with everything in it."""
    panel = jb.widgets.CodebookMonitor(song.codebook_size)
    with panel.together():
        for step in range(1, 40):
            usage = song.codebook_size * (1 - 0.9**step)
            panel.update({"run": "vqvae-2", "step": step, "total": 9 / step, "recons": 4 / step,
                          "entropy": 0.05 * step, "usage": usage})  # fmt: skip
        panel.update({"run": "prior-<b>", "step": 1, "nats": 5.0})
    return panel


def truth(song):
    """Times at an even pace."""
    lyrics = song.alignment().lyrics[0]
    edges = np.linspace(0.0, song.seconds, len(lyrics) + 1)
    return np.stack([edges[:-1], edges[1:]], axis=1)


FACTORIES = {
    "SongExplorer": lambda song: jb.widgets.SongExplorer([song, song]),
    "CodeExplorer": lambda song: jb.widgets.CodeExplorer(song.model, song),
    "LevelsView": lambda song: jb.widgets.LevelsView(song),
    "LevelsView of sound": lambda song: jb.widgets.LevelsView(song.model, song.audio()),
    "AlignmentView": lambda song: jb.widgets.AlignmentView(song),
    "AlignmentView with truth": lambda song: jb.widgets.AlignmentView(song, truth(song)),
    "CodebookMonitor": monitor,
    "PlanView": lambda song: jb.widgets.PlanView(song.model, 12.0),
    "AttentionExplorer": lambda song: jb.widgets.AttentionExplorer(64, 8),
}
SILENT = ("CodebookMonitor", "PlanView", "AttentionExplorer")  # these show no sound
