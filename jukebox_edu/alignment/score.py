"""How good is an alignment? Times that were read against the true ones, character by character.

What
    For every character that is sung: when it begins as read from the attention, minus when it
    truly begins. The median of the absolute difference is what one expects to be off; a share of
    hits within 0.12 s (about the length of a short vowel) is what singing along needs.
Conventions
    Seconds; positive: read too late. Characters without a true time (spaces, commas) do not count.
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu.errors import LyricsError, must
from jukebox_edu.labels.text import VERSIONS, explain_cleaning
from jukebox_edu.labels.times import LyricTimes

if TYPE_CHECKING:
    from jukebox_edu.alignment.result import Alignment

TOLERANCE = 0.12  # seconds: a character read within this of its true begin is a hit


@dataclass(frozen=True, eq=False)
class AlignmentScore:
    """How far the times of one song that were read lie from the true ones.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    late: np.ndarray  # (characters,) seconds, of the characters whose true time is known
    words_late: np.ndarray  # (words,) seconds, of the words whose true time is known
    monotonicity: float  # share of frames whose favorite is not before that of the frame before
    confidence: float  # share of all attention that lies on the path

    @property
    def median_error(self) -> float:
        """Median of the absolute error of a character's begin, seconds."""
        return float(np.median(np.abs(self.late)))

    @property
    def within(self) -> float:
        """Share of characters read within `TOLERANCE` of their true begin."""
        return float((np.abs(self.late) <= TOLERANCE).mean())

    @property
    def median_word_error(self) -> float:
        """Median of the absolute error of a word's begin, seconds."""
        return float(np.median(np.abs(self.words_late)))

    @property
    def words_within(self) -> float:
        """Share of words read within `TOLERANCE` of their true begin."""
        return float((np.abs(self.words_late) <= TOLERANCE).mean())

    def __repr__(self) -> str:
        return (
            f"AlignmentScore(median error {self.median_error:.3f} s, {100 * self.within:.0f} % "
            f"within {TOLERANCE} s, {len(self.late)} characters)"
        )

    def to_json(self) -> dict[str, Any]:
        """Figures as plain JSON types, rounded to a millisecond.

        Lesson: notebooks/08_lyrics_and_alignment.ipynb
        """
        return {
            "characters": len(self.late),
            "median error, seconds": round(self.median_error, 3),
            f"share within {TOLERANCE} s": round(self.within, 3),
            "median late, seconds": round(float(np.median(self.late)), 3),
            "words": len(self.words_late),
            "median error of a word, seconds": round(self.median_word_error, 3),
            f"share of words within {TOLERANCE} s": round(self.words_within, 3),
            "monotonicity": round(self.monotonicity, 3),
            "confidence": round(self.confidence, 3),
        }


def times_as_read(times: LyricTimes, lyrics: str) -> np.ndarray:
    """True times (n_chars, 2) of lyrics as the model reads them; NaN where unknown.

    Parameters
    ----------
    times
        Of the lyrics as given.
    lyrics
        The same lyrics, cleaned for one of the models.

    Raises
    ------
    LyricsError
        If they are other lyrics.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    table = np.stack([times.starts, times.ends], axis=1)  # (characters as given, 2)
    if times.lyrics == lyrics:
        return table
    for version in VERSIONS:
        cleaning = explain_cleaning(times.lyrics, version)
        if cleaning.text == lyrics:
            return table[list(cleaning.origin)].reshape(len(lyrics), 2)
    advice = "Read the times with the lyrics that were aligned: read_times(path, lyrics)."
    raise LyricsError(must("times.lyrics", times.lyrics, f"those aligned, {lyrics!r:.60}", advice))


def score(alignment: Alignment, times: LyricTimes, sample: int = 0) -> AlignmentScore:
    """Compare one song of an alignment with its true times.

    Raises
    ------
    LyricsError
        If the times are those of other lyrics, or none is known.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    truth = times_as_read(times, alignment.lyrics[sample])
    known = ~np.isnan(truth[:, 0])
    if not known.any():
        raise LyricsError("times: no character of the lyrics has a true time.")
    read = alignment.character_times(sample)
    words_late = []
    for word in alignment.word_times(sample):
        starts = truth[word.first_char : word.last_char_end, 0]
        starts = starts[~np.isnan(starts)]
        if len(starts):
            words_late.append(word.start - starts[0])
    return AlignmentScore(
        late=read[known, 0] - truth[known, 0],
        words_late=np.array(words_late),
        monotonicity=alignment.monotonicity(sample),
        confidence=alignment.confidence(sample),
    )
