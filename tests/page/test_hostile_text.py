"""Text that tries to be something else stays text, wherever the library shows it: 100 and more.

Every hostile text goes to every place: page, notebook cell, list of songs, report, table, files for
other programs, pictures, and the lines that Python prints. `test_page.py` looks deeper into pages.
"""

from __future__ import annotations

import json
import re
import runpy
import unicodedata
import warnings
from pathlib import Path
from types import SimpleNamespace

import matplotlib.text
import numpy as np
import pytest

from jukebox_edu.alignment import Alignment, read_textgrid
from jukebox_edu.alignment.formats import one_line
from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.times import read_times
from jukebox_edu.page import Player, Track, fragment, page
from jukebox_edu.page.gallery import GalleryEntry, file_name, gallery_page
from jukebox_edu.page.report import ReportSection, ReportTable, report_page
from jukebox_edu.page.text import clean
from jukebox_edu.plotting import (
    alignment_figure,
    figure_png,
    song_figure,
    times_figure,
    waveform_figure,
)

HERE = Path(__file__).parent
synthetic = SimpleNamespace(**runpy.run_path(str(HERE / "synthetic.py")))
Reader = runpy.run_path(str(HERE / "test_page.py"))["Reader"]

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of script": "</script><img src=x onerror=alert(1)>",
    "quotes": "\" ' ` onmouseover='alert(1)' x=\"",
    "right to left": "שלום עולם مرحبا \u202egnp.exe\u202c",
    "emoji": "🎵👩‍👩‍👧‍👦🇫🇷 e\u0301 Z" + "\u0335" * 30,
    "controls": "".join(map(chr, [*range(1, 32), 127, 133, 155])) + "after",
    "null": "a\x00b \x00",
    "ampersand": "&lt;b&gt; &amp;amp; &#60; R&B",
    "backslashes": "\\n \\u003c \\\\ \\x00 \\",
    "separators": "one\u2028two\u2029three\x0bfour\x85five",
    "long word": "x" * 1500,
    "surrogate": "half \ud83d of \udc00 pairs \ufffe\U0010ffff",
    "stamps": "[00:01.00]<00:02.00>sing [offset:500] [ar:me]",
    "format": '{"a": [1]} ${x} {{7*7}} {0} %s %(x)s $\\frac{1}{0}$ $5',
    "shell": "../../etc/passwd; rm -rf ~ | $(id) CON nul.",
    "terminal": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J",
}


def song_with(text: str):
    """A song that says `text` wherever a song says something."""
    samples = np.sin(np.arange(2000) / 9).astype(np.float32)
    n = len(text)
    edges = np.linspace(0, 0.25, n + 1)
    weights = np.ones((20, n), np.float32) / n
    return synthetic.song(
        0.25, 8000, text, title=text, subtitle=text, licence=text, facts=((text, text),),
        tracks=(Track(text, samples * 2, 8000),), codes=(), alignment=weights,
        character_times=np.stack([edges[:-1], edges[1:]], axis=1),
        true_times=np.stack([edges[:-1], edges[1:]], axis=1),
    )  # fmt: skip


def aligned(text: str) -> Alignment:
    """Each character for a tenth of a second."""
    weights = np.repeat(np.eye(len(text), dtype=np.float32), 2, axis=0)
    return Alignment((weights,), 0.05, (text,), layer=0, head=0)


def checked_markup(html: str, scripts: int, allowed: frozenset[str] = frozenset()) -> Reader:
    """Only our elements, no handlers, nothing that loads; the bytes can be written."""
    html.encode("utf-8")
    read = Reader(re.sub(r"<!DOCTYPE html>", "", html))
    ours = "html head meta title style body main figure figcaption h1 h2 strong bdi p br em audio"
    ours = set(f"{ours} details summary img div table tr th td script ol li a dl dt dd q".split())
    assert {tag for tag, _ in read.elements} <= ours | allowed
    assert len(read.named("script")) == scripts
    for _, attributes in read.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")
    assert not any(
        unicodedata.category(sign) in ("Cs", "Cc") for sign in html if sign not in "\n\t"
    )
    return read


def show_page(text: str, folder: Path) -> None:
    for html in (page(song_with(text)), fragment(song_with(text))):
        read = checked_markup(html, scripts=2)
        assert read.texts["jbx-lyrics"] == clean(text)
        assert read.texts["jbx-caption"] == clean(text) * 2
        assert clean(text) in read.texts["jbx-track"] and clean(text) in read.texts["jbx-facts"]
        data = json.loads(re.search(r'class="jbx-data">(.*?)</script>', html, re.S).group(1))
        assert data["lyrics"] == clean(text) and data["tracks"][0]["label"] == clean(text)


def show_cell(text: str, folder: Path) -> None:
    bundle = Player(song_with(text))._repr_mimebundle_()
    line = bundle["text/plain"]
    assert "\n" not in line and "\x1b" not in line and "\x00" not in line
    json.dumps(bundle)


def show_gallery(text: str, folder: Path) -> None:
    name = file_name(text, 3)
    assert re.fullmatch(r"[a-z0-9-]{1,70}\.html", name) and not name.startswith(("con.", "nul."))
    (folder / name).write_text("")
    entry = GalleryEntry(text, name, 1.0, text, (("artist", text), ("genre", text)))
    read = checked_markup(gallery_page([entry], text), scripts=0)
    assert read.texts["a"] == clean(text) and read.texts["h1"] == clean(text)
    assert read.texts["q"] == clean(text) and read.texts["dd"].count(clean(text)) >= 2
    assert [attributes["href"] for attributes in read.named("a")] == [name]


def show_report(text: str, folder: Path) -> None:
    table = ReportTable((text, "b"), ((text, text),), text)
    html = report_page(text, [text], [ReportSection(text, (text,), (), (table,))])
    read = checked_markup(html, 0, frozenset({"thead", "tbody", "caption", "section", "header"}))
    assert clean(text) in read.texts["h1"] and clean(text) in read.texts["table"]


def show_lrc(text: str, folder: Path) -> None:
    found = aligned(text)
    for words in (False, True):
        written = found.to_lrc(words=words)
        lines = [line for line in text.split("\n") if line.strip()]
        assert written.count("\n") == len(written.splitlines()) == len(lines)
        assert all(re.match(r"\[\d\d:\d\d\.\d\d\]", line) for line in written.splitlines())
        (folder / "song.lrc").write_text(written, encoding="utf-8")
        if re.search(r"[^\W_]", text):
            read = read_times(folder / "song.lrc")
            letters = re.findall(r"[^\W_]", "".join(map(one_line, text)))
            assert re.findall(r"[^\W_]", read.lyrics) == letters
            begins = read.starts[read.known]
            first = next(k for k, sign in enumerate(text) if not sign.isspace())
            assert begins[0] == pytest.approx(0.1 * first, abs=0.1 * len(text) + 0.005)
            if words:  # a stamp in the lyrics has not become a time
                assert begins[-1] <= 0.1 * len(text) + 0.005


def show_textgrid(text: str, folder: Path) -> None:
    found = aligned(text)
    path = folder / "song.TextGrid"
    path.write_text(found.to_textgrid(), encoding="utf-8")
    words = [one_line(word.text) for word in found.word_times() if word.end > word.start]
    if any(re.search(r"[^\W_]", word) for word in words):
        try:
            read = read_textgrid(path)
        except LyricsError as error:  # words without letters have no place in lyrics
            assert "times for" in str(error)
        else:
            assert read.lyrics.split() == " ".join(words).split()
    assert path.read_text(encoding="utf-8").count('"') % 2 == 0


def show_json(text: str, folder: Path) -> None:
    written = json.dumps(aligned(text).to_json())  # ASCII only: halves of characters are escaped
    back = json.loads(written)["samples"][0]
    assert back["lyrics"] == text and len(back["characters"]) == len(text)
    (folder / "song.json").write_text(written, encoding="utf-8")
    if re.search(r"[^\W_]", text):
        assert read_times(folder / "song.json", text).known.size


def show_figures(text: str, folder: Path) -> None:
    data = song_with(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph would warn
        figures = [
            waveform_figure(data.tracks[0].samples, 8000, text),
            alignment_figure(data.alignment, text, 0.0125, data.true_times, text),
            times_figure(text, data.character_times, data.true_times, text),
            song_figure(data),
        ]
        for figure in figures:
            assert figure_png(figure, 16).startswith(b"\x89PNG")
            for artist in figure.findobj(matplotlib.text.Text):
                math = artist.get_parse_math() and "$" in artist.get_text()
                assert not artist.get_usetex() and not math


def show_lines(text: str, folder: Path) -> None:
    """What Python prints: one line, no control characters."""
    data = song_with(text)
    for line in (repr(Player(data)), must("lyrics", text, "something else")):
        assert line.isprintable() or not any(
            unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in line
        )
        assert len(line) < 300 + 2 * len(text)


PLACES = {
    "page": show_page,
    "cell": show_cell,
    "gallery": show_gallery,
    "report": show_report,
    "lrc": show_lrc,
    "textgrid": show_textgrid,
    "json": show_json,
    "figures": show_figures,
    "lines": show_lines,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("show", PLACES.values(), ids=PLACES.keys())
def test_hostile_text_is_shown_as_text(show, text, tmp_path):
    show(text, tmp_path)


def test_there_are_a_hundred_cases():
    assert len(HOSTILE) * len(PLACES) >= 100
