"""A repertoire: the voices, styles and old songs that chance may choose from.

What
    `EVERYTHING` is the whole songbook. `TINY_0` is what the songbook was when the bundled model
    tiny-0 was trained: songs drawn from it are songs of the kind that model knows. `TINY_1` is an
    easier world for a small model: most songs new and many for the voice alone, each voice in two
    keys of its own. Wishes go before the repertoire: a voice asked for by name sings, whether the
    repertoire holds it or not.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.songs import OLD_SONGS, OldSong
from jukebox_edu.songbook.styles import STYLES, find_style
from jukebox_edu.songbook.voices import VOICES, find_voice


@dataclass(frozen=True)
class Repertoire:
    """What a song may be drawn from.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    voices: tuple[str, ...]  # names from `VOICES`, at least one
    styles: tuple[str, ...]  # names from `STYLES`, at least one; named twice: drawn twice as often
    old_songs: tuple[OldSong, ...]  # may be empty: new verses only
    varied: bool = True  # False: one arrangement for all songs
    manners: bool = True  # False: every style is sung plainly
    own_keys: bool = False  # True: each voice sings in two keys of its own, `Voice.own_keys`
    old_song_share: float = 0.3  # of the songs nobody asked a text for, 0..1
    band_gain: tuple[float, float] = (0.0, 0.3)  # softest and loudest band beside a voice of 1

    def __post_init__(self) -> None:
        """Check the names and the share."""
        for name in self.voices:
            find_voice(name)
        for name in self.styles:
            find_style(name)
        if not self.voices or not self.styles:
            raise ConfigError(
                f"repertoire: voices {self.voices} and styles {self.styles} were given. Give at "
                f"least one of {list(VOICES)} and one of {list(STYLES)}."
            )
        if not 0 <= self.old_song_share <= 1:
            raise ConfigError(
                f"old_song_share: {self.old_song_share!r} is not allowed. Give a number from 0 "
                "to 1."
            )


EVERYTHING = Repertoire(tuple(VOICES), tuple(STYLES), tuple(OLD_SONGS.values()))
"""All voices, styles and songs. Lesson: notebooks/12_teach_it_your_music.ipynb"""

_TINY_0_LINES = {  # songs and how many of their lines there were
    "twinkle": 12, "silent_night": 6, "mary": 8, "row": 4, "brother": 5, "london_bridge": 8,
    "jingle_bells": 8, "river_song": 8, "ode_to_joy": 4, "joy_to_the_world": 2,
    "deck_the_halls": 4, "moonbeams": 4, "cradle_song": 4,
}  # fmt: skip

TINY_0 = Repertoire(
    ("Bruno Deep", "Teo Bright", "Alma Warm", "Milo Soft"),
    ("carol", "waltz", "folk", "march", "lullaby"),
    tuple(OLD_SONGS[name].cut(n_lines) for name, n_lines in _TINY_0_LINES.items()),
    varied=False,
    manners=False,
)
"""What the bundled model tiny-0 knows. Lesson: notebooks/12_teach_it_your_music.ipynb"""

TINY_1 = Repertoire(
    TINY_0.voices,
    (*("a cappella",) * 3, "carol", "waltz", "folk", "march", "lullaby"),
    TINY_0.old_songs,
    varied=False,
    own_keys=True,
    old_song_share=0.15,
    band_gain=(0.15, 0.3),
)
"""Fewer keys, fewer bands, more new words. Lesson: notebooks/12_teach_it_your_music.ipynb"""


def repertoire_of(artists: Collection[str], genres: Collection[str]) -> Repertoire:
    """Return the songs a model can know, from the names it was trained with.

    Parameters
    ----------
    artists, genres : the model's names; names the songbook does not have are passed over.

    Returns
    -------
    `TINY_0` or `TINY_1` for exactly its names (order and repetition aside), otherwise the named
    voices and styles with all old songs. A model that knows none of our voices (or styles) gets
    them all.

    Lesson: notebooks/13_measure_it.ipynb
    """
    voices, styles = _known(VOICES, artists), _known(STYLES, genres)
    for tiny in (TINY_0, TINY_1):
        if (set(voices), set(styles)) == (set(tiny.voices), set(tiny.styles)):
            return tiny
    return Repertoire(voices, styles, EVERYTHING.old_songs)


def _known(names: Iterable[str], wanted: Collection[str]) -> tuple[str, ...]:
    """Return the songbook's names that are wanted, in the songbook's order; all if none is."""
    return tuple(name for name in names if name in wanted) or tuple(names)
