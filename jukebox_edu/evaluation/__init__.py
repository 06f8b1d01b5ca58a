"""Measuring models on songs they never saw; offline, with intervals, ceilings and chance.

What
    `evaluate(model, songs)` measures everything and returns a `Report`. Its parts:

        codec           what each level keeps, how codes are used         codec, spectra, paper
        conditioning    bits per code, cost of wrong or missing labels    conditioning, windows
        timing          when words are sung, read from attention          timing, word_errors
        probe           phones read from top codes                        probe
        singing         what judges hear in songs the model sings         singing, judges
        generated songs seams, diversity, memorisation, Fréchet distance on our own embedding
Conventions
    A figure is an `Estimate`: mean and 95 % interval over songs. Level 0 is the bottom level.
Paper: [Jukebox §5]
Lesson: notebooks/13_measure_it.ipynb
"""

from jukebox_edu.evaluation.everything import evaluate
from jukebox_edu.evaluation.intervals import Estimate, estimate, jackknife
from jukebox_edu.evaluation.report import Report
from jukebox_edu.evaluation.songs import SongList, TestSong, from_data_samples, from_songbook

__all__ = [
    "Estimate",
    "Report",
    "SongList",
    "TestSong",
    "estimate",
    "evaluate",
    "from_data_samples",
    "from_songbook",
    "jackknife",
]
