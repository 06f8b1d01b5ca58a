"""Attention over the lyrics: a prior reads codes once more and shows where it looks.

What
    The prior reads its own codes window by window, as it once wrote them; one layer and one head
    are recorded. Where windows overlap, the earlier one is believed.

        song     |===================================|
        window 1 |==============]
        window 2      [..........====]                     . written over by window 1
        window 3           [..........===============]     . written over by window 2
    One window is in memory at a time, and a table of a long song (four minutes of a released
    model are a gigabyte) lies in a temporary file that the operating system pages in and out.
Shapes
    weights (frames, n_chars): one row per code of the level, one column per character.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from jukebox_edu import units
from jukebox_edu.alignment.result import Alignment
from jukebox_edu.errors import ConfigError, LyricsError, RunError, ShapeError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.windows import window_starts
from jukebox_edu.transformer.patterns import LYRICS, PRIME

IN_MEMORY = 2**28  # bytes of one song's weights that are kept in memory
Window = tuple[int, np.ndarray, np.ndarray]  # start, characters (n_tokens,), weights (n, n_tokens)


def empty_table(n_frames: int, n_chars: int, in_memory: int = IN_MEMORY) -> np.ndarray:
    """Zeros (n_frames, n_chars) float32: in memory, or in a file if larger than that many bytes.

    The file has no name and is gone when the table is.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    shape = (n_frames, n_chars)
    if 4 * n_frames * n_chars <= in_memory:
        return np.zeros(shape, dtype=np.float32)
    try:
        with tempfile.TemporaryFile(prefix="jukebox_edu-") as file:
            return np.memmap(file, np.float32, "w+", shape=shape)
    except OSError as error:
        raise RunError(
            f"The weights of this song need {4e-9 * n_frames * n_chars:.1f} GB in a temporary file "
            f"({error.strerror}). Name a folder with room in the environment variable TMPDIR."
        ) from error


def merge_windows(
    windows: Iterable[Window], n_frames: int, n_chars: int, in_memory: int = IN_MEMORY
) -> np.ndarray:
    """Write the weights of windows into one table (n_frames, n_chars), each over the ones before.

    Parameters
    ----------
    windows
        (start frame, index of each lyric token's character or -1 for padding, weights), in the
        order of writing: the last in the song first, so that earlier ones are believed.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    table = empty_table(n_frames, n_chars, in_memory)
    for start, characters, weights in windows:
        real = characters >= 0
        table[start : start + len(weights), characters[real]] = weights[:, real]
    return table


def lyric_layers(prior: Prior) -> tuple[int, ...]:
    """Layers whose attention reaches the lyrics on purpose, or at all if there are none such.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    lyrics = prior.config.lyrics
    if lyrics is None:
        advice = "Use the top prior of a model that reads lyrics, such as 1b_lyrics or 5b_lyrics."
        raise ConfigError(must("prior", "a prior without lyrics", "one that reads lyrics", advice))
    patterns = prior.music.transformer.patterns
    special = tuple(i for i, p in enumerate(patterns) if p in (LYRICS, PRIME))
    dense = tuple(i for i, p in enumerate(patterns) if p == 0 and prior.config.single_sequence)
    return special or dense


@dataclass(frozen=True)
class Reading:
    """Where a prior looked in one window of one song."""

    start: int  # first code of the window
    characters: np.ndarray  # index of each lyric token's character, -1 for padding, (n_tokens,)
    weights: dict[int, np.ndarray]  # per layer (heads, codes, n_tokens), padding codes left out


def read_windows(
    prior: Prior, codes: Tensor, labels: SongLabels, starts: Sequence[int], layers: Sequence[int]
) -> Iterator[Reading]:
    """Let a prior read windows of one song, codes (1, tokens), and record some layers.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    n_ctx, level = prior.config.n_ctx, prior.config.level
    n_tokens = prior.config.lyrics.n_tokens  # type: ignore[union-attr]
    for start in starts:
        window = codes[:, start : start + n_ctx]
        n = window.shape[1]
        window = functional.pad(window, (0, n_ctx - n))  # (1, n_ctx), with code 0
        with torch.no_grad():
            records = prior.attention(window, None, labels.window(start, level), layers)
        weights = {
            layer: record.weights[0, :, -n_ctx:, :n_tokens][:, :n].float().cpu().numpy()
            for layer, record in records.items()
        }
        indices = labels.lyric_indices(start, level)
        yield Reading(start, indices[0].numpy(), weights)  # type: ignore[index]


def checked_lyrics(prior: Prior, codes: Tensor, labels: SongLabels) -> tuple[str, ...]:
    """The cleaned lyrics, once it is clear that prior, codes and labels fit together.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    lyric_layers(prior)
    level = prior.config.level
    told = labels.levels[level] if level < len(labels.levels) else None
    if told is None or told.n_tokens != prior.config.lyrics.n_tokens:  # type: ignore[union-attr]
        allowed = f"labels made for this prior (level {level})"
        raise ConfigError(must("labels", "labels of another model", allowed))
    if codes.ndim != 2 or codes.shape[0] != labels.batch or not codes.shape[1]:
        allowed = f"({labels.batch}, tokens), one row for each song of the labels"
        raise ShapeError(must("codes", tuple(codes.shape), allowed))
    if not any(told.lyrics):
        raise LyricsError(must("lyrics", "", "not empty", "There is nothing to align."))
    return told.lyrics


def reading_starts(prior: Prior, codes: Tensor, hop_fraction: float) -> list[int]:
    """First codes of the windows to read, in the order of time.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    hop, n_ctx = int(hop_fraction * prior.config.n_ctx), prior.config.n_ctx
    if not 0 < hop <= n_ctx:
        allowed = f"above 0, at least one code of the window's {n_ctx}, and up to 1"
        raise ConfigError(must("hop_fraction", hop_fraction, allowed))
    return window_starts(max(codes.shape[1], n_ctx), n_ctx, hop)


def align(
    prior: Prior,
    codes: Tensor,
    labels: SongLabels,
    *,
    layer: int | None = None,
    head: int | None = None,
    hop_fraction: float | None = None,
    in_memory: int = IN_MEMORY,
) -> Alignment:
    """Find out which characters a prior looks at while it reads codes.

    Parameters
    ----------
    prior
        One that reads lyrics.
    codes
        (batch, tokens) of the prior's level.
    labels
        Of the same songs, with their lyrics.
    layer, head
        Where to look; default: as the prior's configuration says (see `find_head`).
    hop_fraction
        Windows are this share of a window apart; default: as in sampling.
    in_memory
        Larger tables of weights, in bytes, are kept in a temporary file.

    Raises
    ------
    ConfigError, ShapeError, LyricsError
        If there are no lyrics, or prior, codes and labels do not fit together.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    config = prior.config
    texts = checked_lyrics(prior, codes, labels)
    layer = config.alignment_layer if layer is None else layer
    head = config.alignment_head if head is None else head
    advice = "jukebox_edu.alignment.find_head(prior, codes, labels) finds the best layer and head."
    if layer not in lyric_layers(prior):
        raise ConfigError(must("layer", layer, f"one of {lyric_layers(prior)}", advice))
    if head is None or not 0 <= head < config.transformer.heads:
        raise ConfigError(must("head", head, f"from 0 to {config.transformer.heads - 1}", advice))
    starts = reading_starts(
        prior, codes, config.hop_fraction if hop_fraction is None else hop_fraction
    )
    tables = []
    for i, text in enumerate(texts):  # one song at a time, the last window first
        readings = read_windows(prior, codes[i : i + 1], labels.select([i]), starts[::-1], [layer])
        windows = ((r.start, r.characters, r.weights[layer][head]) for r in readings)
        tables.append(merge_windows(windows if text else (), codes.shape[1], len(text), in_memory))
    hop_seconds = units.samples_to_seconds(config.hop_length, config.sample_rate)
    ahead = config.lyrics.ahead if config.lyrics else 1
    return Alignment(tuple(tables), hop_seconds, texts, layer, head, ahead=ahead)
