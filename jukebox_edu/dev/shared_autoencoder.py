"""An ablation: one autoencoder for all levels, as in VQ-VAE-2, instead of one for each.

What
    One encoder walks from the waveform to the top. Its features are quantized at every level, and
    each finer level is told what the coarser ones have kept. One decoder walks back down, and adds
    the finer vectors where they belong:

        audio -> block 0 -> block 1 -> block 2          features
                    |          |          |
                  join 0     join 1       |             told what lies above
                    |          |          |
                  codes 0    codes 1    codes 2
                    |          |          |
        audio <- block 0 <-+- block 1 <-+- block 2

    It rebuilds sound well with all its codes, and that is the trouble: nothing makes the top level
    keep anything that the levels below can keep as well. The paper therefore trains an autoencoder
    for each level. This class is here to measure the difference; the library never uses it.
Shapes
    audio (batch, samples); vectors (batch, emb_width, tokens) and codes (batch, tokens) per level,
    bottom first
Paper: [Jukebox §3.2, §5.1], table 6; [VQ-VAE-2, §3.1] (arXiv 1906.00446)
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import ConfigError, ShapeError, must
from jukebox_edu.nn.conv import Conv1d
from jukebox_edu.vqvae import losses
from jukebox_edu.vqvae.bottleneck import Bottleneck, Quantised
from jukebox_edu.vqvae.decoder import Decoder
from jukebox_edu.vqvae.encoder import Encoder
from jukebox_edu.vqvae.losses import Bandwidth


@dataclass(frozen=True)
class SharedLoss:
    """Losses of one pass, and what all codes together make of the audio.

    Lesson: notebooks/04_three_levels.ipynb
    """

    total: Tensor  # scalar to minimize: the weighted sum of the next three
    recons: Tensor  # scalar, loss on samples
    multispectral: Tensor  # scalar, multi-resolution spectral loss
    commit: Tensor  # scalar, commitment loss, summed over levels
    reconstruction: Tensor  # (batch, samples), from the codes of all levels
    quantised: tuple[Quantised, ...]  # index = level


class SharedAutoencoder(nn.Module):
    """One hierarchical autoencoder whose levels depend on each other.

    Parameters
    ----------
    config
        Shape of encoder, decoder and codebooks: those of the top level of a `VQVAE`.

    Raises
    ------
    ConfigError
        If the levels are to differ in width, which one decoder cannot.

    Paper: [Jukebox §5.1], table 6
    Lesson: notebooks/04_three_levels.ipynb
    """

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        if len(set(config.multipliers)) > 1:
            advice = "One encoder serves all levels."
            raise ConfigError(must("multipliers", config.multipliers, "all equal", advice))
        top, width = config.levels - 1, config.emb_width
        self.config = config
        self.encoder = Encoder(config, top)
        self.decoder = Decoder(config, top)
        joins = (Conv1d(2 * width, width, 3, padding=1) for _ in range(top))
        self.joins = nn.ModuleList(joins)  # index = level; the top level has none
        self.bottleneck = Bottleneck(config)

    def features(self, audio: Tensor) -> list[Tensor]:
        """What the encoder has found at every level, (batch, emb_width, tokens) each.

        Lesson: notebooks/04_three_levels.ipynb
        """
        hop = self.encoder.hop_length
        if audio.ndim != 2 or not audio.shape[1] or audio.shape[1] % hop:
            allowed = f"(batch, samples), a multiple of {hop} samples"
            raise ShapeError(must("audio.shape", tuple(audio.shape), allowed))
        x, found = audio[:, None], []  # (batch, 1, samples)
        for block in self.encoder.blocks:
            x = block(x)  # (batch, emb_width, time / stride ** down)
            found.append(x)
        return found

    def forward(
        self, audio: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, tuple[Quantised, ...]]:
        """Quantise and rebuild in one walk down; in training mode the codebooks learn.

        Returns the sound (batch, samples) of all codes together, and the codes per level.

        Lesson: notebooks/04_three_levels.ipynb
        """
        walked: Tensor | None = None  # what the decoder has made of the levels above
        quantised: list[Quantised] = []
        for level, x in reversed(list(enumerate(self.features(audio)))):
            if walked is not None:
                x = self.joins[level](torch.cat([x, walked], 1))  # (batch, emb_width, tokens)
            quantised.insert(0, self.bottleneck.codebooks[level](x, generator=generator))
            walked = self._down(level, walked, quantised[0].vectors)
        assert walked is not None  # a configuration has at least one level
        return self.decoder.out(walked)[:, 0], tuple(quantised)

    def _down(self, level: int, above: Tensor | None, vectors: Tensor | None) -> Tensor:
        """One block of the decoder, from the tokens of a level to those of the level below."""
        parts = [part for part in (above, vectors) if part is not None]
        return self.decoder.blocks[level](sum(parts[1:], parts[0]))

    @torch.no_grad()
    def encode(self, audio: Tensor) -> list[Tensor]:
        """Codes (batch, tokens) of every level, of audio (batch, samples).

        Lesson: notebooks/04_three_levels.ipynb
        """
        return [level.codes for level in self(audio)[1]]

    @torch.no_grad()
    def decode(self, codes: Sequence[Tensor | None]) -> Tensor:
        """Sound (batch, samples) of codes; None where a level is absent: it adds nothing.

        Parameters
        ----------
        codes
            Index = level; (batch, tokens). Those of the top level must be there.

        Raises
        ------
        ShapeError
            If there is not one entry per level, or the top one is None.

        Lesson: notebooks/04_three_levels.ipynb
        """
        levels = self.config.levels
        if len(codes) != levels or codes[-1] is None:
            given = ["None" if level is None else tuple(level.shape) for level in codes]
            allowed = f"{levels} entries, bottom first, the last of them not None"
            raise ShapeError(must("codes", given, allowed))
        walked: Tensor | None = None
        for level in reversed(range(levels)):
            tokens = codes[level]
            vectors = None if tokens is None else self.bottleneck.codebooks[level].decode(tokens)
            walked = self._down(level, walked, vectors)
        return self.decoder.out(walked)[:, 0]

    def losses(
        self,
        audio: Tensor,
        *,
        bandwidth: Bandwidth,
        generator: torch.Generator | None = None,
    ) -> SharedLoss:
        """The paper's losses between audio (batch, samples) and what all codes make of it.

        Lesson: notebooks/04_three_levels.ipynb
        """
        guess, quantised = self(audio, generator=generator)
        weights = self.config.losses
        recons = losses.reconstruction_loss(audio, guess, weights, bandwidth)
        with torch.set_grad_enabled(torch.is_grad_enabled() and weights.multispectral != 0):
            multispectral = losses.multispectral_loss(audio, guess, weights, bandwidth)
        commit = torch.stack([level.commit for level in quantised]).sum()
        total = recons + weights.multispectral * multispectral + weights.commit * commit
        return SharedLoss(total, recons, multispectral, commit, guess, quantised)
