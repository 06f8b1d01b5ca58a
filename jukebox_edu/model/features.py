"""What a prior knows of a recording: the states of a middle layer while it reads the codes.

What
    The recording is encoded, the top prior reads its codes window by window as if it were to
    write on, and the residual stream after one layer is kept. Averaged over time it is one vector
    per recording, good for simple classifiers.
Shapes
    (batch, width), or (batch, tokens, width) without pooling.
Paper: [Jukebox §4]; probing: arXiv 2107.05677
Lesson: notebooks/14_what_jukebox_knows.ipynb
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import SongLabels

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox


def features(
    model: Jukebox, audio: Any, layer: int | None, pool: str | None, sample_rate: int | None
) -> np.ndarray:
    """States of one layer of the top prior; see `Jukebox.features`.

    Lesson: notebooks/14_what_jukebox_knows.ipynb
    """
    prior = model.priors[-1]
    depth = prior.config.transformer.depth
    layer = depth // 2 if layer is None else layer
    if isinstance(layer, bool) or not isinstance(layer, int) or not 0 <= layer < depth:
        raise ConfigError(must("layer", layer, f"from 0 to {depth - 1}"))
    if pool not in ("mean", "none", None):
        raise ConfigError(must("pool", pool, '"mean" or None'))
    codes = model.encode(audio, sample_rate)[-1]  # (batch, tokens)
    labels = _unknown(model, codes)
    n_ctx, states = prior.config.n_ctx, []
    for start in range(0, codes.shape[1], n_ctx):
        window = codes[:, start : start + n_ctx]
        n = window.shape[1]
        window = functional.pad(window, (0, n_ctx - n))  # (batch, n_ctx); what follows is unseen
        with torch.inference_mode():
            conditions = prior.condition(labels.window(start, prior.config.level))
            record = prior(window.to(prior.device), conditions, record=(layer,)).layers[layer]
        states.append(record.hidden[:, -n_ctx:][:, :n].float().cpu())
    hidden = torch.cat(states, dim=1)  # (batch, tokens, width)
    return (hidden.mean(dim=1) if pool == "mean" else hidden).numpy()


def _unknown(model: Jukebox, codes: Tensor) -> SongLabels:
    """Labels that say nothing but the time."""
    config = model.priors[-1].config
    length = codes.shape[1] * config.hop_length
    least = 0.0
    if config.labels is not None and config.labels.timing:
        least = config.labels.min_duration * config.sample_rate
    return SongLabels.create(
        artist="unknown",
        genre="unknown",
        total_length=max(length, math.ceil(least)),
        n_samples=len(codes),
        priors=model.config.priors,
        vocabularies=model.vocabularies,
    )
