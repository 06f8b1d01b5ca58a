"""Songs longer than a prior knows: parts lose nothing, and keep the words sung in them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.training.codeset import coded_songs
from jukebox_edu.training.parts import longest_seconds, parts_told, song_parts
from jukebox_edu.training.prepare import prepare
from jukebox_edu.training.presets import NANO
from jukebox_edu.training.results import song_names
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import seeded
from jukebox_edu.vqvae.model import VQVAE

HOP, RATE = 100, 1000
LINES = "one two three\nfour five\nsix seven eight\nnine ten\n" * 3


@dataclasses.dataclass(frozen=True)
class Words:
    """As much of a stored song as cutting looks at."""

    lyrics: str = LINES
    seconds: float = 100.0
    told: LyricTimes | None = None
    hop_length: int = HOP
    sample_rate: int = RATE

    @property
    def length(self):
        return int(self.seconds * RATE)

    def times(self):
        return self.told


def sung(lyrics, seconds, pause_at=()):
    """Times of words spread evenly, with a rest of two seconds before some moments."""
    places = [i for i, c in enumerate(lyrics) if not c.isspace()]
    starts, ends = np.full((2, len(lyrics)), np.nan)
    for number, i in enumerate(places):
        starts[i] = number * seconds / len(places)
        ends[i] = (number + 0.99) * seconds / len(places)
    for moment in pause_at:
        quiet = (ends > moment - 1) & (starts < moment + 1)
        starts[quiet] = ends[quiet] = np.nan
    return LyricTimes(lyrics, starts, ends)


@pytest.mark.parametrize("told", [None, sung(LINES, 100.0)])
@pytest.mark.parametrize("longest", [99.0, 40.0, 11.0])
def test_parts_cover_song_and_lyrics_in_order(told, longest):
    song = Words(told=told)
    parts = song_parts(song, longest)
    assert parts[0].start == parts[0].first == 0
    for part, after in zip(parts, parts[1:], strict=False):
        assert part.start + part.length == after.start and part.last == after.first
        assert part.first <= part.last and after.start % HOP == 0
    assert parts[-1].start + parts[-1].length == song.length
    assert parts[-1].last == len(LINES)
    assert max(part.length for part in parts) < longest * RATE
    assert min(part.length for part in parts) > 0.3 * longest * RATE


def test_a_song_that_is_short_enough_is_one_part():
    (part,) = song_parts(Words(seconds=60.0), 60.5)
    assert (part.start, part.length, part.last) == (0, 60_000, len(LINES))
    assert len(song_parts(Words(seconds=60.0), 60.0)) == 2
    assert len(song_parts(Words(), math.inf)) == 1


def test_cuts_lie_in_pauses_where_times_are_known():
    song = Words(told=sung(LINES, 100.0, pause_at=(52.0,)))
    first, second = song_parts(song, 60.0)
    assert 51.0 <= second.start / RATE <= 53.0
    times = song.times()
    assert np.nanmax(times.ends[: first.last]) <= second.start / RATE
    assert np.nanmin(times.starts[second.first :]) >= second.start / RATE
    assert LINES[second.first - 1].isspace()  # no word is cut


def test_without_times_lyrics_are_cut_between_lines():
    first, second = song_parts(Words(), 60.0)
    assert LINES[second.first - 1] == "\n"
    assert abs(second.first / len(LINES) - 0.5) < 0.1
    one_line = Words(lyrics="la " * 40)
    assert one_line.lyrics[song_parts(one_line, 60.0)[1].first - 1] == " "
    assert song_parts(Words(lyrics=""), 60.0)[1].first == 0


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A song of half a minute, encoded by an untrained codec."""
    with seeded(0):
        vqvae = VQVAE(NANO.vqvae).eval()
    for book in vqvae.bottleneck.codebooks:
        book.vectors.normal_()
    source = SongbookSource([5], seconds=(30.0, 30.0))
    folder = tmp_path_factory.mktemp("parts")
    return prepare(source, folder, model=vqvae, variants=2, held_out=0.0, progress=False)


def test_coded_parts_are_the_song_and_their_marks_the_song_s(store):
    song = store.songs[0]
    names = song_names(store.songs, "tiny")
    top = NANO.prior(2, names.artists.n_ids, names.genres.n_ids)
    top = dataclasses.replace(top, labels=dataclasses.replace(top.labels, max_duration=12.0))
    middle = NANO.prior(1, names.artists.n_ids, names.genres.n_ids)
    assert longest_seconds([top, middle]) == 12.0 and longest_seconds([middle]) == math.inf
    coded = coded_songs(store, [top, middle], names)
    parts = song_parts(song, 12.0)
    assert len(coded) == 2 * len(parts) > 2
    for variant in (0, 1):
        own = coded[variant::2]
        for level in (1, 2):
            together = np.concatenate([part.codes[level] for part in own])
            assert np.array_equal(together, song.codes(level, variant))
    letters = [song.lyrics[i] if i >= 0 else "" for i in song.characters()]
    heard = [part.lyrics[i] if i >= 0 else "" for part in coded[::2] for i in part.characters]
    assert all(b in ("", a) for a, b in zip(letters, heard, strict=True))
    lost = sum(a != b for a, b in zip(letters, heard, strict=True))
    assert lost < 0.1 * len(letters)  # a word may be cut where singing goes on and on
    assert all(part.n_samples < 12 * song.sample_rate for part in coded)
    assert len({part.name for part in coded}) == len(parts)


def test_what_is_cut_is_told(store):
    top = NANO.prior(2, 2, 2)
    short = dataclasses.replace(top.labels, max_duration=12.0)
    told = parts_told(store.songs, [dataclasses.replace(top, labels=short)])
    assert told.text().startswith("1 song is 12 s or longer") and told.parts >= 3
    assert parts_told(store.songs, [top]).text() == ""
