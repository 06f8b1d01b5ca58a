"""Studio and attention explorer in a real JupyterLab: typed, sung, stopped, resumed, continued."""

from __future__ import annotations

import json
import os

import pytest
from test_lab import Cell, browser, opened  # noqa: F401  (browser is a fixture)

pytestmark = pytest.mark.browser
STUDIO = """
import torch
import jukebox_edu as jb
from jukebox_edu.song.takes import same_codes

torch.set_num_threads(1)
model = jb.load("tiny")
panel = jb.widgets.StudioPanel(model, seconds=2.5)
panel
"""
SONG = """
song = model.sample("the moon and the stars", seconds=2, levels=2, progress=False)
explorer = jb.widgets.AttentionExplorer(model, song=song)
explorer
"""
LATE = 60000  # milliseconds that a step may take before the test fails


@pytest.fixture(scope="module")
def notebook_of_two(browser, tmp_path_factory):  # noqa: F811
    """A running notebook: (lab, tab, what was complained of)."""
    from lab import notebook, serve

    folder = tmp_path_factory.mktemp("studio") / "notebooks"
    folder.mkdir()
    book = notebook([STUDIO.strip(), SONG.strip()])
    (folder / "studio.ipynb").write_text(json.dumps(book), encoding="utf-8")
    with serve(folder) as lab:
        complaints = []
        tab = opened(browser, lab, "studio.ipynb", complaints)
        tab.set_viewport_size({"width": 1150, "height": 4000})
        tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        tab.locator(".jp-CodeCell").nth(1).locator(".jbx-view img").first.wait_for(timeout=LATE)
        yield lab, tab, complaints
        tab.close()


def shot(area, name):
    if os.environ.get("JUKEBOX_EDU_SHOTS"):
        area.screenshot(path=f"{os.environ['JUKEBOX_EDU_SHOTS']}/{name}.png")


def until(cell, text):
    """Wait until a text stands in the cell."""
    cell.area.get_by_text(text).first.wait_for(timeout=LATE)


def test_a_song_is_typed_sung_stopped_resumed_and_continued(notebook_of_two):
    lab, tab, complaints = notebook_of_two
    area = tab.locator(".jp-CodeCell").nth(0)
    with lab.kernel("studio.ipynb") as ask:
        cell = Cell(tab, area, ask)
        assert area.locator(".jbx-static").is_hidden() and area.locator("audio").count() == 0
        area.get_by_label("Lyrics", exact=True).fill("the moon and the stars are mine")
        cell.type_in("Genre", "waltzz")
        until(cell, "Nearest names: 'waltz'")
        cell.type_in("Genre", "waltz")
        cell.press("Sing")

        area.locator("audio").first.wait_for(timeout=LATE)  # rough sound, while it is written
        first = area.locator("audio").first
        assert ask("panel.state") == "running"  # and the kernel answers meanwhile
        assert area.get_by_role("button", name="Sing", exact=True).is_disabled()
        assert first.evaluate("s => s.src.startsWith('data:audio/')")
        until(cell, "middle level")
        shot(area, "studio_running")
        cell.press("Stop")
        until(cell, "stopped: ")
        assert ask("panel.state") == "stopped" and ask("len(panel.takes)") == 0
        assert first.evaluate("s => s.duration") == pytest.approx(2.5, abs=0.1)

        cell.press("Resume")
        until(cell, "done: ")
        assert ask("panel.takes.current.song.labels.lyrics") == ["the moon and the stars are mine"]
        asked = "model.sample(**{**panel.asks.asked, 'levels': 2}, progress=False).codes[2]"
        assert ask(f"bool((panel.takes.current.song.codes[2] == {asked}).all())")
        assert area.locator("audio").count() == 4  # three levels, one take
        tab.wait_for_function(
            "[...document.querySelectorAll('.jp-CodeCell')[0].querySelectorAll('audio')]"
            ".every(sound => Math.abs(sound.duration - 2.5) < 0.1)"
        )
        sound = area.locator("audio").last.element_handle()
        sound.evaluate("sound => { sound.muted = true; sound.loop = true; return sound.play(); }")

        levels = area.get_by_label("Levels", exact=True)
        assert levels.evaluate("box => box.selectedIndex") == 0  # "all: best sound"
        cell.type_in("by (s)", 1)
        cell.press("Continue")
        until(cell, "take 2 · continued 1 s")
        assert ask("[round(t.song.seconds, 1) for t in panel.takes]") == [2.5, 3.5]
        assert sound.evaluate("sound => sound.isConnected && !sound.paused")  # it plays on
        cell.type_in("at (s)", 99)
        cell.press("Trim")
        until(cell, "⚠ seconds=99")
        cell.type_in("at (s)", 1)
        cell.press("Splice")
        until(cell, "spliced at 0.992 s with take 1")
        area.get_by_text("⚠").wait_for(state="detached", timeout=LATE)
        cell.press("↶ Undo")
        area.locator("button:not([disabled])", has_text="↷ Redo").wait_for(timeout=LATE)
        assert ask("panel.takes.current.name") == "take 2"
        cell.press("Look closer")
        area.locator(".jbx-view .jbx-player.jbx-live").wait_for(timeout=LATE)
        shot(area, "studio_done")
        ask("panel.close()")
    assert complaints == []


def test_attention_is_explored_by_hand(notebook_of_two):
    lab, tab, complaints = notebook_of_two
    area = tab.locator(".jp-CodeCell").nth(1)
    with lab.kernel("studio.ipynb") as ask:
        cell = Cell(tab, area, ask)
        assert cell.count("img") == 3 and "looks most at position" in cell.text()
        with cell.after():
            cell.choose("Layer", "layer 2 · previous row")
        assert ask("explorer.pattern") == 3
        before = ask("explorer.position.value")
        with cell.after():
            cell.slide(["ArrowRight"])
        assert ask("explorer.position.value") == before + 1
        assert f"Position {before + 1:,} " in cell.text()
        with cell.after():
            cell.choose("Layer", "layer 3 · lyrics")
        assert "in the lyrics" in cell.text()
        with cell.after():
            cell.choose("Head", "head 2")
        assert ask("explorer.weights.letters is not None")
        shot(area, "attention")
    assert complaints == []
