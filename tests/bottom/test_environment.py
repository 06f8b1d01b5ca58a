"""The ways to install agree: pyproject.toml, environment.yml, constraints.txt, Makefile."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def by_name(lines: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


def environment() -> dict[str, Any]:
    return yaml.safe_load((TOP / "environment.yml").read_text(encoding="utf-8"))


def pip_lines() -> list[str]:
    (section,) = [d["pip"] for d in environment()["dependencies"] if isinstance(d, dict)]
    return section


def constraints() -> dict[str, Requirement]:
    lines = (TOP / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return by_name([line for line in lines if line and not line.startswith("#")])


def test_conda_installs_this_checkout_and_brings_only_python() -> None:
    env = environment()
    assert env["name"] == "jukebox-edu" and env["channels"] == ["conda-forge"]
    conda = [d for d in env["dependencies"] if isinstance(d, str)]
    assert conda == ["python=3.11", "pip"]
    assert "-e .[lab,test]" in pip_lines() and "-c constraints.txt" in pip_lines()


def test_conda_names_what_pyproject_names_with_the_same_floors() -> None:
    named = by_name([line for line in pip_lines() if not line.startswith("-")])
    wanted = by_name(PROJECT["dependencies"] + EXTRAS["lab"] + EXTRAS["test"])
    assert set(by_name(PROJECT["dependencies"])) | {"jupyterlab", "nbval"} <= set(named)
    assert {n: str(r.specifier) for n, r in named.items()} == {
        n: str(wanted[n].specifier) for n in named
    }


def test_every_requirement_is_pinned_within_its_floor() -> None:
    pins = constraints()
    for name, wanted in by_name(PROJECT["dependencies"] + EXTRAS["lab"] + EXTRAS["test"]).items():
        (pin,) = pins[name].specifier
        assert pin.operator == "==" and wanted.specifier.contains(pin.version), name
    assert str(pins["torch"].specifier) == "==2.13.0"


def test_constraints_are_plain_pins() -> None:
    for name, pin in constraints().items():
        assert pin.url is None and len(pin.specifier) == 1, name
        assert "+" not in str(pin.specifier), f"{name}: a local version cannot be found elsewhere"


def test_oldest_python_is_the_same_everywhere() -> None:
    assert PROJECT["requires-python"] == ">=3.10"
    assert "version_info < (3, 10)" in (TOP / "Makefile").read_text(encoding="utf-8")


def test_every_make_target_is_documented() -> None:
    text = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):(?!=)(.*)$", text, flags=re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    assert phony is not None and [name for name, _ in targets] == phony[1].split()
    assert {"setup", "demo", "lab", "test", "notebooks", "browser", "bench", "lint"} <= {
        name for name, _ in targets
    }
    for name, rest in targets:
        assert re.search(r"## \w+", rest), f"make {name} has no line of help"


@pytest.mark.parametrize("file", [".ci/run", ".github/workflows/test.yml"])
def test_continuous_integration_runs_what_people_run(file: str) -> None:
    assert "make test" in (TOP / file).read_text(encoding="utf-8")
