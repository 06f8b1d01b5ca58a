"""The VQ-VAE: a codec of several levels that turns sound into integers and back.

What
    Each level has an encoder, a codebook and a decoder of its own and is trained as if it were
    alone. The bottom level hears 5512 codes per second and keeps nearly everything; the top level
    has 345 and keeps what a Transformer can still oversee.

        audio -> encoders[l] -> codebooks[l] -> decoders[l] -> audio         for every level l
Shapes
    Audio is (batch, samples), in [-1, 1]; codes are (batch, tokens), lists of codes are indexed by
    level, bottom first. Decoded audio is never clamped.
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu import units
from jukebox_edu.config import VQVAEConfig
from jukebox_edu.vqvae import losses
from jukebox_edu.vqvae.bottleneck import Bottleneck, Quantised, Reduce
from jukebox_edu.vqvae.checks import checked_audio, checked_codes, checked_levels
from jukebox_edu.vqvae.decoder import Decoder
from jukebox_edu.vqvae.encoder import Encoder
from jukebox_edu.vqvae.losses import Bandwidth
from jukebox_edu.vqvae.result import LevelLoss, VQVAELoss, mean_metrics

ENCODE_SECONDS = 20.0  # longer sounds are encoded in pieces of this length


def _pieces(n: int, block: int, reach: int) -> Iterator[tuple[slice, slice]]:
    """Cut `n` codes into blocks with `reach` neighbors: what to read, and what of it to keep."""
    for start in range(0, n, block):
        end, left = min(start + block, n), max(0, start - reach)
        yield slice(left, min(end + reach, n)), slice(start - left, end - left)


class VQVAE(nn.Module):
    """Encoders, codebooks and decoders of all levels.

    Parameters
    ----------
    config
        Shape of the codec and weights of its losses.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    encoders: Sequence[Encoder]  # index = level
    decoders: Sequence[Decoder]  # index = level

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        self.config = config
        levels = range(config.levels)
        self.encoders = nn.ModuleList(Encoder(config, level) for level in levels)  # type: ignore
        self.decoders = nn.ModuleList(Decoder(config, level) for level in levels)  # type: ignore
        self.bottleneck = Bottleneck(config)

    @property
    def hop_lengths(self) -> tuple[int, ...]:
        """Samples per code of each level, bottom first."""
        return self.config.hop_lengths

    @property
    def levels(self) -> int:
        """Number of levels."""
        return self.config.levels

    @property
    def sample_rate(self) -> int:
        """Samples per second of the audio it takes and gives."""
        return self.config.sample_rate

    # ---- audio -> codes -------------------------------------------------------------------------

    @torch.no_grad()
    def encode(self, audio: Tensor) -> list[Tensor]:
        """Turn sound into codes of every level.

        Parameters
        ----------
        audio
            (batch, samples) or (samples,), real numbers at `sample_rate`. Padded with zeros to a
            whole number of top-level codes.

        Returns
        -------
        list of Tensor
            Index = level; long (batch, tokens).

        Raises
        ------
        ShapeError
            If the shape, the kind of number or a value is not as above.

        Paper: [Jukebox §3]
        Lesson: notebooks/04_three_levels.ipynb
        """
        audio = checked_audio(audio)
        missing = units.padded_length(audio.shape[1], self.hop_lengths[-1]) - audio.shape[1]
        x = functional.pad(audio, (0, missing))[:, None]  # (batch, 1, samples)
        return [self._encode(x, level) for level in range(self.levels)]

    def _encode(self, x: Tensor, level: int) -> Tensor:
        """Codes (batch, tokens) of (batch, 1, samples), piece by piece to bound memory."""
        encoder, codebook = self.encoders[level], self.bottleneck.codebooks[level]
        hop, codes = self.hop_lengths[level], []
        block = self._block(ENCODE_SECONDS, level)
        for read, keep in _pieces(x.shape[2] // hop, block, encoder.reach):
            part = codebook.encode(encoder(x[:, :, read.start * hop : read.stop * hop]))
            codes.append(part[:, keep])
        return torch.cat(codes, 1)  # (batch, tokens)

    # ---- codes -> audio -------------------------------------------------------------------------

    @torch.no_grad()
    def decode(self, codes: Sequence[Tensor | None], level: int = 0) -> Tensor:
        """Turn the codes of one level into sound.

        Parameters
        ----------
        codes
            Index = level; long (batch, tokens). Only `codes[level]` is used, others may be None.
        level
            0 is the bottom (finest).

        Returns
        -------
        Tensor
            float32 (batch, tokens * hop length), never clamped.

        Raises
        ------
        ShapeError
            If the codes of that level are missing or out of range.

        Paper: [Jukebox §3]
        Lesson: notebooks/04_three_levels.ipynb
        """
        return self._decode(checked_codes(codes, level, self.config), level)

    def decode_blocks(
        self, codes: Sequence[Tensor | None], level: int = 0, *, block_seconds: float = 10.0
    ) -> Iterator[Tensor]:
        """Decode long codes piece by piece: the pieces joined equal `decode(codes, level)`.

        A sample depends on the codes within `decoders[level].reach` of its own, so each piece is
        decoded with that many neighbors on either side, which are then cut off.

        Parameters
        ----------
        codes, level
            As in `decode`.
        block_seconds
            Length of a piece; memory grows with it and no longer with the song.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        tokens = checked_codes(codes, level, self.config)
        block_seconds = units.checked_seconds(block_seconds, "block_seconds")
        hop, block = self.hop_lengths[level], self._block(block_seconds, level)
        for read, keep in _pieces(tokens.shape[1], block, self.decoders[level].reach):
            with torch.no_grad():
                audio = self._decode(tokens[:, read], level)
            yield audio[:, keep.start * hop : keep.stop * hop]

    def _block(self, seconds: float, level: int) -> int:
        """Codes of one level in `seconds`, at least one."""
        samples = int(seconds * self.sample_rate)
        return max(1, units.samples_to_codes(samples, self.hop_lengths[level]))

    def _decode(self, tokens: Tensor, level: int) -> Tensor:
        vectors = self.bottleneck.codebooks[level].decode(tokens)  # (batch, emb_width, tokens)
        return self.decoders[level](vectors)[:, 0].float()  # (batch, samples)

    # ---- training -------------------------------------------------------------------------------

    def losses(
        self,
        audio: Tensor,
        *,
        bandwidth: Bandwidth | None = None,
        levels: Sequence[int] | None = None,
        generator: torch.Generator | None = None,
        reduce: Reduce | None = None,
        channels_last: bool = False,
    ) -> VQVAELoss:
        """Encode, quantise, decode and compare; in training mode the codebooks learn on the way.

        Parameters
        ----------
        audio
            (batch, samples), a whole number of codes of every level that runs.
        bandwidth
            Statistics of the data; None: all 1.
        levels
            Which levels run, None for all. They share nothing, so they may train apart.
        generator
            Of the restart candidates.
        reduce
            How workers share codebook statistics, see `bottleneck.Reduce`.
        channels_last
            Compute convolutions on images of height 1, see `nn.conv`: the same but for rounding,
            and faster on a CPU.

        Paper: [Jukebox §3]
        Lesson: notebooks/03_train_a_vqvae.ipynb
        """
        audio, bandwidth = checked_audio(audio), bandwidth or Bandwidth()
        chosen = checked_levels(levels, audio.shape[1], self.config)
        parts: list[LevelLoss | None] = [None] * self.levels
        for level in chosen:
            encoded = self.encoders[level](audio[:, None], channels_last=channels_last)
            codebook = self.bottleneck.codebooks[level]
            quantised = codebook(encoded, generator=generator, reduce=reduce)
            decoded = self.decoders[level](quantised.vectors, channels_last=channels_last or None)
            parts[level] = self._level_loss(audio, decoded[:, 0].float(), quantised, bandwidth)
        return self._summed(tuple(parts), audio, bandwidth)

    def forward(self, audio: Tensor, **options: object) -> VQVAELoss:
        """Same as `losses`; wrappers that train a module call it."""
        return self.losses(audio, **options)  # type: ignore[arg-type]

    def _summed(
        self, parts: tuple[LevelLoss | None, ...], audio: Tensor, bandwidth: Bandwidth
    ) -> VQVAELoss:
        """Add up the levels that ran, and measure the lowest of them more closely."""
        ran = [part for part in parts if part is not None]
        recons = torch.stack([part.recons for part in ran]).sum()
        spectral = torch.stack([part.spectral for part in ran]).sum()
        multispectral = torch.stack([part.multispectral for part in ran]).sum()
        commit = torch.stack([part.commit for part in ran]).sum()
        config = self.config.losses
        total = recons + config.commit * commit
        total = total + config.spectral * spectral + config.multispectral * multispectral
        with torch.no_grad():
            pair = (audio, ran[0].reconstruction)
            return VQVAELoss(
                total=total,
                recons=recons,
                spectral=spectral,
                multispectral=multispectral,
                commit=commit,
                levels=parts,
                spectral_convergence=losses.spectral_convergence(*pair).mean(),
                l1=losses.l1_loss(*pair, bandwidth),
                l2=losses.l2_loss(*pair, bandwidth),
                linf=losses.linf_loss(*pair, bandwidth, config.linf_k),
                codebook=mean_metrics(ran),
            )

    def _level_loss(
        self, audio: Tensor, guess: Tensor, quantised: Quantised, bandwidth: Bandwidth
    ) -> LevelLoss:
        """Compare (batch, samples) with what one level made of it."""
        config = self.config.losses
        with torch.set_grad_enabled(torch.is_grad_enabled() and config.spectral != 0):
            spectral = losses.spectral_loss(audio, guess, config, bandwidth)
        with torch.set_grad_enabled(torch.is_grad_enabled() and config.multispectral != 0):
            multispectral = losses.multispectral_loss(audio, guess, config, bandwidth)
        return LevelLoss(
            recons=losses.reconstruction_loss(audio, guess, config, bandwidth),
            spectral=spectral,
            multispectral=multispectral,
            commit=quantised.commit,
            reconstruction=guess,
            codes=quantised.codes,
            quantised=quantised.vectors,
            codebook=quantised.metrics,
        )
