"""Sparse attention patterns: which earlier positions a position may look at.

What
    A sequence of n positions is laid out as rows of `columns` positions each. Position p sits in
    row `p // columns` and column `p % columns`. Each pattern is a rule over such positions:

        0 dense         every earlier position
        1 row           its own row, up to itself
        2 column        its own column, up to itself
        3 previous row  all of the row before; row 0 sees nothing and outputs zero
        4 summary       the last position of every earlier row, and one zero key
        5 spread        the last `spread` positions of every earlier row, and as many zero keys
        6 lyrics        all positions of another sequence (the encoded lyrics)
        7 prime         the first positions only (the lyrics of a single-sequence model)

    1, 2 and 3 in turn let information reach every later position within a few layers, at a cost of
    n * sqrt(n) instead of n * n.
Shapes
    Rules take integer positions and return boolean masks (queries, keys): True is visible.
Paper: [Jukebox §4, appendix A]
Lesson: notebooks/06_sparse_attention.ipynb
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must


@dataclass(frozen=True)
class Layout:
    """How a sequence is cut into rows.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    n: int  # positions of the whole sequence
    rows: int = 1  # rows ("blocks" in the configuration)
    spread: int = 1  # positions per row that pattern 5 sees
    prime: int = 0  # lyric positions at the start of a single-sequence model
    encoder: int = 0  # positions of the other sequence (pattern 6)

    @property
    def columns(self) -> int:
        """Positions in one row."""
        return self.n // self.rows

    @property
    def prime_span(self) -> int:
        """Positions visible to pattern 7: `prime` rounded up by whole `rows`, plus one more."""
        return (self.prime // self.rows + 1) * self.rows


Rule = Callable[[Tensor, Tensor, Layout], Tensor]


def _dense(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return k <= q


def _row(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return (k <= q) & (k // layout.columns == q // layout.columns)


def _column(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return (k <= q) & (k % layout.columns == q % layout.columns)


def _previous_row(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return k // layout.columns == q // layout.columns - 1


def _summary(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return _last_of_rows(q, k, layout, 1)


def _spread(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return _last_of_rows(q, k, layout, layout.spread)


def _last_of_rows(q: Tensor, k: Tensor, layout: Layout, count: int) -> Tensor:
    at_the_end = k % layout.columns >= layout.columns - count
    not_last_row = k // layout.columns < layout.rows - 1
    return (k <= q) & at_the_end & not_last_row


def _lyrics(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return torch.ones_like(q + k, dtype=torch.bool)


def _prime(q: Tensor, k: Tensor, layout: Layout) -> Tensor:
    return (k <= q) & (k < layout.prime_span)


@dataclass(frozen=True)
class Pattern:
    """One way to attend: its rule, and what must be remembered while sampling with it.

    Lesson: notebooks/06_sparse_attention.ipynb
    """

    name: str
    visible: Rule  # (queries, 1), (1, keys) positions -> mask (queries, keys)
    capacity: Callable[[Layout], int]  # key/value pairs kept while sampling
    zero_keys: Callable[[Layout], int] = lambda layout: 0  # extra keys of zeros, always visible


PATTERNS: tuple[Pattern, ...] = (
    Pattern("dense", _dense, lambda layout: layout.n),
    Pattern("row", _row, lambda layout: layout.columns),
    Pattern("column", _column, lambda layout: layout.n),
    Pattern("previous row", _previous_row, lambda layout: 2 * layout.columns),
    Pattern("summary", _summary, lambda layout: layout.n, lambda layout: 1),
    Pattern("spread", _spread, lambda layout: layout.n, lambda layout: layout.spread),
    Pattern("lyrics", _lyrics, lambda layout: layout.encoder),
    Pattern("prime", _prime, lambda layout: min(layout.prime_span, layout.n)),
)
LYRICS = 6  # the pattern that reads another sequence
PRIME = 7  # the pattern that reads the lyrics at the start of its own sequence

_TRIPLE = (1, 2, 3)
_CYCLES: dict[int, tuple[int, ...]] = {
    0: (0,),
    1: (1, 2),
    2: _TRIPLE,
    3: (1, 4),
    4: (1, 5),
    5: (1, 4, 1, 1),
    6: (*_TRIPLE, 6),
    7: (*_TRIPLE * 5, 6),
    8: (*_TRIPLE * 3, 6),
    9: (*_TRIPLE, 0),
    10: (*_TRIPLE * 3, *(*_TRIPLE * 3, 6) * 7),
}
_EVERY_SIXTEENTH: dict[int, tuple[int, int, int]] = {11: (6, 6, 0), 12: (7, 7, 0)}


def layer_patterns(order: int | tuple[int, ...], depth: int) -> tuple[int, ...]:
    """Pattern number of each layer for a named order, or the tuple itself.

    Orders 0 to 10 repeat a cycle. Orders 11 and 12 follow the triple 1 2 3 by layer number, except
    at layers 15, 31, 47, ..., which read the lyrics.

    Lesson: notebooks/06_sparse_attention.ipynb

    >>> layer_patterns(6, 5)
    (1, 2, 3, 6, 1)
    """
    if isinstance(order, tuple):
        return order
    if order in _CYCLES:
        return tuple(islice(cycle(_CYCLES[order]), depth))
    if order not in _EVERY_SIXTEENTH:
        raise ConfigError(must("attn_order", order, "from 0 to 12, or a tuple of patterns 0 to 7"))
    special = _EVERY_SIXTEENTH[order]
    return tuple(special[i % 3] if i % 16 == 15 else _TRIPLE[i % 3] for i in range(depth))


def mask(pattern: int, layout: Layout, queries: Tensor, keys: Tensor) -> Tensor:
    """Boolean mask (queries, keys) of one pattern; True where the query may look.

    Parameters
    ----------
    pattern
        0 to 7, see the module's table.
    queries, keys
        Integer positions, (queries,) and (keys,).

    Lesson: notebooks/06_sparse_attention.ipynb
    """
    return PATTERNS[pattern].visible(queries[:, None], keys[None, :], layout)
