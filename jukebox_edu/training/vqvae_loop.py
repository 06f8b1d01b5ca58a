"""Training one level of the VQ-VAE on rendered songs.

What
    Clips are drawn at random places, encoded, quantized, decoded and compared. The loss is the
    paper's (relative squared error, multi-resolution spectral loss, commitment) plus the aids of
    `aids.py` where their weights are not zero. Levels share nothing, so each trains alone.
Paper: [Jukebox §3]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from jukebox_edu.songbook import PHONES
from jukebox_edu.training.aids import LogMelLoss, PhoneHead
from jukebox_edu.training.schedule import TrainingLog, warmup_cosine
from jukebox_edu.training.songset import SongSet
from jukebox_edu.vqvae.bandwidth import measure_bandwidth
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True)
class VQVAETraining:
    """Settings of one level's training."""

    level: int  # 0 = bottom
    steps: int  # optimizer steps
    batch: int = 8  # clips per step
    clip: int = 16384  # samples per clip, a whole number of top-level codes
    learning_rate: float = 2e-3  # peak
    log_mel: float = 1.0  # weight of the log-mel loss
    phone: float = 0.0  # weight of the phone head (top level only)
    seed: int = 0


def random_clips(
    songset: SongSet, training: VQVAETraining, random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Clips (batch, samples) and the phones (batch, frames) sung in them.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    hop = songset.hop_length
    audio, phones = [], []
    for index in random.integers(len(songset.songs), size=training.batch):
        song = songset.songs[index]
        last = max(1, (min(song.length, song.padded - training.clip)) // hop)
        first = int(random.integers(last))
        audio.append(songset.samples(song, first * hop, training.clip))
        frames = songset.frames(songset.phones, song)
        phones.append(frames[first : first + training.clip // hop].astype(np.int64))
    return torch.from_numpy(np.stack(audio)), torch.from_numpy(np.stack(phones))


def train_vqvae_level(
    vqvae: VQVAE, songset: SongSet, training: VQVAETraining, log: Path | None = None
) -> PhoneHead | None:
    """Train one level in place.

    Parameters
    ----------
    vqvae
        The codec; only the encoder, codebook and decoder of `training.level` change.
    songset
        Rendered songs.
    training
        Settings.
    log
        JSON-lines file to append figures to.

    Returns
    -------
    The phone head, which is not part of the model, or None where its weight is zero.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    level, config = training.level, vqvae.config
    random = np.random.default_rng([training.seed, level])
    generator = torch.Generator().manual_seed(training.seed * 10 + level)
    clips = (random_clips(songset, training, random)[0][0].numpy() for _ in range(200))
    bandwidth = measure_bandwidth(clips, sample_rate=config.sample_rate, every=1)
    log_mel = LogMelLoss(config.sample_rate)
    head = PhoneHead(config.emb_width, len(PHONES)) if training.phone else None
    parameters = [*vqvae.encoders[level].parameters(), *vqvae.decoders[level].parameters()]
    if head is not None:
        parameters += head.parameters()
    optimizer = torch.optim.AdamW(parameters, training.learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, training.steps, 100)
    )
    writer = TrainingLog(log, f"vqvae-{level}", training.steps)
    vqvae.train()
    for step in range(1, training.steps + 1):
        audio, phones = random_clips(songset, training, random)
        result = vqvae.losses(audio, bandwidth=bandwidth, levels=(level,), generator=generator)
        heard = log_mel(audio, result.reconstruction)
        total = result.total + training.log_mel * heard
        values = {"total": result.total.item(), "recons": result.recons.item()}
        values |= {"spectral": result.multispectral.item(), "log_mel": heard.item()}
        if head is not None:
            spoken = head.loss(result.quantised[level], phones)  # type: ignore[arg-type]
            total = total + training.phone * spoken
            values["phone"] = spoken.item()
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if result.codebook is not None:
            values |= {"entropy": result.codebook.entropy, "usage": result.codebook.usage}
        writer.step(step, values)
    vqvae.eval()
    return head
