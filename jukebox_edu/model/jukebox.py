"""The Jukebox: a codec and its priors, ready to write songs.

What
        encode     sound -> codes of every level                         the codec's encoders
        sample     lyrics, artist, genre, seconds, seed -> Song          the priors, top first
        decode     codes of one level -> sound                           the codec's decoders
Shapes
    sound (batch, samples); codes: list, index = level, (batch, tokens).
Conventions
    Level 0 is the bottom (finest) level. Seconds outside, codes inside.
Paper: [Jukebox §3, §4]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu import units
from jukebox_edu.config import ModelConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import LabelVocabularies
from jukebox_edu.model.devices import checked_device, checked_dtype, fingerprint
from jukebox_edu.model.parts import SongStream
from jukebox_edu.model.prompt import as_prompt, song_prompt
from jukebox_edu.model.request import Job, Request, prepare, told_by
from jukebox_edu.model.shelf import Shelf
from jukebox_edu.model.sound import Codes, as_rows
from jukebox_edu.model.writing import write_song
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.sampling.plan import Plan, make_plan
from jukebox_edu.song import Song
from jukebox_edu.vqvae.model import VQVAE


class Jukebox:
    """A codec and its priors.

    Parameters
    ----------
    config
        Of the whole model.
    vqvae, priors
        The codec, and one prior per level, bottom first (or a `Shelf`, which reads them when
        they are needed).
    vocabularies
        Lists of artists and genres per level; None for a prior without labels.
    weights
        Fingerprint of the weights, if it is known from their files.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def __init__(
        self,
        config: ModelConfig,
        vqvae: VQVAE,
        priors: Sequence[Prior],
        vocabularies: Sequence[LabelVocabularies | None] | None = None,
        *,
        weights: str | None = None,
    ) -> None:
        self.config = config
        self.vqvae = vqvae.eval()
        self.priors = Shelf.of(priors)
        if self.priors.configs != config.priors:
            raise ConfigError(must("priors", len(self.priors), "the models of config.priors"))
        none: tuple[None, ...] = (None,) * len(self.priors)
        self.vocabularies = none if vocabularies is None else tuple(vocabularies)
        self.rates: dict[int, float] = {}  # steps per second of each level, measured while sampling
        self._weights = weights

    def __repr__(self) -> str:
        return (
            f"Jukebox({self.config.name!r}: {self.levels} levels, {self.sample_rate} Hz, "
            f"{self.device}, {str(self.dtype).removeprefix('torch.')})"
        )

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.priors)

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.config.vqvae.sample_rate

    @property
    def hop_lengths(self) -> tuple[int, ...]:
        """Samples per code of each level, bottom first."""
        return self.config.vqvae.hop_lengths

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.priors.device

    @property
    def dtype(self) -> torch.dtype:
        """Precision in which the priors compute; the codec is always float32."""
        return self.priors.dtype

    @property
    def fingerprint(self) -> str:
        """Short text that changes with the weights."""
        if self._weights is None:
            self._weights = fingerprint(self.config, (self.vqvae, *self.priors))
        return self._weights

    def to(
        self, device: str | torch.device | None = None, dtype: str | torch.dtype | None = None
    ) -> Jukebox:
        """Move to a device, change the precision of the priors, or both; returns the model.

        Lesson: notebooks/11_real_models_on_a_gpu.ipynb
        """
        before = self.fingerprint  # of the weights as they were loaded
        if device is not None:
            self.priors.to(checked_device(device))
            self.vqvae.to(self.device)
        if dtype is not None:
            self.priors.cast(checked_dtype(dtype, self.device, self.config))
        self._weights = before
        self.rates.clear()
        return self

    def artists(self) -> tuple[str, ...]:
        """Names that the top level knows, in the order of their ids.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        lists = self.vocabularies[-1]
        return () if lists is None else lists.artists.listed

    def genres(self) -> tuple[str, ...]:
        """Genres that the top level knows, in the order of their ids.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        lists = self.vocabularies[-1]
        return () if lists is None else lists.genres.listed

    def preview(
        self, lyrics: str = "", artist: str | None = None, genre: str | None = None,
        seconds: float = 10, total_seconds: float | None = None,
    ) -> str:  # fmt: skip
        """What each level would be told, in words; names that a level does not know are warned of.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        from jukebox_edu.model.preview import preview

        return preview(self, lyrics, artist, genre, seconds, total_seconds)

    # ---- sound and codes ----------------------------------------------------------------------

    def encode(self, audio: Any, sample_rate: int | None = None) -> list[Tensor]:
        """Turn sound into codes of every level.

        Parameters
        ----------
        audio
            Array or tensor (batch, samples) or (samples,), real numbers.
        sample_rate
            Its rate, if it is not the model's.

        Returns
        -------
        list of Tensor
            Index = level; long (batch, tokens). Padded to a whole top-level code; the list's
            `n_samples` is the true length.

        Raises
        ------
        AudioError, ShapeError
            If it is no sound: empty, integers, NaN.

        Lesson: notebooks/04_three_levels.ipynb
        """
        rows = as_rows(audio, self.sample_rate, sample_rate)
        return Codes(self.vqvae.encode(rows.to(self.device)), rows.shape[1])

    def decode(self, codes: Sequence[Tensor | None], level: int = 0) -> Tensor:
        """Turn the codes of one level into sound, float32 (batch, samples), never clamped.

        Lesson: notebooks/04_three_levels.ipynb
        """
        if not isinstance(codes, Tensor):
            codes = [None if c is None else torch.as_tensor(c).to(self.device) for c in codes]
        return self.vqvae.decode(codes, level)

    # ---- songs --------------------------------------------------------------------------------

    def plan(
        self,
        seconds: float = 10,
        total_seconds: float | None = None,
        n_samples: int = 1,
        prompt_seconds: float | None = None,
        levels: int | Sequence[int] | None = None,
        options: SamplingOptions | None = None,
    ) -> Plan:
        """What `sample` would do: windows, codes, roundings, memory; see `make_plan`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        plan = make_plan(
            self.config,
            seconds=seconds,
            total_seconds=total_seconds,
            n_samples=n_samples,
            prompt_seconds=prompt_seconds,
            levels=levels,
            options=options,
            itemsize=self.dtype.itemsize,
        )
        rates = tuple(self.rates.get(level.level) for level in plan.levels)
        return dataclasses.replace(plan, rates=rates)

    def sample(
        self,
        lyrics: str | Sequence[str] = "",
        artist: str | Sequence[str] | None = None,
        genre: str | Sequence[str] | None = None,
        seconds: float = 10,
        total_seconds: float | None = None,
        n_samples: int = 1,
        seed: int = 0,
        levels: int | Sequence[int] | None = None,
        prompt: Any = None,
        options: SamplingOptions | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = True,
        *,
        timings: Any = None,
    ) -> Song:
        """Write a song [Jukebox §4].

        Parameters
        ----------
        lyrics, artist, genre
            One for all samples, or one per sample; artist or genre None: the model's first.
        seconds, total_seconds
            Length of the song, prompt included, and of the whole song the model is told of.
        n_samples, seed
            Songs written side by side; equal seeds give equal songs.
        levels
            Which levels to write, e.g. (2,) for the top only; None: all.
        prompt
            What the song begins with: sound at the model's rate, a file's path, or a `Song`.
        out
            Folder that is saved to as it goes; the same call resumes. None: memory only.
        timings
            When each character is sung, if known; see `SongLabels.create`.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        request = Request(
            lyrics, artist, genre, seconds, total_seconds, n_samples, seed, levels,
            as_prompt(self, prompt), options, timings,
        )  # fmt: skip
        return self._finished(prepare(self, request), out, progress)

    def stream(
        self,
        lyrics: str | Sequence[str] = "",
        artist: str | Sequence[str] | None = None,
        genre: str | Sequence[str] | None = None,
        seconds: float = 10,
        total_seconds: float | None = None,
        n_samples: int = 1,
        seed: int = 0,
        levels: int | Sequence[int] | None = None,
        prompt: Any = None,
        options: SamplingOptions | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = True,
        *,
        timings: Any = None,
    ) -> SongStream:
        """Write a song and give out each second of each level as soon as it is there.

        Parameters are those of `sample`, and so is the song: `stream.song`, at the end. `close()`
        stops; with `out`, the same call goes on later and begins with the parts there are.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        request = Request(
            lyrics, artist, genre, seconds, total_seconds, n_samples, seed, levels,
            as_prompt(self, prompt), options, timings,
        )  # fmt: skip
        return SongStream(write_song(self, prepare(self, request), out, progress, parts=True))

    def continue_song(
        self,
        song: Song,
        seconds: float = 10,
        *,
        lyrics: str | Sequence[str] | None = None,
        artist: str | Sequence[str] | None = None,
        genre: str | Sequence[str] | None = None,
        total_seconds: float | None = None,
        seed: int | None = None,
        levels: int | Sequence[int] | None = None,
        options: SamplingOptions | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> Song:
        """Add seconds to a song; what there is stays.

        Words, names and seed are the song's unless given; another seed gives another branch.
        `levels` default to those the song has. `total_seconds` defaults to what the song was
        told, or its new length if that is longer.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        added = units.checked_seconds(seconds)
        told = told_by(song, lyrics, artist, genre)
        whole = song.seconds + added
        if total_seconds is None and song.labels is not None:
            total_seconds = max(whole, song.labels.total_length / self.sample_rate)
        levels = song.levels if levels is None else levels
        request = Request(
            *told, whole, total_seconds, song.n_samples, song.seed if seed is None else seed,
            levels, song_prompt(self, song), options, deed="continued",
        )  # fmt: skip
        return self._finished(prepare(self, request), out, progress, song)

    def upsample(
        self,
        song: Song,
        *,
        levels: int | Sequence[int] | None = None,
        seed: int | None = None,
        options: SamplingOptions | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> Song:
        """Write the levels that a song lacks; a song that lacks none comes back as it is.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        told = told_by(song, None, None, None)
        lengths = [c.shape[1] * hop for c, hop in zip(song.codes, song.hop_lengths, strict=True)]
        missing = tuple(level for level, n in enumerate(lengths) if n < song.length)
        if not missing:
            return song
        total = None if song.labels is None else song.labels.total_length / self.sample_rate
        request = Request(
            *told, song.seconds, total, song.n_samples, song.seed if seed is None else seed,
            missing if levels is None else levels, song_prompt(self, song), options,
            deed="upsampled",
        )  # fmt: skip
        return self._finished(prepare(self, request), out, progress, song)

    def _finished(
        self,
        job: Job,
        out: str | os.PathLike[str] | None,
        progress: bool,
        before: Song | None = None,
    ) -> Song:
        """Carry a job out to its end; the history of the song before comes first."""
        stream = SongStream(write_song(self, job, out, progress, parts=False, before=before))
        for _ in stream:
            pass
        return stream.song  # type: ignore[return-value]

    # ---- what it knows ------------------------------------------------------------------------

    def features(
        self,
        audio: Any,
        layer: int | None = None,
        pool: str | None = "mean",
        *,
        sample_rate: int | None = None,
    ) -> np.ndarray:
        """What the top prior knows of a recording: states of one layer, float32.

        `audio` is (batch, samples) or (samples,) at `sample_rate` (None: the model's); `layer`
        None is the middle one. `pool` "mean" over time gives (batch, width), None (batch, tokens,
        width).

        Paper: probing such states, arXiv 2107.05677
        Lesson: notebooks/14_what_jukebox_knows.ipynb
        """
        from jukebox_edu.model.features import features

        return features(self, audio, layer, pool, sample_rate)
