"""Laws of variety: tempo, key, start, pauses, introductions and arrangement differ, labels hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.samples import data_samples
from jukebox_edu.songbook import (
    EVERYTHING,
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
from jukebox_edu.songbook.swing import swing_beat

SEEDS = range(60)
BANDS = [name for name, style in STYLES.items() if not style.alone]


def rms(audio, start, end, sample_rate=8000):
    piece = audio[round(start * sample_rate) : round(end * sample_rate)].astype(np.float64)
    return np.sqrt((piece**2).mean())


def test_there_are_voices_and_styles_enough():
    assert len(VOICES) >= 6 and len(STYLES) >= 6
    assert len({(v.speaker, v.tract_scale) for v in VOICES.values()}) == len(VOICES)
    assert len({(s.beats_per_bar, s.bpm, s.lead, s.manner) for s in STYLES.values()}) == len(STYLES)


def test_songs_last_twenty_to_sixty_seconds():
    lengths = [compose(seed).seconds for seed in SEEDS]
    assert 12 < min(lengths) and max(lengths) <= 60 and max(lengths) > 45
    assert np.mean([20 <= length for length in lengths]) > 0.8  # a song ends with a whole line


@pytest.mark.parametrize("style", list(STYLES))
def test_tempo_and_start_vary_around_the_style(style):
    scores = [compose(seed, seconds=8, style=style, lyrics="we sing a song") for seed in SEEDS]
    share = np.array([score.bpm / STYLES[style].bpm for score in scores])
    assert 0.88 <= share.min() < 0.92 and 1.04 < share.max() <= 1.12
    starts = [score.notes[0].start for score in scores]
    assert min(starts) < 0.35 and max(starts) > 0.85


@pytest.mark.parametrize("voice", list(VOICES))
def test_the_key_varies_within_the_voice(voice):
    singer = VOICES[voice]
    scores = [compose(seed, seconds=8, voice=voice, lyrics="we sing a song") for seed in SEEDS]
    assert len({score.key for score in scores}) >= 4
    for score in scores:
        assert all(singer.low_midi <= n.midi <= singer.high_midi for n in score.notes)


def find_pauses(score):
    bars = zip(score.bars, score.bars[1:], strict=False)
    return [(a.end, b.start) for a, b in bars if b.start - a.end > 0.9 * 60 / score.bpm]


def test_some_songs_pause_between_lines_and_the_pause_is_labelled():
    scores = [compose(s, seconds=16, style="folk", lyrics="we sing\nthe sun") for s in SEEDS]
    share = np.mean([bool(find_pauses(score)) for score in scores])
    assert 0.15 < share < 0.5
    seed = next(s.seed for s in scores if find_pauses(s) and s.arrangement.answers)
    song = make_song(seed, seconds=16, style="folk", lyrics="we sing\nthe sun", stems=True)
    voice, band = song.stems.voice, song.stems.band
    for start, end in find_pauses(scores[seed]):
        silent = [p for p in song.phones if p.phone == "SIL" and p.start <= start < p.end]
        assert silent and silent[0].end > end - 0.3  # only the next consonants reach into it
        assert rms(voice, start + 0.05, silent[0].end - 0.05, 16000) < 1e-3
        assert rms(band, start, end, 16000) > 0.005  # the lead instrument answers


def test_an_introduction_is_played_and_labelled():
    long = [compose(seed, seconds=30, style="march") for seed in SEEDS]
    share = np.mean([bool(score.introduction) for score in long])
    assert 0.4 < share < 0.8
    seed = next(score.seed for score in long if score.introduction)
    song = make_song(seed, seconds=30, style="march", sample_rate=8000, stems=True)
    assert song.introduction and song.phones[0].phone == "SIL"
    first = song.phones[0].end
    assert first > 2 and all(note.end <= first + 0.5 for note in song.introduction)
    assert rms(song.stems.voice, 0, first - 0.1) < 1e-3 * rms(song.stems.voice, first, first + 3)
    assert rms(song.stems.band, 0.9, first) > 0.3 * rms(song.stems.band, first, first + 3)


def test_an_arrangement_changes_the_band_and_nothing_else():
    score = compose(5, seconds=8, voice="Rosa Reed", style="reel")
    assert score.arrangement != PLAIN
    ours, plain = (render(s, sample_rate=8000) for s in (score, replace(score, arrangement=PLAIN)))
    share = np.abs(plain.voice).max() / np.abs(ours.voice).max()  # the common limiter
    np.testing.assert_allclose(ours.voice * share, plain.voice, atol=1e-5)
    assert np.abs(ours.band - plain.band).max() > 0.01
    assert len({compose(seed, seconds=8).arrangement for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("style", BANDS)
def test_every_style_but_one_has_its_own_band(style):
    assert set(STYLES) - set(BANDS) == {"a cappella"}
    score = compose(5, seconds=8, voice="Teo Bright", style="folk", lyrics="we sing a song")
    ours = render(replace(score, style=STYLES[style]), sample_rate=8000).band
    assert np.isfinite(ours).all() and rms(ours, 1, 5) > 0.005
    for name in BANDS:
        if name != style:
            theirs = render(replace(score, style=STYLES[name]), sample_rate=8000).band
            assert np.corrcoef(ours, theirs)[0, 1] < 0.9


def test_swing_delays_half_beats_and_keeps_beats():
    score = compose(1, style="blues", song="friend", voice="Otto Dark", seconds=15)
    beat = 60 / score.bpm
    bar = next(bar for bar in score.bars if bar.end - bar.start < 4.1 * beat)
    places = [(n.start - bar.start) / beat for n in score.notes if bar.start <= n.start < bar.end]
    assert {round(place % 1, 3) for place in places} <= {0.0, 0.67}
    assert swing_beat(3.0, 0.67) == 3 and swing_beat(3.5, 0.67) == pytest.approx(3.67)
    assert swing_beat(-0.5, 0.67) == pytest.approx(-0.33) and swing_beat(2.25, 0.5) == 2.25


def test_dotted_and_blue_tunes():
    text = "we sing a song and dance all night"
    lengths = [n.end - n.start for n in compose(2, style="habanera", lyrics=text).notes]
    assert max(lengths[:2]) == pytest.approx(3 * min(lengths[:2]))
    blue = [
        (n.midi - score.key) % 12
        for score in (compose(s, style="blues", lyrics=text) for s in range(20))
        for n in score.notes
    ]
    assert {3, 10} <= set(blue)


def test_the_repertoire_bounds_what_is_drawn():
    scores = [compose(seed, seconds=8, repertoire=TINY_0) for seed in range(100)]
    assert {score.voice.name for score in scores} == set(TINY_0.voices)
    assert {score.style.name for score in scores} == set(TINY_0.styles)
    assert all(score.arrangement == PLAIN and not score.style.manner.ornament for score in scores)
    titles = {old.title for old in TINY_0.old_songs} | {"New words"}
    assert {score.title for score in scores} <= titles
    wide = [compose(seed, seconds=8) for seed in range(100)]
    assert {score.voice.name for score in wide} == set(VOICES)
    assert {score.style.name for score in wide} == set(STYLES)
    few = Repertoire(("Bruno Deep",), ("reel", "waltz"), ())
    assert {compose(seed, seconds=8, repertoire=few).title for seed in SEEDS} == {"New words"}


def test_a_model_gets_the_songs_it_knows():
    assert repertoire_of(["unknown", *TINY_0.voices], ["unknown", *TINY_0.styles]) == TINY_0
    assert repertoire_of(VOICES, STYLES) == EVERYTHING
    assert repertoire_of(["Vera Clear"], ["blues"]).voices == ("Vera Clear",)
    assert repertoire_of(["Elvis"], ["folk"]).voices == EVERYTHING.voices
    with pytest.raises(ConfigError, match="at least one of"):
        Repertoire((), ("folk",), ())
    with pytest.raises(ConfigError, match="polka"):
        Repertoire(("Vera Clear",), ("polka",), ())
    with pytest.raises(ConfigError, match="Give a Repertoire"):
        compose(0, repertoire="tiny-0")


def test_the_bundled_songs_can_be_made_again():
    samples = data_samples()
    drawn_from = repertoire_of([s.artist for s in samples], [s.genre for s in samples])
    assert drawn_from in (TINY_0, TINY_1) and len(samples) >= 4 * len(drawn_from.voices)
    for sample in samples:
        score = compose(
            sample.seed, seconds=10, voice=sample.artist, style=sample.genre, repertoire=drawn_from
        )
        assert score.lyrics == sample.lyrics and abs(score.seconds - sample.seconds) < 1e-3
        ours = np.array([(n.midi, n.start, n.end) for n in score.notes])
        theirs = np.array([(n.midi, n.start, n.end) for n in sample.notes])
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
