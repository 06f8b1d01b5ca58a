"""How all pictures look: sizes, fonts, color maps, and the way to a PNG.

What
    `new_figure` opens a figure in the house style, `figure_png` writes it down. Both work inside
    `style()`, so a notebook's own settings neither change our pictures nor are changed by them.
Conventions
    Lightness grows steadily through every color map, so a gray print shows the same order; the
    player uses the same map. Lines differ in dash as well as in color.
Lesson: notebooks/01_sound_as_numbers.ipynb
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

WIDTH = 9.0  # inches, of every picture
DPI = 100  # dots per inch: a picture is 900 dots wide
NOTEBOOK_COLORS = 96  # palette of a picture in a notebook, whose file is kept small
AMOUNTS = "viridis"  # color map for weights and spectra
CODES = "viridis"  # color map for code numbers; the player draws with the same one
INK = "#1b1f24"  # text and axes
WAVE = "#2b5c8a"  # waveforms and bars
ACCENT = "#c1440e"  # what the reader should look at
QUIET = "#8a939d"  # grid, marks, things of less weight

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a lyric is a dollar sign
    "text.usetex": False,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.interpolation": "nearest",
}

_FAMILIES = frozenset(  # settings that change a picture; all others stay as they are
    "axes boxplot contour figure font grid hatch hist image legend lines patch path savefig text "
    "xaxis xtick yaxis ytick".split()
)


class Picture(Figure):
    """A matplotlib figure that notebooks show by themselves, without pyplot.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """

    def __repr__(self) -> str:
        width, height = (round(inches * DPI) for inches in self.get_size_inches())
        return f"<Figure {width} x {height}>"

    def _repr_png_(self) -> bytes:
        return figure_png(self, NOTEBOOK_COLORS)


def style() -> AbstractContextManager[None]:
    """Context in which the house style is set; the settings before it come back afterwards.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    settings: Any = {
        key: value for key, value in mpl.rcParamsDefault.items() if key.split(".")[0] in _FAMILIES
    }
    settings.update(STYLE)
    return mpl.rc_context(settings)


def new_figure(height: float) -> Picture:
    """An empty figure, `WIDTH` inches wide and `height` inches high; call it inside `style()`.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    air = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)  # inches around everything
    figure = Picture(figsize=(WIDTH, height), dpi=DPI, layout=air)
    FigureCanvasAgg(figure)
    return figure


def figure_png(figure: Figure, colors: int | None = None) -> bytes:
    """Draw a figure as a PNG file; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        What one of our functions returned.
    colors
        If given, at most that many colors (a palette), which halves the file or better.

    Returns
    -------
    bytes
        The file, without date and without the name of the program.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    if colors is None:
        return buffer.getvalue()
    from PIL import Image  # comes with matplotlib

    small = io.BytesIO()
    with Image.open(buffer) as image:
        palette = image.convert("RGB").quantize(colors, dither=Image.Dither.NONE)
        palette.save(small, "PNG", optimize=True)
    return small.getvalue()


def drawable(text: str) -> str:
    """Replace the characters that the picture's font lacks by an empty box.

    Pages show every script; pictures are drawn with the one font that is on all machines.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    known = _font_characters()
    return "".join(sign if sign == "\n" or ord(sign) in known else "\u25a1" for sign in text)


def heading(text: str, longest: int = 84) -> str:
    """A title on one line, cut where the picture ends.

    Lesson: notebooks/01_sound_as_numbers.ipynb
    """
    text = " ".join(text.split())
    return drawable(text if len(text) <= longest else text[: longest - 1] + "…")


@lru_cache(maxsize=1)
def _font_characters() -> frozenset[int]:
    """Code points of DejaVu Sans."""
    from matplotlib import font_manager

    path = font_manager.findfont("DejaVu Sans", fallback_to_default=True)
    return frozenset(font_manager.get_font(path).get_charmap())
