"""The singer: a score becomes a voice, with numpy alone.

What
    A buzz and a hiss, colored by the mouth, as in a vocoder. Every 5 ms the phone being sung gives
    an envelope (40 mel-cepstra) and a share of hiss. The buzz is a train of pulses, one for each
    turn of the vocal folds: each pulse is the *minimum-phase* response of the mouth at that moment,
    set down at its exact fractional sample. The hiss is white noise, filtered in short windows.

    Minimum phase costs nothing here: log magnitude is linear in the mel-cepstrum, and so is its
    Hilbert transform, so one table of phases does it (`envelopes.EnvelopeBasis`).

Shapes
    frames are 5 ms apart: ``(frames, cepstra)``, ``(frames, bands)``; audio ``(samples,)``.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jukebox_edu.songbook.envelopes import (
    BAND_CENTERS_HZ,
    N_POINTS,
    EnvelopeBasis,
    PhoneTable,
    envelope_basis,
)
from jukebox_edu.songbook.phones import (
    AFFRICATES,
    DIPHTHONGS,
    PHONE_INDEX,
    PLOSIVES,
    SIBILANTS,
    SILENCE,
    VOWELS,
)
from jukebox_edu.songbook.sheet import Score
from jukebox_edu.songbook.timeline import TimedPhone, Timeline
from jukebox_edu.songbook.voices import Voice

FRAME_SECONDS = 0.005
_GLIDE_SECONDS = 0.07  # from one note to the next
_PULSE_SECONDS = 0.032  # length of one pulse response
_SECONDS_PER_BLOCK = 8.0  # long songs are rendered in blocks of frames, to bound memory


@dataclass(frozen=True)
class VoiceFrames:
    """Everything the synthesis needs, every 5 ms.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    cepstra: np.ndarray  # (frames, cepstra) float32
    aperiodicity: np.ndarray  # (frames, bands) float32
    f0: np.ndarray  # (frames,) hertz


def sing(
    score: Score, timeline: Timeline, table: PhoneTable, tract_scale: float, sample_rate: int
) -> np.ndarray:
    """Render the dry voice of a song.

    Parameters
    ----------
    score, timeline : what to sing, and when.
    table : envelopes of every phone.
    tract_scale : factor on the table's formants.
    sample_rate : samples per second.

    Returns
    -------
    (samples,) float32, not normalized.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    rng = np.random.default_rng([0x51C6, score.seed])
    frames = make_frames(score, timeline, table, rng)
    n_samples = round(score.seconds * sample_rate)
    n_fft = 2 ** int(np.ceil(np.log2(_PULSE_SECONDS * sample_rate)))
    basis = envelope_basis(sample_rate, n_fft, tract_scale, score.voice.tilt_db)
    voice = _buzz(frames, basis, n_samples, n_fft, sample_rate)
    voice += _hiss(frames, basis, n_samples, n_fft, sample_rate, rng)
    return voice.astype(np.float32)


def make_frames(
    score: Score, timeline: Timeline, table: PhoneTable, rng: np.random.Generator
) -> VoiceFrames:
    """Return envelopes, hiss and pitch every 5 ms.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    n_frames = int(np.ceil(score.seconds / FRAME_SECONDS)) + 1
    times = np.arange(n_frames) * FRAME_SECONDS
    starts = np.array([phone.start for phone in timeline.phones])
    which = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(starts) - 1)
    rows = np.array([PHONE_INDEX[phone.phone] for phone in timeline.phones])
    points = _points(timeline.phones, which, times)
    low = np.minimum(points.astype(int), N_POINTS - 2)
    share = (points - low)[:, None].astype(np.float32)
    features = np.concatenate([table.cepstra, table.aperiodicity], axis=2)
    moved = features[rows[which], low] * (1 - share) + features[rows[which], low + 1] * share
    loudness = _loudness(score, timeline.phones, which, times)
    moved[:, 0] += loudness
    moved = _smooth(moved, timeline.phones, which)
    n_cepstra = table.cepstra.shape[2]
    hiss = np.clip(moved[:, n_cepstra:], 0.0, 1.0)
    breath = score.voice.breath * np.array(BAND_CENTERS_HZ) / 8000.0
    hiss = np.maximum(hiss, breath.astype(np.float32))
    return VoiceFrames(
        np.ascontiguousarray(moved[:, :n_cepstra]), hiss, _pitch(score, timeline, times, rng)
    )


def _points(phones: tuple[TimedPhone, ...], which: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the place within the phone's table (0 .. points - 1) for each frame."""
    start = np.array([phone.start for phone in phones])[which]
    length = np.array([max(phone.end - phone.start, 1e-4) for phone in phones])[which]
    plain = np.array([phone.phone in VOWELS for phone in phones])[which]
    gliding = np.array([phone.phone in DIPHTHONGS for phone in phones])[which]
    passed = np.clip(times - start, 0.0, length)
    top = N_POINTS - 1.0
    linear = top * passed / length
    # A sung vowel: quick start, a long hold, quick end. A diphthong holds early and glides late.
    begin = np.minimum(0.07, 0.3 * length)
    finish = np.where(gliding, np.minimum(0.22, 0.5 * length), np.minimum(0.07, 0.3 * length))
    hold = np.where(gliding, 2.0, 3.5)
    drift = np.where(gliding, 0.0, 0.5)  # a little life while holding
    holding = np.maximum(length - begin - finish, 1e-4)
    entering = (hold - drift) * passed / begin
    middle = hold - drift + 2 * drift * (passed - begin) / holding
    leaving = hold + drift + (top - hold - drift) * (passed - begin - holding) / finish
    sung = np.where(passed < begin, entering, np.where(passed < begin + holding, middle, leaving))
    return np.clip(np.where(plain, sung, linear), 0.0, top)


def _loudness(
    score: Score, phones: tuple[TimedPhone, ...], which: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Return a correction of log amplitude: how vowels swell and fade, and where accents are."""
    manner = score.style.manner
    begins = np.array([phone.start for phone in phones])
    bars = np.array([bar.start for bar in score.bars])
    nearest = np.abs(begins[:, None] - bars[None, :]).min(axis=1)  # (phones,) seconds to a bar
    start = begins[which]
    vowel = np.array([phone.phone in VOWELS for phone in phones])[which]
    since = np.maximum(times - start, 0.0)
    fade = -manner.fade * (1.0 - np.exp(-since / manner.fade_seconds))
    if manner.swell:
        fade -= 1.8 * np.clip(1.0 - since / manner.swell, 0.0, 1.0)
    if manner.accent:
        fade += np.where(nearest[which] < 0.01, manner.accent, -0.5 * manner.accent)
    return np.where(vowel, fade, 0.0).astype(np.float32)


def _smooth(features: np.ndarray, phones: tuple[TimedPhone, ...], which: np.ndarray) -> np.ndarray:
    """Blend neighboring frames: slowly between open sounds, quickly around bursts and hisses."""
    crisp_kinds = PLOSIVES | AFFRICATES | SIBILANTS | {"F", "TH", "HH", SILENCE}
    crisp = np.array([phone.phone in crisp_kinds for phone in phones])[which].astype(np.float32)
    weight = _running_mean(crisp[:, None], 5)
    return weight * _running_mean(features, 3) + (1.0 - weight) * _running_mean(features, 9)


def _running_mean(features: np.ndarray, width: int) -> np.ndarray:
    """Return the triangular moving average over an odd number of frames."""
    kernel = np.bartlett(width + 2)[1:-1].astype(np.float32)
    kernel /= kernel.sum()
    half = width // 2
    padded = np.pad(features, ((half, half), (0, 0)), mode="edge")
    result = np.zeros_like(features)
    for offset, weight in enumerate(kernel):
        result += weight * padded[offset : offset + len(features)]
    return result


def _pitch(
    score: Score, timeline: Timeline, times: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return f0 in hertz for each frame: notes, glides, vibrato and a little unsteadiness."""
    voice: Voice = score.voice
    switches, seen = [], set()
    for note in score.notes:  # the pitch moves with a syllable's first consonant
        first = note.syllable not in seen
        switches.append(timeline.syllable_starts[note.syllable] if first else note.start)
        seen.add(note.syllable)
    midi = np.array([note.midi for note in score.notes])
    which = np.clip(np.searchsorted(switches, times, side="right") - 1, 0, len(midi) - 1)
    kernel = np.hanning(round(_GLIDE_SECONDS / FRAME_SECONDS) + 2)[1:-1]
    half = len(kernel) // 2
    padded = np.pad(midi[which], (half, len(kernel) - 1 - half), mode="edge")
    glided = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    since = times - np.array([note.start for note in score.notes])[which]
    left = np.array([note.end for note in score.notes])[which] - times
    glided = glided + _ornament(score.style.manner.ornament, since, left)
    depth = (
        score.style.manner.vibrato * voice.vibrato_cents * np.clip((since - 0.25) / 0.3, 0.0, 1.0)
    )
    phase = 2 * np.pi * (voice.vibrato_hz * rng.uniform(0.94, 1.06) * times + rng.random())
    drift = np.interp(times, times[::20], rng.normal(0.0, 4.0, len(times[::20])))
    return 440.0 * 2.0 ** ((glided - 69.0 + (depth * np.sin(phase) + drift) / 100.0) / 12.0)


def _ornament(kind: str, since: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the semitones an ornament adds, from the seconds into and left of each note."""
    if kind == "scoop":  # slide up into the note
        return -1.6 * np.clip(1.0 - since / 0.16, 0.0, 1.0) ** 1.5
    if kind == "grace":  # touch the note above first
        return 2.0 * ((since >= 0.0) & (since < 0.055))
    if kind == "fall":  # let the note drop at its end
        return -1.5 * np.clip(1.0 - left / 0.1, 0.0, 1.0)
    return np.zeros_like(since)


def _buzz(
    frames: VoiceFrames, basis: EnvelopeBasis, n_samples: int, n_fft: int, sample_rate: int
) -> np.ndarray:
    """Return the voiced part: one minimum-phase pulse for each turn of the vocal folds."""
    frame_samples = FRAME_SECONDS * sample_rate
    grid = np.arange(n_samples) / frame_samples
    f0 = np.interp(grid, np.arange(len(frames.f0)), frames.f0)
    turns = np.cumsum(f0 / sample_rate)
    at = np.flatnonzero(np.diff(np.floor(turns))) + 1  # first sample after each pulse
    late = (turns[at] - np.floor(turns[at])) * sample_rate / f0[at]  # samples since the pulse
    position = np.minimum((at - late) / frame_samples, len(frames.f0) - 1.001)
    low = position.astype(int)
    share = (position - low)[:, None].astype(np.float32)
    audible = np.minimum(frames.aperiodicity[low], frames.aperiodicity[low + 1]).min(axis=1) < 0.98
    audible &= np.maximum(frames.cepstra[low, 0], frames.cepstra[low + 1, 0]) > -8.0
    at, late, low, share = at[audible], late[audible], low[audible], share[audible]
    out = np.zeros(n_samples + n_fft)
    omega = (2 * np.pi / n_fft * np.arange(n_fft // 2 + 1)).astype(np.float32)
    band = _band_weights(n_fft, sample_rate)
    for first in range(0, len(at), 512):
        block = slice(first, first + 512)
        a, s = low[block], share[block]
        cepstra = frames.cepstra[a] * (1 - s) + frames.cepstra[a + 1] * s  # (pulses, cepstra)
        hiss = frames.aperiodicity[a] * (1 - s) + frames.aperiodicity[a + 1] * s
        size = np.sqrt(sample_rate / f0[at[block]]).astype(np.float32)[:, None]
        buzz = np.sqrt(np.maximum(1.0 - (hiss @ band) ** 2, 0.0)) * size  # (pulses, bins)
        phase = cepstra @ basis.phase + basis.tilt_phase
        phase += late[block, None].astype(np.float32) * omega  # pulse lies before its first sample
        spectrum = _polar(cepstra @ basis.log_amplitude + basis.tilt_log_amplitude, phase, buzz)
        pulses = np.fft.irfft(spectrum, n_fft, axis=1)  # (pulses, n_fft)
        for start, pulse in zip(at[block], pulses, strict=True):
            out[start : start + n_fft] += pulse
    return out[:n_samples]


def _hiss(
    frames: VoiceFrames,
    basis: EnvelopeBasis,
    n_samples: int,
    n_fft: int,
    sample_rate: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the unvoiced part: windows of white noise, each filtered by its frame."""
    hop = round(FRAME_SECONDS * sample_rate)
    n_frames = n_samples // hop + 1
    noise = rng.standard_normal((n_frames + 1) * hop).astype(np.float32)
    window = np.sqrt(np.hanning(2 * hop + 1)[:-1]).astype(np.float32)  # powers add up to one
    band = _band_weights(n_fft, sample_rate)
    out = np.zeros((n_frames + 1) * hop + n_fft)
    frame = np.minimum(np.arange(n_frames), len(frames.f0) - 1)
    needed = frame[frames.cepstra[frame, 0] > -8.0]
    for first in range(0, len(needed), 512):
        rows = needed[first : first + 512]
        pieces = noise[rows[:, None] * hop + np.arange(2 * hop)] * window  # (frames, 2 * hop)
        cepstra = frames.cepstra[rows]
        log_amplitude = cepstra @ basis.log_amplitude + basis.tilt_log_amplitude
        phase = cepstra @ basis.phase + basis.tilt_phase
        share = frames.aperiodicity[rows] @ band  # (frames, bins)
        spectrum = np.fft.rfft(pieces, n_fft, axis=1) * _polar(log_amplitude, phase, share)
        filtered = np.fft.irfft(spectrum, n_fft, axis=1)
        for row, piece in zip(rows, filtered, strict=True):
            out[row * hop : row * hop + n_fft] += piece
    return out[hop : hop + n_samples]  # a window is centered on its frame


def _polar(log_amplitude: np.ndarray, phase: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return gain * exp(log_amplitude + j * phase) as complex64."""
    size = np.exp(log_amplitude) * gain
    result = np.empty(size.shape, dtype=np.complex64)
    result.real = size * np.cos(phase)
    result.imag = size * np.sin(phase)
    return result


def _band_weights(n_fft: int, sample_rate: int) -> np.ndarray:
    """Return (bands, bins): linear interpolation of the aperiodicity bands over frequency."""
    hz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    rows = np.eye(len(BAND_CENTERS_HZ))
    return np.stack([np.interp(hz, BAND_CENTERS_HZ, row) for row in rows]).astype(np.float32)
