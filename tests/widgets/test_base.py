"""The technique that all widgets share."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pytest

from jukebox_edu.errors import ConfigError
from jukebox_edu.widgets import Panel, View
from jukebox_edu.widgets.base import html_output
from jukebox_edu.widgets.pieces import paragraph, sound, table


class Counter(Panel):
    """Shows a number; counts its pictures."""

    def __init__(self):
        self.drawn = 0
        self.number = ipywidgets.IntText(1, description="Number")
        self.other = ipywidgets.IntText(1, description="Other")
        super().__init__([[self.number], self.other])
        self.follow(self.number, action=self.check)
        self.follow(self.other)
        self.double = self.button("Double", self.twice)
        self.break_ = self.button("Break", lambda: 1 / 0)

    def check(self):
        if self.number.value < 0:
            raise ConfigError("number=<b>: must be 0 or more.")
        if self.number.value == 13:
            raise KeyError("13 & <i>")

    def twice(self):
        self.number.value *= 2
        self.other.value *= 2

    def view(self):
        self.drawn += 1
        return View(paragraph(f"{self.number.value}, {self.other.value}"), "numbers")


def test_a_change_replaces_the_only_output(html):
    panel = Counter()
    assert "1, 1" in html(panel) and panel.drawn == 1
    panel.number.value = 5
    assert "5, 1" in html(panel) and len(panel.output.outputs) == 1
    panel.other.value = 7
    assert "5, 7" in html(panel) and panel.drawn == 3


def test_an_action_that_sets_several_controls_draws_once(html):
    panel = Counter()
    panel.double.click()
    assert "2, 2" in html(panel) and panel.drawn == 2


def test_an_error_of_the_user_is_one_escaped_line_and_goes_away(html):
    panel = Counter()
    panel.number.value = -1
    assert isinstance(panel.error, ConfigError)
    assert "must be 0 or more" in panel.message.value
    assert "<b>" not in panel.message.value and "\n" not in panel.message.value
    assert "1, 1" in html(panel)  # the view before stays
    panel.number.value = 3
    assert panel.error is None and panel.message.value == "" and "3, 1" in html(panel)


def test_an_error_of_ours_is_shown_and_raised():
    panel = Counter()
    with pytest.raises(KeyError):
        panel.number.value = 13
    assert isinstance(panel.error, KeyError) and "KeyError" in panel.message.value
    assert "<i>" not in panel.message.value


def test_an_error_behind_a_button_is_kept_with_its_traceback():
    panel = Counter()
    panel.break_.click()  # outside IPython, ipywidgets itself only logs it
    assert isinstance(panel.error, ZeroDivisionError) and panel.error.__traceback__ is not None
    assert "ZeroDivisionError" in panel.message.value


def test_the_live_view_hides_the_static_one_and_the_static_one_hides_nothing(html):
    panel = Counter()
    assert "jbx-static" in html(panel) and 'class="jbx-view"' in html(panel)
    assert 'class="jbx-static"' in panel.static_html() and "<script" not in panel.static_html()


def test_no_quiet_block_is_left_open_after_an_error():
    panel = Counter()
    with pytest.raises(ValueError, match="stop"), panel.together():
        raise ValueError("stop")
    before = panel.drawn
    panel.other.value = 9
    assert panel.drawn == before + 1


def test_an_output_entry_is_what_jupyter_expects():
    assert html_output("<p>a</p>", "a") == {
        "output_type": "display_data",
        "data": {"text/html": "<p>a</p>", "text/plain": "a"},
        "metadata": {},
    }


def test_short_sounds_are_exact_and_long_ones_small():
    import base64
    import io
    import re

    import soundfile

    rng = np.random.default_rng(0)
    samples = np.clip(rng.normal(0, 0.4, 8000), -1, 1).astype(np.float32)
    text = sound(samples, 16000, "a < b")
    kind, data = re.search(r"data:audio/(\w+);base64,([^\"]+)", text).groups()
    read, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
    assert kind == "wav" and rate == 16000 and "a &lt; b" in text
    assert np.abs(read - samples).max() < 1 / 32000
    assert "data:audio/mpeg" in sound(np.tile(samples, 6), 16000, "long")
    assert "50 % clipped" in sound(np.tile(np.float32([0, 2]), 100), 16000, "loud")


def test_tables_name_their_columns_and_escape_their_cells():
    text = table(("a", "<b>"), [(1, "<script>")], "what is in it")
    assert '<th scope="col"' in text and "&lt;b&gt;" in text and "&lt;script&gt;" in text
    assert text.startswith("<details><summary>what is in it</summary>")
