"""Every notebook begins alike, and the repository's address stands in one place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jukebox_edu.dev.addresses import FIRST_CELL, REPOSITORY, badge

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IGNORED = "nbval-ignore-output"


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_first_text_has_the_badge_and_first_code_installs_on_colab_only(path):
    first = cells(path)[0]
    assert first["cell_type"] == "markdown"
    text = "".join(first["source"])
    assert text.startswith("# ") and text.count(badge(path.name)) == 1
    code = next(c for c in cells(path) if c["cell_type"] == "code")
    assert "".join(code["source"]) == FIRST_CELL
    assert len(FIRST_CELL.splitlines()) <= 4 and not code["outputs"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_is_not_compared_is_followed_by_an_assertion(path):
    code = [c for c in cells(path) if c["cell_type"] == "code"]
    for cell, after in zip(code, [*code[1:], None], strict=True):
        if IGNORED in cell["metadata"].get("tags", ()):
            assert after is not None and "assert" in "".join(after["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_teaching_budget(path):
    code = ["".join(c["source"]) for c in cells(path) if c["cell_type"] == "code"]
    prose = " ".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "markdown")
    lines = sorted(len([x for x in c.splitlines() if x.strip()]) for c in code)
    assert 15 <= len(code) <= 25
    assert lines[len(lines) // 2] <= 6 and lines[-1] <= 25
    assert 900 <= len(prose.split()) <= 2000


def test_address_stands_in_one_place():
    pages = [*(ROOT / "jukebox_edu").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    holders = [p.name for p in pages if f'"{REPOSITORY}"' in p.read_text(encoding="utf-8")]
    assert holders == ["addresses.py"]
