"""Labels of windows and of songs."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu.config import LabelConfig, LyricConfig, PriorConfig, TransformerConfig
from jukebox_edu.errors import ConfigError, LyricsError, ShapeError
from jukebox_edu.labels import (
    Labels,
    LabelVocabularies,
    SongLabels,
    UnknownNameWarning,
    Vocabulary,
    clean,
    detokenize,
)

RATE, N_CTX, HOP = 1000, 64, 8  # samples per second, codes, samples per code of the top level
WINDOW = N_CTX * HOP
TOP = LabelConfig(
    version="tiny", n_artists=4, n_genres=3, min_duration=1.0, max_duration=60.0, max_genres=1
)
LOW = LabelConfig(version="v2", n_artists=5, n_genres=5, max_genres=3, timing=False)
LISTS = (
    LabelVocabularies(
        Vocabulary(("unknown", "low_voice", "bright_voice"), (0, 1, 4), "v2"),
        Vocabulary(("unknown", "folk", "rock"), (0, 1, 2), "v2", "genre"),
    ),
    LabelVocabularies(
        Vocabulary.from_names(["unknown", "Nobody Else", "Bright Voice"]),
        Vocabulary.from_names(["unknown", "Folk Rock", "Folk"], kind="genre"),
    ),
)


def prior(level: int, labels: LabelConfig | None, n_tokens: int = 0) -> PriorConfig:
    return PriorConfig(
        level=level,
        n_ctx=N_CTX,
        codebook_size=16,
        hop_length=HOP if level else 2,
        sample_rate=RATE,
        transformer=TransformerConfig(width=8, depth=1, m_attn=1.0),
        labels=labels,
        lyrics=LyricConfig(n_tokens) if n_tokens else None,
    )


PRIORS = (prior(0, LOW), prior(1, TOP, n_tokens=16))


def create(**changes) -> SongLabels:
    told = {
        "lyrics": "Row, row, row your boat, gently down the stream",
        "artist": "bright voice",
        "genre": "Folk Rock",
        "total_length": 10 * RATE,
        "priors": PRIORS,
        "vocabularies": LISTS,
    }
    return SongLabels.create(**{**told, **changes})


@given(
    batch=st.integers(1, 4),
    genres=st.integers(1, 5),
    n_tokens=st.integers(0, 6),
    seed=st.integers(0, 99),
)
def test_vectors_and_labels_are_inverse(batch, genres, n_tokens, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 4 + genres + n_tokens)
    vector = torch.randint(-1, 10**9, shape, generator=generator)
    labels = Labels.from_vector(vector, genres)
    assert torch.equal(labels.to_vector(), vector)
    assert (labels.batch, labels.n_genres, labels.n_tokens) == (batch, genres, n_tokens)


def test_batches_can_be_selected_repeated_and_moved():
    vector = torch.arange(3 * 7).reshape(3, 7)
    labels = Labels.from_vector(vector, 1)
    assert torch.equal(labels.select([2, 0]).to_vector(), vector[[2, 0]])
    assert torch.equal(labels.select(slice(1, None)).to_vector(), vector[1:])
    assert torch.equal(labels.repeat(2).to_vector(), vector.repeat(2, 1))
    assert labels.to("meta").artist.device.type == "meta"


def test_labels_refuse_wrong_tensors():
    with pytest.raises(ShapeError, match=r"vector.shape=\(2, 5\): must be \(batch, 6 or more\)"):
        Labels.from_vector(torch.zeros(2, 5, dtype=torch.long), 2)
    with pytest.raises(ShapeError, match=r"must be a tensor of dtype int64"):
        Labels.from_vector(torch.zeros(2, 9), 2)
    good = Labels.from_vector(torch.zeros(2, 9, dtype=torch.long), 2)
    with pytest.raises(ShapeError, match=r"genres.shape=\(1, 2\): must be \(2, n\)"):
        dataclasses.replace(good, genres=good.genres[:1])


def test_one_name_maps_to_the_ids_of_every_level():
    song = create(n_samples=2)
    low, top = song.window(0, 0), song.window(0, 1)
    assert low.artist.tolist() == [4, 4]
    assert top.artist.tolist() == [2, 2]
    assert low.genres.tolist() == [[1, 2, -1]] * 2
    assert top.genres.tolist() == [[1]] * 2
    assert low.lyric_tokens.shape == (2, 0)
    assert top.lyric_tokens.shape == (2, 16)
    assert low.window_length.tolist() == [N_CTX * 2] * 2
    assert top.window_length.tolist() == [WINDOW] * 2


@given(text=st.text(max_size=60), start=st.integers(0, 1100), n_tokens=st.sampled_from([2, 16, 40]))
def test_indices_map_tokens_to_the_text(text, start, n_tokens):
    song = create(lyrics=text, priors=(PRIORS[0], prior(1, TOP, n_tokens)))
    cleaned = clean(text, "tiny")
    tokens = song.window(start, 1).lyric_tokens[0]
    indices = song.lyric_indices(start, 1)[0]
    assert torch.equal(tokens == 0, indices == -1)
    read = "".join(cleaned[k] for k in indices if k >= 0)
    assert detokenize(tokens.tolist(), "tiny") == read
    assert len(read) == min(n_tokens, len(cleaned))


def test_windows_move_in_time_and_through_the_words():
    song = create(offset=100)
    windows = [song.window(start, 1) for start in (0, 50, 1000)]
    assert [int(w.offset) for w in windows] == [100, 100 + 50 * HOP, 100 + 1000 * HOP]
    assert {int(w.total_length) for w in windows} == {10 * RATE}
    first = [int(song.lyric_indices(start, 1)[0, 0]) for start in range(0, 1200, 100)]
    assert first == sorted(first)
    assert first[0] == 0 and first[-1] == len(song.lyrics[0]) - 16


def test_true_times_move_the_window():
    text = "a" * 40 + "b" * 40  # sung: a in the first second, b from the ninth on
    begins = np.concatenate([np.linspace(0, 0.9, 40), np.linspace(9, 9.9, 40)])
    timings = np.stack([begins, begins + 0.02], axis=1)
    guessed, timed = create(lyrics=text), create(lyrics=text, timings=timings)
    middle_start = (5 * RATE - WINDOW // 2) // HOP
    assert int(guessed.lyric_indices(middle_start, 1)[0, 8]) == 40
    assert int(timed.lyric_indices(middle_start, 1)[0, 8]) == 39  # the last one begun
    for start in range(0, 1150, 60):
        seconds = (start * HOP + WINDOW / 2) / RATE
        sung = max(int((begins <= seconds).sum()) - 1, 0)
        center = int(timed.lyric_indices(start, 1)[0, 8])
        assert center == min(max(sung, 8), 80 - 8)


def test_times_follow_the_letters_through_cleaning():
    times = [(float(k), k + 0.5) for k in range(4)]
    song = create(lyrics="é#ßa", timings=times)
    assert song.levels[1].lyrics == ("essa",)
    assert song.levels[1].starts == ((0.0, 2.0, 2.0, 3.0),)
    assert song.timings == (tuple(times),)


def test_each_song_may_have_its_own_words_and_times():
    song = create(lyrics=["la", "do re"], artist=["low voice", "Bright Voice"],
                  strict=False, timings=[None, [(k, k + 1) for k in range(5)]],
                  priors=PRIORS[:1], vocabularies=LISTS[:1])  # fmt: skip
    assert song.batch == 2
    assert song.window(3, 0).artist.tolist() == [1, 4]
    assert song.levels[0].starts[0] is None
    kept = song.select([1, 1])
    assert kept.lyrics == ("do re", "do re")
    assert torch.equal(kept.window(3, 0).to_vector(), song.window(3, 0).select([1, 1]).to_vector())


def test_no_names_means_the_first_that_every_level_knows():
    song = create(artist=None, genre=None)
    assert song.artist == ("Bright Voice",)  # "Nobody Else" comes first but level 0 has no such
    assert song.genre == ("Folk Rock",)
    assert song.defaults == ("artist", "genre")
    assert create().defaults == ()
    alone = create(artist=None, priors=[prior(0, TOP)], vocabularies=LISTS[1:])
    assert alone.artist == ("Nobody Else",)


def test_unknown_names_warn_once_and_can_be_refused():
    with pytest.warns(UnknownNameWarning, match=r"'nobody else' is not among .* v2 list") as seen:
        song = create(artist="nobody else", n_samples=3)
    assert len(seen) == 1
    assert song.window(0, 1).artist.tolist() == [1, 1, 1]
    assert song.window(0, 0).artist.tolist() == [0, 0, 0]
    with pytest.raises(LyricsError, match=r"Nearest names: 'Bright Voice'"):
        create(artist="brigt voice", strict=True)


def test_priors_without_labels_get_none():
    song = create(priors=(prior(0, None), PRIORS[1]), vocabularies=(None, LISTS[1]))
    assert song.window(0, 0) is None
    assert song.lyric_indices(0, 0) is None
    assert "told nothing" in song.preview(0)
    assert song.window(0, 1).batch == 1


def test_json_round_trip():
    lyrics = "Où\\va? 🎵"
    times = [(float(k), k + 0.5) for k in range(len(lyrics))]
    for song in (create(lyrics=lyrics, timings=times, n_samples=2, offset=7), create(artist=None)):
        again = SongLabels.from_json(json.loads(json.dumps(song.to_json())))
        assert again == song
        for level in (0, 1):
            same = torch.equal(
                again.window(5, level).to_vector(), song.window(5, level).to_vector()
            )
            assert same


def test_preview_shows_what_a_level_is_told():
    song = create(lyrics="Él canta #1")
    top, low = song.preview(1).splitlines(), song.preview(0).splitlines()
    assert top == [
        "Level 1 (tiny names)",
        "artist: 'bright voice' -> 'Bright Voice', id 2",
        "genre: 'Folk Rock' -> 'Folk Rock', id 1",
        "time: first window 0.00 to 0.51 s of a song of 10.00 s",
        "lyrics: 10 characters, placed by an even spread. "
        "Cleaning replaced 'É' by 'E'; removed 1 character ('#').",
        "first window reads 10 of 16 characters: 'El canta 1'",
    ]
    assert low[2] == "genre: 'Folk Rock' -> 'folk + rock', id 1, 2"
    assert low[3:] == ["time: not told", "lyrics: not read at this level"]


def test_ten_thousand_characters():
    song = create(lyrics="la " * 3333 + "é")
    assert len(song.levels[1].tokens[0]) == 10_000
    assert int(song.lyric_indices(1100, 1)[0, -1]) < 10_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_length": 999}, r"total_length=999: must be from 1 to below 60 seconds"),
        ({"total_length": 60_000}, r"total_length=60000: .*state another total duration"),
        ({"total_length": 0}, r"total_length=0: must be a whole number of samples from 1"),
        ({"total_length": 2000.5}, r"total_length=2000.5: must be a whole number"),
        ({"offset": -1}, r"offset=-1: must be a whole number of samples from 0"),
        ({"lyrics": None}, r"lyrics=None: must be a text"),
        ({"lyrics": 5}, r"lyrics=5: must be a text"),
        ({"lyrics": "x" * 20_001}, r"20,001 characters: must be at most 20,000"),
        ({"lyrics": ["a", "b"], "n_samples": 3}, r"len\(lyrics\)=2: must be one for all or as"),
        ({"artist": 7}, r"artist=7: must be a text"),
        ({"genre": "folk rock folk rock"}, r"genre='folk rock folk rock': must be at most 3 words"),
        ({"timings": [(0.0, 1.0)]}, r"timings.shape=\(1, 2\): must be seconds of shape \(47, 2\)"),
        ({"lyrics": "ab", "timings": [(1, 2), (0, 1)]}, r"no character may begin before"),
        ({"lyrics": "a", "timings": [(float("nan"), 1)]}, r"timings: must be finite"),
        ({"timings": [None, None]}, r"len\(timings\)=2: must be 1, one per sample"),
    ],
)  # fmt: skip
def test_mistakes_in_songs_are_explained(changes, message):
    with pytest.raises(LyricsError, match=message):
        create(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_samples": 0}, r"n_samples=0: must be a whole number from 1"),
        ({"vocabularies": LISTS[:1]}, r"len\(vocabularies\)=1: must be 2"),
        ({"vocabularies": (LISTS[0], None)}, r"vocabularies\[1\]=None: must be LabelVocabularies"),
        ({"vocabularies": LISTS[::-1]}, r"vocabularies\[0\].artists.version='tiny': must be 'v2'"),
        (
            {"priors": (PRIORS[0], prior(1, dataclasses.replace(TOP, n_artists=2)))},
            r"vocabularies\[1\].artists.n_ids=3: must be at most 2",
        ),
    ],
)
def test_models_and_lists_must_fit(changes, message):
    with pytest.raises(ConfigError, match=message):
        create(**changes)


def test_lyric_vocabulary_must_fit():
    small = dataclasses.replace(PRIORS[1], lyrics=LyricConfig(16, vocab_size=78))
    with pytest.raises(ConfigError, match=r"lyrics.vocab_size=78: must be at least 79"):
        create(priors=(PRIORS[0], small))


def test_windows_outside_of_the_song_are_refused():
    song = create(total_length=59_900)
    last = (59_900 - 1) // HOP
    with pytest.raises(LyricsError, match=r"end of window='60.4.* at most 60 s"):
        song.window(last, 1)
    song.window((60_000 - WINDOW) // HOP, 1)
    with pytest.raises(LyricsError, match=r"after the end of the song"):
        create().window(10 * RATE // HOP, 1)
    with pytest.raises(LyricsError, match=r"start=-1"):
        song.window(-1, 1)
    with pytest.raises(ConfigError, match=r"level=2: must be from 0 to 1"):
        song.window(0, 2)


def test_limits_are_those_of_float32():
    """One sample below ten minutes at 44.1 kHz rounds up to the forbidden ten minutes."""
    config = LabelConfig(version="tiny", n_artists=4, n_genres=3)
    told = {"priors": [dataclasses.replace(prior(0, config), sample_rate=44100)]}
    told["vocabularies"] = LISTS[1:]
    with pytest.raises(LyricsError, match=r"below 600 seconds"):
        create(total_length=26_459_999, **told)
    assert create(total_length=26_459_990, **told).total_length == 26_459_990
