"""Labels at evenly spaced moments, as a model in training wants them.

What
    `phone_frames` and `character_frames` read a song's exact times once per frame.

Conventions
    Frame k covers k * hop to (k + 1) * hop; its label is what sounds at its middle.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import numpy as np

from jukebox_edu.songbook.phones import PHONE_INDEX
from jukebox_edu.songbook.song import SongbookSong


def phone_frames(song: SongbookSong, hop_seconds: float, n_frames: int) -> np.ndarray:
    """Return the phone sung at the middle of each frame.

    Parameters
    ----------
    song : from `make_song`.
    hop_seconds : seconds per frame; frame k covers k * hop to (k + 1) * hop.
    n_frames : how many frames; frames past the end of the song are silence.

    Returns
    -------
    (n_frames,) int64 indices into `PHONES`, 0 for silence.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    centers = (np.arange(n_frames) + 0.5) * hop_seconds
    ends = np.array([phone.end for phone in song.phones])
    numbers = np.array([PHONE_INDEX[phone.phone] for phone in song.phones] + [0])
    return numbers[np.searchsorted(ends, centers, side="right")]


def character_frames(song: SongbookSong, hop_seconds: float, n_frames: int) -> np.ndarray:
    """Return the character of the lyrics sung at the middle of each frame.

    Parameters
    ----------
    song, hop_seconds, n_frames : see `phone_frames`.

    Returns
    -------
    (n_frames,) int64 indices into ``song.lyrics``; -1 where no word is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    centers = (np.arange(n_frames) + 0.5) * hop_seconds
    sung = [index for w in song.words for index in range(w.first_char, w.last_char_end)]
    starts, ends = song.character_times[sung].T
    which = np.clip(np.searchsorted(starts, centers, side="right") - 1, 0, len(sung) - 1)
    inside = (centers >= starts[which]) & (centers < ends[which])
    return np.where(inside, np.array(sung)[which], -1)
