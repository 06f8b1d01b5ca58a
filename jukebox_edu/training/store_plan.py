"""What a store will hold of each song, and which codec makes its codes.

What
    `make_plan` turns a model, or a sample rate and a hop length, into a checked `Plan`. The first
    encoding of a song is plain; `variant_of` says how each further one is moved and mixed.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.audio.arrays import checked_rate
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.training.stored_song import Variant
from jukebox_edu.vqvae.model import VQVAE

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

MAX_VARIANTS = 64  # encodings of one song


def variant_of(name: str, number: int, seed: int, hop_length: int) -> Variant:
    """The shift and the mix of one variant of a song; number 0 is the plain encoding.

    Parameters
    ----------
    name
        Of the song: every song has shifts and mixes of its own, whatever songs are beside it.
    number
        Which variant.
    seed
        Other variants for another number.
    hop_length
        Of the top level, samples; the shift lies below it.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if number == 0:
        return Variant()
    text = f"{seed}/{number}/{name}".encode("utf-8", "surrogatepass")
    random = np.random.default_rng(list(hashlib.sha256(text).digest()))
    return Variant(int(random.integers(hop_length)), float(random.random()))


@dataclass(frozen=True)
class Plan:
    """What a store holds of each song.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    sample_rate: int  # samples per second
    hop_length: int  # of the top level, samples
    window: int  # samples that a song covers at least, padded with silence
    hop_lengths: tuple[int, ...] = ()  # of the levels that are encoded; empty: no codes
    variants: int = 1  # encodings of each song
    seed: int = 0  # of the variants

    def settings(self) -> dict[str, Any]:
        """As `read_song` wants them."""
        return {
            "sample_rate": self.sample_rate,
            "hop_length": self.hop_length,
            "hop_lengths": list(self.hop_lengths),
            "held_out": 0.0,
        }


def codec_digest(vqvae: VQVAE) -> str:
    """Changes whenever the codes that a VQ-VAE gives may change: its encoders and codebooks.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    names = ("sample_rate", "strides", "downs", "dilation_growth", "dilation_cycle", "m_conv")
    shape = {name: getattr(vqvae.config, name) for name in names}
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode())
    for name, tensor in sorted(vqvae.state_dict().items()):
        if name.startswith(("encoders.", "bottleneck.")):
            digest.update(name.encode() + tensor.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


def parts_of(model: Jukebox | VQVAE | None) -> tuple[VQVAE | None, str]:
    """The codec of a model, and the model's name.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if model is None:
        return None, ""
    if isinstance(model, VQVAE):
        return model, "vqvae"
    vqvae = getattr(model, "vqvae", None)
    if not isinstance(vqvae, VQVAE):
        raise ConfigError(must("model", model, "a Jukebox, a VQVAE or None"))
    return vqvae, model.config.name


def _window(model: Jukebox | VQVAE | None) -> int:
    """Samples of the longest training window of a model's priors."""
    config = getattr(model, "config", None)
    return max((prior.window_samples for prior in getattr(config, "priors", ())), default=0)


def make_plan(
    model: Jukebox | VQVAE | None,
    sample_rate: int | None,
    hop_length: int | None,
    *,
    variants: int = 1,
    seed: int = 0,
) -> Plan:
    """Check what was asked for.

    Raises
    ------
    ConfigError
        If neither a model nor a sample rate and a hop length are given, or they disagree.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    whole = isinstance(variants, int) and not isinstance(variants, bool)
    if not whole or not 1 <= variants <= MAX_VARIANTS:
        raise ConfigError(must("variants", variants, f"a whole number from 1 to {MAX_VARIANTS}"))
    vqvae, _ = parts_of(model)
    if vqvae is None:
        if sample_rate is None or hop_length is None:
            allowed = "given, or else sample_rate and hop_length"
            raise ConfigError(must("model", None, allowed))
        if variants != 1:
            raise ConfigError(must("variants", variants, "1 without a model"))
        if not isinstance(hop_length, int) or not 1 <= hop_length <= 2**20:
            raise ConfigError(must("hop_length", hop_length, "a whole number of samples from 1"))
        return Plan(checked_rate(sample_rate), hop_length, 0)
    for name, given, own in (
        ("sample_rate", sample_rate, vqvae.sample_rate),
        ("hop_length", hop_length, vqvae.hop_lengths[-1]),
    ):
        if given not in (None, own):
            raise ConfigError(must(name, given, f"{own}, that of the model, or left out"))
    rate, hops = vqvae.sample_rate, vqvae.hop_lengths
    return Plan(rate, hops[-1], _window(model), hops, variants, seed)
