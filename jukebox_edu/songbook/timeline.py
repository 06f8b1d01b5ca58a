"""From notes to phones: when every single sound of the song starts and ends.

What
    A listener feels the beat where the *vowel* begins. So the vowel of a syllable is put on its
    note, the consonants before it take their time from the note before (or from the silence), and
    those after it from the end of its own note. All times are computed, none measured: the labels
    of a songbook song are exact.

    `spread_characters` shares the time of a word among its letters, by matching letters with the
    phones they stand for.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jukebox_edu.songbook.phones import SILENCE, VOWELS, Syllable, consonant_seconds
from jukebox_edu.songbook.sheet import Score

_CONSONANT_SHARE = 0.55  # of the time between two vowel starts, at most
_LETTER_PHONES = {
    "b": "B", "c": "K S CH SH", "d": "D T", "f": "F", "g": "G JH NG", "h": "HH SH CH TH DH F",
    "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N NG", "p": "P F", "q": "K", "r": "R ER",
    "s": "S Z SH ZH", "t": "T SH CH TH DH", "v": "V", "w": "W", "x": "K S Z", "y": "Y IY AY IH",
    "z": "Z", "u": "W Y", "o": "W",
}  # fmt: skip


@dataclass(frozen=True)
class TimedPhone:
    """One sung phone (or silence).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    phone: str  # one of `PHONES`
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True)
class Timeline:
    """When everything of a score is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    phones: tuple[TimedPhone, ...]  # they tile the song from 0 to its end
    syllable_starts: np.ndarray  # (syllables,) seconds, start of the first phone
    syllable_ends: np.ndarray  # (syllables,) seconds, end of the last phone
    word_phones: tuple[tuple[TimedPhone, ...], ...]  # phones of each word


def lay_phones(score: Score) -> Timeline:
    """Give every phone of a score its time.

    Parameters
    ----------
    score : from `compose`.

    Returns
    -------
    The timeline; its phones are contiguous and `SIL` fills the gaps.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    syllables = score.syllables
    starts_and_ends: list[list[float]] = [[] for _ in syllables]
    for note in score.notes:
        starts_and_ends[note.syllable] += [note.start, note.end]
    beats = np.array([min(times) for times in starts_and_ends])  # where each vowel starts
    ends = np.array([max(times) for times in starts_and_ends])
    onset = np.array([sum(map(consonant_seconds, s.onset)) for s in syllables])
    coda = np.array([sum(map(consonant_seconds, s.coda)) for s in syllables])
    shrink = _shrink_consonants(beats, ends, onset, coda)
    starts = beats - onset * shrink[:-1]
    ends = np.minimum(ends, np.append(starts[1:], score.seconds))  # the next onset steals time
    phones: list[TimedPhone] = []
    per_syllable: list[list[TimedPhone]] = []
    now = 0.0
    for k, syllable in enumerate(syllables):
        if starts[k] > now + 1e-6:
            phones.append(TimedPhone(SILENCE, now, float(starts[k])))
            now = float(starts[k])
        times = (now, float(beats[k]), float(ends[k]))
        sung = _time_syllable(syllable, times, float(shrink[k]), float(shrink[k + 1]))
        phones += sung
        per_syllable.append(sung)
        now = sung[-1].end
    phones.append(TimedPhone(SILENCE, now, score.seconds))
    return Timeline(
        tuple(phones),
        np.array([sung[0].start for sung in per_syllable]),
        np.array([sung[-1].end for sung in per_syllable]),
        _group_by_word(score, per_syllable),
    )


def _time_syllable(
    syllable: Syllable, times: tuple[float, float, float], before: float, after: float
) -> list[TimedPhone]:
    """Return the phones of a syllable that starts, has its vowel, and ends at `times`.

    `before` and `after` shrink the consonants on either side of the vowel.
    """
    start, beat, end = times
    onset = np.cumsum([consonant_seconds(phone) for phone in syllable.onset]) * before
    coda = np.cumsum([consonant_seconds(phone) for phone in syllable.coda[::-1]]) * after
    edges = [start, *(beat - onset[-1] + onset[:-1]), beat] if len(onset) else [start]
    edges += [*(end - coda[::-1]), end]
    return [
        TimedPhone(phone, float(low), float(high))
        for phone, low, high in zip(syllable.phones, edges[:-1], edges[1:], strict=True)
    ]


def _shrink_consonants(
    beats: np.ndarray, ends: np.ndarray, onset: np.ndarray, coda: np.ndarray
) -> np.ndarray:
    """Return factors (syllables + 1,): entry k for the coda of k - 1 and the onset of k."""
    shrink = np.ones(len(beats) + 1)
    shrink[0] = min(1.0, 0.9 * beats[0] / max(onset[0], 1e-9))
    for k in range(1, len(beats)):
        sung, rest = ends[k - 1] - beats[k - 1], beats[k] - ends[k - 1]
        room = _CONSONANT_SHARE * sung + 0.8 * rest
        shrink[k] = min(1.0, room / max(onset[k] + coda[k - 1], 1e-9))
        if coda[k - 1] > 0:  # the coda lies within its own note
            shrink[k] = min(shrink[k], _CONSONANT_SHARE * sung / coda[k - 1])
    if coda[-1] > 0:
        shrink[-1] = min(1.0, _CONSONANT_SHARE * (ends[-1] - beats[-1]) / coda[-1])
    return shrink


def _group_by_word(
    score: Score, per_syllable: list[list[TimedPhone]]
) -> tuple[tuple[TimedPhone, ...], ...]:
    """Return the phones of each word."""
    grouped, first = [], 0
    for word in score.words:
        parts = per_syllable[first : first + len(word.syllables)]
        grouped.append(tuple(phone for part in parts for phone in part))
        first += len(word.syllables)
    return tuple(grouped)


def spread_characters(text: str, phones: tuple[TimedPhone, ...]) -> np.ndarray:
    """Return the start of every letter of a word, and the end of the last.

    Parameters
    ----------
    text : the word; letters without a sound of their own share the time of a neighbor.
    phones : its phones, in order.

    Returns
    -------
    (len(text) + 1,) seconds, never falling.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    owners = _match_letters(text.lower(), tuple(p.phone for p in phones))
    edges = np.array([phone.start for phone in phones] + [phones[-1].end])
    times = np.empty(len(text) + 1)
    times[0], times[-1] = edges[0], edges[-1]
    letter = 0
    while letter < len(text):
        last = letter
        while last < len(text) and owners[last] == owners[letter]:
            last += 1
        end = edges[owners[last]] if last < len(text) else edges[-1]
        times[letter : last + 1] = np.linspace(times[letter], end, last - letter + 1)
        letter = last
    return times


def _match_letters(text: str, phones: tuple[str, ...]) -> list[int]:
    """Return for each letter the phone it belongs to: the cheapest rising assignment."""
    n_letters, n_phones = len(text), len(phones)
    wrong = np.ones((n_letters, n_phones))
    for i, letter in enumerate(text):
        for j, phone in enumerate(phones):
            if phone in _LETTER_PHONES.get(letter, "").split():
                wrong[i, j] = 0.0
            elif (letter in "aeiouy") == (phone in VOWELS):
                wrong[i, j] = 0.3 if letter in "aeiouy" else 0.8
    best = np.full((n_letters, n_phones), np.inf)
    came = np.zeros((n_letters, n_phones), dtype=int)
    best[0] = wrong[0] + 0.6 * np.arange(n_phones)  # each phone left out costs a little
    for i in range(1, n_letters):
        for j in range(n_phones):
            before = best[i - 1, : j + 1] + 0.6 * np.maximum(j - np.arange(j + 1) - 1, 0)
            came[i, j] = int(np.argmin(before))
            best[i, j] = before[came[i, j]] + wrong[i, j]
    owner = int(np.argmin(best[-1] + 0.6 * (n_phones - 1 - np.arange(n_phones))))
    owners = [owner]
    for i in range(n_letters - 1, 0, -1):
        owner = int(came[i, owner])
        owners.append(owner)
    return owners[::-1]
