"""Test songs: checked, read one by one, with marks that fit the sound."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.errors import AudioError, ConfigError
from jukebox_edu.evaluation.coded import encode_song, longest_samples
from jukebox_edu.evaluation.songs import SongList, TestSong, from_data_samples, from_songbook
from jukebox_edu.labels.times import times_from_words
from jukebox_edu.samples import data_samples
from jukebox_edu.songbook import PHONES


@pytest.mark.parametrize(
    "sound",
    [np.zeros(4), np.zeros((2, 4), np.float32), np.zeros(0, np.float32), np.zeros(3, np.int16)],
)
def test_sound_must_be_float32_samples(sound):
    with pytest.raises(AudioError, match=r"audio of 'x'=.*float32 \(samples,\)"):
        TestSong("x", sound)


def test_nan_and_foreign_times_are_refused():
    with pytest.raises(AudioError, match="finite"):
        TestSong("x", np.full(4, np.nan, np.float32))
    times = times_from_words("other words", [0, 1], [1, 2])
    with pytest.raises(ConfigError, match="times of 'x'"):
        TestSong("x", np.zeros(4, np.float32), lyrics="words", times=times)


def test_a_list_reads_a_song_only_when_it_is_looked_at():
    read = []

    def reader(number):
        def song():
            read.append(number)
            return TestSong(str(number), np.ones(4, np.float32))

        return song

    songs = SongList([reader(n) for n in range(5)])
    assert len(songs) == 5 and len(songs[1:4]) == 3 and not read
    assert songs[1:4][0].name == "1" and read == [1]
    assert [song.name for song in songs[3:]] == ["3", "4"] and read == [1, 3, 4]


def test_bundled_songs_have_times_and_phones_that_fit(model):
    bundled = data_samples()[0]
    song = from_data_samples(model, 1)[0]
    assert len(song.audio) == pytest.approx(bundled.seconds * model.sample_rate, abs=20)
    assert len(song.phones) == -(-len(song.audio) // 64)
    word = bundled.words[1]
    assert song.times.starts[word.first_char] == pytest.approx(word.start)
    gap = bundled.words[0].last_char_end
    assert np.isnan(song.times.starts[gap])  # a space is not sung
    frame = int((bundled.phones[3].start + bundled.phones[3].end) / 2 * model.sample_rate / 64)
    assert PHONES[song.phones[frame]] == bundled.phones[3].phone


class Rate:
    """As much of a model as the songbook looks at."""

    sample_rate, hop_lengths = 8000, (16, 64, 256)

    def __init__(self, artists=()):
        self.artists, self.genres = (lambda: artists), (lambda: ("waltz", "polka"))


def test_songbook_songs_are_the_same_every_time():
    songs = from_songbook(Rate(), 2)
    first, again = songs[0], songs[0]
    assert first.name == "songbook 1000000"
    assert np.array_equal(first.audio, again.audio) and not first.silent
    assert songs[1].name != first.name and len(songs) == 2
    assert len(first.phones) == -(-len(first.audio) // 256)
    with pytest.raises(ConfigError, match="n=0: must be a number of songs from 1"):
        from_songbook(Rate(), 0)


def test_a_model_is_measured_with_voices_that_it_knows():
    songs = from_songbook(Rate(("unknown", "Teo Bright")), 3)
    assert {song.artist for song in songs} == {"Teo Bright"}
    assert {song.genre for song in songs} == {"waltz"}


def test_codes_cover_a_window_and_know_where_the_song_ends(model):
    short = TestSong("short", np.full(200, 0.3, np.float32), phones=np.array([1, 2, 3, 4]))
    coded = encode_song(model, short)
    top = model.config.priors[-1]
    assert len(coded.codes[-1]) == top.n_ctx == 8
    assert [coded.n_codes(level, hop) for level, hop in enumerate((16, 32, 64))] == [12, 6, 3]
    assert coded.phones.tolist() == [1, 2, 3, 4, 0, 0, 0, 0]
    assert coded.labels.total_length == 2000  # the shortest song the prior knows


def test_too_long_a_song_is_cut_and_an_unknown_name_noted(model):
    sound = np.random.default_rng(0).normal(0, 0.1, 70_000).astype(np.float32)
    coded = encode_song(model, TestSong("long", sound, artist="Nobody Known"))
    assert coded.n_samples == longest_samples(model) == 59_904
    assert any("only the first 59.904 s" in note for note in coded.notes)
    assert any("Nobody Known" in note for note in coded.notes)


def test_times_follow_the_characters_that_the_model_reads(model):
    lyrics = "Ça  va, LA lune"
    words = times_from_words(lyrics, [0.1, 0.5, 1.0, 1.5], [0.4, 0.9, 1.4, 1.9])
    sound = np.random.default_rng(0).normal(0, 0.1, 2048).astype(np.float32)
    coded = encode_song(model, TestSong("x", sound, lyrics=lyrics, times=words))
    assert len(coded.times.starts) == len(coded.lyrics)
    place = coded.lyrics.index("une") - 1
    assert coded.times.starts[place] == pytest.approx(1.5)
    frame = int(1.55 * 1000 / 64)
    assert coded.lyrics[coded.characters[frame]].isalpha()
    assert coded.characters[0] in (-1, 0)
