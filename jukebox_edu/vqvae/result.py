"""What one training pass of the VQ-VAE returns: losses, and what each level made of the audio.

Shapes
    Losses are scalars (tensors without axes) that gradients can be taken of; audio is
    (batch, samples), codes (batch, tokens). Index = level, bottom first.
Paper: [Jukebox §3]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from jukebox_edu.vqvae.bottleneck import CodebookMetrics


@dataclass(frozen=True)
class LevelLoss:
    """Losses of one level and what it made of the audio.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    recons: Tensor  # scalar, loss on samples
    spectral: Tensor  # scalar, single-resolution spectral loss
    multispectral: Tensor  # scalar, multi-resolution spectral loss
    commit: Tensor  # scalar, commitment loss
    reconstruction: Tensor  # (batch, samples)
    codes: Tensor  # (batch, tokens) long
    quantised: Tensor  # (batch, emb_width, tokens), straight-through
    codebook: CodebookMetrics | None  # None in eval mode


@dataclass(frozen=True)
class VQVAELoss:
    """Training losses summed over levels, and each level's part [Jukebox §3].

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    total: Tensor  # scalar to minimize: the weighted sum of the next four
    recons: Tensor  # scalar
    spectral: Tensor  # scalar
    multispectral: Tensor  # scalar
    commit: Tensor  # scalar
    levels: tuple[LevelLoss | None, ...]  # index = level; None where a level did not run
    spectral_convergence: Tensor  # scalar, of `reconstruction`, like the next three
    l1: Tensor  # scalar
    l2: Tensor  # scalar
    linf: Tensor  # scalar
    codebook: CodebookMetrics | None  # mean over levels; None in eval mode

    @property
    def ran(self) -> tuple[LevelLoss, ...]:
        """The levels that ran, bottom first."""
        return tuple(level for level in self.levels if level is not None)

    @property
    def reconstruction(self) -> Tensor:
        """(batch, samples) of level 0, or of the lowest level that ran."""
        return self.ran[0].reconstruction

    @property
    def quantised(self) -> tuple[Tensor | None, ...]:
        """Straight-through vectors (batch, emb_width, tokens) per level."""
        return tuple(None if level is None else level.quantised for level in self.levels)

    @property
    def codes(self) -> tuple[Tensor | None, ...]:
        """Codes (batch, tokens) per level."""
        return tuple(None if level is None else level.codes for level in self.levels)


def mean_metrics(levels: Sequence[LevelLoss]) -> CodebookMetrics | None:
    """Codebook metrics averaged over levels; None in eval mode.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    metrics = [level.codebook for level in levels if level.codebook is not None]
    if not metrics:
        return None
    names = CodebookMetrics.__dataclass_fields__
    return CodebookMetrics(*(sum(getattr(m, n) for m in metrics) / len(metrics) for n in names))
