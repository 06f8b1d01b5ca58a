"""The five styles of the songbook. For a model they are the *genres*.

What
    A style is a tempo, a metre and an accompaniment: which instruments play, and on which beats.
    Its notes are made in `band.py`.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

from jukebox_edu.errors import ConfigError


@dataclass(frozen=True)
class Style:
    """One way to accompany a song.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # the genre label
    beats_per_bar: int  # metre of new songs; old songs keep their own
    bpm: float  # middle tempo in beats per minute
    lead: str  # instrument that plays the introduction


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("carol", 4, 96.0, "organ"),
        Style("waltz", 3, 116.0, "accordion"),
        Style("folk", 4, 106.0, "pluck"),
        Style("march", 4, 114.0, "brass"),
        Style("lullaby", 3, 90.0, "music_box"),
    )
}
"""The styles by name, in a fixed order. Lesson: notebooks/00_ten_minutes.ipynb"""


def find_style(name: str) -> Style:
    """Return the style of that name.

    Raises
    ------
    ConfigError : there is no such style.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if name not in STYLES:
        raise ConfigError(f"style: {name!r} is not known. Choose one of {list(STYLES)}.")
    return STYLES[name]
