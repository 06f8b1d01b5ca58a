"""The lyric window: which characters a prior reads while it writes one window of music.

What
    A song has n characters, a prior reads w of them. Nobody tells the model which are sung now, so
    Jukebox guesses that the words are spread evenly over the song: the middle of the audio window,
    as a fraction of the song, gives the middle character.

        song    |----------[=== window ===]---------------|   d samples from offset
        lyrics  |-------------[ w characters ]------------|   middle = n * (offset + d/2) / total

    With true times of the characters the middle is the character sung at that moment instead.
Conventions
    Offsets, durations and lengths in samples. The result is an index into the lyrics for each of
    the w places, -1 for padding. Short lyrics are padded on the left.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jukebox_edu.errors import ConfigError, LyricsError, must


def linear_middle(
    n_characters: int,
    *,
    total_length: int,
    offset: int,
    duration: int,
    precision: str = "float32",
) -> int:
    """Guess the character in the middle of a window, as if words were spread evenly.

    Parameters
    ----------
    n_characters
        Length of the lyrics.
    total_length, offset, duration
        Length of the song, start and length of the window, in samples.
    precision
        The released program computes in "float64" when labels are first made and in "float32"
        whenever a window moves; the two can differ by one character.

    Raises
    ------
    LyricsError
        If the window does not start inside the song.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    if not 0 <= offset < total_length:
        raise LyricsError(
            must("offset", offset, f"from 0 to below total_length={total_length} samples",
                 "The window starts after the end of the song; state a longer total duration.")
        )  # fmt: skip
    if precision not in ("float32", "float64"):
        raise ConfigError(must("precision", precision, "'float32' or 'float64'"))
    real = np.dtype(precision).type
    center = real(offset) + real(duration) / real(2)
    return int(real(n_characters) * center / real(total_length))


def timed_middle(start_seconds: Sequence[float], seconds: float) -> int:
    """Index of the character sung at a moment: the last one that has begun (0 before the first).

    Parameters
    ----------
    start_seconds
        When each character begins, in seconds, not decreasing.
    seconds
        The moment.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> timed_middle([1.0, 1.5, 4.0], 2.0)
    1
    """
    begun = int(np.searchsorted(np.asarray(start_seconds, dtype=float), seconds, side="right"))
    return max(begun - 1, 0)


def window_indices(n_characters: int, n_tokens: int, middle: int) -> np.ndarray:
    """Indices of the characters in a window around `middle`.

    Parameters
    ----------
    n_characters
        Length of the lyrics.
    n_tokens
        Length of the window, even.
    middle
        Index of the middle character; moved as far as needed to keep the window inside the text.

    Returns
    -------
    Index of each place's character, -1 for padding, `(n_tokens,)`.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb

    >>> window_indices(3, 4, middle=0).tolist(), window_indices(9, 4, middle=0).tolist()
    ([-1, 0, 1, 2], [0, 1, 2, 3])
    """
    if n_tokens % 2 or n_tokens < 0:
        raise ConfigError(must("n_tokens", n_tokens, "even and not negative"))
    half = n_tokens // 2
    if n_characters < n_tokens:
        first = n_characters - n_tokens  # negative: so many places stay empty on the left
    else:
        first = min(max(middle, half), n_characters - half) - half
    return np.maximum(np.arange(first, first + n_tokens), -1)
