"""The same weights as Hugging Face keeps them: all levels of a model in one state dict.

What
    A folder of the hub holds the tensors in one of four forms:

        model.safetensors                  all in one file
        model.safetensors.index.json       says which of several files has which tensor
        pytorch_model.bin                  the same two with torch's own container
        pytorch_model.bin.index.json

    Which of them a repository offers can only be found by asking. The lists of names are the
    released ones in every case.
Conventions
    On this machine the files lie in `openai/jukebox-1b-lyrics/` below the cache folder. Address and
    form were never tried against the hub itself: by construction, unverified.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import json
from pathlib import Path

from jukebox_edu.checkpoints.catalogue import RemoteFile
from jukebox_edu.errors import CheckpointError, ConfigError, must

HUB_PREFIXES = ("https://huggingface.co",)
REPOSITORIES = {
    "1b_lyrics": "openai/jukebox-1b-lyrics",
    "5b_lyrics": "openai/jukebox-5b-lyrics",
}
FORMS = (  # tried in this order: safetensors can be read without holding the whole file
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_MAX_SHARDS = 1000


def repository(model_name: str) -> str:
    """Return the repository of a model on the hub.

    Raises
    ------
    ConfigError
        If the hub has no such model.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if model_name not in REPOSITORIES:
        allowed = f"one of {', '.join(REPOSITORIES)}"
        advice = 'Its files are offered by OpenAI only (source="openai").'
        raise ConfigError(must("model", model_name, f"{allowed} on Hugging Face", advice))
    return REPOSITORIES[model_name]


def hub_file(repo: str, filename: str) -> RemoteFile:
    """One file of a repository; its name here is its file name there.

    Raises
    ------
    ConfigError
        If the file name is no plain name.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    if filename.endswith(".json"):
        kind = "index"
    else:
        kind = "safetensors" if filename.endswith(".safetensors") else "torch"
    return RemoteFile(
        name=filename,
        path=f"{repo}/resolve/main/{filename}",
        kind=kind,
        prefixes=HUB_PREFIXES,
        stored_as=f"{repo}/{filename}",
    )


def shard_names(index: bytes) -> tuple[str, ...]:
    """The file names that an index lists, in order.

    Raises
    ------
    CheckpointError
        If it is no index, or one of its names is not a plain file name.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    try:
        weight_map = json.loads(index)["weight_map"]
        names = sorted(set(weight_map.values()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CheckpointError("it is no index of weights (a JSON object with weight_map)") from None
    for name in names:
        plain = isinstance(name, str) and name.endswith((".bin", ".safetensors"))
        if not plain or "/" in name or "\\" in name or ".." in name:
            raise CheckpointError(f"its index names a file {str(name)[:60]!r}, no plain file name")
    if not 1 <= len(names) <= _MAX_SHARDS:
        raise CheckpointError(
            f"its index lists {len(names)} files, from 1 to {_MAX_SHARDS} make sense"
        )
    return tuple(names)


def shards(repo: str, index: Path) -> tuple[RemoteFile, ...]:
    """The files of weights that an index on this machine lists.

    Raises
    ------
    CheckpointError
        If the index cannot be read or is none.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    try:
        return tuple(hub_file(repo, name) for name in shard_names(index.read_bytes()))
    except (CheckpointError, ConfigError) as error:
        raise CheckpointError(f"{index}: {error}. Delete it and download it again.") from None
    except OSError as error:
        raise CheckpointError(f"{index} cannot be read: {error.strerror}.") from None
