"""Is it in tune? The pitch that is sung, and how much of it lies in a scale.

What
    pYIN follows the pitch of a voice; frames without one are NaN, and so are frames 40 dB softer
    than the loud ones: in pauses a codec hums softly, at multiples of its code rates, and nobody
    sings that.

    A major scale is seven of the twelve semitones of an octave. A frame is in the scale if the
    semitone nearest to it, at most 50 cents away, is one of the seven.

    Chance: each note of the same song is moved by an amount drawn evenly from an octave. Pitches
    drawn evenly hit a given scale in 7 of 12 frames; the best of the twelve scales does better,
    so chance may choose its scale, too.
Shapes
    sound (samples,) to pitches (frames,) in MIDI numbers, 69 = 440 Hz, one semitone apart.
Paper: Mauch and Dixon, doi 10.1109/ICASSP.2014.6853678 (pYIN)
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

import numpy as np

from jukebox_edu.audio.arrays import resample
from jukebox_edu.evaluation.judges.features import HOP, SAMPLE_RATE

MAJOR = (0, 2, 4, 5, 7, 9, 11)  # semitones above the key note
LOWEST_HZ, HIGHEST_HZ = 65.0, 520.0  # a little wider than the singers' registers
_FRAME = 1024  # samples that pYIN compares at a time
_LOUD = 95  # percentile of the frames' root mean squares that counts as loud
_SOFT = 0.01  # of it: softer frames are pauses
_DRAWS = 50  # songs of moved notes, for chance


def track_pitch(sound: np.ndarray, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Follow the pitch of the loudest voice.

    Parameters
    ----------
    sound
        Float (samples,).
    sample_rate
        Its samples per second.

    Returns
    -------
    numpy.ndarray
        (frames,) MIDI numbers, one per 16 ms; NaN where no pitch is heard, or only softly.

    Lesson: notebooks/13_measure_it.ipynb
    """
    import librosa

    samples = resample(np.asarray(sound, np.float32), sample_rate, SAMPLE_RATE)
    hertz, _, _ = librosa.pyin(
        samples,
        fmin=LOWEST_HZ,
        fmax=HIGHEST_HZ,
        sr=SAMPLE_RATE,
        frame_length=_FRAME,
        hop_length=HOP,
    )
    power = librosa.feature.rms(y=samples, frame_length=_FRAME, hop_length=HOP)[0, : len(hertz)]
    hertz[power < _SOFT * np.percentile(power, _LOUD)] = np.nan
    return 69 + 12 * np.log2(hertz / 440.0)


def scale_shares(pitches: np.ndarray) -> np.ndarray:
    """Share of the voiced frames in each of the twelve major scales, index = key note % 12.

    Lesson: notebooks/13_measure_it.ipynb
    """
    voiced = pitches[np.isfinite(pitches)]
    if not len(voiced):
        return np.zeros(12)
    classes = np.round(voiced).astype(np.int64) % 12
    counts = np.bincount(classes, minlength=12)
    keys = np.arange(12)[:, None]
    return counts[(keys + np.array(MAJOR)) % 12].sum(1) / len(voiced)  # (12,)


def share_in_scale(pitches: np.ndarray, key: int | None = None) -> float:
    """Share of the voiced frames within 50 cents of a scale.

    Parameters
    ----------
    pitches
        (frames,) MIDI numbers, NaN where no pitch is heard.
    key
        MIDI number of the key note; None: the best of the twelve major scales.

    Returns
    -------
    float
        0 if no frame is voiced.

    Lesson: notebooks/13_measure_it.ipynb
    """
    shares = scale_shares(pitches)
    return float(shares.max() if key is None else shares[key % 12])


def notes_of(pitches: np.ndarray) -> np.ndarray:
    """Number of the note each frame belongs to, (frames,): a new one after each jump or pause.

    Lesson: notebooks/13_measure_it.ipynb
    """
    jumps = ~(np.abs(np.diff(pitches)) <= 0.5)  # NaN, too
    return np.concatenate([[0], np.cumsum(jumps)])


def shuffled_share(
    pitches: np.ndarray, random: np.random.Generator, key: int | None = None
) -> float:
    """The same share when each note is moved evenly within an octave: chance, a mean of draws.

    Lesson: notebooks/13_measure_it.ipynb
    """
    notes = notes_of(pitches)
    shares = []
    for _ in range(_DRAWS):
        moved = pitches + random.uniform(0, 12, notes[-1] + 1)[notes]
        shares.append(share_in_scale(moved, key))
    return float(np.mean(shares))
