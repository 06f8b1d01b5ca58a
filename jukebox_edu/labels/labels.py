"""Labels: everything one prior is told about one window of music, as tensors.

What
    A `Labels` object holds one batch. The released models pack the same numbers into one vector
    per song, `[total_length, offset, window_length, artist, genres ..., lyric tokens ...]`;
    `to_vector` and `from_vector` go both ways.
Shapes
    `(batch,)` for single numbers, `(batch, slots)` for genres, `(batch, n_tokens)` for lyrics.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jukebox_edu.errors import ShapeError, must

HEAD = 4  # entries of a packed vector before the genres


@dataclass(frozen=True, eq=False)
class Labels:
    """What a prior is told about one window of every song of a batch.

    Lesson: notebooks/07_style_and_time.ipynb
    """

    total_length: Tensor  # length of the whole song, samples, (batch,)
    offset: Tensor  # start of the window in the song, samples, (batch,)
    window_length: Tensor  # length of the window, samples, (batch,)
    artist: Tensor  # artist id, (batch,)
    genres: Tensor  # genre ids, -1 = empty slot, (batch, slots)
    lyric_tokens: Tensor  # characters in reach of the window, 0 = padding, (batch, n_tokens)

    def __post_init__(self) -> None:
        """Check types and shapes."""
        for name, dims in zip(_NAMES, (1, 1, 1, 1, 2, 2), strict=True):
            value = getattr(self, name)
            if not isinstance(value, Tensor) or value.dtype != torch.long:
                raise ShapeError(must(name, value, "a tensor of dtype int64"))
            if value.dim() != dims or len(value) != len(self.total_length):
                shape = f"({len(self.total_length)}{', n' if dims == 2 else ''})"
                raise ShapeError(must(f"{name}.shape", tuple(value.shape), shape))

    @property
    def batch(self) -> int:
        """Number of songs."""
        return len(self.total_length)

    @property
    def n_genres(self) -> int:
        """Genre slots per song."""
        return self.genres.shape[1]

    @property
    def n_tokens(self) -> int:
        """Lyric characters per window."""
        return self.lyric_tokens.shape[1]

    def to_vector(self) -> Tensor:
        """Pack into the integer vector of the released models.

        Returns
        -------
        Long tensor `(batch, 4 + slots + n_tokens)`.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        numbers = (self.total_length, self.offset, self.window_length, self.artist)
        head = torch.stack(numbers, dim=1)  # (batch, 4)
        return torch.cat((head, self.genres, self.lyric_tokens), dim=1)

    @classmethod
    def from_vector(cls, vector: Tensor, n_genres: int) -> Labels:
        """Unpack the integer vector of the released models.

        Parameters
        ----------
        vector
            Long tensor `(batch, 4 + n_genres + n_tokens)`.
        n_genres
            Genre slots: 5 for version "v2", 1 for "v3".

        Raises
        ------
        ShapeError
            If the vector is too short or not of integers.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        if vector.dim() != 2 or vector.shape[1] < HEAD + n_genres:
            allowed = f"(batch, {HEAD + n_genres} or more)"
            raise ShapeError(must("vector.shape", tuple(vector.shape), allowed))
        total_length, offset, window_length, artist = vector[:, :HEAD].unbind(dim=1)
        genres, lyrics = vector[:, HEAD : HEAD + n_genres], vector[:, HEAD + n_genres :]
        return cls(total_length, offset, window_length, artist, genres, lyrics)

    def _map(self, change: Callable[[Tensor], Tensor]) -> Labels:
        return Labels(*(change(getattr(self, name)) for name in _NAMES))

    def to(self, device: torch.device | str) -> Labels:
        """Copy to a device.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        return self._map(lambda value: value.to(device))

    def select(self, indices: Sequence[int] | Tensor | slice) -> Labels:
        """Keep some songs of the batch, in the order of `indices`.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        index = indices if isinstance(indices, slice | Tensor) else list(indices)
        return self._map(lambda value: value[index])

    def repeat(self, n: int) -> Labels:
        """Repeat the whole batch `n` times: songs 0, 1, 0, 1 for a batch of two and n = 2.

        Lesson: notebooks/07_style_and_time.ipynb
        """
        return self._map(lambda value: torch.cat([value] * n))


_NAMES = tuple(field.name for field in dataclasses.fields(Labels))
