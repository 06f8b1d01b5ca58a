"""What is known about one song of a collection, wherever it comes from.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from jukebox_edu.labels.times import LyricTimes


@dataclass(frozen=True, eq=False)
class SongRecord:
    """Names and words of one song.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    name: str  # unique within its source, e.g. the path of its file below the folder
    artist: str = ""  # "" = unknown
    genre: str = ""  # "" = unknown
    lyrics: str = ""  # "" = unknown, or none
    times: LyricTimes | None = None  # when the lyrics are sung, if known
    seconds: float = 0.0  # duration

    @property
    def words_digest(self) -> str:
        """Changes whenever anything but the sound changes."""
        digest = hashlib.sha256()
        texts = [self.artist, self.genre, self.lyrics]
        digest.update(json.dumps(texts).encode())
        if self.times is not None:
            digest.update(self.times.starts.tobytes() + self.times.ends.tobytes())
        return digest.hexdigest()[:16]
