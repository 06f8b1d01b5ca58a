"""The recogniser: which phone is sung in each frame, and the line of phones that a listener notes.

What
    A stack of dilated convolutions looks at a quarter of a second on either side of a frame and
    gives a score to every phone. Frame by frame the best score flickers; a *path* that pays a
    penalty for every change of phone does not. The best path is found by the Viterbi algorithm:
    the best way to be at phone p in frame t either stayed there or came from the best phone of
    frame t - 1 and paid.

        best[t, p] = score[t, p] + max(best[t - 1, p], max over q of best[t - 1, q] - penalty)
Shapes
    mel bands (batch, 64, frames) to logits (batch, phones, frames).
Paper: dilated convolutions, arXiv 1511.07122; Viterbi, doi 10.1109/TIT.1967.1054010
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.judges.features import BANDS
from jukebox_edu.songbook import PHONES

SILENCE = PHONES.index("SIL")
WIDEST = 1024  # channels; no judge needs more


@dataclass(frozen=True)
class RecogniserConfig:
    """Shape of a recogniser.

    Lesson: notebooks/13_measure_it.ipynb
    """

    width: int = 128  # channels
    dilations: tuple[int, ...] = (1, 2, 4, 8)  # one block each; frames

    def __post_init__(self) -> None:
        """Check the values."""
        check_sizes(self.width, self.dilations)


def check_sizes(width: int, dilations: Sequence[int]) -> None:
    """Raise a ConfigError for networks that no judge has.

    Lesson: notebooks/13_measure_it.ipynb
    """
    if not isinstance(width, int) or not 1 <= width <= WIDEST:
        raise ConfigError(must("width", width, f"a whole number from 1 to {WIDEST}"))
    fits = all(isinstance(d, int) and 1 <= d <= 256 for d in dilations)
    if not fits or not 1 <= len(dilations) <= 16:
        raise ConfigError(must("dilations", dilations, "1 to 16 whole numbers from 1 to 256"))


class DilatedBlock(nn.Module):
    """Adds to each frame what it learns from three frames, `dilation` apart.

    (batch, width, frames) to the same shape.

    Lesson: notebooks/13_measure_it.ipynb
    """

    def __init__(self, width: int, dilation: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.look = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Look, mix, add."""
        hidden = functional.relu(self.look(functional.relu(self.norm(x))))
        return x + self.dropout(self.mix(hidden))


class Recogniser(nn.Module):
    """Mel bands (batch, 64, frames) to logits over phones (batch, phones, frames).

    Lesson: notebooks/13_measure_it.ipynb
    """

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        self.first = nn.Conv1d(BANDS, config.width, 5, padding=2)
        blocks = [DilatedBlock(config.width, dilation) for dilation in config.dilations]
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Conv1d(config.width, len(PHONES), 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits."""
        return self.last(functional.relu(self.blocks(self.first(mel))))

    @property
    def reach(self) -> int:
        """Frames on either side of a frame that its logits depend on.

        Lesson: notebooks/13_measure_it.ipynb
        """
        return 2 + sum(self.config.dilations)


def likeliest_phones(scores: np.ndarray, penalty: float) -> np.ndarray:
    """The path with the largest sum of scores less `penalty` for every change: Viterbi.

    Parameters
    ----------
    scores
        (frames, phones) log-probabilities, at least one frame.
    penalty
        Price of a change of phone, 0 or more.

    Returns
    -------
    numpy.ndarray
        (frames,) phone numbers.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n_frames, n_phones = scores.shape
    itself = np.arange(n_phones)
    came_from = np.zeros((n_frames, n_phones), np.int64)
    best = scores[0].astype(np.float64)  # (phones,)
    for t in range(1, n_frames):
        other = int(best.argmax())
        changes = best[other] - penalty > best  # (phones,)
        came_from[t] = np.where(changes, other, itself)
        best = np.where(changes, best[other] - penalty, best) + scores[t]
    path = np.empty(n_frames, np.int64)
    path[-1] = best.argmax()
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path


def phones_heard(path: np.ndarray) -> tuple[int, ...]:
    """The phones of a path, one for each run, without silence.

    Two equal phones in a row cannot be told from one, so they count as one; `phones_of_words`
    counts alike.

    Lesson: notebooks/13_measure_it.ipynb

    >>> phones_heard(np.array([0, 3, 3, 0, 3, 7, 7]))
    (3, 7)
    """
    sung = np.asarray(path)[np.asarray(path) != SILENCE]
    kept = np.concatenate([[True], sung[1:] != sung[:-1]])[: len(sung)]
    return tuple(int(phone) for phone in sung[kept])
