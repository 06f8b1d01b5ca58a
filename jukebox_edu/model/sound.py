"""Sound from outside, in the form the codec wants.

What
    Users bring arrays, tensors, files and songs, at any rate. Here they become float32 rows at the
    model's rate, or an error that says what is wrong.
Shapes
    (batch, samples).
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu import audio
from jukebox_edu.audio.arrays import checked_rate, checked_waveform
from jukebox_edu.errors import AudioError, ShapeError, must

MAX_ROWS = 1024  # recordings encoded side by side


class Codes(list[Tensor]):
    """Codes of all levels, index = level; remembers how long the sound was before padding.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def __init__(self, levels: list[Tensor], n_samples: int) -> None:
        super().__init__(levels)
        self.n_samples = n_samples  # true length of the sound, in samples at the model's rate


def as_rows(sound: Any, sample_rate: int, own_rate: int | None, argument: str = "audio") -> Tensor:
    """Turn sound into rows (batch, samples) at the model's rate.

    Parameters
    ----------
    sound
        Array or tensor (samples,) or (batch, samples), or an `AudioClip` that was read as mono.
    sample_rate
        Of the model.
    own_rate
        Of the sound; None: the clip's own, or the model's.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    if isinstance(sound, audio.AudioClip):
        own_rate = sound.sample_rate if own_rate is None else own_rate
        sound = sound.samples
    if isinstance(sound, Tensor):
        sound = sound.detach().float().cpu().numpy() if sound.is_floating_point() else sound.cpu()
    try:
        array = np.asarray(sound)
    except (ValueError, TypeError):
        array = np.zeros(0, dtype=object)
    if array.dtype.kind not in "fiu":
        allowed = "an array of real numbers, (samples,) or (batch, samples)"
        raise AudioError(must(argument, type(sound).__name__, allowed, "Files: audio.load(path)."))
    if array.ndim not in (1, 2) or array.ndim == 2 and len(array) > MAX_ROWS:
        allowed = f"(samples,) or (batch, samples) with a batch of at most {MAX_ROWS}"
        raise ShapeError(must(f"{argument}.shape", array.shape, allowed))
    rows = [checked_waveform(row, argument)[0] for row in np.atleast_2d(array)]
    if not rows:
        raise AudioError(must(f"{argument}.shape", array.shape, "not empty"))
    rate = sample_rate if own_rate is None else checked_rate(own_rate)
    stacked = np.stack([audio.resample(row, rate, sample_rate) for row in rows])
    return torch.from_numpy(np.ascontiguousarray(stacked, dtype=np.float32))
