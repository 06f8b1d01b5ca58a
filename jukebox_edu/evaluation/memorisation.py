"""Does a model sing what it was trained on? The longest stretch of codes found in training songs.

What
    Music repeats itself, so some stretch of any song occurs in some training song. What counts is
    whether generated songs share longer stretches with the training songs than real songs do that
    were never trained on.

    exact    longest run of equal codes, anywhere in song and training song
    near     longest stretch in which at least nine of ten codes are equal, at one offset

    Runs of one repeated code (silence, a held note) are matched by any other such run; in a match,
    a code that repeats the one before it does not count.
Conventions
    Top-level codes. Lengths in codes that differ from the one before, and in seconds of the match.
Lesson: notebooks/15_whose_music.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.evaluation.intervals import Estimate, estimate

SEED_CODES = 5  # equal codes in a row from which a near match is grown
MISSES = 9  # a code that differs costs as much as so many equal ones gain: nine of ten are equal
MOST_OFFSETS = 400  # offsets of a pair of songs that are looked at more closely
CHUNK = 500_000  # training codes searched at once
_SEPARATOR = -2  # stands between training songs, is no code
_ODD = np.uint64(0x9E3779B97F4A7C15)  # mixes the bits of hashes


@dataclass(frozen=True)
class Match:
    """The longest stretch of a song found in training songs.

    Lesson: notebooks/15_whose_music.ipynb
    """

    codes: int  # codes that differ from the one before, in the stretch
    length: int  # all codes of the stretch
    start: int  # its first code in the song


@dataclass(frozen=True)
class MemorisationFigures:
    """How long the stretches are that songs share with training songs.

    Lesson: notebooks/15_whose_music.ipynb
    """

    n_training: int  # training codes searched
    held_out_exact: Estimate  # codes; real songs never trained on: the baseline
    held_out_near: Estimate  # codes
    exact: Estimate | None  # codes; generated songs
    near: Estimate | None  # codes
    held_out_longest_seconds: float  # longest near match of any held-out song
    longest_seconds: float | None  # longest near match of any generated song
    above_held_out: float | None  # share of generated songs whose near match is longer than
    # that of 95 % of the held-out songs; 0.05 means: like real songs


def without_repeats(codes: np.ndarray) -> np.ndarray:
    """Places (n,) of the codes that differ from the code before.

    Lesson: notebooks/15_whose_music.ipynb

    >>> without_repeats(np.array([4, 4, 4, 7, 4])).tolist()
    [0, 3, 4]
    """
    return np.flatnonzero(np.diff(codes, prepend=-1) != 0) if len(codes) else np.zeros(0, np.int64)


def _hashes(codes: np.ndarray, length: int) -> np.ndarray:
    """One number for every stretch of `length` codes, (n - length + 1,)."""
    with np.errstate(over="ignore"):
        now, span = (codes.astype(np.uint64) + np.uint64(1)) * _ODD, 1
        while span < length:
            step = min(span, length - span)
            ahead = now[step:]
            now = (now[: len(ahead)] ^ (ahead >> np.uint64(29))) * _ODD + ahead
            span += step
    return now


def longest_exact(song: np.ndarray, training: np.ndarray) -> Match:
    """Longest run of codes of `song` (n,) that occurs in `training` (m,), repeats left out before.

    A run of k codes holds runs of k - 1, so the length is found by halving.

    Lesson: notebooks/15_whose_music.ipynb
    """
    low, high, where = 0, min(len(song), len(training)), 0
    while low < high:
        length = (low + high + 1) // 2
        found = np.isin(_hashes(song, length), _hashes(training, length))
        if found.any():
            low, where = length, int(found.argmax())
        else:
            high = length - 1
    return Match(low, low, where)


def longest_near(song: np.ndarray, training: np.ndarray) -> Match:
    """Longest stretch at one offset in which at least nine of ten codes are equal.

    Runs of a few equal codes show which offsets are worth a look; along each of them equal codes
    gain 1 and others cost 9, and the stretch with the largest sum is kept.

    Lesson: notebooks/15_whose_music.ipynb
    """
    if min(len(song), len(training)) < SEED_CODES:
        return Match(0, 0, 0)
    ours, theirs = _hashes(song, SEED_CODES), _hashes(training, SEED_CODES)
    order = np.argsort(theirs, kind="stable")
    first = np.searchsorted(theirs[order], ours, side="left")
    last = np.searchsorted(theirs[order], ours, side="right")
    places = [order[a:b] - i for i, (a, b) in enumerate(zip(first, last, strict=True)) if b > a]
    if not places:
        return Match(0, 0, 0)
    offsets, seeds = np.unique(np.concatenate(places), return_counts=True)
    best = Match(0, 0, 0)
    for offset in offsets[np.argsort(-seeds, kind="stable")[:MOST_OFFSETS]]:
        start, stop = max(0, -offset), min(len(song), len(training) - offset)
        there = training[start + offset : stop + offset]
        points = np.where(song[start:stop] == there, 1, -MISSES)
        points[there == _SEPARATOR] = -len(points) - 1  # no match goes on into another song
        sums = np.concatenate([[0], np.cumsum(points)])
        gains = sums - np.minimum.accumulate(sums)
        end = int(gains.argmax())
        if gains[end] > 0:
            begin = int(sums[: end + 1].argmin())
            if end - begin > best.length:
                best = Match(end - begin, end - begin, int(start + begin))
    return best


@dataclass(frozen=True)
class SongMatches:
    """Longest matches of one song.

    Lesson: notebooks/15_whose_music.ipynb
    """

    exact: Match
    near: Match


class TrainingCodes:
    """Codes of training songs, repeats left out, in pieces that are searched one by one.

    Parameters
    ----------
    songs
        Top-level codes (tokens,) of each.

    Lesson: notebooks/15_whose_music.ipynb
    """

    def __init__(self, songs: Iterable[np.ndarray]) -> None:
        self.pieces: list[np.ndarray] = []
        self.n_codes = 0
        waiting: list[np.ndarray] = []
        for song in songs:
            self.n_codes += len(song)
            codes = np.asarray(song, dtype=np.int64)
            waiting += [codes[without_repeats(codes)], np.array([_SEPARATOR])]
            if sum(map(len, waiting)) >= CHUNK:
                self.pieces.append(np.concatenate(waiting))
                waiting = []
        if waiting:
            self.pieces.append(np.concatenate(waiting))

    def matches(self, codes: np.ndarray) -> SongMatches:
        """Longest matches of one song (tokens,); lengths counted with repeats, too.

        Lesson: notebooks/15_whose_music.ipynb
        """
        codes = np.asarray(codes, dtype=np.int64)
        places = without_repeats(codes)
        short = codes[places]
        found = [(longest_exact(short, piece), longest_near(short, piece)) for piece in self.pieces]

        def longest(which: int) -> Match:
            best = max((pair[which] for pair in found), key=lambda match: match.codes)
            if not best.codes:
                return best
            ends = np.append(places, len(codes))
            start = int(places[best.start])
            return Match(best.codes, int(ends[best.start + best.codes]) - start, start)

        return SongMatches(longest(0), longest(1))


def measure_memorisation(
    training: TrainingCodes,
    held_out: Sequence[np.ndarray],
    generated: Sequence[np.ndarray],
    hop_seconds: float,
    *,
    step: Callable[[], None] | None = None,
) -> MemorisationFigures:
    """Longest stretches shared with training songs, generated beside held-out real songs.

    Lengths grow with the length of a song: compare songs of about the same length.

    Parameters
    ----------
    training
        Codes of the songs that the model was trained on.
    held_out, generated
        Top-level codes (tokens,) of each song.
    hop_seconds
        Seconds per top-level code.
    step
        Called after every song.

    Lesson: notebooks/15_whose_music.ipynb
    """

    def all_matches(songs: Sequence[np.ndarray]) -> list[SongMatches]:
        found = []
        for song in songs:
            found.append(training.matches(song))
            if step is not None:
                step()
        return found

    real, made = all_matches(held_out), all_matches(generated)
    usual = float(np.quantile([m.near.codes for m in real], 0.95))
    above = [m.near.codes > usual for m in made]
    return MemorisationFigures(
        n_training=training.n_codes,
        held_out_exact=estimate([m.exact.codes for m in real]),
        held_out_near=estimate([m.near.codes for m in real]),
        exact=estimate([m.exact.codes for m in made]) if made else None,
        near=estimate([m.near.codes for m in made]) if made else None,
        held_out_longest_seconds=max(m.near.length for m in real) * hop_seconds,
        longest_seconds=max(m.near.length for m in made) * hop_seconds if made else None,
        above_held_out=float(np.mean(above)) if made else None,
    )
