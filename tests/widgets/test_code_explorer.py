"""Codes chosen, heard, cut and sewn."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
import torch

from jukebox_edu.errors import ConfigError, ShapeError
from jukebox_edu.page import CodeLane
from jukebox_edu.plotting.passage import by_use
from jukebox_edu.widgets import CodeExplorer
from jukebox_edu.widgets.code_sounds import alone, everywhere, silent_code
from jukebox_edu.widgets.code_view import sentence
from jukebox_edu.widgets.surgery import replace, shift, swap


@pytest.fixture
def explorer(model, song):
    return CodeExplorer(model, song)


def operate(explorer, deed, span, number=0):
    with explorer.quietly():  # one picture and not four
        explorer.span.value = span
        explorer.deed.value = deed
        explorer.number.value = number
    explorer.apply.click()


def test_it_begins_at_the_top_with_the_song_as_it_is(explorer, song):
    assert explorer.level == 2 and explorer.edits == ()
    for level in range(3):
        assert torch.equal(explorer.codes[level], song.codes[level][:1])
    assert explorer.code.value == explorer.now[explorer.position.value]


def test_sound_is_encoded(model):
    noise = np.random.default_rng(0).normal(0, 0.1, 1280).astype(np.float32)
    explorer = CodeExplorer(model, noise)
    for level, codes in enumerate(model.encode(noise)):
        assert torch.equal(explorer.codes[level], codes)
    assert repr(explorer) == "CodeExplorer(1.28 s, test-1)"


def test_a_position_chooses_its_code_and_a_code_its_nearest_place(explorer, html):
    explorer.position.value = 3
    assert explorer.code.value == explorer.now[3]
    code = int(explorer.now[-1])
    explorer.code.value = code
    assert int(explorer.now[explorer.position.value]) == code
    places = np.flatnonzero(explorer.now.numpy() == code)
    assert abs(explorer.position.value - 3) == np.abs(places - 3).min()
    assert f"Code {code} occurs" in html(explorer)


def test_a_code_that_never_occurs_is_said_and_heard_alone(explorer, html):
    unused = next(c for c in range(explorer.size) if c not in explorer.now)
    before = explorer.position.value
    explorer.code.value = unused
    assert explorer.position.value == before and explorer.occurrences.size == 0
    assert "never occurs" in html(explorer) and f"code {unused}, repeated" in html(explorer)


def test_arrows_go_to_the_same_code_and_stop_at_its_last_place(explorer):
    counts = np.bincount(explorer.now.numpy())
    explorer.code.value = int(counts.argmax())
    places = explorer.occurrences
    assert places.size > 2
    with explorer.quietly():
        explorer.position.value = int(places[-3])
    for place in places[-2:]:
        explorer.forth.click()
        assert explorer.position.value == place and explorer.error is None
    explorer.forth.click()
    assert isinstance(explorer.error, ConfigError) and explorer.position.value == places[-1]
    explorer.back.click()
    assert explorer.position.value == places[-2]


def test_levels_are_looked_at_one_by_one(explorer, song):
    for level in (0, 1, 2):
        explorer.chooser.value = level
        n = song.codes[level].shape[1]
        assert explorer.level == level and explorer.position.max == n - 1
        assert explorer.span.max == n and explorer.lane.codes.size == n
        assert explorer.track.samples.size == song.length
        assert explorer.code.value == explorer.now[explorer.position.value]


def test_surgery_changes_codes_and_sound_and_can_be_undone(explorer, html):
    before = explorer.sound()
    operate(explorer, "replace by code", (4, 9), 7)
    assert explorer.now[4:9].tolist() == [7] * 5 and explorer.is_changed
    assert torch.equal(explorer.now[:4], explorer.original[2][0][:4])
    after = explorer.sound()
    assert after.shape == before.shape and not np.array_equal(after, before)
    assert np.array_equal(explorer.sound(original=True), before)
    page = html(explorer)
    assert "before the surgery" in page and "after the surgery" in page
    assert "codes 4 to 8: replace by code 7" in page
    explorer.undo.click()
    assert not explorer.is_changed and explorer.edits == ()
    assert np.array_equal(explorer.sound(), before) and "surgery" not in html(explorer)


def test_silence_swap_and_shift(explorer, model):
    old = explorer.now.clone()
    operate(explorer, "silence", (0, 3))
    assert explorer.now[:3].tolist() == [silent_code(model, 2)] * 3
    operate(explorer, "swap with the span from", (3, 5), 10)
    assert torch.equal(explorer.now[3:5], old[10:12])
    assert torch.equal(explorer.now[10:12], old[3:5])
    operate(explorer, "shift by", (20, 22), 4)
    assert torch.equal(explorer.now[24:26], old[20:22])
    assert torch.equal(explorer.now[20:24], old[22:26])
    assert [edit.level for edit in explorer.edits] == [2, 2, 2]
    explorer.undo.click()
    explorer.undo.click()
    assert torch.equal(explorer.now[3:], old[3:]) and len(explorer.edits) == 1


def test_undo_returns_to_the_level_that_was_changed(explorer):
    operate(explorer, "replace by code", (0, 5), 1)
    explorer.chooser.value = 0
    operate(explorer, "replace by code", (0, 5), 1)
    assert explorer.codes[1] is explorer.original[1]
    explorer.undo.click()
    assert explorer.level == 0 and not explorer.is_changed
    explorer.undo.click()
    assert explorer.level == 2 and not explorer.is_changed
    explorer.undo.click()
    assert isinstance(explorer.error, ConfigError) and "nothing to undo" in explorer.message.value


def test_start_over_takes_everything_back(explorer):
    operate(explorer, "replace by code", (0, 5), 1)
    operate(explorer, "shift by", (0, 5), 3)
    explorer.reset.click()
    assert explorer.edits == () and explorer.error is None
    assert all(map(torch.equal, explorer.codes, explorer.original))


def test_codes_can_be_changed_from_python(explorer, html):
    explorer.change(explorer.now.flip(0), "backwards")
    assert torch.equal(explorer.now, explorer.original[2][0].flip(0))
    assert "backwards" in html(explorer)
    with pytest.raises(ConfigError, match="whole numbers from 0 to 31"):
        explorer.change([1, 2, 3])


@pytest.mark.parametrize(
    ("deed", "span", "number", "match"),
    [
        ("replace by code", (0, 3), 32, "code=32: must be from 0 to 31"),
        ("replace by code", (4, 4), 0, "span=.4, 4."),
        ("swap with the span from", (4, 8), 6, "other=6: .*overlap"),
        ("swap with the span from", (4, 8), 27, "leave the song"),
        ("shift by", (4, 8), -5, "steps=-5: must be from -4 to 22"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(explorer, deed, span, number, match):
    operate(explorer, deed, span, number)
    assert isinstance(explorer.error, ConfigError) and re.search(match, str(explorer.error))
    assert explorer.message.value and not explorer.is_changed and explorer.edits == ()


def test_clicks_carry_the_positions_of_the_picture(explorer, html):
    page = html(explorer)
    assert "jbx-position" in page and "jbx-code" in page
    entries = re.search(r"const spot = (\[.*?\])\.find", page, re.S).group(1)
    import json

    wave, lane, zoom, usage = json.loads(entries)
    assert wave["from"] == lane["from"] == 0 and lane["to"] == explorer.now.numel()
    assert zoom["from"] <= explorer.position.value < zoom["to"]
    assert usage["values"] == by_use(explorer.lane).tolist()
    data = re.search(r"image/png;base64,([^\"]+)", page).group(1)
    from io import BytesIO

    from PIL import Image

    picture = np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))
    height, width, _ = picture.shape
    left = round(lane["x"][0] * width)
    row = picture[round(sum(lane["y"]) / 2 * height)]
    assert (row[left + 3] != 255).any() and (row[: left - 80] == 255).all()


def test_a_song_of_another_model_is_refused(song, recording):
    with pytest.raises(ConfigError, match="the song's .*must be the model's"):
        CodeExplorer(recording.model, song)
    with pytest.raises(ShapeError):
        CodeExplorer(recording.model, np.zeros((2, 3, 4), np.float32))


# ---- the pieces ----


def test_surgery_leaves_what_it_is_given_and_loses_no_code():
    codes = torch.arange(10)
    for changed in (swap(codes, (1, 4), 6), shift(codes, (2, 5), 3), shift(codes, (2, 5), -2)):
        assert sorted(changed.tolist()) == list(range(10)) and changed.tolist() != list(range(10))
    assert replace(codes, (0, 10), 3, 10).tolist() == [3] * 10
    assert codes.tolist() == list(range(10))
    there = shift(codes, (2, 5), 3)
    assert torch.equal(shift(there, (5, 8), -3), codes)
    assert torch.equal(swap(swap(codes, (1, 4), 6), (1, 4), 6), codes)


def test_a_code_alone_sounds_as_long_as_its_repetitions(model):
    sound = alone(model, 5, 2)
    assert sound.size == 7 * 64  # 0.4 s at 1000 samples a second, whole codes of 64
    assert not np.array_equal(sound, alone(model, 6, 2))


def test_everywhere_joins_the_cuts_in_order():
    samples = np.repeat(np.arange(10, dtype=np.float32) / 10, 100)  # code k sounds like k / 10
    joined = everywhere(samples, 1000, np.array([2, 7]), 100)
    first = np.flatnonzero(joined == np.float32(0.2))[:100]
    second = np.flatnonzero(joined == np.float32(0.7))[-100:]
    assert np.all(np.diff(first) == 1) and np.all(np.diff(second) == 1)
    assert first[-1] < second[0]
    assert joined[0] == 0 and joined[-1] == 0  # faded: no clicks
    many = everywhere(samples, 1000, np.zeros(500, int), 100)
    assert many.size < 12 * 400


def test_the_sentence_counts_as_the_data_do():
    lane = CodeLane(0, np.array([4, 1, 4, 2, 4, 1]), 0.5, 8)
    assert sentence(lane, 2, 4) == (
        "At position 2 of 6 (1.000 s) stands code 4. Code 4 occurs 3 times (50 % of all, number 1 "
        "of the 3 codes used), at 0.00, 1.00, 2.00 s."
    )
    assert "occurs once" in sentence(lane, 3, 2) and "never occurs" in sentence(lane, 0, 7)
    assert by_use(lane).tolist() == [4, 1, 2]
