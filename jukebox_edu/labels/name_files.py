"""Files that hold names of artists or genres, in two forms.

What
    The released models come with text files of lines `name;id`; our models with a JSON list of
    names whose index is the id.
Conventions
    UTF-8. Nothing is looked up here, nothing is written.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import json
from pathlib import Path

from jukebox_edu.errors import CheckpointError


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file. A list of names is needed here.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read as UTF-8 text: {error}.") from None


def read_name_list(path: str | Path) -> list[str]:
    """Read a JSON list of names.

    Raises
    ------
    CheckpointError
        If the file is missing or holds something else.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        names = json.loads(_read(path))
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path} is no JSON: {error}.") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{path} is no JSON list of names.")
    return names


def read_id_file(path: str | Path) -> list[tuple[str, int]]:
    """Read lines `name;id` in their order, names in lower case; empty lines are skipped.

    Raises
    ------
    CheckpointError
        If the file is missing or a line has another form.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    pairs = []
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if not line.strip():
            continue
        name, *rest = line.strip().split(";")
        if len(rest) != 1 or not rest[0].isdecimal():
            raise CheckpointError(f"{path}, line {number}: {line!r} is not of the form name;id.")
        pairs.append((name.lower(), int(rest[0])))
    if not pairs:
        raise CheckpointError(f"{path} holds no line of the form name;id.")
    return pairs
