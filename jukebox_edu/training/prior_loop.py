"""Training a prior, of any level and any kind.

What
    Windows are drawn at random places; the prior predicts every code from those before it. Priors
    with lyrics may get help, all of it optional: spans of codes are withheld so that the lyrics
    are needed, some songs lose their lyrics (and some of these the names of singer and style) so
    that guidance can be used when sampling, and the extra losses of `extras.py` say where to look
    and what is being said.
Paper: [Jukebox §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import to_json_dict
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior, PriorLoss
from jukebox_edu.prior.untold import without_names
from jukebox_edu.training.aids import hidden_spans
from jukebox_edu.training.codeset import Batch, CodedSong, random_batch, song_list
from jukebox_edu.training.compiled import CompiledForward
from jukebox_edu.training.extras import (
    AttentionGuidance,
    ExtraLoss,
    PhonesRead,
    PhonesSpelled,
    Sum,
    WindowPass,
    by_name,
    with_extras,
)
from jukebox_edu.training.loop import Loop, Surroundings, TrainingResult, Watch
from jukebox_edu.training.settings import LoopSettings, require
from jukebox_edu.training.state import seeded
from jukebox_edu.transformer.patterns import LYRICS, PRIME
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True)
class PriorTraining(LoopSettings):
    """Settings of one prior's training."""

    batch: int = 6  # windows computed at once
    learning_rate: float = 1.5e-3  # peak
    betas: tuple[float, float] = (0.9, 0.98)
    warmup: int = 150  # steps
    precision: str = "bfloat16"
    checkpoint: bool = False  # compute activations twice instead of keeping them (memory)
    lyric_weight: float | None = 0.1  # of the lyric loss; None: the paper's weighting
    blank_lyrics: float = 0.12  # share of songs that lose their lyrics
    blank_names: float = 0.0  # share of these that lose artist and genre, too
    hide: float = 0.25  # mean share of codes withheld, priors with lyrics only
    hide_span: int = 6  # codes withheld at a time
    aided_layers: tuple[int, ...] = ()  # lyric layers that are guided and read
    guidance: float = 0.3  # weight of the attention guidance of each of them
    phone: float = 0.7  # weight of the phone head of each of them
    spelled: float = 0.0  # weight of the phone head on the lyric states themselves
    from_start: float = 0.0  # share of windows that begin with the song, at least
    compiled: bool = False  # compile the Transformer first: minutes, and a C++ compiler is needed

    def __post_init__(self) -> None:
        """Check the values."""
        super().__post_init__()
        for name in ("blank_lyrics", "blank_names", "hide", "from_start"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "a share, 0 to 1")
        require(self.hide_span >= 1, "hide_span", self.hide_span, "a number of codes from 1")


def train_prior(
    prior: Prior,
    songs: Sequence[CodedSong],
    training: PriorTraining,
    *,
    held_out: Sequence[CodedSong] = (),
    vqvae: VQVAE | None = None,
    losses: Sequence[ExtraLoss] = (),
    trained: Callable[[str], bool] | None = None,
    out: str | Path | None = None,
    device: str | torch.device = "cpu",
    watch: Watch | None = None,
    notes: Mapping[str, Any] | None = None,
    progress: bool | str = "auto",
) -> TrainingResult:
    """Train a prior in place; with a folder the same call goes on after an interruption.

    Parameters
    ----------
    prior
        Of any level, with or without labels and lyrics.
    songs, held_out
        To train on; to evaluate on, and to take the labels of sounds from.
    vqvae
        Decodes what the prior writes on the way (`sample_every`).
    trained
        Which parameters move, by name ("model.music..."); None: all. See `finetune`.
    training, losses, out, device, watch, notes, progress
        As for `train_vqvae`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    config = prior.config
    require(len(songs) > 0, "songs", len(songs), "at least one song")
    needed = not training.sample_every or vqvae is not None
    require(needed, "vqvae", vqvae, "the codec of the codes, where sample_every is not 0")
    extras = by_name([*window_losses(prior, training), *losses])
    with Loop(
        f"prior-{config.level}",
        training,
        {"model": prior, **extras},
        about={
            "kind": "prior",
            "model": to_json_dict(config),
            "data": song_list(songs),
            "notes": dict(notes or {}),
        },
        around=Surroundings(out, device, watch, progress),
        seed=100 + config.level,
        trained=trained,
    ) as loop:
        compiled = CompiledForward(prior.music.transformer, training.compiled)
        for _ in loop.steps():
            for _ in range(training.accumulate):
                batch = random_batch(
                    songs, config, training.batch, loop.random, from_start=training.from_start
                ).to(device)
                with loop.learner.autocast(), compiled:
                    found = losses_of(prior, batch, training, extras, loop.generator)
                loop.backward(found.total, found.values)
            loop.update()
            if held_out and loop.due(training.evaluate_every):
                loop.row(held_out_losses(loop, prior, held_out, training))
            if loop.due(training.sample_every):
                write_sample(loop, prior, vqvae, held_out or songs, training)
    return loop.result()


def window_losses(prior: Prior, training: PriorTraining) -> list[ExtraLoss]:
    """The extra losses that the settings ask for.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    patterns = prior.music.transformer.patterns
    found: list[ExtraLoss] = []
    for layer in training.aided_layers:
        reads = [i for i, pattern in enumerate(patterns) if pattern in (LYRICS, PRIME)]
        require(layer in reads, "aided_layers", layer, f"layers that read lyrics: {reads}")
        if training.guidance:
            found.append(AttentionGuidance(training.guidance, layer))
        if training.phone:
            with seeded(training.seed * 1000 + layer):
                found.append(PhonesRead(training.phone, layer, prior.config.transformer.width))
    if training.spelled and prior.lyric_encoder is not None:
        with seeded(training.seed * 1000 + 999):
            found.append(PhonesSpelled(training.spelled, prior.config.transformer.width))
    return found


def losses_of(
    prior: Prior,
    batch: Batch,
    training: PriorTraining,
    extras: Mapping[str, ExtraLoss],
    generator: torch.Generator,
) -> Sum:
    """What a batch costs, in nats, and its parts.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    size, n = batch.codes.shape
    told, hide = torch.zeros(size, dtype=torch.bool), None  # (batch,): who is given lyrics
    named = torch.ones_like(told)  # (batch,): who is given artist and genre
    if prior.config.lyrics is not None:
        told = torch.rand(size, generator=generator) >= training.blank_lyrics
        if training.blank_names:
            named = told | (torch.rand(size, generator=generator) >= training.blank_names)
        if training.hide:
            hide = hidden_spans((size, n), training.hide, training.hide_span, generator)
            hide = hide.to(batch.codes.device)  # (batch, n)
    told = told.to(batch.codes.device)
    labels = told_labels(batch, told, named.to(batch.codes.device))
    conditions = prior.condition(labels, batch.upper_codes)
    layers = {layer for loss in extras.values() for layer in loss.layers}
    out = prior(batch.codes, conditions, hide=hide, record=layers, checkpoint=training.checkpoint)
    own = own_loss(prior.loss_of(out.hidden, batch.codes, conditions), prior, training)
    added = with_extras(own.total, WindowPass(batch, out, told, conditions.lyric_states), extras)
    return Sum(added.total, {**own.values, **added.values})


def told_labels(batch: Batch, told: Tensor, named: Tensor) -> Labels | None:
    """Labels without the lyrics of songs not `told`, and the names of songs not `named` (batch,).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    labels = batch.labels
    if labels is None:
        return None
    nameless = without_names(labels)
    return dataclasses.replace(
        labels,
        artist=torch.where(named, labels.artist, nameless.artist),
        genres=torch.where(named[:, None], labels.genres, nameless.genres),
        lyric_tokens=labels.lyric_tokens * told[:, None],
    )


def own_loss(loss: PriorLoss, prior: Prior, training: PriorTraining) -> Sum:
    """The prior's own loss in nats: music, and lyrics with the weight of the settings.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    nats, spoken = loss.music * math.log(2), loss.lyrics * math.log(2)
    if prior.config.lyrics is None:
        return Sum(nats, {"nats": nats.detach()})
    if training.lyric_weight is None:  # as in the paper
        total = loss.total * math.log(2)
    else:
        total = nats + training.lyric_weight * spoken
    return Sum(total, {"nats": nats.detach(), "lyric_nats": spoken.detach()})


@torch.no_grad()
def held_out_losses(
    loop: Loop, prior: Prior, songs: Sequence[CodedSong], training: PriorTraining
) -> dict[str, float]:
    """Cross-entropies in nats on the same windows of held-out songs every time.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    random = np.random.default_rng([training.seed, 79])
    music = lyrics = 0.0
    with loop.learner.averaged(), loop.learner.autocast():
        for _ in range(training.evaluate_batches):
            batch = random_batch(songs, prior.config, training.batch, random).to(loop.device)
            loss = prior.loss(batch.codes, batch.upper_codes, batch.labels)
            music += float(loss.music) * math.log(2) / training.evaluate_batches
            lyrics += float(loss.lyrics) * math.log(2) / training.evaluate_batches
    told = {"held_out_lyric_nats": lyrics} if prior.config.lyrics is not None else {}
    return {"held_out_nats": music, **told}


def write_sample(
    loop: Loop,
    prior: Prior,
    vqvae: VQVAE | None,
    songs: Sequence[CodedSong],
    training: PriorTraining,
) -> None:
    """The beginning of a window with the labels of a song, as a sound file.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    config = prior.config
    batch = random_batch(songs, config, 1, np.random.default_rng([training.seed, loop.step]))
    batch = batch.to(loop.device)
    n_tokens = int(training.sample_seconds * config.sample_rate) // config.hop_length
    generator = torch.Generator(loop.device).manual_seed(training.seed)
    with loop.learner.averaged():
        prior.eval()
        codes = prior.sample(
            1,
            batch.labels,
            batch.upper_codes,
            n_tokens=max(1, min(config.n_ctx, n_tokens)),
            temperature=config.temperature,
            generator=generator,
        )
        prior.train()
    if vqvae is not None:
        levels = [codes if level == config.level else None for level in range(vqvae.levels)]
        sound = vqvae.to(loop.device).eval().decode(levels, config.level)[0]
        loop.sound(f"level-{config.level}", sound.cpu().numpy(), vqvae.sample_rate)
