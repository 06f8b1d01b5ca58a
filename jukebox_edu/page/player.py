"""A song as the output of a notebook cell.

What
    Jupyter asks the last value of a cell how it wants to be shown. A `Player` answers with the
    HTML fragment, and with one stable line for those who cannot show HTML:

        Player('the moon and the stars', 6.1 s, 3 levels)

    What is stored in the notebook plays without a kernel and without a network. Where scripts are
    not trusted, sound, picture and lyrics remain.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jukebox_edu.page.data import PageData
from jukebox_edu.page.fragment import fragment


@dataclass(frozen=True, repr=False)
class Player:
    """Shows and plays one song in a notebook.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    data: PageData  # the song

    def __repr__(self) -> str:
        n = len(self.data.tracks)
        levels = f"{n} level{'s' if n > 1 else ''}"
        return f"Player({self.data.title!r}, {self.data.seconds:.1f} s, {levels})"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What Jupyter stores and shows: HTML, and a line of text for viewers without it."""
        return {"text/html": fragment(self.data), "text/plain": repr(self)}
