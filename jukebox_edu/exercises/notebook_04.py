"""Exercises of "Three levels": bits of a level, distance in dB, how far one code is heard.

    04.1 ●○○  bits per second of a top level                     a number
    04.2 ●●○  spectral convergence in dB                         a function
    04.3 ●●●  the samples that one code can change               a function

Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jukebox_edu.exercises.exercise import (
    OPEN,
    RIGHT,
    WRONG,
    Exercise,
    Mistake,
    Verdict,
    as_number,
    same,
    try_function,
)
from jukebox_edu.released import small_vqvae, vqvae

# ---- 04.1 -------------------------------------------------------------------------------------


def judge_bits_per_second(answer: Any) -> Verdict:
    """Judge a number of bits per second; a bit more or less is forgiven.

    Lesson: notebooks/04_three_levels.ipynb
    """
    if answer is ...:
        return Verdict(OPEN)
    number = as_number(answer)
    if number is None:
        return Verdict(WRONG, f"A number is wanted, this is of type {type(answer).__name__}")
    codec, large = small_vqvae(), vqvae()
    rate, hops, size = codec.sample_rate, codec.hop_lengths, codec.codebook_size
    codes, bits = rate / hops[-1], math.log2(size)
    if abs(number - codes * bits) <= 1:
        return Verdict(RIGHT)
    known = (
        (rate / hops[0] * bits, "That is what the bottom level sends"),
        (rate / hops[0] * bits + codes * bits, "That is both levels together"),
        (codes, "That is the number of codes in one second"),
        (codes * size, f"{size:,} is how many different codes there are, and not the size of one"),
        (codes * math.log(size), "A natural logarithm counts nats; bits come from base 2"),
        (codes * math.log10(size), "That logarithm counts decimal digits; bits come from base 2"),
        (codes // 1 * bits, "A second need not hold a whole number of codes: do not round early"),
        (math.ceil(codes) * bits, "A second need not hold a whole number of codes"),
        (codes * bits / 1000, "Right in kilobits, and bits are asked for"),
        (codes * bits / 8, "Right in bytes, and bits are asked for"),
        (codes * bits * 60, "Right for a minute, and a second is asked for"),
        (codes * 16, "16 bits is the size of a sample on a CD, a code is smaller"),
        (rate * bits, "A code stands for many samples, so there are fewer codes than samples"),
        (16000 / 256 * 9, "Those are the figures of the bundled model"),
        (
            large.sample_rate / large.hop_lengths[-1] * math.log2(large.codebook_size),
            "Those are the figures of the large codec of the table above",
        ),
    )
    says = next((text for wrong, text in known if abs(number - wrong) <= 1e-3 * wrong), "")
    return Verdict(WRONG, says)


# ---- 04.2 -------------------------------------------------------------------------------------


def _pairs() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Magnitude spectrograms (frequencies, frames) of an original and a guess."""
    numbers = np.random.default_rng(4)
    pairs = []
    for shape in ((5, 7), (3, 4), (9, 2)):
        original, noise = numbers.random(shape), numbers.random(shape)
        pairs += [(original, original * 0.5), (original, 0.8 * original + 0.6 * noise)]
    return tuple(pairs)


def _size(x: Any) -> float:
    return float(np.sqrt(np.square(x).sum()))


def _ratio(original: np.ndarray, guess: np.ndarray) -> float:
    return _size(original - guess) / _size(original)


CONVERGENCE_MISTAKES = (
    Mistake(_ratio, "It gives the ratio itself: now turn it into decibels"),
    Mistake(
        lambda x, y: 10 * math.log10(_ratio(x, y)),
        "10 is the factor for ratios of power; magnitudes take another",
    ),
    Mistake(
        lambda x, y: 20 * math.log(_ratio(x, y)),
        "Decibels take the logarithm to base 10; np.log is the natural one",
    ),
    Mistake(
        lambda x, y: 20 * math.log2(_ratio(x, y)),
        "Decibels take the logarithm to base 10, and not to base 2",
    ),
    Mistake(lambda x, y: math.log10(_ratio(x, y)), "Those are bels; a decibel is smaller"),
    Mistake(
        lambda x, y: -20 * math.log10(_ratio(x, y)),
        "The sign is wrong: what is nearer to the original has the lower figure",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(_size(x - y) / _size(y)),
        "It divides by the size of the guess, and the original is what counts",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(_size(x - y)),
        "A loud song would score worse: divide by the size of the original",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(abs(_size(x) - _size(y)) / _size(x)),
        "It compares how loud both are: first subtract, then take the size",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(np.abs(x - y).sum() / np.abs(x).sum()),
        "The size of a spectrogram is not its sum but the root of its sum of squares",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(np.square(x - y).sum() / np.square(x).sum()),
        "The root is missing: the size is the root of the sum of squares",
    ),
    Mistake(
        lambda x, y: 20 * math.log10(np.linalg.norm(x - y, 2) / np.linalg.norm(x, 2)),
        "That norm is the largest singular value; the root of the sum of squares is wanted",
    ),
)


def judge_convergence(answer: Any) -> Verdict:
    """Judge a function of two magnitude spectrograms that gives spectral convergence in dB.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def show(original: np.ndarray, guess: np.ndarray) -> str:
        return f"two spectrograms of shape {original.shape}"

    def right(original: np.ndarray, guess: np.ndarray) -> float:
        return 20 * math.log10(_ratio(original, guess))

    return try_function(answer, right, _pairs(), CONVERGENCE_MISTAKES, show)


# ---- 04.3 -------------------------------------------------------------------------------------

REACH_CASES = (  # index, reach, hop_length, n_codes
    (100, 56, 256, 280),
    (500, 43, 16, 4480),
    (3, 5, 64, 20),
    (18, 5, 64, 20),
    (0, 9, 128, 6),
    (7, 0, 8, 30),
)


def _heard(index: int, reach: int, hop_length: int, n_codes: int) -> tuple[int, int]:
    first, last = max(0, index - reach), min(n_codes, index + reach + 1)  # codes
    return first * hop_length, last * hop_length


REACH_MISTAKES = (
    Mistake(
        lambda i, r, h, n: (i * h, (i + 1) * h),
        "Only the code's own samples: those of its neighbors listen to it too",
    ),
    Mistake(
        lambda i, r, h, n: (max(0, i - r), min(n, i + r + 1)),
        "It gives codes, and samples are wanted",
    ),
    Mistake(
        lambda i, r, h, n: (max(0, i - r) * h, min(n, i + r) * h),
        "The last code that listens has samples too, and they are missing",
    ),
    Mistake(
        lambda i, r, h, n: ((i - r) * h, (i + r) * h),
        "The last code that listens has samples too, and they are missing",
    ),
    Mistake(
        lambda i, r, h, n: ((i - r) * h, (i + r + 1) * h),
        "Near its ends it leaves the song: there is no sample before 0 and none behind the last",
    ),
    Mistake(
        lambda i, r, h, n: ((i - r) * h, min(n, i + r + 1) * h),
        "Near the beginning it leaves the song: there is no sample before 0",
    ),
    Mistake(
        lambda i, r, h, n: (max(0, i - r) * h, (i + r + 1) * h),
        "Near the end it leaves the song: there are n_codes * hop_length samples",
    ),
    Mistake(
        lambda i, r, h, n: (max(0, i * h - r), min(n * h, (i + 1) * h + r)),
        "The reach counts codes, and here it is taken for samples",
    ),
    Mistake(
        lambda i, r, h, n: (_heard(i, r, h, n)[0], _heard(i, r, h, n)[1] - 1),
        "The second number is to be one behind the last sample, as in a slice",
    ),
    Mistake(
        lambda i, r, h, n: (i * h, _heard(i, r, h, n)[1]),
        "The decoder looks both ways: sound before the code can change as well",
    ),
    Mistake(
        lambda i, r, h, n: (_heard(i, r, h, n)[0], (i + 1) * h),
        "The decoder looks both ways: sound after the code can change as well",
    ),
)  # fmt: skip


def _as_pair(given: Any) -> Any:
    """Two numbers of any kind, a slice or a range as a tuple; anything else as it is."""
    if isinstance(given, slice | range):
        given = (given.start, given.stop)
    try:
        numbers = [as_number(entry) for entry in given]
    except TypeError:
        return given
    whole = [round(x) for x in numbers if x is not None and math.isfinite(x) and same(x, round(x))]
    return tuple(whole) if len(whole) == len(numbers) else given


def judge_reach(answer: Any) -> Verdict:
    """Judge a function of (index, reach, hop_length, n_codes) that gives (first, stop) samples.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def show(index: int, reach: int, hop_length: int, n_codes: int) -> str:
        return f"code {index} of {n_codes}, reach {reach}, {hop_length} samples per code"

    tried = (lambda *case: _as_pair(answer(*case))) if callable(answer) else answer
    return try_function(tried, _heard, REACH_CASES, REACH_MISTAKES, show)


EXERCISES = (
    Exercise(
        "04.1",
        1,
        3,
        judge_bits_per_second,
        (
            "how many codes are there in a second, and how many bits does it take to name one?",
            "n bits tell 2 ** n codes apart; which n gives 1,024?",
            "sample rate divided by hop length, times log2(1024), which is 10",
        ),
    ),
    Exercise(
        "04.2",
        2,
        5,
        judge_convergence,
        (
            "how large is the difference, measured by how large the original is?",
            "the size is the root of the sum of all squares; a ratio of sizes becomes dB by log10",
            "20 * np.log10(size(original - guess) / size(original)), size being np.linalg.norm",
        ),
    ),
    Exercise(
        "04.3",
        3,
        10,
        judge_reach,
        (
            "which codes' samples listen to this code, and which samples are those?",
            "those of codes index - reach to index + reach that exist, hop_length samples each",
            "max(0, index - reach) and min(n_codes, index + reach + 1), both times hop_length",
        ),
    ),
)
"""In the order of the notebook. Lesson: notebooks/04_three_levels.ipynb"""
