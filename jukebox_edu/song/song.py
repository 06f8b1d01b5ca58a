"""A song: codes of every level, what was asked for, and how to hear, show, cut and keep it.

What
    The codes are the song; sound is made of them when it is asked for. Cutting works on codes, at
    whole top-level codes, so that all levels are cut at the same instant and nothing is rounded.
Shapes
    codes[level] (batch, tokens) long; (batch, 0) where a level was not written.
Conventions
    Level 0 is the bottom (finest) level. Seconds outside, codes inside. Sound is clamped here and
    in files, never in `model.decode`.
Paper: [Jukebox §3, §4.4]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, LyricsError, ShapeError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.sampling.plan import Plan
from jukebox_edu.song.provenance import Provenance
from jukebox_edu.song.sound import Sound, decoded, from_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jukebox_edu.alignment import Alignment
    from jukebox_edu.page import Player


@dataclass(frozen=True, eq=False, repr=False)
class Song:
    """One song, or a batch of them written side by side.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    codes: list[Tensor]  # index = level, (batch, tokens) long
    sample_rate: int  # samples per second
    hop_lengths: tuple[int, ...]  # samples per code of each level, bottom first
    codebook_size: int  # codes are below it
    seed: int  # of the noise
    labels: SongLabels | None = None  # names and lyrics; None if nobody knows them
    plan: Plan | None = None  # by which it was written, before any cut
    rows: tuple[int, ...] = ()  # number of each row in the noise; default 0, 1, ...
    provenance: Provenance = Provenance("unknown")
    model: Any = None  # the Jukebox, to decode and to align
    folder: Path | None = None  # where its sound files are, if it was loaded
    _heard: dict[Any, Any] = field(default_factory=dict)  # sound and alignment, kept

    def __post_init__(self) -> None:
        """Check that codes fit together."""
        object.__setattr__(self, "codes", [_checked(c, i) for i, c in enumerate(self.codes)])
        batches = {len(codes) for codes in self.codes}
        if len(self.codes) != len(self.hop_lengths) or len(batches) != 1:
            shapes = [tuple(codes.shape) for codes in self.codes]
            allowed = f"{len(self.hop_lengths)} levels of the same batch"
            raise ShapeError(must("codes", shapes, allowed))
        if not self.rows:
            object.__setattr__(self, "rows", tuple(range(self.n_samples)))
        if not self.levels:
            raise ShapeError(must("codes", "no codes at all", "codes of at least one level"))

    def __repr__(self) -> str:
        many = f"{self.n_samples} samples of " if self.n_samples > 1 else ""
        about = f"levels {self.levels}, seed {self.seed}, by {self.provenance.model}"
        return f"Song({many}{self.seconds:.2f} s, {about})"

    # ---- what there is ------------------------------------------------------------------------

    @property
    def n_samples(self) -> int:
        """Songs in the batch."""
        return len(self.codes[0])

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels that have codes, bottom first."""
        return tuple(level for level, codes in enumerate(self.codes) if codes.shape[1])

    @property
    def length(self) -> int:
        """Samples of the longest level."""
        pairs = zip(self.codes, self.hop_lengths, strict=True)
        return max(codes.shape[1] * hop for codes, hop in pairs)

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return units.samples_to_seconds(self.length, self.sample_rate)

    @property
    def finest(self) -> int:
        """The finest level that reaches to the song's end: the one to listen to."""
        pairs = enumerate(zip(self.codes, self.hop_lengths, strict=True))
        return next(i for i, (codes, hop) in pairs if codes.shape[1] * hop == self.length)

    def _sound(self, level: int, sample: int) -> Sound:
        """Decode, or read from the files, once."""
        self._check_sample(sample)
        if isinstance(level, bool) or level not in self.levels:
            allowed = f"one of {self.levels}, the levels that have codes"
            advice = "model.upsample(song) writes the levels below." if level == 0 else ""
            raise ConfigError(must("level", level, allowed, advice))
        key = ("sound", level, sample)
        if key not in self._heard:
            make = from_file if self.model is None else decoded
            self._heard[key] = make(self, level, sample)
        return self._heard[key]

    def _check_sample(self, sample: int) -> None:
        whole = isinstance(sample, int | np.integer) and not isinstance(sample, bool)
        if not whole or not 0 <= sample < self.n_samples:
            raise ConfigError(must("sample", sample, f"from 0 to {self.n_samples - 1}"))

    def audio(self, level: int = 0, sample: int = 0) -> np.ndarray:
        """Sound of one level, float32 (samples,), clamped to [-1, 1].

        Raises
        ------
        ConfigError
            If the level has no codes, or neither model nor sound files are at hand.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        return self._sound(level, sample).samples

    def clipped_share(self, level: int = 0, sample: int = 0) -> float:
        """Share of samples (0 to 1) that `audio` had to clamp.

        Lesson: notebooks/04_three_levels.ipynb
        """
        return self._sound(level, sample).clipped_share

    def alignment(self) -> Alignment:
        """When each character of the lyrics is sung, read from the top prior's attention.

        Raises
        ------
        ConfigError
            If no model is at hand or it reads no lyrics.
        LyricsError
            If the song has no lyrics.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        if "alignment" not in self._heard:
            self._heard["alignment"] = self._align()
        return self._heard["alignment"]

    def _align(self) -> Alignment:
        from jukebox_edu.alignment import Alignment, align

        if self.folder is not None and (self.folder / "alignment.npz").exists():
            return Alignment.load(self.folder / "alignment.npz")
        if self.model is None:
            advice = "Load the song with its model: Song.load(folder, model=...)."
            raise ConfigError(must("model", None, "the model that wrote the song", advice))
        if self.labels is None:
            raise LyricsError(must("labels", None, "known", "There is nothing to align."))
        return align(self.model.priors[-1], self.codes[-1], self.labels)

    # ---- cutting ------------------------------------------------------------------------------

    def _changed(self, codes: Sequence[Tensor], deed: str, **more: Any) -> Song:
        """The same song with other codes; its sound files no longer belong to it."""
        fields = {"folder": None, "_heard": {}, "provenance": self.provenance.then(deed), **more}
        return dataclasses.replace(self, codes=list(codes), **fields)

    def take(self, sample: int) -> Song:
        """One song of the batch.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._check_sample(sample)
        labels = None if self.labels is None else self.labels.select([sample])
        return self._changed(
            [codes[sample : sample + 1] for codes in self.codes],
            f"took sample {sample} of {self.n_samples}",
            labels=labels,
            rows=(self.rows[sample],),
        )

    def _cut(self, seconds: float, argument: str) -> int:
        """Samples up to a cut, whole top-level codes; the last digit of `seconds` is forgiven."""
        value = units.checked_seconds(seconds, argument)
        top = self.hop_lengths[-1]
        cut = units.seconds_to_samples(value, self.sample_rate, top)
        if not top <= cut <= self.length:
            allowed = f"from {top / self.sample_rate:g} to the {self.seconds:g} s of the song"
            raise ConfigError(must(argument, seconds, allowed))
        return cut

    def trim(self, seconds: float) -> Song:
        """The first seconds of the song, rounded down to whole top-level codes.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        cut = self._cut(seconds, "seconds")
        pairs = zip(self.codes, self.hop_lengths, strict=True)
        kept = [codes[:, : cut // hop] for codes, hop in pairs]
        return self._changed(kept, f"trimmed to {cut / self.sample_rate:g} s")

    def splice(self, other: Song, at: float) -> Song:
        """Join this song up to `at` seconds with what `other` has from there on.

        Meant for takes of one song. `at` is rounded down to whole top-level codes; a level that
        one of the two lacks there is left empty.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if not isinstance(other, Song):
            raise ConfigError(must("other", other, "a Song"))
        ours = (self.sample_rate, self.hop_lengths, self.codebook_size, self.n_samples)
        theirs = (other.sample_rate, other.hop_lengths, other.codebook_size, other.n_samples)
        if ours != theirs:
            names = "(sample_rate, hop_lengths, codebook_size, n_samples)"
            raise ConfigError(must(f"other's {names}", theirs, f"{ours}"))
        cut = self._cut(at, "at")
        if cut >= other.length:
            raise ConfigError(must("at", at, f"before the end of other at {other.seconds:g} s"))
        joined = []
        for a, b, hop in zip(self.codes, other.codes, self.hop_lengths, strict=True):
            n = cut // hop
            whole = a.shape[1] >= n and b.shape[1] >= n
            joined.append(torch.cat([a[:, :n], b[:, n:]], dim=1) if whole else a[:, :0])
        deed = f"went over to another take (seed {other.seed}) at {cut / self.sample_rate:g} s"
        return self._changed(joined, deed)

    # ---- showing and keeping ------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Keep everything in a folder: codes, sound, alignment, a page to open in a browser.

        Raises
        ------
        RunError
            If the folder holds another song (unless `overwrite`) or cannot be written.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        from jukebox_edu.song.files import save

        return save(self, folder, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], model: Any = None) -> Song:
        """Read what `save`, or a finished run, left; with no model, sound comes from its files.

        Raises
        ------
        RunError
            If there is no song, it is unfinished, damaged, or of another model.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        from jukebox_edu.song.files import load

        return load(folder, model)

    def player(self, sample: int = 0, levels: Sequence[int] | None = None) -> Player:
        """Show and play the song in a notebook; `levels`: whose sound, default all.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        from jukebox_edu.page import Player
        from jukebox_edu.song.showing import page_data

        return Player(page_data(self, sample, levels))

    def to_html(self, path: str | os.PathLike[str], *, sample: int = 0) -> Path:
        """Write one page that plays anywhere, without a kernel or a network.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        from jukebox_edu.page import write_page
        from jukebox_edu.song.showing import page_data

        return write_page(path, page_data(self, sample))

    def export(
        self, path: str | os.PathLike[str], *, level: int | None = None, sample: int = 0
    ) -> Path:
        """Write the sound as mp3, flac, ogg or wav, with its provenance in the tags.

        Lesson: notebooks/15_whose_music.ipynb
        """
        from jukebox_edu import audio
        from jukebox_edu.song.showing import tags

        sound = self.audio(self.finest if level is None else level, sample)
        return audio.save(path, sound, self.sample_rate, tags=tags(self, sample)).path

    def plot(self, sample: int = 0) -> Figure:
        """Sound, codes and alignment on one time axis.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        from jukebox_edu.plotting import song_figure
        from jukebox_edu.song.showing import page_data

        return song_figure(page_data(self, sample))


def _checked(codes: Any, level: int) -> Tensor:
    """Codes as a long tensor (batch, tokens) on the CPU."""
    tensor = torch.as_tensor(codes)
    if tensor.ndim != 2 or tensor.is_floating_point() or tensor.dtype == torch.bool:
        given = (tuple(tensor.shape), str(tensor.dtype))
        raise ShapeError(must(f"codes[{level}]", given, "whole numbers (batch, tokens)"))
    return tensor.detach().to("cpu", torch.long)
