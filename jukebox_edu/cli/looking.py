"""`jukebox-edu doctor` and `jukebox-edu models`: what is here, and whether it works.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "numpy", "safetensors", "soundfile", "librosa", "matplotlib", "ipywidgets",
            "mutagen", "text-unidecode")  # fmt: skip


def add_commands(commands: Any) -> None:
    """Add `doctor` and `models` to the parser.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    doctor = commands.add_parser("doctor", help="what is installed here, and whether it works")
    doctor.set_defaults(run=run_doctor)
    models = commands.add_parser("models", help="names, sizes, needs of all models")
    models.set_defaults(run=run_models)


def run_models(arguments: argparse.Namespace) -> None:
    """Print the table of models.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu.model import models

    print(models())


def run_doctor(arguments: argparse.Namespace) -> None:
    """Print a report, one line per finding.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    for name, finding in report():
        print(f"{name:16} {finding}")


def report() -> Iterator[tuple[str, str]]:
    """Names and findings.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    from jukebox_edu import __version__

    yield "jukebox_edu", f"{__version__} in {Path(__file__).resolve().parent.parent}"
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    for package in PACKAGES:
        yield package, _version_of(package)
    yield "devices", _devices()
    yield "released models", _fits()
    yield "models", _models()
    yield "songs", _songs()
    yield "sound formats", _formats()
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield "free disk", f"{free:.1f} GB in {Path.cwd()}"


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return f"MISSING: {sys.executable} -m pip install {package}"


def _devices() -> str:
    import torch

    found = [f"cpu ({torch.get_num_threads()} threads)"]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found.append(f"cuda:{index} ({properties.name}, {properties.total_memory / 1e9:.0f} GB)")
    if torch.backends.mps.is_available():
        found.append("mps")
    return ", ".join(found)


def _fits() -> str:
    """Which released models would work here, one level in memory at a time."""
    from jukebox_edu.model.devices import this_card
    from jukebox_edu.released import MODEL_SETS
    from jukebox_edu.sampling.cards import fit

    card, found = this_card(), []
    for config in MODEL_SETS.values():
        fits = fit(config, card)
        how = f"{min(fits.n_samples)} at once in {fits.dtype}" if fits.works else "no"
        found.append(f"{config.name}: {how}")
    return f"{', '.join(found)} (in {card.memory_gb:.0f} GB of {card.name})"


def _models() -> str:
    """Whether the bundled model can be loaded."""
    from jukebox_edu.errors import JukeboxError
    from jukebox_edu.model import load

    try:
        model = load("tiny", device="cpu")
    except JukeboxError as error:
        return f"PROBLEM: {error}"
    return f"{model.config.name}: {', '.join(model.artists())}"


def _songs() -> str:
    from jukebox_edu.errors import JukeboxError
    from jukebox_edu.samples import data_samples

    try:
        return f"{len(data_samples())} bundled"
    except JukeboxError as error:
        return f"PROBLEM: {error}"


def _formats() -> str:
    """What libsndfile can write of what we use."""
    import soundfile

    known = soundfile.available_formats()
    wanted = ("WAV", "FLAC", "OGG", "MP3")
    missing = [name for name in wanted if name not in known]
    text = f"{', '.join(name.lower() for name in wanted if name in known)}"
    lacking = f"; MISSING: {', '.join(missing)}" if missing else ""
    return f"{text} (libsndfile {soundfile.__libsndfile_version__}){lacking}"
