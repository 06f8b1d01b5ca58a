"""Where songs come from: the few questions that `prepare` asks a collection.

What
    A source lists its songs and gives the sound of each. `FolderSource` reads audio files,
    `SongbookSource` sings; a source of your own needs the three methods of `Source`. Two more are
    used where a source has them: `blocks`, the sound in pieces (so that hours fit), and
    `fingerprint`, which tells whether a sound has changed since it was prepared.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jukebox_edu.training.record import SongRecord


@dataclass(frozen=True)
class FrameMarks:
    """What sounds in each frame of a song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    phones: np.ndarray | None  # (frames,) int16, index into the songbook's phones
    characters: np.ndarray | None  # (frames,) int32, index into the lyrics, -1: none is sung


class Source(Protocol):
    """A collection of songs. It goes to other processes, so it must survive pickling.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    def records(self) -> tuple[SongRecord, ...]:
        """All songs, in a fixed order."""

    def audio(self, record: SongRecord, sample_rate: int) -> np.ndarray:
        """Sound of a song, float32 (channels, samples) with 1 or 2 channels."""

    def marks(self, record: SongRecord, frame_seconds: float, n_frames: int) -> FrameMarks | None:
        """What sounds in each frame; None: only what `record.times` says."""


def song_blocks(source: Source, record: SongRecord, sample_rate: int) -> Iterator[np.ndarray]:
    """Sound of a song in pieces (channels, samples), if the source can; else in one.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    blocks = getattr(source, "blocks", None)
    if blocks is not None:
        yield from blocks(record, sample_rate)
    else:
        yield np.atleast_2d(source.audio(record, sample_rate))


def sound_fingerprint(source: Source, record: SongRecord) -> dict[str, Any]:
    """What changes when the sound of a song changes; plain JSON types.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    fingerprint = getattr(source, "fingerprint", None)
    return {} if fingerprint is None else fingerprint(record)


def song_marks(
    source: Source, record: SongRecord, frame_seconds: float, n_frames: int
) -> FrameMarks:
    """Marks of the source, or those that follow from the record's times.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    marks = source.marks(record, frame_seconds, n_frames)
    if marks is None and record.times is not None:
        centers = (np.arange(n_frames) + 0.5) * frame_seconds
        marks = FrameMarks(None, record.times.characters_at(centers).astype(np.int32))
    return marks or FrameMarks(None, None)
