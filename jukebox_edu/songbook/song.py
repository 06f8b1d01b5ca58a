"""A finished song: audio, and everything that happens in it with its exact time.

What
    `render` turns a score into audio; `make_song` composes, renders and labels in one call.

Conventions
    Seconds for times, character indices into `SongbookSong.lyrics`, float32 audio ``(samples,)``.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jukebox_edu.errors import AudioError, ConfigError
from jukebox_edu.songbook.band import play_band
from jukebox_edu.songbook.envelopes import load_phone_table
from jukebox_edu.songbook.formants import formant_table
from jukebox_edu.songbook.licences import LICENCES
from jukebox_edu.songbook.repertoire import EVERYTHING, Repertoire
from jukebox_edu.songbook.scores import compose
from jukebox_edu.songbook.sheet import Note, Score
from jukebox_edu.songbook.singer import sing
from jukebox_edu.songbook.timeline import TimedPhone, Timeline, lay_phones, spread_characters

ENGINES = tuple(LICENCES)
_VOICE_RMS = 0.1  # of the sung parts, before the peak is limited
_PEAK = 0.95


@dataclass(frozen=True)
class Rendering:
    """The audio of a song and its two stems; ``audio = voice + band``.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    audio: np.ndarray  # (samples,) float32, peak at most 0.95
    voice: np.ndarray  # (samples,) float32, the singer alone, no room
    band: np.ndarray  # (samples,) float32, the band alone


@dataclass(frozen=True)
class TimedWord:
    """When a word is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    text: str  # as in the lyrics, without the punctuation around it
    start: float  # seconds
    end: float  # seconds
    first_char: int  # index into the lyrics
    last_char_end: int  # one past its last character


@dataclass(frozen=True)
class TimedNote:
    """When a note is sung.

    Lesson: notebooks/00_ten_minutes.ipynb
    """

    midi: float  # pitch, 69 = 440 Hz
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True)
class SongbookSong:
    """A song with all its labels.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    audio: np.ndarray  # (samples,) float32
    sample_rate: int  # samples per second
    lyrics: str  # lines joined by newline; character indices refer to it
    artist: str  # name of the voice
    genre: str  # name of the style
    words: tuple[TimedWord, ...]  # in order
    character_times: np.ndarray  # (characters, 2) start and end in seconds, never falling
    phones: tuple[TimedPhone, ...]  # contiguous from 0 to the end, SIL in the gaps
    notes: tuple[TimedNote, ...]  # in order
    seed: int  # makes the same song again
    licence: str  # of the audio and the labels
    title: str  # of the old song, or "New words"
    bpm: float  # beats per minute
    key: int  # MIDI number of the key note
    introduction: tuple[TimedNote, ...]  # played before the singer comes in; may be empty
    stems: Rendering | None = None  # voice and band alone, if asked for

    @property
    def seconds(self) -> float:
        """Length of the audio in seconds."""
        return len(self.audio) / self.sample_rate


def render(
    score: Score,
    *,
    sample_rate: int = 16000,
    voice_gain: float = 1.0,
    band_gain: float = 0.25,
    engine: str = "bank",
) -> Rendering:
    """Turn a score into audio.

    Parameters
    ----------
    score : from `compose`. sample_rate : samples per second, 8000 to 48000.
    voice_gain : 1 gives the voice an rms of 0.1 while it sings.
    band_gain : rms of the band / rms of the voice; 0 leaves the band out.
    engine : "bank" (clearer words) or "formants" (no outside material).

    Returns
    -------
    The mix and its stems, scaled down together if the peak would pass 0.95.

    Raises
    ------
    AudioError, ConfigError : an argument is out of range.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    _check_rendering(sample_rate, voice_gain, band_gain, engine)
    return _render(score, lay_phones(score), sample_rate, voice_gain, band_gain, engine)


def _check_rendering(sample_rate: int, voice_gain: float, band_gain: float, engine: str) -> None:
    """Raise for arguments that are out of range."""
    if sample_rate != int(sample_rate) or not 8000 <= sample_rate <= 48000:
        raise AudioError(
            f"sample_rate: {sample_rate!r} is not allowed. Give a whole number from 8000 to 48000."
        )
    for name, gain in (("voice_gain", voice_gain), ("band_gain", band_gain)):
        if not 0 <= gain <= 10:
            raise ConfigError(f"{name}: {gain!r} is not allowed. Give a number from 0 to 10.")
    if engine not in ENGINES:
        raise ConfigError(f"engine: {engine!r} is not known. Choose one of {list(ENGINES)}.")


def _render(
    score: Score,
    timeline: Timeline,
    sample_rate: int,
    voice_gain: float,
    band_gain: float,
    engine: str,
) -> Rendering:
    """Render with arguments already checked."""
    if engine == "bank":
        table, tract_scale = load_phone_table(score.voice.speaker), score.voice.tract_scale
    else:
        table, tract_scale = formant_table(), score.voice.formant_scale
    voice = sing(score, timeline, table, tract_scale, sample_rate)
    voice *= voice_gain * _VOICE_RMS / max(_rms(voice), 1e-9)
    band = np.zeros_like(voice)
    if band_gain > 0:
        band = play_band(score, sample_rate)
        band *= band_gain * _VOICE_RMS * (voice_gain or 1.0) / max(_rms(band), 1e-9)
    peak = float(np.abs(voice + band).max())
    scale = np.float32(min(1.0, _PEAK / max(peak, 1e-9)))
    voice, band = voice * scale, band * scale
    return Rendering(voice + band, voice, band)


def _rms(audio: np.ndarray) -> float:
    """Return the rms of the parts that are not silent."""
    power = audio.astype(np.float64) ** 2
    heard = power > 1e-6 * power.max()
    return float(np.sqrt(power[heard].mean())) if heard.any() else 0.0


def make_song(
    seed: int,
    *,
    seconds: float | None = None,
    voice: str | None = None,
    style: str | None = None,
    lyrics: str | None = None,
    song: str | None = None,
    repertoire: Repertoire = EVERYTHING,
    voice_gain: float = 1.0,
    band_gain: float = 0.25,
    sample_rate: int = 16000,
    engine: str = "bank",
    stems: bool = False,
) -> SongbookSong:
    """Compose, sing and label one song.

    Parameters
    ----------
    seed, seconds, voice, style, lyrics, song, repertoire : see `compose`.
    voice_gain, band_gain, sample_rate, engine : see `render`.
    stems : True keeps the voice and the band alone in `SongbookSong.stems`.

    Returns
    -------
    The song. The same arguments give the same song.

    Raises
    ------
    ConfigError, LyricsError, AudioError : an argument cannot be used; the text says why.

    Lesson: notebooks/00_ten_minutes.ipynb
    """
    _check_rendering(sample_rate, voice_gain, band_gain, engine)
    score = compose(
        seed,
        seconds=seconds,
        voice=voice,
        style=style,
        lyrics=lyrics,
        song=song,
        repertoire=repertoire,
    )
    timeline = lay_phones(score)
    rendering = _render(score, timeline, sample_rate, voice_gain, band_gain, engine)
    labelled = _label(score, timeline, rendering.audio, sample_rate, LICENCES[engine])
    return replace(labelled, stems=rendering) if stems else labelled


def _label(
    score: Score, timeline: Timeline, audio: np.ndarray, sample_rate: int, licence: str
) -> SongbookSong:
    """Return the song with all its labels."""
    words = tuple(
        TimedWord(word.text, sung[0].start, sung[-1].end, word.first_char, word.last_char_end)
        for word, sung in zip(score.words, timeline.word_phones, strict=True)
    )
    return SongbookSong(
        audio=audio,
        sample_rate=sample_rate,
        lyrics=score.lyrics,
        artist=score.voice.name,
        genre=score.style.name,
        words=words,
        character_times=_character_times(score.lyrics, words, timeline),
        phones=timeline.phones,
        notes=_timed(score.notes),
        seed=score.seed,
        licence=licence,
        title=score.title,
        bpm=score.bpm,
        key=score.key,
        introduction=_timed(score.introduction),
    )


def _timed(notes: tuple[Note, ...]) -> tuple[TimedNote, ...]:
    """Return notes without their syllables."""
    return tuple(TimedNote(note.midi, note.start, note.end) for note in notes)


def _character_times(lyrics: str, words: tuple[TimedWord, ...], timeline: Timeline) -> np.ndarray:
    """Return (characters, 2): letters share their word, everything else the gap between words."""
    times = np.zeros((len(lyrics), 2))
    place, now = 0, words[0].start
    for word, phones in zip(words, timeline.word_phones, strict=True):
        gap = np.linspace(now, word.start, word.first_char - place + 1)
        times[place : word.first_char] = np.stack([gap[:-1], gap[1:]], axis=1)
        edges = spread_characters(word.text, phones)
        times[word.first_char : word.last_char_end] = np.stack([edges[:-1], edges[1:]], axis=1)
        place, now = word.last_char_end, word.end
    times[place:] = now
    return times
