"""Models from their files: released, converted or our own, all levels at once or one at a time.

What
    `checkpoints` finds the files and reads them; nothing is downloaded here. What is missing is
    listed with the command that fetches it. Whoever loads released weights is told their licence.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import LabelVocabularies
from jukebox_edu.model.devices import checked_dtype, free_memory
from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.model.shelf import Shelf
from jukebox_edu.prior.prior import Prior
from jukebox_edu.released import MODEL_SETS, RELEASED_LICENCE
from jukebox_edu.sampling.memory import level_memory

if TYPE_CHECKING:
    from jukebox_edu.checkpoints.sources import WeightSource

HOLDS = ("auto", "all", "one")
_USABLE = 0.6  # share of the free memory that weights may take: caches need room, too


class LicenceNotice(UserWarning):
    """The licence of the weights limits what may be done with them and what they generate.

    Lesson: notebooks/15_whose_music.ipynb
    """


def released(
    name: str,
    device: torch.device,
    dtype: str | torch.dtype = "auto",
    weights: str | os.PathLike[str] | None = None,
    *,
    levels: int | Sequence[int] | None = None,
    hold: str = "auto",
) -> Jukebox:
    """Load a released model from its files.

    Parameters
    ----------
    name
        "1b_lyrics", "5b" or "5b_lyrics".
    device, dtype, weights, levels, hold
        As in `load`.

    Raises
    ------
    CheckpointError
        If files are missing or damaged.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    from jukebox_edu.checkpoints.finding import find_model

    config = MODEL_SETS[name]
    wanted = checked_levels(levels, len(config.priors))
    source = find_model(name, weights, levels=wanted)
    tell_licence(name, stacklevel=4)
    return from_source(source, config, device, dtype, levels=wanted, hold=hold)


def from_source(
    source: WeightSource,
    config: ModelConfig,
    device: torch.device,
    dtype: str | torch.dtype = "auto",
    *,
    levels: Sequence[int] | None = None,
    hold: str = "auto",
) -> Jukebox:
    """Make a `Jukebox` of weights in files.

    Parameters
    ----------
    config
        Of the whole model, also where some of its files are not there.
    device, dtype, levels, hold
        As in `load`.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    from jukebox_edu.checkpoints.sources import load_part

    if hold not in HOLDS:
        raise ConfigError(must("hold", hold, f"one of {HOLDS}"))
    wanted = range(len(config.priors)) if levels is None else levels
    precision = checked_dtype(dtype, device, config)
    everything = hold == "all" or (hold == "auto" and fits(config, device, precision, wanted))

    def read(level: int, place: torch.device, kind: torch.dtype) -> Prior:
        return load_part(source, level, device=place, dtype=kind)  # type: ignore[return-value]

    shelf = Shelf(config.priors, read, device, precision, keep=None if everything else 1)
    for level in wanted if everything else ():
        shelf[level]  # read now: what is damaged is found now
    vqvae: Any = load_part(source, None, device=device)
    lists = vocabularies(source, config)
    return Jukebox(config, vqvae, shelf, lists, weights=source.fingerprint())


def checked_levels(levels: int | Sequence[int] | None, n_levels: int) -> tuple[int, ...] | None:
    """Return levels as a tuple, None for all, or raise `ConfigError`.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if levels is None:
        return None
    given = (levels,) if isinstance(levels, int) else tuple(levels)
    if not given or not all(type(level) is int and 0 <= level < n_levels for level in given):
        raise ConfigError(must("levels", levels, f"some of {tuple(range(n_levels))} (0 = bottom)"))
    return tuple(sorted(set(given)))


def fits(
    config: ModelConfig, device: torch.device, dtype: torch.dtype, levels: Sequence[int]
) -> bool:
    """Whether the priors of these levels can be in memory together, with room to work.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    needed = sum(level_memory(config.priors[level]).weights(dtype.itemsize) for level in levels)
    free = free_memory(device)
    return needed < 10**9 or (free is not None and needed < _USABLE * free)


def tell_licence(name: str, *, stacklevel: int = 3) -> None:
    """Warn that released weights are not for commercial use.

    Lesson: notebooks/15_whose_music.ipynb
    """
    warnings.warn(
        f"The weights of {name} come under OpenAI's {RELEASED_LICENCE}: neither they nor the "
        "music they generate may be used commercially.",
        LicenceNotice,
        stacklevel=stacklevel,
    )


def vocabularies(source: WeightSource, config: ModelConfig) -> tuple[LabelVocabularies | None, ...]:
    """What every level looks names up in; None for a prior without labels.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    pairs = zip(config.priors, source.known_names, strict=True)
    return tuple(k.vocabularies(p.labels.version) if p.labels else None for p, k in pairs)
