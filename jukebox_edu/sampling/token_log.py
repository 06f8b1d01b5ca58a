"""The log of one level while it is written: every position is appended as it is drawn.

What
    A header says what the file is, then one row per position follows:

        header   magic (8 bytes), level, batch, first position, vocabulary    (4 x uint32)
        row      one int32 per sample (ids of the Transformer's vocabulary), checksum (uint32)

    The checksum covers the row's number and tokens. A process that dies leaves at worst a torn
    end, which is cut off at the next opening; damage further up is reported.
Conventions
    Little-endian. The ids of the vocabulary, not codes, are kept: in the single-sequence design
    they say more, and a resumed window must be fed what it was fed before.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np

from jukebox_edu.errors import RunError
from jukebox_edu.sampling.storing import reported

MAGIC = b"JBXEDU\x01\n"
_HEADER = struct.Struct("<8s4I")


class TokenLog:
    """An append-only file of tokens, one row per position.

    Parameters
    ----------
    path
        The file; made if absent.
    level, batch, first, bins
        Level, samples per row, position of row 0, size of the vocabulary.

    Raises
    ------
    RunError
        If the file is of something else, damaged, or cannot be written.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self, path: Path, *, level: int, batch: int, first: int, bins: int) -> None:
        self.path, self.batch, self.bins = path, batch, bins
        self._row = np.dtype([("tokens", "<i4", (batch,)), ("crc", "<u4")])
        self._fields = (level, batch, first, bins)
        header = _HEADER.pack(MAGIC, *self._fields)
        with reported(path):
            file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            self._file = open(file, "r+b", buffering=0)
            try:
                self.tokens = self._read(header)  # (rows, batch) int64, drawn by earlier runs
                self.rows = len(self.tokens)  # rows in the file
                end = _HEADER.size + self.rows * self._row.itemsize
                if self._file.seek(0, os.SEEK_END) < _HEADER.size:
                    self._file.seek(0)
                    self._write(header)
                elif self._file.tell() != end:
                    self._file.truncate(end)
                self._file.seek(0, os.SEEK_END)
            except BaseException:
                self._file.close()
                raise

    def _read(self, header: bytes) -> np.ndarray:
        """The whole rows of the file; those of a torn end are left out."""
        self._file.seek(0)
        raw = self._file.read()
        if len(raw) < len(header) and header.startswith(raw):
            return np.zeros((0, self.batch), dtype=np.int64)  # new, or died in its first write
        if raw[: len(MAGIC)] != MAGIC:
            raise RunError(f"{self.path} is no log of this library. Choose another folder.")
        if raw[: len(header)] != header:
            found = _HEADER.unpack(raw[: len(header)].ljust(len(header), b"\0"))[1:]
            names = "(level, batch, first position, vocabulary)"
            raise RunError(
                f"{self.path} belongs to another run: {names} is {found} there and "
                f"{self._fields} here. Choose another folder."
            )
        body = raw[len(header) :]
        rows = np.frombuffer(body, self._row, count=len(body) // self._row.itemsize)
        tokens = rows["tokens"].astype(np.int64)  # (rows, batch)
        good = np.array([self._crc(i, row) for i, row in enumerate(rows["tokens"])]) == rows["crc"]
        n_good = len(good) if good.all() else int(good.argmin())
        if good[n_good:].any():
            raise RunError(
                f"{self.path} is damaged at row {n_good} of {len(rows)}. "
                "Delete it to draw this level anew; the other levels stay."
            )
        tokens = tokens[:n_good]
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < self.bins:
            raise RunError(f"{self.path} holds tokens beyond the vocabulary of {self.bins}.")
        return tokens

    def _crc(self, number: int, tokens: np.ndarray) -> int:
        return zlib.crc32(tokens.tobytes(), zlib.crc32(struct.pack("<Q", number)))

    def append(self, tokens: np.ndarray) -> None:
        """Add rows (n, batch) of tokens.

        Raises
        ------
        RunError
            If the disk is full; the rows before stay.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        rows = np.zeros(len(tokens), dtype=self._row)
        rows["tokens"] = tokens
        rows["crc"] = [self._crc(self.rows + i, row) for i, row in enumerate(rows["tokens"])]
        with reported(self.path):
            self._write(rows.tobytes())
        self.rows += len(tokens)

    def _write(self, data: bytes) -> None:
        """Write everything; the system may take it in several bites."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def close(self) -> None:
        """Close the file; its rows are safe from the moment they were appended.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._file.close()
