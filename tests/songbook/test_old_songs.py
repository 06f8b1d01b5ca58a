"""Laws of the old songs: notes fit words and bars, sources are old, nothing is left uncredited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jukebox_edu.songbook
from jukebox_edu.songbook import INGREDIENTS, OLD_SONGS, compose, ingredients_of
from jukebox_edu.songbook.licences import BANK, LICENCES, OWN
from jukebox_edu.songbook.lyrics import read_words
from jukebox_edu.songbook.notation import NEW_WORDS, PUBLIC_DOMAIN, read_notes, read_verses

MAJOR = {0, 2, 4, 5, 7, 9, 11}


def test_there_are_twenty_songs_most_with_several_verses():
    assert len(OLD_SONGS) >= 20
    assert sum(len(old.verses) > 1 for old in OLD_SONGS.values()) >= 15


@pytest.mark.parametrize("name", list(OLD_SONGS))
def test_every_syllable_has_its_note_and_every_verse_fills_its_bars(name):
    old = OLD_SONGS[name]
    for verse in old.verses:
        beats = 0.0
        for text, notes in verse:
            sung = [n for n in read_notes(notes) if n.semitones is not None and not n.tied]
            assert len(sung) == sum(len(w.syllables) for w in read_words(text)), text
            beats += sum(n.beats for n in read_notes(notes))
        assert beats % old.beats_per_bar == 0, verse[0][0]


@pytest.mark.parametrize("name", list(OLD_SONGS))
def test_tunes_are_plausible(name):
    old = OLD_SONGS[name]
    notes = [note for _, line in old.lines for note in read_notes(line)]
    heights = [note.semitones for note in notes if note.semitones is not None]
    assert 5 <= old.span <= 17
    assert all(abs(a - b) <= 12 for a, b in zip(heights, heights[1:], strict=False))
    assert heights[-1] % 12 in (0, 7)  # it ends at home, or on the fifth
    outside = sum(height % 12 not in MAJOR for height in heights)
    assert outside <= 0.05 * len(heights)
    place = -old.pickup
    for note in notes:  # only a note that lasts a bar or longer may be held over a bar line
        into = place % old.beats_per_bar
        assert into + note.beats <= old.beats_per_bar or into == 0 or note.beats >= 3
        place += note.beats


def test_nothing_is_younger_than_the_nineteenth_century():
    for old in OLD_SONGS.values():
        years = [int(year) for year in re.findall(r"\b1\d\d\d\b", old.source)]
        assert years or "century" in old.source
        assert all(year <= 1900 for year in years), old.title


def test_every_ingredient_is_credited():
    credits = Path(jukebox_edu.songbook.__file__).with_name("CREDITS.md").read_text("utf-8")
    for old in OLD_SONGS.values():
        assert f"| {old.title} | {old.source} | {old.licence} |" in credits
        assert old.licence in (PUBLIC_DOMAIN, NEW_WORDS)
        assert (old.licence == NEW_WORDS) == ("new words" in old.source)
    names = {one.name for one in INGREDIENTS}
    assert names >= {old.title for old in OLD_SONGS.values()} and "phone_bank.npz" in names


def test_a_song_names_its_ingredients():
    score = compose(0, song="abide")
    free = ingredients_of(score.title, LICENCES["formants"])
    assert OWN in free and BANK not in free and free[-1].name == "Abide with Me"
    assert BANK in ingredients_of("New words", LICENCES["bank"])


def test_all_verses_are_sung_in_order():
    score = compose(3, song="amazing_grace", voice="Otto Dark", style="waltz")
    assert score.lyrics.splitlines() == [text for text, _ in OLD_SONGS["amazing_grace"].lines]


def test_a_cut_song_fills_its_last_bar():
    cut = OLD_SONGS["joy_to_the_world"].cut(2)
    beats = sum(n.beats for _, notes in cut.lines for n in read_notes(notes))
    assert len(cut.lines) == 2 and beats % 4 == 0 and cut.lines[1][1].endswith("c'4")


def test_a_line_of_an_unknown_tune_is_refused():
    with pytest.raises(ValueError, match="not in the tune"):
        read_verses("A c c c", "B oh no no")
    with pytest.raises(ValueError, match="not a note"):
        read_notes("c h c")
