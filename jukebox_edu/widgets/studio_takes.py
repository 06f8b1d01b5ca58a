"""The takes of a studio: side by side to be heard, and as a tree to be chosen from.

What
    Every take has a card with its name, what was done, and a player; a card is made once and
    never replaced, so nothing stops playing when another take comes. Below stands the tree: a
    list in which a take is chosen, with buttons to go back, go on, cut and join.
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from jukebox_edu.sampling.plan_text import level_name
from jukebox_edu.song import Song
from jukebox_edu.song.takes import Take, Takes
from jukebox_edu.widgets.base import as_row, html_output, labelled
from jukebox_edu.widgets.pieces import sound

LIST_ROWS = 6  # lines of the list of takes


def player(song: Song) -> str:
    """The player of a card: the finest level that a song has.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    level, n_levels = song.finest, len(song.codes)
    quality = "" if level == 0 else f", {level_name(level, n_levels)} level only: rough"
    label = f"{song.seconds:.1f} s, seed {song.seed}{quality}"
    return sound(song.audio(level), song.sample_rate, label)


Action = Callable[[], Any]


class TakesView:
    """Cards, list and buttons around a tree of takes.

    Parameters
    ----------
    takes
        The tree; it is changed by others, `show` shows what it has become.
    choose
        Called with the number of a take that was chosen in the list.
    make_button
        (text, action, hint) -> button.
    actions
        What the buttons do: undo, redo, look, more, finish, trim, splice.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(
        self,
        takes: Takes,
        choose: Callable[[int], Any],
        make_button: Callable[[str, Action, str], ipywidgets.Button],
        actions: dict[str, Action],
    ) -> None:
        self.takes = takes
        self._choose, self._showing = choose, False
        self.cards = ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        self.list = ipywidgets.Select(description="Takes", rows=LIST_ROWS, **labelled("44rem"))
        self.list.observe(self._chosen, "value")
        second = {"min": 0.01, "max": 3600.0, "step": 0.5, **labelled("9rem")}
        self.added = ipywidgets.BoundedFloatText(5.0, description="by (s)", **second)
        self.new_words = ipywidgets.Checkbox(
            False, description="with the words above", indent=False, layout={"width": "auto"}
        )
        self.cut = ipywidgets.BoundedFloatText(5.0, description="at (s)", **second)
        self.other = ipywidgets.Dropdown(description="with", **labelled("12rem"))
        labels = {
            "undo": ("↶ Undo", "Go back to the take before; nothing is lost"),
            "redo": ("↷ Redo", "Go forward again"),
            "look": ("Look closer", "Sound, codes and words of this take in one player"),
            "more": ("Continue", "Write more of this take"),
            "finish": ("Write all levels", "Write the finer levels that this take lacks"),
            "trim": ("Trim", "Keep what is before this second"),
            "splice": ("Splice", "Go over to the other take at this second"),
        }
        self.buttons = {
            name: make_button(text, actions[name], hint) for name, (text, hint) in labels.items()
        }
        b = self.buttons
        self.below = ipywidgets.VBox(
            [
                self.list,
                as_row([b["undo"], b["redo"], b["look"], b["finish"]]),
                as_row([b["more"], self.added, self.new_words]),
                as_row([b["trim"], b["splice"], self.cut, self.other]),
            ]
        )
        self._made: dict[int, ipywidgets.Widget] = {}  # card of each take
        self.show(running=False)

    def _chosen(self, change: dict[str, Any]) -> None:
        if not self._showing and change["new"] is not None:
            self._choose(change["new"])

    def _make_card(self, take: Take) -> ipywidgets.Widget:
        """Name, deed and player of a take."""
        title = ipywidgets.Label(f"{take.name} · {take.deed}")
        sounds = ipywidgets.Output()
        sounds.outputs = (html_output(player(take.song), take.title),)
        return ipywidgets.VBox([title, sounds], layout={"width": "20rem", "margin": "0 1rem 0 0"})

    def show(self, running: bool) -> None:
        """Show the tree as it is, and which buttons make sense now.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        for take in self.takes:
            if take.number not in self._made:
                self._made[take.number] = self._make_card(take)
                self.cards.children = tuple(self._made.values())
        self._showing = True
        try:
            rows = [(f"{branch}{take.title}", take.number) for branch, take in self.takes.rows()]
            if tuple(rows) != tuple(self.list.options):
                self.list.options = rows
            now = self.takes.current
            self.list.value = None if now is None else now.number
            others = [(take.name, take.number) for take in self.takes if take is not now]
            if tuple(others) != tuple(self.other.options):
                kept, numbers = self.other.value, [number for _, number in others]
                self.other.options = others
                self.other.value = kept if kept in numbers else next(iter(numbers), None)
        finally:
            self._showing = False
        self.below.layout.display = None if len(self.takes) else "none"
        song = None if now is None else now.song
        possible = {
            "undo": self.takes.can_undo,
            "redo": self.takes.can_redo,
            "look": song is not None,
            "more": song is not None and not running,
            "finish": song is not None and song.finest > 0 and not running,
            "trim": song is not None,
            "splice": song is not None and len(self.takes) > 1,
        }
        for name, sensible in possible.items():
            self.buttons[name].disabled = not sensible

    @property
    def everything(self) -> Sequence[ipywidgets.Widget]:
        """Cards and tree, from top to bottom."""
        return (self.cards, self.below)
