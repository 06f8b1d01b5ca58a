"""A table of envelopes from resonances alone: the singer without any outside material.

What
    Each phone is a handful of resonances (formants) for its voiced part and a few humps of noise
    for its hiss, numbers every phonetics course teaches. Less clear than the bank, but it is ours
    from the first number to the last, so its songs can be given away under CC0.

Shapes
    The table is a `PhoneTable`, as the bank's.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools

import numpy as np

from jukebox_edu.songbook.envelopes import (
    BAND_CENTERS_HZ,
    N_CEPSTRA,
    N_POINTS,
    PhoneTable,
    fit_cepstra,
    level_phones,
)
from jukebox_edu.songbook.phones import AFFRICATES, NASALS, PHONE_INDEX, PHONES, PLOSIVES

_VOICED_FORMANTS = {  # hertz of F1 F2 F3 at the start and at the end, level in dB
    "AA": (730, 1100, 2450, 730, 1100, 2450, 0), "AE": (670, 1720, 2430, 670, 1700, 2430, 0),
    "AH": (620, 1200, 2400, 620, 1200, 2400, 0), "AO": (570, 850, 2420, 570, 850, 2420, 0),
    "AW": (720, 1250, 2450, 420, 900, 2350, 0), "AY": (710, 1150, 2450, 370, 2050, 2700, 0),
    "EH": (540, 1800, 2500, 540, 1800, 2500, 0), "ER": (480, 1320, 1680, 480, 1320, 1680, 0),
    "EY": (490, 1900, 2550, 350, 2200, 2800, 0), "IH": (400, 1950, 2560, 400, 1950, 2560, 0),
    "IY": (280, 2280, 3000, 280, 2280, 3000, 0), "OW": (500, 950, 2400, 380, 800, 2350, 0),
    "OY": (550, 880, 2400, 380, 2000, 2600, 0), "UH": (450, 1050, 2300, 450, 1050, 2300, 0),
    "UW": (310, 880, 2250, 310, 880, 2250, 0), "L": (360, 1050, 2700, 360, 1050, 2700, -5),
    "R": (380, 1150, 1600, 380, 1150, 1600, -4), "W": (300, 650, 2200, 300, 650, 2200, -5),
    "Y": (280, 2250, 3000, 280, 2250, 3000, -4), "M": (260, 1050, 2200, 260, 1050, 2200, -9),
    "N": (270, 1550, 2500, 270, 1550, 2500, -9), "NG": (270, 2000, 2500, 270, 2000, 2500, -9),
    "B": (250, 800, 2200, 300, 900, 2300, -20), "D": (250, 1700, 2600, 300, 1700, 2600, -20),
    "G": (250, 1900, 2300, 300, 1900, 2300, -20), "JH": (250, 1800, 2500, 300, 1900, 2500, -20),
    "DH": (280, 1350, 2500, 280, 1350, 2500, -11), "V": (270, 1100, 2300, 270, 1100, 2300, -11),
    "Z": (270, 1650, 2500, 270, 1650, 2500, -14), "ZH": (270, 1800, 2400, 270, 1800, 2400, -14),
}  # fmt: skip
_HISS = {  # center and width in hertz, level in dB
    "S": (6300, 1700, -14), "Z": (6300, 1700, -20), "SH": (3000, 1300, -12),
    "ZH": (3000, 1300, -18), "F": (5500, 5000, -30), "V": (5500, 5000, -36),
    "TH": (6000, 4000, -31), "DH": (6000, 4000, -37),
    "HH": (1700, 2500, -24), "P": (900, 1500, -16), "B": (900, 1200, -20), "T": (5200, 2200, -12),
    "D": (4600, 2200, -17), "K": (2100, 900, -12), "G": (2000, 900, -17), "CH": (3200, 1500, -11),
    "JH": (3000, 1500, -16),
}  # fmt: skip
_BANDWIDTHS = (70.0, 95.0, 130.0, 220.0, 300.0)


@functools.cache
def formant_table() -> PhoneTable:
    """Return the envelopes of all phones for a man's vocal tract.

    Returns
    -------
    The table; a voice bends it with its `formant_scale`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    hz = np.linspace(0.0, 8000.0, 257)
    centers = np.array(BAND_CENTERS_HZ)
    cepstra = np.zeros((len(PHONES), N_POINTS, N_CEPSTRA))
    hiss_share = np.ones((len(PHONES), N_POINTS, len(centers)))
    cepstra[0, :, 0] = -12.0  # silence
    for phone in PHONES[1:]:
        for point in range(N_POINTS):
            place = point / (N_POINTS - 1)
            buzz = _buzz_power(phone, place, hz)
            hiss = _hiss_power(phone, place, hz)
            row = PHONE_INDEX[phone]
            cepstra[row, point] = fit_cepstra(0.5 * np.log(buzz + hiss + 1e-7), hz)
            share = np.sqrt(hiss / (buzz + hiss + 1e-12))
            hiss_share[row, point] = np.interp(centers, hz, share)
    return level_phones(PhoneTable(cepstra.astype(np.float32), hiss_share.astype(np.float32)))


def _buzz_power(phone: str, place: float, hz: np.ndarray) -> np.ndarray:
    """Return the power of the voiced part over frequency, at a place 0..1 in the phone."""
    if phone not in _VOICED_FORMANTS:
        return np.zeros_like(hz)
    numbers = _VOICED_FORMANTS[phone]
    begin, end = np.array(numbers[:3]), np.array(numbers[3:6])
    formants = [*(begin + (end - begin) * place), 3500.0, 4500.0]
    level = numbers[6]
    if phone in PLOSIVES | AFFRICATES:
        level = -24 if place < 0.7 else -14  # a voice bar behind closed lips
    response = np.ones_like(hz)
    for center, width in zip(formants, _BANDWIDTHS, strict=True):
        width = width * (2.0 if phone in NASALS else 1.0)
        top = center**2 + width**2 / 4
        response = (
            response
            * top
            / np.sqrt(((hz - center) ** 2 + width**2 / 4) * ((hz + center) ** 2 + width**2 / 4))
        )
    slope = 1.0 / (1.0 + (hz / 600.0) ** 2)  # the vocal folds' own fall, lips included
    return (response * slope) ** 2 * 10.0 ** (level / 10.0)


def _hiss_power(phone: str, place: float, hz: np.ndarray) -> np.ndarray:
    """Return the power of the noise over frequency, at a place 0..1 in the phone."""
    if phone not in _HISS:
        return np.zeros_like(hz) + 1e-9
    center, width, quiet = _HISS[phone]
    level = float(quiet)  # dB
    if phone in PLOSIVES:
        level += -50.0 if place < 0.5 else -14.0 * (place - 0.6)  # silence, burst, fading breath
    elif phone in AFFRICATES:
        level += -50.0 if place < 0.3 else 0.0
    return 10.0 ** (level / 10.0) / (1.0 + ((hz - center) / (width / 2.0)) ** 2)
