"""Parts of a song, given out while it is written.

What
    About every second of new codes of a level becomes a `SongPart` with its sound. The sound is a
    preview: it is decoded with all the codes before it that matter, but without those after it,
    which do not exist yet.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.song import Song

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox

PART_SECONDS = 1.0  # new sound per part


@dataclass(frozen=True, eq=False)
class SongPart:
    """A stretch of one level, as soon as it is written.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    level: int  # 0 = bottom
    start: float  # where it begins, seconds
    codes: Tensor  # (batch, n) long
    audio: np.ndarray  # (batch, samples) float32, clamped to [-1, 1]
    position: int  # index of its first code within the level


class PartMaker:
    """Collects the codes of one level and cuts them into parts.

    Parameters
    ----------
    model
        Its codec plays the parts.
    level
        Which level.
    before
        (batch, n) codes that are there already; they are the left context of the first part.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, model: Jukebox, level: int, before: Tensor) -> None:
        self.model, self.level = model, level
        self.codes = [before.cpu()]  # pieces (batch, n) of the level so far
        self.given = before.shape[1]  # codes that were handed out or were there
        self.fresh: list[Tensor] = []  # (batch,) each, not handed out yet
        hop = model.hop_lengths[level]
        self.size = max(1, round(PART_SECONDS * model.sample_rate / hop))  # codes per part

    def add(self, codes: Tensor) -> SongPart | None:
        """Take the codes (batch,) of the next position; gives a part if one is full.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self.fresh.append(codes)
        return self.flush() if len(self.fresh) >= self.size else None

    def flush(self) -> SongPart | None:
        """The codes not handed out yet as a part; None if there are none.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        if not self.fresh:
            return None
        new = torch.stack(self.fresh, dim=1).cpu()  # (batch, n)
        hop, rate = self.model.hop_lengths[self.level], self.model.sample_rate
        reach = self.model.vqvae.decoders[self.level].reach
        before = torch.cat(self.codes, dim=1)[:, -reach:]  # (batch, at most reach)
        levels: list[Tensor | None] = [None] * self.model.levels
        levels[self.level] = torch.cat([before, new], dim=1)
        sound = self.model.decode(levels, self.level)[:, before.shape[1] * hop :]
        start, self.given = self.given, self.given + new.shape[1]
        self.codes = [torch.cat([before, new], dim=1)]
        self.fresh = []
        samples = sound.clamp(-1.0, 1.0).cpu().numpy()
        return SongPart(self.level, start * hop / rate, new, samples, start)


class SongStream(Iterator[SongPart]):
    """The parts of a song as they are written; `song` is there when all of them are.

    `close()` stops the work; with a run folder the same call goes on later.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, parts: Generator[SongPart, None, Song]) -> None:
        self._parts = parts
        self.song: Song | None = None  # the whole song, once the stream has ended

    def __iter__(self) -> SongStream:
        return self

    def __next__(self) -> SongPart:
        try:
            return next(self._parts)
        except StopIteration as end:
            self.song = end.value if end.value is not None else self.song
            raise StopIteration(self.song) from None

    def close(self) -> None:
        """Stop; everything drawn so far is in the run folder, if there is one.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self._parts.close()
