"""Songs longer than a prior knows, cut into parts that it can take.

What
    A prior with a table of times knows songs up to a longest duration (tiny: 90 s). A longer
    song is trained on as several shorter ones of about equal length. Where the times of its words
    are known, a cut lies in a pause near the even place, and every part has the words sung in it;
    else a part gets its share of the lyrics, cut between lines or words.
Conventions
    Lengths are samples; cuts lie between top-level codes. Characters index the lyrics as given.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from jukebox_edu.config import PriorConfig
from jukebox_edu.labels.times import LyricTimes
from jukebox_edu.training.stored_song import StoredSong

FULL = 0.88  # share of the longest duration that a part aims at, at most
SLACK = 0.05  # of the longest duration: how far a cut may move to find a pause


@dataclass(frozen=True)
class StoredPart:
    """A stretch of a song with its words.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    start: int  # first sample
    length: int  # samples
    first: int  # first character of the lyrics
    last: int  # the character after its last


def longest_seconds(priors: Iterable[PriorConfig]) -> float:
    """Duration (seconds) below which songs are known to all of some priors; inf: any.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    told = [prior.labels for prior in priors if prior.labels is not None]
    return min((labels.max_duration for labels in told if labels.timing), default=math.inf)


def song_parts(song: StoredSong, longest: float) -> tuple[StoredPart, ...]:
    """A song in parts shorter than `longest` seconds; one part if it is short enough itself.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if song.seconds < longest:
        return (StoredPart(0, song.length, 0, len(song.lyrics)),)
    n, limit = math.ceil(song.seconds / (FULL * longest)), longest * song.sample_rate
    times = song.times()
    samples, characters = [0], [0]
    for number in range(1, n):
        even = song.length * number / n
        place = even
        if times is not None and len(times.known):
            place = _pause(times, even, SLACK * limit, song.sample_rate)
        place = round(place / song.hop_length) * song.hop_length
        samples.append(place)
        characters.append(_character(song, times, place, characters[-1]))
    samples, characters = [*samples, song.length], [*characters, len(song.lyrics)]
    return tuple(
        StoredPart(samples[i], samples[i + 1] - samples[i], characters[i], characters[i + 1])
        for i in range(n)
    )


def _pause(times: LyricTimes, place: float, slack: float, sample_rate: int) -> float:
    """Middle of the longest pause between words near a place (samples), or the place itself.

    Where words follow each other without a pause, the nearest beginning of a word.
    """
    known, text = times.known, times.lyrics
    ends = np.concatenate([[0.0], np.maximum.accumulate(times.ends[known])]) * sample_rate
    starts = times.starts[known] * sample_rate
    between = zip([0, *known[:-1] + 1], known, strict=True)  # characters without a time
    begins_word = [a == 0 or any(c.isspace() for c in text[a:b]) for a, b in between]
    low, high = place - slack, place + slack
    pauses = [
        (max(low, end), min(high, start))
        for end, start, word in zip(ends, [*starts, np.inf], [*begins_word, True], strict=True)
        if word and end <= high and start >= low
    ]
    if not pauses:
        return place
    a, b = max(pauses, key=lambda p: (p[1] - p[0], -abs(p[0] + p[1] - 2 * place)))
    return min(max((a + b) / 2, low), high)


def _character(song: StoredSong, times: LyricTimes | None, place: int, least: int) -> int:
    """The character that a part beginning at a sample begins with, not before `least`."""
    lyrics = song.lyrics
    if times is not None and len(times.known):
        known = times.known
        later = known[times.starts[known] >= place / song.sample_rate]
        found = int(later[0]) if len(later) else len(lyrics)
        while found > least and not lyrics[found - 1].isspace():
            found -= 1  # a cut inside a word: the word goes to the part in which it ends
        return max(found, least)
    even = len(lyrics) * place // song.length
    lines = [i + 1 for i, character in enumerate(lyrics) if character == "\n"]
    words = [i + 1 for i, character in enumerate(lyrics) if character.isspace()]
    reach = SLACK * len(lyrics)
    for places, near in ((lines, reach), (words, math.inf)):
        close = [i for i in places if i >= least and abs(i - even) <= near]
        if close:
            return min(close, key=lambda i: abs(i - even))
    return max(even, least)


@dataclass(frozen=True)
class PartsTold:
    """How many songs were cut.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    songs: int  # longer than the priors know
    parts: int  # that they became
    longest: float  # seconds that the priors know

    def text(self) -> str:
        """One line for people; empty if nothing was cut."""
        if not self.songs:
            return ""
        which = "1 song is" if self.songs == 1 else f"{self.songs} songs are"
        return (
            f"{which} {self.longest:g} s or longer, which this prior does not know; trained on in "
            f"{self.parts} parts, each with the words sung in it."
        )


def parts_told(songs: Sequence[StoredSong], priors: Sequence[PriorConfig]) -> PartsTold:
    """What cutting does to some songs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    longest = longest_seconds(priors)
    long = [song for song in songs if song.seconds >= longest]
    return PartsTold(len(long), sum(len(song_parts(song, longest)) for song in long), longest)
