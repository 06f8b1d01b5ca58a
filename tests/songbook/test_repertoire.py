"""Laws of what chance may draw: the voice alone, own keys, shares, manners, the tiny sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook import (
    EVERYTHING,
    OLD_SONGS,
    STYLES,
    TINY_0,
    TINY_1,
    VOICES,
    Repertoire,
    compose,
    make_song,
    render,
    repertoire_of,
)
from jukebox_edu.songbook.arrangement import PLAIN
from jukebox_edu.songbook.styles import PLAIN_MANNER
from jukebox_edu.training.songbook_source import SongbookSource

MAJOR = {0, 2, 4, 5, 7, 9, 11}
WALTZES = tuple(old for old in OLD_SONGS.values() if old.beats_per_bar == 3)


@pytest.fixture(scope="module")
def scores():
    return [compose(seed, seconds=12, repertoire=TINY_1) for seed in range(400)]


def own_classes(voice):
    return {(voice.low_midi + 1) % 12, (voice.low_midi + 6) % 12}


@pytest.mark.parametrize("wishes", [{}, {"song": "cradle_song"}, {"song": "river_song"}])
@pytest.mark.parametrize("band_gain", [0.3, 10.0])
def test_a_voice_alone_has_a_silent_band(wishes, band_gain):
    wishes = {"seconds": 9, "style": "a cappella", "sample_rate": 8000} | wishes
    song = make_song(5, band_gain=band_gain, stems=True, **wishes)
    assert song.genre == "a cappella" and song.introduction == ()
    assert not song.stems.band.any() and np.isfinite(song.audio).all()
    np.testing.assert_array_equal(song.audio, song.stems.voice)
    assert np.sqrt((song.audio**2).mean()) > 0.01


def test_a_voice_alone_sounds_the_same_at_every_level_of_the_band_and_never_waits_for_it():
    scores = [compose(seed, seconds=30, style="a cappella") for seed in range(40)]
    assert all(not score.introduction and score.notes[0].start < 3 for score in scores)
    answering = next(score for score in scores if score.arrangement.answers)
    loud, none = (render(answering, band_gain=gain, sample_rate=8000) for gain in (2.0, 0.0))
    np.testing.assert_array_equal(loud.audio, none.audio)
    other = next(s for s in (compose(k, seconds=30) for k in range(40)) if s.introduction)
    silent = render(replace(other, style=STYLES["a cappella"]), sample_rate=8000)
    assert not silent.band.any()  # even where a score brings an introduction with it


def test_a_voice_alone_sings_any_metre_and_keeps_its_style():
    alone = STYLES["a cappella"]
    assert alone.fits(3) and alone.fits(4) and alone.manner == PLAIN_MANNER
    assert not STYLES["waltz"].fits(4) and STYLES["waltz"].fits(3)
    waltzes = Repertoire(("Otto Dark",), ("a cappella", "march"), WALTZES, old_song_share=1.0)
    drawn = [compose(seed, seconds=12, repertoire=waltzes) for seed in range(60)]
    assert {score.style.name for score in drawn} == {"a cappella"}  # a march cannot be a waltz
    assert {score.bars[1].beats for score in drawn} == {3} and len({s.title for s in drawn}) > 3
    wished = replace(waltzes, styles=("march",))
    asked = [compose(k, seconds=12, style="a cappella", repertoire=wished) for k in range(20)]
    assert {s.style.name for s in asked} == {"a cappella"} and "New words" not in {
        s.title for s in asked
    }
    only = replace(TINY_1, styles=("a cappella",), old_song_share=1.0)
    both = [compose(seed, seconds=12, repertoire=only) for seed in range(60)]
    assert {score.style.name for score in both} == {"a cappella"}
    assert {OLD_SONGS[name].beats_per_bar for name in _names(both)} == {3, 4}


def _names(scores):
    titles = {score.title for score in scores}
    return [name for name, old in OLD_SONGS.items() if old.title in titles]


def test_a_style_named_three_times_is_drawn_three_times_as_often():
    new = replace(TINY_1, old_songs=())  # an old song may change the style that was drawn
    counts = Counter(compose(s, seconds=5, repertoire=new).style.name for s in range(1600))
    assert set(counts) == set(TINY_1.styles)
    for style, count in counts.items():
        expected = 600 if style == "a cappella" else 200
        assert abs(count - expected) < 4 * np.sqrt(expected), style  # four standard deviations


def test_a_repeated_style_stays_as_frequent_where_the_metre_draws_again():
    songs = Repertoire(
        ("Otto Dark",), ("march", "waltz", "waltz", "waltz", "lullaby"), WALTZES, old_song_share=1.0
    )
    counts = Counter(compose(s, seconds=5, repertoire=songs).style.name for s in range(400))
    assert set(counts) == {"waltz", "lullaby"} and 2 < counts["waltz"] / counts["lullaby"] < 4.5


def test_each_voice_keeps_to_its_own_two_keys(scores):
    keys = {name: set() for name in TINY_1.voices}
    for score in scores:
        keys[score.voice.name].add(score.key % 12)
    for name, classes in keys.items():
        assert classes == own_classes(VOICES[name]) == set(VOICES[name].own_keys)
        first, second = ({(key + step) % 12 for step in MAJOR} for key in classes)
        assert len(first & second) == 6


def test_new_tunes_use_the_notes_of_the_own_scales_within_the_range(scores):
    new = [score for score in scores if score.title == "New words"]
    assert len(new) >= 200
    for score in new:
        assert {(note.midi - score.key) % 12 for note in score.notes} <= MAJOR
        assert all(score.voice.low_midi <= n.midi <= score.voice.high_midi for n in score.notes)


def test_old_songs_leave_the_range_only_as_far_as_the_own_keys_make_them():
    old_songs = replace(TINY_1, old_song_share=1.0)
    for seed in range(150):
        score = compose(seed, seconds=12, repertoire=old_songs)
        low, high = score.voice.low_midi, score.voice.high_midi
        heights = [note.midi for note in score.notes]
        out = max(low - min(heights), max(heights) - high, 0)
        for key in range(score.key - 12, score.key + 13):  # no other own key does better
            moved = [height + key - score.key for height in heights]
            if key % 12 in score.voice.own_keys:
                assert max(low - min(moved), max(moved) - high, 0) >= out
        assert score.key % 12 in score.voice.own_keys


def test_own_keys_change_the_key_and_nothing_else():
    for seed in range(60):
        ours = compose(seed, seconds=12, repertoire=TINY_1)
        free = compose(seed, seconds=12, repertoire=replace(TINY_1, own_keys=False))
        shift = ours.key - free.key
        assert ours.lyrics == free.lyrics and ours.words == free.words and ours.bpm == free.bpm
        assert [(n.midi - shift, n.start, n.end) for n in ours.notes] == [
            (n.midi, n.start, n.end) for n in free.notes
        ]


def test_a_text_of_ones_own_is_sung_in_the_own_keys_too():
    for seed, voice in enumerate(VOICES.values()):
        score = compose(seed, voice=voice.name, lyrics="we sing a song", repertoire=TINY_1)
        assert score.key % 12 in own_classes(voice)


@pytest.mark.parametrize("share", [0.0, 0.15, 1.0])
def test_the_share_of_old_songs_is_what_the_repertoire_says(share):
    drawn = replace(TINY_1, old_song_share=share)
    found = [compose(s, seconds=5, repertoire=drawn).title != "New words" for s in range(600)]
    assert abs(np.mean(found) - share) <= 4 * np.sqrt(share * (1 - share) / 600)


def test_arrangement_and_manner_are_switched_apart(scores):
    assert all(score.arrangement == PLAIN for score in scores)
    assert all(score.style == STYLES[score.style.name] for score in scores)
    assert any(score.style.manner.ornament for score in scores)
    for seed in range(40):
        base = compose(seed, seconds=12)
        plain = compose(seed, seconds=12, repertoire=replace(EVERYTHING, manners=False))
        same = compose(seed, seconds=12, repertoire=replace(EVERYTHING, varied=False))
        assert base.arrangement == plain.arrangement != PLAIN == same.arrangement
        assert plain.style == base.style.plain() and same.style == base.style


def test_the_tiny_repertoires_differ_only_as_they_say():
    assert TINY_1.voices == TINY_0.voices and TINY_1.old_songs == TINY_0.old_songs
    assert set(TINY_1.styles) - set(TINY_0.styles) == {"a cappella"}
    assert (TINY_0.varied, TINY_0.manners, TINY_0.own_keys, TINY_0.old_song_share) == (
        False,
        False,
        False,
        0.3,
    )
    assert EVERYTHING == Repertoire(tuple(VOICES), tuple(STYLES), tuple(OLD_SONGS.values()))


def test_the_same_seed_draws_the_same_song(scores):
    for seed in range(0, 400, 23):
        assert compose(seed, seconds=12, repertoire=TINY_1) == scores[seed]
    new = [score.lyrics for score in scores if score.title == "New words"]
    assert len(set(new)) == len(new)


def test_a_model_gets_its_tiny_repertoire_whatever_the_order():
    names = sorted(set(TINY_1.styles))
    assert repertoire_of(["unknown", *TINY_1.voices[::-1]], ["unknown", *names]) is TINY_1
    assert repertoire_of(TINY_1.voices, TINY_1.styles) is TINY_1
    assert repertoire_of(TINY_0.voices[::-1], TINY_0.styles[::-1]) is TINY_0
    assert repertoire_of(TINY_1.voices[1:], names) not in (TINY_0, TINY_1)
    wider = repertoire_of(TINY_1.voices, [*names, "reel"])
    assert wider.old_songs == EVERYTHING.old_songs and not wider.own_keys
    assert sorted(wider.styles) == sorted([*names, "reel"])


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ConfigError, match="from 0 to 1"):
        replace(TINY_1, old_song_share=share)


@pytest.mark.parametrize(
    "change",
    [
        {"varied": True},
        {"manners": False},
        {"own_keys": False},
        {"old_song_share": 0.2},
        {"styles": ("a cappella", *TINY_1.styles)},
    ],
)
def test_prepared_songs_of_another_repertoire_are_told_apart(change):
    prints = []
    for repertoire in (TINY_1, replace(TINY_1, **change), TINY_0):
        source = SongbookSource(range(1), seconds=(6.0, 6.0), repertoire=repertoire)
        prints.append(source.fingerprint(source.records()[0]))
    assert all(a != b for a, b in zip(prints, prints[1:] + prints[:1], strict=True))
