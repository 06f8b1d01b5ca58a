"""Exercises of "Ten minutes with Jukebox": codes in seconds, seconds in codes, words in time.

    00.1 ●○○  codes of the released top level in 20 seconds      a number
    00.2 ●●○  when a code begins                                 a function
    00.3 ●●●  the word that is sung at a moment                  a function

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jukebox_edu import units
from jukebox_edu.alignment.formats import WordTime
from jukebox_edu.exercises.exercise import (
    OPEN,
    RIGHT,
    WRONG,
    Exercise,
    Mistake,
    Verdict,
    as_number,
    same,
    try_function,
)
from jukebox_edu.released import vqvae

SECONDS = 20  # of exercise 00.1


@dataclass(frozen=True)
class AnyModel:
    """As much of a model as 00.2 may ask for."""

    sample_rate: int  # samples per second
    hop_lengths: tuple[int, ...]  # samples per code, bottom first


# ---- 00.1 -------------------------------------------------------------------------------------


def judge_code_count(answer: Any) -> Verdict:
    """Judge a number of codes.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    if answer is ...:
        return Verdict(OPEN)
    number = as_number(answer)
    if number is None:
        return Verdict(WRONG, f"A number is wanted, this is of type {type(answer).__name__}")
    rate, hops = vqvae().sample_rate, vqvae().hop_lengths
    samples = SECONDS * rate
    if number == units.samples_to_codes(samples, hops[-1]):
        return Verdict(RIGHT)
    known = (
        (samples / hops[0], "That is the bottom level's hop length"),
        (samples / hops[1], "That is the middle level's hop length"),
        (samples // hops[1], "That is the middle level's hop length"),
        (samples // hops[-1] + 1, "Rounded up: the last code would reach beyond the 20 seconds"),
        (samples / hops[-1], "Almost: there is no such thing as a part of a code"),
        (round(samples / hops[-1], 1), "Almost: there is no such thing as a part of a code"),
        (samples, "That is the number of samples"),
        (rate / hops[-1], "That is the number of codes in one second"),
        (rate // hops[-1], "That is the number of codes in one second"),
        (samples * hops[-1], "Multiplied where it should be divided"),
        (SECONDS * 16000 / 256, "Those are the figures of the small model, not of the released"),
    )
    says = next((text for wrong, text in known if same(number, wrong)), "")
    return Verdict(WRONG, says)


# ---- 00.2 -------------------------------------------------------------------------------------

CODE_CASES = tuple(
    (index, level, model)
    for model in (AnyModel(16000, (16, 64, 256)), AnyModel(44100, (8, 32, 128)))
    for index, level in ((0, 2), (1, 0), (100, 1), (375, 2), (999, 0))
)
CODE_MISTAKES = (
    Mistake(
        lambda index, level, model: index * model.hop_lengths[level],
        "It gives samples, and seconds are wanted",
    ),
    Mistake(
        lambda index, level, model: (index + 1) * model.hop_lengths[level] / model.sample_rate,
        "It gives the end of the code, and its start is wanted",
    ),
    Mistake(
        lambda index, level, model: index * model.hop_lengths[0] / model.sample_rate,
        "It takes the bottom level's hop length for every level",
    ),
    Mistake(
        lambda index, level, model: index * model.hop_lengths[-1] / model.sample_rate,
        "It takes the top level's hop length for every level",
    ),
    Mistake(
        lambda index, level, model: index * model.hop_lengths[2 - level] / model.sample_rate,
        "It counts the levels from the top; hop_lengths begins at the bottom",
    ),
    Mistake(
        lambda index, level, model: index * model.hop_lengths[level] // model.sample_rate,
        "It gives whole seconds: // throws the rest away",
    ),
    Mistake(
        lambda index, level, model: index * model.sample_rate / model.hop_lengths[level],
        "Rate and hop length have changed places",
    ),
    Mistake(
        lambda index, level, model: index * model.hop_lengths[level] / 16000,
        "It is right for 16,000 samples per second only; ask the model for its rate",
    ),
)


def judge_code_start(answer: Any) -> Verdict:
    """Judge a function of (index, level, model) that gives seconds.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def start(index: int, level: int, model: AnyModel) -> float:
        return index * model.hop_lengths[level] / model.sample_rate

    def show(index: int, level: int, model: AnyModel) -> str:
        return f"code {index} of level {level} at {model.sample_rate:,} samples/s"

    return try_function(answer, start, CODE_CASES, CODE_MISTAKES, show)


# ---- 00.3 -------------------------------------------------------------------------------------


def _words(*timed: tuple[str, float, float]) -> tuple[WordTime, ...]:
    words, first = [], 0
    for text, start, end in timed:
        words.append(WordTime(text, start, end, first, first + len(text)))
        first += len(text) + 1
    return tuple(words)


MOON = _words(("the", 0.5, 0.75), ("moon", 0.75, 1.5), ("will", 2.0, 2.25), ("shine", 2.25, 3.0))
SEA = _words(("oh", 1.0, 3.0), ("bright", 3.5, 3.75), ("sea", 3.75, 5.0))
WORD_CASES = tuple(
    (words, seconds)
    for words, moments in (
        (MOON, (0.6, 1.0, 1.7, 2.1, 2.5, 0.75, 0.5, 1.5, 0.2, 9.0)),
        (SEA, (1.0, 2.9, 3.2, 3.6, 4.9, 3.75, 5.0)),
        ((), (1.0,)),
    )
    for seconds in moments
)


def _first(words: Sequence[WordTime], inside: Any) -> str | None:
    return next((word.text for word in words if inside(word)), None)


def _sung(words: Sequence[WordTime], seconds: float) -> str | None:
    return _first(words, lambda word: word.start <= seconds < word.end)


WORD_MISTAKES = (
    Mistake(
        lambda words, t: next((word for word in words if word.start <= t < word.end), None),
        "It gives the whole entry, and its text is wanted",
    ),
    Mistake(
        lambda words, t: _sung(words, t) or "",
        'In a pause it gives "", and None is wanted',
    ),
    Mistake(
        lambda words, t: _first(words, lambda word: word.start <= t <= word.end),
        "Where one word ends and the next begins, it gives the one that ends",
    ),
    Mistake(
        lambda words, t: _first(words, lambda word: word.start < t <= word.end),
        "A word begins at its start and is over at its end: here it is the other way round",
    ),
    Mistake(
        lambda words, t: _first(words, lambda word: word.start < t < word.end),
        "At the very moment a word begins, it is not found",
    ),
    Mistake(
        lambda words, t: _first(reversed(words), lambda word: word.start <= t <= word.end),
        "At the very moment a word ends, it still counts",
    ),
    Mistake(
        lambda words, t: _first(reversed(words), lambda word: word.start <= t),
        "In a pause it gives the word before: the end of a word counts too",
    ),
    Mistake(
        lambda words, t: _first(words, lambda word: t < word.end),
        "In a pause it gives the word to come: the start of a word counts too",
    ),
)  # fmt: skip


def judge_word_at(answer: Any) -> Verdict:
    """Judge a function of (words, seconds) that gives the text of the word sung then, or None.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    def show(words: Sequence[WordTime], seconds: float) -> str:
        return f"{seconds:g} s of {' '.join(word.text for word in words) or 'no words'!r}"

    return try_function(answer, _sung, WORD_CASES, WORD_MISTAKES, show)


EXERCISES = (
    Exercise(
        "00.1",
        1,
        3,
        judge_code_count,
        (
            "how many samples are 20 seconds, and how many of them does one code stand for?",
            "divide all samples by the top level's hop length, and keep whole codes only",
            "seconds times rate, divided by the hop length with //",
        ),
    ),
    Exercise(
        "00.2",
        2,
        5,
        judge_code_start,
        (
            "how many samples lie before this code?",
            "all codes before it, each one hop length of its level long; then samples to seconds",
            "model.hop_lengths[level] samples a code, model.sample_rate samples a second",
        ),
    ),
    Exercise(
        "00.3",
        3,
        8,
        judge_word_at,
        (
            "for each word, ask whether the moment lies within it; what if it lies in none?",
            "a word sounds from its start up to, but not including, its end",
            "a loop over words, one comparison with word.start and one with word.end, word.text",
        ),
    ),
)
"""In the order of the notebook. Lesson: notebooks/00_ten_minutes.ipynb"""
