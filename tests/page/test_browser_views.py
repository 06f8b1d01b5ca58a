"""What one sees in a real browser: spectrogram, zoom, true times, four sounds, dark, phone."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jukebox_edu.page import Track, write_page
from jukebox_edu.page.gallery import GalleryEntry, write_gallery

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
synthetic = SimpleNamespace(**runpy.run_path(str(HERE / "synthetic.py")))
browsing = SimpleNamespace(**runpy.run_path(str(HERE / "test_browser.py")))
wait, seeked, READ = browsing.wait, browsing.seeked, browsing.READ
SECONDS = 6.0
LATE = 0.2  # seconds by which the times read are later than the true ones

# A copy of the first canvas that may be read as often as one likes.
COPY = """(() => { const from = document.querySelector('.jbx-row canvas');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [from.width, from.height];
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(from, 0, 0);
  return context; })()"""
# Share of the height, from the bottom, of the lightest dot in the middle of the picture.
LIGHTEST = f"""() => {{ const context = {COPY}, {{ width, height }} = context.canvas;
  const dots = context.getImageData(Math.round(width / 2), 0, 1, height).data;
  const light = Array.from({{ length: height }}, (_, y) => dots[4 * y] + dots[4 * y + 1]);
  return 1 - (light.indexOf(Math.max(...light)) + 0.5) / height; }}"""
# Share of the width at which the row of 2 kHz becomes light, behind the names of the frequencies.
EDGE = f"""() => {{ const context = {COPY}, {{ width, height }} = context.canvas;
  const dots = context.getImageData(60, Math.round(height * 0.75) - 1, width - 60, 1).data;
  const green = Array.from({{ length: width - 60 }}, (_, x) => dots[4 * x + 1]);
  return (green.findIndex((value) => value > 150) + 60) / width; }}"""
DRAWN = f"""document.querySelector('.jbx-row .jbx-name').textContent === 'spectrogram' &&
  (() => {{ const context = {COPY}, {{ width, height }} = context.canvas;
    const dots = context.getImageData(Math.round(width * 0.6), 0, 1, height).data;
    return dots.some((value, i) => i % 4 === 1 && value > 200); }})()"""


def tone(hertz: float, seconds: float = SECONDS, rate: int = 16000) -> np.ndarray:
    """A sine: (samples,) float32."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype("f4")


@pytest.fixture(scope="module")
def full_song(tmp_path_factory):
    """A page with three levels, the original, and true times beside those read."""
    data = synthetic.song(SECONDS)
    true = np.maximum(data.character_times - LATE, 0.0)
    tracks = (*data.tracks, Track("original", tone(4000.0), 16000))
    data = synthetic.song(SECONDS, tracks=tracks, true_times=true)
    return write_page(tmp_path_factory.mktemp("views") / "song.html", data)


def rows(tab) -> list[str]:
    return tab.locator(".jbx-name > span").all_inner_texts()


def test_spectrogram_by_key_and_button_shows_where_the_energy_lies(open_page, full_song):
    tab = open_page(full_song)
    assert rows(tab)[0] == "waveform"
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("4")  # the original, a tone at half of the highest frequency
    tab.keyboard.press("s")
    wait(tab, DRAWN)
    assert tab.evaluate(LIGHTEST) == pytest.approx(4000 / 8000, abs=0.02)
    sentence = tab.locator(".jbx-row canvas").first.get_attribute("aria-label")
    assert sentence.startswith("Spectrogram, original: half of the energy lies below 4,0")
    button = tab.locator(".jbx-group[aria-label=See] button")
    assert button.nth(1).get_attribute("aria-pressed") == "true"
    button.nth(0).click()
    assert rows(tab)[0] == "waveform"
    assert button.nth(0).get_attribute("aria-pressed") == "true"


def test_spectrogram_stands_where_the_sound_is(open_page, tmp_path):
    """A tone in the second half only: the left half of the picture is dark, the right is not."""
    samples = tone(2000.0, 4.0)
    samples[: len(samples) // 2] = 0
    data = synthetic.song(4.0, lyrics="", codes=(), tracks=(Track("half", samples, 16000),))
    tab = open_page(write_page(tmp_path / "half.html", data))
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("S")
    wait(tab, DRAWN)
    edge = tab.evaluate(EDGE)
    assert edge == pytest.approx(0.5, abs=0.02)


def test_four_sounds_are_chosen_by_key_and_keep_the_place(open_page, full_song):
    tab = open_page(full_song)
    labels = tab.locator(".jbx-group[aria-label=Hear] bdi").all_inner_texts()
    assert labels == ["bottom level", "middle level", "top level", "original"]
    tab.locator(".jbx-stage").focus()
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    seeked(tab, 2.0)
    for key, index in (("2", 1), ("3", 2), ("4", 3), ("1", 0)):
        tab.keyboard.press(key)
        assert seeked(tab, 2.0)["index"] == index
        assert tab.evaluate("document.querySelectorAll('audio')[0].currentTime") is not None
    status = tab.locator("[role=status]").text_content()
    assert status.startswith("2.0 seconds") and status.endswith("bottom level")


def test_fine_steps_words_and_the_whole_song_by_key(open_page, full_song):
    tab = open_page(full_song)
    words = browsing.synthetic.LYRICS.split()
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("Shift+ArrowRight")
    seeked(tab, 0.1)
    tab.keyboard.press("n")
    first = tab.evaluate(READ)
    tab.keyboard.press("n")
    second = tab.evaluate(READ)
    assert words[0] in first["values"] and words[1] in second["values"]
    tab.keyboard.press("p")
    assert tab.evaluate(READ)["sound"] == pytest.approx(first["sound"], abs=0.01)
    for key in "+++":
        tab.keyboard.press(key)
    assert tab.evaluate(READ)["share"] == pytest.approx(first["sound"] / SECONDS, abs=0.01)
    tab.keyboard.press("End")
    assert tab.evaluate(READ)["share"] == pytest.approx(1.0, abs=0.06)
    tab.keyboard.press("Home")
    tab.keyboard.press("0")
    tab.keyboard.press("ArrowRight")
    assert seeked(tab, 1.0)["share"] == pytest.approx(1 / SECONDS, abs=0.005)


def test_control_and_wheel_zoom_without_zooming_the_page(open_page, full_song):
    tab = open_page(full_song)
    box = tab.locator(".jbx-row canvas").first.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    tab.keyboard.down("Control")
    for _ in range(4):
        tab.mouse.wheel(0, -100)
    tab.keyboard.up("Control")
    tab.keyboard.press("Shift+ArrowRight")
    wait(tab, "document.querySelector('audio').currentTime > 3.05")
    moved = tab.evaluate(READ)["share"] - 0.5
    assert moved == pytest.approx(0.1 * 1.25**4 / SECONDS, rel=0.1)


def test_true_times_have_a_row_a_line_and_a_sentence(open_page, full_song):
    tab = open_page(full_song)
    names = rows(tab)
    assert names[4:6] == ["words, read", "words, true"]
    assert "solid: times read, dashed: true times" in names[6]
    data = synthetic.song(SECONDS)
    second = data.lyrics.split()[1]
    begin = data.character_times[3, 0]  # of the second word, as read
    tab.locator(".jbx-stage").focus()
    tab.locator(".jbx-char").nth(2).click()
    read = seeked(tab, begin)
    assert read["values"][-2:] == [second, second]
    tab.keyboard.press("Shift+ArrowLeft")  # the truth sings the word already, the reading does not
    assert seeked(tab, begin - 0.1)["values"][-1] == second
    assert tab.locator(".jbx-value").nth(3).inner_text() != second
    assert "within 0.20 s" in tab.locator(".jbx-truth").inner_text()
    tab.locator("summary", has_text="When each word").click()
    header = tab.locator(".jbx-table").first.locator("th").all_inner_texts()
    assert header == ["word", "from (s)", "to (s)", "true from (s)", "true to (s)"]


def test_true_times_alone_light_the_lyrics(open_page, tmp_path):
    data = synthetic.song(2.0)
    alone = synthetic.song(2.0, character_times=None, true_times=data.character_times)
    tab = open_page(write_page(tmp_path / "song.html", alone))
    tab.locator(".jbx-char").nth(4).click()
    assert seeked(tab, data.character_times[5, 0])["lit"] == data.lyrics[5]


def test_every_key_in_the_help_does_something(open_page, full_song):
    tab = open_page(full_song)
    shown = tab.locator(".jbx-help kbd").all_inner_texts()
    assert shown == ["Space", "← →", "Shift ← →", "P N", "Home End", "1–4", "S", "+ − 0"]
    tab.locator(".jbx-stage").focus()
    for key in ("Space", "ArrowLeft", "p", "n", "Home", "End", "1", "s", "+", "-", "0"):
        stopped = tab.evaluate(
            """(key) => !document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
        { key: key === 'Space' ? ' ' : key, bubbles: true, cancelable: true }))""",
            key,
        )
        assert stopped, key
    ignored = "x q Tab Enter ArrowUp PageDown 9".split()
    for key in ignored:  # the page still scrolls, the focus still moves
        assert tab.evaluate(
            """(key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
        { key, bubbles: true, cancelable: true }))""",
            key,
        ), key


def test_everything_is_reached_by_tab_and_shows_its_focus(open_page, full_song):
    tab = open_page(full_song)
    seen = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        seen.append(
            tab.evaluate(
                """() => { const e = document.activeElement;
          return [e.tagName + '.' + e.className, getComputedStyle(e).outlineStyle]; }"""
            )
        )
    tags = [name for name, _ in seen]
    assert tags.count("BUTTON.") >= 9 and "DIV.jbx-stage" in tags and "SUMMARY." in tags
    ours = {style for name, style in seen if name.startswith(("BUTTON", "DIV.jbx-stage"))}
    assert ours == {"solid"}


LUMINANCE = """(names) => { const root = document.querySelector('.jbx-player');
  const probe = root.appendChild(document.createElement('i'));
  const light = (name) => { probe.style.color = `var(--${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map((v) => {
      const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  return names.map(light); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_lines_stand_out_in_light_and_dark(open_page, full_song, scheme):
    tab = open_page(full_song, color_scheme=scheme)
    names = ["ink", "quiet", "warn", "wave", "now", "focus"]
    paper, *colors = tab.evaluate(LUMINANCE, ["paper", *names])
    for name, color in zip(names, colors, strict=True):
        contrast = (max(color, paper) + 0.05) / (min(color, paper) + 0.05)
        assert contrast >= (4.5 if name in ("ink", "quiet", "warn") else 3), (name, contrast)
    ground = tab.evaluate("getComputedStyle(document.querySelector('.jbx-player')).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(24, 30, 36)")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_narrow_screens_need_no_sideways_scrolling(open_page, tmp_path, width):
    lyrics = "x" * 300 + " " + browsing.synthetic.LYRICS
    data = synthetic.song(2.0, lyrics=lyrics, title="y" * 200, subtitle="z" * 200)
    tab = open_page(write_page(tmp_path / "song.html", data))
    tab.set_viewport_size({"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    canvas = tab.locator(".jbx-row canvas").first.bounding_box()
    assert canvas["width"] >= 0.55 * width
    broken = tab.evaluate(
        """[...document.querySelectorAll('.jbx-bar bdi')]
      .filter((e) => e.getClientRects().length > e.textContent.split(' ').length).length"""
    )
    assert broken == 0  # no word of a button is cut in two
    tab.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + 9)
    assert seeked(tab, 1.0)["share"] == pytest.approx(0.5, abs=0.01)


def test_short_clips_are_played_from_exact_files(open_page, tmp_path):
    tab = open_page(write_page(tmp_path / "clip.html", synthetic.song(1.5)))
    assert tab.evaluate("[...document.querySelectorAll('audio')].map((a) => a.duration)") == (
        pytest.approx([1.5] * 3, abs=0.002)
    )
    assert tab.evaluate("document.querySelector('audio').src.slice(0, 15)") == "data:audio/wav;"


def test_gallery_leads_to_the_player_and_back_without_a_network(open_page, tmp_path):
    hostile = "</a><script>window.broken = 1</script> \u202e\U0001f3b5"
    write_page(tmp_path / "song-001.html", synthetic.song(1.0, title=hostile))
    entry = GalleryEntry(hostile, "song-001.html", 1.0, hostile, (("artist", hostile),))
    tab = open_page(write_gallery(tmp_path, [entry], hostile))
    assert tab.locator("a bdi").text_content() == hostile and tab.locator("script").count() == 0
    tab.locator("a").click()
    assert tab.locator("h1").text_content() == hostile
    assert tab.evaluate("window.broken") is None
    wait(tab, "document.querySelectorAll('.jbx-live').length === 1")
