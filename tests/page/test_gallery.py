"""The list of songs: plain, safe, the same bytes every time."""

from __future__ import annotations

import re

import pytest

from jukebox_edu.errors import RunError
from jukebox_edu.page.gallery import GalleryEntry, file_name, gallery_page, write_gallery
from jukebox_edu.page.writing import write_document

ENTRIES = (
    GalleryEntry("moon", "moon-001.html", 10.24, "and the sea", (("artist", "Ada"), ("seed", "7"))),
    GalleryEntry("", "song-002.html", 3.0, "", (("artist", ""), ("seed", "0"))),
)


def test_list_says_what_is_known_and_leads_to_the_pages():
    html = gallery_page(ENTRIES, "My <songs>")
    assert re.findall(r'href="([^"]*)"', html) == ["moon-001.html", "song-002.html"]
    assert "<h1><bdi>My &lt;songs&gt;</bdi></h1>" in html and "2 songs, 13 seconds" in html
    for text in ("moon", "and the sea", "Ada", "10.2 s", "(without a title)"):
        assert text in html
    assert html.count("<dt>artist</dt>") == 1  # an unknown artist is not shown as nothing
    assert html == gallery_page(ENTRIES, "My <songs>")


def test_nothing_is_loaded_and_no_script_may_run():
    html = gallery_page(ENTRIES)
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert not re.search(r"https?:|<script|url\(|@import|<img|<link", html)


def test_names_of_files_are_safe_and_different():
    hostile = ["../../etc/passwd", "CON", "a/b\\c", "\x00", "…", "x" * 500, "Ünïcode", ".hidden"]
    names = [file_name(name, number) for number, name in enumerate(hostile, start=1)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,66}-\d{3}\.html", name) for name in names)
    assert file_name("same", 1) != file_name("same", 2)


def test_documents_are_written_whole_or_not_at_all(tmp_path):
    assert write_gallery(tmp_path, ENTRIES) == tmp_path / "index.html"
    with pytest.raises(RunError, match="folder that exists and can be written"):
        write_gallery(tmp_path / "absent", ENTRIES)
    with pytest.raises(RunError, match="path=.*null"):
        write_document(str(tmp_path / "a\0b"), "text")
    with pytest.raises((RunError, UnicodeEncodeError)):
        write_document(tmp_path / "half.html", "\ud83d")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
