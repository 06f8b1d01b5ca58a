"""The data that the player's script reads: small, rounded, the same bytes every time.

What
    Numbers travel as base64 of little-endian arrays instead of long JSON lists, the alignment as
    a gray PNG. What is finer than any screen is thinned, and the player says so.
Shapes
    peaks (bins, 2) int8: lowest and highest sample of each bin, 127 is full scale
    codes (kept,) uint16 or uint32: every `step`-th code
    alignment PNG: width = time columns, height = characters, white = the largest weight
    times (n_chars,): [start, end] in milliseconds, or null for a character that is not sung;
    truth the same; both are empty if nothing is known
Paper: [Jukebox §3, §5]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from jukebox_edu.page import sentences
from jukebox_edu.page.data import CodeLane, PageData, Track
from jukebox_edu.page.text import clean

MAX_BINS = 4000  # waveform bins kept: enough for a wide screen at fourfold zoom
MAX_CODES = 24_000  # codes kept per level: all of ten seconds at 16 kHz with a hop length of 8
MAX_COLUMNS = 640  # time columns kept of the alignment
MAX_ROWS = 512  # character rows kept of the alignment


def payload(data: PageData, max_bins: int = MAX_BINS) -> dict[str, Any]:
    """Everything `player.js` needs, ready for JSON.

    Parameters
    ----------
    data
        One song.
    max_bins
        Most bins of each waveform.

    Returns
    -------
    dict
        Keys `seconds`, `tracks`, `lanes`, `lyrics`, `times`, `truth`, `alignment`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return {
        "seconds": round(data.seconds, 4),
        "tracks": [_track(track, max_bins) for track in data.tracks],
        "lanes": [_lane(lane, data.n_levels) for lane in data.lanes],
        "lyrics": clean(data.lyrics),
        "times": _times(data.character_times),
        "truth": _times(data.true_times),
        "alignment": _alignment(data),
    }


def as_base64(raw: bytes) -> str:
    """Bytes as the text that a `data:` address holds.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    return base64.b64encode(raw).decode("ascii")


def peaks(samples: np.ndarray, max_bins: int = MAX_BINS) -> np.ndarray:
    """Lowest and highest sample of each bin: what a waveform looks like from far away.

    Parameters
    ----------
    samples
        Sound (samples,), clamped to [-1, 1] here.
    max_bins
        Most bins wanted.

    Returns
    -------
    numpy.ndarray
        (bins, 2) in [-1, 1].

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    edges = np.linspace(0, samples.size, min(max_bins, samples.size) + 1).astype(np.int64)[:-1]
    low = np.minimum.reduceat(samples, edges)  # (bins,)
    high = np.maximum.reduceat(samples, edges)
    return np.clip(np.stack([low, high], axis=1), -1.0, 1.0)  # (bins, 2)


def pool(weights: np.ndarray, max_frames: int, max_chars: int) -> np.ndarray:
    """Shrink weights (frames, chars) by keeping the largest of each block.

    The largest and not the mean: a thin, sharp path must not fade when the picture is small.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    for axis, limit in ((0, max_frames), (1, max_chars)):
        size = weights.shape[axis]
        edges = np.linspace(0, size, min(limit, size) + 1).astype(np.int64)[:-1]
        weights = np.maximum.reduceat(weights, edges, axis=axis)
    return weights


def _track(track: Track, max_bins: int) -> dict[str, Any]:
    low_high = np.rint(peaks(track.samples, max_bins) * 127).astype(np.int8)
    return {
        "label": clean(track.label),
        "seconds": round(track.seconds, 4),
        "rate": int(track.sample_rate),
        "clipped": sentences.clipped_text(track) if track.clipped_share else "",
        "peaks": as_base64(low_high.tobytes()),
        "sentence": clean(sentences.track_sentence(track)),
        "spectrum": clean(sentences.spectrum_sentence(track)),
    }


def _lane(lane: CodeLane, n_levels: int) -> dict[str, Any]:
    step = -(-lane.codes.size // MAX_CODES)
    wide = lane.codebook_size > 65536
    kept = lane.codes[::step].astype("<u4" if wide else "<u2")
    return {
        "label": f"{sentences.level_name(lane.level, n_levels)} codes",
        "hop": lane.hop_seconds,
        "step": step,
        "size": lane.codebook_size,
        "bytes": 4 if wide else 2,
        "codes": as_base64(kept.tobytes()),
        "sentence": sentences.lane_sentence(lane, n_levels),
    }


def _times(times: np.ndarray | None) -> list[list[int] | None]:
    if times is None:
        return []
    sung = np.isfinite(times).all(axis=1)
    whole = np.rint(np.nan_to_num(times) * 1000).astype(np.int64)  # milliseconds
    return [pair if ok else None for pair, ok in zip(whole.tolist(), sung.tolist(), strict=True)]


def _alignment(data: PageData) -> dict[str, Any] | None:
    if data.alignment is None:
        return None
    from PIL import Image  # comes with matplotlib

    weights = pool(data.alignment, MAX_COLUMNS, MAX_ROWS)  # (columns, rows)
    largest = float(weights.max())
    gray = np.rint(weights.T / (largest or 1.0) * 255).astype(np.uint8)  # (rows, columns)
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, "PNG")
    return {
        "png": as_base64(buffer.getvalue()),
        "seconds": round(data.alignment.shape[0] * data.alignment_hop_seconds, 4),
        "chars": len(data.lyrics),
        "largest": round(largest, 4),
        "sentence": sentences.alignment_sentence(data),
    }
