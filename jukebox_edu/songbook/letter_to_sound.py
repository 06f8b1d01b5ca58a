"""Guess how a word is said from how it is spelled.

What
    English spelling is not a code, but it has habits. Each rule here says: these letters, between
    such neighbors, make these phones. `pronounce` first looks a word up in the dictionary; if it
    is not there, it walks through the letters from the left and uses, at each place, the first
    rule that fits. The result is a guess a listener can follow, good enough to sing a student's
    own text.

Notation of a rule
    ``(before, letters, after, phones)``: `before` and `after` are regular expressions for the
    neighbors; ``^`` and ``$`` are the ends of the word.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import functools
import re
import unicodedata

from jukebox_edu.errors import LyricsError
from jukebox_edu.songbook.dictionary import DICTIONARY
from jukebox_edu.songbook.phones import PHONE_INDEX, PHONES, SILENCE, VOWELS

_V, _C = "[aeiouy]", "[bcdfghjklmnpqrstvwxz]"
_MAGIC_E = f"{_C}(e|es|ed|ely|eful|eless)$"  # "made", "names": the final e makes the vowel long

_RULES_A = [
    ("^", "a", "$", "AH"),
    ("", "augh", "", "AO"),
    ("", "aigh", "", "EY"),
    ("", "air", "", "EH R"),
    ("", "ai", "", "EY"),
    ("", "ay", "", "EY"),
    ("", "aw", "", "AO"),
    ("", "au", "", "AO"),
    ("", "alk", "", "AO K"),
    ("", "all", "", "AO L"),
    ("", "alm", "", "AA M"),
    ("w", "ar", "", "AO R"),
    ("", "are", "$", "EH R"),
    ("", "arr", "", "EH R"),
    ("", "ar", "", "AA R"),
    ("w|wh|qu", "a", "[^cgkxl]", "AA"),
    ("", "a", "tion", "EY"),
    ("", "a", "ste$", "EY"),
    ("", "a", "nge", "EY"),
    ("", "a", _MAGIC_E, "EY"),
    ("", "a", "ble", "EY"),
    ("", "a", "[bcdfgklmnpstvz](y|ing|er|or|en|ers|ors)$", "EY"),
    (".", "a", "$", "AH"),
    (f"{_V}.*", "a", "(l|n|nt|nce|r)$", "AH"),
    ("^", "a", f"(b|cr|gr|l|r|w){_V}", "AH"),
    ("", "a", "", "AE"),
]
_RULES_E = [
    ("", "eigh", "", "EY"),
    ("", "eir", "", "EH R"),
    ("c", "ei", "", "IY"),
    ("", "ei", "", "EY"),
    ("", "eer", "", "IH R"),
    ("", "ee", "", "IY"),
    ("", "earn", "", "ER N"),
    ("", "earth", "", "ER TH"),
    ("", "ear", "", "IH R"),
    ("", "ea", "(th|d|lth|v|sure)$", "EH"),
    ("", "ea", "", "IY"),
    ("", "eau", "", "OW"),
    ("[jlrcd]", "ew", "", "UW"),
    ("", "ew", "", "Y UW"),
    ("", "ey", "$", "IY"),
    ("", "ey", "", "EY"),
    ("", "eu", "", "Y UW"),
    ("", "eo", "ple", "IY"),
    ("", "ere", "$", "IH R"),
    ("", "err", "", "EH R"),
    ("", "er", f"{_V}", "EH R"),
    ("", "er", "", "ER"),
    (f"^{_C}+", "e", "$", "IY"),
    (f"{_V}.*(ch|sh|s|x|z|c|g)", "es", "$", "AH Z"),
    (f"{_V}.*[fkpt]", "es", "$", "S"),
    (f"{_V}.*", "es", "$", "Z"),
    (f"{_V}.*[td]", "ed", "$", "AH D"),
    (f"{_V}.*([fkpsx]|ch|sh)", "ed", "$", "T"),
    (f"{_V}.*", "ed", "$", "D"),
    (f"{_V}.*{_C}l", "e", "$", ""),
    (f"{_V}.*", "e", "$", ""),
    (f"{_V}.*", "e", "(ly|ful|less|ment|ments)$", ""),
    ("", "e", f"{_C}e$", "IY"),
    (f"{_V}.*", "en", "$", "AH N"),
    (f"{_V}.*", "e", "(l|nt|nce|t|ts|ls|ns)$", "AH"),
    ("^(r|pr|d|b)", "e", f"{_C}{_V}", "IH"),
    ("", "e", "", "EH"),
]
_RULES_I = [
    ("^", "i", "$", "AY"),
    ("", "igh", "", "AY"),
    ("", "ign", "$", "AY N"),
    ("", "ire", "", "AY ER"),
    ("", "ir", f"{_V}", "IH R"),
    ("", "ir", "", "ER"),
    ("", "ied", "$", "AY D"),
    ("^..?", "ies", "$", "AY Z"),
    ("", "ies", "$", "IY Z"),
    ("^..?", "ie", "$", "AY"),
    ("", "iew", "", "Y UW"),
    ("", "ie", "", "IY"),
    ("t", "ion", "", "AH N"),
    ("s", "ion", "", "AH N"),
    ("t|c", "ious", "", "AH S"),
    ("t|c", "ial", "", "AH L"),
    ("", "ild", "$", "AY L D"),
    ("", "ind", "$", "AY N D"),
    ("", "i", "que", "IY"),
    ("", "i", _MAGIC_E, "AY"),
    ("", "i", "[bcdfgklmnpstvz](ing|er|y)$", "AY"),
    ("", "i", "[aou]", "IY"),
    (".", "i", "$", "IY"),
    ("", "i", "", "IH"),
]
_RULES_O = [
    ("^", "o", "$", "OW"),
    ("th", "ough", "$", "OW"),
    ("thr", "ough", "", "UW"),
    ("", "ought", "", "AO T"),
    ("", "ough", "", "AH F"),
    ("", "ould", "", "UH D"),
    ("", "ound", "", "AW N D"),
    ("", "our", "", "AO R"),
    ("", "oun", "", "AW N"),
    (f"{_V}.*", "ous", "", "AH S"),
    ("", "ou", "p", "UW"),
    ("y", "ou", "", "UW"),
    ("", "ou", "", "AW"),
    ("", "ook", "", "UH K"),
    ("", "ood", "$", "UH D"),
    ("", "oor", "", "AO R"),
    ("", "oo", "", "UW"),
    ("", "oar", "", "AO R"),
    ("", "oa", "", "OW"),
    ("", "oi", "", "OY"),
    ("", "oy", "", "OY"),
    ("l|n|kn|gr|bl|sh|thr|cr|sn|fl|gl", "ow", "$", "OW"),
    (f"{_V}.*", "ow", "$", "OW"),
    ("", "ow", "", "AW"),
    ("", "oe", "", "OW"),
    ("w", "or", "[dklmst]", "ER"),
    (f"{_V}.*[ts]", "or", "$", "ER"),
    ("", "ore", "", "AO R"),
    ("", "or", "", "AO R"),
    ("", "old", "", "OW L D"),
    ("", "oll", "", "OW L"),
    ("", "olt", "", "OW L T"),
    ("", "o", "st$", "OW"),
    ("", "ong", "", "AO NG"),
    ("m|d|l|gl|ab", "o", "ve", "AH"),
    ("s|c", "ome", "$", "AH M"),
    ("", "o", "(th|ther)$", "AH"),
    (".", "o", "$", "OW"),
    ("", "o", _MAGIC_E, "OW"),
    ("", "o", "tion", "OW"),
    ("", "o", "[bcdfgklmnpstvz](ing|er|y|en)$", "OW"),
    (f"{_V}.*", "on", "$", "AH N"),
    ("", "o", "", "AA"),
]
_RULES_U_Y = [
    ("", "ui", "", "UW"),
    ("", "uy", "", "AY"),
    ("g", "u", "[aeiy]", ""),
    ("", "ue", "$", "UW"),
    ("", "ure", "$", "Y UH R"),
    ("", "urr", "", "ER"),
    ("", "ur", "", "ER"),
    ("[jlrscd]|ch|sh", "u", _MAGIC_E, "UW"),
    ("", "u", _MAGIC_E, "Y UW"),
    ("[pbf]", "u", "(ll|sh|t$)", "UH"),
    ("^", "u", "n[^i]", "AH"),
    ("^", "u", f"{_C}{_V}", "Y UW"),
    ("[jlr]", "u", f"{_C}{_V}", "UW"),
    ("[mcfhb]", "u", f"[sctm]{_V}", "Y UW"),
    (".", "u", "$", "UW"),
    ("", "u", "", "AH"),
    ("^", "y", _V, "Y"),
    (f"^{_C}+", "y", "$", "AY"),
    ("", "y", _MAGIC_E, "AY"),
    (".", "y", "$", "IY"),
    (_V, "y", "", ""),
    ("", "y", "", "IH"),
]
_RULES_CONSONANTS = [
    ("", "bb", "", "B"),
    ("m", "b", "s?$", ""),
    ("", "b", "", "B"),
    ("s", "ch", "", "K"),
    ("", "chr", "", "K R"),
    ("", "tch", "", "CH"),
    ("", "ch", "", "CH"),
    ("", "ck", "", "K"),
    ("", "cc", "[eiy]", "K S"),
    ("", "cc", "", "K"),
    ("s", "c", "[eiy]", ""),
    ("", "c", "i(al|ous|an)", "SH"),
    ("", "c", "[eiy]", "S"),
    ("", "c", "", "K"),
    ("", "dge?", "", "JH"),
    ("", "dd", "", "D"),
    ("", "d", "", "D"),
    ("", "ff", "", "F"),
    ("", "f", "", "F"),
    ("^", "gn", "", "N"),
    ("^", "gh", "", "G"),
    ("", "gh", "", ""),
    ("", "gg", "", "G"),
    ("n", "g", "$", ""),
    ("^", "g", "(i[vfr]|et)", "G"),
    ("", "ge", "$", "JH"),
    ("", "g", "[eiy]", "JH"),
    ("", "g", "", "G"),
    (_V, "h", "$", ""),
    ("", "h", "", "HH"),
    ("", "j", "", "JH"),
    ("^", "kn", "", "N"),
    ("", "kk?", "", "K"),
    (f"{_C}", "le", "$", "AH L"),
    (f"{_C}", "les", "$", "AH L Z"),
    ("", "ll?", "", "L"),
    ("", "mm?", "", "M"),
    ("", "ng", "(s|ing|ed|ers?)?$", "NG"),
    ("", "ng", "[eiy]", "N JH"),
    ("", "ng", "", "NG G"),
    ("", "nk", "", "NG K"),
    ("", "nn?", "", "N"),
    ("", "ph", "", "F"),
    ("^", "ps", "", "S"),
    ("", "pp?", "", "P"),
    ("", "que", "$", "K"),
    ("", "qu", "", "K W"),
    ("", "q", "", "K"),
    ("", "rh", "", "R"),
    ("", "rr?", "", "R"),
    ("", "sch", "", "S K"),
    ("", "sh", "", "SH"),
    ("", "s", "ion", "ZH"),
    ("", "ss", "ion", "SH"),
    ("", "ss", "", "S"),
    ("", "s", "ure", "ZH"),
    ("[bdgvlmnrw]|[aeiou][aeiouy]|[aeiouy]y", "s", "$", "Z"),
    (_V, "s", f"{_V}", "Z"),
    ("", "s", "", "S"),
    ("", "th", "(er|e$|ing|ose|ese|ough$|an$|em$|ey$|us$)", "DH"),
    ("", "th", "", "TH"),
    ("", "t", "ion|ial|ious|ient", "SH"),
    ("", "t", "ure", "CH"),
    ("", "tt?", "", "T"),
    ("", "vv?", "", "V"),
    ("^", "wr", "", "R"),
    ("^", "who", "", "HH UW"),
    ("", "wh", "", "W"),
    (_V, "w", "$", ""),
    ("", "w", "", "W"),
    ("^", "x", "", "Z"),
    ("", "xc", "[eiy]", "K S"),
    ("", "x", "", "K S"),
    ("", "zz?", "", "Z"),
]

_RULES: dict[str, list[tuple[re.Pattern[str], re.Pattern[str], tuple[str, ...]]]] = {}
for _before, _letters, _after, _phones in (
    _RULES_A + _RULES_E + _RULES_I + _RULES_O + _RULES_U_Y + _RULES_CONSONANTS
):
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
    if plain.strip("'") in DICTIONARY:
        return DICTIONARY[plain.strip("'")]
    result: list[str] = []
    for part in re.findall(r"[0-9]|[a-z']+", plain):
        if part.isdigit():
            result += DICTIONARY[_DIGITS[int(part)]]
        elif part.strip("'"):
            result += DICTIONARY.get(part.strip("'")) or _apply_rules(part.replace("'", ""))
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
