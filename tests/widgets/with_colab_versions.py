"""Run the tests of the widgets with the ipywidgets and IPython of Google Colab.

    python tests/widgets/with_colab_versions.py [FOLDER] [arguments of pytest]

The old versions are installed into FOLDER (default: a temporary one) and stand before those of the
environment; nothing else changes. A FOLDER that is there already is used as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wanted() -> list[str]:
    """What constraints-colab.txt asks for."""
    text = (ROOT / "constraints-colab.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def install(folder: Path) -> None:
    """Install the old versions, with all they need, into a folder of their own."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
    subprocess.run([*pip, *wanted()], check=True)


def run(folder: Path, arguments: list[str]) -> int:
    """Run the tests of this folder with `folder` before everything else."""
    check = (
        "import IPython, ipywidgets; "
        "print(f'ipywidgets {ipywidgets.__version__}, IPython {IPython.__version__}', flush=True)"
    )
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run([sys.executable, "-c", check], env=environment, cwd=ROOT, check=True)
    tests = [str(Path(__file__).parent), "-m", "not browser"]
    quiet = ["-W", "ignore::DeprecationWarning"]  # the old packages use what is old today
    command = [sys.executable, "-m", "pytest", *tests, *quiet, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    """Install if needed, then run."""
    if arguments and not arguments[0].startswith("-"):
        folder = Path(arguments[0]).resolve()
        if not folder.exists():
            install(folder)
        return run(folder, arguments[1:])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "site"
        install(folder)
        return run(folder, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
