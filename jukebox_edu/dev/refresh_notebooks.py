"""Run the notebooks anew and store their outputs: `python -m jukebox_edu.dev.refresh_notebooks`.

What
    nbval compares stored outputs with new ones, and compares nothing where a cell was never run.
    So notebooks are kept with outputs, and this command makes them: it runs every notebook from
    top to bottom in a fresh kernel, takes out what changes from run to run (widget state, times),
    and runs it a second time to see that text and HTML come out equal.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from jukebox_edu.dev.addresses import FIRST_CELL, badge
from jukebox_edu.errors import RunError

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
IGNORED = ("nbval-ignore-output", "nbval-skip")  # tags of cells whose output is not compared


def begin_alike(notebook: Any, name: str) -> None:
    """Write the badge into the first text, and the first code cell, as `addresses` says.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    first = notebook.cells[0]
    first.source = re.sub(r"\[!\[Open in Colab\]\(.*?\)\]\(.*?\)", badge(name), first.source)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.source = FIRST_CELL


def executed(path: Path, timeout: int) -> Any:
    """Run a notebook in its own folder and return it with outputs, cleaned.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    begin_alike(notebook, path.name)
    client = NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": "."}}
    )
    client.resources["metadata"]["path"] = str(path.parent)
    client.execute(env={**os.environ, "JUKEBOX_EDU_QUIET": "1"})
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
    return notebook


def softened(text: str, rules: list[tuple[str, str]]) -> str:
    """Apply nbval's sanitizing rules.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text


def compared_outputs(notebook: Any, rules: list[tuple[str, str]]) -> list[str]:
    """Text and HTML of every compared cell, sanitized as nbval does.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    texts = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or set(cell.metadata.get("tags", ())) & set(IGNORED):
            continue
        parts = [str(output.get("text", "")) for output in cell.outputs]
        for output in cell.outputs:
            data = output.get("data", {})
            parts += [str(v) for k, v in sorted(data.items()) if not k.startswith("image/")]
        texts.append(softened("".join(parts), rules))
    return texts


def read_rules(path: Path) -> list[tuple[str, str]]:
    """Read nbval's file of sanitizing rules.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parser = ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    return [(parser[name]["regex"], parser[name]["replace"]) for name in parser.sections()]


def refresh(path: Path, rules: list[tuple[str, str]], timeout: int) -> None:
    """Run one notebook twice, compare, and store the first run.

    Raises
    ------
    RunError
        If the second run gave other text or HTML.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    import nbformat

    first = executed(path, timeout)
    part = path.with_suffix(".ipynb.part")
    nbformat.write(first, part)
    os.replace(part, path)
    again = executed(path, timeout)
    pairs = zip(compared_outputs(first, rules), compared_outputs(again, rules), strict=True)
    for number, (one, two) in enumerate(pairs, 1):
        if one != two:
            raise RunError(
                f"{path}: compared cell {number} gives other output every time. Print less, round, "
                f"or tag it {IGNORED[0]!r}."
            )


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    parser = argparse.ArgumentParser(prog="refresh_notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    parser.add_argument("--timeout", type=int, default=300, help="seconds allowed to a cell")
    given = parser.parse_args(arguments)
    rules = read_rules(Path("tests/nbval_sanitize.cfg"))
    for path in given.notebooks or sorted(Path("notebooks").glob("*.ipynb")):
        refresh(path, rules, given.timeout)
        sys.stdout.write(f"{path}: run twice, stored\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
