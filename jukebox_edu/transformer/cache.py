"""Keys and values remembered while sampling, allocated once and no more than a pattern needs.

What
    A new token looks back at keys and values of earlier ones, so these are kept. How many depends
    on the pattern: one row (1), two rows (3), the first positions (7), all (0, 2). Everything is
    written in place into buffers of fixed size, and what one token may see is always one slice.

        pattern          slot of position p                   slice that p sees
        dense            p                                    0 .. p
        row              p % columns                          0 .. column of p
        column           column of p * rows + row of p        the filled part of its column
        previous row     p % (2 * columns)                    the half that holds the row before
        prime            p, the first `prime_span` only       0 .. min(p, prime_span - 1)
Shapes
    keys, values (batch, heads, capacity, channels).
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import torch
from torch import Tensor

from jukebox_edu.transformer.patterns import LYRICS, PATTERNS, PRIME, Layout


class KeyValues:
    """What one layer remembers of a sequence.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, pattern: int, layout: Layout, keys: Tensor, values: Tensor) -> None:
        self.pattern, self.layout = pattern, layout
        self.keys, self.values = keys, values
        self.length = 0  # positions fed so far

    @classmethod
    def empty(
        cls, pattern: int, layout: Layout, shape: tuple[int, int, int], like: Tensor
    ) -> KeyValues:
        """Zeroed buffers for `shape` = (batch, heads, channels), of dtype and device of `like`."""
        batch, heads, channels = shape
        capacity = PATTERNS[pattern].capacity(layout)
        keys = like.new_zeros(batch, heads, capacity, channels)
        return cls(pattern, layout, keys, torch.zeros_like(keys))

    @classmethod
    def filled(cls, keys: Tensor, values: Tensor) -> KeyValues:
        """Keys and values of the encoded lyrics, which never change."""
        return cls(LYRICS, Layout(0, encoder=keys.shape[2]), keys, values)

    def append(self, keys: Tensor, values: Tensor) -> None:
        """Write m more positions (batch, heads, m, channels); what no longer matters is dropped."""
        m, start, capacity = keys.shape[2], self.length, self.keys.shape[2]
        self.length += m
        if m == 1:
            if self.pattern != PRIME or start < capacity:
                slot = int(self._slot(start))
                self.keys.narrow(2, slot, 1).copy_(keys)
                self.values.narrow(2, slot, 1).copy_(values)
            return
        first, last = max(start, self.length - capacity), self.length
        if self.pattern == PRIME:
            first, last = start, min(self.length, capacity)
        if first < last:
            slots = self._slot(torch.arange(first, last, device=keys.device))
            self.keys[:, :, slots] = keys[:, :, first - start : last - start]
            self.values[:, :, slots] = values[:, :, first - start : last - start]

    def window(self) -> tuple[Tensor, Tensor]:
        """Keys and values that the position fed last may see, as slices of the buffers."""
        p, columns, rows = self.length - 1, self.layout.columns, self.layout.rows
        row, column = p // columns, p % columns
        if self.pattern == 1:
            start, stop = 0, column + 1
        elif self.pattern == 2:
            start, stop = column * rows, column * rows + row + 1
        elif self.pattern == 3:
            start = (row - 1) % 2 * columns
            stop = start + columns if row else start
        else:
            start, stop = 0, min(p + 1, self.keys.shape[2])
        n = stop - start
        return self.keys.narrow(2, start, n), self.values.narrow(2, start, n)

    def stored(self) -> tuple[Tensor, Tensor, Tensor]:
        """All keys and values that are still held, with the positions (held,) they belong to."""
        capacity = self.keys.shape[2]
        first = 0 if self.pattern == PRIME else max(0, self.length - capacity)
        positions = torch.arange(first, min(self.length, first + capacity), device=self.keys.device)
        slots = self._slot(positions)
        return self.keys[:, :, slots], self.values[:, :, slots], positions

    def _slot(self, position: Tensor | int) -> Tensor | int:
        """Where a position (or several) is kept."""
        if self.pattern == 2:
            columns, rows = self.layout.columns, self.layout.rows
            return position % columns * rows + position // columns
        return position % self.keys.shape[2]
