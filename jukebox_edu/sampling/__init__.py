"""Sampling: from a plan to codes, window by window, kept as they come.

Read in this order: `windows` (how a level is covered), `filters` and `noise` (how one code is
drawn), `window` (one window), `options` and `plan` (what is to be done), `level` (doing it),
`run_folder` (surviving an interruption).

Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "DrawSettings": "window",
    "LevelPlan": "plan",
    "LevelStep": "level",
    "Plan": "plan",
    "RunFolder": "run_folder",
    "SamplingOptions": "options",
    "Window": "windows",
    "continuation_window": "windows",
    "draw": "noise",
    "filter_logits": "filters",
    "generator_race": "noise",
    "level_windows": "windows",
    "make_plan": "plan",
    "positional_race": "noise",
    "sample_level": "level",
    "sample_window": "window",
    "split_batch": "windows",
    "window_starts": "windows",
    "write_window": "window",
}

__all__ = [*_HOME]  # loaded when asked for: windows need no torch


def __getattr__(name: str) -> Any:
    """Load a public name from the file it lives in."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
