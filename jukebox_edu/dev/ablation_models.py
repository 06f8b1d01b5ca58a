"""The variants that `ablations` trains: small codecs that differ in exactly one thing.

What
        bottom level                          top level
          512 codes                             with spectral loss
          512 codes, no restarts                without spectral loss
          128 codes, 32 codes                   out of one shared autoencoder
          no quantization

    Variants of a level and a seed begin with the same weights and see the same clips in the same
    order; only their losses or their codebooks differ. The shared autoencoder has other layers and
    so other weights, but sees the same clips.
Conventions
    Level 0 is the bottom. 8 kHz, 8 samples per bottom code and 128 per top code, as in the paper's
    codec at 44.1 kHz.
Paper: [Jukebox §5.1], tables 4 to 6
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jukebox_edu.config import LossConfig, VQVAEConfig
from jukebox_edu.dev.shared_autoencoder import SharedAutoencoder
from jukebox_edu.training.state import seeded
from jukebox_edu.vqvae.bottleneck import Codebook, Quantised, Reduce
from jukebox_edu.vqvae.model import VQVAE

SAMPLE_RATE = 8000  # samples per second
CLIP = 4096  # samples per clip
RESTART_BELOW = 1.0  # average choices per step, as in the release; 8 would be 512 codes alike
NEVER = 1e-30  # in place of it: a code that nobody chooses comes down to this in 2200 steps
BOTTOM, TOP = 0, 2


@dataclass(frozen=True)
class Variant:
    """One codec to train.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    name: str  # of its folder, and in the results
    label: str  # for people
    level: int  # that is trained and measured; 0 = bottom
    codebook_size: int | None = 512  # codes; None: vectors pass as they are
    restarts: bool = True  # whether neglected codes restart
    spectral: bool = True  # whether the spectral loss counts
    shared: bool = False  # all levels in one autoencoder

    @property
    def config(self) -> VQVAEConfig:
        """Shape and losses: the paper's losses, without aids of ours."""
        return VQVAEConfig(
            sample_rate=SAMPLE_RATE,
            downs=(1, 1, 1),
            strides=(8, 4, 4),
            emb_width=32,
            codebook_size=self.codebook_size or 1,
            width=32,
            depth=2,
            multipliers=(1, 1, 1),
            codebook_decay=0.97,  # the paper's 0.99 remembers a hundred steps, too long for us
            revival_threshold=RESTART_BELOW if self.restarts else NEVER,
            # linf hears the same share of a clip as in the paper, half a percent
            losses=LossConfig(linf_k=CLIP // 200, multispectral=1.0 if self.spectral else 0.0),
        )


# A step sees 4096 bottom codes and only 256 top codes: with a smaller codebook at the top, each of
# its codes is still chosen several times per step, and the rule of restarts makes sense there too.
TOP_CODES = 64
VARIANTS: tuple[Variant, ...] = (
    Variant("bottom-512", "512 codes", BOTTOM),
    Variant("bottom-512-no-restarts", "512 codes, no restarts", BOTTOM, restarts=False),
    Variant("bottom-128", "128 codes", BOTTOM, 128),
    Variant("bottom-32", "32 codes", BOTTOM, 32),
    Variant("bottom-unquantized", "no quantization", BOTTOM, None),
    Variant("top", "separate autoencoder, spectral loss", TOP, TOP_CODES),
    Variant("top-no-spectral-loss", "without spectral loss", TOP, TOP_CODES, spectral=False),
    Variant("top-shared", "one shared autoencoder", TOP, TOP_CODES, shared=True),
)


class Unquantised(Codebook):
    """In place of a codebook: vectors pass as they are, so there is nothing to learn or to name.

    Lesson: notebooks/02_vector_quantisation.ipynb
    """

    def forward(
        self, x: Tensor, *, generator: torch.Generator | None = None, reduce: Reduce | None = None
    ) -> Quantised:
        """Return (batch, emb_width, tokens) untouched; all codes are 0."""
        codes = torch.zeros(x.shape[0], x.shape[2], dtype=torch.long, device=x.device)
        return Quantised(codes, x, x.new_zeros(()), None)


def build(variant: Variant, seed: int) -> VQVAE | SharedAutoencoder:
    """A variant with the initial weights of a seed.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    config = variant.config
    with seeded(seed):
        if variant.shared:
            return SharedAutoencoder(config)
        vqvae = VQVAE(config)
    if variant.codebook_size is None:
        books = [Unquantised(config) for _ in range(config.levels)]
        vqvae.bottleneck.codebooks = nn.ModuleList(books)  # type: ignore[assignment]
    return vqvae


@dataclass(frozen=True)
class Heard:
    """What a variant makes of a sound.

    Lesson: notebooks/04_three_levels.ipynb
    """

    sound: Tensor  # (samples,), from the codes of the variant's level alone
    codes: Tensor  # (tokens,) of that level
    all_levels: Tensor | None  # (samples,), from all codes of a shared autoencoder


@torch.no_grad()
def hear(model: VQVAE | SharedAutoencoder, variant: Variant, sound: Tensor) -> Heard:
    """Send a sound (samples,), cut to whole top-level codes, through a trained variant.

    Lesson: notebooks/04_three_levels.ipynb
    """
    model.eval()
    if isinstance(model, SharedAutoencoder):
        codes = model.encode(sound[None])
        alone: Sequence[Tensor | None] = [None] * (len(codes) - 1) + [codes[-1]]
        return Heard(model.decode(alone)[0], codes[-1][0], model.decode(codes)[0])
    level = variant.level
    encoded = model.encoders[level](sound[None, None])  # (1, emb_width, tokens)
    quantised = model.bottleneck.codebooks[level](encoded)
    return Heard(model.decoders[level](quantised.vectors)[0, 0], quantised.codes[0], None)
