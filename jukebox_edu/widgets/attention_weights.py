"""Where a prior really looks while it reads a song: the weights of one layer, head and position.

What
    The prior reads one window of the song's codes again, told what it was told when it wrote
    them, and one layer hands out its weights. The last layer read is kept, so that another head
    or position costs nothing.
Shapes
    weights (positions,) over the sequence, or (lyric tokens,) where a layer reads the lyrics.
Paper: [Jukebox §4]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from jukebox_edu.config import PriorConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model import Jukebox
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.windows import window_starts
from jukebox_edu.song import Song
from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, PRIME, Layout, layer_patterns


@dataclass(frozen=True, eq=False)
class Shape:
    """A stack's grid and patterns, and the prior itself if there is one.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    layout: Layout
    patterns: tuple[int, ...]  # of each layer
    prior: Prior | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """Where one head looked from one position.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    weights: np.ndarray  # float32 (positions,), or (lyric tokens,)
    letters: tuple[str, ...] | None  # what each lyric token stands for; None: weights over codes
    seconds: float  # where in the song the position that looks is
    first_seconds: float  # where position 0 would be
    written: bool  # whether the song reaches that far


def shape_of(about: Any, level: int | None = None) -> Shape:
    """Grid and patterns of a `Jukebox` (one of its levels), a `Prior` or a `PriorConfig`.

    Raises
    ------
    ConfigError
        If it is something else, or the model has no such level.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    if isinstance(about, Jukebox):
        level = about.levels - 1 if level is None else level
        if isinstance(level, bool) or level not in range(about.levels):
            raise ConfigError(must("level", level, f"from 0 to {about.levels - 1}"))
        about = about.priors[level]
    if isinstance(about, Prior):
        built = about.music.transformer
        return Shape(built.layout, built.patterns, about)
    if not isinstance(about, PriorConfig):
        allowed = "a number of positions, a PriorConfig, a Prior or a Jukebox"
        raise ConfigError(must("about", about, allowed))
    stack, lyrics = about.transformer, about.lyrics
    n_tokens = lyrics.n_tokens if lyrics else 0
    layout = Layout(
        about.sequence_length,
        stack.blocks or 1,
        spread=stack.spread or 1,
        prime=n_tokens if about.single_sequence else 0,
        encoder=0 if about.single_sequence else n_tokens,
    )
    return Shape(layout, layer_patterns(stack.attn_order, stack.depth))


class WeightReader:
    """Reads weights of one song, window by window.

    Parameters
    ----------
    shape
        With a prior.
    song, sample
        Its codes at the prior's level and, if the prior is told labels, its labels.

    Raises
    ------
    ConfigError
        If something that the prior needs is missing.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    def __init__(self, shape: Shape, song: Song, sample: int = 0) -> None:
        if shape.prior is None:
            raise ConfigError(must("about", "a configuration", "a model, to read a song with"))
        if not isinstance(song, Song):
            raise ConfigError(must("song", song, "a Song"))
        self.prior, self.layout, self.song = shape.prior, shape.layout, song.take(sample)
        config = self.prior.config
        self.level = config.level
        needed = [config.level] if config.conditioner is None else [config.level, config.level + 1]
        if not set(needed) <= set(song.levels):
            allowed = f"a song with codes at levels {needed}"
            raise ConfigError(must("song", f"levels {song.levels}", allowed))
        if config.labels is not None and song.labels is None:
            raise ConfigError(must("song", "a song without labels", "one whose labels are known"))
        self.heads = config.transformer.heads
        self.hop_seconds = config.hop_length / config.sample_rate
        self.codes = self.song.codes[self.level]
        n = max(self.codes.shape[1], config.n_ctx)
        self.starts = tuple(window_starts(n, config.n_ctx, config.n_ctx))
        self._kept: tuple[tuple[int, int], np.ndarray] | None = None  # (start, layer), weights

    def seconds(self, code: int) -> float:
        """Where a code of the song begins, in seconds."""
        return code * self.hop_seconds

    def read(self, start: int, layer: int, head: int, position: int) -> Looked:
        """Weights of one position of a window; see `Looked`.

        Parameters
        ----------
        start
            First code of the window, one of `starts`.
        position
            Of the sequence: in a single-sequence model lyrics come first.

        Lesson: notebooks/06_sparse_attention.ipynb
        """
        table = self._layer(start, layer)[head]  # (queries, keys)
        pattern = self.prior.music.transformer.patterns[layer]
        lyrical = pattern in (LYRICS, PRIME)
        prime = self.layout.prime
        query = position - prime if pattern == PRIME else position  # music queries only
        weights = table[query] if query >= 0 else np.zeros(table.shape[1], np.float32)
        code = start + position - prime  # lyrics of a single sequence stand before all music
        return Looked(
            weights=weights,
            letters=self._letters(start) if lyrical else None,
            seconds=self.seconds(code),
            first_seconds=self.seconds(start - prime),
            written=code < self.codes.shape[1],
        )

    def _letters(self, start: int) -> tuple[str, ...]:
        """The letter of each lyric token of a window."""
        labels = self.song.labels
        text = labels.levels[self.level].lyrics[0]  # type: ignore[union-attr]
        indices = labels.lyric_indices(start, self.level)[0].tolist()  # type: ignore[union-attr,index]
        return tuple(text[i] if i >= 0 else "" for i in indices)

    def _layer(self, start: int, layer: int) -> np.ndarray:
        """Weights (heads, queries, keys) of one layer in one window; the last one is kept."""
        if self._kept is None or self._kept[0] != (start, layer):
            self._kept = None  # one table at a time: they are large
            record = self._read(start, layer)
            zeros = PATTERNS[self.prior.music.transformer.patterns[layer]].zero_keys(self.layout)
            self._kept = (start, layer), record[0, :, :, zeros:].float().cpu().numpy()
        return self._kept[1]

    @torch.no_grad()
    def _read(self, start: int, layer: int) -> torch.Tensor:
        n_ctx, upper = self.prior.config.n_ctx, None
        window = self.codes[:, start : start + n_ctx]
        window = functional.pad(window, (0, n_ctx - window.shape[1]))  # (1, n_ctx)
        if self.prior.config.conditioner is not None:
            factor = self.prior.config.conditioner.factor
            first, length = start // factor, n_ctx // factor
            upper = self.song.codes[self.level + 1][:, first : first + length]
            upper = functional.pad(upper, (0, length - upper.shape[1]))  # (1, n_ctx // factor)
        labels = self.song.labels
        told = None if labels is None else labels.window(start, self.level)
        return self.prior.attention(window, upper, told, (layer,))[layer].weights
