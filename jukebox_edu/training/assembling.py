"""A model put together from training runs, ready to be saved as a folder.

What
    assembled    codec and one trained prior per level
    finetuned    a model of which some or all priors were trained further; levels that were not
                 know the new names too, by rows that nobody has trained

    The codec of a fine-tuned model is that of the model it began with, weight for weight.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from jukebox_edu.checkpoints import KnownNames, save_model
from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model import Jukebox
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training.finetune import extend_prior, licence_of
from jukebox_edu.training.results import TrainedPrior
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True)
class Assembled:
    """Everything that a model folder holds.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    config: ModelConfig
    vqvae: VQVAE
    priors: tuple[Prior, ...]  # index = level
    names: tuple[KnownNames, ...]  # index = level

    def save(self, folder: str | Path, dtype: torch.dtype = torch.float16) -> Path:
        """Write the folder; returns its path."""
        return save_model(
            folder, self.config, self.vqvae, self.priors, known_names=self.names, dtype=dtype
        )


def names_of(lists: LabelVocabularies | None) -> KnownNames:
    """Lists of names as a model folder keeps them.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if lists is None:
        return KnownNames()
    ids = [_own_ids(lists.artists), _own_ids(lists.genres)]
    return KnownNames(lists.artists.names, lists.genres.names, *ids)


def _own_ids(names: Vocabulary) -> tuple[int, ...]:
    """Ids of a list; empty where they are the places in it."""
    return () if names.ids == tuple(range(len(names.ids))) else names.ids


def assembled(
    name: str, vqvae: VQVAE, trained: Sequence[TrainedPrior], licence: str = ""
) -> Assembled:
    """A model of a codec and one trained prior for each of its levels.

    Raises
    ------
    ConfigError
        If a level is missing, or the priors learned codes of different codecs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    trained = sorted(trained, key=lambda one: one.prior.config.level)
    levels = [one.prior.config.level for one in trained]
    if levels != list(range(vqvae.levels)):
        advice = "Train the missing ones with `jukebox-edu train prior`."
        raise ConfigError(
            must("prior", levels, f"one run of each of {vqvae.levels} levels", advice)
        )
    if len({one.codec for one in trained}) > 1:
        given = sorted({one.codec for one in trained})
        raise ConfigError(must("codecs of the priors", given, "one and the same"))
    started = [one.prior.config.level for one in trained if one.base]
    if started:
        advice = "Save them with --from that model."
        allowed = "runs that began with new priors"
        raise ConfigError(must("prior", f"fine-tuned level {started[0]}", allowed, advice))
    priors = tuple(one.prior for one in trained)
    configs = tuple(prior.config for prior in priors)
    config = ModelConfig(name, vqvae.config, configs, licence)
    return Assembled(config, vqvae, priors, tuple(one.names for one in trained))


def finetuned(
    name: str, base: Jukebox, trained: Sequence[TrainedPrior], licence: str | None = None
) -> Assembled:
    """A model whose priors were trained further, at one level or several.

    Parameters
    ----------
    name
        Of the new model.
    base
        The model that the runs began with.
    trained
        Priors out of the runs, at most one per level.
    licence
        Of the new weights, in words; None: what `base` says, and that the songs are yours to mind.

    Raises
    ------
    ConfigError
        If a run began with another model, or there are two of one level.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    by_level = {one.prior.config.level: one for one in trained}
    if len(by_level) < len(trained) or not trained:
        given = [one.prior.config.level for one in trained]
        raise ConfigError(must("prior", given, "runs of different levels, one at least"))
    for level, one in by_level.items():
        if one.base != base.fingerprint:
            advice = "Give the model that the run was begun with, or another run."
            allowed = f"a run that began with {base.config.name}"
            raise ConfigError(must(f"prior of level {level}", one.base or "new", allowed, advice))
    artists = [name for one in by_level.values() for name in one.names.artists]
    genres = [name for one in by_level.values() for name in one.names.genres]
    priors, names = [], []
    for level in range(base.levels):
        if level in by_level:
            priors.append(by_level[level].prior)
            names.append(by_level[level].names)
        else:
            longer = extend_prior(
                base.priors[level], base.vocabularies[level], artists=artists, genres=genres
            )
            priors.append(longer.prior)
            names.append(names_of(longer.names))
    words = licence_of(base.config.licence) if licence is None else licence
    config = dataclasses.replace(
        base.config, name=name, priors=tuple(prior.config for prior in priors), licence=words
    )
    return Assembled(config, base.vqvae, tuple(priors), tuple(names))
