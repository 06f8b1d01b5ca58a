"""Which files of a released model are on this machine, and fetching those that are not.

What
    `locate` looks and touches nothing; `fetch_model` downloads what is missing. With a folder
    `weights_dir` (`--weights DIR`, for rooms without network) nothing is ever fetched: what is
    neither there nor in the cache is listed by name and size.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.checkpoints import hub
from jukebox_edu.checkpoints.cache import (
    MissingFile,
    cache_folder,
    existing_folder,
    find,
    size_text,
)
from jukebox_edu.checkpoints.catalogue import ReleasedModel, RemoteFile, released_model
from jukebox_edu.checkpoints.download import AbsentError, check_space, download
from jukebox_edu.checkpoints.partial import Partial
from jukebox_edu.errors import CheckpointError, ConfigError, must

SOURCES = ("openai", "huggingface")


@dataclass(frozen=True)
class FoundFile:
    """A file that is on this machine."""

    file: RemoteFile
    path: Path


@dataclass(frozen=True)
class Located:
    """What of a released model is on this machine.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    model: ReleasedModel
    source: str  # "openai": one file per level; "huggingface": all levels together
    found: tuple[FoundFile, ...]
    missing: tuple[MissingFile, ...]
    folders: tuple[Path, ...]  # where it was looked for, in this order
    bytes_to_fetch: int  # of the missing files, nearly; of files of unknown size nothing

    @property
    def complete(self) -> bool:
        """Whether the model can be loaded."""
        return not self.missing

    def path(self, name: str) -> Path:
        """Path of the file called `name` in the catalogue (on the hub: its file name).

        Raises
        ------
        CheckpointError
            If it is not on this machine.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        for found in self.found:
            if found.file.name == name:
                return found.path
        raise CheckpointError(self.explain_missing() or f"{self.model.name} has no file {name!r}.")

    @property
    def vqvae(self) -> Path:
        """The codec's file (source "openai")."""
        return self.path(self.model.vqvae.name)

    def prior(self, level: int) -> Path:
        """The file of one level's prior, level 0 = bottom (source "openai").

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        return self.path(self.model.priors[level].name)

    @property
    def hub_weights(self) -> Path:
        """The single file or the index of the shards (source "huggingface")."""
        for found in self.found:
            if found.file.name in hub.FORMS:
                return found.path
        raise CheckpointError(self.explain_missing())

    def explain_missing(self) -> str:
        """One line that lists what is missing; empty if nothing is."""
        if self.complete:
            return ""
        where = " or ".join(str(folder) for folder in self.folders)
        listed = ", ".join(map(str, self.missing))
        return f"{self.model.name}: missing in {where}: {listed}."


def locate(
    model_name: str,
    weights_dir: str | Path | None = None,
    cache: str | Path | None = None,
    *,
    source: str = "openai",
) -> Located:
    """See which files of a released model are on this machine; nothing is fetched or written.

    Parameters
    ----------
    weights_dir
        A folder with the files, as released or flat; it is looked through before the cache.
    cache
        The cache folder; None: JUKEBOX_EDU_HOME, or the platform's.
    source
        "openai" (the released files) or "huggingface".

    Raises
    ------
    ConfigError
        If there is no such model or source.
    CheckpointError
        If `weights_dir` is no folder.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    model = released_model(model_name)
    if source not in SOURCES:
        raise ConfigError(must("source", source, f"one of {SOURCES}"))
    home = cache_folder(cache)
    folders: tuple[Path, ...] = (home,)
    if weights_dir is not None:
        folders = (existing_folder(weights_dir, "weights_dir"), home)
    if source == "openai":
        results = [_look(file, folders) for file in model.files]
    else:
        results = [_look(file, folders) for file in model.id_lists]
        results += _look_for_hub(hub.repository(model_name), folders)
    found = tuple(result for result in results if isinstance(result, FoundFile))
    missing = tuple(result for result in results if isinstance(result, MissingFile))
    return Located(model, source, found, missing, folders, _still_to_come(missing, home))


def _look(file: RemoteFile, folders: Sequence[Path]) -> FoundFile | MissingFile:
    """Look for one file in every folder."""
    failure = MissingFile(file)
    for folder in folders:
        result = find(file, folder)
        if isinstance(result, Path):
            return FoundFile(file, result)
        failure = failure if failure.why else result
    return failure


def _look_for_hub(repo: str, folders: Sequence[Path]) -> list[FoundFile | MissingFile]:
    """The first form of the hub that is here, whole if possible; else what is missing of it."""
    begun: list[FoundFile | MissingFile] = []
    for form in hub.FORMS:
        result = _look(hub.hub_file(repo, form), folders)
        if isinstance(result, MissingFile):
            begun = begun or ([result] if result.why else [])
            continue
        if not form.endswith(".json"):
            return [result]
        together = (result.path.parent, *folders)  # shards lie beside their index
        listed = [_look(file, together) for file in hub.shards(repo, result.path)]
        if not any(isinstance(shard, MissingFile) for shard in listed):
            return [result, *listed]
        begun = [result, *listed]
    return begun or [MissingFile(hub.hub_file(repo, "pytorch_model.bin"))]


def _still_to_come(missing: Sequence[MissingFile], home: Path) -> int:
    """Bytes to fetch, less those that an interrupted download left."""
    left = 0
    for item in missing:
        part = Partial(home / item.file.local_path)
        left += max(0, (item.file.size_bytes or 0) - part.size)
    return left


def fetch_model(
    model_name: str,
    *,
    weights_dir: str | Path | None = None,
    cache: str | Path | None = None,
    mirrors: Sequence[str] | str | None = None,
    source: str = "openai",
    **options: Any,
) -> Located:
    """Make sure that all files of a released model are on this machine.

    Parameters
    ----------
    weights_dir
        A folder with the files. If it is given, nothing is fetched.
    cache, mirrors, options
        As in `download`.

    Raises
    ------
    CheckpointError
        If something cannot be fetched, or is missing and must not be fetched.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    located = locate(model_name, weights_dir, cache, source=source)
    if located.complete:
        return located
    if weights_dir is not None:
        raise CheckpointError(
            f"{located.explain_missing()} With weights_dir (--weights) nothing is fetched: copy "
            "them there, as released or flat, or leave it out to download "
            f"{size_text(located.bytes_to_fetch, exact=False)}."
        )
    check_space(cache_folder(cache), located.bytes_to_fetch, model_name)
    settings = {**options, "folder": cache, "mirrors": mirrors}
    for item in located.missing:
        if item.file.name not in hub.FORMS:
            download(item.file, **settings)
    if source == "huggingface" and not _has_weights(located):
        _fetch_from_hub(hub.repository(model_name), settings)
    located = locate(model_name, cache=cache, source=source)
    if not located.complete:
        raise CheckpointError(f"{located.explain_missing()} Call again.")
    return located


def _has_weights(located: Located) -> bool:
    return any(found.file.name in hub.FORMS for found in located.found)


def _fetch_from_hub(repo: str, settings: dict[str, Any]) -> None:
    """Ask for one form after the other; an index brings its shards along."""
    for form in hub.FORMS:
        try:
            path = download(hub.hub_file(repo, form), **settings)
        except AbsentError as error:
            last = error
            continue
        if form.endswith(".json"):
            for file in hub.shards(repo, path):
                download(file, **settings)
        return
    raise last
