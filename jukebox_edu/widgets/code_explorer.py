"""Codes over sound: choose one, hear it alone and wherever it occurs, cut and sew, compare.

What
    A recording (or a song) becomes codes. One level is looked at; one place in it is chosen, by
    its number, by the number of its code, or by a click on the picture. A span of codes can be
    replaced, silenced, swapped or shifted, and the song before and after is heard side by side.
Shapes
    codes: list, index = level, (1, tokens) long
Paper: [Jukebox §3]
Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from jukebox_edu.errors import ConfigError, must
from jukebox_edu.model import Jukebox
from jukebox_edu.page import CodeLane, Track
from jukebox_edu.page.sentences import level_name
from jukebox_edu.song import Song
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.code_sounds import decoded, silent_code
from jukebox_edu.widgets.code_view import code_view
from jukebox_edu.widgets.surgery import Span, replace, shift, swap

DEEDS = {  # what can be done to a span -> what the number beside it means
    "replace by code": "New code",
    "silence": "",
    "swap with the span from": "First code",
    "shift by": "Steps (− is earlier)",
}


@dataclass(frozen=True, eq=False)
class Edit:
    """One cut: what was done, and the codes that were there before."""

    level: int
    text: str  # what was done, in words
    before: Tensor = field(repr=False)  # (1, tokens) of the level


class CodeExplorer(Panel):
    """See, hear and change codes.

    Parameters
    ----------
    model
        Whose codes.
    audio
        Sound (samples,) at the model's rate, or a `Song` (its first sample).

    Attributes
    ----------
    codes, original
        As they are now, and as they were at the start.
    level, position, code, span
        What is chosen (the last three are controls with a `value`).
    edits
        What was done so far, oldest first.

    Lesson: notebooks/04_three_levels.ipynb
    """

    def __init__(self, model: Jukebox, audio: Any) -> None:
        self.model = model
        self.original = _codes(model, audio)
        self.codes = list(self.original)
        self.edits: tuple[Edit, ...] = ()
        self._heard: dict[tuple[int, bool], np.ndarray] = {}  # (level, changed?) -> sound
        self._make_choosers()
        self._make_surgery()
        super().__init__([
            [self.chooser, self.position, self.code, self.back, self.forth],
            [self.span, self.deed, self.number, self.apply, self.undo, self.reset],
        ])  # fmt: skip
        self.follow(self.chooser, action=self._level_chosen)
        self.follow(self.position, action=self._position_chosen)
        self.follow(self.code, action=self._code_chosen)
        self.follow(self.deed, action=self._deed_chosen)
        self.follow(self.span)

    def __repr__(self) -> str:
        n = self.original[-1].shape[1] * self.model.hop_lengths[-1]
        return f"CodeExplorer({n / self.model.sample_rate:.2f} s, {self.model.config.name})"

    # ---- controls -----------------------------------------------------------------------------

    def _make_choosers(self) -> None:
        levels = range(self.model.levels - 1, -1, -1)
        known = [level for level in levels if self.codes[level].shape[1]]
        options = [(f"{level} ({level_name(level, self.model.levels)})", level) for level in known]
        number = {"min": 0, **labelled("9rem")}
        self.chooser = ipywidgets.Dropdown(
            options=options, description="Level", **labelled("11rem")
        )
        middle = self.now.numel() // 2
        self.position = ipywidgets.BoundedIntText(
            middle, max=self.now.numel() - 1, description="Position", **number
        )
        self.code = ipywidgets.BoundedIntText(
            int(self.now[middle]), max=self.size - 1, description="Code", **number
        )
        self.position.add_class("jbx-position")
        self.code.add_class("jbx-code")
        self.back = self.button(
            "◀ same", lambda: self._jump(-1), "To the place before with the same code"
        )
        self.forth = self.button(
            "same ▶", lambda: self._jump(1), "To the next place with the same code"
        )

    def _make_surgery(self) -> None:
        n = self.now.numel()
        self.span = ipywidgets.IntRangeSlider(
            value=_third(n), min=0, max=n, description="Span of codes",
            continuous_update=False, **labelled("24rem"),
        )  # fmt: skip
        self.deed = ipywidgets.Dropdown(
            options=list(DEEDS), description="Surgery", **labelled("17rem")
        )
        self.number = ipywidgets.IntText(0, description="New code", **labelled("13rem"))
        self.apply = self.button("Apply", self.operate, "Do this to the span, and listen")
        self.undo = self.button("Undo", self.take_back, "Take the last change back")
        self.reset = self.button("Start over", self.start_over, "Take all changes back")

    # ---- state --------------------------------------------------------------------------------

    @property
    def level(self) -> int:
        """The level looked at, 0 = bottom."""
        return self.chooser.value

    @property
    def now(self) -> Tensor:
        """Codes (tokens,) of the level looked at."""
        return self.codes[self.level][0]

    @property
    def size(self) -> int:
        """Number of different codes."""
        return self.model.config.vqvae.codebook_size

    @property
    def occurrences(self) -> np.ndarray:
        """Positions at which the chosen code occurs, (n,)."""
        return np.flatnonzero(self.now.numpy() == self.code.value)

    @property
    def is_changed(self) -> bool:
        """Whether the level looked at differs from how it was."""
        return not torch.equal(self.now, self.original[self.level][0])

    def sound(self, original: bool = False) -> np.ndarray:
        """Sound (samples,) of the level looked at, as it is or as it was; not clamped.

        Lesson: notebooks/04_three_levels.ipynb
        """
        key = (self.level, not original and self.is_changed)
        if key not in self._heard:
            codes = self.codes if key[1] else self.original
            self._heard[key] = decoded(self.model, codes[self.level][0], self.level)
        return self._heard[key]

    @property
    def track(self) -> Track:
        """Sound of the level as it is."""
        name = level_name(self.level, self.model.levels)
        return Track(f"{name} level", self.sound(), self.model.sample_rate)

    @property
    def lane(self) -> CodeLane:
        """Codes of the level as they are."""
        hop = self.model.hop_lengths[self.level] / self.model.sample_rate
        return CodeLane(self.level, self.now.numpy(), hop, self.size)

    def view(self) -> View:
        """Picture, sounds and words; see `code_view`."""
        return code_view(self)

    # ---- choosing -----------------------------------------------------------------------------

    def _level_chosen(self) -> None:
        n = self.now.numel()
        with self.together():
            self.position.max = n - 1
            self.position.value = n // 2
            self.span.value = (0, 0)  # so that the new end may be smaller
            self.span.max = n
            self.span.value = _third(n)
            self._position_chosen()

    def _position_chosen(self) -> None:
        self.code.value = int(self.now[self.position.value])

    def _code_chosen(self) -> None:
        """Go to the nearest place where the code occurs, if there is one."""
        places = self.occurrences
        if places.size and int(self.now[self.position.value]) != self.code.value:
            self.position.value = int(places[np.abs(places - self.position.value).argmin()])

    def _jump(self, direction: int) -> None:
        places = self.occurrences
        after = places[(places - self.position.value) * direction > 0]
        if not after.size:
            advice = "This is the last place on that side."
            raise ConfigError(must("code", self.code.value, "one that occurs there", advice))
        self.position.value = int(after[0 if direction > 0 else -1])

    def _deed_chosen(self) -> None:
        meaning = DEEDS[self.deed.value]
        self.number.description = meaning or "(nothing to choose)"
        self.number.disabled = not meaning

    # ---- surgery ------------------------------------------------------------------------------

    def operate(self) -> None:
        """Do what is chosen to the chosen span.

        Raises
        ------
        ConfigError
            If the span or the number does not fit the song.

        Lesson: notebooks/04_three_levels.ipynb
        """
        span: Span = self.span.value
        number = self.number.value
        deed = self.deed.value
        if deed == "silence":
            number = silent_code(self.model, self.level)
        if deed in ("replace by code", "silence"):
            changed = replace(self.now, span, number, self.size)
        elif deed == "shift by":
            changed = shift(self.now, span, number)
        else:
            changed = swap(self.now, span, number)
        said = f"{deed} {number}" if deed != "silence" else f"silence (code {number})"
        self.change(changed, f"codes {span[0]} to {span[1] - 1}: {said}")

    def change(self, codes: Any, text: str = "changed by hand") -> None:
        """Put other codes (tokens,) in the place of the level looked at; can be undone.

        Lesson: notebooks/04_three_levels.ipynb
        """
        new = torch.as_tensor(codes, dtype=torch.long)
        if new.shape != self.now.shape or new.min() < 0 or new.max() >= self.size:
            allowed = f"{self.now.numel()} whole numbers from 0 to {self.size - 1}"
            raise ConfigError(must("codes", tuple(new.shape), allowed))
        edit = Edit(self.level, text, self.codes[self.level])
        self._set(self.level, new[None], (*self.edits, edit))

    def take_back(self) -> None:
        """Undo the last change.

        Lesson: notebooks/04_three_levels.ipynb
        """
        if not self.edits:
            raise ConfigError(must("edits", self.edits, "not empty", "There is nothing to undo."))
        *rest, last = self.edits
        self._set(last.level, last.before, tuple(rest))

    def start_over(self) -> None:
        """Undo all changes.

        Lesson: notebooks/04_three_levels.ipynb
        """
        while self.edits:
            self.take_back()

    def _set(self, level: int, codes: Tensor, edits: tuple[Edit, ...]) -> None:
        with self.together():
            self.codes[level] = codes
            self.edits = edits
            self._heard.pop((level, True), None)
            self.chooser.value = level
            self._position_chosen()


def _third(n: int) -> Span:
    """A span to begin with: a sixth of `n` codes, from a third on."""
    return n // 3, min(n, n // 3 + max(1, n // 6))


def _codes(model: Jukebox, audio: Any) -> list[Tensor]:
    """Codes (1, tokens) of every level, on the CPU."""
    if isinstance(audio, Song):
        ours = (model.sample_rate, model.hop_lengths, model.config.vqvae.codebook_size)
        theirs = (audio.sample_rate, audio.hop_lengths, audio.codebook_size)
        if ours != theirs:
            names = "(sample_rate, hop_lengths, codebook_size)"
            raise ConfigError(must(f"the song's {names}", theirs, f"the model's {ours}"))
        return [codes[:1] for codes in audio.codes]
    return [codes[:1].cpu() for codes in model.encode(audio)]
