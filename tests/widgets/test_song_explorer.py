"""The player page with choices."""

from __future__ import annotations

import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.page import CodeLane, PageData, Track
from jukebox_edu.widgets import SongExplorer
from jukebox_edu.widgets.excerpt import SOUND_BYTES, excerpt, room_for


def test_the_chosen_take_is_shown(song, html):
    explorer = SongExplorer([song, song.trim(1.0)])
    assert [take.sample for take in explorer.takes] == [0, 1, 0, 1]
    first = html(explorer)
    explorer.chooser.value = explorer.chooser.options[1]
    assert explorer.take.sample == 1 and html(explorer) != first
    explorer.chooser.value = explorer.chooser.options[2]
    assert explorer.take.song.seconds < song.seconds
    assert explorer.data.seconds == pytest.approx(explorer.take.song.seconds)


def test_ticks_decide_whose_sound_is_there(song, html):
    explorer = SongExplorer(song)
    assert explorer.levels == (0, 1, 2) and html(explorer).count("<audio") == 3
    explorer.level_boxes[1].value = False
    assert explorer.levels == (0, 2) and html(explorer).count("<audio") == 2
    assert [track.label for track in explorer.data.tracks] == ["bottom level", "top level"]


def test_the_last_level_cannot_be_taken_away(song, html):
    explorer = SongExplorer(song)
    for box in explorer.level_boxes.values():
        box.value = False
    assert isinstance(explorer.error, ConfigError) and "Tick one" in explorer.message.value
    assert html(explorer).count("<audio") == 1  # the view before
    explorer.level_boxes[2].value = True
    assert explorer.error is None and not explorer.message.value


def test_layers_come_and_go(song):
    explorer = SongExplorer(song)
    assert explorer.data.codes and explorer.data.lyrics and explorer.data.alignment is not None
    explorer.layer_boxes["codes"].value = False
    assert explorer.data.codes == () and explorer.data.lyrics
    explorer.layer_boxes["attention"].value = False
    assert explorer.data.alignment is None and explorer.data.lyrics
    explorer.layer_boxes["lyrics"].value = False
    assert explorer.layers == () and explorer.data.lyrics == ""


def test_a_song_too_long_for_a_cell_is_shown_in_stretches(recording, html, monkeypatch):
    monkeypatch.setattr("jukebox_edu.widgets.excerpt.SOUND_BYTES", 60_000)
    explorer = SongExplorer(recording)
    assert explorer.data.seconds == pytest.approx(3.0, abs=0.02)
    assert explorer.start.layout.display == "" and "0.0 s to 3.0 s of" in html(explorer)
    explorer.start.value = 2.0
    assert "2.0 s to 5.0 s of" in html(explorer)
    hop = recording.hop_lengths[2]
    cut = round(2.0 * recording.sample_rate / hop)
    codes = recording.codes[2][0].numpy()
    shown = next(lane for lane in explorer.data.codes if lane.level == 2)
    assert np.array_equal(shown.codes, codes[cut : cut + shown.codes.size])
    sound = recording.audio(0)[cut * hop :]
    assert np.array_equal(explorer.data.tracks[0].samples, sound[:48000])
    for level in (0, 1):
        explorer.level_boxes[level].value = False
    assert explorer.data.seconds > recording.seconds - 0.1 and "Shown:" not in html(explorer)


def page_of(seconds):
    """A page with one code and one letter for each tenth of a second."""
    n = round(10 * seconds)
    times = np.stack([np.arange(n) / 10, np.arange(1, n + 1) / 10], axis=1)
    ramp = np.arange(100 * n, dtype=np.float32) / (100 * n)
    return PageData("t", (Track("a", ramp, 1000),), codes=(CodeLane(0, np.arange(n), 0.1, n),),
                    lyrics="x" * n, character_times=times, true_times=times + 0.01,
                    alignment=np.eye(n), alignment_hop_seconds=0.1)  # fmt: skip


def test_an_excerpt_cuts_everything_at_the_same_moments():
    data = page_of(5.0)
    part = excerpt(data, 2.03, 1.5)  # cut where a code begins
    assert np.array_equal(part.tracks[0].samples, data.tracks[0].samples[2000:3500])
    assert part.codes[0].codes.tolist() == list(range(20, 35))
    assert np.array_equal(part.alignment, data.alignment[20:35])
    assert part.character_times[20:35] == pytest.approx(data.character_times[20:35] - 2.0)
    assert np.isnan(part.character_times[:20]).all() and np.isnan(part.character_times[35:]).all()
    assert part.true_times[20:34] == pytest.approx(data.true_times[20:34] - 2.0)
    assert part.lyrics == data.lyrics


def test_an_excerpt_of_everything_is_everything():
    data = page_of(2.0)
    assert excerpt(data, 0.0, 9.0) is data


def test_room_shrinks_with_sounds_and_rate():
    assert room_for(1, 16000, 5.0) == 5.0
    one, three = room_for(1, 16000, 1e6), room_for(3, 16000, 1e6)
    assert one == pytest.approx(3 * three, abs=3) and one > room_for(1, 44100, 1e6)
    assert 3 * three * 40_000 / 8 * 4 / 3 <= SOUND_BYTES


@pytest.mark.parametrize("wrong", [[], ["a"], 3])
def test_other_things_than_songs_are_refused(wrong):
    with pytest.raises((ConfigError, TypeError), match="must be a Song|not iterable"):
        SongExplorer(wrong)
