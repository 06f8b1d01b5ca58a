"""Making the distribution sharper before drawing from it: temperature, top-k, top-p.

What
    Temperature below 1 prefers likely codes. Top-k keeps the k likeliest codes, top-p the smallest
    set of codes that together hold probability p. Temperature comes first.
Shapes
    logits (..., bins).
Paper: [Jukebox §4.4]; nucleus sampling: arXiv 1904.09751
Lesson: notebooks/05_transformer_over_codes.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must


def check_filters(temperature: float = 1.0, top_k: int = 0, top_p: float = 0.0) -> None:
    """Raise `ConfigError` if a sampling setting is not allowed.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    if not 0.0 < temperature < float("inf"):
        raise ConfigError(must("temperature", temperature, "a positive number"))
    if isinstance(top_k, bool) or top_k != int(top_k) or top_k < 0:
        raise ConfigError(must("top_k", top_k, "0 (off) or a positive whole number"))
    if not 0.0 <= top_p <= 1.0:
        raise ConfigError(must("top_p", top_p, "0 (off) or a share up to 1"))
    if top_k and top_p:
        raise ConfigError(must("top_p", top_p, "0 while top_k is set", "Use one of the two."))


def filter_logits(logits: Tensor, top_k: int = 0, top_p: float = 0.0) -> Tensor:
    """Set the logits of excluded codes to minus infinity.

    Parameters
    ----------
    logits
        (..., bins).
    top_k
        Keep everything at least as likely as the k-th (ties with it survive); 0 is off.
    top_p
        Keep the likeliest codes up to and including the one that crosses probability p; 0 is off.

    Raises
    ------
    ConfigError
        If a value is out of range or both are set.

    Lesson: notebooks/05_transformer_over_codes.ipynb
    """
    check_filters(1.0, top_k, top_p)
    if top_k:
        kth = logits.topk(min(top_k, logits.shape[-1]), dim=-1).values[..., -1:]
        return logits.masked_fill(logits < kth, -torch.inf)
    if top_p:
        ordered, order = logits.sort(dim=-1, descending=True)
        cumulative = ordered.softmax(-1).cumsum(-1)
        beyond = (cumulative > top_p).roll(1, dims=-1)  # the one that crosses survives
        beyond[..., 0] = False  # the likeliest always survives
        return logits.masked_fill(beyond.scatter(-1, order, beyond), -torch.inf)
    return logits
