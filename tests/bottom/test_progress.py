"""Progress: what is shown where, and that showing it costs next to nothing."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu import progress
from jukebox_edu.errors import ConfigError
from jukebox_edu.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and counts how often it is written to."""

    writes = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


@pytest.fixture(autouse=True)
def _not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(progress.QUIET_VARIABLE, raising=False)


def test_a_log_gets_the_last_line_and_the_notes() -> None:
    stream = io.StringIO()
    with Progress(10, label="top level", stream=stream) as bar:
        for _ in range(10):
            bar.update()
        bar.note("window 2 begins")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "window 2 begins"
    assert re.fullmatch(r"top level: 10 tokens in 0 s, [\d.]+ tokens/s", lines[1])
    assert len(lines) == 2


def test_what_was_stopped_says_so() -> None:
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        with Progress(8, label="top level", stream=stream) as bar:
            bar.update(2)
            raise KeyboardInterrupt
    assert stream.getvalue().startswith("top level: stopped at 25 % in 0 s")


def test_a_terminal_line_is_rewritten_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress._Terminal, "period", 0.0)  # show at every update
    stream = Terminal()
    with Progress(3, label="x", unit="windows", stream=stream) as bar:
        bar.update()
        bar.note("n")
        bar.update(2)
    first, note, *rest = stream.getvalue().split("\r")[1:]
    assert first.startswith("x: 33 %, ") and first.endswith(" left")
    assert note == "n".ljust(len(first)) + "\n"  # the longer line below the note is wiped
    assert rest[0].startswith("x: 100 %, ") and rest[-1].startswith("x: 3 windows in 0 s")
    assert stream.getvalue().endswith("\n")


def test_updates_do_not_write_each_time() -> None:
    stream = Terminal()
    with Progress(200_000, label="x", stream=stream) as bar:
        for _ in range(200_000):
            bar.update()
        written = stream.writes
    assert bar.done == 200_000 and written < 100  # four times a second, not at every update


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_quiet_is_quiet(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    if how == "variable":
        monkeypatch.setenv(progress.QUIET_VARIABLE, "1")
    with Progress(2, label="x", enabled=False if how == "argument" else "auto", stream=stream) as b:
        b.update(2)
        b.note("nobody reads this")
    assert stream.getvalue() == "" and b.done == 2


def test_true_shows_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress.QUIET_VARIABLE, "1")
    stream = io.StringIO()
    with Progress(1, label="x", enabled=True, stream=stream) as bar:
        bar.update()
    assert "1 tokens" in stream.getvalue()


def test_a_widget_in_a_kernel_and_none_under_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    with Progress(4, label="x") as bar:
        bar.update(4)
    assert shown == []  # this is pytest
    monkeypatch.delenv("PYTEST_VERSION")
    with Progress(4, label="<x>") as bar:
        bar.note("a & b")
        bar.update(4)
    (widget,) = shown
    assert widget.value.startswith("a &amp; b<br>&lt;x&gt;: 4 tokens in 0 s")  # type: ignore[attr-defined]


def test_a_broken_stream_does_not_end_the_work() -> None:
    stream = io.StringIO()
    with Progress(2, label="x", stream=stream) as bar:
        stream.close()
        bar.note("lost")
        bar.update(2)
    assert bar.done == 2


def test_a_stream_of_few_letters_gets_escapes() -> None:
    raw = io.BytesIO()
    with Progress(1, label="歌", stream=io.TextIOWrapper(raw, encoding="ascii")) as bar:
        bar.update()
        bar.note("ok")
        assert b"ok" in raw.getvalue()
    assert rb"\u6b4c: 1 tokens" in raw.getvalue()


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(1e-3, 1e5))
def test_share_rate_and_time_left_follow_from_the_counts(
    total: int, done: int, elapsed: float
) -> None:
    bar = Progress(total, label="x", enabled=False)
    bar.update(done)
    text = bar.text(elapsed)
    assert f"{min(100, int(100 * min(1, done / total)))} %" in text
    rate = float(re.search(r"([\d.]+) tokens/s", text)[1])  # type: ignore[index]
    assert rate == pytest.approx(done / elapsed, rel=0.01, abs=6e-4)
    assert ("left" in text) == (done > 0)
    if done >= total:
        assert text.endswith(", 0 s left")


def test_resumed_work_counts_for_the_share_but_not_for_the_rate() -> None:
    bar = Progress(100, label="x", enabled=False, done=80)
    bar.update(10)
    assert bar.text(elapsed=5.0) == "x: 90 %, 2.00 tokens/s, 5 s left"


def test_an_unknown_total_has_no_time_left() -> None:
    bar = Progress(None, label="x", unit="songs", enabled=False)
    bar.update(7)
    assert bar.text(elapsed=2.0) == "x: 7 songs, 3.50 songs/s"


@pytest.mark.parametrize(
    ("options", "says"),
    [({"total": -1}, "total=-1: must be 0 or more"), ({"done": -2}, "done=-2"),
     ({"enabled": "yes"}, "enabled='yes': must be True, False, None")],
)  # fmt: skip
def test_absurd_arguments(options: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Progress(**{"total": 1, "label": "x", **options})
