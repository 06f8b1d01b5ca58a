"""Compose a song: which words are sung, by whom, how fast, in which style.

What
    `compose` turns a seed (and wishes) into a `Score`. Lines of text come from an old song, from
    the verse grammar, or from the user; each line gets notes; tempo, pauses, introduction and
    start are drawn, so that a clock is no substitute for reading the lyrics.

Conventions
    Beats inside, seconds outside. The order in which chance is asked is part of the seed's meaning.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.arrangement import PLAIN, draw_arrangement
from jukebox_edu.songbook.layout import TAIL_SECONDS, Plan, write_score
from jukebox_edu.songbook.lyrics import Line, free_lines, grammar_lines, old_song_lines
from jukebox_edu.songbook.melody import choose_progression
from jukebox_edu.songbook.repertoire import EVERYTHING, Repertoire
from jukebox_edu.songbook.sheet import Score
from jukebox_edu.songbook.songs import OLD_SONGS, OldSong
from jukebox_edu.songbook.styles import STYLES, Style, find_style
from jukebox_edu.songbook.voices import Voice, find_voice

MAX_SECONDS = 600.0  # longest song
SECONDS_RANGE = (20.0, 60.0)  # length of a song when nobody asks for one
_INTRO_FROM_SECONDS = 24.0  # shorter songs start at once


@dataclass(frozen=True)
class Wishes:
    """What the user asked for; see `compose`."""

    seconds: float | None  # about how long at most
    voice: str | None  # who sings
    style: str | None  # who accompanies
    lyrics: str | None  # text to sing
    song: str | None  # old song to sing
    repertoire: Repertoire  # what everything else is drawn from


def _check_wishes(seed: int, wishes: Wishes) -> None:
    """Raise for wishes that contradict each other or are out of range."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigError(f"seed: {seed!r} is not allowed. Give a whole number, 0 or more.")
    if wishes.seconds is not None and not 0 < wishes.seconds <= MAX_SECONDS:
        raise ConfigError(
            f"seconds: {wishes.seconds!r} is not allowed. Give a number above 0, at most "
            f"{MAX_SECONDS:g}, or None for the length of the text."
        )
    if wishes.lyrics is not None and wishes.song is not None:
        raise ConfigError("lyrics and song: both were given. Give your own text or an old song.")
    if wishes.song is not None and wishes.song not in OLD_SONGS:
        raise ConfigError(f"song: {wishes.song!r} is not known. Choose one of {list(OLD_SONGS)}.")
    if not isinstance(wishes.repertoire, Repertoire):
        raise ConfigError(
            f"repertoire: {wishes.repertoire!r} is not allowed. Give a Repertoire, such as "
            "EVERYTHING or TINY_0."
        )


def _draw(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    """Return one of the names."""
    return names[rng.integers(len(names))]


def _choose_old_song(
    rng: np.random.Generator,
    wishes: Wishes,
    band: Style,
    singer: Voice,
) -> OldSong | None:
    """Return the old song to sing, or None for new verses or the user's text."""
    if wishes.song is not None:
        return OLD_SONGS[wishes.song]
    if wishes.lyrics is not None or rng.random() >= wishes.repertoire.old_song_share:
        return None
    room = singer.high_midi - singer.low_midi + 2
    bands = [STYLES[name] for name in wishes.repertoire.styles]
    if wishes.style is not None:
        bands = [band]
    fits = [
        old
        for old in wishes.repertoire.old_songs
        if old.span <= room and any(style.fits(old.beats_per_bar) for style in bands)
    ]
    return fits[rng.integers(len(fits))] if fits else None


def _choose_style(rng: np.random.Generator, band: Style, wishes: Wishes, meter: int) -> Style:
    """Return a style that fits the song's metre, unless the user asked for this one."""
    if wishes.style is not None or band.fits(meter):
        return band
    fitting = [name for name in wishes.repertoire.styles if STYLES[name].fits(meter)]
    return STYLES[_draw(rng, tuple(fitting))] if fitting else band


def _draw_plan(
    rng: np.random.Generator, seed: int, singer: Voice, band: Style, old: OldSong | None, long: bool
) -> Plan:
    """Return a plan: tempo, start and introduction; chords and arrangement come later."""
    bpm = band.bpm * (old.tempo_scale if old else 1.0) * rng.uniform(0.88, 1.12)
    return Plan(
        seed=int(seed),
        title=old.title if old else "New words",
        voice=singer,
        style=band,
        beats_per_bar=old.beats_per_bar if old else band.beats_per_bar,
        bpm=min(bpm, 150.0 if old else 135.0),
        start=rng.uniform(0.1, 0.9) + 0.1,
        intro_bars=2 if long and rng.random() < 0.6 and not band.alone else 0,
        chords=None,
        arrangement=PLAIN,
    )


def _count_beats(plan: Plan, seconds: float) -> float:
    """Return how many beats can be sung in a song of so many seconds."""
    return (seconds - plan.start - TAIL_SECONDS) / plan.beat - plan.intro_bars * plan.beats_per_bar


def _choose_length(seed: int, wishes: Wishes) -> float | None:
    """Return the seconds asked for, or drawn if neither length nor text was asked for."""
    if wishes.seconds is not None or wishes.lyrics is not None or wishes.song is not None:
        return wishes.seconds
    return np.random.default_rng([0x5EC5, seed]).uniform(*SECONDS_RANGE)


def _new_lines(
    plan: Plan, wishes: Wishes, budget: float | None, rng: np.random.Generator, pause: float
) -> list[Line]:
    """Return the user's lines, or new verses, with invented tunes."""
    chords = plan.chords or ()
    if wishes.lyrics is not None:
        return free_lines(wishes.lyrics, budget, plan.style, chords, rng, pause=pause)
    return grammar_lines(budget, plan.style, chords, rng, pause=pause)


def compose(
    seed: int,
    *,
    seconds: float | None = None,
    voice: str | None = None,
    style: str | None = None,
    lyrics: str | None = None,
    song: str | None = None,
    repertoire: Repertoire = EVERYTHING,
) -> Score:
    """Write a song.

    Parameters
    ----------
    seed : 0 or more; the same seed and wishes give the same score.
    seconds : about how long at most; whole lines are added or repeated up to it. None: the whole
        text once, or 20 to 60 seconds of a song of ours.
    voice, style : names from `VOICES`, `STYLES`; None draws one.
    lyrics : text to sing, a tune is invented; ``[HH AH L OW]`` in it gives phones directly.
    song : name of an old song. Not both lyrics and song.
    repertoire : what is drawn, is drawn from here.

    Raises
    ------
    ConfigError : a wish that cannot be met. LyricsError : a text that cannot be sung.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    wishes = Wishes(seconds, voice, style, lyrics, song, repertoire)
    _check_wishes(seed, wishes)
    seconds = _choose_length(seed, wishes)
    rng = np.random.default_rng([0x50E6, seed])
    singer = find_voice(voice if voice is not None else _draw(rng, repertoire.voices))
    band = find_style(style if style is not None else _draw(rng, repertoire.styles))
    old = _choose_old_song(rng, wishes, band, singer)
    band = _choose_style(rng, band, wishes, old.beats_per_bar) if old else band
    plan = _draw_plan(rng, seed, singer, band, old, (seconds or 0) >= _INTRO_FROM_SECONDS)
    band = band if repertoire.manners else band.plain()
    arrangement = draw_arrangement(plan.seed) if repertoire.varied else PLAIN
    plan = replace(plan, style=band, arrangement=arrangement, own_keys=repertoire.own_keys)
    pause = rng.uniform(0.3, 0.8) if rng.random() < 1 / 3 else 0.0  # share of lines with one
    budget = None if seconds is None else _count_beats(plan, seconds)
    if old is not None:
        lines = old_song_lines(old, budget, rng, from_start=song is not None, pause=pause)
        return write_score(plan, lines, rng)
    drawn = choose_progression(rng)
    plan = replace(plan, chords=band.chords or drawn)
    return write_score(plan, _new_lines(plan, wishes, budget, rng, pause), rng)
