"""Any text, shown as text: nothing a title or a lyric contains can become markup or script.

What
    Titles and lyrics come from strangers. `clean` replaces what no page can show, one character
    for one character so that times and columns still fit; `escape` makes it HTML; `to_json`
    makes data that may stand inside a `<script>` element.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import html
import json
import unicodedata
from typing import Any

REPLACEMENT = "\ufffd"  # the sign for "a character that cannot be shown"
# Line and paragraph separators end a line in JavaScript; the others could close the element.
_JSON_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def clean(text: str) -> str:
    """Replace control characters, lone surrogates and non-characters by U+FFFD, one for one.

    Newline and tab stay. The number of characters does not change.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> clean("a" + chr(0) + "b")
    'a\ufffdb'
    """
    return "".join(sign if _showable(sign) else REPLACEMENT for sign in str(text))


def escape(text: str) -> str:
    """Clean `text` and escape it for HTML content and quoted attributes.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> escape('<b>"&')
    '&lt;b&gt;&quot;&amp;'
    """
    return html.escape(clean(text), quote=True)


def to_json(value: Any) -> str:
    r"""Compact, byte-stable JSON that can stand inside a `<script>` element.

    Lesson: notebooks/00_ten_minutes.ipynb

    >>> to_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_JSON_ESCAPES)


def _showable(sign: str) -> bool:
    """Whether a page can show this character."""
    if sign in "\n\t":
        return True
    if unicodedata.category(sign) in ("Cc", "Cs"):  # controls, lone surrogates
        return False
    point = ord(sign)
    return not (0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE)
