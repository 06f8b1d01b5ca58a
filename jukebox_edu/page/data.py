"""What a page shows, as frozen dataclasses: the one thing that pages and pictures read.

What
    A `PageData` is one song: a `Track` of sound and a `CodeLane` of codes for each level, the
    lyrics with the time of every character, and the attention from which such times are read.
Shapes
    samples (samples,)  codes (tokens,)  character_times (n_chars, 2)  alignment (frames, n_chars)
Conventions
    One entry of `character_times` and `true_times` and one column of `alignment` for each Unicode
    character (code point) of `lyrics`. NaN: this character is not sung. Times are in seconds.
Paper: [Jukebox §3, §5]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from jukebox_edu.errors import AudioError, ConfigError, LyricsError, ShapeError, must


@dataclass(frozen=True, eq=False)
class Track:
    """The sound of one level.

    Samples may exceed [-1, 1]: players and pictures clamp them and report `clipped_share`.

    Lesson: notebooks/04_three_levels.ipynb
    """

    label: str  # what the listener reads, for instance "bottom level"
    samples: np.ndarray  # (samples,) float32, full scale is [-1, 1]
    sample_rate: int  # samples per second
    clipped_share: float = field(init=False)  # share of samples outside [-1, 1], 0 to 1

    def __post_init__(self) -> None:
        _check_rate("sample_rate", self.sample_rate)
        samples = np.asarray(self.samples)
        if samples.ndim != 1:
            raise ShapeError(
                must("samples", samples.shape, "of shape (samples,)", "Mix to mono, or pick one.")
            )
        if samples.size == 0:
            raise AudioError(must("samples", "empty", "at least one sample of sound"))
        if samples.dtype.kind != "f":
            raise AudioError(
                must("samples", samples.dtype, "floating point", "Scale integers to [-1, 1] first.")
            )
        if not np.isfinite(samples).all():
            raise AudioError(must("samples", "NaN or infinity", "finite numbers only"))
        object.__setattr__(self, "samples", samples.astype(np.float32, copy=False))
        object.__setattr__(self, "clipped_share", float(np.mean(np.abs(samples) > 1.0)))

    @property
    def seconds(self) -> float:
        """Duration of the track in seconds."""
        return self.samples.size / self.sample_rate


@dataclass(frozen=True, eq=False)
class CodeLane:
    """The codes of one level.

    Lesson: notebooks/04_three_levels.ipynb
    """

    level: int  # 0 is the bottom (finest) level
    codes: np.ndarray  # (tokens,) integers from 0 to codebook_size - 1
    hop_seconds: float  # seconds of sound that one code stands for
    codebook_size: int  # number of different codes

    def __post_init__(self) -> None:
        if self.level < 0:
            raise ConfigError(must("level", self.level, "0 (bottom) or above"))
        _check_seconds("hop_seconds", self.hop_seconds)
        codes = np.asarray(self.codes)
        if codes.ndim != 1 or codes.size == 0:
            raise ShapeError(must("codes", codes.shape, "of shape (tokens,), with at least one"))
        if codes.dtype.kind not in "iu":
            raise ShapeError(must("codes", codes.dtype, "integers"))
        if codes.min() < 0 or codes.max() >= self.codebook_size:
            span = f"{codes.min()} to {codes.max()}"
            raise ShapeError(
                must("codes", span, f"from 0 to codebook_size - 1 = {self.codebook_size - 1}")
            )
        object.__setattr__(self, "codes", codes.astype(np.int64))

    @property
    def seconds(self) -> float:
        """Duration in seconds that the codes stand for."""
        return self.codes.size * self.hop_seconds


@dataclass(frozen=True, eq=False)
class PageData:
    """Everything one page or one picture of a song shows.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    title: str  # name of the song
    tracks: tuple[Track, ...]  # at least one; the first is the best sounding (bottom level)
    subtitle: str = ""  # one line below the title
    sample_rate: int = 0  # samples per second of the song; 0: that of the first track
    codes: tuple[CodeLane, ...] = ()  # any order; drawn from the top level down
    lyrics: str = ""  # the sung text, n_chars code points
    character_times: np.ndarray | None = None  # (n_chars, 2) start and end in seconds, NaN: unsung
    alignment: np.ndarray | None = None  # (frames, n_chars) attention weights, 0 or above
    alignment_hop_seconds: float = 0.0  # seconds from one frame of the alignment to the next
    facts: tuple[tuple[str, str], ...] = ()  # (label, value) pairs: model, seed, voice ...
    licence: str = ""  # what may be done with the song
    true_times: np.ndarray | None = None  # like character_times, where the truth is known

    def __post_init__(self) -> None:
        object.__setattr__(self, "tracks", tuple(self.tracks))
        object.__setattr__(self, "codes", tuple(self.codes))
        object.__setattr__(self, "facts", tuple((str(a), str(b)) for a, b in self.facts))
        if not self.tracks:
            raise ConfigError(must("tracks", self.tracks, "at least one Track"))
        if self.sample_rate == 0:
            object.__setattr__(self, "sample_rate", self.tracks[0].sample_rate)
        _check_rate("sample_rate", self.sample_rate)
        for name in ("character_times", "true_times"):
            if getattr(self, name) is not None:
                times = _checked_times(name, getattr(self, name), len(self.lyrics))
                object.__setattr__(self, name, times)
        if self.alignment is not None:
            _check_seconds("alignment_hop_seconds", self.alignment_hop_seconds)
            weights = _checked_alignment(self.alignment, len(self.lyrics))
            object.__setattr__(self, "alignment", weights)

    @property
    def seconds(self) -> float:
        """Length of the shared time axis: the longest track, in seconds."""
        return max(track.seconds for track in self.tracks)

    @property
    def n_levels(self) -> int:
        """Number of levels of the model, as far as the codes tell; for their names."""
        return 1 + max((lane.level for lane in self.codes), default=-1)

    @property
    def lanes(self) -> tuple[CodeLane, ...]:
        """The code lanes in the order of drawing: top level first."""
        return tuple(sorted(self.codes, key=lambda lane: -lane.level))


def _check_rate(argument: str, rate: int) -> None:
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or rate <= 0:
        raise ConfigError(must(argument, rate, "a positive whole number of samples per second"))


def _check_seconds(argument: str, seconds: float) -> None:
    if not math.isfinite(seconds) or seconds <= 0:
        raise ConfigError(must(argument, seconds, "a positive number of seconds"))


def _checked_times(argument: str, times: np.ndarray, n_chars: int) -> np.ndarray:
    """Times as float64 (n_chars, 2), or an error that says what is wrong."""
    times = np.asarray(times, dtype=np.float64)
    if times.shape != (n_chars, 2):
        raise LyricsError(
            must(
                argument,
                times.shape,
                f"of shape (n_chars, 2) = ({n_chars}, 2)",
                "Give one (start, end) pair for each character of the lyrics.",
            )
        )
    sung = times[np.isfinite(times).all(axis=1)]
    if np.isinf(times).any() or (sung < 0).any() or (sung[:, 1] < sung[:, 0]).any():
        raise LyricsError(
            must(
                argument,
                "negative, infinite or reversed times",
                "0 <= start <= end in seconds, or NaN for a character that is not sung",
            )
        )
    return times


def _checked_alignment(weights: np.ndarray, n_chars: int) -> np.ndarray:
    """Weights as float32 (frames, n_chars), or an error that says what is wrong."""
    weights = np.asarray(weights, dtype=np.float32)
    if weights.ndim != 2 or weights.shape[0] == 0 or weights.shape[1] != n_chars or n_chars == 0:
        raise ShapeError(
            must(
                "alignment",
                weights.shape,
                f"of shape (frames, n_chars) = (frames, {n_chars})",
                "Give one column for each character of the lyrics.",
            )
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ShapeError(must("alignment", "NaN, infinite or negative weights", "0 or above"))
    return weights
