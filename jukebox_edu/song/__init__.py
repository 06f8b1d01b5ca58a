"""Songs: what a model writes and people keep.

`song` is the object itself, `sound` how it is heard, `showing` how it is shown, `files` how it is
kept, `provenance` where it comes from, `recording` what a model makes of sound that it reads,
`takes` several versions of a song as a tree.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from jukebox_edu.song.provenance import Provenance
from jukebox_edu.song.recording import song_of_recording
from jukebox_edu.song.song import Song
from jukebox_edu.song.takes import Takes

__all__ = ["Provenance", "Song", "Takes", "song_of_recording"]
