"""Right answers to the exercises of notebook 04, each written in more than one way."""

from __future__ import annotations

import numpy as np
import torch


def convergence_db(original, guess):
    return 20 * np.log10(np.linalg.norm(original - guess) / np.linalg.norm(original))


def convergence_db_by_power(original, guess):
    return 10 * np.log10(np.square(guess - original).sum() / np.square(original).sum())


def convergence_db_with_torch(original, guess):
    target, other = torch.tensor(original), torch.tensor(guess)
    return 20 * ((target - other).norm() / target.norm()).log10()


def changed_samples(index, reach, hop_length, n_codes):
    first, stop = max(0, index - reach), min(n_codes, index + reach + 1)
    return first * hop_length, stop * hop_length


def changed_samples_tried_out(index, reach, hop_length, n_codes):
    listening = [c for c in range(n_codes) if abs(c - index) <= reach]
    samples = np.arange(n_codes * hop_length).reshape(n_codes, hop_length)[listening]
    return np.array([samples.min(), samples.max() + 1])


def changed_samples_as_slice(index, reach, hop_length, n_codes):
    return slice(*changed_samples(index, reach, hop_length, n_codes))


SOLUTIONS = {
    "04.1": (22050 / 256 * 10, 861.33, 861, np.float32(861.3281), torch.tensor(861.3281)),
    "04.2": (convergence_db, convergence_db_by_power, convergence_db_with_torch),
    "04.3": (changed_samples, changed_samples_tried_out, changed_samples_as_slice),
}
