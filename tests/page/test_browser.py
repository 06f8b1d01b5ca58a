"""The player in a real browser, offline: sound, one cursor, lyrics, keys, levels."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from jukebox_edu.page import fragment, page, write_page

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
synthetic = SimpleNamespace(**runpy.run_path(str(HERE / "synthetic.py")))
wait = runpy.run_path(str(HERE / "conftest.py"))["wait"]
SECONDS = 10.0
CLOSE = 0.1  # seconds: how far cursor and lyrics may be from the sound

# What cursor and lyrics say beside what the sound says, in one moment after drawing.
READ = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const root = document.querySelector('.jbx-player');
  const sound = [...root.querySelectorAll('audio')].find((a) => a.style.display !== 'none');
  const canvas = root.querySelector('.jbx-row canvas').getBoundingClientRect();
  const cursor = root.querySelector('.jbx-cursor').getBoundingClientRect();
  done({
    sound: sound.currentTime, paused: sound.paused,
    index: [...root.querySelectorAll('audio')].indexOf(sound),
    share: (cursor.left + cursor.width / 2 - canvas.left) / canvas.width,
    clock: root.querySelector('.jbx-clock').textContent,
    lit: [...root.querySelectorAll('.jbx-lit')].map((e) => e.textContent).join(''),
    sung: [...root.querySelectorAll('.jbx-sung')].length,
    values: [...root.querySelectorAll('.jbx-value')].map((e) => e.textContent).filter(Boolean),
  });
})))"""


@pytest.fixture(scope="module")
def song_file(tmp_path_factory):
    """The page of a song whose text tries to break out."""
    data = synthetic.song(SECONDS, subtitle="</script><script>window.broken = 1</script>")
    return write_page(tmp_path_factory.mktemp("page") / "song.html", data)


def seeked(tab, seconds):
    """Wait until the chosen sound stands at `seconds`, then read the player."""
    wait(
        tab,
        f"""[...document.querySelectorAll('audio')].some((a) => a.style.display !== 'none'
      && !a.seeking && Math.abs(a.currentTime - {seconds}) < 0.05)""",
    )
    return tab.evaluate(READ)


def test_sound_has_its_length_and_nothing_plays_by_itself(open_page, song_file):
    tab = open_page(song_file)
    assert tab.evaluate("[...document.querySelectorAll('audio')].map((a) => a.duration)") == (
        pytest.approx([SECONDS] * 3, abs=0.01)
    )
    assert tab.evaluate("[...document.querySelectorAll('audio')].every((a) => a.paused)")
    assert tab.evaluate("window.broken") is None
    read = tab.evaluate(READ)
    assert read["share"] == pytest.approx(0, abs=0.005) and read["clock"] == "0:00.00 / 0:10.00"


def test_cursor_and_lyrics_follow_the_sound(open_page, song_file):
    tab = open_page(song_file)
    data = synthetic.song(SECONDS)
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("Space")
    for moment in (0.8, 1.1, 1.4):
        wait(tab, f"document.querySelector('audio').currentTime > {moment}")
        read = tab.evaluate(READ)
        assert not read["paused"]
        assert read["share"] * SECONDS == pytest.approx(read["sound"], abs=CLOSE)
        shown = float(read["clock"][2:7])
        assert shown == pytest.approx(read["sound"], abs=CLOSE)
        near = [
            letter
            for letter, (start, end) in zip(data.lyrics, data.character_times, strict=True)
            if start - CLOSE <= read["sound"] <= end + CLOSE
        ]
        assert read["lit"] in near or (not read["lit"] and len(near) < 2)
        assert len(read["values"]) in (3, 4)  # three codes, and the word if one is sung
        for lane, value in zip(data.lanes, read["values"], strict=False):
            first = int((read["sound"] - CLOSE) / lane.hop_seconds)
            last = int((read["sound"] + CLOSE) / lane.hop_seconds)
            assert int(value) in lane.codes[first : last + 1]
    tab.keyboard.press("Space")
    assert tab.evaluate(READ)["paused"]


def test_click_anywhere_seeks(open_page, song_file):
    tab = open_page(song_file)
    for row in range(tab.locator(".jbx-row canvas").count()):
        box = tab.locator(".jbx-row canvas").nth(row).bounding_box()
        share = 0.2 + 0.1 * row
        tab.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        read = seeked(tab, share * SECONDS)
        assert read["share"] == pytest.approx(share, abs=0.005)
        tab.keyboard.press("ArrowRight")  # the click also brought the keys here
        seeked(tab, share * SECONDS + 1)
        tab.keyboard.press("ArrowLeft")
        seeked(tab, share * SECONDS)
    tab.mouse.click(5, 5)  # outside: nothing happens
    assert tab.evaluate(READ)["share"] == pytest.approx(share, abs=0.005)


def test_click_on_a_letter_seeks_to_it(open_page, song_file):
    tab = open_page(song_file)
    data = synthetic.song(SECONDS)
    tab.locator(".jbx-char").nth(6).click()
    sung = [i for i, letter in enumerate(data.lyrics) if letter.strip()]
    read = seeked(tab, data.character_times[sung[6], 0])
    assert read["lit"] == data.lyrics[sung[6]] and read["sung"] == 6


def test_keys_seek_zoom_and_choose_levels(open_page, song_file):
    tab = open_page(song_file)
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("ArrowRight")
    seeked(tab, 1.0)
    tab.keyboard.press("ArrowRight")
    seeked(tab, 2.0)
    tab.keyboard.press("ArrowLeft")
    assert seeked(tab, 1.0)["share"] == pytest.approx(0.1, abs=0.005)
    tab.keyboard.press("End")
    assert seeked(tab, SECONDS)["clock"] == "0:10.00 / 0:10.00"
    tab.keyboard.press("Home")
    seeked(tab, 0.0)
    tab.keyboard.press("ArrowRight")
    seeked(tab, 1.0)
    tab.keyboard.press("+")
    tab.keyboard.press("+")  # a quarter of the song, the cursor still at its place
    assert tab.evaluate(READ)["share"] == pytest.approx(0.1, abs=0.005)
    tab.keyboard.press("ArrowRight")
    assert seeked(tab, 2.0)["share"] == pytest.approx(0.5, abs=0.005)
    tab.keyboard.press("ArrowRight")
    assert seeked(tab, 3.0)["share"] == pytest.approx(0.9, abs=0.005)
    tab.keyboard.press("ArrowRight")  # beyond the view: the page turns
    assert seeked(tab, 4.0)["share"] == pytest.approx(0.05, abs=0.005)
    for _ in range(3):
        tab.keyboard.press("-")
    assert tab.evaluate(READ)["share"] == pytest.approx(0.4, abs=0.005)
    tab.keyboard.press("3")
    assert seeked(tab, 4.0)["index"] == 2
    tab.keyboard.press("9")  # no such level: nothing happens
    assert tab.evaluate(READ)["index"] == 2


def test_level_switch_keeps_the_position_and_goes_on_playing(open_page, song_file):
    tab = open_page(song_file)
    buttons = tab.locator(".jbx-group[aria-label=Hear] button")
    assert buttons.all_inner_texts() == ["bottom level1", "middle level2", "top level3"]
    box = tab.locator(".jbx-row canvas").first.bounding_box()
    tab.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 5)
    seeked(tab, 4.0)
    buttons.nth(1).click()
    assert seeked(tab, 4.0)["index"] == 1
    assert buttons.nth(1).get_attribute("aria-pressed") == "true"
    assert buttons.nth(0).get_attribute("aria-pressed") == "false"
    assert tab.locator(".jbx-warning").inner_text() == ""
    tab.evaluate("document.querySelectorAll('audio')[1].play()")
    wait(tab, "document.querySelectorAll('audio')[1].currentTime > 4.3")
    before = tab.evaluate(READ)["sound"]
    tab.keyboard.press("3")
    wait(tab, f"document.querySelectorAll('audio')[2].currentTime > {before + 0.1}")
    after = tab.evaluate(READ)
    assert after["index"] == 2 and not after["paused"] and after["sound"] < before + 2
    assert (
        tab.evaluate("[...document.querySelectorAll('audio')].filter((a) => !a.paused).length") == 1
    )
    assert "% clipped" in tab.locator(".jbx-warning").inner_text()


def test_canvases_are_drawn_and_say_what_they_show(open_page, song_file):
    tab = open_page(song_file)
    wait(
        tab,
        """[...document.querySelectorAll('.jbx-row canvas')].every((canvas) => {
      const dots = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return canvas.width > 500 && new Set(dots).size > 3; })""",
    )
    canvases = tab.locator(".jbx-row canvas")
    assert canvases.count() == 7  # waveform, three levels, words, attention, time
    for i in range(7):
        assert canvases.nth(i).get_attribute("role") == "img"
        assert len(canvases.nth(i).get_attribute("aria-label")) > 15
    assert not tab.locator(".jbx-poster").is_visible()


def test_colors_grow_steadily_in_lightness():
    """A gray print of the canvases shows the same order: read the map from the script."""
    script = (Path(fragment.__globals__["__file__"]).parent / "rows.js").read_text("utf-8")
    table = re.search(r"VIRIDIS = (\[\[.*?\]\]);", script, re.S).group(1)
    points = [list(map(int, row.split(","))) for row in re.findall(r"\[\[?([\d, ]+)\]", table)]
    lightness = [
        0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2
        for r, g, b in points
    ]
    assert len(points) == 7 and all(a < b for a, b in zip(lightness, lightness[1:], strict=False))


def test_focus_is_visible_and_lyrics_do_not_move_when_lit(open_page, song_file):
    tab = open_page(song_file)
    tab.keyboard.press("Tab")
    tab.locator(".jbx-stage").focus()
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    letter = tab.locator(".jbx-char").nth(8)
    before = letter.bounding_box()
    letter.click()
    assert letter.get_attribute("class") == "jbx-char jbx-lit"
    assert "underline" in letter.evaluate("(e) => getComputedStyle(e).textDecorationLine")
    assert letter.evaluate("(e) => parseFloat(getComputedStyle(e).webkitTextStrokeWidth)") > 0.5
    assert letter.bounding_box() == before


def test_joined_letters_and_clusters_stay_together(open_page, tmp_path):
    lyrics = "مرحبا e\u0301 👩‍👩‍👧 ok"
    tab = open_page(write_page(tmp_path / "song.html", synthetic.song(1.0, lyrics=lyrics)))
    assert tab.locator(".jbx-char").all_text_contents() == ["مرحبا", "e\u0301", "👩‍👩‍👧", "o", "k"]
    assert tab.locator(".jbx-lyrics").text_content() == lyrics


def test_two_players_on_a_page_live_side_by_side(open_page, tmp_path):
    song = synthetic.song(2.0)
    path = tmp_path / "two.html"
    path.write_text(f"<meta charset=utf-8>{fragment(song)}{fragment(song)}", encoding="utf-8")
    tab = open_page(path)
    assert tab.locator(".jbx-player.jbx-live").count() == 2
    assert tab.locator(".jbx-stage").count() == 2
    tab.evaluate("document.querySelectorAll('audio')[0].play()")
    tab.evaluate("document.querySelectorAll('audio')[3].play()")
    wait(tab, "document.querySelectorAll('audio')[0].paused")
    assert not tab.evaluate("document.querySelectorAll('audio')[3].paused")


def test_without_script_everything_is_still_there(open_page, song_file):
    tab = open_page(song_file, java_script_enabled=False)
    assert tab.locator("audio").first.is_visible() and tab.locator(".jbx-poster").is_visible()
    assert tab.locator(".jbx-lyrics").inner_text() == synthetic.LYRICS
    tab.locator("summary", has_text="Other levels").click()
    assert tab.locator("audio").nth(2).is_visible()
    tab.locator("summary", has_text="first 50 codes").click()
    assert tab.locator(".jbx-table").nth(1).locator("tr").count() == 51


def test_reduced_motion_still_follows(open_page, song_file):
    tab = open_page(song_file, reduced_motion="reduce")
    assert (
        tab.locator(".jbx-char").first.evaluate("(e) => getComputedStyle(e).transitionDuration")
        == "0s"
    )
    tab.locator(".jbx-stage").focus()
    tab.keyboard.press("Space")
    wait(tab, "document.querySelector('audio').currentTime > 0.7")
    read = tab.evaluate(READ)
    assert read["share"] * SECONDS == pytest.approx(read["sound"], abs=0.15)


def test_policy_of_the_document_forbids_the_network():
    assert "default-src 'none'" in page(synthetic.song(0.5))
