"""Models by name: the bundled one, folders, and what is said of the released ones.

What
    `load("tiny")` finds the newest bundled model, `load("path/to/folder")` any model folder.
    `models()` lists what there is and what each needs.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.labels import LabelVocabularies
from jukebox_edu.model.devices import checked_device
from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.released import MODEL_SETS, RELEASED_LICENCE
from jukebox_edu.sampling.cards import CARDS, fit
from jukebox_edu.sampling.memory import level_memory
from jukebox_edu.sampling.plan_text import size_text

PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"


@dataclass(frozen=True)
class ModelInfo:
    """One line of the table of models.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # what `load` takes
    here: bool  # whether its weights are on this machine
    size: str  # of its weights, as people read it
    levels: int  # priors
    sample_rate: int  # samples per second
    lyrics: bool  # whether it reads lyrics
    needs: str  # in words
    licence: str  # of the weights


class ModelTable(tuple[ModelInfo, ...]):
    """The models, printed as a table.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def __repr__(self) -> str:
        lines = [f"{'name':12} {'here':5} {'size':>9}  {'lyrics':6}  needs"]
        for info in self:
            here, lyrics = "yes" if info.here else "no", "yes" if info.lyrics else "no"
            lines.append(f"{info.name:12} {here:5} {info.size:>9}  {lyrics:6}  {info.needs}")
        return "\n".join(lines)


def models() -> ModelTable:
    """Names, sizes, what each model needs, and whether it is on this machine.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.checkpoints import load_model_config

    table = []
    for folder in reversed(bundled()):
        config = load_model_config(folder)
        size = size_text(sum(file.stat().st_size for file in folder.glob("*.safetensors")))
        table.append(_info(config, config.name, True, size, "nothing: it is bundled"))
    for name, config in MODEL_SETS.items():
        numbers = sum(level_memory(prior).parameters for prior in config.priors)
        here = _is_here(name)
        least = next(card.name for card in CARDS if fit(config, card).works)
        needs = f"a {least} or more, or much patience"
        needs += "" if here else f"; fetch it with: jukebox-edu download {name}"
        table.append(_info(config, name, here, size_text(4 * numbers), needs))
    return ModelTable(table)


def _is_here(name: str) -> bool:
    """Whether all files of a released model are in the cache, in whatever layout."""
    from jukebox_edu.checkpoints.finding import find_model

    try:
        find_model(name)
    except CheckpointError:
        return False
    return True


def _info(config: ModelConfig, name: str, here: bool, size: str, needs: str) -> ModelInfo:
    lyrics = any(prior.lyrics for prior in config.priors)
    codec = config.vqvae
    return ModelInfo(
        name, here, size, codec.levels, codec.sample_rate, lyrics, needs, config.licence
    )


def bundled() -> list[Path]:
    """Folders of the bundled models, oldest first: tiny-1, tiny-2, ...

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    found = [path for path in PRETRAINED.glob("tiny-*") if (path / "config.json").is_file()]
    return sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])


def load(
    name: str | os.PathLike[str] = "tiny",
    device: str | torch.device = "auto",
    dtype: str | torch.dtype = "auto",
    weights: str | os.PathLike[str] | None = None,
    *,
    levels: int | Sequence[int] | None = None,
    hold: str = "auto",
) -> Jukebox:
    """Load a model.

    Parameters
    ----------
    name
        "tiny" (the newest bundled model), "tiny-1" and so on, a folder with a model, or a released
        model: "1b_lyrics", "5b", "5b_lyrics".
    device, dtype
        "auto", "cpu", "cuda", "mps"; the priors' "auto", "float32", "bfloat16" or "float16".
    weights
        Folder with the files of a released model; None: where `jukebox-edu download` puts them.
    levels
        Levels that will be written, if not all: of a released model only their files are needed.
    hold
        "all" priors in memory, "one" at a time, or "auto": all where the device has room.

    Raises
    ------
    CheckpointError
        If there is no such model or it is damaged.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.checkpoints.finding import find_source
    from jukebox_edu.model.released_model import (
        checked_levels,
        from_source,
        released,
        tell_licence,
    )

    place = checked_device(device)
    if isinstance(name, str) and name in MODEL_SETS:
        return released(name, place, dtype, weights, levels=levels, hold=hold)
    source = find_source(model_folder(name, weights))
    config = source.parts.whole()
    if config.licence == RELEASED_LICENCE:
        tell_licence(config.name)
    wanted = checked_levels(levels, len(config.priors))
    return from_source(source, config, place, dtype, levels=wanted, hold=hold)


def model_folder(name: Any, weights: Any = None) -> Path:
    """The folder of a model by its name, as in `load`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise ConfigError(must("name", name, "the name of a model or of a model folder"))
    text = os.fspath(name)
    there = {path.name: path for path in bundled()}
    if text == "tiny" and there:
        return bundled()[-1]
    if text in there:
        return there[text]
    if weights is not None:
        raise ConfigError(must("weights", weights, "None, except for released models"))
    path = Path(text)
    if path.is_dir():
        return path
    known = ", ".join(map(repr, ["tiny", *there, *MODEL_SETS]))
    if text == "tiny" or re.fullmatch(r"tiny-\d+", text):
        raise CheckpointError(
            f"The bundled model {text!r} is not in {PRETRAINED}. Install jukebox_edu again, or "
            "train one: jukebox_edu.training."
        )
    raise CheckpointError(f"There is no model {text!r}: known are {known}, or give a model folder.")


def vocabularies(folder: Path, config: ModelConfig) -> tuple[LabelVocabularies | None, ...]:
    """Lists of artists and genres for every level of a model folder.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    from jukebox_edu.checkpoints import load_known_names

    found: list[LabelVocabularies | None] = []
    for prior in config.priors:
        names, labels = load_known_names(folder, prior.level), prior.labels
        found.append(None if labels is None else names.vocabularies(labels.version))
    return tuple(found)


def find_artist(name: str, model: Jukebox | None = None, n: int = 5) -> tuple[str, ...]:
    """Artists whose names come nearest to `name`, best first.

    Parameters
    ----------
    name
        As typed; accents do not matter, a beginning is enough.
    model
        Whose list; None: that of the bundled model.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    if model is None:
        from jukebox_edu.checkpoints import load_model_config

        folder = model_folder("tiny")
        lists = vocabularies(folder, load_model_config(folder))[-1]
    else:
        lists = model.vocabularies[-1]
    return () if lists is None else lists.artists.find(name, n)
