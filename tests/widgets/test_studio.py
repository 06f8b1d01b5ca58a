"""The studio, driven as a person would: controls set, buttons pressed, what is shown read back."""

from __future__ import annotations

import html
import re
import threading

import pytest
import torch

from jukebox_edu.errors import ConfigError, RunError
from jukebox_edu.model import writing
from jukebox_edu.song.takes import Takes, same_codes
from jukebox_edu.widgets import pace
from jukebox_edu.widgets.studio import StudioPanel

LONG = 60  # seconds that a test waits before it fails


@pytest.fixture
def open_panel(model):
    """Panels with words typed in; closed at the end, and no thread is left."""
    opened = []

    def make(**changes):
        panel = StudioPanel(model, **{"lyrics": "la la love", "seconds": 1.92, **changes})
        panel.asks.artist.value, panel.asks.genre.value = "Ada", "waltz"
        panel.asks.seed.value = 3
        opened.append(panel)
        return panel

    yield make
    for panel in opened:
        panel.close()
    assert "jukebox_edu session" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def panel(open_panel):
    return open_panel()


def press(panel, name):
    """Press a button by what is written on it."""
    buttons = {
        button.description: button
        for button in (
            panel.sing_button, panel.stop_button, panel.resume_button,
            *panel._view.buttons.values(),
        )
    }  # fmt: skip
    buttons[name].click()


def sung(panel):
    press(panel, "Sing")
    assert panel.wait(LONG)
    assert panel.state == "done", panel.message.value
    return panel


def html_of(output):
    return output.outputs[0]["data"]["text/html"] if output.outputs else ""


def cards(panel):
    return [html_of(card.children[1]) for card in panel._view.cards.children]


def stop_at(panel, monkeypatch, share):
    """Press Stop from the moment that this share is written, as the thread counts it."""
    update = pace.Pace.update

    def updated(self, n=1):
        if self.share >= share and not self._stop.is_set():
            panel.desk.session.stop()
        update(self, n)

    monkeypatch.setattr(pace.Pace, "update", updated)


# ---- singing ------------------------------------------------------------------------------------


def test_a_sung_take_is_the_song_that_sample_writes(panel, model):
    sung(panel)
    whole = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, progress=False)
    take = panel.takes.current
    assert same_codes(take.song, whole) and take.song.provenance == whole.provenance
    assert take.title == "take 1 · sampled seed 3 · 1.9 s"
    assert repr(panel) == "StudioPanel('test-1', 1 take)"
    assert panel.bar.value == 1.0 and panel.status.value == "done: 210 of 210 codes"
    (card,) = cards(panel)
    assert "<audio controls" in card and "seed 3" in card
    assert panel._view.list.options == (("take 1 · sampled seed 3 · 1.9 s", 1),)


def test_rough_sound_comes_top_level_first_and_while_it_is_written(panel, monkeypatch):
    order = []
    hear = StudioPanel._hear

    def heard(self, news):
        hear(self, news)
        order.append([level for level, out in self.rough_outputs.items() if out.outputs])

    monkeypatch.setattr(panel.desk, "_tell", lambda news: heard(panel, news))
    sung(panel)
    assert order[0] == [] and order[-1] == [2, 1, 0]
    stages = [levels for i, levels in enumerate(order) if i == 0 or levels != order[i - 1]]
    assert stages == [[], [2], [2, 1], [2, 1, 0]]
    for level, name in ((2, "top"), (1, "middle"), (0, "bottom")):
        shown = html_of(panel.rough_outputs[level])
        assert f"{name} level, 1.9 s" in shown and "<audio" in shown


def test_several_takes_stand_side_by_side(panel, model):
    panel.asks.n_takes.value = 3
    sung(panel)
    assert [take.deed for take in panel.takes] == [f"sampled seed 3, {i} of 3" for i in (1, 2, 3)]
    assert panel.takes.current.name == "take 1" and len(cards(panel)) == 3
    assert html_of(panel.rough_outputs[2]).count("<audio") == 3
    batch = model.sample(
        "la la love", "Ada", "waltz", seconds=1.92, seed=3, n_samples=3, progress=False
    )
    assert all(same_codes(take.song, batch.take(i)) for i, take in enumerate(panel.takes))


def test_what_the_controls_say_is_what_is_asked(panel, model):
    assert panel.asks.options is None and panel.asks.asked["levels"] is None
    panel.asks.temperature.value = 0.8
    panel.asks.guidance.value = 2.0
    assert panel.asks.levels.value == (0, 1, 2)  # None would be no choice at all in the browser
    panel.asks.levels.value = (2,)
    options = panel.asks.options
    assert options.temperature == (None, None, 0.8) and options.guidance == (None, None, 2.0)
    sung(panel)
    song = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, levels=2,
                        options=options, progress=False)  # fmt: skip
    assert same_codes(panel.takes.current.song, song)
    assert "top level only: rough" in cards(panel)[0]


def test_the_plan_is_shown_and_knows_its_time_after_a_run(panel):
    panel.desk.model.rates.clear()
    panel.asks.seconds.value = 0.96
    windows = sum(len(level.windows) for level in panel.desk.model.plan(seconds=0.96).levels)
    assert f"0.96 s in {windows} windows" in panel.asks.plan_view.value
    assert "known once this model has run" in panel.asks.plan_view.value
    sung(panel)
    assert "at the speed measured before" in panel.asks.plan_view.value
    panel.asks.seconds.value = 0.02
    assert "⚠ seconds=0.02: must be at least" in panel.asks.plan_view.value


def test_names_are_suggested(panel):
    assert panel.asks.artist.options == ("Ada", "Ben", "Céline")
    assert panel.asks.hint.value == "Artists: Ada, Ben, Céline<br>Genres: waltz, blues"
    panel.asks.genre.value = "waltzz"
    assert "genre 'waltzz' is not among the 2 names" in html.unescape(panel.asks.hint.value)
    assert "waltz" in panel.asks.hint.value.split("Nearest names")[1]
    panel.asks.genre.value = "Blues"
    assert "Genres: waltz, blues" in panel.asks.hint.value and "not among" not in (
        panel.asks.hint.value
    )


def test_unknown_names_are_said_and_sung_as_unknown(panel):
    panel.asks.artist.value = "Nobody"
    sung(panel)
    assert "Nobody" in panel.notes.value and "told" in panel.notes.value


def test_the_same_settings_give_the_same_take_and_say_so(panel):
    sung(panel)
    panel.asks.seed.value = 4
    sung(panel)
    panel.asks.seed.value = 3
    sung(panel)
    assert len(panel.takes) == 2 and panel.takes.current.name == "take 1"
    assert "this is take 1. Change the seed" in panel.notes.value


# ---- stopping -----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.8, 0.99])
def test_stopped_and_resumed_ends_in_the_same_codes(panel, model, monkeypatch, share):
    with monkeypatch.context() as patch:
        stop_at(panel, patch, share)
        press(panel, "Sing")
        assert panel.wait(LONG)
    assert panel.state == "stopped" and len(panel.takes) == 0
    assert panel.status.value.startswith("stopped: ")
    assert not panel.resume_button.disabled and panel.stop_button.disabled
    assert not panel.sing_button.disabled and panel.message.value == ""
    press(panel, "Resume")
    assert panel.wait(LONG) and panel.state == "done"
    whole = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, progress=False)
    assert same_codes(panel.takes.current.song, whole)
    assert panel.resume_button.disabled
    for level in range(3):
        assert "1.9 s" in html_of(panel.rough_outputs[level])


def test_stop_while_it_runs(panel, model):
    """Stop is pressed from the main thread at a moment that nobody chose."""
    started, go_on = threading.Event(), threading.Event()

    def hold(*_):
        started.set()
        assert go_on.wait(LONG)

    hook = model.priors[1].music.transformer.layers[0].mlp.up.register_forward_hook(hold)
    try:
        press(panel, "Sing")
        assert started.wait(LONG)
        assert panel.sing_button.disabled and not panel.stop_button.disabled
        assert panel._view.buttons["more"].disabled
        press(panel, "Stop")
        assert panel.status.value == "stopping ..." and panel.state == "running"
        go_on.set()
        assert panel.wait(LONG)
    finally:
        go_on.set()
        hook.remove()
    assert panel.state == "stopped"


def test_a_second_sing_while_running_is_refused_politely(panel, model):
    started, go_on = threading.Event(), threading.Event()

    def hold(*_):
        started.set()
        assert go_on.wait(LONG)

    hook = model.priors[2].music.transformer.layers[0].mlp.up.register_forward_hook(hold)
    try:
        press(panel, "Sing")
        assert started.wait(LONG)
        panel.sing_button.click()  # a click that was on its way
        assert "A song is being written. Stop it first" in panel.message.value
        assert isinstance(panel.error, RunError)
        with pytest.raises(RunError, match="is being written"):
            panel.sing()
        with pytest.raises(RunError, match="already"):
            panel.resume()
    finally:
        go_on.set()
        hook.remove()
    assert panel.wait(LONG) and panel.state == "done" and len(panel.takes) == 1


def test_after_another_song_the_stopped_one_is_found_by_its_settings(panel, model, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at(panel, patch, 0.5)
        press(panel, "Sing")
        panel.wait(LONG)
    panel.asks.seed.value = 8
    sung(panel)
    panel.asks.seed.value = 3
    steps, count = [], writing._Clock.count

    def counted(self, step):
        steps.append(step)
        count(self, step)

    monkeypatch.setattr(writing._Clock, "count", counted)
    sung(panel)
    assert {step.level for step in steps} == {0}  # the upper levels were whole
    assert 0 < sum(step.replayed for step in steps) < len(steps)
    whole = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, progress=False)
    assert same_codes(panel.takes.current.song, whole)


def test_closing_stops_the_thread_and_removes_the_runs(open_panel, model):
    panel = open_panel(seconds=9.6)
    started = threading.Event()
    hook = (
        model.priors[2]
        .music.transformer.layers[0]
        .mlp.up.register_forward_hook(lambda *_: started.set())
    )
    press(panel, "Sing")
    assert started.wait(LONG)
    folder = panel.desk._temporary
    assert folder.exists()
    panel.close()
    hook.remove()
    assert not folder.exists() and panel.state == "stopped"
    with pytest.raises(RunError, match="closed"):
        panel.sing()


# ---- errors -------------------------------------------------------------------------------------


def test_what_cannot_be_sung_is_one_line_and_the_panel_goes_on(panel):
    panel.asks.seconds.value = 0.02
    press(panel, "Sing")
    assert panel.state == "idle"
    (line,) = re.findall("⚠ (.*)</div>", panel.message.value)
    assert line.startswith("seconds=0.02: must be at least") and "\n" not in line
    assert isinstance(panel.error, ConfigError)
    panel.asks.seconds.value = 1.92
    sung(panel)
    assert panel.message.value == "" and panel.error is None


def test_an_error_in_the_thread_is_one_line_and_resume_goes_on(panel, model):
    calls = [0]

    def fail(*_):
        calls[0] += 1
        if calls[0] == 30:
            raise RuntimeError("<b>the machine</b>\nis on fire")

    hook = model.priors[0].music.transformer.layers[0].mlp.up.register_forward_hook(fail)
    try:
        press(panel, "Sing")
        panel.wait(LONG)
    finally:
        hook.remove()
    assert panel.state == "failed" and panel.status.value.startswith("failed: ")
    assert "RuntimeError: &lt;b&gt;the machine&lt;/b&gt; is on fire" in panel.message.value
    press(panel, "Resume")
    panel.wait(LONG)
    whole = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, progress=False)
    assert panel.state == "done" and same_codes(panel.takes.current.song, whole)
    assert panel.message.value == ""


def test_buttons_without_a_take_say_what_to_do(panel):
    for name in ("Look closer", "Continue", "Trim", "Splice", "Write all levels"):
        press(panel, name)
        assert "Sing one first" in panel.message.value or "second one" in panel.message.value, name
    press(panel, "↶ Undo")
    assert panel.message.value == ""
    press(panel, "Resume")
    assert "nothing to resume" in panel.message.value


def test_only_a_model_opens_a_studio():
    with pytest.raises(ConfigError, match="a Jukebox"):
        StudioPanel("tiny")


# ---- takes --------------------------------------------------------------------------------------


def test_continue_trim_splice_and_back(panel, model):
    sung(panel)
    first = panel.takes.current
    panel._view.added.value = 0.96
    press(panel, "Continue")
    assert panel.wait(LONG) and panel.state == "done"
    second = panel.takes.current
    assert second.deed == "continued 0.96 s" and second.parent == first.number
    whole = model.continue_song(first.song, seconds=0.96, progress=False)
    assert same_codes(second.song, whole) and second.song.provenance == whole.provenance
    panel._view.cut.value = 1.28
    press(panel, "Trim")
    third = panel.takes.current
    assert third.deed == "trimmed to 1.28 s" and third.parent == second.number
    assert same_codes(third.song, second.song.trim(1.28))
    panel.asks.seed.value = 5
    sung(panel)
    panel.visit(1)
    panel._view.other.value = 4
    panel._view.cut.value = 0.96
    press(panel, "Splice")
    assert panel.takes.current.deed == "spliced at 0.96 s with take 4"
    assert len(cards(panel)) == len(panel.takes) == 5
    assert [name.split(" · ")[0] for name, _ in panel._view.list.options] == [
        "take 1", "├─ take 2", "│  └─ take 3", "└─ take 5", "take 4",
    ]  # fmt: skip
    press(panel, "↶ Undo")
    assert panel.takes.current.number == 1 and panel._view.list.value == 1
    press(panel, "↷ Redo")
    assert panel._view.list.value == 5


def test_the_other_take_of_a_splice_is_chosen_by_itself_and_stays_chosen(panel):
    sung(panel)
    press(panel, "Splice")
    assert "Sing a second one first" in panel.message.value
    panel.trim(1.28)
    assert panel._view.other.value == 1
    panel._view.cut.value = 0.64
    press(panel, "Splice")
    assert panel.takes.current.deed == "spliced at 0.64 s with take 1" and panel.error is None
    panel._view.other.value = 2
    panel.undo()  # now take 2 is current itself
    assert panel._view.other.value == 1
    panel.redo()
    panel._view.other.value = 2
    panel.trim(0.96)
    assert panel._view.other.value == 2


def test_another_seed_or_other_words_give_another_branch(panel):
    sung(panel)
    panel._view.added.value = 0.96
    press(panel, "Continue")
    panel.wait(LONG)
    panel.visit(1)
    panel.asks.seed.value = 11
    press(panel, "Continue")
    panel.wait(LONG)
    panel.visit(1)
    panel.asks.seed.value = 3
    panel.asks.lyrics.value = "other words"
    press(panel, "Continue")  # the words above do not count unless it is said
    panel.wait(LONG)
    assert len(panel.takes) == 3 and panel.takes.current.number == 2
    panel.visit(1)
    panel._view.new_words.value = True
    press(panel, "Continue")
    panel.wait(LONG)
    assert [take.parent for take in panel.takes] == [None, 1, 1, 1]
    assert panel.takes[3].deed == "continued 0.96 s, seed 11"
    assert panel.takes[4].song.labels.lyrics == ("other words",)
    assert not same_codes(panel.takes[2].song, panel.takes[3].song)


def test_rough_takes_are_finished_when_they_are_worth_it(panel, model):
    panel.asks.levels.value = (2,)
    panel.asks.n_takes.value = 2
    sung(panel)
    assert not panel._view.buttons["finish"].disabled
    panel.visit(2)
    press(panel, "Write all levels")
    assert panel.wait(LONG) and panel.state == "done"
    take = panel.takes.current
    assert take.parent == 2 and take.deed == "upsampled" and take.song.levels == (0, 1, 2)
    assert same_codes(take.song, model.upsample(panel.takes[2].song, progress=False))
    assert panel._view.buttons["finish"].disabled


def test_a_take_chosen_in_the_list_becomes_current_and_can_be_looked_at(panel):
    panel.asks.n_takes.value = 2
    sung(panel)
    panel._view.list.value = 2
    assert panel.takes.current.number == 2
    press(panel, "Look closer")
    shown = html_of(panel.output)
    assert "jbx-player" in shown and "la la love" in shown
    before = panel.output.outputs
    press(panel, "↶ Undo")
    assert panel.output.outputs is before or panel.output.outputs == before  # it plays on


def test_players_that_are_there_are_not_replaced(panel):
    sung(panel)
    card = panel._view.cards.children[0]
    shown = card.children[1].outputs
    panel.asks.seed.value = 9
    sung(panel)
    panel.undo()
    assert panel._view.cards.children[0] is card and card.children[1].outputs is shown


def test_kept_takes_are_there_tomorrow(open_panel, model, tmp_path):
    panel = open_panel(out=tmp_path)
    sung(panel)
    panel.trim(0.96)
    panel.save()
    panel.close()
    again = open_panel(out=tmp_path)
    assert again.takes.text() == panel.takes.text() and len(cards(again)) == 2
    assert "trimmed to 0.96 s" in again.static_html()
    sung(again)  # the run folder is there too
    assert len(again.takes) == 2
    with pytest.raises(ConfigError, match="folder=None"):
        open_panel().save()
    assert len(Takes.load(tmp_path / "takes")) == 2


def test_a_prompt_is_sung_on(open_panel, model):
    prompt = torch.sin(torch.arange(640) / 9).numpy() / 2
    panel = open_panel(prompt=prompt)
    sung(panel)
    song = model.sample("la la love", "Ada", "waltz", seconds=1.92, seed=3, prompt=prompt,
                        progress=False)  # fmt: skip
    assert same_codes(panel.takes.current.song, song)
    assert "0.6 to 1.9 s" in html_of(panel.rough_outputs[2])


# ---- showing ------------------------------------------------------------------------------------


def test_what_a_notebook_stores_is_the_same_whatever_was_measured(open_panel, model):
    panel = open_panel()
    before = panel.static_html()
    assert "Ada, Ben, Céline" in before and "waltz" in before and "<script" not in before
    sung(panel)
    assert open_panel().static_html() == before
    assert "take 1" in panel.static_html()


def test_words_of_people_are_escaped(open_panel):
    panel = open_panel(lyrics="<script>alert(1)</script>")
    panel.asks.artist.value = "<img src=x>"
    sung(panel)
    assert "<img src=x>" not in panel.notes.value + panel.asks.hint.value + panel.static_html()
