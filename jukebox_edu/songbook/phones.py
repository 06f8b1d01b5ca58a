"""The sounds of English speech: the ARPAbet phones, their kinds, and words turned into syllables.

What
    A *phone* is one speech sound. ARPAbet writes the 39 phones of American English with one or two
    capital letters: ``HH AH L OW`` is "hello". `PHONES` lists them; index 0 is silence (``SIL``),
    so an array of phone numbers can be read by ``PHONES[number]``.

    A song needs *syllables*: one vowel with the consonants that lean on it, because one syllable is
    sung on one note. `split_syllables` cuts the phones of a word so that as many consonants as
    English allows start the next syllable ("ta-ble", not "tab-le").

Conventions
    Phone names are upper case without stress digits. Durations are seconds.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

SILENCE = "SIL"

_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split()
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()

PHONES: tuple[str, ...] = (SILENCE, *_VOWELS, *_CONSONANTS)
"""Silence and the 39 ARPAbet phones; the index of a phone is its number.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

PHONE_INDEX: dict[str, int] = {phone: index for index, phone in enumerate(PHONES)}

VOWELS = frozenset(_VOWELS)
DIPHTHONGS = frozenset("AW AY EY OW OY".split())
PLOSIVES = frozenset("B D G K P T".split())
AFFRICATES = frozenset("CH JH".split())
FRICATIVES = frozenset("DH F HH S SH TH V Z ZH".split())
SIBILANTS = frozenset("S SH Z ZH CH JH".split())
NASALS = frozenset("M N NG".split())
APPROXIMANTS = frozenset("L R W Y".split())
UNVOICED = frozenset("CH F HH K P S SH T TH".split())
VOICED = frozenset(PHONES) - UNVOICED - {SILENCE}

# Groups of consonants that may start an English syllable (single consonants but NG may, too).
_CLUSTERS = frozenset(
    "P L|P R|P Y|B L|B R|B Y|T R|T W|D R|D W|K L|K R|K W|K Y|G L|G R|G W|F L|F R|F Y|TH R|TH W|"
    "SH R|S P|S T|S K|S M|S N|S L|S W|S P L|S P R|S T R|S K R|S K W|HH Y|M Y|V Y".split("|")
)


_LEVELS_DB = {  # of a phone's loudest moment, against a vowel
    "S": -8, "SH": -7, "Z": -9, "ZH": -9, "CH": -7, "JH": -8, "F": -16, "TH": -16, "HH": -15,
    "V": -11, "DH": -11, "P": -10, "T": -9, "K": -9, "B": -9, "D": -9, "G": -9, "M": -7,
    "N": -7, "NG": -7, "L": -4, "R": -4, "W": -5, "Y": -5, "IY": -1, "UW": -1,
}  # fmt: skip


def level_db(phone: str) -> float:
    """Return how loud a phone is sung, in decibels against an open vowel.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    return float(_LEVELS_DB.get(phone, 0.0))


@dataclass(frozen=True)
class Syllable:
    """The phones sung on one note (or on several, when a syllable is drawn out).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    onset: tuple[str, ...]  # consonants before the vowel
    nucleus: str  # the phone that carries the note, nearly always a vowel
    coda: tuple[str, ...]  # consonants after it

    @property
    def phones(self) -> tuple[str, ...]:
        """All phones in the order they are sung."""
        return (*self.onset, self.nucleus, *self.coda)


def consonant_seconds(phone: str) -> float:
    """Return how long a consonant takes when there is time enough, in seconds.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if phone in AFFRICATES:
        return 0.125
    if phone in SIBILANTS:
        return 0.115
    if phone in PLOSIVES:
        return 0.095 if phone in UNVOICED else 0.080
    if phone in FRICATIVES:
        return 0.085
    return 0.080


def split_syllables(phones: tuple[str, ...]) -> tuple[Syllable, ...]:
    """Cut the phones of one word into syllables, each with one vowel.

    Parameters
    ----------
    phones : the phones of a word, in order. A word without a vowel ("hmm", "[S SH]") becomes one
        syllable whose last phone that can be held carries the note.

    Returns
    -------
    Syllables whose phones, joined, are the phones given.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    nuclei = [i for i, phone in enumerate(phones) if phone in VOWELS]
    if not nuclei:
        held = [i for i, phone in enumerate(phones) if phone not in PLOSIVES | AFFRICATES]
        nuclei = [held[-1] if held else len(phones) - 1]
    starts = [0]
    for before, after in zip(nuclei, nuclei[1:], strict=False):
        starts.append(_start_of_onset(phones, before + 1, after))
    ends = [*starts[1:], len(phones)]
    return tuple(
        Syllable(phones[start:nucleus], phones[nucleus], phones[nucleus + 1 : end])
        for start, nucleus, end in zip(starts, nuclei, ends, strict=True)
    )


def _start_of_onset(phones: tuple[str, ...], first: int, vowel: int) -> int:
    """Return where the syllable of `vowel` begins among the consonants from `first` on."""
    for start in range(first, vowel):
        group = phones[start:vowel]
        if " ".join(group) in _CLUSTERS or (len(group) == 1 and group[0] != "NG"):
            return start
    return vowel
