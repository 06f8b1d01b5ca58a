"""Lines of notes become a score: the beat grid, the key, and the clock.

What
    A `Plan` holds every choice of a song but its lines. `write_score` lays the lines on the beat
    grid, moves the tune into the singer's range and turns beats into seconds, pauses included.

Conventions
    Beats count from the first line's first note; the clock adds the introduction and the pauses.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jukebox_edu.songbook.arrangement import Arrangement
from jukebox_edu.songbook.lyrics import Line
from jukebox_edu.songbook.melody import Chord, harmonize
from jukebox_edu.songbook.sheet import Bar, Note, Score, ScoreWord
from jukebox_edu.songbook.styles import Style
from jukebox_edu.songbook.swing import swing_beat
from jukebox_edu.songbook.voices import Voice

TAIL_SECONDS = 0.5  # silence and reverberation after the last note


@dataclass(frozen=True)
class Plan:
    """What has been decided about a song before its lines are laid out.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    seed: int  # of the song
    title: str  # of the old song, or what kind of text it is
    voice: Voice  # who sings
    style: Style  # who accompanies
    beats_per_bar: int  # of this song
    bpm: float  # beats per minute
    start: float  # seconds before the introduction or the first note
    intro_bars: int  # bars before the singer
    chords: tuple[Chord, ...] | None  # round of chords; None: find them from the tune
    arrangement: Arrangement  # how the band plays
    own_keys: bool = False  # True: only in the two keys of the voice's own

    @property
    def beat(self) -> float:
        """Seconds per beat."""
        return 60.0 / self.bpm


@dataclass(frozen=True)
class _Beat:
    """A sung note on the beat grid."""

    semitones: int  # above the key note
    start: float  # beats, pauses not yet counted
    end: float  # beats
    syllable: int
    line: int


class _Clock:
    """Beats to seconds, with the introduction and the pauses between lines."""

    def __init__(self, plan: Plan, line_ends: list[float], pauses: list[float]) -> None:
        self.start, self.beat, self.swing = plan.start, plan.beat, plan.style.swing
        self.lead_in = plan.intro_bars * plan.beats_per_bar
        self.ends = np.array(line_ends)
        self.pauses = np.concatenate([[0.0], np.cumsum(pauses)])

    def after(self, beats: float) -> float:
        """Return the second of a beat, after the pause that may fall on it."""
        paused = self.pauses[np.searchsorted(self.ends[:-1], beats + 1e-6)]
        return float(
            self.start + (self.lead_in + swing_beat(beats, self.swing) + paused) * self.beat
        )

    def before(self, beats: float) -> float:
        """Return the second of a beat, before the pause that may fall on it."""
        paused = self.pauses[np.searchsorted(self.ends[:-1], beats - 1e-6)]
        return float(
            self.start + (self.lead_in + swing_beat(beats, self.swing) + paused) * self.beat
        )


def _lay_out(lines: list[Line]) -> tuple[list[_Beat], list[float]]:
    """Return the sung notes on the beat grid and the beat where each line ends."""
    beats: list[_Beat] = []
    ends: list[float] = []
    now, syllable = 0.0, -1
    for number, line in enumerate(lines):
        for note in line.notes:
            if note.semitones is not None:
                syllable += not note.tied
                beats.append(_Beat(note.semitones, now, now + note.beats, syllable, number))
            now += note.beats
        ends.append(now)
    return beats, ends


def _nearest_own_key(singer: Voice, wanted: float, lowest: int, highest: int) -> int:
    """Return the own key nearest to `wanted`, of those from `lowest` to `highest` if there are."""
    keys = [key for key in range(128) if key % 12 in singer.own_keys]
    fitting = [key for key in keys if lowest <= key <= highest]
    middle = (lowest + highest) / 2
    nearest_to = wanted if fitting else middle  # out of range: by as little as can be
    return min(fitting or keys, key=lambda key: abs(key - nearest_to))


def _choose_key(
    beats: list[_Beat], singer: Voice, rng: np.random.Generator, *, own_keys: bool
) -> int:
    """Return the key note that puts the tune into the singer's range, with some jitter."""
    low = min(beat.semitones for beat in beats)
    high = max(beat.semitones for beat in beats)
    lowest, highest = singer.low_midi - low, singer.high_midi - high
    middle = (lowest + highest) / 2
    wanted = middle + rng.uniform(-2.5, 2.5) if lowest < highest else middle
    if own_keys:
        return _nearest_own_key(singer, wanted, lowest, highest)
    return int(np.clip(round(wanted), lowest, highest)) if lowest < highest else round(middle)


def _make_bars(
    plan: Plan, beats: list[_Beat], end: float, pickup: float, clock: _Clock
) -> tuple[Bar, ...]:
    """Return the bars with their chords, the introduction's first."""
    meter, chords = plan.beats_per_bar, plan.chords
    edges = [pickup + meter * k for k in range(int(np.ceil((end - pickup) / meter - 1e-6)))] + [end]
    if chords is not None:
        sequence = [chords[k % len(chords)] for k in range(len(edges) - 1)]
    else:
        sequence = harmonize([(beat.start, beat.end, beat.semitones) for beat in beats], edges)
    bars = []
    for k in range(plan.intro_bars):
        low = pickup - meter * (plan.intro_bars - k)
        chord = Chord(7, False) if chords is None and k == plan.intro_bars - 1 else sequence[0]
        bars.append(Bar(clock.after(low), clock.before(low + meter), meter, chord))
    for low, high, chord in zip(edges, edges[1:], sequence, strict=False):
        bars.append(Bar(clock.after(low), clock.before(high), round(high - low) or 1, chord))
    return tuple(bars)


def _make_introduction(
    plan: Plan, beats: list[_Beat], key: int, clock: _Clock, pickup: float
) -> tuple[Note, ...]:
    """Return the first beats of the tune, moved in front of it, for the lead instrument."""
    if plan.style.alone:
        return ()
    n_beats = plan.intro_bars * plan.beats_per_bar
    shift = n_beats * plan.beat
    return tuple(
        Note(key + b.semitones, clock.after(b.start) - shift, clock.before(b.end) - shift, -1)
        for b in beats
        if b.line == 0 and b.end <= n_beats - 0.5 + pickup
    )


def _make_notes(beats: list[_Beat], key: int, clock: _Clock) -> tuple[Note, ...]:
    """Return the sung notes in seconds; after each line the singer takes a breath."""
    notes = []
    for number, beat in enumerate(beats):
        start, end = clock.after(beat.start), clock.before(beat.end)
        if number + 1 == len(beats) or beats[number + 1].line != beat.line:
            end -= min(0.3 * clock.beat, 0.25 * (end - start))
        notes.append(Note(key + beat.semitones, start, end, beat.syllable))
    return tuple(notes)


def _join_words(lines: list[Line]) -> tuple[str, tuple[ScoreWord, ...]]:
    """Return the lyrics and the words with their places in it."""
    text, words = "", []
    for line in lines:
        for word in line.words:
            words.append(
                ScoreWord(word.text, len(text) + word.first, len(text) + word.end, word.syllables)
            )
        text += line.text + "\n"
    return text[:-1], tuple(words)


def write_score(plan: Plan, lines: list[Line], rng: np.random.Generator) -> Score:
    """Put the lines on the beat grid, choose the key, and turn beats into seconds.

    Parameters
    ----------
    plan : the choices already made.
    lines : what is sung, at least one line.
    rng : the source of chance, for the key.

    Returns
    -------
    The score.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    beats, line_ends = _lay_out(lines)
    key = _choose_key(beats, plan.voice, rng, own_keys=plan.own_keys)
    clock = _Clock(plan, line_ends, [line.pause for line in lines])
    pickup = lines[0].pickup
    lyrics, words = _join_words(lines)
    return Score(
        seed=plan.seed,
        title=plan.title,
        lyrics=lyrics,
        voice=plan.voice,
        style=plan.style,
        key=key,
        bpm=plan.bpm,
        words=words,
        notes=_make_notes(beats, key, clock),
        introduction=_make_introduction(plan, beats, key, clock, pickup),
        bars=_make_bars(plan, beats, line_ends[-1], pickup, clock),
        seconds=clock.before(line_ends[-1]) + TAIL_SECONDS,
        arrangement=plan.arrangement,
    )
