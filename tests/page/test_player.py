"""The player as output of a notebook cell."""

from __future__ import annotations

import dataclasses
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from jukebox_edu.page import Player, fragment, page
from jukebox_edu.page.sound import encode_mp3, small_compression

synthetic = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("synthetic.py"))))


def test_bundle_holds_the_fragment_and_one_stable_line():
    player = Player(synthetic.song(2.0))
    bundle = player._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {
        "text/html": fragment(player.data),
        "text/plain": "Player('The moon over the sea', 2.0 s, 3 levels)",
    }
    assert bundle == Player(synthetic.song(2.0))._repr_mimebundle_()


def test_jupyter_asks_for_the_bundle():
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    data, _ = formatter.format(Player(synthetic.song(1.0)))
    assert set(data) == {"text/html", "text/plain"}


def test_one_level_is_singular():
    data = synthetic.song(1.0)
    assert repr(Player(dataclasses.replace(data, tracks=data.tracks[:1]))).endswith("1 level)")


def test_a_top_level_that_stands_alone_is_called_top():
    data = synthetic.song(1.0)
    alone = dataclasses.replace(data, codes=[lane for lane in data.codes if lane.level == 2])
    assert "top codes" in fragment(alone) and "level 2 codes" not in fragment(alone)


def test_player_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Player(synthetic.song(1.0)).data = None


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_ten_seconds_and_two_levels_fit_in_a_notebook(rate):
    data = synthetic.song(10.0, rate=rate)
    data = dataclasses.replace(data, tracks=data.tracks[:2], codes=data.codes[:2])
    outputs = [{"data": Player(data)._repr_mimebundle_()}]
    assert len(json.dumps(outputs)) <= 400e3


@pytest.mark.parametrize(("rate", "kilobits"), [(16000, 40), (24000, 40), (44100, 48)])
def test_notebooks_get_a_smaller_sound_than_pages(rate, kilobits):
    data = synthetic.song(8.0, rate=rate)
    small = encode_mp3(data.tracks[0], small_compression(rate))
    assert 8 * len(small) / 8.0 / 1000 == pytest.approx(kilobits, rel=0.05)
    assert len(small) < len(encode_mp3(data.tracks[0]))
    assert len(fragment(data)) < len(page(data))
