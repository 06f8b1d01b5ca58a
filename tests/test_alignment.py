"""Alignment: golden weights, the path through them, times, words, files, errors."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from jukebox_edu import alignment
from jukebox_edu.alignment import Alignment, align, find_head, merge_windows, monotone_path
from jukebox_edu.checkpoints import load_openai_prior
from jukebox_edu.errors import ConfigError, LyricsError, RunError, ShapeError
from jukebox_edu.labels import LevelLabels, SongLabels
from jukebox_edu.prior.prior import Prior

MODELS = ("prior_tiny_sepencdec", "prior_tiny_singleencdec")
RUNS = ("long", "exact", "short", "long_short_lyrics")


def golden_prior(golden, name: str) -> Prior:
    case = golden(name)
    config = case.manifest["config"]
    codec = {key: config["vqvae"][key] for key in ("downs_t", "strides_t")}
    hps = {**config["hps"], **codec, "l_bins": config["l_bins"]}
    return load_openai_prior(case.folder / "prior.pth.tar", hps)


def song_labels(prior: Prior, recorded: dict) -> SongLabels:
    """Labels of the golden batch; its ids belong to no list of names."""
    config, infos = prior.config, recorded["info"]
    y = np.array(recorded["y"])
    level = LevelLabels(
        level=config.level,
        n_ctx=config.n_ctx,
        hop_length=config.hop_length,
        sample_rate=config.sample_rate,
        n_tokens=config.lyrics.n_tokens,
        config=config.labels,
        artist_ids=tuple(y[:, 3].tolist()),
        artist_names=tuple(info["artist"] for info in infos),
        genre_ids=tuple(map(tuple, y[:, 4 : 4 + config.labels.max_genres].tolist())),
        genre_names=tuple(info["genre"] for info in infos),
        lyrics=tuple(info["lyrics"] for info in infos),
        starts=(None,) * len(infos),
    )
    assert [list(tokens) for tokens in level.tokens] == [info["full_tokens"] for info in infos]
    return SongLabels(
        artist=level.artist_names,
        genre=level.genre_names,
        lyrics=level.lyrics,
        total_length=int(y[0, 0]),
        offset=int(y[0, 1]),
        levels=(*[None] * config.level, level),
        timings=level.starts,
    )


@pytest.fixture
def golden_song(golden):
    """Return `golden_song(model, run)`: prior, codes, labels and the run's settings."""

    def build(model, run):
        case, prior = golden("alignment"), golden_prior(golden, model)
        settings = case.manifest["config"][model][run]
        labels = song_labels(prior, case.manifest["labels"][model][settings["label_variant"]])
        return prior, case.tensor(f"{model}__{run}__z"), labels, settings

    return build


# ---- reading the weights -------------------------------------------------------------------


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("model", MODELS)
def test_golden_weights(golden, golden_song, model, run):
    prior, codes, labels, settings = golden_song(model, run)
    found = align(prior, codes, labels, hop_fraction=settings["hop_fraction"])
    assert (found.layer, found.head) == (settings["alignment_layer"], settings["alignment_head"])
    assert found.hop_seconds == 128 / 44100
    for item, weights in enumerate(found.weights):
        expected = golden("alignment").arrays[f"{model}__{run}__align{item}"]
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-4)


def test_padding_codes_and_other_items_do_not_matter(golden_song):
    prior, codes, labels, _ = golden_song(MODELS[0], "short")
    both = align(prior, codes, labels)
    second = align(prior, codes[1:], labels.select([1]))
    np.testing.assert_allclose(both.weights[1], second.weights[0], atol=1e-6)
    assert second.lyrics == both.lyrics[1:]


def test_merging_believes_earlier_windows_and_drops_padding():
    later = (2, np.array([1, 2]), np.full((3, 2), 0.5))
    earlier = (0, np.array([-1, 1]), np.full((3, 2), 0.25))
    merged = merge_windows([later, earlier], 5, 4)
    expected = np.zeros((5, 4))
    expected[2:, 1:3] = 0.5
    expected[:3, 1] = 0.25  # of frame 2 the earlier window overwrites character 1, not 2
    np.testing.assert_array_equal(merged, expected)


# ---- the path ------------------------------------------------------------------------------


def staircase(frames_per_char: int, n_chars: int, noise: float, seed: int = 0) -> np.ndarray:
    """Weights of a singer who gives every character the same time."""
    frames = frames_per_char * n_chars
    weights = np.random.default_rng(seed).random((frames, n_chars)) * noise
    weights[np.arange(frames), np.arange(frames) // frames_per_char] += 1
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def brute_force(weights: np.ndarray) -> float:
    """Largest sum over all paths that never go back."""
    best = weights[0].astype(float)
    for row in weights[1:]:
        best = np.array([best[: c + 1].max() for c in range(len(row))]) + row
    return float(best.max())


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (7, 1), (9, 5), (5, 9), (40, 12)], ids=str)
def test_path_is_monotone_and_the_best(shape):
    for seed in range(5):
        weights = np.random.default_rng(seed).random(shape).round(1)  # with ties
        path = monotone_path(weights)
        assert path.shape == (shape[0],)
        assert (np.diff(path) >= 0).all()
        found = weights[np.arange(shape[0]), path].sum()
        assert found == pytest.approx(brute_force(weights))


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
def test_path_climbs_a_noisy_staircase(noise):
    weights = staircase(6, 40, noise)
    path = monotone_path(weights)
    off = np.abs(path - np.arange(240) // 6)
    assert off.max() <= 1
    assert off.mean() < 0.05


def test_silence_does_not_count():
    weights = np.zeros((9, 3))
    weights[2, 0] = weights[6, 1] = 1
    path = monotone_path(weights)
    assert (path[2], path[6], path[8]) == (0, 1, 1)
    times = song(weights, "abc", hop=1.0).character_times()
    np.testing.assert_array_equal(times, [[2, 3], [6, 7], [7, 7]])


# ---- times ---------------------------------------------------------------------------------


def song(weights: np.ndarray, lyrics: str, hop: float = 0.5) -> Alignment:
    return Alignment((weights.astype(np.float32),), hop, (lyrics,), layer=3, head=1)


def test_times_of_a_staircase():
    found = song(staircase(4, 6, 0.0), "ab cd\n")
    expected = [[2.0 * k, 2.0 * k + 2] for k in range(6)]
    np.testing.assert_allclose(found.character_times(), expected)
    words = found.word_times()
    assert [(w.text, w.start, w.end) for w in words] == [("ab", 0, 4), ("cd", 6, 10)]
    assert [found.lyrics[0][w.first_char : w.last_char_end] for w in words] == ["ab", "cd"]
    assert found.confidence() == pytest.approx(1)
    assert found.monotonicity() == 1


def test_silence_is_cut_off_and_unseen_characters_are_interpolated():
    weights = np.zeros((20, 7))
    weights[4:6, 1] = 1  # "b" from frame 4 to 6
    weights[5:7, 5] = 0.05  # next to nothing: before "f" is heard
    weights[12:16, 5] = 1  # "f" from 12 to 16
    times = song(weights, "abcdefg", hop=1.0).character_times()
    expected = [[4, 4], [4, 6], [6, 8], [8, 10], [10, 12], [12, 16], [16, 16]]
    np.testing.assert_allclose(times, expected)


@pytest.mark.parametrize("seed", range(6))
def test_times_never_go_back(seed):
    random = np.random.default_rng(seed)
    n_chars = int(random.integers(1, 30))
    weights = random.random((25, n_chars)) ** 8 * (random.random(n_chars) > 0.4)
    times = song(weights, "x" * n_chars).character_times()
    assert times.shape == (n_chars, 2)
    assert np.isfinite(times).all()
    assert (np.diff(times.ravel()) >= 0).all()  # start, end, start, end, ...
    assert times.min() >= 0
    assert times.max() <= 25 * 0.5


def test_confidence_and_monotonicity_tell_order_from_chaos():
    clear, noisy = song(staircase(4, 20, 0.2), "x" * 20), song(staircase(4, 20, 0.8), "x" * 20)
    chaos = np.random.default_rng(0).random((80, 20))
    chaotic = song(chaos / chaos.sum(1, keepdims=True), "x" * 20)
    assert 1 > clear.confidence() > noisy.confidence() > chaotic.confidence() > 0
    assert clear.monotonicity() == 1 > 0.75 > chaotic.monotonicity()
    backwards = song(staircase(1, 20, 0.0)[::-1], "x" * 20)
    assert backwards.monotonicity() == 0


def test_no_attention_at_all():
    found = song(np.zeros((5, 4)), "a bc")
    assert found.confidence() == 0
    np.testing.assert_array_equal(found.character_times(), np.zeros((4, 2)))
    assert found.to_lrc() == ""
    empty = song(np.zeros((5, 0)), "")
    assert empty.character_times().shape == (0, 2)
    assert empty.word_times() == ()
    assert empty.confidence() == 0


# ---- texts and files -----------------------------------------------------------------------


def test_lrc():
    lyrics = "la la\n\n  oh my \nnot reached"
    weights = np.zeros((130, len(lyrics)))
    for k in range(16):
        weights[8 * k : 8 * k + 8, k] = 1
    found = song(weights, lyrics, hop=0.99)
    first, second = 0.0, 9 * 8 * 0.99
    assert (first, second) == (0.0, 71.28)
    assert found.to_lrc() == "[00:00.00]la la\n[01:11.28]oh my\n"


def test_a_line_begins_where_its_first_seen_character_does():
    weights = np.zeros((40, 5))
    weights[0:4, 0] = weights[30:36, 4] = 1  # of the second line only the last character is seen
    assert song(weights, "a\nbcd", hop=1.0).to_lrc() == "[00:00.00]a\n[00:30.00]bcd\n"


def test_textgrid():
    weights = np.zeros((10, 5))
    weights[2:4, 0] = weights[4:5, 2] = weights[7:9, 4] = 1
    lines = song(weights, 'a b "', hop=1.0).to_textgrid().splitlines()
    assert lines[:2] == ['File type = "ooTextFile"', 'Object class = "TextGrid"']
    assert lines[3:11] == [
        "0",
        "10.0000",
        "<exists>",
        "1",
        '"IntervalTier"',
        '"words"',
        "0",
        "10.0000",
    ]
    count, rows = int(lines[11]), lines[12:]
    intervals = [(float(s), float(e), t) for s, e, t in zip(*[iter(rows)] * 3, strict=True)]
    assert len(intervals) == count
    assert [t for _, _, t in intervals] == ['""', '"a"', '"b"', '""', '""""', '""']
    ends = [e for _, e, _ in intervals]
    assert [s for s, _, _ in intervals] == [0, *ends[:-1]]  # Praat allows no gap
    assert ends[-1] == 10


def test_json_is_plain():
    found = song(staircase(4, 6, 0.3), "ab cd\n")
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (told["layer"], told["head"], told["hop_seconds"]) == (3, 1, 0.5)
    (sample,) = told["samples"]
    np.testing.assert_allclose(sample["characters"], found.character_times(), atol=1e-4)
    assert [w["text"] for w in sample["words"]] == ["ab", "cd"]


def test_npz_round_trip(tmp_path):
    lyrics = ("née ♥\n", "")
    weights = (staircase(2, 6, 0.5), np.zeros((12, 0), dtype=np.float32))
    found = Alignment(weights, 128 / 44100, lyrics, 68, 2)
    path = tmp_path / "alignment.npz"
    found.save(path)
    found.save(path)  # over itself
    assert [p.name for p in tmp_path.iterdir()] == ["alignment.npz"]
    back = Alignment.load(path)
    for name in ("hop_seconds", "lyrics", "layer", "head"):
        assert getattr(back, name) == getattr(found, name)
    for a, b in zip(back.weights, weights, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == np.float32


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "alignment.npz"
    with pytest.raises(RunError, match="path=.*must be a file written by Alignment.save.*No such"):
        Alignment.load(path)
    song(staircase(2, 3, 0.1), "abc").save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RunError, match="must be a file written by Alignment.save"):
        Alignment.load(path)
    np.savez(path, about=np.array(['{"lyrics": []}'], dtype=object))
    with pytest.raises(RunError, match="must be a file written by Alignment.save.*pickle"):
        Alignment.load(path)
    np.savez(path, about=np.array('{"format": 9, "lyrics": []}'))
    with pytest.raises(RunError, match="another format version"):
        Alignment.load(path)


def test_plot_shows_the_weights():
    figure = song(staircase(4, 6, 0.3), "ab cd\n").plot()
    assert figure.axes[0].get_xlabel() == "time (s)"


# ---- heads ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_find_head_scores_every_head_once(golden_song, model):
    prior, codes, labels, _ = golden_song(model, "long")
    scores = find_head(prior, codes, labels)
    layers = alignment.lyric_layers(prior)
    expected = {(i, h) for i in layers for h in range(prior.config.transformer.heads)}
    assert {(s.layer, s.head) for s in scores} == expected
    assert len(scores) == len(expected)
    assert [s.score for s in scores] == sorted((s.score for s in scores), reverse=True)
    for s in scores:
        assert 0 <= s.monotonicity <= 1
        assert 0 < s.coverage <= 1
        assert s.truth_mass is None


@pytest.mark.parametrize("model", MODELS)
def test_find_head_prefers_the_head_on_the_truth(golden_song, model):
    """Taking one head's own path as the truth, that head must win."""
    prior, codes, labels, _ = golden_song(model, "exact")
    layers = alignment.lyric_layers(prior)
    for place in [(layers[0], 1), (layers[-1], 0)]:
        own = align(prior, codes, labels, layer=place[0], head=place[1])
        truth = [own.character_times(i) for i in range(2)]
        best, *others = find_head(prior, codes, labels, truth)
        assert (best.layer, best.head) == place
        assert best.truth_mass == best.score > max(s.truth_mass for s in others)
    nowhere = [np.full_like(t, np.nan) for t in truth]
    assert {s.truth_mass for s in find_head(prior, codes, labels, nowhere)} == {None}


def test_truth_mass_by_hand(golden_song):
    """Characters 5 and 6 are sung in frames 10 to 19, nothing else ever."""
    prior, codes, labels, _ = golden_song(MODELS[0], "exact")
    labels = labels.select([0])
    weights = align(prior, codes[:1], labels, layer=18, head=0).weights[0]
    truth = np.full((weights.shape[1], 2), np.nan)
    truth[5] = np.array([10, 15]) * 128 / 44100
    truth[6] = np.array([15, 20]) * 128 / 44100
    found = {(s.layer, s.head): s for s in find_head(prior, codes[:1], labels, [truth])}
    near = (weights[10:15, 3:8].sum() + weights[15:20, 4:9].sum()) / 10
    assert found[18, 0].truth_mass == pytest.approx(near, rel=1e-5)


# ---- errors --------------------------------------------------------------------------------


def test_errors_of_priors(golden, golden_song):
    prior, codes, labels, _ = golden_song(MODELS[0], "exact")
    without = golden_prior(golden, "prior_tiny_nolyrics")
    for function in (align, find_head):
        with pytest.raises(ConfigError, match="without lyrics.*Use the top prior.*1b_lyrics"):
            function(without, codes, labels)
    with pytest.raises(ConfigError, match=r"layer=3: must be one of \(18, 28\).*find_head"):
        align(prior, codes, labels, layer=3)
    with pytest.raises(ConfigError, match="head=2: must be from 0 to 1.*find_head"):
        align(prior, codes, labels, head=2)
    prior.config = dataclasses.replace(prior.config, alignment_layer=None, alignment_head=None)
    with pytest.raises(ConfigError, match="layer=None: must be one of.*find_head"):
        align(prior, codes, labels)
    with pytest.raises(ConfigError, match="head=None: must be from 0 to 1.*find_head"):
        align(prior, codes, labels, layer=28)
    with pytest.raises(ConfigError, match="hop_fraction=0.001: must be above 0"):
        align(prior, codes, labels, layer=28, head=1, hop_fraction=0.001)


def test_errors_of_songs(golden_song):
    prior, codes, labels, _ = golden_song(MODELS[0], "exact")
    with pytest.raises(ShapeError, match=r"codes=\(1, 48\): must be \(2, tokens\)"):
        align(prior, codes[:1], labels)
    _, _, foreign, _ = golden_song(MODELS[1], "exact")
    with pytest.raises(ConfigError, match="labels of another model.*made for this prior"):
        align(prior, codes, foreign)
    level = dataclasses.replace(labels.levels[-1], lyrics=("", ""))
    silent = dataclasses.replace(labels, levels=(None, None, level))
    with pytest.raises(LyricsError, match="must be not empty. There is nothing to align"):
        align(prior, codes, silent)
    with pytest.raises(ShapeError, match=r"truth=\[\(3, 2\)\]: must be one \(n_chars, 2\) table"):
        find_head(prior, codes, labels, [np.zeros((3, 2))])
    found = song(np.ones((3, 2)), "ab")
    with pytest.raises(ConfigError, match="sample=1: must be from 0 to 0"):
        found.character_times(1)
    with pytest.raises(ShapeError, match=r"weights=\(3, 2\): must be \(frames, 3\)"):
        song(np.ones((3, 2)), "abc")


def test_a_song_without_words_beside_one_with(golden_song):
    prior, codes, labels, _ = golden_song(MODELS[0], "exact")
    level = labels.levels[-1]
    level = dataclasses.replace(level, lyrics=(level.lyrics[0], ""))
    mixed = dataclasses.replace(labels, levels=(None, None, level))
    found = align(prior, codes, mixed)
    assert [w.shape for w in found.weights] == [(48, 107), (48, 0)]
    assert found.weights[0].sum() > 1


def test_attention_runs_ahead_of_the_character_sung():
    """A state has read the characters before its own, so `align` reads times one column back."""
    stairs = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)  # (20 frames, 4 characters)
    plain = Alignment((stairs,), 0.1, ("abcd",), 3, 0)
    ahead = Alignment((stairs,), 0.1, ("abcd",), 3, 0, ahead=1)
    assert np.allclose(plain.character_times()[1], [0.5, 1.0])
    assert np.allclose(ahead.character_times()[0], [0.5, 1.0])  # 'a' while column 'b' is looked at
    assert np.allclose(ahead.character_times()[2], [1.5, 2.0])
