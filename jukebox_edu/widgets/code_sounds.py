"""How one code sounds: alone, and wherever it occurs.

What
    A code never sounds alone in a song: the decoder mixes it with its neighbors. Two answers to
    "what is code 133?" are played: the code repeated until one can hear it, and all the places
    where the song uses it, one after the other.
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

ALONE_SECONDS = 0.4  # a code is repeated that long
MOST_PLACES = 12  # occurrences that are played
MARGIN_SECONDS = 0.06  # of sound on each side of an occurrence
GAP_SECONDS = 0.12  # of silence between two occurrences
FADE_SECONDS = 0.005  # at each end of a cut, so that it does not click


def decoded(model: Jukebox, codes: Tensor, level: int) -> np.ndarray:
    """Sound (samples,) of the codes (tokens,) of one level, never clamped.

    Lesson: notebooks/04_three_levels.ipynb
    """
    rows: list[Tensor | None] = [None] * model.levels
    rows[level] = codes[None]  # (1, tokens)
    with torch.no_grad():
        return model.decode(rows, level)[0].cpu().numpy()


def alone(model: Jukebox, code: int, level: int) -> np.ndarray:
    """A code repeated for `ALONE_SECONDS`, (samples,).

    Lesson: notebooks/04_three_levels.ipynb
    """
    count = math.ceil(ALONE_SECONDS * model.sample_rate / model.hop_lengths[level])
    return decoded(model, torch.full((count,), code), level)


def silent_code(model: Jukebox, level: int) -> int:
    """The code that the model writes most often for silence.

    Lesson: notebooks/04_three_levels.ipynb
    """
    silence = torch.zeros(1, model.sample_rate)  # a second
    return int(model.encode(silence)[level][0].mode().values)


def everywhere(
    samples: np.ndarray, sample_rate: int, places: np.ndarray, hop_length: int
) -> np.ndarray:
    """The sound at all `places` (codes), cut out with a little margin and joined, (samples,).

    Lesson: notebooks/04_three_levels.ipynb
    """
    margin = round(MARGIN_SECONDS * sample_rate)
    gap = np.zeros(round(GAP_SECONDS * sample_rate), np.float32)
    pieces: list[np.ndarray] = []
    for place in places[:MOST_PLACES]:
        start = max(0, int(place) * hop_length - margin)
        cut = samples[start : (int(place) + 1) * hop_length + margin].copy()
        ramp = np.linspace(0, 1, min(len(cut) // 2, round(FADE_SECONDS * sample_rate)))
        cut[: len(ramp)] *= ramp
        cut[len(cut) - len(ramp) :] *= ramp[::-1]
        pieces += [cut, gap]
    return np.concatenate(pieces) if pieces else gap
