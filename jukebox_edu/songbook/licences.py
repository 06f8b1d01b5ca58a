"""What songs are made of, and under which licence each ingredient comes.

What
    A song is code, a voice, a tune and words. `INGREDIENTS` lists all of them; `ingredients_of`
    names those of one song. CREDITS.md says the same for people to read.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

from jukebox_edu.songbook.songs import OLD_SONGS

LICENCES = {
    "bank": "CC-BY-4.0 (phone envelopes distilled from the CMU flite voices, Carnegie Mellon "
    "University; see songbook/CREDITS.md)",
    "formants": "CC0-1.0",
}
"""Licence of a song by the singer's engine. Lesson: notebooks/00_ten_minutes.ipynb"""


@dataclass(frozen=True)
class Ingredient:
    """One thing songs are made of.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    name: str  # title of an old song, or what it is
    source: str  # who made it, and when
    licence: str  # under which it may be used


OWN = Ingredient(
    "band, formants, invented tunes, verse grammar, pronunciation", "this project", "CC0-1.0"
)
BANK = Ingredient(
    "phone_bank.npz",
    "flite voices kal16, rms, slt and awb, Carnegie Mellon University 1999-2001, averaged",
    "CMU flite licence (permissive, keep the notice)",
)
INGREDIENTS: tuple[Ingredient, ...] = (
    OWN,
    BANK,
    *(Ingredient(old.title, old.source, old.licence) for old in OLD_SONGS.values()),
)
"""Everything songs are made of. Lesson: notebooks/00_ten_minutes.ipynb"""


def ingredients_of(title: str, licence: str) -> tuple[Ingredient, ...]:
    """Return what one song is made of.

    Parameters
    ----------
    title, licence : of the song, as in `SongbookSong`. Words the user gave are the user's.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    bank = (BANK,) if licence == LICENCES["bank"] else ()
    return (OWN, *bank, *(one for one in INGREDIENTS[2:] if one.name == title))
