"""Pieces of HTML that views are made of: a sound, a picture, words, a table.

What
    Every piece is whole without scripts, styles, ids and roles, which an untrusted notebook
    removes: sound stands on `<audio src>`, what a picture shows in its `alt`, text is escaped.
Conventions
    Samples are (samples,) at full scale [-1, 1]; they are clamped, never normalized. Short sounds
    are stored exactly (WAV), long ones as MP3.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from jukebox_edu.page import Track
from jukebox_edu.page.sound import encode_mp3, small_compression
from jukebox_edu.page.text import escape, to_json
from jukebox_edu.plotting.passage import Area
from jukebox_edu.plotting.style import NOTEBOOK_COLORS, figure_png

EXACT_SECONDS = 1.0  # sounds up to this long are stored sample by sample
# A click on the image before this script: find its spot, write its number into the control's
# <input> and say that it changed, as if it had been typed.
_CLICK = """(function () {
  const here = document.currentScript, image = here && here.previousElementSibling;
  const panel = here && here.closest(".jbx-panel");
  if (!panel) return;
  image.style.cursor = "crosshair";
  image.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    const inside = (value, [low, high]) => low <= value && value < high;
    const spot = SPOTS.find((one) => inside(x, one.x) && inside(y, one.y));
    const input = spot && panel.querySelector("." + spot.control + " input");
    if (!input) return;
    const share = (x - spot.x[0]) / (spot.x[1] - spot.x[0]);
    const number = Math.floor(spot.from + share * (spot.to - spot.from));
    input.value = spot.values.length ? spot.values[number] : number;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();"""
_CELL = "text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top;font-weight:normal"


def sound(samples: np.ndarray, sample_rate: int, label: str) -> str:
    """A player for one sound, with its label and what was clipped.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    track = Track(label, samples, sample_rate)
    if track.seconds <= EXACT_SECONDS:
        kind, data = "wav", _wav(track)
    else:
        kind, data = "mpeg", encode_mp3(track, small_compression(sample_rate))
    share = 100 * track.clipped_share
    clipped = f" <em>({share:.2g} % clipped)</em>" if share else ""
    return (
        f'<p style="margin:.3rem 0"><bdi>{escape(label)}</bdi>{clipped}<br>'
        f'<audio controls class="jbx-audio" style="width:100%;max-width:30rem" '
        f'src="data:audio/{kind};base64,{base64.b64encode(data).decode("ascii")}"></audio></p>'
    )


def _wav(track: Track) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    samples = np.clip(track.samples, -1.0, 1.0)
    soundfile.write(buffer, samples, track.sample_rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def picture(figure: Figure, alt: str, colors: int = NOTEBOOK_COLORS) -> str:
    """A figure as an image with so many colors; `alt` says what it shows.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    data = base64.b64encode(figure_png(figure, colors)).decode("ascii")
    return (
        f'<img alt="{escape(alt)}" style="display:block;width:100%;max-width:60rem;height:auto" '
        f'src="data:image/png;base64,{data}">'
    )


@dataclass(frozen=True)
class Spot:
    """A part of a picture whose clicks set a control."""

    control: str  # class of the control (`add_class`), which has one <input>
    area: Area  # where it lies, and the values at its edges
    values: tuple[int, ...] = ()  # if given, what is set is values[number], not the number


def clickable(image: str, spots: Sequence[Spot]) -> str:
    """An image whose clicks set number controls of the same panel, where scripts run.

    Lesson: notebooks/04_three_levels.ipynb
    """
    entries = [
        {
            "control": spot.control,
            "x": [round(spot.area.left, 5), round(spot.area.right, 5)],
            "y": [round(spot.area.top, 5), round(spot.area.bottom, 5)],
            "from": spot.area.first,
            "to": spot.area.last,
            "values": list(spot.values),
        }
        for spot in spots
    ]
    return f"<div>{image}<script>{_CLICK.replace('SPOTS', to_json(entries))}</script></div>"


def paragraph(text: str) -> str:
    """One paragraph of plain text.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return f'<p style="margin:.3rem 0"><bdi>{escape(text)}</bdi></p>'


def lines(text: str) -> str:
    """Text whose line ends stay.

    Lesson: notebooks/09_windows_and_upsampling.ipynb
    """
    look = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0;line-height:1.5"
    return f'<div dir="auto" style="{look}">{escape(text)}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[object]], summary: str = "") -> str:
    """A table with named columns; with a `summary` it is folded.

    Lesson: notebooks/04_three_levels.ipynb
    """
    head = "".join(
        f'<th scope="col" style="{_CELL};color:#4d5761">{escape(str(n))}</th>' for n in header
    )
    body = "\n".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(str(cell))}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    inside = f'<table style="border-collapse:collapse">\n<tr>{head}</tr>\n{body}\n</table>'
    if not summary:
        return inside
    return f"<details><summary>{escape(summary)}</summary>\n{inside}</details>"


def side_by_side(pieces: Iterable[str]) -> str:
    """Pieces in one row, or below each other where there is no room.

    Lesson: notebooks/04_three_levels.ipynb
    """
    look = "flex:1 1 16rem;min-width:12rem"
    inside = "".join(f'<div style="{look}">{piece}</div>' for piece in pieces)
    return f'<div style="display:flex;flex-wrap:wrap;gap:0 1.5rem">{inside}</div>'


def whole(*pieces: str) -> str:
    """All pieces of a view on a white ground, whatever the theme of the notebook.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    look = (
        "max-width:60rem;padding:.6rem;background:#fff;color:#1b1f24;"
        "font:15px/1.5 system-ui,sans-serif"
    )
    return f'<div style="{look}">\n' + "\n".join(piece for piece in pieces if piece) + "\n</div>"
