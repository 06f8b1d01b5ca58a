"""A song on paper: words, notes, bars, all in seconds.

What
    `Score` is what `compose` writes and what the singer and the band read.

Conventions
    Times are seconds from the start of the audio. A note's time is where its *vowel* starts.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

from jukebox_edu.songbook.arrangement import PLAIN, Arrangement
from jukebox_edu.songbook.melody import Chord
from jukebox_edu.songbook.phones import Syllable
from jukebox_edu.songbook.styles import Style
from jukebox_edu.songbook.voices import Voice


@dataclass(frozen=True)
class Note:
    """One note of the melody.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    midi: float  # pitch, 69 = 440 Hz
    start: float  # seconds
    end: float  # seconds
    syllable: int  # which syllable of the score it carries; -1 in the introduction


@dataclass(frozen=True)
class ScoreWord:
    """One word of the lyrics and its syllables.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # as written in the lyrics, without the punctuation around it
    first_char: int  # index into the lyrics
    last_char_end: int  # one past its last character
    syllables: tuple[Syllable, ...]  # in order


@dataclass(frozen=True)
class Bar:
    """One bar of the accompaniment.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    start: float  # seconds
    end: float  # seconds; longer than beats x beat when the singer pauses
    beats: int  # beats to play
    chord: Chord  # relative to the key note


@dataclass(frozen=True)
class Score:
    """A complete song on paper.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    seed: int  # everything else follows from it and the wishes
    title: str  # of the old song, or what kind of text it is
    lyrics: str  # lines joined by newline
    voice: Voice  # who sings
    style: Style  # who accompanies
    key: int  # MIDI number of the key note
    bpm: float  # beats per minute
    words: tuple[ScoreWord, ...]  # in order
    notes: tuple[Note, ...]  # sung, in order
    introduction: tuple[Note, ...]  # played by the lead instrument
    bars: tuple[Bar, ...]  # accompaniment
    seconds: float  # length of the audio
    arrangement: Arrangement = PLAIN  # how the band plays it

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """All syllables in order; `Note.syllable` counts these."""
        return tuple(syllable for word in self.words for syllable in word.syllables)
