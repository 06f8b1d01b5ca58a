"""The sound obeys its labels: onsets, silence, voicing, stems, phones given directly, voices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jukebox_edu.songbook import VOICES, compose, make_song, render
from jukebox_edu.songbook.phones import UNVOICED, VOWELS

RATE = 16000
WORDS = "[S AA] [T IY] [K OW] [P AE] [S IY] [T AA] [SH UW] [F AO]"


def below(audio, hz):
    """Return the audio without what is above `hz`."""
    spectrum = np.fft.rfft(audio)
    spectrum[np.fft.rfftfreq(len(audio), 1 / RATE) > hz] = 0
    return np.fft.irfft(spectrum, len(audio))


def smooth(audio):
    """Return the envelope of the audio, over about 10 ms."""
    return np.sqrt(np.maximum(np.convolve(audio**2, np.hanning(160) / 80, "same"), 0))


@pytest.fixture(scope="module", params=["bank", "formants"])
def dry(request):
    return make_song(
        1, lyrics=WORDS, voice="Otto Dark", style="carol", band_gain=0.0, engine=request.param
    )


def test_phones_given_directly_are_sung(dry):
    sung = [p.phone for p in dry.phones if p.phone != "SIL"]
    assert sung == WORDS.replace("[", "").replace("]", "").split()
    assert [word.text for word in dry.words] == WORDS.replace("] ", "]|").split("|")


def test_vowels_sound_from_their_labels_on(dry):
    envelope = smooth(below(dry.audio, 900))
    late = []
    for before, phone in zip(dry.phones, dry.phones[1:], strict=False):
        if before.phone in UNVOICED and phone.phone in VOWELS:
            start = round(phone.start * RATE)
            steady = np.median(envelope[start + 1000 : start + 2400])
            loud = np.flatnonzero(envelope[start - 800 : start + 2400] > 0.5 * steady)
            late.append((loud[0] - 800) / RATE)
    assert len(late) == 8
    assert np.abs(np.median(late)) < 0.015 and np.abs(late).max() < 0.03


def test_there_is_no_voicing_in_unvoiced_phones_and_no_sound_in_silence(dry):
    low = below(dry.audio, 350)
    vowel = np.concatenate([low[round(n.start * RATE) :][:1600] for n in dry.notes])
    loud = np.sqrt((vowel**2).mean())
    for phone in dry.phones:
        first, last = round((phone.start + 0.025) * RATE), round((phone.end - 0.025) * RATE)
        if phone.phone in ("S", "SH", "F", "T", "K", "P") and last - first > 200:
            limit = 0.2 if phone.phone in ("S", "SH") else 0.35  # as in the speech it came from
            assert np.sqrt((low[first:last] ** 2).mean()) < limit * loud, phone
        if phone.phone == "SIL" and phone.end - phone.start > 0.15:
            assert np.abs(dry.audio[first + 400 : last - 400]).max() < 1e-3


def test_stems_are_kept_on_request_and_sum_to_the_mix():
    wishes = {"seconds": 6.0, "voice": "Vera Clear", "style": "blues", "band_gain": 0.4}
    song = make_song(4, stems=True, **wishes)
    np.testing.assert_allclose(song.audio, song.stems.voice + song.stems.band, atol=1e-6)
    assert make_song(4, **wishes).stems is None
    dry = make_song(4, **{**wishes, "band_gain": 0.0}, stems=True)
    assert not dry.stems.band.any() and dry.notes == song.notes


def test_the_voice_gain_is_a_knob():
    wishes = {"seconds": 6.0, "style": "march", "sample_rate": 8000, "stems": True}
    loud, soft, none = (make_song(6, voice_gain=g, **wishes) for g in (1.0, 0.5, 0.0))
    assert not none.stems.voice.any() and none.stems.band.any()
    assert soft.phones == loud.phones == none.phones
    assert np.abs(soft.stems.voice).max() == pytest.approx(
        0.5 * np.abs(loud.stems.voice).max(), rel=0.05
    )


def mean_cepstrum(audio):
    """Return mean and deviation of 20 cepstra of the loud frames."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, 512)[::256] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2  # (frames, 257)
    bands = np.stack([b.mean(axis=1) for b in np.array_split(power, 32, axis=1)], axis=1)
    loud = np.log(bands[bands.sum(axis=1) > 0.1 * bands.sum(axis=1).mean()] + 1e-6)
    return np.concatenate([loud.mean(axis=0), loud.std(axis=0)])


def test_voices_are_told_apart_by_a_linear_classifier():
    names = list(VOICES)
    texts = ["we sing a song in the night", "come home and rest by the sea"]
    features, labels = [], []
    for k in range(5):
        for number, name in enumerate(names):
            score = compose(k, seconds=3.5, voice=name, style="folk", lyrics=texts[k % 2])
            features.append(mean_cepstrum(render(score, band_gain=0.1).audio))
            labels.append(number)
    x, y = np.array(features), np.array(labels)
    train = np.arange(len(y)) < 4 * len(names)
    x = np.c_[(x - x[train].mean(axis=0)) / x[train].std(axis=0), np.ones(len(x))]
    gram = x[train].T @ x[train] + 5.0 * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x[train].T @ np.eye(len(names))[y[train]])
    assert ((x[~train] @ weights).argmax(axis=1) == y[~train]).mean() >= 0.9


def test_manners_of_singing_are_heard_without_the_band():
    score = compose(3, seconds=5, voice="Milo Soft", style="reel")
    sung = render(score, band_gain=0.0).voice
    plain = render(replace(score, style=score.style.plain()), band_gain=0.0).voice
    assert sung.shape == plain.shape and np.corrcoef(sung, plain)[0, 1] < 0.9
