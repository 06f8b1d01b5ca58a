"""The sound of a song while it is written: the top level first, then finer and finer.

What
    The parts of each level are put together. A player that is replaced stops playing, so a
    level's player is replaced only when there is twice as much sound as it holds, and when the
    level is whole: 1, 2, 4, 8 ... seconds. The players of the other levels play on.
Shapes
    part.audio (batch, samples)
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jukebox_edu.model.parts import SongPart
from jukebox_edu.sampling.plan import Plan
from jukebox_edu.sampling.plan_text import level_name
from jukebox_edu.widgets.pieces import side_by_side, sound


@dataclass(frozen=True, eq=False)
class Heard:
    """What can be heard of one level by now.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    level: int  # 0 = bottom
    audio: np.ndarray  # (batch, samples) float32, clamped
    start: float  # where it begins, seconds
    whole: bool  # whether the level is complete


class RoughSound:
    """Puts the parts of one song together, level by level.

    Parameters
    ----------
    plan
        Of the song.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._pieces: dict[int, list[np.ndarray]] = {}  # per level
        self._start: dict[int, float] = {}  # seconds, where a level's sound begins
        self._have: dict[int, int] = {}  # code after the last one heard
        self._shown: dict[int, int] = {}  # samples that were given out last

    def add(self, part: SongPart) -> Heard | None:
        """Take a part; gives the level's sound when it is worth showing again.

        A part that was heard before, as after a resume, is passed over.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        level, after = part.level, part.position + part.codes.shape[1]
        if after <= self._have.get(level, 0):
            return None
        self._have[level] = after
        self._start.setdefault(level, part.start)
        self._pieces.setdefault(level, []).append(part.audio)
        n = sum(piece.shape[1] for piece in self._pieces[level])
        whole = after >= next(p.total for p in self.plan.levels if p.level == level)
        if n < 2 * self._shown.get(level, 0) and not whole:
            return None
        self._shown[level] = n
        audio = np.concatenate(self._pieces[level], axis=1)  # (batch, samples)
        return Heard(level, audio, self._start[level], whole)

    def html(self, heard: Heard) -> str:
        """Players for all songs of the batch side by side.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        rate, n_levels = self.plan.sample_rate, len(self.plan.hop_lengths)
        name = f"{level_name(heard.level, n_levels)} level"
        end = heard.start + heard.audio.shape[1] / rate
        span = f"{heard.start:.1f} to {end:.1f} s" if heard.start else f"{end:.1f} s"
        so_far = "" if heard.whole else " so far"
        return side_by_side(
            sound(row, rate, f"{name}{so_far}, {span}{_which(i, len(heard.audio))}")
            for i, row in enumerate(heard.audio)
        )


def _which(index: int, n: int) -> str:
    return f", number {index + 1}" if n > 1 else ""
