"""A stretch of a song: what a widget shows of one that is too long for a cell.

What
    `excerpt` cuts everything a page shows at the same two moments: sound, codes, attention, and
    the times of the lyrics. `room_for` says how long a stretch may be.
Conventions
    Cuts lie between two codes of the coarsest level, so no code is cut in half.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import dataclasses

import numpy as np

from jukebox_edu.page import CodeLane, PageData, Track

SOUND_BYTES = 190_000  # of all sounds of a view; a view may have 400 KB in all


def room_for(n_tracks: int, sample_rate: int, seconds: float) -> float:
    """Seconds of `seconds` that fit, when `n_tracks` sounds are stored (base64 of MP3).

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    bits = 48_000 if sample_rate >= 32_000 else 40_000  # per second, see page.sound
    fits = SOUND_BYTES / (n_tracks * bits / 8 * 4 / 3)
    return seconds if seconds <= fits else float(np.floor(fits))


def excerpt(data: PageData, start: float, seconds: float) -> PageData:
    """The part of a song from `start`, at most `seconds` long; times count from its beginning.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    step = max((lane.hop_seconds for lane in data.codes), default=1 / data.sample_rate)
    first = round(start / step) * step
    last = min(data.seconds, first + seconds)
    if first <= 0 and last >= data.seconds:
        return data
    rows = _span(first, last, data.alignment_hop_seconds)
    return dataclasses.replace(
        data,
        tracks=tuple(_track(track, first, last) for track in data.tracks),
        codes=tuple(_lane(lane, first, last) for lane in data.codes),
        character_times=_times(data.character_times, first, last),
        true_times=_times(data.true_times, first, last),
        alignment=None if data.alignment is None else data.alignment[rows],
    )


def _times(times: np.ndarray | None, first: float, last: float) -> np.ndarray | None:
    """Begin and end (characters, 2) of what is sung between two moments, NaN for all else."""
    if times is None:
        return None
    times = times - first
    outside = ~((times[:, 0] >= 0) & (times[:, 1] <= last - first))  # NaN is outside too
    times[outside] = np.nan
    return times


def _span(first: float, last: float, step: float) -> slice:
    """Places of the values from `first` to `last` seconds, one value each `step` seconds."""
    if step <= 0:
        return slice(0, 0)
    start = round(first / step)
    return slice(start, max(start + 1, round(last / step)))


def _track(track: Track, first: float, last: float) -> Track:
    return Track(
        track.label, track.samples[_span(first, last, 1 / track.sample_rate)], track.sample_rate
    )


def _lane(lane: CodeLane, first: float, last: float) -> CodeLane:
    codes = lane.codes[_span(first, last, lane.hop_seconds)]
    return dataclasses.replace(lane, codes=codes)
