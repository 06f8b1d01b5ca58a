"""Takes: every version of a song that was tried, as a tree in which nothing is ever lost.

What
    Singing, continuing, trimming and splicing each make a new `Take`; the take it was made from
    stays. `Takes` holds them all and remembers which one is current and which were before it:

        take 1 · sampled seed 3 · 8.0 s
        ├─ take 2 · continued 5 s · 13.0 s
        │  └─ take 4 · trimmed to 10 s · 10.0 s
        └─ take 3 · continued 5 s, seed 7 · 13.0 s     <- now

    `undo` and `redo` walk back and forth through the takes that were current, like the buttons of
    a browser. A new take after an undo is another branch; the old branch stays in the tree.
Conventions
    Takes are numbered from 1 in the order in which they were made. Seconds outside.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from jukebox_edu import units
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.song.song import Song


@dataclass(frozen=True, eq=False)
class Take:
    """One version of a song, and how it came to be.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    number: int  # from 1, in the order of making
    name: str  # what people call it; no other take of the tree has it
    song: Song  # one song, not a batch
    deed: str  # what was done, in words: "sampled seed 3"
    parent: int | None = None  # number of the take it was made from; None: from nothing

    def __repr__(self) -> str:
        return f"Take({self.title})"

    @property
    def title(self) -> str:
        """Name, deed and length in one line."""
        return f"{self.name} · {self.deed} · {self.song.seconds:.1f} s"


def same_codes(a: Song, b: Song) -> bool:
    """Whether two songs are made of equal codes at every level.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    return len(a.codes) == len(b.codes) and all(map(torch.equal, a.codes, b.codes))


class Takes:
    """A tree of takes, and the one that is current.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self) -> None:
        self._takes: list[Take] = []  # index = number - 1
        self._visited: list[int] = []  # numbers of the takes that were current, in order
        self._at = -1  # index into `_visited`; -1 before the first take

    def __len__(self) -> int:
        return len(self._takes)

    def __iter__(self) -> Iterator[Take]:
        return iter(tuple(self._takes))

    def __repr__(self) -> str:
        now = "none yet" if self.current is None else repr(self.current.name)
        return f"Takes({len(self)}, current: {now})"

    def __getitem__(self, key: int | str | Take) -> Take:
        """A take by its number, its name, or itself.

        Raises
        ------
        ConfigError
            If there is no such take.
        """
        if isinstance(key, Take):
            key = key.number
        for take in self._takes:
            if key == take.name or (key == take.number and not isinstance(key, bool)):
                return take
        known = ", ".join(repr(take.name) for take in self._takes) or "none yet"
        raise ConfigError(must("take", key, f"the number or name of a take ({known})"))

    @property
    def current(self) -> Take | None:
        """The take that is worked on; None before the first, or when that was undone."""
        return self._takes[self._visited[self._at] - 1] if self._at >= 0 else None

    def children(self, take: int | str | Take | None = None) -> tuple[Take, ...]:
        """The takes made from one; None: those made from nothing.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        parent = None if take is None else self[take].number
        return tuple(other for other in self._takes if other.parent == parent)

    def line(self, take: int | str | Take) -> tuple[Take, ...]:
        """The takes that led to one, the first of them first, itself last.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        found = [self[take]]
        while found[0].parent is not None:
            found.insert(0, self[found[0].parent])
        return tuple(found)

    def rows(self) -> tuple[tuple[str, Take], ...]:
        """Every take with the branches drawn before it, as a tree is read from top to bottom.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        found: list[tuple[str, Take]] = []
        waiting = [("", "", root) for root in reversed(self.children())]
        while waiting:  # no recursion: a long evening makes a deep tree
            stem, branch, take = waiting.pop()
            found.append((stem + branch, take))
            below = stem + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
            for i, child in enumerate(reversed(self.children(take))):
                waiting.append((below, "├─ " if i else "└─ ", child))
        return tuple(found)

    def text(self) -> str:
        """The tree in lines; the current take is marked.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        now = self.current
        lines = [
            f"{branch}{take.title}{'     <- now' if take is now else ''}"
            for branch, take in self.rows()
        ]
        return "\n".join(lines) or "no takes yet"

    def add(
        self,
        song: Song,
        deed: str,
        parent: int | str | Take | None = None,
        name: str | None = None,
    ) -> Take:
        """Add a take and make it current.

        Parameters
        ----------
        song
            One song; pick from a batch with `song.take(i)`.
        deed
            What was done, in words.
        parent
            The take it was made from; None: from nothing.
        name
            Default "take" and its number.

        Raises
        ------
        ConfigError
            If it is no single song, or the name is empty or taken.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        if not isinstance(song, Song) or song.n_samples != 1:
            raise ConfigError(must("song", song, "one Song", "Pick one: song.take(0)."))
        number = len(self._takes) + 1
        above = None if parent is None else self[parent].number
        take = Take(number, self._free_name(name, number), song, str(deed), above)
        self._takes.append(take)
        self.visit(take)
        return take

    def _free_name(self, name: str | None, number: int) -> str:
        """The name as given and found free, or a free one for a number."""
        taken = {take.name for take in self._takes if take.number != number}
        if name is None:
            name = f"take {number}"
            while name in taken:  # somebody called another take so
                name += "'"
        elif not isinstance(name, str) or not name.strip() or name in taken:
            raise ConfigError(must("name", name, "a name that no other take has"))
        return name

    def rename(self, take: int | str | Take, name: str) -> Take:
        """Give a take another name.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        old = self[take]
        new = dataclasses.replace(old, name=self._free_name(name, old.number))
        self._takes[old.number - 1] = new
        return new

    def visit(self, take: int | str | Take) -> Take:
        """Make a take current; what was undone before can no longer be redone (but is kept).

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        found = self[take]
        if self.current is not found:
            self._visited[self._at + 1 :] = [found.number]
            self._at += 1
        return found

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to go back."""
        return self._at >= 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to go forward again."""
        return self._at + 1 < len(self._visited)

    def undo(self) -> Take | None:
        """Go back to the take before; None before the first one. Does nothing at the start.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._at -= self.can_undo
        return self.current

    def redo(self) -> Take | None:
        """Go forward again. Does nothing at the end.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self._at += self.can_redo
        return self.current

    def trim(self, seconds: float, take: int | str | Take | None = None) -> Take:
        """Make a take of the first seconds of one (default: the current); see `Song.trim`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        old = self._chosen(take)
        song = old.song.trim(seconds)
        return self.add(song, f"trimmed to {song.seconds:.4g} s", old)

    def splice(
        self, other: int | str | Take, at: float, take: int | str | Take | None = None
    ) -> Take:
        """Make a take that goes over from one (default: the current) to another; see `Song.splice`.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        old, new = self._chosen(take), self[other]
        song = old.song.splice(new.song, at)
        rate, top = song.sample_rate, song.hop_lengths[-1]
        instant = units.seconds_to_samples(at, rate, top) / rate  # where `Song.splice` cuts
        return self.add(song, f"spliced at {instant:.4g} s with {new.name}", old)

    def _chosen(self, take: int | str | Take | None) -> Take:
        """The take that was named, or the current one."""
        if take is not None:
            return self[take]
        if self.current is None:
            raise ConfigError(must("take", None, "a take; none is current", "Sing one first."))
        return self.current

    def find(self, song: Song, parent: int | str | Take | None = None) -> Take | None:
        """The take with the same codes and the same parent, if there is one.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        for take in self.children(parent):
            if same_codes(take.song, song):
                return take
        return None

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Keep the tree in a folder, each take in a folder of its own; see `takes_files`.

        Raises
        ------
        RunError
            If the folder holds other takes or cannot be written.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        from jukebox_edu.song.takes_files import save_takes

        return save_takes(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], model: Any = None) -> Takes:
        """Read what `save` left; with no model, sound comes from the files.

        Raises
        ------
        RunError
            If there are no takes, or they are damaged.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        from jukebox_edu.song.takes_files import load_takes

        return load_takes(folder, model)
