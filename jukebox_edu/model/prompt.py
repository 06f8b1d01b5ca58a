"""A prompt: what is there already when a song is begun.

What
    Sound is encoded into codes of every level and cut to whole top-level codes; a song brings its
    codes. The prompt's `mark` names what was given, so that a run folder knows its own prompt.
Paper: [Jukebox §4.4]
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from jukebox_edu import audio, units
from jukebox_edu.errors import AudioError, ConfigError, must
from jukebox_edu.model.sound import as_rows
from jukebox_edu.song import Song

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox


@dataclass(frozen=True, eq=False)
class Prompt:
    """Codes that a new song begins with.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    codes: tuple[Tensor, ...]  # index = level, (batch, tokens) long; a level may be empty
    mark: str  # fingerprint of what was given
    rows: tuple[int, ...] | None = None  # number of each row in the noise, from a song
    note: str = ""  # what was cut off, in words

    def for_batch(self, n_samples: int) -> Prompt:
        """The same prompt for every sample of a batch, or one row for each.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        rows = len(self.codes[0])
        if rows == n_samples:
            return self
        if rows != 1:
            allowed = f"one recording, or {n_samples} (n_samples) rows (batch, samples)"
            advice = "Mix stereo to mono with audio.as_mono, or pick song.take(i)."
            raise ConfigError(must("prompt", f"{rows} rows", allowed, advice))
        repeated = tuple(codes.repeat(n_samples, 1) for codes in self.codes)
        return Prompt(repeated, self.mark, None, self.note)


def as_prompt(model: Jukebox, given: Any) -> Prompt | None:
    """Turn what a user gave as prompt into codes.

    Parameters
    ----------
    given
        None, an array at the model's rate, an `AudioClip`, the path of a file, or a `Song`.

    Raises
    ------
    AudioError, ConfigError
        If it cannot be read, is silent, too short, or of another codec.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    if given is None:
        return None
    if isinstance(given, Song):
        return song_prompt(model, given)
    if isinstance(given, str | os.PathLike):
        given = audio.load(given, sample_rate=model.sample_rate)
    rows = as_rows(given, model.sample_rate, None, "prompt")
    for row in rows:
        audio.check_not_silent(row.numpy(), "prompt")
    top = model.hop_lengths[-1]
    kept = rows.shape[1] // top * top
    if kept == 0:
        given_s = units.samples_to_seconds(rows.shape[1], model.sample_rate)
        least = f"at least {top / model.sample_rate:g} s, one code of the top level"
        raise AudioError(must("prompt", f"{given_s:g} s of sound", least))
    note = ""
    if kept != rows.shape[1]:
        seconds = units.samples_to_seconds(kept, model.sample_rate)
        note = f"The prompt is cut to {seconds:.4f} s, whole codes of the top level."
    codes = model.encode(rows[:, :kept])
    return Prompt(tuple(c.cpu() for c in codes), _mark([rows]), None, note)


def song_prompt(model: Jukebox, song: Song) -> Prompt:
    """The codes of a song of the same codec.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    ours = (model.sample_rate, tuple(model.hop_lengths), model.config.vqvae.codebook_size)
    theirs = (song.sample_rate, song.hop_lengths, song.codebook_size)
    if ours != theirs:
        names = "(sample_rate, hop_lengths, codebook_size)"
        advice = "Prompt with its sound instead: song.audio()."
        raise ConfigError(must(f"{names} of the song", theirs, f"the model's {ours}", advice))
    return Prompt(tuple(song.codes), _mark(song.codes), song.rows)


def _mark(tensors: Any) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(repr(tuple(tensor.shape)).encode())
        digest.update(tensor.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()[:32]


def empty_prompt(levels: int, n_samples: int) -> Prompt:
    """Nothing at all: every level is empty.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    empty = torch.zeros(n_samples, 0, dtype=torch.long)
    return Prompt((empty,) * levels, "")
