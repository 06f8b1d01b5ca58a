"""From weights to times: a path through the attention that never goes back.

What
    A singer may hold a character or skip some, but does not return. Among all such paths the one
    with the largest sum of weights is found by dynamic programming, frame by frame:

        best[c] = weight[frame, c] + largest best so far of the same or an earlier character
Shapes
    weights (frames, n_chars); times (n_chars, 2), start and end counted in frames.
Paper: [Jukebox §4.2]; dynamic programming: Viterbi, doi 10.1109/TIT.1967.1054010
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import numpy as np

BLOCK = 1024  # frames whose steps are remembered at a time: the memory of a song does not grow
AUDIBLE = 0.1  # a character lasts while its weight is above this share of its largest weight


def _walk(weights: np.ndarray, best: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Go through frames (n, n_chars): the sums at their end, and who led in every frame.

    `best` (n_chars,) is the largest sum of a path that ends in each character.
    """
    leads = np.empty(weights.shape, dtype=bool)  # no earlier character was better up to here
    for frame, row in enumerate(weights):
        reachable = np.maximum.accumulate(best)  # come from the same or an earlier character
        leads[frame] = best >= reachable
        best = reachable + row
    return best, leads


def monotone_path(weights: np.ndarray) -> np.ndarray:
    """Character of every frame such that none goes back and the summed weight is largest.

    Parameters
    ----------
    weights
        (frames, n_chars), n_chars from 1. Any number of characters may be skipped.

    Returns
    -------
    Index of a character per frame, (frames,), never decreasing.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> monotone_path(np.array([[3, 0, 0], [1, 0, 2], [0, 2, 0], [0, 0, 1]])).tolist()
    [0, 0, 1, 2]
    """
    frames, n_chars = weights.shape
    blocks = [slice(start, min(start + BLOCK, frames)) for start in range(0, frames, BLOCK)]
    before = []  # sums before each block: enough to walk through it once more
    best = np.zeros(n_chars)
    for block in blocks:
        before.append(best)
        best = _walk(weights[block], best)[0]
    path = np.empty(frames, dtype=np.int64)
    path[-1] = best.argmax()
    for block in reversed(blocks):
        _, leads = _walk(weights[block], before.pop())
        for frame in range(block.stop - 1, max(block.start, 1) - 1, -1):
            here = path[frame]
            path[frame - 1] = here - leads[frame - block.start, here::-1].argmax()  # nearest
        del leads  # before the next block makes its own
    return path


def path_times(weights: np.ndarray) -> np.ndarray:
    """Start and end in frames of every character on the path, (n_chars, 2); NaN for the others.

    Where the weight on the path is next to nothing, before and after a character, is cut off.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    times = np.full((weights.shape[1], 2), np.nan)
    path = monotone_path(weights) if weights.size else np.zeros(0, dtype=np.int64)
    for character in np.unique(path):
        first, last = np.searchsorted(path, [character, character + 1])
        held = weights[first:last, character]
        if held.max() > 0:
            audible = first + np.flatnonzero(held >= AUDIBLE * held.max())
            times[character] = audible[0], audible[-1] + 1
    return times


def filled(times: np.ndarray) -> np.ndarray:
    """Times (n_chars, 2) in which the missing ones (NaN) are spread between their neighbors.

    Before the first and behind the last known character they get no length.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    times = times.copy()
    seen = np.flatnonzero(~np.isnan(times[:, 0]))
    if not len(seen):
        return np.zeros_like(times)
    edges = np.stack([seen, seen + 1], axis=1).ravel()  # of the characters that were seen
    unseen = np.flatnonzero(np.isnan(times[:, 0]))
    for column in (0, 1):
        times[unseen, column] = np.interp(unseen + column, edges, times[seen].ravel())
    return times
