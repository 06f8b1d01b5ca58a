"""What a converted model looks like in each format: file names, tensor names, files around them.

What
    A target says for every part of a model which file it becomes, what its tensors are called
    there and how the file is written; and which small files complete the folder at the end.
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jukebox_edu.checkpoints.folder import (
    CODEC_FILE,
    CONFIG_FILE,
    ModelParts,
    checked_name,
    load_model_parts,
    prior_file,
)
from jukebox_edu.checkpoints.known_names import (
    KnownNames,
    list_contents,
    load_known_names,
    only_version_2,
)
from jukebox_edu.checkpoints.names import Names
from jukebox_edu.checkpoints.port import NAMES_FOLDER, part_prefix
from jukebox_edu.checkpoints.port_description import write_port_config
from jukebox_edu.checkpoints.reading import StoredTensor, open_released
from jukebox_edu.checkpoints.released_options import prior_hparams, vqvae_hparams
from jukebox_edu.checkpoints.safetensors_file import n_bytes, open_safetensors, write_safetensors
from jukebox_edu.checkpoints.saving import write_json
from jukebox_edu.checkpoints.sources import WeightSource
from jukebox_edu.checkpoints.stream_file import write_stream
from jukebox_edu.config import to_json_dict
from jukebox_edu.errors import CheckpointError, ConfigError, must

Closing = dict[str, Callable[[Path], None]]


class Target:
    """One format, for one model that is to be written.

    Parameters
    ----------
    source
        What is converted.
    folder
        Where to.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    repeats_shared = False  # whether a tensor with two names is written under both

    def __init__(self, source: WeightSource, folder: Path) -> None:
        self.source, self.folder = source, folder

    def file(self, level: int | None) -> Path:
        """The file of the codec (None) or of one level's prior."""
        return self.folder / (CODEC_FILE if level is None else prior_file(level))

    def rename(self, level: int | None, names: Names) -> str:
        """What a tensor is called in that file."""
        return names.ours

    def write(self, path: Path, level: int | None, tensors: Mapping[str, StoredTensor]) -> None:
        """Write a part under a temporary path."""
        write_safetensors(path, tensors)

    def open(self, path: Path) -> AbstractContextManager[dict[str, StoredTensor]]:
        """Open a file that was written before."""
        return open_safetensors(path)

    def closing_files(self) -> Closing:
        """Small files that complete the folder, in order: name -> writer."""
        return {}


class FolderTarget(Target):
    """Our model folder. Parts join those that are there already."""

    def __init__(self, source: WeightSource, folder: Path) -> None:
        super().__init__(source, folder)
        there = (folder / CONFIG_FILE).exists()
        self.before = load_model_parts(folder) if there else None
        self.parts = _joined(self.before, source.parts)

    def closing_files(self) -> Closing:
        """Lists of names, then the configuration: with it the folder is a model."""
        lists = list_contents(self._names())
        complete = self.parts.vqvae is not None and None not in self.parts.priors
        version = 1 if complete and not only_version_2(lists) else 2  # the oldest that can say it
        parts = replace(self.parts, format_version=version)
        files = {name: partial(write_json, data) for name, data in lists.items()}
        return {**files, CONFIG_FILE: partial(write_json, to_json_dict(parts))}

    def _names(self) -> list[KnownNames]:
        """Names of every level, new ones before those that were there."""
        known = []
        for level in range(len(self.parts.priors)):
            new = self.source.known_names[level : level + 1]
            old = load_known_names(self.folder, level) if self.before else KnownNames()
            known.append(new[0] if new and new[0] != KnownNames() else old)
        return known


def _joined(old: ModelParts | None, new: ModelParts) -> ModelParts:
    """Parts of both; those in both must be the same."""
    checked_name(new.name)
    if old is None:
        return _padded(new)
    n = max(len(old.priors), len(new.priors))
    pairs = zip(_filled(old.priors, n), _filled(new.priors, n), strict=True)
    priors = tuple(_one_of(f"prior of level {i}", a, b) for i, (a, b) in enumerate(pairs))
    vqvae = _one_of("codec", old.vqvae, new.vqvae)
    return _padded(ModelParts(old.name, vqvae, priors, old.licence or new.licence))


def _filled(priors: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    return priors + (None,) * (n - len(priors))


def _padded(parts: ModelParts) -> ModelParts:
    """As many levels as the codec has."""
    levels = 0 if parts.vqvae is None else parts.vqvae.levels
    return replace(parts, priors=_filled(parts.priors, levels))


def _one_of(what: str, old: Any, new: Any) -> Any:
    if old is not None and new is not None and old != new:
        raise CheckpointError(
            f"The folder holds another {what} already. Choose another folder for this model."
        )
    return old if new is None else new


class OpenAITarget(Target):
    """Files in the released format, with the lists of names beside them."""

    repeats_shared = True

    def __init__(self, source: WeightSource, folder: Path) -> None:
        super().__init__(source, folder)
        codec = source.parts.vqvae
        if codec is None:
            advice = "A released prior file also says what codec it is for: convert both together."
            raise ConfigError(must("source", source.parts.name, "a model with its codec", advice))
        self.options: dict[int | None, dict[str, Any]] = {None: vqvae_hparams(codec)}
        for level, prior in enumerate(source.parts.priors):
            if prior is not None:
                self.options[level] = prior_hparams(prior, codec)
        self.lists = _lists_by_version(source)

    def file(self, level: int | None) -> Path:
        """The released name of the part, all in one folder."""
        name = "vqvae" if level is None else f"prior_level_{level}"
        return self.folder / f"{name}.pth.tar"

    def rename(self, level: int | None, names: Names) -> str:
        """The released name."""
        return names.released

    def write(self, path: Path, level: int | None, tensors: Mapping[str, StoredTensor]) -> None:
        """Write in the container of the release."""
        write_stream(path, tensors, self.options[level])

    @contextmanager
    def open(self, path: Path) -> Iterator[dict[str, StoredTensor]]:
        """Open a file that was written before."""
        yield open_released(path).tensors

    def closing_files(self) -> Closing:
        """Lists of lines `name;id`, as the release has them."""
        return {name: partial(_write_lines, lines) for name, lines in self.lists.items()}


def _lists_by_version(source: WeightSource) -> dict[str, list[str]]:
    """The lists of names as released files: v2_artist_ids.txt and so on."""
    lists: dict[str, list[str]] = {}
    for prior, known in zip(source.parts.priors, source.known_names, strict=False):
        if prior is None or prior.labels is None:
            continue
        for kind, names in (("artist", known.artists), ("genre", known.genres)):
            ids = known.ids(kind) or tuple(range(len(names)))
            lines = [f"{name};{number}" for name, number in zip(names, ids, strict=True)]
            file = f"{prior.labels.version}_{kind}_ids.txt"
            if lines and lists.setdefault(file, lines) != lines:
                advice = "Convert to a model folder: there every level may have its own."
                raise ConfigError(
                    must(f"{kind} names", prior.level, f"one list for all levels of {file}", advice)
                )
    return lists


def _write_lines(lines: list[str], path: Path) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


class PortTarget(Target):
    """A folder in the layout of the port: one shard per part, an index and a configuration."""

    repeats_shared = True

    def __init__(self, source: WeightSource, folder: Path) -> None:
        super().__init__(source, folder)
        self.config = source.parts.whole()
        self.description = write_port_config(self.config)

    def file(self, level: int | None) -> Path:
        """Shards are numbered: the codec, then the priors from the bottom up."""
        n = len(self.config.priors) + 1
        number = 1 if level is None else level + 2
        return self.folder / f"model-{number:05}-of-{n:05}.safetensors"

    def rename(self, level: int | None, names: Names) -> str:
        """The port's name, with the prefix of its part."""
        return part_prefix(level, len(self.config.priors)) + names.port

    def closing_files(self) -> Closing:
        """Names, configuration, and last the index: with it the folder is a model."""
        weight_map, total = {}, 0
        for level in self.source.levels:
            path = self.file(level)
            with open_safetensors(path) as tensors:
                weight_map.update(dict.fromkeys(tensors, path.name))
                total += sum(n_bytes(stored) for stored in tensors.values())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        names = list_contents(self.source.known_names)
        if names:
            (self.folder / NAMES_FOLDER).mkdir(exist_ok=True)
        return {
            **{f"{NAMES_FOLDER}/{name}": partial(write_json, data) for name, data in names.items()},
            CONFIG_FILE: partial(write_json, self.description),
            "model.safetensors.index.json": partial(write_json, index),
        }


TARGETS: dict[str, type[Target]] = {
    "folder": FolderTarget,
    "openai": OpenAITarget,
    "port": PortTarget,
}
