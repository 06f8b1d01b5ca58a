"""Training the VQ-VAE, all levels together or one of them alone.

What
    Clips are drawn at random places, encoded, quantized, decoded and compared. The loss is the
    paper's (on samples, on spectrograms at several resolutions, commitment) plus the extra losses
    of `extras.py` whose weights are not zero. Levels share nothing, so each can train alone.

    With `accumulate` above 1 the gradients of several batches make one step; the codebooks still
    learn from every batch.
Paper: [Jukebox §3]
Lesson: notebooks/03_train_a_vqvae.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.config import VQVAEConfig, to_json_dict
from jukebox_edu.training.clips import ClipShape, check_songs, random_clips
from jukebox_edu.training.codeset import song_list
from jukebox_edu.training.extras import (
    ClipPass,
    ExtraLoss,
    LogMel,
    PhonesInCodes,
    by_name,
    with_extras,
)
from jukebox_edu.training.loop import Loop, Surroundings, TrainingResult, Watch
from jukebox_edu.training.settings import LoopSettings, require
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import StoredSong
from jukebox_edu.vqvae.bandwidth import measure_bandwidth
from jukebox_edu.vqvae.losses import Bandwidth, check_clip
from jukebox_edu.vqvae.model import VQVAE
from jukebox_edu.vqvae.result import VQVAELoss

BANDWIDTH_CLIPS = 200  # clips that the loudness of the data is measured on, at most


@dataclass(frozen=True)
class VQVAETraining(LoopSettings):
    """Settings of a codec's training."""

    level: int | None = None  # 0 = bottom; None: all levels together
    batch: int = 8  # clips computed at once
    clip: int = 16384  # samples per clip, a whole number of top-level codes
    learning_rate: float = 2e-3  # peak
    decay_biases: bool = True
    log_mel: float = 1.0  # weight of the log-mel loss
    phone: float = 0.0  # weight of the phone head of this level; of the top, if all train
    blend: bool = False  # mix stereo songs anew each time, instead of half and half

    def shape(self, config: VQVAEConfig) -> ClipShape:
        """How clips are cut; raises `ConfigError` or `ShapeError` where they do not fit."""
        levels = (None, *range(config.levels))
        require(self.level in levels, "level", self.level, f"one of {levels}")
        hop = config.hop_lengths[-1]
        whole = self.clip > 0 and self.clip % hop == 0
        require(whole, "clip", self.clip, f"a multiple of {hop}, the samples per top-level code")
        check_clip(self.clip, config.losses)
        return ClipShape(self.clip, hop, self.blend)


def train_vqvae(
    vqvae: VQVAE,
    songs: Sequence[StoredSong],
    training: VQVAETraining,
    *,
    held_out: Sequence[StoredSong] = (),
    losses: Sequence[ExtraLoss] = (),
    out: str | Path | None = None,
    device: str | torch.device = "cpu",
    watch: Watch | None = None,
    notes: Mapping[str, Any] | None = None,
    progress: bool | str = "auto",
) -> TrainingResult:
    """Train a codec in place; with a folder the same call goes on after an interruption.

    Parameters
    ----------
    vqvae
        Only the levels of `training.level` change.
    songs, held_out
        To train on; to evaluate on and to reconstruct now and then.
    training, losses
        Settings; extra losses besides those that the settings ask for.
    out, device, watch, notes, progress
        Folder of the run, where to compute, who sees each row, what else `run.json` should say,
        and whether progress is shown.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    shape = training.shape(vqvae.config)
    check_songs([*songs, *held_out], vqvae.sample_rate)
    levels = range(vqvae.levels) if training.level is None else (training.level,)
    bandwidth = measured_bandwidth(songs, shape, vqvae.sample_rate, training.seed)
    extras = by_name([*clip_losses(vqvae.config, training), *losses])
    around = Surroundings(out, device, watch, progress)
    about = {"data": song_list(songs), "notes": dict(notes or {})}
    with codec_loop(vqvae, training, extras, about, around) as loop:
        for _ in loop.steps():
            for _ in range(training.accumulate):
                clips = random_clips(songs, shape, training.batch, loop.random).to(device)
                with loop.learner.autocast():
                    result = vqvae.losses(
                        clips.audio,
                        bandwidth=bandwidth,
                        levels=levels,
                        generator=loop.generator,
                        channels_last=loop.device.type == "cpu",  # faster there, see nn/conv.py
                    )
                    seen = ClipPass(clips.audio, clips.phones, result)
                    found = with_extras(result.total, seen, extras)
                loop.backward(found.total, {**own_values(result), **found.values})
            loop.update()
            if held_out and loop.due(training.evaluate_every):
                loop.row(held_out_losses(loop, vqvae, held_out, training, bandwidth, levels))
            if loop.due(training.sample_every):
                write_reconstructions(loop, vqvae, held_out or songs, training, levels)
    return loop.result()


def codec_loop(
    vqvae: VQVAE,
    training: VQVAETraining,
    extras: Mapping[str, ExtraLoss],
    about: Mapping[str, Any],
    around: Surroundings,
) -> Loop:
    """The loop of a codec: only the levels that train move.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    level, n = training.level, vqvae.levels
    levels = range(n) if level is None else (level,)
    marks = tuple(f"model.{part}.{i}." for i in levels for part in ("encoders", "decoders"))
    return Loop(
        "vqvae" if level is None else f"vqvae-{level}",
        training,
        {"model": vqvae, **extras},
        about={"kind": "vqvae", "model": to_json_dict(vqvae.config), **about},
        around=around,
        seed=n if level is None else level,
        trained=lambda name: not name.startswith("model.") or name.startswith(marks),
    )


def clip_losses(config: VQVAEConfig, training: VQVAETraining) -> list[ExtraLoss]:
    """The extra losses that the settings ask for.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    found: list[ExtraLoss] = []
    if training.log_mel:
        found.append(LogMel(training.log_mel, config.sample_rate))
    if training.phone:
        level = config.levels - 1 if training.level is None else training.level
        factor = config.hop_lengths[-1] // config.hop_lengths[level]
        with seeded(training.seed):
            found.append(PhonesInCodes(training.phone, config.emb_width, level, factor))
    return found


def measured_bandwidth(
    songs: Sequence[StoredSong], shape: ClipShape, sample_rate: int, seed: int
) -> Bandwidth:
    """Loudness of the data, from some random clips.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    random = np.random.default_rng([seed, 77])
    count = min(BANDWIDTH_CLIPS, 8 * len(songs))
    clips = (random_clips(songs, shape, 1, random).audio[0].numpy() for _ in range(count))
    return measure_bandwidth(clips, sample_rate=sample_rate, every=1)


def own_values(result: VQVAELoss) -> dict[str, float | Tensor]:
    """The codec's own numbers for the log; of each level too, where several run.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    values: dict[str, float | Tensor] = {
        "total": result.total.detach(),
        "recons": result.recons.detach(),
        "spectral": result.multispectral.detach(),
        "commit": result.commit.detach(),
    }
    if result.codebook is not None:
        values |= {"entropy": result.codebook.entropy, "usage": result.codebook.usage}
    if len(result.ran) > 1:
        for level, part in enumerate(result.levels):
            if part is not None:
                values[f"recons_{level}"] = part.recons.detach()
                if part.codebook is not None:
                    values[f"usage_{level}"] = part.codebook.usage
    return values


@torch.no_grad()
def held_out_losses(
    loop: Loop,
    vqvae: VQVAE,
    songs: Sequence[StoredSong],
    training: VQVAETraining,
    bandwidth: Bandwidth,
    levels: Sequence[int],
) -> dict[str, float]:
    """Losses on the same clips of held-out songs every time.

    Lesson: notebooks/03_train_a_vqvae.ipynb
    """
    random, shape = np.random.default_rng([training.seed, 78]), training.shape(vqvae.config)
    sums: dict[str, float] = {}
    with loop.learner.averaged():
        vqvae.eval()
        for _ in range(training.evaluate_batches):
            clips = random_clips(songs, shape, training.batch, random).to(loop.device)
            result = vqvae.losses(clips.audio, bandwidth=bandwidth, levels=levels)
            for name, value in own_values(result).items():
                sums[name] = sums.get(name, 0.0) + float(value) / training.evaluate_batches
        vqvae.train()
    return {f"held_out_{name}": value for name, value in sums.items()}


def write_reconstructions(
    loop: Loop,
    vqvae: VQVAE,
    songs: Sequence[StoredSong],
    training: VQVAETraining,
    levels: Sequence[int],
) -> None:
    """The beginning of a song through every level that trains, as sound files.

    Lesson: notebooks/04_three_levels.ipynb
    """
    length = min(songs[0].length, int(training.sample_seconds * vqvae.sample_rate))
    audio = torch.from_numpy(songs[0].samples(0, length))[None].to(loop.device)
    with loop.learner.averaged():
        vqvae.eval()
        codes = vqvae.encode(audio)
        for level in levels:
            sound = vqvae.decode(codes, level)[0, :length]
            loop.sound(f"level-{level}", sound.cpu().numpy(), vqvae.sample_rate)
        vqvae.train()
