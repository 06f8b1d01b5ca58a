"""Progress of long work, with the time left: one helper for terminal, log file and notebook.

What
    `Progress` counts units of work and now and then shows share, rate and time left:

        top level: 37 %, 431 tokens/s, 1 min 20 s left

    A terminal sees one line rewritten a few times a second, a log file a line every five seconds,
    a notebook a widget whose text changes (an output that is rewritten would break the comparison
    of notebooks). Nothing is shown when the environment variable JUKEBOX_EDU_QUIET is set, nor in
    a notebook that runs under pytest.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import html
import os
import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, must

QUIET_VARIABLE = "JUKEBOX_EDU_QUIET"  # set to anything but "" or "0": show no progress
_TERMINAL_PERIOD = 0.25  # seconds between two views
_WIDGET_PERIOD = 0.5
_LINES_PERIOD = 5.0


class _Quiet:
    """Shows nothing."""

    period = float("inf")  # seconds between two views

    def show(self, text: str) -> None:
        """Show the state of the work."""

    def note(self, text: str) -> None:
        """Show a remark that stays."""

    def close(self, text: str) -> None:
        """Show the last state."""


class _Lines(_Quiet):
    """Writes a line now and then: for log files and pipes."""

    period = _LINES_PERIOD

    def __init__(self, stream: TextIO) -> None:
        self.stream: TextIO | None = stream

    def _write(self, text: str) -> None:
        """Write; a stream that is closed or cannot write must not end the work."""
        if self.stream is None:
            return
        try:
            try:
                self.stream.write(text)
            except UnicodeEncodeError:
                self.stream.write(text.encode("ascii", "backslashreplace").decode("ascii"))
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = None

    def show(self, text: str) -> None:
        self._write(text + "\n")

    def note(self, text: str) -> None:
        self._write(text + "\n")

    def close(self, text: str) -> None:
        self._write(text + "\n")


class _Terminal(_Lines):
    """Rewrites one line in place."""

    period = _TERMINAL_PERIOD

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.width = 0  # characters of the line that stands there

    def show(self, text: str) -> None:
        text = text[: shutil.get_terminal_size().columns - 1]
        self._write("\r" + text.ljust(self.width))
        self.width = len(text)

    def note(self, text: str) -> None:
        self._write("\r" + text.ljust(self.width) + "\n")
        self.width = 0

    def close(self, text: str) -> None:
        self.show(text)
        self._write("\n")


class _Widget(_Quiet):
    """Changes the text of one widget."""

    period = _WIDGET_PERIOD

    def __init__(self) -> None:
        import ipywidgets
        from IPython.display import display

        self.notes: list[str] = []
        self.widget = ipywidgets.HTML()
        display(self.widget)

    def show(self, text: str) -> None:
        lines = [*self.notes, text]
        self.widget.value = "<br>".join(html.escape(line) for line in lines)

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.show("")

    def close(self, text: str) -> None:
        self.show(text)


def _in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (Colab's included)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


def _choose_view(enabled: bool | str | None, stream: TextIO | None) -> _Quiet:
    """Pick how to show progress from what was asked and where this runs."""
    if not (isinstance(enabled, bool) or enabled is None or enabled == "auto"):
        raise ConfigError(must("enabled", enabled, 'True, False, None or "auto"'))
    if enabled is False:
        return _Quiet()
    notebook = stream is None and _in_notebook()
    if enabled is not True:
        quiet = os.environ.get(QUIET_VARIABLE, "") not in ("", "0")
        if quiet or (notebook and "PYTEST_VERSION" in os.environ):
            return _Quiet()
    if notebook:
        try:
            return _Widget()
        except ImportError:
            return _Quiet()
    stream = stream if stream is not None else sys.stderr
    if stream is None:  # a program without a console
        return _Quiet()
    return _Terminal(stream) if stream.isatty() else _Lines(stream)


class Progress:
    """Counts units of work and shows share, rate and time left.

    Parameters
    ----------
    total
        Units in all; None if nobody knows.
    label
        What is being done, e.g. "top level".
    unit
        What is counted, in the plural.
    enabled
        True shows in any case, False never; "auto" (or None) shows unless asked to be quiet.
    stream
        Where to write; None: standard error, or a widget in a notebook.
    done
        Units that were there before (of a resumed run); they do not count for the rate.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(
        self,
        total: int | None,
        *,
        label: str,
        unit: str = "tokens",
        enabled: bool | str | None = "auto",
        stream: TextIO | None = None,
        done: int = 0,
    ) -> None:
        for name, value in (("total", total), ("done", done)):
            if value is not None and value < 0:
                raise ConfigError(must(name, value, "0 or more"))
        self.total, self.label, self.unit = total, label, unit
        self.done = done
        self._done_before = done
        self._view = _choose_view(enabled, stream)
        self._started = time.perf_counter()
        self._next_show = self._started + self._view.period

    def __enter__(self) -> Progress:
        """Start the clock."""
        self._started = time.perf_counter()
        self._next_show = self._started + self._view.period
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the last state, whether the work ended or was stopped."""
        self._view.close(self._last_text(stopped=kind is not None))

    def update(self, n: int = 1) -> None:
        """Count `n` more units; cheap enough for every token.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self.done += n
        now = time.perf_counter()
        if now >= self._next_show:
            self._next_show = now + self._view.period
            self._view.show(self.text(now - self._started))

    def note(self, text: str) -> None:
        """Show a remark on a line of its own, which stays.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self._view.note(text)

    def text(self, elapsed: float) -> str:
        """Describe the state after `elapsed` seconds of work: share, rate, time left.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        rate = (self.done - self._done_before) / elapsed if elapsed > 0 else 0.0
        parts = [self._share(), f"{_figure(rate)} {self.unit}/s"]
        if self.total is not None and rate > 0:
            left = max(0, self.total - self.done) / rate
            parts.append(f"{units.clock(left)} left")
        return f"{self.label}: {', '.join(parts)}"

    def _share(self) -> str:
        if self.total is None:
            return f"{self.done} {self.unit}"
        share = min(1.0, self.done / self.total) if self.total else 1.0
        return f"{int(100 * share)} %"

    def _last_text(self, stopped: bool) -> str:
        elapsed = time.perf_counter() - self._started
        rate = (self.done - self._done_before) / elapsed if elapsed > 0 else 0.0
        how = f"stopped at {self._share()}" if stopped else f"{self.done} {self.unit}"
        return f"{self.label}: {how} in {units.clock(elapsed)}, {_figure(rate)} {self.unit}/s"


def _figure(rate: float) -> str:
    """Three digits of a rate, without an exponent: 0.123, 4.56, 789, 12345."""
    digits = 0 if rate >= 100 else 1 if rate >= 10 else 2 if rate >= 1 else 3
    return f"{rate:.{digits}f}"
