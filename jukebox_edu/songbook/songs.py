"""Old songs that belong to everybody.

What
    Every tune is from the nineteenth century or older, and its author, where known, died more than
    seventy years ago. The words are either as old (the entry names the author) or were written for
    this project and given away under CC0-1.0 ("new words"). The songs themselves are in `tunes/`;
    `notation.py` says how they are written.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import MelodyNote, OldSong, read_notes
from jukebox_edu.songbook.tunes.carols import CAROLS
from jukebox_edu.songbook.tunes.hymns import HYMNS
from jukebox_edu.songbook.tunes.nursery import NURSERY_SONGS
from jukebox_edu.songbook.tunes.people import SONGS_OF_THE_PEOPLE
from jukebox_edu.songbook.tunes.winter import WINTER_SONGS

__all__ = ["OLD_SONGS", "MelodyNote", "OldSong", "read_notes"]

OLD_SONGS: dict[str, OldSong] = {
    **NURSERY_SONGS,
    **CAROLS,
    **WINTER_SONGS,
    **HYMNS,
    **SONGS_OF_THE_PEOPLE,
}
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
