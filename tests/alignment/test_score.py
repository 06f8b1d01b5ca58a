"""Scores against the truth, files that go out and come back, and long songs in little memory."""

from __future__ import annotations

import dataclasses
import json
import tracemalloc

import numpy as np
import pytest
import torch

from jukebox_edu import alignment
from jukebox_edu.alignment import Alignment, align, find_head, monotone_path, read_textgrid
from jukebox_edu.alignment.path import BLOCK
from jukebox_edu.alignment.score import TOLERANCE, times_as_read
from jukebox_edu.checkpoints import load_openai_prior
from jukebox_edu.errors import LyricsError, RunError
from jukebox_edu.labels import LevelLabels, SongLabels
from jukebox_edu.labels.times import LyricTimes, read_times

HOP = 0.05  # seconds from frame to frame


def stairs(lyrics: str, frames: np.ndarray) -> Alignment:
    """An alignment whose k-th character begins at frame `frames[k]`: (n_chars + 1,) edges."""
    weights = np.zeros((frames[-1], len(lyrics)), dtype=np.float32)
    for k, (start, end) in enumerate(zip(frames[:-1], frames[1:], strict=True)):
        weights[start:end, k] = 1
    return Alignment((weights,), HOP, (lyrics,), layer=3, head=1)


def even(lyrics: str, each: int = 4) -> Alignment:
    return stairs(lyrics, np.arange(len(lyrics) + 1) * each)


def truth_of(found: Alignment, late: float = 0.0) -> LyricTimes:
    """The times of an alignment, moved, without those of white space."""
    lyrics = found.lyrics[0]
    table = found.character_times() - late
    table[[sign.isspace() for sign in lyrics]] = np.nan
    return LyricTimes(lyrics, table[:, 0], table[:, 1])


# ---- scores ---------------------------------------------------------------------------------


def test_a_perfect_alignment_has_no_error():
    found = even("la la\nmoon")
    score = found.compare(truth_of(found))
    assert (score.median_error, score.within, score.words_within) == (0, 1, 1)
    assert len(score.late) == 8 and len(score.words_late) == 3  # spaces are not sung


@pytest.mark.parametrize(("late", "within"), [(0.1, 1.0), (0.15, 0.0), (-0.1, 1.0), (-0.3, 0.0)])
def test_errors_have_the_sign_of_lateness(late, within):
    found = even("la la\nmoon", each=20)
    score = found.compare(truth_of(found, late))
    assert score.late == pytest.approx(late) and score.words_late == pytest.approx(late)
    assert score.median_error == pytest.approx(abs(late)) and score.within == within
    assert score.to_json()["median late, seconds"] == pytest.approx(late)
    assert f"{abs(late):.3f} s" in repr(score)


def test_half_of_the_characters_off_by_hand():
    found = stairs("abcd", np.array([0, 4, 8, 12, 16]))
    truth = LyricTimes("abcd", np.array([0, 0.2, 0.9, np.nan]), np.array([0.2, 0.3, 1.0, np.nan]))
    score = found.compare(truth)
    assert score.late == pytest.approx([0, 0, -0.5])
    assert score.within == pytest.approx(2 / 3) and score.median_error == 0


def test_times_of_lyrics_as_given_fit_the_lyrics_as_read():
    """Cleaning drops a note sign and writes two letters for one; times go along."""
    given = "♪ Où\nœuf"
    starts = np.arange(len(given)) * 1.0
    table = times_as_read(LyricTimes(given, starts, starts + 1), " Ou\noeuf")
    assert table[:, 0].tolist() == [1, 2, 3, 4, 5, 5, 6, 7]
    with pytest.raises(LyricsError, match="times.lyrics=.*those aligned.*read_times"):
        times_as_read(LyricTimes(given, starts, starts + 1), "other words")


def test_no_true_time_is_an_error():
    found = even("la la")
    nothing = np.full(5, np.nan)
    with pytest.raises(LyricsError, match="no character of the lyrics has a true time"):
        found.compare(LyricTimes("la la", nothing, nothing))


# ---- files ----------------------------------------------------------------------------------

LYRICS = "come and sing\n\nby the sea, my moon!\nla"


@pytest.mark.parametrize("kind", ["json", "words.lrc", "textgrid", "lrc"])
def test_what_is_written_can_be_read_as_truth(tmp_path, kind):
    """LRC keeps hundredths of seconds, lines alone keep where they begin, JSON keeps characters."""
    found = stairs(LYRICS, np.cumsum(np.r_[3, np.random.default_rng(0).integers(2, 9, 38)]))
    path = tmp_path / f"song.{kind.split('.')[-1]}"
    if kind == "json":
        path.write_text(json.dumps(found.to_json()), encoding="utf-8")
    elif kind == "textgrid":
        path.write_text(found.to_textgrid(), encoding="utf-8")
    else:
        path.write_text(found.to_lrc(words=kind != "lrc"), encoding="utf-8")
    for lyrics in (LYRICS, None):
        read = read_textgrid(path, lyrics) if kind == "textgrid" else read_times(path, lyrics)
        assert read.lyrics.split() == LYRICS.split()
        words = found.word_times()
        firsts = [k for k in read.known if k == 0 or read.lyrics[k - 1].isspace()]
        begins = read.starts[firsts]
        if kind == "lrc":  # only the first word of a line has its own time
            places = [0, 3, 8]
            words, begins = [words[k] for k in places], begins[places]
        assert begins == pytest.approx([word.start for word in words], abs=0.0051)
    if kind == "json":
        score = found.compare(read_times(path, LYRICS))
        assert np.abs(score.late).max() < 1e-4


def test_words_of_an_enhanced_lrc_stand_in_their_lines():
    text = even("la la\nmoon", each=20).to_lrc(words=True)
    assert text == (
        "[00:00.00]<00:00.00>la <00:03.00>la <00:05.00>\n[00:06.00]<00:06.00>moon <00:10.00>\n"
    )


LONG_FORM = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "TextTier"
        name = "claps"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1.0
            mark = "clap 3"
    item [2]:
        class = "IntervalTier"
        name = "notes"
        xmin = 0
        xmax = 2.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "69"
    item [3]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1
            text = "say"
        intervals [3]:
            xmin = 1
            xmax = 2.5
            text = """moon"" "
'''


def test_the_long_form_of_praat_is_read_too(tmp_path):
    path = tmp_path / "song.TextGrid"
    for encoding in ("utf-8", "utf-16"):
        path.write_text(LONG_FORM, encoding=encoding)
        read = read_textgrid(path)
        assert read.lyrics == 'say "moon"'
        assert read.starts[0] == 0.5 and read.starts[5] == 1.0 and read.ends[8] == 2.5
    assert read_textgrid(path, "69", tier="notes").ends[-1] == 2.5


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "is no TextGrid"),
        ("la la la", "is no TextGrid"),
        (LONG_FORM[:-40], "is cut off or damaged"),
        (LONG_FORM.replace("size = 3\nitem", "size = 9\nitem"), "is cut off or damaged"),
        (LONG_FORM.replace('"IntervalTier"', '"TextTier"'), "damaged|no tier of intervals"),
        (LONG_FORM.replace("say", " ").replace('""moon"" ', ""), "holds no times"),
    ],
)  # fmt: skip
def test_damaged_textgrids_are_refused(tmp_path, text, match):
    path = tmp_path / "song.TextGrid"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LyricsError, match=match):
        read_textgrid(path, tier="words")


def test_other_words_than_the_lyrics_are_named(tmp_path):
    path = tmp_path / "song.TextGrid"
    path.write_text(LONG_FORM, encoding="utf-8")
    with pytest.raises(LyricsError, match=r"song.TextGrid.*2 times for 3 words|word"):
        read_textgrid(path, "say blue moon")


# ---- long songs -----------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_a_path_in_blocks_is_the_path(frames):
    """The best path of the whole is found although only one block is remembered at a time."""
    weights = np.random.default_rng(0).random((frames, 9)).round(2)
    path = monotone_path(weights)
    best = weights[0].copy()
    for row in weights[1:]:
        best = np.maximum.accumulate(best) + row
    assert (np.diff(path) >= 0).all()
    assert weights[np.arange(frames), path].sum() == pytest.approx(best.max())


@pytest.fixture
def long_song(golden):
    """A prior, 900 codes (all it may read) and lyrics of 6,000 characters."""
    case = golden("prior_tiny_sepencdec")
    config = case.manifest["config"]
    codec = {key: config["vqvae"][key] for key in ("downs_t", "strides_t")}
    hps = {**config["hps"], **codec, "l_bins": config["l_bins"]}
    prior = load_openai_prior(case.folder / "prior.pth.tar", hps)
    told, codes = prior.config, torch.arange(900)[None] % prior.config.codebook_size
    lyrics = ("the moon and the sea " * 300)[:6000]
    total = codes.shape[1] * told.hop_length
    level = LevelLabels(
        level=told.level, n_ctx=told.n_ctx, hop_length=told.hop_length,
        sample_rate=told.sample_rate, n_tokens=told.lyrics.n_tokens, config=told.labels,
        artist_ids=(0,), artist_names=("x",), genre_ids=((0,) * told.labels.max_genres,),
        genre_names=("x",), lyrics=(lyrics,), starts=(None,),
    )  # fmt: skip
    levels = (*[None] * told.level, level)
    return prior, codes, SongLabels(("x",), ("x",), (lyrics,), total, 0, levels, (None,))


def test_a_long_song_needs_no_more_memory_than_a_window(long_song, tmp_path):
    """The table (22 MB) lies in a file; what numpy and Python hold stays far below it."""
    prior, codes, labels = long_song
    whole = align(prior, codes, labels, hop_fraction=1.0)
    tracemalloc.start()
    found = align(prior, codes, labels, in_memory=0, hop_fraction=1.0)
    times = found.character_times()
    figures = (found.confidence(), found.monotonicity())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert whole.weights[0].nbytes == 21_600_000 and peak < 21_600_000 / 2
    assert isinstance(found.weights[0], np.memmap)
    np.testing.assert_array_equal(found.weights[0], whole.weights[0])
    np.testing.assert_array_equal(times, whole.character_times())
    assert figures == (whole.confidence(), whole.monotonicity())
    found.save(tmp_path / "alignment.npz")
    back = Alignment.load(tmp_path / "alignment.npz")
    np.testing.assert_array_equal(back.weights[0], whole.weights[0])


def test_windows_are_read_one_at_a_time(long_song, monkeypatch):
    """When a window is asked for, the one before it has been written and forgotten."""
    prior, codes, labels = long_song
    codes = codes[:, :300]
    alive, most = [], []
    read = alignment.reading.read_windows

    def counted(*args, **options):
        import weakref

        for reading in read(*args, **options):
            for weights in reading.weights.values():
                alive.append(weakref.ref(weights))
            most.append(sum(one() is not None for one in alive))
            yield reading

    monkeypatch.setattr(alignment.reading, "read_windows", counted)
    align(prior, codes, labels)
    assert len(most) > 10 and max(most) <= 2


def test_a_table_without_room_is_refused(long_song, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    prior, codes, labels = long_song
    monkeypatch.setattr(alignment.reading.tempfile, "TemporaryFile", full)
    with pytest.raises(RunError, match="need 0.0 GB in a temporary file .No space left.*TMPDIR"):
        align(prior, codes[:, :100], labels, in_memory=0)


def test_heads_can_be_scored_against_times_from_a_file(long_song, tmp_path):
    prior, codes, labels = long_song
    own = align(prior, codes[:, :96], labels, layer=alignment.lyric_layers(prior)[-1], head=0)
    path = tmp_path / "song.json"
    path.write_text(json.dumps(own.to_json()), encoding="utf-8")
    times = read_times(path, labels.lyrics[0])
    best = find_head(prior, codes[:, :96], labels, [times])[0]
    assert best.truth_mass is not None and best.score == best.truth_mass
    bare = find_head(prior, codes[:, :96], labels)
    assert all(0 < s.confidence <= 1 for s in bare)
    for s in bare:
        assert s.score == pytest.approx(s.monotonicity * s.coverage * s.confidence)


def test_tolerance_is_the_aim_of_the_project():
    assert TOLERANCE == 0.12
    assert dataclasses.is_dataclass(alignment.AlignmentScore)
