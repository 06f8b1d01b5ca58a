"""What the studio asks of a person: words, names, length, seed, and how boldly to draw.

What
    Plain ipywidgets, and what they say as arguments of `model.sample`. Names that the model does
    not know bring the nearest ones it does; the plan of the song is worked out at every change.
Conventions
    A control that is left as it was says None: the model's own choice.
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from typing import Any

import ipywidgets

from jukebox_edu.errors import JukeboxError
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model import Jukebox
from jukebox_edu.page.text import escape
from jukebox_edu.sampling.options import SamplingOptions
from jukebox_edu.sampling.plan_text import level_name
from jukebox_edu.widgets.base import labelled
from jukebox_edu.widgets.pieces import lines

SHORT_LIST = 300  # names that are offered all together; of longer lists only the nearest
NEAREST = 20  # names offered of a longer list
SHOWN = 12  # names that are written out
MAX_TAKES = 16  # songs written side by side
LONGEST = 600.0  # seconds that the controls allow


class StudioControls:
    """The controls of a studio, and what they say.

    Parameters
    ----------
    model
        Who will sing.
    lyrics, seconds
        What they begin with.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def __init__(self, model: Jukebox, lyrics: str = "", seconds: float = 10.0) -> None:
        self.model = model
        self.top = model.config.priors[-1]
        self.lyrics = ipywidgets.Textarea(
            lyrics, description="Lyrics", placeholder="What shall be sung?",
            continuous_update=False, rows=4, **labelled("44rem"),
        )  # fmt: skip
        self.lyrics.disabled = self.top.lyrics is None
        self.artist, self.genre = (
            ipywidgets.Combobox(  # empty at first: a browser offers only what fits what is typed
                description=kind, options=names[:SHORT_LIST], ensure_option=False,
                placeholder=f"{next(iter(names), 'none')} (type to search)", **labelled("20rem"),
            )
            for kind, names in (("Artist", model.artists()), ("Genre", model.genres()))
        )  # fmt: skip
        self.hint = ipywidgets.HTML()
        self.seconds = ipywidgets.BoundedFloatText(
            seconds, min=0.01, max=LONGEST, step=1.0, description="Seconds", **labelled("10rem")
        )
        self.seed = ipywidgets.BoundedIntText(
            0, min=0, max=2**31 - 1, description="Seed", **labelled("10rem")
        )
        self.n_takes = ipywidgets.BoundedIntText(
            1, min=1, max=MAX_TAKES, description="Takes", **labelled("8rem")
        )
        self.levels = ipywidgets.Dropdown(
            options=_level_choices(model.levels), description="Levels", **labelled("16rem")
        )
        self.temperature = _slider("Temperature", self.top.temperature, 0.5, 1.5)
        self.guidance = _slider("Follow the words", self.top.guidance, 1.0, 4.0)
        self.plan_view = ipywidgets.HTML()
        for box, kind in ((self.artist, "artists"), (self.genre, "genres")):
            box.observe(lambda change, kind=kind: self._suggest(change["owner"], kind), "value")
        for control in (self.seconds, self.n_takes, self.levels, self.temperature, self.guidance):
            control.observe(lambda _: self.show_plan(), "value")
        self._suggest(self.artist, "artists")
        self.show_plan()

    @property
    def rows(self) -> list[Any]:
        """The controls, row by row."""
        names = [self.artist, self.genre] if self.model.artists() else []
        chances = [self.temperature]
        if self.top.lyrics is not None:
            chances.append(self.guidance)
        return [
            self.lyrics, names, self.hint, [self.seconds, self.n_takes, self.seed, self.levels],
            chances, self.plan_view,
        ]  # fmt: skip

    @property
    def options(self) -> SamplingOptions | None:
        """How boldly the top level is drawn; None: as the model was tuned."""
        chosen = {
            "temperature": (self.temperature.value, self.top.temperature),
            "guidance": (self.guidance.value, self.top.guidance),
        }
        below: tuple[None, ...] = (None,) * (self.model.levels - 1)
        changed = {
            name: (*below, value)
            for name, (value, own) in chosen.items()
            if abs(value - own) > 1e-9 and (name != "guidance" or self.top.lyrics is not None)
        }
        return SamplingOptions(**changed) if changed else None

    @property
    def asked(self) -> dict[str, Any]:
        """What the controls say, as arguments of `model.sample`."""
        return {
            "lyrics": self.lyrics.value,
            "artist": self.artist.value.strip() or None,
            "genre": self.genre.value.strip() or None,
            "seconds": self.seconds.value,
            "seed": self.seed.value,
            "n_samples": self.n_takes.value,
            "levels": self._chosen_levels,
            "options": self.options,
        }

    @property
    def _chosen_levels(self) -> tuple[int, ...] | None:
        """Levels to write; None: all of them."""
        chosen = self.levels.value
        return None if len(chosen) == self.model.levels else chosen

    def show_plan(self) -> None:
        """Work out what these settings mean and what they will take.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        try:
            plan = self.model.plan(
                seconds=self.seconds.value,
                n_samples=self.n_takes.value,
                levels=self._chosen_levels,
                options=self.options,
            )
        except JukeboxError as error:
            self.plan_view.value = f'<span style="color:#a3260a">⚠ {escape(str(error))}</span>'
            return
        words = plan.explain()
        windows = sum(len(level.windows) for level in plan.levels)
        work = words.splitlines()[-1]
        self.plan_view.value = (
            f"<details><summary>{plan.seconds:.2f} s in {windows} "
            f"window{'s' if windows > 1 else ''}. {escape(work)}</summary>{lines(words)}</details>"
        )

    def _suggest(self, box: ipywidgets.Combobox, kind: str) -> None:
        """Offer the nearest names, and say so if the name is not one of the model's."""
        lists = self.model.vocabularies[-1]
        if lists is None:
            return
        names: Vocabulary = getattr(lists, kind)
        if len(names.listed) > SHORT_LIST:
            box.options = names.find(box.value, NEAREST) or names.listed[:NEAREST]
        hints = [
            vocabulary.explain_unknown(vocabulary.match(value))
            for vocabulary, value in (
                (lists.artists, self.artist.value.strip()),
                (lists.genres, self.genre.value.strip()),
            )
        ]
        shown = [hint for hint in hints if hint] or _known(lists)
        self.hint.value = "<br>".join(map(escape, shown))


def _known(lists: LabelVocabularies) -> list[str]:
    """The model's names, as far as there is room."""
    lines = []
    for kind, names in (("Artists", lists.artists.listed), ("Genres", lists.genres.listed)):
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        lines.append(f"{kind}: {', '.join(names[:SHOWN])}{more}")
    return lines


def _slider(name: str, value: float, low: float, high: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value, min=min(low, value), max=max(high, value), step=0.05, description=name,
        continuous_update=False, **labelled("22rem"),
    )  # fmt: skip


def _level_choices(levels: int) -> list[tuple[str, Any]]:
    """All levels, or only some of the upper ones: quick, and rough."""
    choices: list[tuple[str, Any]] = [("all: best sound", tuple(range(levels)))]
    for lowest in range(1, levels):
        names = " and ".join(level_name(i, levels) for i in range(levels - 1, lowest - 1, -1))
        choices.append((f"{names} only: quicker, rougher", tuple(range(lowest, levels))))
    return choices
