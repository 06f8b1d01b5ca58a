"""A song that is written while you do something else: one thread, which can be stopped.

What
    A `Session` carries out one `Work` at a time in a thread of its own. It can be stopped at any
    code and goes on later; what was drawn lies in a run folder, so the codes in the end are those
    of an undisturbed run. It tells a listener what happens, as `News`, always from the thread:

        running (share, time left, new sound) ... -> done | stopped | failed

    There is no widget in this file: a program without notebooks can use it as it is.
Conventions
    `start`, `resume` and `stop` return at once; `wait` waits. The listener must be quick.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from jukebox_edu.errors import JukeboxError, RunError
from jukebox_edu.model.parts import SongPart
from jukebox_edu.song import Song
from jukebox_edu.widgets.pace import Pace, Stopped
from jukebox_edu.widgets.work import Work, written

IDLE, RUNNING, STOPPED, DONE, FAILED = "idle", "running", "stopped", "done", "failed"

THREAD = "jukebox_edu session"  # name of the thread


@dataclass(frozen=True, eq=False)
class News:
    """What has become of the work.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    state: str  # "running", "stopped", "done" or "failed"
    share: float  # of the codes, 0 to 1
    text: str  # the same in words, with the time left
    part: SongPart | None = None  # new sound, while it runs
    song: Song | None = None  # the whole song (or batch), at the end
    error: str = ""  # what went wrong, in one line


class Session:
    """Writes songs in a thread, one at a time.

    Parameters
    ----------
    tell
        Called with `News`, from the thread.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(self, tell: Callable[[News], None]) -> None:
        self.tell = tell
        self.work: Work | None = None  # the present or last one
        self.state = IDLE
        self.error: BaseException | None = None  # what ended the last work, if anything did
        self._lock = threading.Lock()  # guards state, work and thread; never held while waiting
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._closed = False
        self._end = weakref.finalize(self, self._stop.set)  # also when the program ends

    @property
    def running(self) -> bool:
        """Whether a song is being written."""
        return self.state == RUNNING

    @property
    def resumable(self) -> bool:
        """Whether `resume` has something to go on with."""
        return self.state in (STOPPED, FAILED) and self.work is not None

    def start(self, work: Work) -> None:
        """Begin a work; returns at once.

        Raises
        ------
        RunError
            If one is running, or the session is closed.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        with self._lock:
            if self._closed:
                raise RunError("This session is closed. Open a new one.")
            if self.state == RUNNING or self._lingers():
                raise RunError("A song is being written. Stop it first, or wait for it.")
            self.work, self.state, self.error = work, RUNNING, None
            self._stop.clear()
            here = contextvars.copy_context()  # a notebook finds by it to which cell widgets belong
            self._thread = threading.Thread(
                target=here.run, args=(self._carry_out, work), name=THREAD, daemon=True
            )
            self._thread.start()

    def _lingers(self) -> bool:
        """Whether the last thread is still telling how it ended (and does not ask itself)."""
        thread = self._thread
        alive = thread is not None and thread.is_alive()
        return alive and thread is not threading.current_thread()

    def resume(self) -> None:
        """Go on with the work that was stopped (or failed).

        Raises
        ------
        RunError
            If there is none.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        if self.running:
            raise RunError("A song is being written already.")
        if self.work is None or not self.resumable:
            raise RunError("There is nothing to resume: no song was stopped.")
        self.start(self.work)

    def stop(self) -> None:
        """Ask the thread to stop after the code it is at; returns at once.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; gives whether that is so. Ctrl-C stops the song.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return not self.running
        try:
            thread.join(timeout)
        except KeyboardInterrupt:
            self.stop()
            raise
        return not thread.is_alive()

    def close(self) -> None:
        """Stop and wait for the end of the thread; nothing can be started afterwards.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self._closed = True
        self.stop()
        self.wait()
        self._end.detach()

    # ---- in the thread ------------------------------------------------------------------------

    def _carry_out(self, work: Work) -> None:
        """The whole life of the thread; whatever happens, the session is usable afterwards."""
        pace = Pace(work.job.plan, work.model.rates, self._stop, self._report)
        try:
            song = self._write(work, pace)
            last = News(DONE, 1.0, pace.summary(), song=song)
        except Stopped:
            last = News(STOPPED, pace.share, pace.summary())
        except BaseException as error:  # the thread ends here in any case
            self.error = error
            last = News(FAILED, pace.share, pace.summary(), error=one_line(error))
        with self._lock:
            self.state = last.state
        try:
            self.tell(last)
        except Exception as error:
            self.error = self.error or error  # nobody is left to be told

    def _write(self, work: Work, pace: Pace) -> Song:
        """Drive the work to its end and hand out its sound."""
        self._report(pace)
        parts = written(work, pace)
        try:
            while True:
                try:
                    part = next(parts)
                except StopIteration as end:
                    return end.value
                self.tell(News(RUNNING, pace.share, pace.text(), part=part))
        finally:
            parts.close()  # also after an error of the listener: the folder is free again

    def _report(self, pace: Pace) -> None:
        self.tell(News(RUNNING, pace.share, pace.text()))


def one_line(error: BaseException) -> str:
    """An error as one line for people.

    Lesson: notebooks/10_sampling_fast.ipynb

    >>> one_line(ValueError("no way"))
    'ValueError: no way'
    """
    text = " ".join(str(error).split())
    if isinstance(error, JukeboxError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
