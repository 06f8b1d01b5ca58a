"""Widgets: see it while you hear it, change it, and see and hear what changes.

What
    Every widget is one class, given a song, a model or both, and shown as the last value of a
    cell. Its controls are plain ipywidgets (7.7.1 or newer), its picture and sound one HTML
    output; what it found out is there for Python too, as attributes (`explorer.codes`).
    A saved notebook keeps the first view: sound, picture and words without a kernel.
Conventions
    Level 0 is the bottom (finest) level. Seconds on the controls, codes inside.
    Names are loaded when they are first used.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "AlignmentView": "alignment",
    "AttentionExplorer": "attention",
    "CodeExplorer": "code_explorer",
    "CodebookMonitor": "monitor",
    "LevelsView": "levels",
    "Panel": "base",
    "PlanView": "plan",
    "SongExplorer": "song_explorer",
    "StudioPanel": "studio",
    "View": "base",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    """Load a widget when it is first asked for."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
