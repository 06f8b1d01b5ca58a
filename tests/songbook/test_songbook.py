"""Laws of the songbook: exact timings, honest labels, notes in tune, helpful errors."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.errors import AudioError, ConfigError, LyricsError
from jukebox_edu.songbook import (
    PHONES,
    STYLES,
    VOICES,
    character_frames,
    compose,
    make_song,
    phone_frames,
    render,
)
from jukebox_edu.songbook.instruments import reverberate
from jukebox_edu.songbook.letter_to_sound import pronounce
from jukebox_edu.songbook.phones import VOWELS, split_syllables


@pytest.fixture(scope="module")
def song():
    return make_song(11, seconds=9.0, voice="Milo Soft", style="folk")


def test_same_seed_same_song_other_seed_other_song(song):
    again = make_song(11, seconds=9.0, voice="Milo Soft", style="folk")
    assert (again.lyrics, again.words, again.phones, again.notes) == (
        song.lyrics,
        song.words,
        song.phones,
        song.notes,
    )
    np.testing.assert_allclose(again.audio, song.audio, atol=1e-4)
    assert make_song(12, seconds=9.0).notes != song.notes


@pytest.mark.parametrize("seed", range(12))
def test_times_are_ordered_and_inside_the_song(seed):
    seconds = 8.0 + 2 * seed
    song = make_song(seed, seconds=seconds, band_gain=0.0, sample_rate=8000)
    assert song.seconds <= seconds
    assert song.phones[0].start == 0.0 and abs(song.phones[-1].end - song.seconds) < 1e-3
    for before, after in zip(song.phones, song.phones[1:], strict=False):
        assert before.end == after.start  # the phones tile the song
        assert before.start < before.end
    for before, after in zip(song.words, song.words[1:], strict=False):
        assert before.start < before.end <= after.start
    for note in song.notes:
        assert 0 < note.start < note.end < song.seconds
    flat = song.character_times.reshape(-1)
    assert len(song.character_times) == len(song.lyrics)
    assert (np.diff(flat) >= -1e-9).all() and flat[0] > 0 and flat[-1] < song.seconds


def test_words_are_the_characters_of_the_lyrics(song):
    for word in song.words:
        assert song.lyrics[word.first_char : word.last_char_end] == word.text
        times = song.character_times[word.first_char : word.last_char_end]
        assert times[0, 0] == word.start and times[-1, 1] == word.end
    assert " ".join(w.text for w in song.words).split() == song.lyrics.split()


def test_vowels_start_on_their_notes():
    song = make_song(3, song="twinkle", style="carol", band_gain=0.0)
    vowels = [phone.start for phone in song.phones if phone.phone in VOWELS]
    np.testing.assert_allclose(vowels, [note.start for note in song.notes], atol=1e-9)


def test_frames_agree_with_the_labels(song):
    hop, n_frames = 0.016, 700  # more frames than the song has
    phones, characters = phone_frames(song, hop, n_frames), character_frames(song, hop, n_frames)
    assert phones.shape == characters.shape == (n_frames,)
    assert phones[-1] == 0 and characters[-1] == -1
    for k in range(0, n_frames, 7):
        moment = (k + 0.5) * hop
        sung = [p.phone for p in song.phones if p.start <= moment < p.end] or ["SIL"]
        assert PHONES[phones[k]] == sung[0]
        inside = [w for w in song.words if w.start <= moment < w.end]
        assert (characters[k] >= 0) == bool(inside)
        if inside:
            assert inside[0].first_char <= characters[k] < inside[0].last_char_end
    assert ((phones == 0) == (characters < 0)).all()


@pytest.mark.parametrize("engine", ["bank", "formants"])
def test_the_voice_is_in_tune(engine):
    score = compose(5, song="mary", seconds=6.0, voice="Bruno Deep", style="folk")
    voice = render(score, band_gain=0.0, engine=engine).voice
    errors = []
    for note in score.notes:
        middle = round((note.start + 0.5 * (note.end - note.start)) * 16000)
        piece = voice[middle - 640 : middle + 640]
        lags = np.fft.irfft(np.abs(np.fft.rfft(piece * np.hanning(1280), 4096)) ** 2)
        window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(1280), 4096)) ** 2)
        expected = 16000 / (440 * 2 ** ((note.midi - 69) / 12))
        low, high = int(expected / 1.4), int(expected * 1.4)
        match = lags[low : high + 1] / window[low : high + 1]
        k = int(np.clip(np.argmax(match), 1, len(match) - 2))
        a, b, c = match[k - 1 : k + 2]
        lag = low + k + 0.5 * (a - c) / (a - 2 * b + c)
        errors.append(abs(1200 * np.log2(lag / expected)))
    assert np.median(errors) < 35


def test_hisses_sound_where_their_labels_are():
    song = make_song(2, lyrics="see the sun, she sings so soft", voice="Milo Soft", band_gain=0.0)
    spectrum = np.fft.rfft(song.audio)
    spectrum[: int(4000 / 8000 * len(spectrum))] = 0
    power = np.fft.irfft(spectrum, len(song.audio)) ** 2
    inside = np.zeros(len(power), dtype=bool)
    for phone in song.phones:
        if phone.phone in ("S", "SH", "Z", "T", "F"):
            inside[int((phone.start - 0.01) * 16000) : int((phone.end + 0.01) * 16000)] = True
    assert power[inside].sum() > 0.8 * power.sum()
    assert inside.mean() < 0.5


def test_silence_is_silent_and_the_mix_is_the_sum_of_its_stems():
    score = compose(8, seconds=10.0, style="march")
    rendering = render(score, band_gain=0.5)
    np.testing.assert_allclose(rendering.audio, rendering.voice + rendering.band, atol=1e-6)
    assert np.abs(rendering.audio).max() <= 0.951 and rendering.audio.dtype == np.float32
    before = rendering.voice[: int(0.05 * 16000)]
    assert np.abs(before).max() < 1e-3
    assert np.abs(render(score, band_gain=0.0).band).max() == 0.0
    ratio = np.sqrt((rendering.band**2).mean() / (rendering.voice**2).mean())
    assert 0.35 < ratio < 0.8


@pytest.mark.parametrize("style", list(STYLES))
def test_new_tunes_stay_in_the_voice_and_start_bars_on_chord_tones(style):
    for seed, (name, voice) in enumerate(VOICES.items()):
        score = compose(seed, seconds=20.0, voice=name, style=style, lyrics="we sing a song")
        assert all(voice.low_midi <= n.midi <= voice.high_midi for n in score.notes)
        starts = {round(n.start, 6): n.midi for n in score.notes}
        on_bars = [
            (starts[round(b.start, 6)], b.chord) for b in score.bars if round(b.start, 6) in starts
        ]
        assert len(on_bars) >= 3
        assert all((midi - score.key) % 12 in chord.tones for midi, chord in on_bars)


def test_free_text_keeps_its_characters_and_ignores_what_cannot_be_sung():
    text = "  Héllo wörld! 🎵 ♫ 42\r\n\n—\nΩmega don’t [HH AH L OW], x  "
    song = make_song(0, lyrics=text, band_gain=0.0, sample_rate=8000)
    assert song.lyrics == "Héllo wörld! 🎵 ♫ 42\nΩmega don’t [HH AH L OW], x"
    assert [w.text for w in song.words] == [
        "Héllo",
        "wörld",
        "42",
        "Ωmega",
        "don’t",
        "[HH AH L OW]",
        "x",
    ]
    sung = [p.phone for p in song.phones if p.phone != "SIL"]
    assert sung[:4] == ["HH", "AH", "L", "OW"]


def test_syllables_keep_all_phones_and_have_one_vowel_each():
    for word in ("wonderful", "strength", "table", "hmm", "rhythm", "zzz", "electricity", "7"):
        phones = pronounce(word)
        syllables = split_syllables(phones)
        assert tuple(p for s in syllables for p in s.phones) == phones and phones
        if VOWELS.intersection(phones):
            assert all(sum(p in VOWELS for p in s.phones) == 1 for s in syllables)


def test_reverberation_is_the_plain_recursion():
    audio = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    expected = np.zeros(3000)
    for delay in (0.0297, 0.0371, 0.0411, 0.0437):
        n_delay, feedback = int(delay * 8000), 10 ** (-3 * delay / 0.7)
        line = audio.astype(float).copy()
        for n in range(n_delay, 3000):
            line[n] += feedback * line[n - n_delay]
        expected += 0.25 * line
    actual = reverberate(audio, 8000, wet=0.4, decay=0.7)
    np.testing.assert_allclose(actual, 0.6 * audio + 0.4 * expected, atol=1e-4)


def test_licence_follows_the_engine(song):
    assert song.licence.startswith("CC-BY-4.0") and "CMU" in song.licence
    free = make_song(1, seconds=5.0, engine="formants", band_gain=0.0, sample_rate=8000)
    assert free.licence == "CC0-1.0"


@pytest.mark.parametrize(
    ("wishes", "error", "text"),
    [
        ({"lyrics": "  \n "}, LyricsError, "nothing that can be sung"),
        ({"lyrics": "♫ …"}, LyricsError, "Write words with letters"),
        ({"lyrics": "[HH QQ]"}, LyricsError, "not ARPAbet"),
        ({"lyrics": "la " * 2000}, LyricsError, "more than 1500 syllables"),
        ({"lyrics": "la", "song": "mary"}, ConfigError, "both were given"),
        ({"voice": "Elvis"}, ConfigError, "Bruno Deep"),
        ({"style": "polka"}, ConfigError, "lullaby"),
        ({"song": "yesterday"}, ConfigError, "twinkle"),
        ({"seconds": -3.0}, ConfigError, "above 0"),
        ({"seconds": float("nan")}, ConfigError, "above 0"),
        ({"sample_rate": 100}, AudioError, "8000 to 48000"),
        ({"band_gain": -1.0}, ConfigError, "0 to 10"),
        ({"engine": "opera"}, ConfigError, "formants"),
    ],
)
def test_errors_say_what_to_do(wishes, error, text):
    with pytest.raises(error, match=text):
        make_song(0, **wishes)


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match="0 or more"):
        compose(-1)
