"""The HTML of a song, in layers that survive alone.

What
    `fragment` writes one `<figure>`: sound, picture, lyrics, tables, data, style, script. Each
    layer is complete without the ones behind it. What a reader needs when scripts, styles, ids
    and roles are stripped (an untrusted notebook) is in plain elements with inline styles.
Conventions
    The same `PageData` gives the same bytes: no ids, no dates, no random names. Nothing is
    loaded: sound and picture stand in `data:` addresses, and `page` forbids the rest by policy.
Paper: [Jukebox §3, §5]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jukebox_edu.page import sentences
from jukebox_edu.page.data import PageData
from jukebox_edu.page.payload import MAX_BINS, as_base64, payload
from jukebox_edu.page.sound import encode_sounds
from jukebox_edu.page.text import escape, to_json
from jukebox_edu.page.words import word_times
from jukebox_edu.page.writing import write_document

SCRIPTS = ("rows.js", "spectrum.js", "words.js", "stage.js", "player.js")  # joined in this order
TABLE_CODES = 50  # codes of each level in the table
POSTER_COLORS = 64  # palette of the poster: half the bytes, no visible difference
_COMMENTS = re.compile(
    r"^ *(/\*.*?\*/|//[^\n]*)\n|^ +|^\n", re.DOTALL | re.MULTILINE
)  # and indents
SMALL_BINS = 2000  # bins of a waveform in a notebook: twice the dots of a cell
SMALL_COLORS = 32  # palette in a notebook, where the poster is seen only without the script
POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)
_FRAME = (
    "margin:0 auto;max-width:60rem;padding:1rem;background:#fff;color:#1b1f24;"
    "font:16px/1.5 system-ui,sans-serif"
)
_CELL = "text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top;font-weight:normal"


def fragment(data: PageData) -> str:
    """Write a song as one HTML element for a notebook cell; its sound is kept small.

    Parameters
    ----------
    data
        The song.

    Returns
    -------
    str
        A `<figure>`; the same data gives the same bytes.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return _figure(data, "strong", small=True)


def page(data: PageData, language: str = "en") -> str:
    """Write a song as a whole HTML document that needs nothing beside itself.

    Parameters
    ----------
    data
        The song.
    language
        Language of the page's own words, as a BCP 47 tag.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(data.title)}</title>\n</head>\n"
        '<body class="jbx-page" style="margin:0;background:#eef1f4">\n<main>\n'
        f"{_figure(data, 'h1', small=False)}</main>\n</body>\n</html>\n"
    )


def write_page(path: str | os.PathLike[str], data: PageData) -> Path:
    """Write the document of a song to a file, whole or not at all.

    Raises
    ------
    RunError
        If the file cannot be written.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    return write_document(path, page(data))


def _figure(data: PageData, heading: str, *, small: bool) -> str:
    """All layers, the plainest first; `small`: fewer bits of sound, fewer colors."""
    layers = (
        _caption(data, heading),
        _sound(data, small),
        _poster(data, SMALL_COLORS if small else POSTER_COLORS),
        _lyrics(data),
        _facts(data),
        _word_table(data),
        _code_table(data),
        _script(data, small),
    )
    inside = "\n".join(layer for layer in layers if layer)
    return f'<figure class="jbx-player" style="{_FRAME}">\n{inside}\n</figure>\n'


def _caption(data: PageData, heading: str) -> str:
    title = (
        f'<{heading} style="font-size:1.4rem;line-height:1.3;margin:0;font-weight:bold">'
        f"<bdi>{escape(data.title)}</bdi></{heading}>"
    )
    below = f"<div><bdi>{escape(data.subtitle)}</bdi></div>" if data.subtitle else ""
    return (
        f'<figcaption class="jbx-caption" style="margin-bottom:.6rem">{title}{below}</figcaption>'
    )


def _sound(data: PageData, small: bool) -> str:
    """The first level in the open, the others folded away until the script joins them."""
    files = encode_sounds(data.tracks, small=small)
    first, *others = (
        f'<p class="jbx-track" style="margin:.3rem 0"><bdi>{escape(track.label)}</bdi>'
        f"{_clipped(track.clipped_share and sentences.clipped_text(track))}<br>"
        f'<audio class="jbx-audio" controls preload="auto" style="width:100%" '
        f'src="data:{file.kind};base64,{as_base64(file.content)}"></audio></p>'
        for track, file in zip(data.tracks, files, strict=True)
    )
    if not others:
        return first
    folded = "\n".join(others)
    summary = "<summary>Other levels</summary>"
    return f'{first}\n<details class="jbx-others">{summary}\n{folded}\n</details>'


def _clipped(text: str | float) -> str:
    return f" <em>({escape(str(text))})</em>" if text else ""


def _poster(data: PageData, colors: int) -> str:
    from jukebox_edu.plotting import figure_png, song_figure  # the one look upward

    picture = as_base64(figure_png(song_figure(data), colors=colors))
    return (
        f'<img class="jbx-poster" alt="{escape(sentences.poster_sentence(data))}" '
        f'style="display:block;width:100%;height:auto" src="data:image/png;base64,{picture}">'
    )


def _lyrics(data: PageData) -> str:
    if not data.lyrics:
        return ""
    return (
        '<div class="jbx-lyrics" dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;'
        f'margin:.8rem 0;font-size:1.25rem;line-height:1.7">{escape(data.lyrics)}</div>'
    )


def _facts(data: PageData) -> str:
    rows = [*data.facts, ("sound", f"{data.seconds:.1f} s, {data.sample_rate:,} samples/s")]
    rows += [
        ("clipped", f"{t.label}: {sentences.clipped_text(t)}")
        for t in data.tracks
        if t.clipped_share
    ]
    rows += [("licence", data.licence)] * bool(data.licence)
    cells = "\n".join(
        f'<tr><th scope="row" style="{_CELL};color:#4d5761">{escape(label)}</th>'
        f'<td style="{_CELL}"><bdi>{escape(value)}</bdi></td></tr>'
        for label, value in rows
    )
    return f'<table class="jbx-facts" style="border-collapse:collapse">\n{cells}\n</table>'


def _word_table(data: PageData) -> str:
    known = {"": data.character_times, "true ": data.true_times}
    columns = {name: times for name, times in known.items() if times is not None}
    if not columns or not data.lyrics.strip():
        return ""
    header = [f"{name}{edge} (s)" for name in columns for edge in ("from", "to")]
    timed = [word_times(data.lyrics, times) for times in columns.values()]
    rows = [
        (words[0].word.text, *(_seconds(s) for word in words for s in (word.start_s, word.end_s)))
        for words in zip(*timed, strict=True)
    ]
    sentence = sentences.truth_sentence(data)
    below = f'<p class="jbx-truth" style="margin:.3rem 0">{escape(sentence)}</p>\n' * bool(sentence)
    return below + _table("When each word is sung", ("word", *header), rows)


def _code_table(data: PageData) -> str:
    if not data.codes:
        return ""
    names = [
        f"level {lane.level} ({sentences.level_name(lane.level, data.n_levels)}), one each "
        f"{1000 * lane.hop_seconds:.3g} ms"
        for lane in data.lanes
    ]
    deepest = min(TABLE_CODES, max(lane.codes.size for lane in data.lanes))
    rows = [
        (
            str(index),
            *(str(lane.codes[index]) if index < lane.codes.size else "" for lane in data.lanes),
        )
        for index in range(deepest)
    ]
    return _table(f"The first {deepest} codes of each level", ("number", *names), rows)


def _table(summary: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A folded table with named columns."""
    head = "".join(
        f'<th scope="col" style="{_CELL};color:#4d5761">{escape(n)}</th>' for n in header
    )
    body = "\n".join(
        "<tr>"
        + "".join(f'<td style="{_CELL}"><bdi>{escape(cell)}</bdi></td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    return (
        f'<details class="jbx-table"><summary>{escape(summary)}</summary>\n'
        f'<div class="jbx-scroll" style="max-height:20rem;overflow:auto"><table style='
        f'"border-collapse:collapse">\n<tr>{head}</tr>\n{body}\n</table></div></details>'
    )


def _seconds(seconds: float) -> str:
    return "not sung" if math.isnan(seconds) else f"{seconds:.2f}"


def _script(data: PageData, small: bool) -> str:
    """Style, data and the script that joins the layers into one player, in a scope of its own."""
    found = payload(data, SMALL_BINS if small else MAX_BINS)
    script = _COMMENTS.sub("", "".join(_asset(name) for name in SCRIPTS))
    return (
        f"<style>\n{_COMMENTS.sub('', _asset('player.css'))}</style>\n"
        f'<script type="application/json" class="jbx-data">{to_json(found)}</script>\n'
        f'<script>\n(function () {{\n"use strict";\n{script}}})();\n</script>'
    )


@lru_cache(maxsize=8)
def _asset(name: str) -> str:
    """A file that stands beside this one."""
    return files("jukebox_edu.page").joinpath(name).read_text(encoding="utf-8")
