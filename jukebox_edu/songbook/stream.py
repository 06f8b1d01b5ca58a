"""Many songs: as a stream, one after the other, made by several processes.

What
    `stream_songs` yields the songs of a sequence of seeds in order. Every song depends on its seed
    alone, so it does not matter which process makes it, and any part of an endless set can be made
    again. Only a few songs are held at a time: the stream waits for its reader.

Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.song import SongbookSong, make_song

_AHEAD = 2  # songs in the making for each process


def stream_songs(
    seeds: Iterable[int], *, processes: int = 1, **wishes: Any
) -> Iterator[SongbookSong]:
    """Yield one song for each seed, in order.

    Parameters
    ----------
    seeds : any number of them, for instance ``itertools.count()``.
    processes : 1 makes the songs here, as they are asked for; more make them ahead. A script must
        then keep its own work under ``if __name__ == "__main__":``.
    wishes : anything `make_song` takes, the same for all songs.

    Yields
    ------
    Songs, the same for any number of processes.

    Raises
    ------
    ConfigError : processes is not a number from 1; or as `make_song`.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise ConfigError(f"processes: {processes!r} is not allowed. Give a whole number from 1.")
    make = partial(make_song, **wishes)
    return map(make, seeds) if processes == 1 else _in_processes(make, iter(seeds), processes)


def _in_processes(
    make: partial[SongbookSong], seeds: Iterator[int], processes: int
) -> Iterator[SongbookSong]:
    """Yield songs in order, with a few in the making."""
    context = multiprocessing.get_context("spawn")  # a forked copy could inherit locks
    pool = ProcessPoolExecutor(processes, mp_context=context)
    waiting: deque[Future[SongbookSong]] = deque()
    try:
        for seed in islice(seeds, _AHEAD * processes):
            waiting.append(pool.submit(make, seed))
        while waiting:
            song = waiting.popleft().result()
            for seed in islice(seeds, 1):
                waiting.append(pool.submit(make, seed))
            yield song
    finally:
        pool.shutdown(cancel_futures=True)
