"""When words are sung: read from attention, compared with the singer's true times.

What
    The top prior reads real codes; `align` turns its lyric attention into times. Beside them stand

        linear     words spread evenly over the song, the guess the model is given
        chance     as many moments drawn evenly from the song, in order
        ceiling    the true times, rounded to whole codes: no reader of codes can do better

    In the middle window, the weight on the word being sung is compared with even attention.
Conventions
    Times in seconds. A word is whatever stands between white space; it begins with its first
    character whose time is known.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from jukebox_edu.alignment import Alignment, align
from jukebox_edu.evaluation.coded import CodedSong, as_tensor
from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.evaluation.windows import middle
from jukebox_edu.evaluation.word_errors import TimingErrors, WordErrors, over_songs, word_errors
from jukebox_edu.prior.prior import Prior

CHANCE_DRAWS = 20  # random songs per song


@dataclass(frozen=True)
class TimingFigures:
    """How well attention tells when words are sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    layer: int  # where the attention is read
    head: int
    attention: TimingErrors  # times read from attention
    linear: TimingErrors  # words spread evenly over the song
    chance: TimingErrors  # moments drawn at random
    ceiling: TimingErrors  # true times rounded to whole codes
    character_median: Estimate  # median absolute error of a character's start, seconds
    monotone: Estimate  # share of frames whose favorite character is not before the last one
    mass_on_word: Estimate  # attention on the word being sung, 0 to 1
    strongest_in_word: Estimate  # share of frames whose strongest attention is in that word
    mass_if_even: Estimate  # attention on that word if it were spread evenly: chance
    n_words: int  # words compared
    errors: tuple[float, ...]  # estimate minus truth of every word, seconds


@dataclass(frozen=True, eq=False)
class SongTiming:
    """One song's times.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    truth: np.ndarray  # (words,) seconds
    guess: np.ndarray  # (words,) seconds, from attention
    linear: np.ndarray  # (words,) seconds
    ceiling: np.ndarray  # (words,) seconds
    characters: float  # median absolute error of a character's start, seconds
    monotone: float  # share of frames
    seconds: float  # of the song


def true_word_starts(song: CodedSong) -> dict[int, float]:
    """First character of each word whose time is known, and when it begins, seconds.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    found = {}
    for match in re.finditer(r"\S+", song.lyrics):
        starts = song.times.starts[match.start() : match.end()]  # type: ignore[union-attr]
        known = starts[~np.isnan(starts)]
        if len(known):
            found[match.start()] = float(known[0])
    return found


def song_timing(song: CodedSong, alignment: Alignment, sample_rate: int) -> SongTiming | None:
    """Compare one song's times; None if no word of it has a time.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    seconds = song.n_samples / sample_rate
    true_starts = {k: t for k, t in true_word_starts(song).items() if t < seconds}
    words = [word for word in alignment.word_times() if word.first_char in true_starts]
    if not words:
        return None
    truth = np.array([true_starts[word.first_char] for word in words])
    places = np.array([word.first_char for word in words])
    starts = song.times.starts  # type: ignore[union-attr]
    known = np.flatnonzero(~np.isnan(starts) & (np.nan_to_num(starts) < seconds))
    off = alignment.character_times()[known, 0] - starts[known]
    hop = alignment.hop_seconds
    return SongTiming(
        truth=truth,
        guess=np.array([word.start for word in words]),
        linear=places / len(song.lyrics) * seconds,
        ceiling=np.round(truth / hop) * hop,
        characters=float(np.median(np.abs(off))),
        monotone=alignment.monotonicity(),
        seconds=seconds,
    )


def _mean_errors(truth: np.ndarray, guesses: Sequence[np.ndarray]) -> WordErrors:
    """Errors of several guesses, each figure averaged."""
    all_errors = [word_errors(truth, guess) for guess in guesses]
    names = WordErrors.__dataclass_fields__
    return WordErrors(**{n: float(np.mean([getattr(e, n) for e in all_errors])) for n in names})


def sung_states(song: CodedSong, prior: Prior, start: int) -> np.ndarray:
    """Which lyric states belong to the word sung at each code, boolean (n_ctx, n_tokens).

    State i stands for the character `ahead` places before it (`LyricConfig.ahead`).

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    spans = np.stack([np.arange(len(song.lyrics)), np.arange(len(song.lyrics)) + 1], axis=1)
    for match in re.finditer(r"\S+", song.lyrics):
        spans[match.start() : match.end()] = match.span()
    characters = song.characters[start : start + prior.config.n_ctx]  # type: ignore[index]
    sung = characters >= 0
    first, stop = spans[np.where(sung, characters, 0)].T  # (n_ctx,) each
    indices = song.labels.lyric_indices(start, prior.config.level)[0].numpy()  # type: ignore[index]
    ahead = prior.config.lyrics.ahead if prior.config.lyrics else 1
    spoken = np.concatenate([np.full(ahead, -1), indices])[: len(indices)]  # (n_tokens,)
    inside = (spoken >= first[:, None]) & (spoken < stop[:, None])
    return inside & sung[:, None]


@dataclass(frozen=True)
class WordAttention:
    """Where attention lies in one window, means over the frames in which something is sung.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """

    mass: float  # weight on the word being sung
    strongest: float  # share of frames whose largest weight is in that word
    even: float  # weight on it if it were spread evenly


def word_attention(prior: Prior, song: CodedSong) -> WordAttention | None:
    """Attention of the aligning head in the middle window; None if nothing is sung there.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    config, start = prior.config, middle(song, prior)
    layer, head = config.alignment_layer, config.alignment_head or 0
    sung = sung_states(song, prior, start)  # (n_ctx, n_tokens)
    counted = sung.any(1)
    if layer is None or not counted.any():
        return None
    codes = as_tensor(song.codes[config.level][start : start + config.n_ctx])
    with torch.inference_mode():
        records = prior.attention(codes, None, song.labels.window(start, config.level), (layer,))
    n_tokens = sung.shape[1]
    rows = records[layer].weights[0, head, -config.n_ctx :, :n_tokens]  # type: ignore[index]
    weights = rows.float().cpu().numpy()[counted]  # (sung frames, n_tokens)
    right = sung[counted]
    strongest = right[np.arange(len(right)), weights.argmax(1)]
    mass = float((weights * right).sum(1).mean())
    return WordAttention(mass, float(strongest.mean()), float(right.mean()))


@dataclass(frozen=True)
class _Read:
    """What was read of the songs with true times."""

    timings: list[SongTiming]
    chance: list[WordErrors]  # per song
    attention: list[WordAttention]


def measure_times(
    prior: Prior,
    songs: Sequence[CodedSong],
    *,
    step: Callable[[], None] | None = None,
    seed: int = 0,
) -> TimingFigures | None:
    """When words begin, read from attention, against the true times.

    Songs without true times are left out; None if no song has any, or the prior has no aligning
    head. `step` is called after every song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    config = prior.config
    if config.lyrics is None or config.alignment_layer is None or config.alignment_head is None:
        return None
    random = np.random.default_rng(seed)
    read = _Read([], [], [])
    for song in songs:
        if song.times is not None and song.lyrics.strip():
            _read_song(prior, song, random, read)
        if step is not None:
            step()
    if not read.timings or not read.attention:
        return None
    return _figures(config.alignment_layer, config.alignment_head, read)


def _read_song(prior: Prior, song: CodedSong, random: np.random.Generator, read: _Read) -> None:
    """Align one song and keep what was found."""
    config = prior.config
    tokens = -(-song.n_samples // config.hop_length)
    codes = as_tensor(song.codes[config.level][:tokens])
    timing = song_timing(song, align(prior, codes, song.labels), config.sample_rate)
    seen = word_attention(prior, song)
    if timing is not None:
        read.timings.append(timing)
        draws = random.uniform(0, timing.seconds, (CHANCE_DRAWS, len(timing.truth)))
        read.chance.append(_mean_errors(timing.truth, list(np.sort(draws, axis=1))))
    if seen is not None:
        read.attention.append(seen)


def _figures(layer: int, head: int, read: _Read) -> TimingFigures:
    timings = read.timings
    errors = np.concatenate([t.guess - t.truth for t in timings])
    return TimingFigures(
        layer=layer,
        head=head,
        attention=over_songs([word_errors(t.truth, t.guess) for t in timings]),
        linear=over_songs([word_errors(t.truth, t.linear) for t in timings]),
        chance=over_songs(read.chance),
        ceiling=over_songs([word_errors(t.truth, t.ceiling) for t in timings]),
        character_median=estimate([t.characters for t in timings]),
        monotone=estimate([t.monotone for t in timings]),
        mass_on_word=estimate([a.mass for a in read.attention]),
        strongest_in_word=estimate([a.strongest for a in read.attention]),
        mass_if_even=estimate([a.even for a in read.attention]),
        n_words=len(errors),
        errors=tuple(round(float(e), 4) for e in errors),
    )
