"""The nine styles of the songbook. For a model they are the *genres*.

What
    A style is a tempo, a metre and an accompaniment (which instruments play on which beats; the
    notes are made in `patterns.py`). It is also a manner of singing: swing, dotted pairs, scoops,
    grace notes, accents. So a style can be heard even where the band is quiet or silent. The ninth,
    "a cappella", has no band at all: the voice alone, sung plainly, in any metre.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.melody import BLUES_ROUND, Chord


@dataclass(frozen=True)
class Manner:
    """How the singer shapes a note; the defaults are plain.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    ornament: str = ""  # "scoop": from below; "grace": from above; "fall": drops at the end
    vibrato: float = 1.0  # factor on the voice's own vibrato
    fade: float = 0.35  # how far a held vowel fades, natural log of amplitude
    fade_seconds: float = 0.8  # how slowly it fades
    swell: float = 0.0  # seconds in which a vowel grows to its full loudness
    accent: float = 0.0  # notes that begin a bar are louder, natural log of amplitude


PLAIN_MANNER = Manner()


@dataclass(frozen=True)
class Style:
    """One way to accompany a song, and to sing it.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # the genre label
    beats_per_bar: int  # metre of new songs; old songs keep their own
    bpm: float  # middle tempo in beats per minute
    lead: str  # instrument that plays the introduction; "": nobody plays, the voice is alone
    manner: Manner = PLAIN_MANNER  # how notes are sung
    swing: float = 0.5  # where the second half of a beat falls, in beats; 0.5 is even
    dotted: bool = False  # True: new tunes have long-short pairs (1.5 + 0.5 beats)
    blue: bool = False  # True: new tunes flatten some thirds and sevenths
    chords: tuple[Chord, ...] = ()  # round of chords of new songs; (): draw one

    @property
    def alone(self) -> bool:
        """True for a voice without a band."""
        return not self.lead

    def fits(self, beats_per_bar: int) -> bool:
        """Return whether old songs of that metre can be sung so; a voice alone sings any."""
        return self.alone or self.beats_per_bar == beats_per_bar

    def plain(self) -> Style:
        """Return the style with its band only, sung without any manner."""
        return replace(self, manner=PLAIN_MANNER, swing=0.5, dotted=False, blue=False, chords=())


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("carol", 4, 96.0, "organ", Manner(vibrato=2.0, fade=-0.5, fade_seconds=0.4)),
        Style("waltz", 3, 116.0, "accordion", Manner(accent=0.7)),
        Style("folk", 4, 106.0, "pluck", Manner("fall", vibrato=0.5)),
        Style("march", 4, 114.0, "brass", Manner(vibrato=0.3, fade=1.7, fade_seconds=0.25)),
        Style("lullaby", 3, 90.0, "music_box", Manner(vibrato=0.3, swell=0.22)),
        Style("blues", 4, 82.0, "reed", Manner("scoop"), 0.67, blue=True, chords=BLUES_ROUND),
        Style("reel", 4, 128.0, "fiddle", Manner("grace", vibrato=0.3)),
        Style("habanera", 4, 100.0, "marimba", Manner(accent=0.4), dotted=True),
        Style("a cappella", 4, 92.0, lead=""),
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
