"""The house keeps its order: imports point down, as jukebox_edu/rooms.py lists the rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jukebox_edu import rooms

PACKAGE = Path(rooms.__file__).parent
ROW_OF = {room: number for number, row in enumerate(rooms.ROWS) for room in row}


@dataclass(frozen=True)
class Import:
    """One import of the package by itself."""

    module: str  # who imports, without "jukebox_edu."
    target: str  # what, without "jukebox_edu."
    at_load: bool  # False: inside a function or for type checking only
    line: int  # line number


def modules() -> dict[str, Path]:
    """All modules of the package by dotted name, without "jukebox_edu."."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])] = path
    return found


def imports_of(module: str, path: Path, known: set[str]) -> Iterator[Import]:
    """All imports of jukebox_edu in one file."""
    package = ["jukebox_edu", *module.split(".")]
    if path.name != "__init__.py" or module == "__init__":
        package = package[:-1]

    def walk(node: ast.AST, at_load: bool) -> Iterator[Import]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_load = False
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in node.body:
                yield from walk(child, False)
            for child in node.orelse:
                yield from walk(child, at_load)
            return
        for name in names(node):
            if name == "jukebox_edu" or name.startswith("jukebox_edu."):
                target = name.removeprefix("jukebox_edu").removeprefix(".") or "__init__"
                yield Import(module, target, at_load, node.lineno)  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            yield from walk(child, at_load)

    def names(node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if not isinstance(node, ast.ImportFrom):
            return []
        base = package[: len(package) + 1 - node.level] if node.level else []
        origin = ".".join([*base, *([node.module] if node.module else [])])
        if origin == "jukebox_edu":  # from jukebox_edu import units, load
            return [f"{origin}.{a.name}" if a.name in known else origin for a in node.names]
        return [origin]

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True)


def room_of(module: str) -> str:
    return module.split(".")[0]


def verdict(found: Import) -> str | None:
    """Say what is wrong with an import; None: nothing."""
    room, target = room_of(found.module), room_of(found.target)
    where = f"{found.module}:{found.line} imports {found.target}"
    if (room, target) in rooms.STRANGERS:
        return f"{where}: {room} must know nothing of {target}"
    if ROW_OF[target] >= ROW_OF[room]:
        return None
    if found.at_load:
        return f"{where} from a row above its own, when it is loaded"
    allowed = any((name, target) in rooms.LOOK_UPS for name in (found.module, room))
    return None if allowed else f"{where} from above; rooms.LOOK_UPS does not list it"


ALL = modules()
FOUND = [i for name, path in ALL.items() for i in imports_of(name, path, set(map(room_of, ALL)))]


def test_every_file_is_in_a_room() -> None:
    assert sorted({room_of(name) for name in ALL} - set(ROW_OF)) == []
    names = [room for row in rooms.ROWS for room in row]
    assert len(names) == len(set(names))


def test_imports_point_down() -> None:
    wrong = [text for text in map(verdict, FOUND) if text]
    assert not wrong, "\n".join(wrong)


def test_look_ups_are_all_used() -> None:
    used = {(i.module, room_of(i.target)) for i in FOUND if not i.at_load}
    used |= {(room_of(module), target) for module, target in used}
    stale = [entry for entry in rooms.LOOK_UPS if entry[0] in ALL and entry not in used]
    assert stale == []


def test_strangers_are_below() -> None:
    for room, stranger in rooms.STRANGERS:
        assert ROW_OF[stranger] > ROW_OF[room]  # imports from above are refused anyway


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("vqvae.encoder", "from jukebox_edu.nn import conv", False),
        ("vqvae.encoder", "from jukebox_edu.vqvae.losses import mel", False),
        ("vqvae.encoder", "from jukebox_edu import units", False),
        ("vqvae.encoder", "from . import losses", False),
        ("vqvae.encoder", "from ..nn import conv", False),
        ("config", "from jukebox_edu.errors import must", False),
        ("vqvae.encoder", "from jukebox_edu.prior import Prior", True),
        ("vqvae.encoder", "from ..prior import Prior", True),
        ("vqvae.encoder", "import jukebox_edu", True),
        ("vqvae.encoder", "from jukebox_edu import load", True),
        ("prior.prior", "from jukebox_edu.vqvae import VQVAE", True),
        ("prior.prior", "def f():\n    from jukebox_edu.vqvae import VQVAE", True),
        ("vqvae.encoder", "def f():\n    import jukebox_edu.model", True),
        ("vqvae.encoder", "if TYPE_CHECKING:\n    import jukebox_edu.model", True),
        ("alignment", "def plot():\n    from jukebox_edu import plotting", False),
        ("alignment", "from jukebox_edu import plotting", True),
        ("errors", "try:\n    import jukebox_edu.audio\nexcept ImportError: pass", True),
    ],
)
def test_this_test_sees_what_is_wrong(module: str, line: str, wrong: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text(line)
    found = list(imports_of(module, path, set(ROW_OF)))
    assert len(found) == 1 and bool(verdict(found[0])) == wrong
