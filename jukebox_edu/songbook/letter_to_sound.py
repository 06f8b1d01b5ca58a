"""Guess how a word is said from how it is spelled.

What
    English spelling is not a code, but it has habits. Each rule of `letter_rules.py` says: these
    letters, between such neighbors, make these phones. `pronounce` first looks a word up in the
    dictionary and in the words of the old songs; if it is not there, it walks through the letters
    from the left and uses, at each place, the first rule that fits. The result is a guess a
    listener can follow, good enough to sing a student's own text.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools
import re
import unicodedata

from jukebox_edu.errors import LyricsError
from jukebox_edu.songbook.dictionary import DICTIONARY
from jukebox_edu.songbook.letter_rules import RULES
from jukebox_edu.songbook.phones import PHONE_INDEX, PHONES, SILENCE, VOWELS
from jukebox_edu.songbook.song_words import SONG_WORDS

_KNOWN = {**SONG_WORDS, **DICTIONARY}
_RULES: dict[str, list[tuple[re.Pattern[str], re.Pattern[str], tuple[str, ...]]]] = {}
for _before, _letters, _after, _phones in RULES:
    _RULES.setdefault(_letters[0], []).append(
        (
            re.compile(f"(?:{_before})$") if _before else re.compile(""),
            re.compile(f"({_letters})(?={_after})" if _after else f"({_letters})"),
            tuple(_phones.split()),
        )
    )
_DIGITS = "zero one two three four five six seven eight nine".split()


@functools.lru_cache(maxsize=4096)
def pronounce(word: str) -> tuple[str, ...]:
    """Return the phones of one word: from the dictionary, else by rule.

    Parameters
    ----------
    word : any text without spaces, or phones given directly as ``"[HH AH L OW]"``. Digits are
        spelled, accents dropped, unknown characters ignored.

    Returns
    -------
    ARPAbet phones; empty when nothing in the word can be said.

    Raises
    ------
    LyricsError : square brackets hold something that is not an ARPAbet phone.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if word.startswith("[") and word.rstrip(".,;:!?").endswith("]"):
        return _read_phones(word[1 : word.rindex("]")])
    plain = unicodedata.normalize("NFKD", word.replace("’", "'")).lower()
    plain = "".join(c for c in plain if c in "'-" or ("a" <= c <= "z") or ("0" <= c <= "9"))
    if plain.strip("'") in _KNOWN:
        return _KNOWN[plain.strip("'")]
    result: list[str] = []
    for part in re.findall(r"[0-9]|[a-z']+", plain):
        if part.isdigit():
            result += _KNOWN[_DIGITS[int(part)]]
        elif part.strip("'"):
            result += _KNOWN.get(part.strip("'")) or _apply_rules(part.replace("'", ""))
    return tuple(result)


def _read_phones(text: str) -> tuple[str, ...]:
    """Read phones written by hand, with or without stress digits."""
    phones = tuple(phone.rstrip("012") for phone in text.upper().split())
    unknown = [phone for phone in phones if phone not in PHONE_INDEX or phone == SILENCE]
    if unknown or not phones:
        raise LyricsError(
            f"lyrics: [{text}] holds {unknown or 'no phones'}, which is not ARPAbet. Allowed are "
            f"{' '.join(PHONES[1:])}; write a word's phones such as [HH AH L OW]."
        )
    return phones


def _apply_rules(word: str) -> list[str]:
    """Walk through the letters of a word, using the first rule that fits at each place."""
    phones: list[str] = []
    place = 0
    while place < len(word):
        for before, letters, made in _RULES.get(word[place], ()):
            match = letters.match(word, place)
            if match and before.search(word[:place]):
                phones += made
                place = match.end()
                break
        else:
            place += 1
    if phones and not VOWELS.intersection(phones) and len(phones) > 1:
        phones.insert(len(phones) - 1, "AH")  # "brr": give the word something to hold
    return phones
