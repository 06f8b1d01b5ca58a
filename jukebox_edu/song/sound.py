"""The sound of one level of a song: decoded from codes, or read from the song's own files.

Conventions
    Float32 (samples,), clamped to [-1, 1]; what was beyond is reported as a share.
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jukebox_edu import audio
from jukebox_edu.errors import ConfigError, RunError, must

if TYPE_CHECKING:
    from jukebox_edu.song.song import Song


@dataclass(frozen=True, eq=False)
class Sound:
    """Sound of one level of one song.

    Lesson: notebooks/04_three_levels.ipynb
    """

    samples: np.ndarray  # float32 (samples,), clamped
    clipped_share: float  # share of samples that were beyond full scale, 0 to 1


def sound_name(level: int, sample: int) -> str:
    """Name of a sound file in the folder of a song.

    Lesson: notebooks/00_ten_minutes.ipynb

    >>> sound_name(0, 0), sound_name(0, 3)
    ('level_0.flac', 'level_0_sample_3.flac')
    """
    return f"level_{level}.flac" if sample == 0 else f"level_{level}_sample_{sample}.flac"


def clamped(samples: np.ndarray) -> Sound:
    """Clamp a waveform (samples,) and count what was beyond.

    Lesson: notebooks/04_three_levels.ipynb
    """
    return Sound(np.clip(samples, -1.0, 1.0), audio.clipped_share(samples))


def decoded(song: Song, level: int, sample: int) -> Sound:
    """Let the model's codec play the codes.

    Lesson: notebooks/04_three_levels.ipynb
    """
    one = [codes[sample : sample + 1] for codes in song.codes]
    return clamped(song.model.decode(one, level)[0].cpu().numpy())


def from_file(song: Song, level: int, sample: int) -> Sound:
    """Read the sound that was saved with the song.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    name = sound_name(level, sample)
    if song.folder is None or not (song.folder / name).exists():
        where = "no folder" if song.folder is None else f"no {name} in {song.folder}"
        advice = "Load the song with its model: Song.load(folder, model=jukebox_edu.load(...))."
        raise ConfigError(must("model", None, f"given, for there is {where}", advice))
    path: Path = song.folder / name
    clip = audio.load(path)
    expected = song.codes[level].shape[1] * song.hop_lengths[level]
    if clip.sample_rate != song.sample_rate or len(clip.samples) != expected:
        raise RunError(
            f"{path} holds {len(clip.samples)} samples at {clip.sample_rate} Hz and the song "
            f"{expected} at {song.sample_rate}: save the song again."
        )
    share = song._heard.get(("clipped", level, sample), 0.0)
    return Sound(clip.samples, share)
