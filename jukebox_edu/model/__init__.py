"""The whole machine: a codec, its priors, and the songs they write.

Read in this order: `jukebox` (the object), `request` (what is asked for), `prompt` (what is there
already), `writing` (the way from a request to a song), `parts` (sound while it is written),
`loading` (models by name), `features` (what a prior knows of a recording).

Paper: [Jukebox §3, §4]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from jukebox_edu.model.jukebox import Jukebox
from jukebox_edu.model.loading import ModelInfo, find_artist, load, models
from jukebox_edu.model.parts import SongPart, SongStream

__all__ = ["Jukebox", "ModelInfo", "SongPart", "SongStream", "find_artist", "load", "models"]
