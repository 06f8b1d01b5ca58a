"""Notebooks are stored with outputs that nbval really compares."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IGNORED = {"nbval-ignore-output", "nbval-skip", "raises-exception"}
SPEAKING = ("text/plain", "text/html")


def code_cells(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook, [
        c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()
    ]


def stored_text(cell):
    """Text or HTML that a cell stores; the line that stands for a picture does not count."""
    parts = []
    for output in cell["outputs"]:
        parts.append("".join(output.get("text", "")))
        data = output.get("data", {})
        parts += ["".join(data[kind]) for kind in SPEAKING if kind in data]
    return "".join(p for p in parts if not p.startswith("<Figure"))


def tags(cell):
    return set(cell["metadata"].get("tags", ()))


def test_there_are_notebooks():
    assert [p.name for p in NOTEBOOKS if p.name.startswith("00_")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_was_run_in_order_without_error(path):
    notebook, cells = code_cells(path)
    assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1))
    assert not [o for c in cells for o in c["outputs"] if o["output_type"] == "error"]
    assert "widgets" not in notebook["metadata"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_really_compared(path, capsys):
    _, cells = code_cells(path)
    speaking = [c for c in cells if stored_text(c).strip()]
    compared = [c for c in speaking if not tags(c) & IGNORED]
    share = len(compared) / len(speaking)
    with capsys.disabled():
        sys.stdout.write(f"\n{path.name}: {len(compared)} of {len(speaking)} speaking cells\n")
    assert len(compared) >= 8
    assert share >= 0.8


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_size_and_privacy(path):
    assert path.stat().st_size <= 1.2e6
    _, cells = code_cells(path)
    for cell in cells:
        assert len(json.dumps(cell["outputs"])) <= 400e3
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/", text)


def test_nbval_notices_a_changed_number(tmp_path):
    """The guard guards: an edited output in a copy must fail."""
    path = tmp_path / "copy.ipynb"
    source = ["print(6 * 7)"]
    cell = {
        "cell_type": "code", "id": "a", "metadata": {}, "source": source, "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["43\n"]}],
    }  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(notebook), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
    ]
    ran = subprocess.run([*command, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 1
    assert "43" in ran.stdout and "42" in ran.stdout
