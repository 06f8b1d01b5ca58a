"""What a prior gains from what it is told: the cost of telling it something wrong, or nothing.

What
    A prior gives every code a probability; -log of it is the cost of that code, and its mean the
    cross-entropy. If other lyrics (another artist, other upper codes) do not raise the cost, the
    prior does not use them. The increase is in nats per code; at phone changes, where the words
    decide what comes next, it is largest.

        gain of lyrics = cost(codes | wrong lyrics) - cost(codes | right lyrics)
Conventions
    One window per song, in its middle; only codes inside the song count. A code drawn evenly costs
    log K; one drawn by how frequent it is costs the entropy of the codebook (`codec`).
Paper: [Jukebox §4, §5.3]
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.evaluation.coded import CodedSong
from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.evaluation.windows import PriorWindow, nats_per_code, window_of
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior
from jukebox_edu.prior.untold import without_lyrics

BITS = math.log(2)  # nats in a bit
Told = tuple[Tensor | None, Labels | None]  # upper codes and labels


@dataclass(frozen=True)
class Cost:
    """What it costs to tell a prior something wrong.

    Lesson: notebooks/13_measure_it.ipynb
    """

    condition: str  # "artist", "genre", "lyrics", "upper codes"
    told: str  # "wrong": that of another song; "missing": nothing
    nats: Estimate  # nats per code more than with the right condition
    at_phone_changes: Estimate | None  # the same, counting only codes where another phone begins
    per_song: tuple[float | None, ...]  # nats per code, in the order of the songs; None: no other


@dataclass(frozen=True)
class PriorFigures:
    """How well one prior predicts, and what it uses to do so.

    Lesson: notebooks/13_measure_it.ipynb
    """

    level: int  # 0 = bottom
    n_ctx: int  # codes in a window
    window_seconds: float  # seconds of a window
    nats_per_code: Estimate
    bits_per_code: Estimate
    bits_per_second: Estimate
    even_bits: float  # bits per code if all codes were equally likely: chance
    costs: tuple[Cost, ...]  # of wrong and missing conditions
    per_song: tuple[float, ...]  # nats per code, in the order of the songs


@dataclass(frozen=True)
class Change:
    """Something wrong or missing: what replaces the upper codes and labels of song i.

    `made(i)` gives None where there is nothing to replace them by.

    Lesson: notebooks/13_measure_it.ipynb
    """

    condition: str
    told: str
    made: Callable[[int], Told | None]


def _other(values: Sequence[object], start: int) -> int | None:
    """Index of a value that differs from `values[start]`; None if there is none."""
    different = [k for k, value in enumerate(values) if value != values[start]]
    return different[start % len(different)] if different else None


def _before(values: Sequence[object], start: int) -> int | None:
    """Index of the nearest value before `start` (around the end) that differs from it."""
    n = len(values)
    order = [(start - step) % n for step in range(1, n)]
    return next((k for k in order if values[k] != values[start]), None)


def changes(
    prior: Prior,
    songs: Sequence[CodedSong],
    windows: Sequence[PriorWindow],
    silence: Tensor | None = None,
) -> list[Change]:
    """Everything that can be told wrongly to a prior; `silence`: one upper code of silence.

    Lesson: notebooks/13_measure_it.ipynb
    """
    found: list[Change] = []
    if windows[0].labels is not None:
        found += _name_changes(windows)
        if prior.config.lyrics is not None:
            found += _lyric_changes([song.lyrics for song in songs], windows)
    if windows[0].upper_codes is not None:
        found.append(Change("upper codes", "wrong", lambda i: _upper(windows, i)))
        if silence is not None:
            quiet = torch.full_like(windows[0].upper_codes, int(silence))
            found.append(Change("upper codes", "missing", lambda i: (quiet, windows[i].labels)))
    return found


def _upper(windows: Sequence[PriorWindow], i: int) -> Told | None:
    """Upper codes of the song before."""
    return (windows[i - 1].upper_codes, windows[i].labels) if len(windows) > 1 else None


def _name_changes(windows: Sequence[PriorWindow]) -> list[Change]:
    """Other names, and none."""

    def field_changes(condition: str, field: str) -> list[Change]:
        ids = [getattr(w.labels, field).tolist() for w in windows]

        def replaced(i: int, labels: Labels | None) -> Told:
            value = getattr(labels, field)
            changed = dataclasses.replace(windows[i].labels, **{field: value})  # type: ignore
            return windows[i].upper_codes, changed

        def wrong(i: int) -> Told | None:
            k = _other(ids, i)
            return None if k is None else replaced(i, windows[k].labels)

        def missing(i: int) -> Told | None:
            if getattr(windows[i].nobody, field).tolist() == ids[i]:
                return None  # it was unknown to begin with
            return replaced(i, windows[i].nobody)

        return [Change(condition, "wrong", wrong), Change(condition, "missing", missing)]

    return field_changes("artist", "artist") + field_changes("genre", "genres")


def _lyric_changes(lyrics: Sequence[str], windows: Sequence[PriorWindow]) -> list[Change]:
    """Words of another song, and none; songs without words are left out."""

    def wrong(i: int) -> Told | None:
        k = _before(lyrics, i)
        if k is None or not lyrics[i]:
            return None
        tokens = windows[k].labels.lyric_tokens  # type: ignore[union-attr]
        labels = dataclasses.replace(windows[i].labels, lyric_tokens=tokens)  # type: ignore
        return windows[i].upper_codes, labels

    def missing(i: int) -> Told | None:
        labels = without_lyrics(windows[i].labels)  # type: ignore[arg-type]
        return (windows[i].upper_codes, labels) if lyrics[i] else None

    return [Change("lyrics", "wrong", wrong), Change("lyrics", "missing", missing)]


class _Costs:
    """Costs of one change, song by song."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.nats: list[float | None] = []  # per song; None: nothing to replace by
        self.sharp: list[float] = []  # at phone changes

    def add(self, prior: Prior, i: int, window: PriorWindow, own: np.ndarray) -> None:
        """Measure song i, whose codes cost `own` (n_ctx,) with the right conditions."""
        made = self.change.made(i)
        if made is None:
            self.nats.append(None)
            return
        cost = nats_per_code(prior, window.codes, *made) - own
        self.nats.append(float(cost[window.inside].mean()))
        if window.phone_changes is not None:
            there = window.phone_changes & window.inside
            if there.any():
                self.sharp.append(float(cost[there].mean()))

    def cost(self) -> Cost | None:
        """The figures; None if no song could be told something else."""
        known = [nats for nats in self.nats if nats is not None]
        if not known:
            return None
        sharp = estimate(self.sharp) if self.sharp else None
        change = self.change
        return Cost(change.condition, change.told, estimate(known), sharp, tuple(self.nats))


def measure_prior(
    prior: Prior,
    songs: Sequence[CodedSong],
    *,
    silence: Tensor | None = None,
    step: Callable[[], None] | None = None,
) -> PriorFigures:
    """Cross-entropy of one prior, and what it costs to tell it something wrong.

    Parameters
    ----------
    prior
        Of any level.
    songs
        Of `encode_song`; one song of them is in the model at a time.
    silence
        The code of silence one level up, for "missing upper codes".
    step
        Called after every song.

    Lesson: notebooks/13_measure_it.ipynb
    """
    windows = [window_of(song, prior) for song in songs]
    rows = [_Costs(change) for change in changes(prior, songs, windows, silence)]
    right: list[float] = []
    for i, window in enumerate(windows):
        own = nats_per_code(prior, window.codes, window.upper_codes, window.labels)
        right.append(float(own[window.inside].mean()))
        for row in rows:
            row.add(prior, i, window, own)
        if step is not None:
            step()
    config = prior.config
    rate = config.sample_rate / config.hop_length
    costs = (row.cost() for row in rows)
    return PriorFigures(
        level=config.level,
        n_ctx=config.n_ctx,
        window_seconds=config.window_samples / config.sample_rate,
        nats_per_code=estimate(right),
        bits_per_code=estimate([nats / BITS for nats in right]),
        bits_per_second=estimate([nats / BITS * rate for nats in right]),
        even_bits=math.log2(config.codebook_size),
        costs=tuple(cost for cost in costs if cost is not None),
        per_song=tuple(right),
    )
