"""The plan of a song under one's fingers: seconds, levels, hop -> windows, codes, memory.

What
    Nothing is computed but the plan itself (`Jukebox.plan`): how many codes each level needs, in
    which windows they are drawn, and how much of each window is only read. A smaller hop means
    more windows, each with more memory of what came before, and more work.
Paper: [Jukebox §4.4]: windowed sampling
Lesson: notebooks/09_windows_and_upsampling.ipynb
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from jukebox_edu.page.sentences import level_name
from jukebox_edu.sampling import SamplingOptions
from jukebox_edu.sampling.plan import Plan
from jukebox_edu.widgets.base import Panel, View, labelled
from jukebox_edu.widgets.pieces import lines, picture, whole

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox

HOPS = tuple((f"{n}/16", n / 16) for n in (1, 2, 4, 6, 8, 10, 12, 14, 16))  # of a window


class PlanView(Panel):
    """Change what is asked for and see how it would be written.

    Parameters
    ----------
    model
        Whose plans; nothing is sampled.
    seconds
        Length of the song to begin with.

    Attributes
    ----------
    plan
        The plan shown, a `Plan`.

    Paper: [Jukebox §4.4]
    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """

    def __init__(self, model: Jukebox, seconds: float = 20.0) -> None:
        self.model = model
        names = [level_name(level, model.levels) for level in range(model.levels)]
        everything = tuple(range(model.levels))
        runs = {"all levels": everything}
        for lowest in range(model.levels - 1, 0, -1):
            text = " and ".join(reversed(names[lowest:]))
            runs[f"{text} only"] = tuple(range(lowest, model.levels))
        wide = labelled("26rem")
        self.seconds = ipywidgets.BoundedFloatText(
            seconds, min=0.0, max=3600.0, step=1.0, description="Seconds", **labelled("11rem")
        )
        self.prompt = ipywidgets.BoundedFloatText(
            0.0, min=0.0, max=3600.0, step=1.0, description="of which are there already",
            **labelled("17rem"),
        )  # fmt: skip
        self.levels = ipywidgets.Dropdown(
            options=list(runs.items()), value=everything, description="Levels", **labelled("18rem")
        )
        self.hop = ipywidgets.SelectionSlider(
            options=fitting_hops(model), value=0.5, description="Hop (share of a window)",
            continuous_update=False, **wide,
        )  # fmt: skip
        self.samples = ipywidgets.BoundedIntText(
            1, min=1, max=1024, description="Songs side by side", **labelled("13rem")
        )
        self.plan = self._planned()
        super().__init__([[self.seconds, self.prompt, self.samples], [self.levels, self.hop]])
        knobs = (self.seconds, self.prompt, self.levels, self.hop, self.samples)
        self.follow(*knobs, action=self.make)

    def __repr__(self) -> str:
        return f"PlanView({self.model!r})"

    def make(self) -> None:
        """Plan what the controls ask for; if the model cannot do it, the old plan stays.

        Lesson: notebooks/09_windows_and_upsampling.ipynb
        """
        self.plan = self._planned()

    def _planned(self) -> Plan:
        return self.model.plan(
            seconds=self.seconds.value,
            prompt_seconds=self.prompt.value or None,
            n_samples=self.samples.value,
            levels=self.levels.value,
            options=SamplingOptions(hop_fraction=self.hop.value),
        )

    def view(self) -> View:
        """The plan as a picture and in words."""
        words = self.plan.explain()
        return View(whole(picture(self.plan.plot(), self._sentence()), lines(words)), words)

    def _sentence(self) -> str:
        """What the picture shows."""
        count = len(self.plan.hop_lengths)
        parts = [
            f"{level_name(level.level, count)} level in {len(level.windows)} windows"
            for level in self.plan.levels
        ]
        return f"Plan of {self.plan.seconds:.2f} s on one time axis: {', '.join(parts)}."


def fitting_hops(model: Jukebox) -> tuple[tuple[str, float], ...]:
    """Those of `HOPS` that are whole upper codes at every level, as (name, share).

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    hops = model.hop_lengths
    factors = [above // below for below, above in zip(hops[:-1], hops[1:], strict=True)]
    windows = [prior.n_ctx for prior in model.config.priors]

    def fits(share: float) -> bool:
        steps = [int(share * n_ctx) for n_ctx in windows]
        whole_ = all(s % f == 0 for s, f in zip(steps[:-1], factors, strict=True))
        return whole_ and min(steps) > 0

    return tuple((name, share) for name, share in HOPS if fits(share))
