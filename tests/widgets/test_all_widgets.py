"""Laws that every widget keeps: sizes, stability, escaping, labels, controls that do something."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys

import ipywidgets
import pytest
from factories import FACTORIES, SILENT

import jukebox_edu as jb

ARGUMENTS = {"New code"}  # controls that only tell what a button shall do
BUDGET = 400_000  # bytes that one widget may add to a notebook
names = pytest.mark.parametrize("name", FACTORIES)


def shown(panel, monkeypatch):
    """What the panel hands to Jupyter when a cell ends with it."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data))
    panel._ipython_display_()
    return bundles


def leaves(widget):
    """All controls, without the boxes around them."""
    if hasattr(widget, "children"):
        for child in widget.children:
            yield from leaves(child)
    else:
        yield widget


def knobs(panel):
    """Controls of a panel that have a value to change."""
    return [w for w in leaves(panel.controls) if hasattr(w, "value") and not is_text(w)]


def is_text(widget):
    return isinstance(widget, ipywidgets.Label | ipywidgets.HTML)


def another_value(control):
    """A legal value that is not the present one; None if there is none."""
    if hasattr(control, "options"):
        values = [v[1] if isinstance(v, tuple) and len(v) == 2 else v for v in control.options]
        return next((value for value in values if value != control.value), None)
    if isinstance(control.value, bool):
        return not control.value
    if isinstance(control.value, tuple):
        low, high = control.value
        return (low + 1, high) if low + 1 < high else (low, high + 1)
    if isinstance(control.value, int | float):
        step = getattr(control, "step", 1) or 1
        return control.value + (step if control.value + step <= control.max else -step) \
            if hasattr(control, "max") else control.value + 1  # fmt: skip
    return f"{control.value} la"


@pytest.fixture(scope="module")
def panel_of(song):
    """A widget as it is at first, made once for all tests that only look at it."""
    return functools.cache(lambda name: FACTORIES[name](song))


@names
def test_a_widget_fits_into_a_notebook(name, recording, monkeypatch):
    bundles = shown(FACTORIES[name](recording), monkeypatch)
    outputs = [{"output_type": "display_data", "data": d, "metadata": {}} for d in bundles]
    assert len(json.dumps(outputs)) <= BUDGET


@pytest.mark.parametrize("name", [name for name in FACTORIES if name not in SILENT])
def test_every_later_view_fits_too(name, recording, html):
    panel = FACTORIES[name](recording)
    for control in knobs(panel):
        value = another_value(control)
        if value is not None and hasattr(control, "options"):  # these change what is shown most
            control.value = value
            assert len(html(panel)) <= BUDGET, control.description


@names
def test_first_output_is_whole_without_kernel_script_and_style(name, panel_of, monkeypatch):
    static, live = shown(panel_of(name), monkeypatch)
    bare = re.sub(r"<(script|style).*?</\1>", "", static["text/html"], flags=re.S)
    bare = re.sub(r' class="[^"]*"', "", bare)
    assert re.search(r'<img [^>]*src="data:image/png;base64,iVBOR', bare)
    assert re.search(r'<img [^>]*alt="[^"]{20,}"', bare)
    assert ("<audio" in bare) == (name not in SILENT)
    assert not re.search(r'<audio(?![^>]*src="data:audio/)[^>]*>', bare)
    assert len(re.sub("<[^>]+>", "", bare).split()) > 10  # words
    assert set(live) == {"application/vnd.jupyter.widget-view+json", "text/plain"}


@names
def test_outputs_are_the_same_for_the_same_state(name, song, panel_of, monkeypatch):
    first, second = (shown(p, monkeypatch) for p in (panel_of(name), FACTORIES[name](song)))
    view = "application/vnd.jupyter.widget-view+json"
    assert first[1].pop(view) != second[1].pop(view)  # the only thing that differs
    assert first == second


@names
def test_a_widget_loads_nothing_and_has_no_ids(name, panel_of, html):
    text = re.sub(r"[A-Za-z0-9+/=]{60,}", "", html(panel_of(name)))  # without base64
    assert not re.search(r"https?://|url\(|@import|fetch\(|XMLHttp|WebSocket", text)
    assert not re.search(r"\sid=|autoplay", text)


@names
def test_text_of_strangers_stays_text(name, panel_of, html):
    panel = panel_of(name)
    for text in (html(panel), panel.static_html()):
        assert "<script>window.broken" not in text and "prior-<b>" not in text


@names
def test_every_control_has_a_visible_label(name, panel_of):
    for control in leaves(panel_of(name).controls):
        assert is_text(control) or control.description.strip(), control


@names
def test_every_control_draws_anew_and_none_fails(name, song, html):
    panel = FACTORIES[name](song)
    tried = 0
    for control in knobs(panel):
        value = another_value(control)
        if value is None or control.disabled or control.description in ARGUMENTS:
            continue
        before, kept = panel.output.outputs, control.value
        control.value = value
        assert panel.error is None, (control.description, panel.error)
        assert panel.output.outputs is not before and html(panel), control.description
        control.value = kept
        tried += 1
    assert tried >= 2


@names
def test_only_the_view_stands_in_the_output(name, panel_of):
    panel = panel_of(name)
    (entry,) = panel.output.outputs
    assert set(entry) == {"output_type", "data", "metadata"}
    assert set(entry["data"]) == {"text/html", "text/plain"}
    assert len(repr(panel)) < 120 and repr(panel).startswith(name.split()[0])


def test_names_are_loaded_when_they_are_used():
    code = (
        "import sys, jukebox_edu as jb; jb.widgets; "
        "assert not {'torch', 'ipywidgets', 'matplotlib'} & set(sys.modules); "
        "jb.widgets.PlanView; assert 'ipywidgets' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(jb.widgets.__all__) <= set(dir(jb.widgets))
    for name in jb.widgets.__all__:
        assert getattr(jb.widgets, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        jb.widgets.Nothing  # noqa: B018
