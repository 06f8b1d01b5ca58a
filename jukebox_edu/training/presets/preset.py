"""What a preset is: shapes and settings under one name.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from jukebox_edu.config import PriorConfig, VQVAEConfig
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.settings import require
from jukebox_edu.training.vqvae_loop import VQVAETraining

Priors = tuple[PriorConfig | None, ...]  # index = level; None: the preset has none there


@dataclass(frozen=True)
class Preset:
    """Shapes of a codec and its priors, and how they are trained.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    name: str  # as the command line knows it
    about: str  # one line for people
    vqvae: VQVAEConfig
    priors: Callable[[int, int], Priors]  # of the numbers of artists and genres, unknown included
    codec_training: Callable[[int | None], VQVAETraining]  # of one level, or of all together
    prior_training: Callable[[int], PriorTraining]  # of a level
    sized_by_names: bool = False  # whether its label tables take as many names as there are

    def prior(self, level: int, n_artists: int, n_genres: int) -> PriorConfig:
        """The shape of one prior; raises `ConfigError` where the preset has none.

        Parameters
        ----------
        level
            0 = bottom.
        n_artists, n_genres
            Names in the data, "unknown" included.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        priors = self.priors(n_artists, n_genres)
        there = [number for number, prior in enumerate(priors) if prior is not None]
        require(level in there, "level", level, f"one of {there} for preset {self.name!r}")
        config = priors[level]
        if config is None:  # `require` has seen to it
            raise AssertionError(level)
        return config


def for_songs(config: PriorConfig, shortest: float, longest: float) -> PriorConfig:
    """The same prior, told of songs of every duration (seconds) that there is.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    labels = config.labels
    if labels is None or not labels.timing:
        return config
    low, high = min(labels.min_duration, shortest), max(labels.max_duration, longest * 1.01)
    told = dataclasses.replace(labels, min_duration=low, max_duration=high)
    return dataclasses.replace(config, labels=told)
