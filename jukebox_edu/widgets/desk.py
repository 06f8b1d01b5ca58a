"""The studio without its buttons: a session that writes, and the takes that come of it.

What
    A `Desk` knows the model, the folder of the runs, the takes and the one session. It can be
    used from a program as it is; `StudioPanel` puts controls around it.
Threads
    `lock` is held by whoever changes takes or shows them. News come from the session's thread;
    nobody waits for that thread while holding the lock.
Lesson: notebooks/10_sampling_fast.ipynb
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jukebox_edu.errors import ConfigError, RunError, must
from jukebox_edu.model import Jukebox
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.song import Song
from jukebox_edu.song.takes import Take, Takes
from jukebox_edu.widgets.session import News, Session
from jukebox_edu.widgets.work import Work, continue_work, sing_work, upsample_work

TAKES = "takes"  # folder of the takes within `out`
Key = int | str | Take | None  # a take by number, by name or itself; None: the current one


class Desk:
    """Writes songs in a thread and makes takes of them.

    Parameters
    ----------
    model
        Who sings.
    tell
        Called with `News` from the thread, after the takes have changed.
    prompt
        What every new song begins with, as for `model.sample`.
    out
        Folder for runs and takes; None: a temporary one, until `close`.

    Lesson: notebooks/10_sampling_fast.ipynb
    """

    def __init__(
        self,
        model: Jukebox,
        tell: Callable[[News], None],
        prompt: Any = None,
        out: str | os.PathLike[str] | None = None,
    ) -> None:
        if not isinstance(model, Jukebox):
            raise ConfigError(must("model", model, "a Jukebox", "Load one: jukebox_edu.load()."))
        self.model, self.prompt, self.out = model, prompt, None if out is None else Path(out)
        self.takes = Takes()
        if self.out is not None and (self.out / TAKES / "takes.json").exists():
            self.takes = Takes.load(self.out / TAKES, model)
        self.notes: tuple[str, ...] = ()  # what was chosen or found out for the present work
        self.lock = threading.RLock()
        self.session = Session(self._hear)
        self._tell = tell
        self._temporary: Path | None = None  # made when it is needed

    # ---- writing ------------------------------------------------------------------------------

    def sing(self, **asked: Any) -> Work:
        """Begin a new song; arguments as for `model.sample`. Returns at once.

        Raises
        ------
        RunError
            If one is being written.
        JukeboxError
            If the model cannot do what is asked.

        Lesson: notebooks/00_ten_minutes.ipynb
        """
        return self._begin(
            lambda folder: sing_work(self.model, folder, prompt=self.prompt, **asked)
        )

    def continue_take(
        self,
        seconds: float,
        take: Key = None,
        *,
        lyrics: str | None = None,
        seed: int | None = None,
        options: SamplingOptions | None = None,
    ) -> Work:
        """Begin to write more of a take; another seed gives another branch. Returns at once.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        old = self.chosen(take)
        return self._begin(
            lambda folder: continue_work(
                self.model,
                folder,
                old.song,
                seconds,
                lyrics=lyrics,
                seed=seed,
                options=options,
                parent=old.number,
            )  # fmt: skip
        )

    def upsample(self, take: Key = None, *, options: SamplingOptions | None = None) -> Work:
        """Begin to write the levels that a take lacks; returns at once.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        old = self.chosen(take)
        return self._begin(
            lambda folder: upsample_work(
                self.model, folder, old.song, options=options, parent=old.number
            )
        )

    def _begin(self, make: Callable[[Path], Work]) -> Work:
        """Check that nothing runs, make the work, and start it."""
        with self.lock:
            if self.session.running:
                raise RunError("A song is being written. Stop it first, or wait for it.")
            work = make(self._run_folders())
            self.session.start(work)
            self.notes = work.notes
            return work

    def _run_folders(self) -> Path:
        """Where run folders are kept."""
        if self.out is not None:
            return self.out
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="jukebox_edu_"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary

    # ---- from the thread ----------------------------------------------------------------------

    def _hear(self, news: News) -> None:
        """Make takes of a finished work, then pass the news on."""
        if news.song is not None:
            songs = _single(news.song)
            for song in songs:
                song.audio(song.finest)  # decoded and kept: nobody has to wait for it later
            with self.lock:
                self._add(songs)
        self._tell(news)

    def _add(self, songs: list[Song]) -> None:
        """Make takes; the first of them becomes current."""
        work = self.session.work
        assert work is not None  # it has just ended
        found = []
        for i, song in enumerate(songs, start=1):
            take = self.takes.find(song, work.parent)
            if take is None:
                deed = work.deed if len(songs) == 1 else f"{work.deed}, {i} of {len(songs)}"
                take = self.takes.add(song, deed, work.parent)
            elif i == 1:
                same = "The same words, names and seed give the same song"
                self.notes = (f"{same}: this is {take.name}. Change the seed for another.",)
            found.append(take)
        self.takes.visit(found[0])

    # ---- takes --------------------------------------------------------------------------------

    def chosen(self, take: Key = None) -> Take:
        """The take that is meant.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        now = self.takes.current
        if take is None and now is None:
            raise ConfigError(must("take", None, "a take; none is current", "Sing one first."))
        return self.takes[now if take is None else take]  # type: ignore[index]

    def save(self, folder: str | os.PathLike[str] | None = None) -> Path:
        """Keep all takes in a folder; None: within `out`, where the next desk finds them.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if folder is None:
            if self.out is None:
                raise ConfigError(must("folder", None, "the name of a folder"))
            folder = self.out / TAKES
        with self.lock:
            return self.takes.save(folder)

    def close(self) -> None:
        """Stop the thread and remove temporary runs; the takes stay in `takes`.

        Lesson: notebooks/10_sampling_fast.ipynb
        """
        self.session.close()  # not under the lock: the thread may need it to end
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _single(song: Song) -> list[Song]:
    """The songs of a batch one by one."""
    return [song] if song.n_samples == 1 else [song.take(i) for i in range(song.n_samples)]
