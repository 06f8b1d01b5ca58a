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

from dataclasses import replace

import numpy as np

from jukebox_edu.errors import ConfigError
from jukebox_edu.songbook.layout import TAIL_SECONDS, Plan, write_score
from jukebox_edu.songbook.lyrics import free_lines, grammar_lines, old_song_lines
from jukebox_edu.songbook.melody import choose_progression
from jukebox_edu.songbook.sheet import Score
from jukebox_edu.songbook.songs import OLD_SONGS, OldSong
from jukebox_edu.songbook.styles import STYLES, Style, find_style
from jukebox_edu.songbook.voices import VOICES, Voice, find_voice

MAX_SECONDS = 600.0  # longest song
_OLD_SONG_SHARE = 0.3  # of the songs nobody asked a text for
_INTRO_FROM_SECONDS = 24.0  # shorter songs start at once


def _check_wishes(seed: int, seconds: float | None, lyrics: str | None, song: str | None) -> None:
    """Raise for wishes that contradict each other or are out of range."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigError(f"seed: {seed!r} is not allowed. Give a whole number, 0 or more.")
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise ConfigError(
            f"seconds: {seconds!r} is not allowed. Give a number above 0, at most "
            f"{MAX_SECONDS:g}, or None for the length of the text."
        )
    if lyrics is not None and song is not None:
        raise ConfigError("lyrics and song: both were given. Give your own text or an old song.")
    if song is not None and song not in OLD_SONGS:
        raise ConfigError(f"song: {song!r} is not known. Choose one of {list(OLD_SONGS)}.")


def _draw(rng: np.random.Generator, names: list[str]) -> str:
    """Return one of the names."""
    return names[rng.integers(len(names))]


def _choose_old_song(
    rng: np.random.Generator,
    song: str | None,
    lyrics: str | None,
    band: Style,
    style: str | None,
    singer: Voice,
) -> OldSong | None:
    """Return the old song to sing, or None for new verses or the user's text."""
    if song is not None:
        return OLD_SONGS[song]
    if lyrics is not None or rng.random() >= _OLD_SONG_SHARE:
        return None
    room = singer.high_midi - singer.low_midi + 2
    fits = [
        name
        for name, old in OLD_SONGS.items()
        if (style is None or old.beats_per_bar == band.beats_per_bar) and old.span <= room
    ]
    return OLD_SONGS[_draw(rng, fits)]


def _choose_style(rng: np.random.Generator, band: Style, style: str | None, meter: int) -> Style:
    """Return a style of the song's metre, unless the user asked for this one."""
    if style is not None or band.beats_per_bar == meter:
        return band
    return STYLES[_draw(rng, [s.name for s in STYLES.values() if s.beats_per_bar == meter])]


def _draw_plan(
    rng: np.random.Generator, seed: int, singer: Voice, band: Style, old: OldSong | None, long: bool
) -> Plan:
    """Return a plan: tempo, start and introduction; chords come later."""
    bpm = band.bpm * (old.tempo_scale if old else 1.0) * rng.uniform(0.88, 1.12)
    return Plan(
        seed=int(seed),
        title=old.title if old else "New words",
        voice=singer,
        style=band,
        beats_per_bar=old.beats_per_bar if old else band.beats_per_bar,
        bpm=min(bpm, 150.0 if old else 135.0),
        start=rng.uniform(0.1, 0.9) + 0.1,
        intro_bars=2 if long and rng.random() < 0.6 else 0,
        chords=None,
    )


def _count_beats(plan: Plan, seconds: float) -> float:
    """Return how many beats can be sung in a song of so many seconds."""
    return (seconds - plan.start - TAIL_SECONDS) / plan.beat - plan.intro_bars * plan.beats_per_bar


def compose(
    seed: int,
    *,
    seconds: float | None = None,
    voice: str | None = None,
    style: str | None = None,
    lyrics: str | None = None,
    song: str | None = None,
) -> Score:
    """Write a song.

    Parameters
    ----------
    seed : 0 or more; the same seed and wishes give the same score.
    seconds : about how long at most; whole lines are added or repeated up to it. None: the whole
        text once, or 10 to 20 seconds of new verses.
    voice, style : names from `VOICES`, `STYLES`; None draws one.
    lyrics : text to sing, a tune is invented. song : name of an old song. Not both.

    Returns
    -------
    The score.

    Raises
    ------
    ConfigError : a wish that cannot be met. LyricsError : a text that cannot be sung.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    _check_wishes(seed, seconds, lyrics, song)
    rng = np.random.default_rng([0x50E6, seed])
    singer = find_voice(voice if voice is not None else _draw(rng, list(VOICES)))
    band = find_style(style) if style is not None else STYLES[_draw(rng, list(STYLES))]
    old = _choose_old_song(rng, song, lyrics, band, style, singer)
    band = _choose_style(rng, band, style, old.beats_per_bar) if old else band
    plan = _draw_plan(rng, seed, singer, band, old, (seconds or 0) >= _INTRO_FROM_SECONDS)
    pause = rng.uniform(0.3, 0.8) if rng.random() < 1 / 3 else 0.0  # share of lines with one
    if seconds is None and lyrics is None and song is None:
        seconds = rng.uniform(10.0, 20.0)
    budget = None if seconds is None else _count_beats(plan, seconds)
    if old is not None:
        lines = old_song_lines(old, budget, rng, from_start=song is not None, pause=pause)
        return write_score(plan, lines, rng)
    chords, meter = choose_progression(rng), plan.beats_per_bar
    if lyrics is not None:
        lines = free_lines(lyrics, budget, meter, chords, rng, pause=pause)
    else:
        lines = grammar_lines(budget, meter, chords, rng, pause=pause)
    return write_score(replace(plan, chords=chords), lines, rng)
