"""Lyrics as the model reads them: a small alphabet, one token per character.

What
    Any text is first *cleaned* into the alphabet of a model version, then every character becomes
    one token. Cleaning writes each character in ASCII (``é`` as ``e``), turns backslashes into new
    lines, and drops what is still outside the alphabet.
Conventions
    Token 0 is "unknown" and also the padding; the first character of the alphabet is token 1.
    Versions: "v2" (80 symbols), "v3" (79: no plus sign) and "tiny" (ours, the alphabet of v3).
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools
import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from text_unidecode import unidecode

from jukebox_edu.errors import ConfigError, LyricsError, must

MAX_CHARACTERS = 20_000  # longest lyrics accepted, before cleaning
VERSIONS = ("v2", "v3", "tiny")

_LETTERS_AND_DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_V3 = _LETTERS_AND_DIGITS + ".,:;!?-" + "'\"()[] \t\n"
_ALPHABETS = {"v2": _V3.replace("-'", "-+'"), "v3": _V3, "tiny": _V3}

# Where the transliteration package drops or garbles what singers do write.
_PREFERRED = {
    **{"¼": " 1/4", "½": " 1/2", "¾": " 3/4", "ŋ": "ng", "Ŋ": "NG", "™": "(tm)", "−": "-"},
    **{"し": "shi", "シ": "shi", "ち": "chi", "チ": "chi", "つ": "tsu", "ツ": "tsu"},
    **{"っ": "tsu", "ッ": "tsu", "ー": "-", "ъ": "'", "Ъ": "'"},
}
_STYLED_LETTERS = (range(0x1D400, 0x1D800), range(0x2100, 0x2150))  # 𝓕𝓪𝓷𝓬𝔂, ℕ, ℓ
_NO_TRANSLITERATION = ("", "[?]", "[?] ")  # how the package says that it knows no equivalent


def alphabet(version: str) -> str:
    """Characters a model version can read; the k-th one (from 0) is token k + 1.

    Raises
    ------
    ConfigError
        If the version is not known.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> len(alphabet("v2")), len(alphabet("v3"))
    (79, 78)
    """
    if version not in _ALPHABETS:
        raise ConfigError(must("version", version, f"one of {VERSIONS}"))
    return _ALPHABETS[version]


def vocab_size(version: str) -> int:
    """Number of lyric tokens of a version, "unknown" included.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return len(alphabet(version)) + 1


@functools.lru_cache(maxsize=4096)
def transliterate(character: str) -> str:
    """Write one character in ASCII as well as can be done; may give several letters, or none.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> transliterate("é"), transliterate("你"), transliterate("🎵")
    ('e', 'Ni ', '')
    """
    if character in _PREFERRED:
        return _PREFERRED[character]
    latin = unidecode(character)
    if character.isascii() or latin not in _NO_TRANSLITERATION:
        return latin
    if any(ord(character) in block for block in _STYLED_LETTERS):
        plain = unicodedata.normalize("NFKC", character)
        if plain != character:
            return "".join(map(transliterate, plain))
    return ""


@dataclass(frozen=True)
class LyricsCleaning:
    """What cleaning did to a text.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # the cleaned lyrics
    version: str  # whose alphabet
    origin: tuple[int, ...]  # for every character of `text`, its index in the lyrics as given
    removed: tuple[str, ...]  # distinct characters that left no trace, in order of appearance
    n_removed: int  # how many characters left no trace
    replaced: tuple[tuple[str, str], ...]  # distinct (given, written instead), in order

    def describe(self) -> str:
        """Say in one sentence what was changed.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        parts = []
        if self.replaced:
            pairs = [f"{_shown(old)} by {new!r}" for old, new in self.replaced]
            parts.append(f"replaced {_listed(pairs)}")
        if self.removed:
            names = [_shown(character) for character in self.removed]
            noun = "character" if self.n_removed == 1 else "characters"
            parts.append(f"removed {self.n_removed} {noun} ({_listed(names)})")
        return f"Cleaning {'; '.join(parts)}." if parts else "Cleaning changed nothing."


def _shown(character: str) -> str:
    """Show a character, with its number where it cannot be seen."""
    if character.isprintable() and not character.isspace():
        return f"'{character}'"
    return f"{unicodedata.name(character, 'control character')} (U+{ord(character):04X})"


def _listed(items: list[str], most: int = 8) -> str:
    """Join at most `most` items and count the rest."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def check_lyrics(lyrics: str, argument: str = "lyrics") -> str:
    """Return `lyrics`, or raise `LyricsError` if they are no text or too long.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if not isinstance(lyrics, str):
        raise LyricsError(must(argument, lyrics, "a text (str)", 'No lyrics are written as "".'))
    if len(lyrics) > MAX_CHARACTERS:
        raise LyricsError(
            f"{argument} has {len(lyrics):,} characters: must be at most {MAX_CHARACTERS:,}. "
            "Give the words of one song only."
        )
    return lyrics


def explain_cleaning(text: str, version: str) -> LyricsCleaning:
    """Clean lyrics for a model version and record what was replaced or removed.

    Parameters
    ----------
    text
        Lyrics as given, at most 20,000 characters.
    version
        "v2", "v3" or "tiny".

    Raises
    ------
    LyricsError
        If `text` is no text or too long.

    Paper: [Jukebox §4.2]
    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    allowed = frozenset(alphabet(version))
    pieces: list[str] = []
    origin: list[int] = []
    removed: list[str] = []
    replaced: dict[tuple[str, str], None] = {}  # a dict keeps the order of a set
    for index, character in enumerate(check_lyrics(text)):
        latin = transliterate(character).replace("\\", "\n")
        kept = "".join(c for c in latin if c in allowed)
        pieces.append(kept)
        origin.extend([index] * len(kept))
        if not kept:
            removed.append(character)
        elif kept != character:
            replaced[character, kept] = None
    return LyricsCleaning(
        text="".join(pieces),
        version=version,
        origin=tuple(origin),
        removed=tuple(dict.fromkeys(removed)),
        n_removed=len(removed),
        replaced=tuple(replaced),
    )


def clean(text: str, version: str) -> str:
    r"""Lyrics in the alphabet of a model version; cleaning twice changes nothing more.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> clean("Où\\est-tu? #1", "v3")
    'Ou\nest-tu? 1'
    """
    return explain_cleaning(text, version).text


def tokenize(text: str, version: str) -> tuple[int, ...]:
    """Tokens of a text, one per character; characters outside the alphabet become 0.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> tokenize("Ab.", "v3")
    (1, 28, 63)
    """
    numbers = {character: k for k, character in enumerate(alphabet(version), start=1)}
    return tuple(numbers.get(character, 0) for character in text)


def detokenize(tokens: Iterable[int], version: str) -> str:
    """Text of some tokens; token 0 (unknown, padding) is left out.

    Raises
    ------
    LyricsError
        If a token lies outside the vocabulary.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    characters = alphabet(version)
    numbers = [int(token) for token in tokens]
    outside = [token for token in numbers if not 0 <= token <= len(characters)]
    if outside:
        raise LyricsError(must("tokens", outside[0], f"from 0 to {len(characters)}"))
    return "".join(characters[token - 1] for token in numbers if token > 0)
