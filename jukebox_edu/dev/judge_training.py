"""The loops that train one judge: random stretches of songs, cross-entropy, AdamW.

What
    The recogniser learns the phone of every frame from stretches of two seconds, a classifier one
    name per stretch of four. Stretches are made a little harder: some mel bands and some moments
    are blanked, all bands are tilted. The learning rate rises quickly and falls to nothing.
Conventions
    A seed decides everything; the global random state is left as it was.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.dev.judge_songs import JudgeSong
from jukebox_edu.evaluation.judges.panel import Panel
from jukebox_edu.evaluation.judges.phone_errors import edit_counts
from jukebox_edu.evaluation.judges.recogniser import likeliest_phones, phones_heard

PENALTIES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)  # tried for the recogniser's path
_WARMUP = 50  # steps


@dataclass(frozen=True)
class LoopSettings:
    """How one judge is trained.

    Lesson: notebooks/13_measure_it.ipynb
    """

    steps: int  # optimizer steps
    frames: int  # length of a stretch, 16 ms each
    batch: int = 16  # stretches per step
    rate: float = 2e-3  # highest learning rate
    seed: int = 0  # of everything drawn


def stretch(mel: Tensor, start: int, frames: int) -> Tensor:
    """Frames (64, frames) of a song (64, n) from `start` on, as float32, silence behind its end.

    Lesson: notebooks/13_measure_it.ipynb
    """
    cut = mel[:, start : start + frames].float()
    return functional.pad(cut, (0, frames - cut.shape[1]), value=float(mel.min()))


def harder(mels: Tensor, random: np.random.Generator) -> Tensor:
    """Blank some bands and moments of (batch, 64, frames), and tilt all bands; in place.

    Lesson: notebooks/13_measure_it.ipynb
    """
    n_bands, n_frames = mels.shape[1:]
    slope = torch.linspace(-1, 1, n_bands)[:, None]
    for mel in mels:
        mel += slope * float(random.normal(0, 0.15)) + float(random.normal(0, 0.1))
        band, wide = int(random.integers(n_bands)), int(random.integers(8))
        mel[band : band + wide] = mel.mean()
        moment, long = int(random.integers(n_frames)), int(random.integers(5))
        mel[:, moment : moment + long] = mel.mean()
    return mels


def train_judge(
    judge: nn.Module,
    songs: Sequence[JudgeSong],
    label: Callable[[JudgeSong, int, int], Tensor],
    settings: LoopSettings,
    step: Callable[[dict[str, float]], None] | None = None,
) -> None:
    """Train a network on stretches; ``label(song, start, frames)`` says what is right.

    `step` is called after each step with the step's number, loss and accuracy.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng([settings.seed, 81])
    optimizer = torch.optim.AdamW(judge.parameters(), settings.rate, weight_decay=0.02)
    judge.train()
    with torch.random.fork_rng(devices=[]):  # of dropout
        torch.manual_seed(settings.seed)
        for number in range(settings.steps):
            mels, truth = [], []
            for index in random.integers(len(songs), size=settings.batch):
                song = songs[index]
                spare = song.mel.shape[1] - settings.frames
                start = int(random.integers(max(1, spare + 1)))
                mels.append(stretch(song.mel, start, settings.frames))
                truth.append(label(song, start, settings.frames))
            logits = judge(harder(torch.stack(mels), random))
            right = torch.stack(truth)
            loss = functional.cross_entropy(logits, right)
            rise = min(1.0, (number + 1) / _WARMUP)
            fall = 0.5 + 0.5 * math.cos(math.pi * number / settings.steps)
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * rise * fall
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimizer.step()
            if step is not None:
                accuracy = float((logits.argmax(1) == right).float().mean())
                step({"step": number + 1, "loss": float(loss.detach()), "accuracy": accuracy})
    judge.eval()


def phones_label(song: JudgeSong, start: int, frames: int) -> Tensor:
    """The phone of every frame (frames,), silence behind the end.

    Lesson: notebooks/13_measure_it.ipynb
    """
    cut = song.phones[start : start + frames]
    return functional.pad(cut, (0, frames - len(cut)))


def voice_label(song: JudgeSong, start: int, frames: int) -> Tensor:
    """The number of the voice.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return torch.tensor(song.voice)


def style_label(song: JudgeSong, start: int, frames: int) -> Tensor:
    """The number of the style.

    Lesson: notebooks/13_measure_it.ipynb
    """
    return torch.tensor(song.style)


def choose_penalty(panel: Panel, songs: Sequence[JudgeSong]) -> float:
    """The penalty with the fewest phone errors on some songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    errors = dict.fromkeys(PENALTIES, 0.0)
    for song in songs:
        with torch.inference_mode():
            scores = panel.recogniser(song.mel.float()[None])[0].log_softmax(0).T.numpy()
        truth = phones_heard(song.phones.numpy())
        for penalty in PENALTIES:
            heard = phones_heard(likeliest_phones(scores, penalty))
            errors[penalty] += edit_counts(truth, heard).rate
    return min(errors, key=lambda penalty: errors[penalty])
