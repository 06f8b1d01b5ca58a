"""The player page of a song in a cell, with choices: which take, which levels, which layers.

What
    One cursor runs through sound, codes, attention and lyrics (`page.fragment`). The controls
    decide what is put on the page; everything else happens in the player itself.
Paper: [Jukebox §3, §5]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.page import PageData, Player
from jukebox_edu.page.sentences import level_name
from jukebox_edu.song import Song
from jukebox_edu.song.showing import page_data
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.excerpt import excerpt, room_for
from jukebox_edu.widgets.pieces import paragraph

LAYERS = ("codes", "attention", "lyrics")  # of the page, besides sound and picture


@dataclass(frozen=True)
class Take:
    """One of the songs that can be chosen."""

    label: str  # as the chooser writes it
    song: Song
    sample: int  # row of the song's batch


class SongExplorer(Panel):
    """Look at a song while it sounds.

    Parameters
    ----------
    song
        One song (a batch of them is one take per sample), or several takes of it.

    Attributes
    ----------
    take, levels, layers
        What is chosen: a `Take`, levels whose sound is there, layers of the page.
    data
        What is shown, as `PageData`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def __init__(self, song: Song | Sequence[Song]) -> None:
        self.takes = _takes(song)
        names = [take.label for take in self.takes]
        self.chooser = ipywidgets.Dropdown(options=names, description="Take", **labelled())
        first = self.takes[0].song
        count = len(first.codes)
        self.level_boxes = {
            level: ipywidgets.Checkbox(
                True, description=f"{level_name(level, count)} level", indent=False,
                **labelled("9rem"),
            )
            for level in first.levels
        }  # fmt: skip
        self.layer_boxes = {
            name: ipywidgets.Checkbox(True, description=name, indent=False, **labelled("7rem"))
            for name in LAYERS
        }
        self.start = ipywidgets.FloatSlider(
            0.0, min=0.0, max=max(0.5, first.seconds), step=0.5, description="From (s)",
            continuous_update=False, **labelled("26rem"),
        )  # fmt: skip
        self.chooser.layout.display = "" if len(self.takes) > 1 else "none"
        rows = [
            [self.chooser, self.start],
            [ipywidgets.Label("Sound of the"), *self.level_boxes.values()],
            [ipywidgets.Label("Layers"), *self.layer_boxes.values()],
        ]
        self._fit()
        super().__init__(rows)
        boxes = (*self.level_boxes.values(), *self.layer_boxes.values())
        self.follow(self.chooser, *boxes, action=self._fit)
        self.follow(self.start)

    def __repr__(self) -> str:
        more = f", {len(self.takes)} takes" if len(self.takes) > 1 else ""
        return f"SongExplorer({self.takes[0].song!r}{more})"

    @property
    def take(self) -> Take:
        """The take that is chosen."""
        return self.takes[self.chooser.index]

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels whose sound is on the page, bottom first."""
        return tuple(level for level, box in self.level_boxes.items() if box.value)

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that are on the page."""
        return tuple(name for name, box in self.layer_boxes.items() if box.value)

    @property
    def data(self) -> PageData:
        """What is shown: the chosen take, levels, layers and stretch."""
        take = self.take
        levels = [level for level in self.levels if level in take.song.levels]
        if not levels:
            allowed = f"some of {take.song.levels}, the levels that have codes"
            raise ConfigError(must("levels", self.levels, allowed, "Tick one."))
        data = page_data(take.song, take.sample, levels)
        away: dict[str, Any] = {}
        if "codes" not in self.layers:
            away["codes"] = ()
        if "attention" not in self.layers or "lyrics" not in self.layers:
            away["alignment"] = None
        if "lyrics" not in self.layers:
            away |= {"lyrics": "", "character_times": None}
        data = dataclasses.replace(data, **away)
        return excerpt(data, self.start.value, self._room())

    def _room(self) -> float:
        """Seconds that can be shown at once."""
        song = self.take.song
        return room_for(max(1, len(self.levels)), song.sample_rate, song.seconds)

    def _fit(self) -> None:
        """Offer the slider only where the whole song has no room."""
        last = self.take.song.seconds - self._room()
        self.start.max = max(0.5, float(np.ceil(2 * last) / 2))
        self.start.layout.display = "" if last > 0 else "none"
        if last <= 0:
            self.start.value = 0.0

    def view(self) -> View:
        """The page of what is chosen."""
        data, song = self.data, self.take.song
        part = data.seconds < song.seconds - 1e-6
        html = Player(data)._repr_mimebundle_()["text/html"]
        if part:
            end = self.start.value + data.seconds
            html += paragraph(
                f"Shown: {self.start.value:.1f} s to {end:.1f} s of {song.seconds:.1f} s. "
                "The fewer levels sound, the longer the stretch."
            )
        return View(html, repr(Player(data)))


def _takes(song: Song | Sequence[Song]) -> tuple[Take, ...]:
    """All songs that can be chosen, with a name for each."""
    songs = [song] if isinstance(song, Song) else list(song)
    if not songs or not all(isinstance(one, Song) for one in songs):
        raise ConfigError(must("song", song, "a Song, or a list of them"))
    takes: list[Take] = []
    for one in songs:
        for sample in range(one.n_samples):
            row = f", sample {one.rows[sample]}" if one.n_samples > 1 else ""
            label = f"{len(takes) + 1}: seed {one.seed}{row}, {one.seconds:.1f} s"
            takes.append(Take(label, one, sample))
    return tuple(takes)
