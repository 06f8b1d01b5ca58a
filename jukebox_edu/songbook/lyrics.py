"""Text to singable lines: words, syllables, and a note for each.

What
    Three sources of lines share one form, `Line`: the lines of an old song, lines from the verse
    grammar, and the user's own text. Each function adds (or repeats) lines until a number of beats
    is reached, and never stops in the middle of a line.

Conventions
    `Word.first` and `Word.end` are character indices into the line's text.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from jukebox_edu.errors import LyricsError
from jukebox_edu.songbook.grammar import write_line
from jukebox_edu.songbook.letter_to_sound import pronounce
from jukebox_edu.songbook.melody import (
    Chord,
    dot_rhythm,
    flatten_blue,
    invent_line,
    invent_rhythm,
)
from jukebox_edu.songbook.phones import Syllable, split_syllables
from jukebox_edu.songbook.songs import MelodyNote, OldSong, read_notes
from jukebox_edu.songbook.styles import Style

MAX_SYLLABLES = 1500  # in one song
_PHRASE = 9  # a longer line of text is sung as several phrases of at most so many syllables
_TOKEN = re.compile(r"\[[^\[\]]*\]|[^\s\[\]]+|[\[\]]")


@dataclass(frozen=True)
class Word:
    """One word of a line.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # as written, without punctuation around it
    first: int  # index of its first character in the line
    end: int  # one past its last character
    syllables: tuple[Syllable, ...]  # at least one


@dataclass(frozen=True)
class Line:
    """One line of a song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # as a person writes it
    words: tuple[Word, ...]  # in order
    notes: tuple[MelodyNote, ...]  # one for each syllable, tied notes and rests besides
    pickup: float = 0.0  # beats before the first bar; counts only in a song's first line
    pause: float = 0.0  # beats of silence after the line

    @property
    def beats(self) -> float:
        """Length in beats, the pause included."""
        return sum(note.beats for note in self.notes) + self.pause


def read_words(text: str) -> tuple[Word, ...]:
    """Find the words of one line and how they are said.

    Parameters
    ----------
    text : one line; ``[HH AH L OW]`` gives phones directly.

    Returns
    -------
    The words that can be sung. Anything else (signs, emoji) stays in the text, unsung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    words = []
    for match in _TOKEN.finditer(text):
        token, first = match.group(), match.start()
        phones = pronounce(token)
        if not phones:
            continue
        if not token.startswith("["):
            kept = [i for i, c in enumerate(token) if c.isalnum()]
            first, token = first + kept[0], token[kept[0] : kept[-1] + 1]
        words.append(Word(token, first, first + len(token), split_syllables(phones)))
    return tuple(words)


def old_song_lines(
    old: OldSong, budget: float | None, rng: np.random.Generator, *, from_start: bool, pause: float
) -> list[Line]:
    """Return lines of an old song.

    Parameters
    ----------
    old : the song.
    budget : beats to fill, or None for the whole song once.
    rng : the source of chance.
    from_start : False lets a song begin in the middle (only songs without a pickup).
    pause : share of lines followed by a pause of 1 or 2 beats.

    Returns
    -------
    At least one line.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    first = 0
    if not from_start and old.pickup == 0 and budget is not None:
        bars = np.cumsum([0.0] + [sum(n.beats for n in read_notes(v[1])) for v in old.lines])
        on_bar = [k for k in range(len(old.lines)) if bars[k] % old.beats_per_bar == 0]
        first = on_bar[rng.integers(len(on_bar))]

    def nth(number: int) -> Line:
        text, notes = old.lines[(first + number) % len(old.lines)]
        return Line(text, read_words(text), read_notes(notes), pickup=old.pickup)

    return _fill(nth, budget, len(old.lines), rng, pause)


def grammar_lines(
    budget: float | None,
    style: Style,
    chords: tuple[Chord, ...],
    rng: np.random.Generator,
    *,
    pause: float,
) -> list[Line]:
    """Return new lines from the verse grammar that fill `budget` beats; see `old_song_lines`.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    meter = style.beats_per_bar
    n_syllables = 7 if meter == 4 else (8 if rng.random() < 0.5 else 5)
    state = _TuneState(0, 0)

    def nth(number: int) -> Line:
        text = write_line(rng, n_syllables)
        return state.sing(text, read_words(text), style, chords, rng)

    lines = _fill(nth, budget, 4, rng, pause)
    left = (budget or 0.0) - sum(line.beats for line in lines)
    for short in (5, 3) if meter == 4 else (5, 2):  # a short last line fills the time better
        beats = meter * -(-(short + 1) // meter)
        if left >= beats:
            n_syllables, left = short, left - beats
            lines.append(nth(len(lines)))
    return lines


def free_lines(
    text: str,
    budget: float | None,
    style: Style,
    chords: tuple[Chord, ...],
    rng: np.random.Generator,
    *,
    pause: float,
) -> list[Line]:
    """Return the user's lines with invented tunes; see `old_song_lines`.

    Raises
    ------
    LyricsError : nothing in the text can be sung, or it is far too long.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    kept = _read_rows(text)
    state = _TuneState(0, 0)

    def nth(number: int) -> Line:
        row, words = kept[number % len(kept)]
        return state.sing(row, words, style, chords, rng)

    return _fill(nth, budget, len(kept), rng, pause)


def _read_rows(text: str) -> list[tuple[str, tuple[Word, ...]]]:
    """Return the lines of a text that can be sung, with their words; raise if there are none."""
    if not isinstance(text, str):
        raise LyricsError(f"lyrics: {type(text).__name__} given, but a text (str) is needed.")
    kept: list[tuple[str, tuple[Word, ...]]] = []
    n_syllables = 0
    for row in text.splitlines():
        words = read_words(row.strip())
        n_syllables += sum(len(word.syllables) for word in words)
        if n_syllables > MAX_SYLLABLES:
            raise LyricsError(
                f"lyrics: more than {MAX_SYLLABLES} syllables. Sing a shorter text, say a page."
            )
        if words:
            kept.append((row.strip(), words))
    if not kept:
        raise LyricsError(
            f"lyrics: {text[:80]!r} holds nothing that can be sung. Write words with letters a-z "
            "or digits, or phones such as [HH AH L OW]; or leave lyrics out for a song of ours."
        )
    return kept


@dataclass
class _TuneState:
    """Where the invented tune is: the last scale degree and the bar of the progression."""

    degree: int
    bar: int

    def sing(
        self,
        text: str,
        words: tuple[Word, ...],
        style: Style,
        chords: tuple[Chord, ...],
        rng: np.random.Generator,
    ) -> Line:
        """Return the line with a tune that goes on from here."""
        left = sum(len(word.syllables) for word in words)
        notes: list[MelodyNote] = []
        meter = style.beats_per_bar
        n_phrases = -(-left // _PHRASE)
        for phrase in range(n_phrases):
            n_syllables = left // (n_phrases - phrase)
            left -= n_syllables
            lengths = invent_rhythm(n_syllables, meter, rng)
            lengths = dot_rhythm(lengths) if style.dotted else lengths
            here = tuple(chords[(self.bar + k) % len(chords)] for k in range(len(lengths)))
            tune, self.degree = invent_line(lengths, n_syllables, meter, here, self.degree, rng)
            self.bar += round(sum(lengths)) // meter
            notes += flatten_blue(tune, meter) if style.blue else tune
        return Line(text, words, tuple(notes))


def _fill(
    nth: Callable[[int], Line],
    budget: float | None,
    n_lines: int,
    rng: np.random.Generator,
    pause: float,
) -> list[Line]:
    """Return lines 0, 1, 2, ... until the budget is full (or once around), some with a pause."""
    lines: list[Line] = []
    beats = 0.0
    while len(lines) < n_lines if budget is None else True:
        line = nth(len(lines))
        if budget is not None and lines and beats + line.beats > budget:
            break
        if rng.random() < pause:
            line = replace(line, pause=float(rng.integers(1, 3)))
        lines.append(line)
        beats += line.beats
    lines[-1] = replace(lines[-1], pause=0.0)
    return lines
