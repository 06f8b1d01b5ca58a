"""Models and songs small enough to train in a second; also a program that trains one.

`python toy_training.py codec|prior OUT STEPS` trains, saving every second step.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import torch

from jukebox_edu.config import (
    ConditionerConfig,
    LabelConfig,
    LossConfig,
    LyricConfig,
    PriorConfig,
    TransformerConfig,
    VQVAEConfig,
)
from jukebox_edu.labels import LabelVocabularies, SongLabels, Vocabulary
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training.codeset import CodedSong
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.state import seeded
from jukebox_edu.training.vqvae_loop import VQVAETraining, train_vqvae
from jukebox_edu.vqvae.model import VQVAE

RATE, HOP = 8000, 16  # samples per second, samples per top-level code
WORDS = "la li lu la li lu la"


@dataclass(frozen=True)
class ToySong:
    """A tone with marks, in memory, that answers like a song of a store."""

    name: str
    pitch: float  # Hz
    length: int = 6400  # samples
    sample_rate: int = RATE
    hop_length: int = HOP
    told: bool = True  # whether phones are known

    def samples(self, start=0, length=None, mix=0.5):
        stop = self.length if length is None else start + length
        t = np.arange(start, stop)
        tone = 0.4 * np.sin(2 * np.pi * self.pitch * t / RATE) * (t < self.length)
        return tone.astype(np.float32)

    def phones(self):
        frames = self.length // HOP
        return (np.arange(frames) // 20 % 5).astype(np.int16) if self.told else None


SONGS = tuple(ToySong(f"tone {i}", 200.0 + 70 * i, told=i != 1) for i in range(4))

CODEC = VQVAEConfig(
    sample_rate=RATE,
    downs=(1, 1),
    strides=(4, 4),
    emb_width=8,
    codebook_size=16,
    width=8,
    depth=1,
    multipliers=(1, 1),
    codebook_decay=0.9,
    relative_revival=0.1,
    losses=LossConfig(kind="l2", linf_k=512, n_ffts=(512, 256), hops=(64, 32), windows=(256, 128)),
)
NAMES = LabelVocabularies(
    artists=Vocabulary.from_names(["unknown", "ann", "bob"], "tiny", "artist"),
    genres=Vocabulary.from_names(["unknown", "hymn"], "tiny", "genre"),
)
LABELS = LabelConfig(
    version="tiny", n_genres=2, n_artists=3, timing_bins=8, min_duration=0.1, max_duration=10.0
)


def stack(order: object, depth: int) -> TransformerConfig:
    return TransformerConfig(
        width=16, depth=depth, heads=2, attn_order=order, blocks=4, m_attn=1.0, m_mlp=2.0
    )


def prior_config(kind: str) -> PriorConfig:
    """One of every kind: "plain", "separate", "single", "upsampler"."""
    common = {"codebook_size": 16, "sample_rate": RATE, "merged_decoder": True}
    encoder = TransformerConfig(width=16, depth=1, heads=2, m_attn=1.0)
    lyrics = LyricConfig(n_tokens=16, encoder=encoder)
    top = {"level": 1, "n_ctx": 32, "hop_length": HOP, **common}
    if kind == "plain":
        return PriorConfig(transformer=stack(2, 2), **top)
    if kind == "separate":
        return PriorConfig(transformer=stack((1, 6, 2), 3), labels=LABELS, lyrics=lyrics, **top)
    if kind == "single":
        lyrics = LyricConfig(n_tokens=16)
        return PriorConfig(transformer=stack((1, 7, 2), 3), labels=LABELS, lyrics=lyrics, **top)
    return PriorConfig(
        level=0,
        n_ctx=32,
        hop_length=4,
        transformer=stack(2, 2),
        labels=LabelConfig(version="tiny", n_genres=2, n_artists=3, timing=False),
        conditioner=ConditionerConfig(down=1, stride=4, width=8, depth=1),
        **common,
    )


def coded(kind: str, *, told: bool = True) -> list[CodedSong]:
    """Three songs whose codes repeat a pattern."""
    config = prior_config(kind)
    songs = []
    for i in range(3):
        top = (np.arange(100) // 4 + i) % 16
        codes = (np.repeat(top, 4) + np.tile(np.arange(4), 100)) % 16
        labels = None
        lists = [NAMES if config.labels else None]
        labels = SongLabels.create(
            lyrics=WORDS, artist=("ann", "bob")[i % 2], genre="hymn", total_length=1600,
            priors=[config], vocabularies=lists,
        )  # fmt: skip
        levels = tuple(labels.levels[0] if k == config.level else None for k in range(2))
        labels = SongLabels(*(labels.artist, labels.genre, labels.lyrics), 1600, 0, levels, (None,))
        characters = (np.arange(100) // 5).astype(np.int32)
        songs.append(
            CodedSong(
                (codes.astype(np.int16), top.astype(np.int16)), labels, WORDS,
                (top % 5).astype(np.int16) if told else None,
                characters if told else None, f"song {i}",
            )
        )  # fmt: skip
    return songs


def train_codec(out, steps, watch=None, **changed):
    """A codec trained for a few steps; returns it and the result."""
    settings = {
        "clip": 3200,
        "batch": 2,
        "phone": 1.0,
        "log_mel": 0.0,
        "average": 0.9,
        "log_every": 3,
    }
    settings |= {"save_every": 2, "evaluate_every": 4, "evaluate_batches": 1, "warmup": 3}
    with seeded(1):
        vqvae = VQVAE(CODEC)
    training = VQVAETraining(steps, **{**settings, **changed})
    held_out = SONGS[:1]
    result = train_vqvae(
        vqvae, SONGS, training, held_out=held_out, out=out, watch=watch, progress=False
    )
    return vqvae, result


def train_toy_prior(out, steps, kind="separate", watch=None, **changed):
    """A prior trained for a few steps; returns it and the result."""
    settings = {"batch": 2, "accumulate": 2, "log_every": 3, "save_every": 2, "warmup": 3}
    settings |= {"evaluate_every": 4, "evaluate_batches": 1, "precision": "float32"}
    if kind in ("separate", "single"):
        settings |= {"aided_layers": (1,)}
    with seeded(2):
        prior = Prior(prior_config(kind))
    training = PriorTraining(steps, **{**settings, **changed})
    songs = coded(kind)
    held_out = songs[:1]
    result = train_prior(
        prior, songs, training, held_out=held_out, out=out, watch=watch, progress=False
    )
    return prior, result


def say(row):
    """Tell whoever watches this program about a row."""
    print(row["step"], flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, folder, count = sys.argv[1:]
    {"codec": train_codec, "prior": train_toy_prior}[what](folder, int(count), watch=say)
