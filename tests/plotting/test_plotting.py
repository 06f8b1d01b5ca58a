"""Pictures: named axes with units, maps that survive a gray print, the same bytes every time."""

from __future__ import annotations

import io
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.text
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from jukebox_edu import plotting
from jukebox_edu.errors import AudioError, ConfigError, ShapeError
from jukebox_edu.page import CodeLane
from jukebox_edu.plotting import (
    WindowSpan,
    alignment_figure,
    code_usage_figure,
    codes_figure,
    figure_png,
    plan_figure,
    song_figure,
    spectrogram_figure,
    waveform_figure,
)
from jukebox_edu.plotting.audio import FLOOR_DB, spectrogram
from jukebox_edu.plotting.codes import MAX_ROWS, code_raster
from jukebox_edu.plotting.style import AMOUNTS, CODES, drawable, style

PAGE_TESTS = Path(__file__).parent.parent / "page"
synthetic = SimpleNamespace(**runpy.run_path(str(PAGE_TESTS / "synthetic.py")))
SONG = synthetic.song(2.0)
SOUND = SONG.tracks[0].samples
CODES_PER_LEVEL = [lane.codes for lane in SONG.codes]
WINDOWS = [WindowSpan(1, 0, 0, 4), WindowSpan(1, 2, 4, 6), WindowSpan(0, 0, 0, 1)]
FIGURES = {
    "waveform": lambda: waveform_figure(SOUND, 16000),
    "spectrogram": lambda: spectrogram_figure(SOUND, 16000),
    "codes": lambda: codes_figure(CODES_PER_LEVEL, synthetic.HOPS, 16000),
    "usage": lambda: code_usage_figure(CODES_PER_LEVEL[2], 1024),
    "alignment": lambda: alignment_figure(
        SONG.alignment, SONG.lyrics, SONG.alignment_hop_seconds, SONG.character_times
    ),
    "plan": lambda: plan_figure(WINDOWS),
    "song": lambda: song_figure(SONG),
}
every_figure = pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES.keys())


@every_figure
def test_figure_has_title_and_axes_with_units(make):
    figure = make()
    assert isinstance(figure, Figure)
    axes = [one for one in figure.axes if one.get_label() != "<colorbar>"]
    assert axes[0].get_title(loc="left")
    assert all(one.get_ylabel() for one in axes)
    assert "(" in axes[-1].get_xlabel() and axes[-1].get_xlabel().endswith(")")
    bars = [one for one in figure.axes if one.get_label() == "<colorbar>"]
    assert all(bar.get_ylabel() for bar in bars)


@every_figure
def test_no_text_shows_formula_code(make):
    figure = make()
    figure.draw_without_rendering()
    texts = [text.get_text() for text in figure.findobj(mpl.text.Text)]
    assert len(texts) > 10 and not [text for text in texts if "\\" in text or "$" in text]


@every_figure
def test_same_figure_gives_same_bytes(make):
    first = figure_png(make())
    assert first == figure_png(make())
    assert first.startswith(b"\x89PNG") and b"matplotlib" not in first.lower()
    with Image.open(io.BytesIO(first)) as image:
        assert image.width == 900


def test_figures_touch_no_global_state():
    with mpl.rc_context({"font.size": 31, "axes.facecolor": "red", "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        changed = figure_png(FIGURES["alignment"]())
        assert dict(mpl.rcParams) == before
    assert changed == figure_png(FIGURES["alignment"]())
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


@pytest.mark.parametrize("name", [AMOUNTS, CODES])
def test_color_maps_grow_steadily_in_lightness(name):
    colors = mpl.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert luminance[-1] - luminance[0] > 0.6


def test_palette_makes_the_file_smaller_and_keeps_the_picture():
    figure = song_figure(SONG)
    whole, small = figure_png(figure), figure_png(figure, colors=64)
    assert len(small) < 0.6 * len(whole)
    pictures = []
    for raw in (whole, small):
        with Image.open(io.BytesIO(raw)) as image:
            pictures.append(np.asarray(image.convert("RGB"), dtype=float))
    assert np.abs(pictures[0] - pictures[1]).mean() < 6


def test_text_that_the_font_lacks_becomes_a_box_and_dollars_stay():
    assert drawable("a漢🎵\n$") == "a□□\n$"
    figure_png(waveform_figure(SOUND, 16000, title="$\\frac{1}$ 漢 🎵 \x00"))
    lyrics = "$x$ 漢字 مرحبا 🎵 <b>"
    weights = np.ones((5, len(lyrics)))
    figure_png(alignment_figure(weights, lyrics, 0.1))


def test_notebooks_show_a_figure_without_pyplot():
    assert waveform_figure(SOUND, 16000)._repr_png_().startswith(b"\x89PNG")


def test_style_comes_back_after_use():
    before = mpl.rcParams["text.parse_math"]
    with style():
        assert mpl.rcParams["text.parse_math"] is False
    assert mpl.rcParams["text.parse_math"] is before


def test_clipped_sound_is_marked():
    title = waveform_figure(SOUND * 10, 16000).axes[0].get_title(loc="left")
    assert "% clipped" in title
    assert "clipped" not in waveform_figure(SOUND, 16000).axes[0].get_title(loc="left")


def test_spectrogram_finds_a_tone_and_stays_above_its_floor():
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    decibels = spectrogram(tone, 800)
    assert (decibels.argmax(axis=0) == 100).all()
    assert decibels.max() == 0 and decibels.min() >= FLOOR_DB
    assert (spectrogram(np.zeros(4000, np.float32), 800) == FLOOR_DB).all()


def test_raster_shows_every_code_once_where_it_fits():
    lane = CodeLane(0, np.arange(600), 0.01, 600)
    grid = code_raster(lane, seconds=6.0, columns=200)
    assert grid.shape == (3, 200)
    assert np.array_equal(np.sort(grid.ravel()), np.arange(600))
    assert np.array_equal(grid[:, 5], [15, 16, 17])  # down the column, then on to the right
    wide = code_raster(lane, seconds=12.0, columns=200)
    assert np.isnan(wide[:, 100:]).all() and not np.isnan(wide[:, :100]).any()
    assert len(code_raster(CodeLane(0, np.arange(9000), 0.001, 9000), 9.0, 10)) == MAX_ROWS
    zoomed = code_raster(CodeLane(0, np.arange(3), 1.0, 3), 3.0, columns=9)
    assert np.array_equal(zoomed, [[0, 0, 0, 1, 1, 1, 2, 2, 2]])


def test_usage_counts_dead_codes():
    figure = code_usage_figure(np.array([0, 0, 1, 3]), 8)
    assert "3 of 8 codes" in figure.axes[0].get_title(loc="left")
    assert "never used: 5" in [text.get_text() for text in figure.axes[0].get_legend().texts]


def test_usage_of_an_even_codebook_has_full_perplexity():
    title = code_usage_figure(np.arange(64), 64).axes[0].get_title(loc="left")
    assert "64 of 64 codes, perplexity 64" in title


def test_plan_draws_prompt_and_new_part_of_every_window():
    axes = plan_figure(WINDOWS).axes[0]
    widths = sorted(bar.get_width() for bar in axes.patches)
    assert widths == [1, 2, 2, 4]  # three new parts and one prompt
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "top\n2 windows",
        "bottom\n1 window",
    ]


@pytest.mark.parametrize(
    "missing",
    [
        {"codes": ()},
        {"alignment": None},
        {"character_times": None},
        {"codes": (), "alignment": None, "character_times": None, "lyrics": ""},
    ],
)
def test_song_draws_what_there_is(missing):
    assert figure_png(song_figure(synthetic.song(1.0, **missing))).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: waveform_figure(np.zeros((2, 3)), 8000), ShapeError, "samples=.*mono"),
        (lambda: waveform_figure(np.zeros(3) + np.inf, 8000), AudioError, "finite"),
        (lambda: waveform_figure(np.zeros(3), -1), ConfigError, "sample_rate=-1"),
        (lambda: spectrogram_figure(np.zeros(100), 8000), ConfigError, "fft_size=1024.*100"),
        (lambda: codes_figure([], [], 8000), ConfigError, "codes='0 levels'"),
        (lambda: codes_figure([np.arange(3)], [8, 32], 8000), ConfigError, "2 hop lengths"),
        (lambda: code_usage_figure(np.array([9]), 8), ShapeError, "codes='9 to 9'.*= 7"),
        (lambda: code_usage_figure(np.array([0.5]), 8), ShapeError, "integers"),
        (lambda: alignment_figure(np.ones((3, 2)), "abc", 0.1), ShapeError, r"\(frames, 3\)"),
        (lambda: alignment_figure(np.ones((3, 3)), "abc", 0.0), ConfigError, "hop_seconds=0.0"),
        (
            lambda: alignment_figure(np.ones((3, 3)), "abc", 0.1, np.ones((2, 2))),
            ShapeError,
            r"truth=\(2, 2\)",
        ),
        (lambda: plan_figure([]), ConfigError, "at least one WindowSpan"),
        (lambda: WindowSpan(0, 2, 1, 3), ConfigError, "ordered"),
        (lambda: WindowSpan(0, 1, 1, 1), ConfigError, "ordered"),
        (lambda: WindowSpan(-1, 0, 0, 1), ConfigError, "level=-1"),
        (lambda: WindowSpan(0, 0, 0, float("nan")), ConfigError, "finite"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_room_offers_what_it_promises():
    assert all(callable(getattr(plotting, name)) for name in plotting.__all__)
