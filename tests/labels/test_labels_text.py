"""Cleaning and numbering of lyrics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jukebox_edu.errors import ConfigError, LyricsError
from jukebox_edu.labels import (
    MAX_CHARACTERS,
    alphabet,
    clean,
    detokenize,
    explain_cleaning,
    tokenize,
    vocab_size,
)

versions = st.sampled_from(["v2", "v3", "tiny"])


@given(text=st.text(), version=versions)
def test_cleaning_is_idempotent_and_stays_in_the_alphabet(text, version):
    cleaned = clean(text, version)
    assert clean(cleaned, version) == cleaned
    assert set(cleaned) <= set(alphabet(version))


@given(text=st.text(), version=versions)
def test_every_character_has_its_origin(text, version):
    cleaning = explain_cleaning(text, version)
    assert len(cleaning.origin) == len(cleaning.text)
    assert list(cleaning.origin) == sorted(cleaning.origin)
    pieces = [""] * len(text)
    for character, source in zip(cleaning.text, cleaning.origin, strict=True):
        pieces[source] += character
    assert pieces == [clean(character, version) for character in text]
    assert cleaning.n_removed == pieces.count("")
    assert set(cleaning.removed) == {c for c, p in zip(text, pieces, strict=True) if not p}


@given(text=st.text(), version=versions)
def test_tokens_and_text_are_inverse(text, version):
    cleaned = clean(text, version)
    tokens = tokenize(cleaned, version)
    assert detokenize(tokens, version) == cleaned
    assert len(tokens) == len(cleaned)
    assert all(0 < token < vocab_size(version) for token in tokens)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("\u202eשלום\u202c", None),  # right to left, with direction marks
        ("مرحبا", None),
        ("👩\u200d👩\u200d👧 la 🎵", " la "),
        ("a\x00b\x07c\x1bd", "abcd"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("\ud800", ""),  # a broken half of a character
        ("5 − 3 𝓕𝓪𝓷 ℕ", "5 - 3 Fan N"),
        ("さくら シチ", "sakura shichi"),
    ],
)
def test_odd_characters(given_text, expected):
    cleaned = clean(given_text, "tiny")
    assert cleaned.isascii()
    assert "[?]" not in cleaned
    if expected is not None:
        assert cleaned == expected


def test_only_v2_has_a_plus_sign():
    assert clean("a+b", "v2") == "a+b"
    assert clean("a+b", "v3") == clean("a+b", "tiny") == "ab"
    assert tokenize("+", "v3") == (0,)


def test_cleaning_says_what_it_did():
    cleaning = explain_cleaning("Très #1 \ufeff#", "v3")
    assert cleaning.text == "Tres 1 "
    assert cleaning.removed == ("#", "\ufeff")
    assert cleaning.n_removed == 3
    assert cleaning.replaced == (("è", "e"),)
    said = cleaning.describe()
    assert said == (
        "Cleaning replaced 'è' by 'e'; "
        "removed 3 characters ('#', ZERO WIDTH NO-BREAK SPACE (U+FEFF))."
    )
    assert explain_cleaning("la la", "v3").describe() == "Cleaning changed nothing."


def test_many_removals_are_counted_not_listed():
    said = explain_cleaning("#$%^&*{}|<>", "v3").describe()
    assert "removed 11 characters" in said
    assert "and 3 more" in said


def test_long_lyrics():
    assert len(clean("é" * 10_000, "tiny")) == 10_000
    assert len(clean("x" * MAX_CHARACTERS, "tiny")) == MAX_CHARACTERS
    with pytest.raises(LyricsError, match=r"lyrics has 20,001 characters: must be at most 20,000"):
        clean("x" * (MAX_CHARACTERS + 1), "tiny")


def test_errors_name_what_is_allowed():
    with pytest.raises(LyricsError, match=r"lyrics=None: must be a text \(str\)"):
        clean(None, "v3")
    with pytest.raises(ConfigError, match=r"version='v4': must be one of"):
        clean("la", "v4")
    with pytest.raises(LyricsError, match=r"tokens=79: must be from 0 to 78"):
        detokenize([1, 79], "v3")
