"""A studio in a notebook: type words, hear them sung while they are written, try again.

What
    Sing, and rough sound comes as soon as there is some: the top level first, then finer ones.
    Stop at any moment; Resume goes on and ends in the same codes. Every song becomes a take: hear
    takes side by side, go back, continue, trim, splice. The notebook stays free meanwhile.

        panel = StudioPanel(model)      # show it as the last value of a cell
        panel.sing(); panel.wait()      # the same from Python
        panel.takes.current.song
Threads
    The song is written in a thread. Of this class only `_hear` is called from there, and what is
    shown changes only under the desk's lock, by a button or by `_hear`.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model import Jukebox
from jukebox_edu.page.text import escape
from jukebox_edu.song.takes import Take, Takes
from jukebox_edu.widgets.base import Panel, View, as_row, html_output
from jukebox_edu.widgets.desk import Desk, Key
from jukebox_edu.widgets.pieces import lines, paragraph, whole
from jukebox_edu.widgets.rough import RoughSound
from jukebox_edu.widgets.session import FAILED, RUNNING, News
from jukebox_edu.widgets.studio_controls import StudioControls
from jukebox_edu.widgets.studio_takes import TakesView
from jukebox_edu.widgets.work import Work


class StudioPanel(Panel):
    """Write songs, hear them grow, and keep every take.

    Parameters
    ----------
    model
        Who sings.
    lyrics, seconds
        What the controls begin with.
    prompt
        What every new song begins with, as for `model.sample`.
    out
        Folder for runs and takes, to find them again tomorrow; None: a temporary one, which
        goes when the panel is closed.

    Attributes
    ----------
    asks
        The controls, a `StudioControls`: `panel.asks.seed.value = 7`.
    desk
        What they drive, a `Desk`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    _view: TakesView  # cards and tree

    def __init__(
        self,
        model: Jukebox,
        *,
        lyrics: str = "",
        seconds: float = 10.0,
        prompt: Any = None,
        out: str | os.PathLike[str] | None = None,
    ) -> None:
        self.desk = Desk(model, self._hear, prompt, out)
        self.asks = StudioControls(model, lyrics, seconds)
        self._lock = self.desk.lock
        self._rough: RoughSound | None = None  # of the present work
        self._rough_of: Path | None = None  # its folder
        self._opened = View("", "")  # the take that is shown in full
        self._make_controls()
        super().__init__(self._rows())
        self.box.children = (
            self.controls, self.message, self.notes, self._rough_box, *self._view.everything,
            self.output,
        )  # fmt: skip

    def __repr__(self) -> str:
        n = len(self.takes)
        name = self.desk.model.config.name
        return f"StudioPanel({name!r}, {n} take{'' if n == 1 else 's'})"

    def _make_controls(self) -> None:
        """Buttons, progress, and places for sounds."""
        self.sing_button = self.button("Sing", self.sing, "Write a new song")
        self.sing_button.button_style = "primary"
        self.stop_button = self.button("Stop", self.stop, "Stop; Resume goes on from there")
        self.resume_button = self.button("Resume", self.resume, "Go on where it was stopped")
        self.bar = ipywidgets.FloatProgress(0.0, min=0.0, max=1.0, layout={"width": "16rem"})
        self.status = ipywidgets.Label("ready")
        self.notes = ipywidgets.HTML()
        top_first = range(self.desk.model.levels - 1, -1, -1)
        self.rough_outputs = {level: ipywidgets.Output() for level in top_first}
        for output in self.rough_outputs.values():
            output.layout.flex = "1 1 18rem"
        self._rough_box = as_row(list(self.rough_outputs.values()))
        actions = {
            "undo": self.undo, "redo": self.redo, "look": self.look, "finish": self.upsample,
            "more": self._continue, "trim": lambda: self.trim(self._view.cut.value),
            "splice": lambda: self.splice(self._view.other.value, self._view.cut.value),
        }  # fmt: skip
        self._view = TakesView(
            self.takes, lambda number: self.act(lambda: self.visit(number)), self.button, actions
        )

    def _rows(self) -> list[Any]:
        buttons = [self.sing_button, self.stop_button, self.resume_button, self.bar, self.status]
        if self.desk.out is not None:
            buttons.append(self.button("Keep takes", self.save, "Save all takes in the folder"))
        return [*self.asks.rows, buttons]

    # ---- writing ------------------------------------------------------------------------------

    def sing(self) -> None:
        """Begin a new song as the controls say; returns at once.

        Raises
        ------
        RunError
            If one is being written.
        JukeboxError
            If the model cannot do what the controls say.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        self._begin(lambda: self.desk.sing(**self.asks.asked))

    def continue_take(
        self, seconds: float, take: Key = None, *, lyrics: str | None = None,
        seed: int | None = None,
    ) -> None:  # fmt: skip
        """Begin to write more of a take (default: the current one); returns at once.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._begin(
            lambda: self.desk.continue_take(
                seconds, take, lyrics=lyrics, seed=seed, options=self.asks.options
            )
        )

    def _continue(self) -> None:
        """The button: more of the current take, as its controls say."""
        words = self.asks.lyrics.value if self._view.new_words.value else None
        self.continue_take(self._view.added.value, lyrics=words, seed=self.asks.seed.value)

    def upsample(self, take: Key = None) -> None:
        """Begin to write the levels that a take lacks (default: the current); returns at once.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._begin(lambda: self.desk.upsample(take, options=self.asks.options))

    def _begin(self, start: Callable[[], Work]) -> None:
        """Start a work and make room for its sound."""
        with self._lock:  # the thread has begun, but tells nothing before this ends
            work = start()
            if self._rough_of != work.folder:  # else its sound is there already
                self._rough, self._rough_of = RoughSound(work.job.plan), work.folder
                for output in self.rough_outputs.values():
                    output.outputs = ()
            self._sync()

    def stop(self) -> None:
        """Stop after the code that is being written; returns at once.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        with self._lock:
            if self.desk.session.running:
                self.desk.session.stop()
                self.status.value = "stopping ..."

    def resume(self) -> None:
        """Go on with the song that was stopped; returns at once.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        with self._lock:
            self.desk.session.resume()
            self._sync()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is being written; gives whether that is so. Ctrl-C stops the song.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        return self.desk.session.wait(timeout)

    def close(self) -> None:
        """Stop the thread, remove temporary runs and the controls; takes stay in `takes`.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        self.desk.close()
        self.box.close()

    @property
    def state(self) -> str:
        """What the writing does: "idle", "running", "stopped", "done" or "failed"."""
        return self.desk.session.state

    def _hear(self, news: News) -> None:
        """The one place where the session's thread changes what is shown."""
        rough, heard = self._rough, None
        if news.part is not None and rough is not None:
            heard = rough.add(news.part)
        with self._lock:
            if heard is not None and rough is not None:
                name = f"sound of level {heard.level}"
                self.rough_outputs[heard.level].outputs = (html_output(rough.html(heard), name),)
            self.bar.value = news.share
            running = news.state == RUNNING
            self.status.value = news.text if running else f"{news.state}: {news.text}"
            if news.state == FAILED:
                self._tell(self.desk.session.error)  # type: ignore[arg-type]
            if not running:
                self._sync()

    # ---- takes --------------------------------------------------------------------------------

    @property
    def takes(self) -> Takes:
        """All takes so far."""
        return self.desk.takes

    def visit(self, take: Key) -> Take:
        """Make a take current.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return self._edit(lambda: self.takes.visit(self.desk.chosen(take)))

    def undo(self) -> Take | None:
        """Go back to the take before.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return self._edit(self.takes.undo)

    def redo(self) -> Take | None:
        """Go forward again.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return self._edit(self.takes.redo)

    def trim(self, seconds: float, take: Key = None) -> Take:
        """Make a take of the first seconds of one; see `Song.trim`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return self._edit(lambda: self.takes.trim(seconds, self.desk.chosen(take)))

    def splice(self, other: Key, at: float, take: Key = None) -> Take:
        """Make a take that goes over to another one at a moment; see `Song.splice`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if other is None:
            raise ConfigError(must("other", None, "another take", "Sing a second one first."))
        return self._edit(lambda: self.takes.splice(other, at, self.desk.chosen(take)))

    def _edit(self, action: Callable[[], Any]) -> Any:
        with self._lock:
            found = action()
            self._sync()
            return found

    def look(self, take: Key = None) -> None:
        """Show a take in full below: sound, codes and words in one player.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        chosen = self.desk.chosen(take)
        html = chosen.song.player()._repr_mimebundle_()["text/html"]  # slow: not under the lock
        with self._lock:
            self._opened = View(html, chosen.title)
            self.refresh()

    def save(self, folder: str | os.PathLike[str] | None = None) -> Path:
        """Keep all takes in a folder; None: in `out`. `Takes.load` reads them.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        return self.desk.save(folder)

    # ---- showing ------------------------------------------------------------------------------

    def _sync(self) -> None:
        """Show takes, notes and buttons as things stand."""
        session = self.desk.session
        self.sing_button.disabled = session.running
        self.stop_button.disabled = not session.running
        self.resume_button.disabled = not session.resumable
        self.notes.value = "<br>".join(escape(note) for note in self.desk.notes)
        self._view.show(session.running)
        self.asks.show_plan()  # how long it takes is known better after every run

    def refresh(self) -> None:
        """Draw the state anew; players that are there play on.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        with self._lock:
            self._sync()
            super().refresh()

    def _tell(self, error: Exception) -> None:
        with self._lock:
            super()._tell(error)

    def view(self) -> View:
        """The take that was opened; nothing before."""
        return self._opened

    def static_html(self) -> str:
        """What is stored with the notebook: who could sing, and the takes as words.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        model = self.desk.model
        names = [f"{kind}: {', '.join(known[:12])}" for kind, known in
                 (("Artists", model.artists()), ("Genres", model.genres())) if known]  # fmt: skip
        about = whole(
            paragraph(f"A studio for {model.config.name}: type words, press Sing, and listen."),
            *map(paragraph, names),
            lines(self.takes.text()) if len(self.takes) else "",
            paragraph("Run this cell, and the studio opens."),
        )
        return f'<div class="jbx-static">{about}</div>'
