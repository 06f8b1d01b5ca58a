"""Codec levels that differ from the bundled model's in one thing, for `codec_study`.

What
    `VARIANTS` lists them level by level; the first of each level is the recipe's. A variant has
    only the levels up to its own, since levels share nothing; its own is the last one.

    Phones are stored once per top-level code of the recipe. Other hops ask for other frames, and
    the listener hears at the recipe's: `HopSong` and `HeardAtHop` convert. A frame gets the phone
    in its middle, so that no hop is taught a phone that the recipe is not taught.
Shapes
    phones (frames,) or (batch, frames), one frame per code of the variant.
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.songbook import PHONES
from jukebox_edu.training import presets
from jukebox_edu.training.aids import PhoneHead
from jukebox_edu.training.codeset import UNKNOWN
from jukebox_edu.training.extras import ClipPass, PhonesInCodes
from jukebox_edu.training.listener import Heard, Listener
from jukebox_edu.training.stored_song import StoredSong
from jukebox_edu.training.vqvae_loop import VQVAETraining

LEVELS = ("bottom", "middle", "top")


@dataclass(frozen=True)
class Variant:
    """One level of a codec and how it is trained; what is None is as in the recipe.

    Lesson: notebooks/04_three_levels.ipynb
    """

    name: str  # unique
    strides: tuple[int, ...]  # of its own level and of those below it, bottom first
    downs: tuple[int, ...] | None = None  # strided convolutions of each; None: one
    codebook_size: int | None = None  # codes
    listener: bool = True  # whether the listener takes part
    log_mel: float | None = None  # weight of the log-mel loss
    phone: float | None = None  # weight of the phone head
    precision: str | None = None  # of matrix products

    @property
    def level(self) -> int:
        """0 = bottom."""
        return len(self.strides) - 1

    @property
    def config(self) -> VQVAEConfig:
        """Shape of the codec."""
        recipe, n = presets.tiny("study", 2, 2).vqvae, len(self.strides)
        return dataclasses.replace(
            recipe,
            strides=self.strides,
            downs=self.downs or (1,) * n,
            multipliers=recipe.multipliers[:n],
            codebook_size=self.codebook_size or recipe.codebook_size,
        )

    def training(self, steps: int) -> VQVAETraining:
        """How it is trained."""
        own = {name: getattr(self, name) for name in ("log_mel", "phone", "precision")}
        changes = {name: value for name, value in own.items() if value is not None}
        often = max(1, min(25, steps // 4))
        return dataclasses.replace(
            presets.tiny_codec(self.level), steps=steps, log_every=often, save_every=100, **changes
        )


VARIANTS = (
    Variant("hop 16", (16,)),
    Variant("hop 16 as 4, 4", (4,), downs=(2,)),
    Variant("hop 8", (8,)),
    Variant("hop 32", (32,)),
    Variant("hop 16 without listener", (16,), listener=False),
    Variant("hop 16 with log-mel weight 1", (16,), log_mel=1.0),
    Variant("hop 16 in float32", (16,), precision="float32"),
    Variant("hop 64 as 16, 4", (16, 4)),
    Variant("hop 64 as 8, 8", (8, 8)),
    Variant("hop 128 as 16, 8", (16, 8)),
    Variant("hop 256", (16, 4, 4)),
    Variant("hop 512", (16, 4, 8)),
    Variant("hop 128", (16, 4, 2)),
    Variant("hop 256 with 1024 codes", (16, 4, 4), codebook_size=1024),
    Variant("hop 256 without listener", (16, 4, 4), listener=False),
    Variant("hop 256 without phone head", (16, 4, 4), phone=0.0),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}


def recipe_of(level: int) -> Variant:
    """The variant of a level that the others are compared with.

    Lesson: notebooks/04_three_levels.ipynb
    """
    return next(variant for variant in VARIANTS if variant.level == level)


@dataclass(frozen=True)
class HopSong(StoredSong):
    """A song whose phones are asked for at another hop than they are stored at.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    stored_hop: int = 0  # samples per frame of the phones on disk

    def phones(self) -> np.ndarray | None:
        """Phone in the middle of each frame of `hop_length` samples; None: nobody knows."""
        known = super().phones()
        return None if known is None else phones_at(known, self.stored_hop, self.hop_length)


def with_hop(song: StoredSong, hop_length: int) -> HopSong:
    """The song with phones every `hop_length` samples.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    values = {field.name: getattr(song, field.name) for field in dataclasses.fields(StoredSong)}
    return HopSong(**{**values, "hop_length": hop_length, "stored_hop": song.hop_length})


def phones_at(phones: np.ndarray, hop_length: int, wanted: int) -> np.ndarray:
    """Phones (frames,) every `hop_length` samples as phones every `wanted` samples.

    Lesson: notebooks/12_teach_it_your_music.ipynb

    >>> phones_at(np.array([5, 6, 7, 8]), 256, 512), phones_at(np.array([5, 6]), 256, 128)
    (array([6, 8]), array([5, 5, 6, 6]))
    """
    middles = np.arange(len(phones) * hop_length // wanted) * wanted + wanted // 2
    return phones[middles // hop_length]


class HeardAtHop(Heard):
    """`Heard` for a codec whose phones come at another hop than the listener's.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, weight: float, listener: Listener, hop_length: int) -> None:
        super().__init__(weight, listener)
        self.hop_length, self.wanted = hop_length, listener.hop_length

    def forward(self, seen: ClipPass) -> Tensor | None:
        """Cross-entropy in nats over the frames whose phone is known."""
        phones = frames_for(seen.phones, self.hop_length, self.wanted)
        return super().forward(dataclasses.replace(seen, phones=phones))


class PhonesAtHop(PhonesInCodes):
    """`PhonesInCodes` whose head sees as many milliseconds as the recipe's, whatever the hop.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """

    def __init__(self, weight: float, config: VQVAEConfig, stored_hop: int) -> None:
        super().__init__(weight, config.emb_width)
        ratio = max(1, stored_hop // config.hop_lengths[-1])
        self.head = PhoneHead(config.emb_width, len(PHONES), kernel=4 * ratio + 1)


def frames_for(phones: Tensor, hop_length: int, wanted: int) -> Tensor:
    """Phones (batch, frames) for frames of `wanted` samples, UNKNOWN where a longer hop has none.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    if hop_length <= wanted:
        ratio = wanted // hop_length
        return phones[:, ratio // 2 :: ratio]
    ratio = hop_length // wanted
    found = torch.full((len(phones), phones.shape[1] * ratio), UNKNOWN, device=phones.device)
    found[:, ratio // 2 :: ratio] = phones
    return found
