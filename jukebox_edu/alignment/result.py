"""The result of an alignment: weights, the times that follow from them, and files of both.

Conventions
    Seconds count from the first frame. Characters are those of the cleaned lyrics, spaces and new
    lines included.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.alignment.formats import WordTime, lrc, textgrid
from jukebox_edu.alignment.path import filled, monotone_path, path_times
from jukebox_edu.alignment.score import AlignmentScore, score
from jukebox_edu.errors import ConfigError, RunError, ShapeError, must
from jukebox_edu.labels.times import LyricTimes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = 1  # version of the npz file


def monotonicity(favorites: np.ndarray) -> float:
    """Share of frames whose favorite character (frames,) is not before that of the frame before.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return float((np.diff(favorites) >= 0).mean()) if len(favorites) > 1 else 1.0


def path_share(weights: np.ndarray) -> float:
    """Share of all weights (frames, n_chars) that lies on the best path that never goes back.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    total = float(weights.sum(dtype=np.float64))
    if total == 0:
        return 0.0
    on_path = weights[np.arange(len(weights)), monotone_path(weights)]
    return float(on_path.sum(dtype=np.float64)) / total


@dataclass(frozen=True, eq=False)
class Alignment:
    """Attention of a batch of songs over their lyrics, and the times that follow from it.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    weights: tuple[np.ndarray, ...]  # per sample, (frames, n_chars) float32, 0 or above
    hop_seconds: float  # seconds from one frame to the next
    lyrics: tuple[str, ...]  # per sample, n_chars characters as the model read them
    layer: int  # where the weights come from
    head: int
    ahead: int = 0  # the character sung is this many columns before the one attended to

    def __post_init__(self) -> None:
        """Check that weights and lyrics fit together."""
        if len(self.weights) != len(self.lyrics):
            raise ShapeError(must("weights", len(self.weights), f"{len(self.lyrics)} arrays"))
        for weights, text in zip(self.weights, self.lyrics, strict=True):
            if weights.ndim != 2 or weights.shape[1] != len(text) or not len(weights):
                raise ShapeError(must("weights", weights.shape, f"(frames, {len(text)})"))
        if not self.hop_seconds > 0:
            raise ConfigError(must("hop_seconds", self.hop_seconds, "above 0"))

    def _of(self, sample: int) -> np.ndarray:
        if not 0 <= sample < len(self.weights):
            raise ConfigError(must("sample", sample, f"from 0 to {len(self.weights) - 1}"))
        return self.weights[sample]

    def _frames_sung(self, sample: int) -> np.ndarray:
        """First and last frame of every character on the path, (n_chars, 2); NaN for the others."""
        weights = self._of(sample)
        frames = np.full((weights.shape[1], 2), np.nan)
        known = path_times(weights[:, self.ahead :])  # each column speaks for one before it
        frames[: len(known)] = known
        return frames

    def character_times(self, sample: int = 0) -> np.ndarray:
        """Start and end of every character in seconds, (n_chars, 2); neither ever goes back.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return filled(self._frames_sung(sample)) * self.hop_seconds

    def word_times(self, sample: int = 0) -> tuple[WordTime, ...]:
        """Words (whatever stands between white space) and when they are sung.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return self._pieces(r"\S+", sample)

    def _pieces(self, pattern: str, sample: int) -> tuple[WordTime, ...]:
        """Words or lines; a time comes from the characters seen, if there are any."""
        seen = self._frames_sung(sample) * self.hop_seconds
        times = filled(seen)
        pieces = []
        for match in re.finditer(pattern, self.lyrics[sample]):
            span = seen[match.start() : match.end()]
            span = span[~np.isnan(span[:, 0])]
            if not len(span):
                span = times[match.start() : match.end()]
            pieces.append(WordTime(match[0], float(span[0, 0]), float(span[-1, 1]), *match.span()))
        return tuple(pieces)

    def confidence(self, sample: int = 0) -> float:
        """Share of all attention that lies on the path, from 0 to 1.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return path_share(self._of(sample))

    def monotonicity(self, sample: int = 0) -> float:
        """Share of frames whose favorite character is not before that of the frame before.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        weights = self._of(sample)
        return monotonicity(weights.argmax(1)) if weights.shape[1] else 1.0

    def compare(self, times: LyricTimes, sample: int = 0) -> AlignmentScore:
        """Score the times read against the true ones (see `labels.times.read_times`).

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return score(self, times, sample)

    def to_lrc(self, sample: int = 0, *, words: bool = False) -> str:
        """Lines with the time they begin, as karaoke players read them (`[01:02.50]line`).

        Lines that were not reached, as happens in an excerpt of a song, are left out. With `words`
        every word has its time, too (`<01:02.50>word`).

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        lines = self._pieces(r"\S[^\n]*", sample)
        return lrc(lines, self.word_times(sample) if words else ())

    def to_textgrid(self, sample: int = 0) -> str:
        """Words as a TextGrid, the format of Praat.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return textgrid(self.word_times(sample), len(self._of(sample)) * self.hop_seconds)

    def to_json(self) -> dict[str, Any]:
        """Times of characters and words as plain JSON types (for `json.dumps`); no weights.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        samples = [
            {
                "lyrics": text,
                "confidence": self.confidence(i),
                "monotonicity": self.monotonicity(i),
                "characters": self.character_times(i).round(4).tolist(),
                "words": [vars(word) for word in self.word_times(i)],
            }
            for i, text in enumerate(self.lyrics)
        ]
        return {**self._about(), "samples": samples}

    def _about(self) -> dict[str, Any]:
        about = {"hop_seconds": self.hop_seconds, "layer": self.layer, "head": self.head}
        return {**about, "ahead": self.ahead}

    def plot(self, sample: int = 0, truth: np.ndarray | None = None) -> Figure:
        """Draw the weights; `truth` (n_chars, 2) in seconds is drawn over them.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        from jukebox_edu.plotting import alignment_figure

        return alignment_figure(self._of(sample), self.lyrics[sample], self.hop_seconds, truth)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an npz file.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        about = {"format": FORMAT, "lyrics": self.lyrics, **self._about()}
        arrays = {f"weights_{i}": weights for i, weights in enumerate(self.weights)}
        partial = Path(f"{os.fspath(path)}.partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
        os.replace(partial, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Alignment:
        """Read what `save` wrote.

        Raises
        ------
        RunError
            If the file is missing, damaged, or something else.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        try:
            with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                texts = tuple(about.pop("lyrics"))
                weights = tuple(file[f"weights_{i}"] for i in range(len(texts)))
            if about.pop("format") != FORMAT:
                raise ValueError("it has another format version")
            return cls(weights, lyrics=texts, **about)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            allowed = "a file written by Alignment.save"
            raise RunError(must("path", os.fspath(path), allowed, f"({error})")) from None
