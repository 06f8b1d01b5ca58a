"""Sound in files and arrays: load, save, resample, mix to mono, measure, tag.

What
    `load` reads whatever libsndfile reads, `save` writes wav, flac, ogg and mp3, `encode_mp3` and
    `encode_wav` make the bytes that a player embeds. Nothing here knows of models.
Conventions
    Samples are float32 between -1 and 1, shaped `(samples,)` or `(channels, samples)`.
    Seconds on the outside, samples inside. A file is never left half-written.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from jukebox_edu.audio.arrays import (
    as_mono,
    check_not_silent,
    clipped_share,
    peak,
    resample,
    rms_db,
)
from jukebox_edu.audio.reading import AudioClip, load
from jukebox_edu.audio.tags import AudioTags
from jukebox_edu.audio.writing import SavedAudio, encode_mp3, encode_wav, save

__all__ = [
    "AudioClip",
    "AudioTags",
    "SavedAudio",
    "as_mono",
    "check_not_silent",
    "clipped_share",
    "encode_mp3",
    "encode_wav",
    "load",
    "peak",
    "resample",
    "rms_db",
    "save",
]
