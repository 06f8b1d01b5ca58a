"""What the codes still say: a small network that guesses phones from top-level codes.

What
    If even a reader trained for it cannot tell phones from codes, no prior can sing words with
    them. The probe is an embedding and one convolution over 17 codes, trained for a few seconds.
Conventions
    Accuracy counts frames in which something is sung; always guessing the commonest phone is the
    floor given beside it.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.songbook import PHONES
from jukebox_edu.training.codeset import CodedSong

WINDOW = 256  # codes per training example
SILENCE = PHONES.index("SIL")


@dataclass(frozen=True)
class ProbeFigures:
    """How much of the words top-level codes keep."""

    accuracy: Estimate  # share of sung frames whose phone is guessed right
    floor: float  # the same for always guessing the commonest phone


def probe_phones(
    training: Sequence[CodedSong],
    held_out: Sequence[CodedSong],
    codebook_size: int,
    *,
    steps: int = 400,
    seed: int = 0,
) -> ProbeFigures:
    """Train the probe on some songs and test it on others.

    Lesson: notebooks/13_measure_it.ipynb
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    embedding = nn.Embedding(codebook_size, 64)
    convolution = nn.Conv1d(64, len(PHONES), 17, padding=8)
    optimizer = torch.optim.Adam([*embedding.parameters(), *convolution.parameters()], 3e-3)

    def logits(codes: Tensor) -> Tensor:
        return convolution(embedding(codes).transpose(1, 2))  # (batch, phones, codes)

    for _ in range(steps):
        codes, phones = [], []
        for index in random.integers(len(training), size=12):
            song = training[index]
            first = int(random.integers(max(1, len(song.phones) - WINDOW)))
            codes.append(song.codes[-1][first : first + WINDOW])
            phones.append(song.phones[first : first + WINDOW])
        batch = torch.from_numpy(np.stack(codes).astype(np.int64))
        truth = torch.from_numpy(np.stack(phones).astype(np.int64))
        optimizer.zero_grad()
        functional.cross_entropy(logits(batch), truth).backward()
        optimizer.step()
    right, sung_phones = [], []
    with torch.no_grad():
        for song in held_out:
            guess = logits(torch.from_numpy(song.codes[-1].astype(np.int64))[None])[0].argmax(0)
            sung = song.phones != SILENCE
            right.append(float((guess.numpy() == song.phones)[sung].mean()))
            sung_phones.append(song.phones[sung])
    counts = np.bincount(np.concatenate(sung_phones), minlength=len(PHONES))
    return ProbeFigures(estimate(right), float(counts.max() / counts.sum()))
