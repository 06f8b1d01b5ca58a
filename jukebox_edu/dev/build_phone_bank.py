"""Distill the phone bank of the songbook from flite's CMU voices (maintainers only).

What
    flite speaks a list of words with each voice and says when each phone starts. WORLD
    (`pyworld`) measures the spectral envelope and the aperiodicity every 5 ms. The instances of a
    phone are averaged at eight moments (measured: the plain mean is understood better than a mean
    of chosen instances), and 40 mel-cepstra and five aperiodicity numbers are kept for each. The
    result is what the singer reads at run time.

How
    ``apt-get install flite``, ``pip install pyworld``, then
    ``python -m jukebox_edu.dev.build_phone_bank``. pyworld 0.3.5 still imports ``pkg_resources``;
    where that is missing, ``pip install "setuptools<81"``.

Conventions
    The bank file holds ``speakers``, ``cepstra`` (speakers, phones, points, cepstra) int16 with one
    ``cepstra_step``, and ``aperiodicity`` (speakers, phones, points, bands) uint8 in 1/255.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from jukebox_edu.songbook.dictionary import DICTIONARY
from jukebox_edu.songbook.envelopes import BAND_CENTERS_HZ, N_CEPSTRA, N_POINTS, fit_cepstra
from jukebox_edu.songbook.phones import PHONE_INDEX, PHONES, PLOSIVES, VOWELS

SPEAKERS = ("rms", "slt", "awb", "kal16")
_FRAME_SECONDS = 0.005
_CEPSTRA_STEP = 1.0 / 1024.0
_BAND_EDGES_HZ = (0, 1000, 2000, 4000, 6000, 8000)
_RARE = "measure pleasure treasure vision usual toy coin noise coil pull wool cook push thin thumb"
_CARRIERS = ("{0}, {1}. ", "a {0}, the {1}. ")


def speak(
    speaker: str, text: str, folder: Path
) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """Return flite's audio (16 kHz, float64) and its phones as (name, start, end) in seconds."""
    import soundfile

    wav = folder / "speech.wav"
    command = ["flite", "-voice", speaker, "-t", text, "-psdur", "-o", str(wav)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    audio, sample_rate = soundfile.read(wav)
    if sample_rate != 16000:
        raise RuntimeError(f"flite voice {speaker} speaks at {sample_rate} Hz, not 16000")
    phones, start = [], 0.0
    for token in listing.split():
        name, end = token.rsplit(":", 1)
        phones.append((name.upper(), start, float(end)))
        start = float(end)
    return np.ascontiguousarray(audio, dtype=np.float64), phones


def measure(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mel-cepstra (frames, cepstra) and aperiodicity (frames, bands) of speech."""
    import pyworld

    f0, times = pyworld.dio(audio, 16000, f0_floor=65, f0_ceil=400, frame_period=5.0)
    f0 = pyworld.stonemask(audio, f0, times, 16000)
    power = pyworld.cheaptrick(audio, f0, times, 16000)
    hiss = pyworld.d4c(audio, f0, times, 16000)
    hz = np.arange(power.shape[1]) * 8000 / (power.shape[1] - 1)
    cepstra = fit_cepstra(0.5 * np.log(power + 1e-14), hz)
    bands = [
        np.sqrt((hiss[:, (hz >= low) & (hz <= high)] ** 2).mean(axis=1))
        for low, high in zip(_BAND_EDGES_HZ, _BAND_EDGES_HZ[1:], strict=False)
    ]
    return cepstra, np.stack(bands, axis=1)


def collect(speaker: str, folder: Path) -> dict[str, list[np.ndarray]]:
    """Return all instances of each phone, each (points, cepstra + bands)."""
    words = [word for word in sorted(DICTIONARY) if "'" not in word] + _RARE.split()
    instances: dict[str, list[np.ndarray]] = defaultdict(list)
    for number, (first, second) in enumerate(zip(words, words[7:] + words[:7], strict=True)):
        text = _CARRIERS[number % 2].format(first, second)
        audio, phones = speak(speaker, text, folder)
        features = np.concatenate(measure(audio), axis=1)
        followers = [name for name, _, _ in phones[1:]] + ["PAU"]
        for (name, start, end), follower in zip(phones, followers, strict=True):
            if name not in PHONE_INDEX or end - start < 0.03:
                continue
            if name in PLOSIVES and follower not in VOWELS:
                continue  # before a vowel the burst is clear
            at = (start + (end - start) * np.linspace(0.05, 0.95, N_POINTS)) / _FRAME_SECONDS
            low = np.clip(np.floor(at).astype(int), 0, len(features) - 2)
            share = (at - low)[:, None]
            instances[name].append(features[low] * (1 - share) + features[low + 1] * share)
    return instances


def distill(instances: dict[str, list[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bank of one speaker: (phones, points, cepstra) and (phones, points, bands)."""
    table = np.zeros((len(PHONES), N_POINTS, N_CEPSTRA + len(BAND_CENTERS_HZ)))
    table[0, :, 0], table[0, :, N_CEPSTRA:] = -12.0, 1.0  # silence
    for phone in PHONES[1:]:
        if not instances.get(phone):
            raise RuntimeError(f"flite never said {phone}")
        table[PHONE_INDEX[phone]] = np.mean(instances[phone], axis=0)  # over all contexts
    vowels = [PHONE_INDEX[phone] for phone in sorted(VOWELS)]
    table[1:, :, 0] -= table[vowels][:, 3:5, 0].mean()  # one loudness for all speakers
    return table[..., :N_CEPSTRA], table[..., N_CEPSTRA:]


def main() -> None:
    """Build the bank and write it beside the songbook.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    default = Path(__file__).parents[1] / "songbook" / "phone_bank.npz"
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=default, help="file to write")
    parser.add_argument("--speakers", nargs="+", default=list(SPEAKERS))
    arguments = parser.parse_args()
    cepstra, aperiodicity = [], []
    with tempfile.TemporaryDirectory() as folder:
        for speaker in arguments.speakers:
            one_cepstra, one_aperiodicity = distill(collect(speaker, Path(folder)))
            cepstra.append(np.round(one_cepstra / _CEPSTRA_STEP).astype(np.int16))
            aperiodicity.append(np.round(255 * np.clip(one_aperiodicity, 0, 1)).astype(np.uint8))
    temporary = arguments.out.with_suffix(".partial.npz")
    np.savez_compressed(
        temporary,
        speakers=np.array(arguments.speakers),
        cepstra=np.stack(cepstra),
        cepstra_step=np.float32(_CEPSTRA_STEP),
        aperiodicity=np.stack(aperiodicity),
    )
    os.replace(temporary, arguments.out)


if __name__ == "__main__":
    main()
