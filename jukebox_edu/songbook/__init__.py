"""The songbook: a small singer and band that make songs of our own, with exact timings.

What
    Training and teaching need songs whose licence is clean and whose every sound has a known time.
    The songbook composes them from a seed: old public-domain songs, verses from a small grammar, or
    any text; four singers (the artists) and five styles (the genres); numpy alone.

    ``song = make_song(0, seconds=10)`` gives audio, lyrics and the times of words, characters,
    phones and notes.

Conventions
    Seconds outside, samples inside; audio is float32 ``(samples,)``, peak at most 0.95.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from jukebox_edu.songbook.phones import PHONES
from jukebox_edu.songbook.scores import compose
from jukebox_edu.songbook.sheet import Bar, Note, Score, ScoreWord
from jukebox_edu.songbook.song import (
    Rendering,
    SongbookSong,
    TimedNote,
    TimedWord,
    character_frames,
    make_song,
    phone_frames,
    render,
)
from jukebox_edu.songbook.songs import OLD_SONGS
from jukebox_edu.songbook.styles import STYLES, Style
from jukebox_edu.songbook.timeline import TimedPhone
from jukebox_edu.songbook.voices import VOICES, Voice

__all__ = [
    "OLD_SONGS",
    "PHONES",
    "STYLES",
    "VOICES",
    "Bar",
    "Note",
    "Rendering",
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
    "make_song",
    "phone_frames",
    "render",
]
