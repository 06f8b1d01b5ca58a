"""Training one prior on encoded songs.

What
    Windows are drawn at random places; the prior predicts every code from those before it. At the
    top level the aids of `aids.py` come on top: lyric attention is guided to the word being sung,
    a phone head reads what that attention returns, spans of codes are withheld so that the lyrics
    are needed, and some songs lose their lyrics so that guidance can be used when sampling.
Paper: [Jukebox §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import PHONES
from jukebox_edu.training.aids import PhoneHead, guidance_loss, hidden_spans
from jukebox_edu.training.codeset import Batch, CodedSong, random_batch
from jukebox_edu.training.schedule import TrainingLog, warmup_cosine


@dataclass(frozen=True)
class PriorTraining:
    """Settings of one prior's training."""

    steps: int  # optimizer steps
    batch: int = 6  # windows per step
    learning_rate: float = 1.5e-3  # peak
    weight_decay: float = 0.01
    aided_layers: tuple[int, ...] = ()  # lyric layers that are guided and read (top level)
    guidance: float = 0.3  # weight of the attention guidance of each of them
    phone: float = 0.7  # weight of the phone head of each of them
    hide: float = 0.25  # mean share of codes withheld (top level)
    hide_span: int = 6  # codes withheld at a time
    blank_lyrics: float = 0.12  # share of songs that lose their lyrics (top level)
    bfloat16: bool = True  # matrix products in bfloat16
    seed: int = 0


def train_prior(
    prior: Prior, songs: Sequence[CodedSong], training: PriorTraining, log: Path | None = None
) -> None:
    """Train a prior in place.

    Parameters
    ----------
    prior
        Of any level.
    songs
        Encoded songs.
    training
        Settings.
    log
        JSON-lines file to append figures to.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    level = prior.config.level
    random = np.random.default_rng([training.seed, 100 + level])
    generator = torch.Generator().manual_seed(training.seed * 10 + level)
    width = prior.config.transformer.width
    heads = nn.ModuleDict(
        {str(i): PhoneHead(width, len(PHONES), kernel=1) for i in training.aided_layers}
    )
    parameters = [*prior.parameters(), *heads.parameters()]
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": training.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, training.learning_rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, training.steps, 150)
    )
    writer = TrainingLog(log, f"prior-{level}", training.steps)
    prior.train()
    for step in range(1, training.steps + 1):
        batch = random_batch(songs, prior.config, training.batch, random)
        with torch.autocast("cpu", torch.bfloat16, enabled=training.bfloat16):
            total, values = prior_losses(prior, batch, training, heads, generator)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        writer.step(step, values)
    prior.eval()


def prior_losses(
    prior: Prior,
    batch: Batch,
    training: PriorTraining,
    heads: nn.ModuleDict,
    generator: torch.Generator,
) -> tuple[Tensor, dict[str, float]]:
    """The loss to minimize (nats), and its parts by name.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    labels, lyrics = batch.labels, prior.config.lyrics
    if lyrics is None:
        loss = prior.loss(batch.codes, batch.upper_codes, labels)
        nats = loss.music * math.log(2)
        return nats, {"nats": nats.item()}
    size = len(batch.codes)
    told = torch.rand(size, generator=generator) >= training.blank_lyrics  # (batch,)
    tokens = labels.lyric_tokens * told[:, None]  # type: ignore[union-attr]
    conditions = prior.condition(dataclasses.replace(labels, lyric_tokens=tokens))  # type: ignore[type-var]
    hide = None
    if training.hide:
        shape = (size, prior.config.n_ctx)
        hide = hidden_spans(shape, training.hide, training.hide_span, generator)
    out = prior(batch.codes, conditions, hide=hide, record=training.aided_layers)
    loss = prior.loss_of(out.hidden, batch.codes, conditions)
    nats = loss.music * math.log(2)
    spoken = loss.lyrics * math.log(2)
    total = nats + 0.1 * spoken
    values = {"nats": nats.item(), "lyric_nats": spoken.item()}
    targets = batch.sung & told[:, None, None]  # type: ignore[operator]
    phones = torch.where(told[:, None], batch.phones, -100)  # type: ignore[arg-type]
    for layer in training.aided_layers:
        record = out.layers[layer]
        guided = guidance_loss(record.weights, targets)
        logits = heads[str(layer)](record.attended.float().transpose(1, 2))
        each = functional.cross_entropy(logits, phones, reduction="none")  # (batch, n_ctx)
        heard = each.sum() / (phones >= 0).sum().clamp(min=1)  # songs without lyrics do not count
        total = total + training.guidance * guided + training.phone * heard
        values |= {f"guidance_{layer}": guided.item(), f"phone_{layer}": heard.item()}
    return total, values
