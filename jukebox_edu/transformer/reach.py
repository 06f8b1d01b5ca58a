"""What attention patterns see: from one position, through several layers, and at what cost.

What
    Everything here is asked of the rules in `patterns.py`, without any weights:

        seen       the positions that one position looks at in one layer
        reached    the positions it depends on after 1, 2, 3, ... layers
        overview   all pairs of one pattern: how many there are, and a picture of where
        nearby     the pairs around one position, each of them

    A position always keeps what it knew (the residual stream), so going down through the layers a
    set of positions only grows: S becomes S and everything that a position of S sees.
Why it is quick
    Of the positions of a row (or column), the last sees all that the others of the row (column)
    see. So the largest position of each row and column stands for the whole set.
Shapes
    Sets are boolean arrays (positions,). In pattern 6 (lyrics) keys are another sequence.
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, Layout, mask

SIDE = 256  # most dots along each side of the picture of all pairs
NEAR = 384  # most positions along each side of the picture of near pairs


@dataclass(frozen=True, eq=False)
class Pairs:
    """A rectangle of pairs (query, key) of one pattern, as a picture.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    share: np.ndarray  # (queries, keys) float32: share of visible pairs in each dot, 0 to 1
    queries: tuple[int, int]  # first position that looks, and the one after the last
    keys: tuple[int, int]  # likewise of those that are looked at


@dataclass(frozen=True, eq=False)
class Overview:
    """All pairs (query, key) of one pattern.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    pairs: Pairs  # of the whole sequence, at most SIDE dots high and wide
    entries: int  # visible pairs in all, zero keys left out
    full: int  # pairs of dense causal attention over the same positions


def checked_layout(layout: Layout) -> Layout:
    """Return the layout, or raise `ConfigError` if its rows do not divide its positions.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    n, rows = layout.n, layout.rows
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ConfigError(must("n_ctx", n, "a whole number of positions, at least 1"))
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1 or n % rows:
        divisors = [d for d in range(1, n + 1) if n % d == 0 and d * d <= 4 * n][-5:]
        allowed = f"a divisor of the {n} positions, such as {divisors}"
        raise ConfigError(must("blocks", rows, allowed))
    return layout


def seen(pattern: int, layout: Layout, query: int) -> np.ndarray:
    """The keys that one position looks at.

    Parameters
    ----------
    pattern
        0 to 7.
    query
        A position, from 0.

    Returns
    -------
    numpy.ndarray
        Boolean (positions,); for pattern 6 (lyric positions,).

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    if not 0 <= query < layout.n:
        raise ConfigError(must("query", query, f"a position from 0 to {layout.n - 1}"))
    n_keys = layout.encoder if pattern == LYRICS else layout.n
    return mask(pattern, layout, torch.tensor([query]), torch.arange(n_keys))[0].numpy()


def seen_by_any(pattern: int, layout: Layout, queries: np.ndarray) -> np.ndarray:
    """The positions that a set of positions looks at, all together.

    Parameters
    ----------
    queries
        Boolean (positions,).

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    if pattern == LYRICS or not queries.any():
        return np.zeros(layout.n, dtype=bool)  # looks elsewhere
    members = np.flatnonzero(queries)
    row_last = np.full(-(-layout.n // layout.columns), -1)
    np.maximum.at(row_last, members // layout.columns, members)
    column_last = np.full(layout.columns, -1)
    np.maximum.at(column_last, members % layout.columns, members)
    speakers = np.unique(np.concatenate([row_last, column_last]))
    asked = torch.from_numpy(speakers[speakers >= 0])
    return mask(pattern, layout, asked, torch.arange(layout.n)).any(0).numpy()


def reached(patterns: Sequence[int], layout: Layout, query: int) -> tuple[np.ndarray, ...]:
    """What one position depends on after the first, the first two, ... layers of a stack.

    Parameters
    ----------
    patterns
        Pattern of each layer, the lowest first; see `layer_patterns`.
    query
        A position, from 0.

    Returns
    -------
    tuple of numpy.ndarray
        One boolean (positions,) per number of layers; each holds the one before.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    seen(0, layout, query)  # checks the query
    known: dict[tuple[int, bytes], np.ndarray] = {}  # one step down, for sets met before
    found = []
    for depth in range(1, len(patterns) + 1):
        inside = np.zeros(layout.n, dtype=bool)
        inside[query] = True
        for pattern in reversed(patterns[:depth]):  # from the output down to the input
            key = (pattern, inside.tobytes())
            if key not in known:
                known[key] = inside | seen_by_any(pattern, layout, inside)
            inside = known[key]
        found.append(inside)
    return tuple(found)


def layers_needed(fields: Sequence[np.ndarray]) -> np.ndarray:
    """Through how many layers each position is first seen, (positions,); 0: through none.

    `fields` is what `reached` gave.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    stacked = np.stack(fields)  # (layers, positions)
    return np.where(stacked.any(0), stacked.argmax(0) + 1, 0)


@lru_cache(maxsize=32)
def overview(pattern: int, layout: Layout) -> Overview:
    """Count and picture all pairs of a pattern, some queries at a time.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    n_keys = layout.encoder if pattern == LYRICS else layout.n
    keys = torch.arange(n_keys, dtype=torch.int32)
    query_edges = np.linspace(0, layout.n, min(SIDE, layout.n) + 1).astype(int)
    key_edges = np.linspace(0, n_keys, min(SIDE, n_keys) + 1).astype(int)
    share = np.zeros((len(query_edges) - 1, len(key_edges) - 1), dtype=np.float32)
    entries = 0
    for i, (first, last) in enumerate(zip(query_edges, query_edges[1:], strict=False)):
        queries = torch.arange(first, last, dtype=torch.int32)
        per_key = mask(pattern, layout, queries, keys).sum(0).numpy()  # (keys,) visible pairs
        entries += int(per_key.sum())
        if n_keys:
            pairs = np.add.reduceat(per_key, key_edges[:-1])
            share[i] = pairs / (np.diff(key_edges) * len(queries))
    full = layout.n * (layout.n + 1) // 2 if pattern != LYRICS else layout.n * n_keys
    return Overview(Pairs(share, (0, layout.n), (0, n_keys)), entries, full)


def nearby(pattern: int, layout: Layout, query: int) -> Pairs:
    """Every pair in the rows around one position; of a short sequence, the whole overview.

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    seen(pattern, layout, query)  # checks the query
    span = min(NEAR, NEAR // layout.columns * layout.columns or NEAR)
    if layout.n <= span or pattern == LYRICS:
        return overview(pattern, layout).pairs
    first = (query // layout.columns + 2) * layout.columns - span  # the next row is shown too
    first = min(max(0, first), layout.n - span)
    positions = torch.arange(first, first + span)
    share = mask(pattern, layout, positions, positions).numpy().astype(np.float32)
    return Pairs(share, (first, first + span), (first, first + span))


def kept(pattern: int, layout: Layout) -> int:
    """Keys and values that a layer remembers while it samples.

    Lesson: notebooks/10_sampling_fast.ipynb
    """
    return PATTERNS[pattern].capacity(layout)
