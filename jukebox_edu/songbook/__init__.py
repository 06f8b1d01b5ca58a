"""The songbook: a small singer and band that make songs of our own, with exact timings.

What
    Training and teaching need songs whose licence is clean and whose every sound has a known time.
    The songbook composes them from a seed: old public-domain songs, verses from a small grammar, or
    any text; eight singers (the artists) and nine styles (the genres); numpy alone.

    ``song = make_song(0, seconds=10)`` gives audio, lyrics and the times of words, characters,
    phones and notes; ``stream_songs(range(1000), processes=4)`` gives a thousand of them.

Conventions
    Seconds outside, samples inside; audio is float32 ``(samples,)``, peak at most 0.95.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from jukebox_edu.songbook.frames import character_frames, phone_frames
from jukebox_edu.songbook.licences import INGREDIENTS, Ingredient, ingredients_of
from jukebox_edu.songbook.phones import PHONES
from jukebox_edu.songbook.repertoire import EVERYTHING, TINY_0, TINY_1, Repertoire, repertoire_of
from jukebox_edu.songbook.scores import compose
from jukebox_edu.songbook.sheet import Bar, Note, Score, ScoreWord
from jukebox_edu.songbook.song import (
    Rendering,
    SongbookSong,
    TimedNote,
    TimedWord,
    make_song,
    render,
)
from jukebox_edu.songbook.songs import OLD_SONGS
from jukebox_edu.songbook.stream import stream_songs
from jukebox_edu.songbook.styles import STYLES, Style
from jukebox_edu.songbook.timeline import TimedPhone
from jukebox_edu.songbook.voices import VOICES, Voice

__all__ = [
    "EVERYTHING",
    "INGREDIENTS",
    "OLD_SONGS",
    "PHONES",
    "STYLES",
    "TINY_0",
    "TINY_1",
    "VOICES",
    "Bar",
    "Ingredient",
    "Note",
    "Rendering",
    "Repertoire",
    "Score",
    "ScoreWord",
    "SongbookSong",
    "Style",
    "TimedNote",
    "TimedPhone",
    "TimedWord",
    "Voice",
    "character_frames",
    "compose",
    "ingredients_of",
    "make_song",
    "phone_frames",
    "render",
    "repertoire_of",
    "stream_songs",
]
