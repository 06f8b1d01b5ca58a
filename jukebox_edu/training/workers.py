"""Several processes that prepare songs, and nothing lost when one of them dies.

What
    Every process is started afresh (spawn), receives the source and the codec once, and then takes
    song after song. A song that raises is reported; a song that brings its process down (a broken
    file can crash a decoder) is found out by doing the songs in question one by one.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import torch

from jukebox_edu.config import VQVAEConfig
from jukebox_edu.errors import JukeboxError, RunError
from jukebox_edu.training.record import SongRecord
from jukebox_edu.training.song_writer import SongWriter
from jukebox_edu.vqvae.model import VQVAE

Outcome = tuple[SongRecord, str]  # a song, and why it failed ("" = it did not)


@dataclass(frozen=True)
class _Luggage:
    """What a process needs besides songs, in a form that travels."""

    writer: SongWriter  # without its codec
    config: VQVAEConfig | None
    weights: dict[str, bytes]  # name -> safetensors of one tensor

    @classmethod
    def pack(cls, writer: SongWriter) -> _Luggage:
        """Take the codec apart."""
        from safetensors.torch import save

        bare = dataclasses.replace(writer, vqvae=None, advance=_ignore)
        if writer.vqvae is None:
            return cls(bare, None, {})
        state = {k: v.contiguous().cpu() for k, v in writer.vqvae.state_dict().items()}
        return cls(bare, writer.vqvae.config, {"vqvae": save(state)})

    def unpack(self) -> SongWriter:
        """Put the codec together."""
        from safetensors.torch import load

        if self.config is None:
            return self.writer
        vqvae = VQVAE(self.config)
        vqvae.load_state_dict(load(self.weights["vqvae"]))
        return dataclasses.replace(self.writer, vqvae=vqvae.eval())


def _ignore(seconds: float) -> None:
    """Nobody watches."""


_writer: SongWriter | None = None  # of this process


def _begin(luggage: _Luggage) -> None:
    """Set a new process up."""
    global _writer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    torch.set_num_threads(1)
    _writer = luggage.unpack()


def _end_with(sentinel: int) -> None:
    """End this process when its parent has ended, however that happened."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _work(record: SongRecord) -> str:
    assert _writer is not None
    return attempt(_writer, record)


def attempt(writer: SongWriter, record: SongRecord) -> str:
    """Write one song; returns why it failed, or "".

    Raises
    ------
    RunError
        If the disk is full or cannot be written: then no other song can be written either.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    try:
        writer.write(record)
        return ""
    except RunError:
        raise
    except JukeboxError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def write_songs(
    writer: SongWriter, records: Sequence[SongRecord], workers: int
) -> Iterator[Outcome]:
    """Write songs in this process or in several; outcomes come in the order of finishing.

    Parameters
    ----------
    writer
        What writes a song.
    records
        The songs.
    workers
        Processes; 1: this one.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    workers = min(workers, len(records))
    if workers <= 1:
        for record in records:
            yield record, attempt(writer, record)
        return
    luggage = _Luggage.pack(writer)
    lost: list[SongRecord] = []
    with _pool(luggage, workers) as pool:
        futures: dict[Future[str], SongRecord] = {}
        # a process may break down while songs are still handed out
        with contextlib.suppress(BrokenProcessPool), _interrupts_held():
            futures |= {pool.submit(_work, record): record for record in records}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                lost.append(futures[future])
        lost += [record for record in records if record not in futures.values()]
    yield from _one_by_one(luggage, lost)


def _one_by_one(luggage: _Luggage, records: Sequence[SongRecord]) -> Iterator[Outcome]:
    """Outcomes of songs one of which brings its process down: alone, it is found out."""
    left = list(records)
    while left:
        with _pool(luggage, 1) as pool:
            try:
                while left:
                    with _interrupts_held():
                        future = pool.submit(_work, left[0])
                    outcome = future.result()
                    yield left.pop(0), outcome
            except BrokenProcessPool:
                yield left.pop(0), "it ends the process that reads it (is there enough memory?)"


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started: it is for us alone, and they inherit that."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _pool(luggage: _Luggage, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end at once when something goes wrong.

    What a process was writing then has no name yet, so nothing is torn.
    """
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, initializer=_begin, initargs=(luggage,))
    try:
        yield pool
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
