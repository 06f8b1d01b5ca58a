"""Presets: shapes and settings under one name, from a lesson's to the paper's.

What
        nano      8 kHz, minutes on one CPU core
        tiny      the bundled model, two to three hours on two CPU cores
        small_*   the release's small models, one graphics card
        paper     the released models themselves
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from jukebox_edu.training.presets.nano import NANO, nano
from jukebox_edu.training.presets.paper import PAPER
from jukebox_edu.training.presets.preset import Preset, for_songs
from jukebox_edu.training.presets.small import SMALL
from jukebox_edu.training.presets.tiny import (
    HEARD,
    LICENCE,
    PHONE,
    TINY,
    tiny,
    tiny_codec,
    tiny_listener,
    tiny_prior,
)
from jukebox_edu.training.settings import require

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (NANO, TINY, *SMALL, PAPER)}
"""All presets by name."""


def find_preset(name: str) -> Preset:
    """The preset of a name.

    Raises
    ------
    ConfigError
        If there is none.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    require(name in PRESETS, "preset", name, f"one of {', '.join(PRESETS)}")
    return PRESETS[name]


__all__ = [
    "HEARD",
    "LICENCE",
    "PHONE",
    "PRESETS",
    "Preset",
    "find_preset",
    "for_songs",
    "nano",
    "tiny",
    "tiny_codec",
    "tiny_listener",
    "tiny_prior",
]
