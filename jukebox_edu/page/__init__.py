"""One song as one HTML page that plays anywhere: no kernel, no network, no installation.

What
    `PageData` holds what is known of a song: sound per level, codes, lyrics with times, alignment.
    `fragment` turns it into HTML for a notebook cell (a `Player` shows it there), `page` into a
    whole document and `write_page` into a file. The fragment is built in layers that survive alone:

        sound (<audio>) -> picture (<img>) -> lyrics (text) -> tables -> script (joins them)

    An untrusted notebook strips scripts and styles; sound, picture, text and tables remain.
Conventions
    Times are in seconds. Level 0 is the bottom (finest) level. Sound is clamped, never normalized.
Paper: [Jukebox §3, §5]
Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.page.data import CodeLane, PageData, Track
from jukebox_edu.page.fragment import fragment, page, write_page
from jukebox_edu.page.player import Player

__all__ = ["CodeLane", "PageData", "Player", "Track", "fragment", "page", "write_page"]
