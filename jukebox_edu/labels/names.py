"""Artists and genres: from the name a person types to the number a model knows.

What
    A `Vocabulary` is one list of names with their ids. Every model version has its own lists and
    its own idea of when two names are the same (`normalize`):

        "v2"    letters and digits only, "Céline Dion" -> "c_line_dion"; a genre is a bag of words,
                each looked up alone: "Blues Rock" -> blues, rock
        "v3"    lower case, otherwise as written; a genre is one name: "Blues Rock" -> blues rock
        "tiny"  ours: the plain name, in upper or lower case

Conventions
    Id 0 is "unknown". A name that is not listed falls to 0, never silently: `UnknownNameWarning`
    names the nearest entries. Invisible characters that come along with copied text are ignored.
Paper: [Jukebox §4.1]
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jukebox_edu.errors import ConfigError, LyricsError, must
from jukebox_edu.labels.name_files import read_id_file, read_name_list
from jukebox_edu.labels.similar import most_alike, plain
from jukebox_edu.labels.text import VERSIONS

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_HARD_SPACES = re.compile("[\u00a0\u2007\u202f]")


class UnknownNameWarning(UserWarning):
    """An artist or genre is not in the model's list, so the model is told "unknown".

    Lesson: notebooks/07_style_and_time.ipynb
    """


def report_unknown(messages: Iterable[str], *, strict: bool) -> None:
    """Warn about names that are not listed, or raise `LyricsError` if `strict`.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    for message in messages:
        if strict:
            raise LyricsError(message)
        warnings.warn(message, UnknownNameWarning, stacklevel=3)


def strip_hidden(name: str) -> str:
    """Remove zero-width characters; hard spaces become plain ones and go at the ends.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    visible = _INVISIBLE.sub("", name)
    return _HARD_SPACES.sub(" ", visible.strip("\u00a0\u2007\u202f"))


def normalize(name: str, version: str) -> str:
    """Form in which a version compares names.

    Lesson: notebooks/07_style_and_time.ipynb

    >>> normalize("  The   Beatles!! ", "v2"), normalize("Hip-Hop", "v3")
    ('the_beatles', 'hip-hop')
    """
    if version not in VERSIONS:
        raise ConfigError(must("version", version, f"one of {VERSIONS}"))
    if version == "v2":
        return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
    return name.lower() if version == "v3" else strip_hidden(name).strip().lower()


@dataclass(frozen=True)
class NameMatch:
    """Outcome of looking up one artist or genre.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    given: str  # the name as typed
    ids: tuple[int, ...]  # one id; several for a genre of version v2
    used: str  # what the model is told, as its list spells it
    unknown: tuple[str, ...]  # the parts that are not in the list


@dataclass(frozen=True)
class Vocabulary:
    """One list of names and their ids.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    names: tuple[str, ...]  # as listed; of two entries of the same name the later counts
    ids: tuple[int, ...]  # id of each
    version: str = "tiny"  # rules of comparison: "v2", "v3" or "tiny"
    kind: str = "artist"  # "artist" or "genre"

    def __post_init__(self) -> None:
        """Check the values."""
        normalize("", self.version)  # raises for an unknown version
        if self.kind not in ("artist", "genre"):
            raise ConfigError(must("kind", self.kind, "'artist' or 'genre'"))
        if len(self.names) != len(self.ids) or not self.names or min(self.ids) < 0:
            raise ConfigError(must("ids", self.ids, f"{len(self.names)} ids from 0, one per name"))

    @classmethod
    def from_names(
        cls, names: Sequence[str], version: str = "tiny", kind: str = "artist"
    ) -> Vocabulary:
        """Build a vocabulary from a list of names whose order gives the ids.

        Raises
        ------
        ConfigError
            If the first name is not "unknown", two names are the same, or a name is not written
            as version "v2" or "v3" compares names.

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        if not names or names[0] != "unknown":
            raise ConfigError(must("names", list(names), 'a list that starts with "unknown"'))
        keys = [normalize(name, version) for name in names]
        if len(set(keys)) < len(keys):
            twice = [name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1]
            raise ConfigError(must("names", twice, "different from each other"))
        if version != "tiny" and keys != list(names):
            other = [name for name, key in zip(names, keys, strict=True) if name != key]
            raise ConfigError(must("names", other, f"written as {version} compares names"))
        return cls(tuple(names), tuple(range(len(names))), version, kind)

    @classmethod
    def from_json(cls, path: str | Path, version: str = "tiny", kind: str = "artist") -> Vocabulary:
        """Read our own format: a JSON list of names, index = id, the first one "unknown".

        Lesson: notebooks/12_teach_it_your_music.ipynb
        """
        return cls.from_names(read_name_list(path), version, kind)

    @classmethod
    def from_id_file(cls, path: str | Path, version: str, kind: str = "artist") -> Vocabulary:
        """Read a list of the released models: UTF-8 lines of the form `name;id`.

        Raises
        ------
        CheckpointError
            If the file is missing or a line has another form.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        pairs = read_id_file(path)
        return cls(tuple(n for n, _ in pairs), tuple(k for _, k in pairs), version, kind)

    @functools.cached_property
    def _id_by_key(self) -> dict[str, int]:
        """Ids by compared name; the released lists are compared as they are written."""
        tiny = self.version == "tiny"
        keys = [normalize(name, "tiny") if tiny else name for name in self.names]
        return dict(zip(keys, self.ids, strict=True))

    @functools.cached_property
    def _names_by_id(self) -> dict[int, list[str]]:
        by_id: dict[int, list[str]] = {}
        keys = {normalize(name, "tiny"): name for name in self.names}
        for key, number in self._id_by_key.items():
            by_id.setdefault(number, []).append(keys[key] if self.version == "tiny" else key)
        return by_id

    @property
    def n_ids(self) -> int:
        """Rows an embedding table needs for this list."""
        return max(self.ids) + 1

    @property
    def listed(self) -> tuple[str, ...]:
        """All names in the order of their ids, "unknown" left out."""
        ordered = sorted(self._names_by_id.items())
        return tuple(name for number, names in ordered if number > 0 for name in names)

    def name_of(self, ids: int | Iterable[int]) -> str:
        """Name of an id, or of a genre's ids; empty slots (-1) are skipped.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        numbers = [ids] if isinstance(ids, int) else [int(number) for number in ids]
        joined = ["_".join(sorted(self._names_by_id.get(k, []))) for k in numbers if k >= 0]
        return "_".join(joined)

    def knows(self, name: str) -> bool:
        """Whether every part of the name is listed.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        return all(part in self._id_by_key for part in self._parts(name))

    def _parts(self, name: str) -> list[str]:
        """What is looked up for a name: itself, or each word of a genre of version v2.

        Tried in turn: the name as typed under the version's rules, the same without hidden
        characters, and the very spelling of the list.
        """
        if not isinstance(name, str):
            raise LyricsError(must(self.kind, name, "a name (str)"))
        bag_of_words = self.version == "v2" and self.kind == "genre"
        for candidate in (name, strip_hidden(name)):
            key = normalize(candidate, self.version)
            parts = key.split("_") if bag_of_words else [key]
            if all(part in self._id_by_key for part in parts):
                return parts
        return [name.lower()] if name.lower() in self._id_by_key else parts

    def match(self, name: str) -> NameMatch:
        """Look a name up, without any warning. An empty name asks for "unknown".

        Lesson: notebooks/07_style_and_time.ipynb
        """
        parts = self._parts(name)
        ids = tuple(self._id_by_key.get(part, 0) for part in parts)
        unlisted = (part for part in parts if part not in self._id_by_key)
        unknown = tuple(part for part in unlisted if part not in ("", "unknown"))
        told = " + ".join(self.name_of(k) if k > 0 else "unknown" for k in ids)
        return NameMatch(name, ids, told, unknown)

    def explain_unknown(self, match: NameMatch) -> str:
        """Say what is not listed and what comes near it; empty if everything is listed.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        if not match.unknown:
            return ""
        parts = "" if len(match.ids) == 1 else f" ({', '.join(map(repr, match.unknown))})"
        nearest = dict.fromkeys(name for part in match.unknown for name in self.find(part, 3))
        hint = ", ".join(map(repr, list(nearest)[:5])) or "none"
        return (
            f"{self.kind} {match.given!r}{parts} is not among the {len(self.listed):,} names of "
            f'the {self.version} list, so the model is told "unknown". Nearest names: {hint}.'
        )

    def ids_of(self, name: str, *, strict: bool = False) -> tuple[int, ...]:
        """Ids of a name; warns with the nearest names if it is not listed.

        Raises
        ------
        LyricsError
            If `strict` and the name is not listed.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        match = self.match(name)
        if match.unknown:
            report_unknown([self.explain_unknown(match)], strict=strict)
        return match.ids

    def find(self, name: str, n: int = 5) -> tuple[str, ...]:
        """Listed names that look most like `name`, best first; may be empty.

        Accents do not matter, and the beginning of a name is enough.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        wanted = normalize(plain(strip_hidden(name)), self.version)
        return most_alike(wanted, self.listed, n)


@dataclass(frozen=True)
class LabelVocabularies:
    """The two lists of one model.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    artists: Vocabulary  # kind "artist"
    genres: Vocabulary  # kind "genre"

    def __post_init__(self) -> None:
        """Check the values."""
        kinds = (self.artists.kind, self.genres.kind)
        if kinds != ("artist", "genre"):
            raise ConfigError(must("kind", kinds, "'artist' for artists and 'genre' for genres"))
