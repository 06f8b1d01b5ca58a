"""Right answers to the exercises of notebook 00, each written in more than one way."""

from __future__ import annotations

import numpy as np
import torch


def code_start(index, level, model):
    return index * model.hop_lengths[level] / model.sample_rate


def code_start_in_steps(index, level, model):
    step = torch.tensor(model.hop_lengths[level], dtype=torch.float64) / model.sample_rate
    return sum([step] * index, torch.tensor(0.0, dtype=torch.float64))


def word_at(words, seconds):
    for word in words:
        if word.start <= seconds < word.end:
            return word.text
    return None


def word_at_with_numpy(words, seconds):
    hits = [w.start <= seconds < w.end for w in words]
    return words[int(np.argmax(hits))].text if any(hits) else None


SOLUTIONS = {
    "00.1": (6890, 6890.0, np.int64(6890), torch.tensor(6890)),
    "00.2": (code_start, code_start_in_steps),
    "00.3": (word_at, word_at_with_numpy),
}
