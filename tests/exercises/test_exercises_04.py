"""Exercises of notebook 04: typical mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.exercises import EXERCISES, Sheet

norm = np.linalg.norm


def db(ratio):
    return 20 * np.log10(ratio)


MISTAKES = [
    ("04.1", 22050 / 32 * 10, "the bottom level sends"),
    ("04.1", 7752, "both levels together"),
    ("04.1", 86.13, "codes in one second"),
    ("04.1", 22050 / 256 * 1024, "different codes"),
    ("04.1", 597, "nats"),
    ("04.1", 259.3, "decimal digits"),
    ("04.1", 860, "do not round early"),
    ("04.1", 870, "whole number of codes"),
    ("04.1", 0.8613, "kilobits"),
    ("04.1", 107.67, "bytes"),
    ("04.1", 51680, "for a minute"),
    ("04.1", 1378.1, "on a CD"),
    ("04.1", 220500, "fewer codes than samples"),
    ("04.1", 562.5, "the bundled model"),
    ("04.1", 3789.8, "the large codec"),
    ("04.1", "861", "of type str"),
    ("04.1", True, "of type bool"),
    ("04.2", lambda x, y: norm(x - y) / norm(x), "ratio itself"),
    ("04.2", lambda x, y: db(norm(x - y) / norm(x)) / 2, "ratios of power"),
    ("04.2", lambda x, y: 20 * np.log(norm(x - y) / norm(x)), "base 10; np.log"),
    ("04.2", lambda x, y: 20 * np.log2(norm(x - y) / norm(x)), "not to base 2"),
    ("04.2", lambda x, y: np.log10(norm(x - y) / norm(x)), "bels"),
    ("04.2", lambda x, y: db(norm(x) / norm(x - y)), "sign is wrong"),
    ("04.2", lambda x, y: db(norm(x - y) / norm(y)), "size of the guess"),
    ("04.2", lambda x, y: db(norm(x - y)), "A loud song"),
    ("04.2", lambda x, y: db(abs(norm(x) - norm(y)) / norm(x)), "first subtract"),
    ("04.2", lambda x, y: db(abs(x - y).mean() / abs(x).mean()), "not its sum"),
    ("04.2", lambda x, y: db(((x - y) ** 2).mean() / (x**2).mean()), "root is missing"),
    ("04.2", lambda x, y: db(norm(x - y, 2) / norm(x, 2)), "singular value"),
    ("04.2", lambda x, y: db(abs(x - y) / x), "two spectrograms of shape (5, 7) it gives"),
    ("04.2", lambda x: 0.0, "raised TypeError"),
    ("04.2", -8.3, "the function itself"),
    ("04.3", lambda i, r, h, n: (i * h, (i + 1) * h), "own samples"),
    ("04.3", lambda i, r, h, n: (max(0, i - r), min(n, i + r + 1)), "gives codes"),
    ("04.3", lambda i, r, h, n: (max(0, i - r) * h, min(n, i + r) * h), "are missing"),
    ("04.3", lambda i, r, h, n: ((i - r) * h, (i + r) * h), "are missing"),
    ("04.3", lambda i, r, h, n: ((i - r) * h, (i + r + 1) * h), "Near its ends"),
    ("04.3", lambda i, r, h, n: ((i - r) * h, min(n, i + r + 1) * h), "Near the beginning"),
    ("04.3", lambda i, r, h, n: (max(0, i - r) * h, (i + r + 1) * h), "Near the end it"),
    ("04.3", lambda i, r, h, n: [max(0, i * h - r), min(n * h, i * h + h + r)], "for samples"),
    ("04.3", lambda i, r, h, n: (max(0, i - r) * h, min(n, i + r + 1) * h - 1), "one behind"),
    ("04.3", lambda i, r, h, n: (i * h, min(n, i + r + 1) * h), "sound before"),
    ("04.3", lambda i, r, h, n: (max(0, i - r) * h, (i + 1) * h), "sound after"),
    ("04.3", lambda i, r, h, n: i * h, "reach 56, 256 samples per code it gives 25600"),
    ("04.3", lambda i, r, h, n: (i * h, None), "it gives (25600, None)"),
    ("04.3", lambda i, r, h, n: (0.5, float("inf")), "it gives (0.5, inf)"),
    ("04.3", lambda i, r, h, n: i / 0, "raised ZeroDivisionError"),
    ("04.3", (0, 256), "the function itself"),
]


@pytest.mark.parametrize(("number", "answer", "says"), MISTAKES)
def test_typical_mistakes_are_named(number, answer, says):
    feedback = Sheet().check(number, answer)
    assert not feedback.solved
    assert says in feedback.diagnosis
    assert "\n" not in repr(feedback)
    assert feedback.hint == f"Hint 1 of 3: {EXERCISES[number].hints[0]}"


def test_the_last_hint_gives_the_way_and_the_first_does_not():
    assert "log2" in EXERCISES["04.1"].hints[-1] and "log" not in EXERCISES["04.1"].hints[0]
    for number in ("04.2", "04.3"):
        first, *_, last = EXERCISES[number].hints
        assert "(" in last and "(" not in first


def test_right_answers_agree_with_the_library():
    """What the exercises call right is what the codec does."""
    import torch

    from jukebox_edu.config import VQVAEConfig
    from jukebox_edu.exercises.notebook_04 import _heard
    from jukebox_edu.vqvae import VQVAE

    shape = {"downs": (1, 1), "strides": (4, 2), "multipliers": (1, 1)}
    small = {"emb_width": 4, "codebook_size": 8, "width": 4, "depth": 2, "dilation_growth": 3}
    torch.manual_seed(0)
    codec = VQVAE(VQVAEConfig(sample_rate=1000, **shape, **small)).eval()
    for level, (hop, decoder) in enumerate(zip(codec.hop_lengths, codec.decoders, strict=True)):
        codec.bottleneck.codebooks[level].vectors.normal_()
        rows = [torch.zeros(1, 200, dtype=torch.long) for _ in range(2)]
        before = codec.decode(rows, level)[0]
        for index in (2, 100, 199):
            edited = [row.clone() for row in rows]
            edited[level][0, index] = 5
            where = (codec.decode(edited, level)[0] != before).nonzero()
            first, stop = _heard(index, decoder.reach, hop, 200)
            assert first <= where.min() and where.max() < stop
            assert where.min() <= index * hop + hop and where.max() >= index * hop
