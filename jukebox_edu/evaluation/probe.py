"""What the codes still say: a small network that guesses phones from top-level codes.

What
    If even a reader trained for it cannot tell phones from codes, no prior can sing words with
    them. The probe is an embedding and one convolution over 17 codes, trained for a few seconds.
    `probe_phones` trains it on some songs and tests it on others; `probe_across` does so with the
    test songs alone, each half read by a probe that was trained on the other half.
Conventions
    Accuracy counts frames in which something is sung; always guessing the commonest phone is the
    floor given beside it. Few training songs make a weak reader: the accuracy is a lower bound.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.songbook import PHONES

WINDOW = 256  # codes per training example
SILENCE = PHONES.index("SIL")


@dataclass(frozen=True, eq=False)
class PhoneCodes:
    """Top-level codes of one song with the phone sung at each.

    Lesson: notebooks/13_measure_it.ipynb
    """

    codes: np.ndarray  # (tokens,)
    phones: np.ndarray  # (tokens,) index of the songbook's phones


@dataclass(frozen=True)
class ProbeFigures:
    """How much of the words top-level codes keep.

    Lesson: notebooks/13_measure_it.ipynb
    """

    accuracy: Estimate  # share of sung frames whose phone is guessed right
    floor: float  # the same for always guessing the commonest phone


class PhoneProbe(nn.Module):
    """Codes (batch, n) to logits over phones (batch, phones, n).

    Lesson: notebooks/13_measure_it.ipynb
    """

    def __init__(self, codebook_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codebook_size, 64)
        self.convolution = nn.Conv1d(64, len(PHONES), 17, padding=8)

    def forward(self, codes: Tensor) -> Tensor:
        """Logits."""
        return self.convolution(self.embedding(codes).transpose(1, 2))  # (batch, phones, n)


def train_probe(
    songs: Sequence[PhoneCodes],
    codebook_size: int,
    *,
    steps: int = 400,
    seed: int = 0,
    step: Callable[[], None] | None = None,
) -> PhoneProbe:
    """Train a probe on random stretches of songs; `step` is called after each of the steps.

    Lesson: notebooks/13_measure_it.ipynb
    """
    random = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):  # the same first weights, whatever came before
        torch.manual_seed(seed)
        probe = PhoneProbe(codebook_size)
    optimizer = torch.optim.Adam(probe.parameters(), 3e-3)
    window = min(WINDOW, *(len(song.codes) for song in songs))
    for _ in range(steps):
        codes, phones = [], []
        for index in random.integers(len(songs), size=12):
            song = songs[index]
            first = int(random.integers(max(1, len(song.phones) - window)))
            codes.append(song.codes[first : first + window])
            phones.append(song.phones[first : first + window])
        batch = torch.from_numpy(np.stack(codes).astype(np.int64))
        truth = torch.from_numpy(np.stack(phones).astype(np.int64))
        optimizer.zero_grad()
        functional.cross_entropy(probe(batch), truth).backward()
        optimizer.step()
        if step is not None:
            step()
    return probe.eval()


def probe_accuracy(probe: PhoneProbe, song: PhoneCodes) -> float | None:
    """Share of sung frames guessed right; None if nothing is sung.

    Lesson: notebooks/13_measure_it.ipynb
    """
    sung = song.phones != SILENCE
    if not sung.any():
        return None
    with torch.no_grad():
        guess = probe(torch.from_numpy(song.codes.astype(np.int64))[None])[0].argmax(0)
    return float((guess.numpy() == song.phones)[sung].mean())


def commonest_share(songs: Sequence[PhoneCodes]) -> float:
    """Share of sung frames in which the commonest phone is sung.

    Lesson: notebooks/13_measure_it.ipynb
    """
    sung = np.concatenate([song.phones[song.phones != SILENCE] for song in songs])
    counts = np.bincount(sung, minlength=len(PHONES))
    return float(counts.max() / counts.sum())


def probe_phones(
    training: Sequence[PhoneCodes],
    held_out: Sequence[PhoneCodes],
    codebook_size: int,
    *,
    steps: int = 400,
    seed: int = 0,
    step: Callable[[], None] | None = None,
) -> ProbeFigures:
    """Train the probe on some songs and test it on others.

    Lesson: notebooks/13_measure_it.ipynb
    """
    probe = train_probe(training, codebook_size, steps=steps, seed=seed, step=step)
    right = [probe_accuracy(probe, song) for song in held_out]
    return ProbeFigures(estimate([x for x in right if x is not None]), commonest_share(held_out))


def probe_across(
    songs: Sequence[PhoneCodes],
    codebook_size: int,
    *,
    steps: int = 400,
    seed: int = 0,
    step: Callable[[], None] | None = None,
) -> ProbeFigures:
    """Test each half of the songs with a probe trained on the other half; at least two songs.

    Lesson: notebooks/13_measure_it.ipynb
    """
    halves = (songs[0::2], songs[1::2])
    right: list[float | None] = []
    for training, tested in (halves, halves[::-1]):
        probe = train_probe(training, codebook_size, steps=steps, seed=seed, step=step)
        right += [probe_accuracy(probe, song) for song in tested]
    return ProbeFigures(estimate([x for x in right if x is not None]), commonest_share(songs))
