"""Labels that say less: without lyrics, without names.

What
    Guidance compares what a prior predicts when it is told everything with what it predicts when
    it is told less, and the cost of a missing condition is measured so. A prior must have met such
    labels in training (`blank_lyrics`, `blank_names` of `PriorTraining`).
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import dataclasses

import torch

from jukebox_edu.labels import Labels


def without_lyrics(labels: Labels) -> Labels:
    """The same labels with every lyric token blank.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return dataclasses.replace(labels, lyric_tokens=torch.zeros_like(labels.lyric_tokens))


def without_names(labels: Labels) -> Labels:
    """The same labels of an unknown artist and genre; empty genre slots stay empty.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    return dataclasses.replace(
        labels,
        artist=torch.zeros_like(labels.artist),
        genres=torch.zeros_like(labels.genres).masked_fill(labels.genres < 0, -1),
    )
