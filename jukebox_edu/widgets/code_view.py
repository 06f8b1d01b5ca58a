"""How the code explorer looks: one picture, the sounds of a code, before and after.

Lesson: notebooks/04_three_levels.ipynb
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jukebox_edu.page import CodeLane, Track
from jukebox_edu.plotting.passage import (
    AROUND,
    LANE_ROW,
    USAGE_ROW,
    WAVE_ROW,
    ZOOM_ROW,
    areas,
    by_use,
    passage_figure,
    times,
)
from jukebox_edu.widgets.base import View
from jukebox_edu.widgets.code_sounds import MOST_PLACES, alone, everywhere
from jukebox_edu.widgets.excerpt import room_for
from jukebox_edu.widgets.pieces import (
    Spot,
    clickable,
    paragraph,
    picture,
    side_by_side,
    sound,
    table,
    whole,
)

if TYPE_CHECKING:
    from jukebox_edu.widgets.code_explorer import CodeExplorer


def code_view(explorer: CodeExplorer) -> View:
    """Everything the explorer shows of its state.

    Lesson: notebooks/04_three_levels.ipynb
    """
    lane, track = explorer.lane, explorer.track
    words = sentence(lane, explorer.position.value, explorer.code.value)
    span = tuple(explorer.span.value)
    html = whole(
        _map(explorer, lane, track, span, words),
        paragraph(words),
        side_by_side(_code_sounds(explorer, track)),
        side_by_side(_whole_sounds(explorer, span)),
        _edits(explorer),
        _neighbors(lane, explorer.position.value),
    )
    return View(html, words)


def sentence(lane: CodeLane, position: int, code: int) -> str:
    """Say what is known of a code in a song.

    Lesson: notebooks/04_three_levels.ipynb
    """
    places = np.flatnonzero(lane.codes == code)
    here = f"At position {position} of {lane.codes.size} ({position * lane.hop_seconds:.3f} s)"
    if not places.size:
        return f"{here} stands code {lane.codes[position]}. Code {code} never occurs in this song."
    order = by_use(lane)
    rank = int(np.flatnonzero(order == code)[0]) + 1
    seconds = ", ".join(f"{place * lane.hop_seconds:.2f}" for place in places[:MOST_PLACES])
    more = " …" if len(places) > MOST_PLACES else ""
    return (
        f"{here} stands code {lane.codes[position]}. Code {code} occurs {times(len(places))} "
        f"({100 * len(places) / lane.codes.size:.2g} % of all, number {rank} of the {len(order)} "
        f"codes used), at {seconds}{more} s."
    )


def _map(
    explorer: CodeExplorer, lane: CodeLane, track: Track, span: tuple[int, ...], words: str
) -> str:
    """The picture; a click on a code chooses it."""
    position, size = explorer.position.value, lane.codes.size
    figure = passage_figure(
        track, lane, position, explorer.model.levels,
        code=explorer.code.value, span=(span[0], span[1]),
    )  # fmt: skip
    first = max(0, min(position - AROUND, size - 2 * AROUND - 1))
    used = by_use(lane)
    spans = {
        WAVE_ROW: (0, size),
        LANE_ROW: (0, size),
        ZOOM_ROW: (first, min(size, first + 2 * AROUND + 1)),
        USAGE_ROW: (0, len(used)),
    }
    controls = ("jbx-position", "jbx-position", "jbx-position", "jbx-code")
    values = ((), (), (), tuple(used.tolist()))
    alt = f"Waveform and codes of one level, codes {span[0]} to {span[1] - 1} marked. {words}"
    found = zip(controls, areas(figure, spans), values, strict=True)
    return clickable(picture(figure, alt), [Spot(*one) for one in found])


def _code_sounds(explorer: CodeExplorer, track: Track) -> list[str]:
    """The code alone, in its place, and everywhere."""
    code, rate, places = explorer.code.value, track.sample_rate, explorer.occurrences
    hop = explorer.model.hop_lengths[explorer.level]
    middle = (explorer.position.value + 0.5) * hop / rate  # seconds
    start = max(0, round((middle - 0.5) * rate))
    sounds = [
        sound(alone(explorer.model, code, explorer.level), rate, f"code {code}, repeated"),
        sound(track.samples[start : start + rate], rate, "the second around it"),
    ]
    if places.size:
        joined = everywhere(track.samples, rate, places, hop)
        which = "its only place" if len(places) == 1 else f"all its {len(places)} places"
        if len(places) > MOST_PLACES:
            which = f"the first {MOST_PLACES} of its {len(places)} places"
        sounds.append(sound(joined, rate, which))
    return sounds


def _whole_sounds(explorer: CodeExplorer, span: tuple[int, ...]) -> list[str]:
    """The level as it was and as it is; of a long song, the stretch around the span."""
    rate, hop = explorer.model.sample_rate, explorer.model.hop_lengths[explorer.level]
    before, after = explorer.sound(original=True), explorer.sound()
    seconds = len(after) / rate
    room = room_for(3, rate, seconds)
    middle = (span[0] + span[1]) / 2 * hop / rate
    start = min(max(0.0, middle - room / 2), max(0.0, seconds - room))
    cut = slice(round(start * rate), round((start + room) * rate))
    part = f", {start:.1f} s to {start + room:.1f} s" if room < seconds else ""
    if not explorer.is_changed:
        return [sound(after[cut], rate, f"the whole level{part}")]
    return [
        sound(before[cut], rate, f"before the surgery{part}"),
        sound(after[cut], rate, f"after the surgery{part}"),
    ]


def _edits(explorer: CodeExplorer) -> str:
    """What was done so far."""
    if not explorer.edits:
        return ""
    rows = [(i, edit.level, edit.text) for i, edit in enumerate(explorer.edits, start=1)]
    return table(("step", "level", "what was done"), rows)


def _neighbors(lane: CodeLane, position: int) -> str:
    """The codes around the chosen one, for those who cannot see the picture."""
    first = max(0, position - AROUND)
    rows = [
        (place, f"{place * lane.hop_seconds:.3f}", lane.codes[place])
        for place in range(first, min(lane.codes.size, position + AROUND + 1))
    ]
    return table(("position", "from (s)", "code"), rows, "The codes around this position")
