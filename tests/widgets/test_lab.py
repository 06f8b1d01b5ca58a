"""Every widget in a real JupyterLab, used as a person would: trusted, untrusted, exported.

To add a widget: write a function `use_...(cell)` and add a line to CASES. In it, act on what a
person sees (`choose`, `tick`, `press`, `type_in`), wait until the view has changed (`after`), and
ask Python what became of it (`ask`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
]
SETUP = """
import torch
import jukebox_edu as jb
from jukebox_edu.song.recording import song_of_recording

torch.set_num_threads(1)
model = jb.load("tiny")
sample = min(jb.data_samples(), key=lambda song: song.seconds)
sound = jb.audio.load(sample.path, sample_rate=model.sample_rate).samples
words = dict(artist=sample.artist, genre=sample.genre)
song = song_of_recording(model, sound, sample.lyrics, **words)
song.alignment()
hostile = "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"
"""


@dataclass
class Cell:
    """One widget on the screen, and the kernel behind it."""

    tab: Any
    area: Any  # locator of the cell
    ask: Callable[[str], Any]

    def choose(self, label, option):
        self.area.get_by_label(label, exact=True).select_option(label=option)

    def tick(self, label):
        self.area.get_by_role("checkbox", name=label, exact=True).click()

    def press(self, text):
        self.area.get_by_role("button", name=text, exact=True).click()

    def type_in(self, label, value):
        field = self.area.get_by_label(label, exact=True)
        field.fill(str(value))
        field.press("Enter")

    def slide(self, keys, number=0):
        handle = self.area.locator(".noUi-handle").nth(number)
        handle.focus()
        for key in keys:
            handle.press(key)

    @contextlib.contextmanager
    def after(self):
        """Act inside; on leaving, a new view is there."""
        self.area.locator(".jbx-view").evaluate("view => view.setAttribute('data-old', '')")
        yield
        self.area.locator(".jbx-view:not([data-old])").wait_for(timeout=20000)

    def count(self, css):
        return self.area.locator(f".jbx-view {css}").count()

    def text(self):
        return self.area.locator(".jbx-view").inner_text()


# ---- one function a widget -----------------------------------------------------------------------


def use_song_explorer(cell):
    assert cell.count("audio") == 3
    with cell.after():
        cell.tick("middle level")
    assert cell.ask("explorer.levels") == [0, 2] and cell.count("audio") == 2
    with cell.after():
        cell.tick("codes")
    assert "codes" not in cell.ask("explorer.layers")
    sound = cell.area.locator(".jbx-view audio").first
    sound.evaluate("sound => { sound.muted = true; return sound.play(); }")
    handle = sound.element_handle()
    cell.tab.wait_for_function("sound => sound.currentTime > 0.1", arg=handle)
    sound.evaluate("sound => sound.pause()")
    assert cell.count(".jbx-cursor") == 1


def use_code_explorer(cell):
    picture = cell.area.locator(".jbx-view img").first
    before = cell.ask("codes.position.value")
    with cell.after():  # a click on the code that stands five to the left of the chosen one
        box = picture.bounding_box()
        spot = cell.ask("__import__('test_lab_spot').place(codes, -5)")
        cell.tab.mouse.click(box["x"] + spot[0] * box["width"], box["y"] + spot[1] * box["height"])
    assert cell.ask("codes.position.value") == before - 5
    other = cell.ask("next(int(code) for code in codes.now if code != codes.code.value)")
    with cell.after():
        cell.type_in("Code", other)
    assert cell.ask("(codes.code.value, int(codes.now[codes.position.value]))") == [other, other]
    cell.choose("Surgery", "silence")
    with cell.after():
        cell.press("Apply")
    assert cell.ask("len(codes.edits)") == 1 and "after the surgery" in cell.text()
    with cell.after():
        cell.press("Undo")
    assert cell.ask("codes.edits") == [] and "surgery" not in cell.text()
    with cell.after():
        cell.choose("Level", "0 (bottom)")
    assert cell.ask("codes.level") == 0
    cell.press("Undo")
    cell.area.get_by_text("nothing to undo").wait_for()
    with cell.after():
        cell.slide(["ArrowRight"])
    assert cell.area.get_by_text("nothing to undo").count() == 0


def use_levels_view(cell):
    assert cell.count("audio") == 4
    with cell.after():
        cell.choose("Picture", "waveforms, close up")
    assert cell.ask("levels.picture.value") == "waveforms, close up"
    moment = cell.ask("levels.at.value")
    with cell.after():
        cell.slide(["ArrowRight"])
    assert cell.ask("levels.at.value") > moment
    cell.area.get_by_role("button", name="top level").click()  # of the player
    pressed = cell.area.locator('.jbx-view button[aria-pressed="true"]').all_inner_texts()
    assert any("top level" in text for text in pressed)


def use_alignment_view(cell):
    picture = cell.area.locator(".jbx-view img").first
    before = picture.get_attribute("src")
    with cell.after():
        cell.choose("Head", "1")
    assert cell.ask("(lyrics.alignment.layer, lyrics.alignment.head)")[1] == 1
    assert picture.get_attribute("src") != before
    assert "from their true time" in cell.text()
    with cell.after():
        cell.choose("Karaoke by", "the true times")
    letter = cell.area.locator(".jbx-view .jbx-char, .jbx-view .jbx-word").nth(2)
    letter.click()
    sound = cell.area.locator(".jbx-view audio").first
    assert sound.evaluate("sound => sound.currentTime") > 0.3


def use_monitor(cell):
    assert cell.ask("monitor.drawn") >= 2 and "step 200" in cell.text()
    with cell.after():
        cell.choose("Show", "recons")
    assert cell.ask("monitor.curve.value") == "recons"
    with cell.after():
        cell.tick("logarithmic")
    assert cell.ask("monitor.log_scale.value") is True


def use_plan_view(cell):
    with cell.after():
        cell.type_in("Seconds", 33)
    assert cell.ask("plan.plan.seconds") == pytest.approx(33, abs=0.1)
    windows = cell.ask("len(plan.plan.levels[0].windows)")
    with cell.after():
        cell.slide(["ArrowLeft"])
    assert cell.ask("len(plan.plan.levels[0].windows)") > windows
    cell.type_in("Seconds", 0)
    cell.area.get_by_text("must be").wait_for()
    assert cell.ask("plan.error is not None")


TIMES = "__import__('numpy').array(sample.character_times)"
WATCH = """for step in range(1, 201):
    monitor.update({"run": "vqvae-2", "step": step, "total": 9 / step, "recons": 4 / step,
                    "entropy": step / 50, "usage": 512 - 300 / step})
monitor.refresh()"""
CASES = {  # name -> (source of the cell, how a person uses it, whether it has sound)
    "SongExplorer": ("explorer = jb.widgets.SongExplorer(song)\nexplorer", use_song_explorer, True),
    "CodeExplorer": (
        "codes = jb.widgets.CodeExplorer(model, song)\ncodes", use_code_explorer, True,
    ),
    "LevelsView": ("levels = jb.widgets.LevelsView(model, sound)\nlevels", use_levels_view, True),
    "AlignmentView": (
        f"lyrics = jb.widgets.AlignmentView(song, {TIMES})\nlyrics", use_alignment_view, True,
    ),
    "CodebookMonitor": (
        f"monitor = jb.widgets.CodebookMonitor(512)\n{WATCH}\nmonitor", use_monitor, False,
    ),
    "PlanView": ("plan = jb.widgets.PlanView(model, 20.0)\nplan", use_plan_view, False),
}  # fmt: skip
HOSTILE = """strange = jb.widgets.CodebookMonitor()
strange.update({"run": hostile, "step": 1, hostile: 1.0})
strange.refresh()
strange"""
SPOT = r'''
import json, re

def place(panel, steps):
    """Where a code stands in the picture of the code explorer, in shares of its size."""
    page = panel.output.outputs[0]["data"]["text/html"]
    zoom = json.loads(re.search(r"const spot = (\[.*?\])\.find", page, re.S).group(1))[2]
    share = (panel.position.value + steps + 0.5 - zoom["from"]) / (zoom["to"] - zoom["from"])
    x, y = zoom["x"], zoom["y"]
    return x[0] + share * (x[1] - x[0]), (y[0] + y[1]) / 2
'''


@pytest.fixture(scope="module")
def browser():
    """A real Chromium, or a skip that says what is missing."""
    library = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    found = os.environ.get("JUKEBOX_EDU_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if not found:
        pytest.skip(f"no browser found: none of {', '.join(NAMES)} is installed")
    with library.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """A JupyterLab with one notebook that has one cell for each widget."""
    from lab import notebook, serve

    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    sources = [SETUP.strip(), *(source for source, _, _ in CASES.values()), HOSTILE]
    (folder / "all.ipynb").write_text(json.dumps(notebook(sources)), encoding="utf-8")
    (folder / "test_lab_spot.py").write_text(SPOT, encoding="utf-8")
    with serve(folder) as running:
        yield running


def opened(browser, lab, name, complaints):
    """Open a notebook in a tab high enough to show all of it."""
    tab = browser.new_page(viewport={"width": 1150, "height": 14000})
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    tab.on("dialog", lambda dialog: complaints.append(dialog.message))
    tab.goto(lab.url(name))
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60000)
    tab.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady", timeout=60000
    )
    return tab


@pytest.fixture(scope="module")
def trusted(browser, lab):
    """All cells run: (tab, what was complained of)."""
    complaints = []
    tab = opened(browser, lab, "all.ipynb", complaints)
    tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    last = tab.locator(".jp-CodeCell").nth(len(CASES) + 1)
    last.locator(".jbx-view").wait_for(timeout=90000)
    yield tab, complaints
    tab.close()


@pytest.fixture(scope="module")
def stored(trusted, lab):
    """The notebook as it is saved before anybody touches a control."""
    tab, _ = trusted
    tab.evaluate("jupyterapp.commands.execute('docmanager:save')")
    path = lab.folder / "all.ipynb"
    for _ in range(100):
        found = json.loads(path.read_text(encoding="utf-8"))
        if len(found["cells"][-1]["outputs"]) == 2:
            return found
        tab.wait_for_timeout(100)
    raise AssertionError("the notebook was not saved")


def test_a_saved_notebook_holds_each_first_view_once_and_no_widget_state(stored):
    assert "widgets" not in stored["metadata"]
    for cell in stored["cells"][1:]:
        static, live = cell["outputs"]
        assert "text/html" in static["data"] and "text/html" not in live["data"]
        assert len(json.dumps(cell["outputs"])) <= 400_000


@pytest.mark.parametrize("name", CASES)
def test_a_person_uses_it(name, stored, trusted, lab):
    tab, complaints = trusted
    area = tab.locator(".jp-CodeCell").nth(list(CASES).index(name) + 1)
    assert area.locator(".jbx-static").is_hidden() and area.locator(".jbx-view").is_visible()
    assert area.locator(".jp-OutputArea-output").last.is_visible()
    with lab.kernel("all.ipynb") as ask:
        CASES[name][1](Cell(tab, area, ask))
    if os.environ.get("JUKEBOX_EDU_SHOTS"):
        area.screenshot(path=f"{os.environ['JUKEBOX_EDU_SHOTS']}/{name}.png")
    assert complaints == []
    assert tab.evaluate("window.broken") is None


def test_an_untrusted_notebook_keeps_sound_picture_and_words(stored, browser, lab):
    changed = json.loads(json.dumps(stored))
    changed["cells"][0]["source"] = "# somebody else has changed this notebook"
    (lab.folder / "foreign.ipynb").write_text(json.dumps(changed), encoding="utf-8")
    complaints = []
    tab = opened(browser, lab, "foreign.ipynb", complaints)
    tab.wait_for_function(
        "document.querySelectorAll('.jp-OutputArea audio').length > 3"
        " && [...document.querySelectorAll('.jp-OutputArea audio')].every((a) => a.duration > 0)"
    )
    for number, (name, (_, _, sounds)) in enumerate(CASES.items(), start=1):
        area = tab.locator(".jp-CodeCell").nth(number)
        assert (area.locator("audio").count() > 0) == sounds, name
        pictures = area.locator(".jp-OutputArea img")
        assert pictures.first.evaluate("image => image.naturalWidth") > 300, name
        assert len(pictures.first.get_attribute("alt")) > 20, name
        words = area.locator(".jp-OutputArea").first.inner_text()
        assert len(words.split()) > 12 and f"controls of {name}" in words, name
    shown = ".jp-OutputArea"
    for trace in ("script", "canvas", ".jbx-live", "[onerror]", "iframe"):
        assert tab.locator(f"{shown} {trace}").count() == 0
    assert tab.evaluate("window.broken") is None and complaints == []
    tab.close()


def test_an_exported_page_plays_without_kernel_and_network(stored, browser, tmp_path):
    exporters = pytest.importorskip("nbconvert.exporters", reason="nbconvert is not installed")
    import nbformat

    book = nbformat.reads(json.dumps(stored), as_version=4)
    page, _ = exporters.HTMLExporter().from_notebook_node(book)
    (tmp_path / "all.html").write_text(page, encoding="utf-8")
    context = browser.new_context(offline=True, viewport={"width": 1150, "height": 3000})
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((tmp_path / "all.html").as_uri(), wait_until="domcontentloaded")
    tab.wait_for_selector(".jbx-static .jbx-live", state="attached", timeout=30000)
    assert tab.locator(".jbx-static").first.is_visible()
    assert tab.locator(".jbx-static").count() == len(CASES) + 1
    sound = tab.locator(".jbx-static audio").first
    sound.evaluate("sound => { sound.muted = true; return sound.play(); }")
    tab.wait_for_function("s => s.currentTime > 0.1", arg=sound.element_handle())
    ours = [error for error in errors if "require" not in error and "define" not in error]
    assert ours == [] and tab.evaluate("window.broken") is None
    context.close()
