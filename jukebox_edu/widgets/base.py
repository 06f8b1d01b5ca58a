"""What all widgets share: controls above, one HTML output below, and a picture that stays.

What
    A `Panel` shows two things in a cell, one after the other:

        static   the first view as an ordinary HTML output: it is stored with the notebook, and
                 plays and reads without a kernel, on an exported page and where scripts are barred
        live     the controls, and an `Output` widget whose `outputs` are replaced at every change

    When the live part appears it hides the static one, so that a reader with a kernel sees one
    picture, and a reader without sees the other. No widget state needs to be saved.
How to write a widget
    Keep what it knows as plain attributes, make the controls, and say how the state looks:

        class Louder(Panel):
            def __init__(self, samples):
                self.samples = samples
                self.gain = ipywidgets.FloatSlider(1.0, description="Gain", continuous_update=False)
                super().__init__([self.gain])          # rows of controls; draws the first view
                self.follow(self.gain)                 # at a change: draw again
                self.button("Mute", self.mute)         # returns the button; runs mute, draws again

            def mute(self):
                self.gain.value = 0.0

            def view(self):                            # the state now; must not change it
                return View(sound(self.gain.value * self.samples, 16000, "louder"), "louder")

    A `JukeboxError` in an action becomes one line below the controls and stays in `.error`; any
    other error does too, and is raised as well.
Why so
    `with Output()`, `interact`, `clear_output` and display updates leave traces that differ from
    run to run; replacing `Output.outputs` does not, and scripts in its HTML run.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ipywidgets

from jukebox_edu.errors import JukeboxError
from jukebox_edu.page.text import escape

VIEW_TYPE = "application/vnd.jupyter.widget-view+json"
_WAITING = (
    '<p style="color:#4d5761;margin:.3rem 0">Run this cell, and controls appear that change '
    "what is seen and heard.</p>"
)
# Hide the static view of the same cell: of those that stand before this script, the last one.
_HIDE = """<script>(function () {
  const here = document.currentScript;
  const cell = here && (here.closest(".jp-Cell, .cell") ||
                        (window.google && google.colab && document.body));
  if (!cell) return;
  const before = [...cell.querySelectorAll(".jbx-static")].filter(
    (view) => view.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
  const view = before[before.length - 1];
  if (!view) return;
  view.querySelectorAll("audio").forEach((sound) => sound.pause());
  (view.closest(".jp-OutputArea-child") || view).style.display = "none";
})();</script>"""


@dataclass(frozen=True)
class View:
    """How a widget looks at one moment.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    html: str  # escaped, self-contained: no ids, nothing loaded, the same bytes for the same state
    text: str  # the same in words, for those who cannot show HTML


class Panel:
    """Controls, a line for errors and one output; the base of all widgets.

    Parameters
    ----------
    rows
        Controls from top to bottom; a list in it stands side by side.

    Attributes
    ----------
    box
        The ipywidgets `VBox`, to put the live part into another layout.
    output, shown
        The `Output` whose only output is the view, and that `View`.
    error
        What went wrong in the last action; None: nothing.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    error: Exception | None
    shown: View

    def __init__(self, rows: Sequence[ipywidgets.Widget | Sequence[ipywidgets.Widget]]) -> None:
        self.error = None
        self._quiet = 0  # above 0: several controls are being set, draw once at the end
        self.message = ipywidgets.HTML()
        self.output = ipywidgets.Output()
        self.controls = ipywidgets.VBox([as_row(row) for row in rows])
        self.box = ipywidgets.VBox([self.controls, self.message, self.output])
        self.box.add_class("jbx-panel")
        self.refresh()

    # ---- to be written by each widget ---------------------------------------------------------

    def view(self) -> View:
        """How the state looks now; must not change it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """One line that is the same for the same data: notebooks are compared by it."""
        return f"{type(self).__name__}()"

    # ---- what they call -----------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw the state anew.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        self.shown = view = self.view()
        self.output.outputs = (
            html_output(f'<div class="jbx-view">{view.html}{_HIDE}</div>', view.text),
        )

    def act(self, action: Callable[[], Any]) -> None:
        """Do something and draw again; what goes wrong becomes a line below the controls.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        self.error = None
        try:
            with self.together():
                action()
        except JukeboxError as error:
            self._tell(error)
        except Exception as error:
            self._tell(error)
            raise
        else:
            if self.error is None:
                self.message.value = ""

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Set controls without drawing."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @contextmanager
    def together(self) -> Iterator[None]:
        """Set several controls and draw once, at the end of the outermost block."""
        with self.quietly():
            yield
        if not self._quiet:
            self.refresh()

    def follow(self, *controls: ipywidgets.Widget, action: Callable[[], Any] | None = None) -> None:
        """Draw again whenever one of the controls changes, after `action` if there is one.

        Lesson: notebooks/00_ten_minutes.ipynb
        """

        def changed(_: Any) -> None:
            if action is None and self._quiet:
                return  # whoever sets the controls draws at the end
            self.act(action or (lambda: None))

        for control in controls:
            control.observe(changed, names="value")

    def button(self, text: str, action: Callable[[], Any], hint: str = "") -> ipywidgets.Button:
        """A button that does `action` and draws again; put it into a row yourself.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        made = ipywidgets.Button(description=text, tooltip=hint or text)
        made.layout.width = "auto"
        made.on_click(lambda _: self.act(action))
        return made

    def _tell(self, error: Exception) -> None:
        self.error = error
        kind = "" if isinstance(error, JukeboxError) else f"{type(error).__name__}: "
        line = " ".join(f"{kind}{error}".split())
        self.message.value = f'<div style="color:#a3260a;line-height:1.4">⚠ {escape(line)}</div>'

    # ---- what Jupyter calls -------------------------------------------------------------------

    def static_html(self) -> str:
        """The view that is shown, as it is stored with the notebook.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        return f'<div class="jbx-static">{self.shown.html}{_WAITING}</div>'

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import display

        display({"text/html": self.static_html(), "text/plain": repr(self)}, raw=True)
        live = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        name = type(self).__name__
        display({VIEW_TYPE: live, "text/plain": f"(controls of {name})"}, raw=True)


def as_row(row: ipywidgets.Widget | Sequence[ipywidgets.Widget]) -> ipywidgets.Widget:
    """Controls side by side, in as many lines as the page is narrow.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if isinstance(row, ipywidgets.Widget):
        return row
    return ipywidgets.HBox(list(row), layout={"flex_flow": "row wrap", "align_items": "center"})


def html_output(html: str, text: str) -> dict[str, Any]:
    """An entry of `Output.outputs`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    data = {"text/html": html, "text/plain": text}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def labelled(width: str = "22rem") -> dict[str, Any]:
    """Arguments of a control that keep its label in full and its width in bounds.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return {"style": {"description_width": "initial"}, "layout": {"width": width}}
