"""The names that a model's label tables stand for, level by level.

What
    A level knows artists and genres by number. In a model folder the names are JSON lists:

        artists.json      the names of every level that has no list of its own
        artists_2.json    those of level 2 alone (and likewise genres)

    A list holds names, whose place is their id, or pairs [name, id] where several names share an
    id, as in the released lists. The first of the six sets that needs lists of its own per level
    is 1b_lyrics: version v3 at the top, v2 below.
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import CheckpointError, ConfigError, must
from jukebox_edu.labels import LabelVocabularies, Vocabulary

MAX_JSON = 16 * 2**20  # bytes; longer lists of names are not read
KINDS = ("artists", "genres")


@dataclass(frozen=True)
class KnownNames:
    """Names that the label tables of a level stand for.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    artists: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    artist_ids: tuple[int, ...] = ()  # of each artist; empty: its place in the list
    genre_ids: tuple[int, ...] = ()  # likewise

    def __post_init__(self) -> None:
        """Check that there are as many ids as names."""
        for kind, names in (("artist", self.artists), ("genre", self.genres)):
            ids = self.ids(kind)
            if ids and (len(ids) != len(names) or min(ids) < 0):
                raise CheckpointError(f"The {kind} list has {len(names)} names, {len(ids)} ids.")

    def ids(self, kind: str) -> tuple[int, ...]:
        """Ids of the "artist"s or "genre"s; empty where the place in the list counts."""
        return self.artist_ids if kind == "artist" else self.genre_ids

    def n_rows(self, kind: str) -> int:
        """Rows that a table for these names needs."""
        names = self.artists if kind == "artist" else self.genres
        return max(self.ids(kind), default=len(names) - 1) + 1

    def vocabularies(self, version: str) -> LabelVocabularies:
        """The names as a level with labels of this version looks them up.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        lists = []
        for kind, names in (("artist", self.artists), ("genre", self.genres)):
            ids = self.ids(kind)
            if ids:
                lists.append(Vocabulary(names, ids, version, kind))
            else:
                lists.append(Vocabulary.from_names(names or ("unknown",), version, kind))
        return LabelVocabularies(*lists)


def check_names(prior: PriorConfig, names: KnownNames, *, whole: bool = False) -> None:
    """Refuse lists that do not fit into a prior's tables.

    Parameters
    ----------
    whole
        Whether a list without ids must name every row of its table.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    for kind, listed in (("artist", names.artists), ("genre", names.genres)):
        rows = getattr(prior.labels, f"n_{kind}s", 0)
        if not listed or (prior.labels is None and not whole):
            continue
        argument, where = f"len({kind}s)", f"rows of the {kind} table of level {prior.level}"
        if whole and not names.ids(kind) and len(listed) != rows:
            raise ConfigError(must(argument, len(listed), f"{rows}, the {where}"))
        if names.n_rows(kind) > rows:
            raise ConfigError(must(argument, names.n_rows(kind), f"at most {rows}, the {where}"))


def load_known_names(folder: str | Path, level: int | None = None) -> KnownNames:
    """Read the lists of a model folder; empty where it has none.

    Parameters
    ----------
    level
        Whose lists, 0 = bottom; None: those for all levels that have none of their own.

    Raises
    ------
    CheckpointError
        If a list is damaged.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    found: dict[str, Any] = {}
    for kind in KINDS:
        own = Path(folder) / list_file(kind, level)
        path = own if own.exists() else Path(folder) / list_file(kind)
        names, ids = _names_and_ids(path, read_json(path) if path.exists() else [])
        found[kind], found[f"{kind[:-1]}_ids"] = names, ids
    return KnownNames(**found)


def _names_and_ids(path: Path, data: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if isinstance(data, list) and all(isinstance(name, str) for name in data):
        return tuple(data), ()
    if isinstance(data, list) and all(map(_is_pair, data)):
        return tuple(name for name, _ in data), tuple(number for _, number in data)
    raise CheckpointError(f"{path} is not a list of names. Copy the folder again.")


def _is_pair(item: Any) -> bool:
    if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], str):
        return False
    return type(item[1]) is int and 0 <= item[1] < 2**31


def list_file(kind: str, level: int | None = None) -> str:
    """Name of a list: of "artists" or "genres", for one level or (None) for all others.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> list_file("genres", 2)
    'genres_2.json'
    """
    return f"{kind}.json" if level is None else f"{kind}_{int(level)}.json"


def list_contents(names: Sequence[KnownNames]) -> dict[str, list[Any]]:
    """What the list files of a model hold, by file name.

    The bottom level's lists serve all levels; a level with others gets files of its own.

    Parameters
    ----------
    names
        Of every level, bottom first.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    contents: dict[str, list[Any]] = {}
    for level, known in enumerate(names):
        for kind in KINDS:
            data = _as_json(getattr(known, kind), known.ids(kind[:-1]))
            if data and level == 0:
                contents[list_file(kind)] = data
            elif data and data != contents.get(list_file(kind)):
                contents[list_file(kind, level)] = data
    return contents


def only_version_2(contents: dict[str, list[Any]]) -> bool:
    """Whether version 1 of the folder's format could not say these lists.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    shared = {list_file(kind) for kind in KINDS}
    pairs = any(isinstance(item, list) for data in contents.values() for item in data[:1])
    return pairs or not set(contents) <= shared


def _as_json(names: tuple[str, ...], ids: tuple[int, ...]) -> list[Any]:
    return [list(pair) for pair in zip(names, ids, strict=True)] if ids else list(names)


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder.

    Raises
    ------
    CheckpointError
        If it is missing, too large, or no JSON.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not path.is_file():
        raise CheckpointError(f"There is no {path.name} in {path.parent}: it is no model folder.")
    if path.stat().st_size > MAX_JSON:
        raise CheckpointError(f"{path} has {path.stat().st_size} bytes, too many to be right.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise CheckpointError(f"{path} is no readable JSON: {str(error)[:100]}") from None
