"""Where a model's weights are: by the name of a released model, or by a path.

What
    `find_model("1b_lyrics", weights)` looks, in this order, for a converted folder, for the
    released files and for the port's folder, first in the folder `weights`, then in the cache.
    `find_source(path)` tells by its contents which of the three formats a path is in.
    Nothing is fetched: what is missing is listed with its size and the command that gets it.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from jukebox_edu.checkpoints import hub
from jukebox_edu.checkpoints.cache import cache_folder, existing_folder
from jukebox_edu.checkpoints.folder import CONFIG_FILE, load_model_parts
from jukebox_edu.checkpoints.known_names import KnownNames, read_json
from jukebox_edu.checkpoints.located import Located, locate
from jukebox_edu.checkpoints.port import port_source
from jukebox_edu.checkpoints.released_folder import (
    is_part,
    list_names,
    listed_names,
    released_files,
    with_names,
)
from jukebox_edu.checkpoints.sources import WeightSource, folder_source, released_source
from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.released import MODEL_SETS, RELEASED_LICENCE

PathLike = str | os.PathLike[str]


def find_model(
    name: str,
    weights: PathLike | None = None,
    cache: PathLike | None = None,
    levels: Iterable[int] | None = None,
) -> WeightSource:
    """The weights of a released model on this machine.

    Parameters
    ----------
    weights
        Folder to look in before the cache.
    levels
        Levels that are needed, besides the codec; None: all.

    Raises
    ------
    CheckpointError
        If something is missing; the message lists it with sizes and the command to get it.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if name not in MODEL_SETS:
        raise ConfigError(must("model", name, f"one of {', '.join(MODEL_SETS)}"))
    config, home = MODEL_SETS[name], cache_folder(os.fspath(cache) if cache else None)
    weights = None if weights is None else os.fspath(weights)
    needed = tuple(range(len(config.priors))) if levels is None else tuple(levels)
    folders = [home / name]
    if weights is not None:
        given = existing_folder(weights, "weights")
        folders = [given, given / name, *folders]
    for folder in folders:
        if (found := _converted(folder, config, needed)) is not None:
            return found
    located = locate(name, weights, home)
    missing = _missing(located, config, needed)
    if not missing:
        return _released(located, config)
    if name in hub.REPOSITORIES:
        port = locate(name, weights, home, source="huggingface")
        if port.complete:
            return port_source(port.hub_weights, config, _names(port, config))
    where = " or ".join(str(folder) for folder in located.folders)
    raise CheckpointError(
        f"{name}: missing in {where}: {', '.join(missing)}. Fetch the files with: jukebox-edu "
        f"download {name}; or give a folder that holds them: weights=DIR. Licence: "
        f"{RELEASED_LICENCE}."
    )


def _converted(folder: Path, config: ModelConfig, needed: Iterable[int]) -> WeightSource | None:
    """A model folder of ours that holds this very model, at the levels that are needed."""
    described = folder / CONFIG_FILE
    data = read_json(described) if described.is_file() else None
    if not isinstance(data, dict) or "format_version" not in data:  # somebody else's
        return None
    parts = load_model_parts(folder)
    levels = tuple(needed)
    if parts.name != config.name or len(parts.priors) != len(config.priors):
        return None
    if parts.vqvae is None or any(parts.priors[level] is None for level in levels):
        return None
    return folder_source(folder)


def _missing(located: Located, config: ModelConfig, needed: Iterable[int]) -> list[str]:
    """What of the released files is needed and not there, in words."""
    model = located.model
    names = {model.vqvae.name, *(model.priors[level].name for level in needed)}
    names |= {name for prior in config.priors for name in list_names(prior)}
    return [str(item) for item in located.missing if item.file.name in names]


def _released(located: Located, config: ModelConfig) -> WeightSource:
    here = {found.file.name: found.path for found in located.found}
    model = located.model
    files: dict[int | None, Path] = {None: here[model.vqvae.name]}
    for level, file in enumerate(model.priors):
        if file.name in here:
            files[level] = here[file.name]
    return released_source(config, files, _names(located, config))


def _names(located: Located, config: ModelConfig) -> tuple[KnownNames, ...]:
    return listed_names(config.priors, {found.file.name: found.path for found in located.found})


# ---- by path ------------------------------------------------------------------------------------


def find_source(path: PathLike, *, level: int | None = None) -> WeightSource:
    """The weights at a path, in whatever format they are.

    Parameters
    ----------
    path
        A model folder of ours, a folder of the port, a folder with released files side by side, or
        one released file.
    level
        Level of a released upsampler that does not say its own.

    Raises
    ------
    CheckpointError
        If it is none of these, or damaged.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    path = Path(path).expanduser()
    if path.is_file() and path.name.endswith((".safetensors", ".bin", ".index.json")):
        return with_names(port_source(path), path.parent)
    if path.is_file():
        return released_files([path], level)
    if not path.is_dir():
        raise CheckpointError(
            f"There is no file or folder {path}, and no released model of that name (they are "
            f"{', '.join(MODEL_SETS)})."
        )
    if any((path / form).is_file() for form in hub.FORMS):
        return with_names(port_source(path), path)
    if (path / CONFIG_FILE).is_file():
        return folder_source(path)
    files = [file for file in sorted(path.glob("*.pth.tar")) if is_part(file)]
    if not files:
        raise CheckpointError(
            f"{path} holds no model, it is no model folder: there is no {CONFIG_FILE}, no "
            f"vqvae.pth.tar or prior_level_N.pth.tar, none of {', '.join(hub.FORMS)}."
        )
    return released_files(files, None)
