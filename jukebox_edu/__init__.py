"""Jukebox, readable and running: lyrics and style in, a sung song out.

>>> import jukebox_edu as jb                                  # doctest: +SKIP
>>> model = jb.load("tiny")                                   # doctest: +SKIP
>>> model.sample("la la la", seconds=10).save("my_song")      # doctest: +SKIP

Names are loaded when they are first used, so that `import jukebox_edu` is quick and does not
need torch.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Jukebox": "model",
    "SamplingOptions": "sampling",
    "Song": "song",
    "SongLabels": "labels",
    "SongPart": "model",
    "bundled_run": "runs",
    "bundled_runs": "runs",
    "data_samples": "samples",
    "find_artist": "model",
    "load": "model",
    "models": "model",
}
_ROOMS = (
    "alignment",
    "audio",
    "checkpoints",
    "config",
    "errors",
    "evaluation",
    "exercises",
    "labels",
    "page",
    "plotting",
    "prior",
    "released",
    "runs",
    "samples",
    "sampling",
    "songbook",
    "training",
    "transformer",
    "units",
    "vqvae",
    "widgets",
)

__all__ = ["__version__", *_HOME, *_ROOMS]


def __getattr__(name: str) -> Any:
    """Load a public name, or a room, when it is first asked for."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("jukebox-edu")
        except PackageNotFoundError:
            return "unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
