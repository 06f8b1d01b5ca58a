"""Labels: names to ids, lyrics to tokens, and the lyric window of every chunk of music.

What
    `text` cleans and numbers lyrics, `names` finds artists and genres, `window` decides which
    characters a window of music reads, `labels` and `song_labels` hold the results.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/07_style_and_time.ipynb
"""

from jukebox_edu.labels.labels import Labels
from jukebox_edu.labels.level import LevelLabels
from jukebox_edu.labels.names import (
    LabelVocabularies,
    NameMatch,
    UnknownNameWarning,
    Vocabulary,
    normalize,
)
from jukebox_edu.labels.song_labels import SongLabels
from jukebox_edu.labels.text import (
    MAX_CHARACTERS,
    LyricsCleaning,
    alphabet,
    clean,
    detokenize,
    explain_cleaning,
    tokenize,
    vocab_size,
)
from jukebox_edu.labels.times import LyricTimes, read_times, times_from_words
from jukebox_edu.labels.window import linear_middle, timed_middle, window_indices

__all__ = [
    "MAX_CHARACTERS",
    "LabelVocabularies",
    "Labels",
    "LevelLabels",
    "LyricTimes",
    "LyricsCleaning",
    "NameMatch",
    "SongLabels",
    "UnknownNameWarning",
    "Vocabulary",
    "alphabet",
    "clean",
    "detokenize",
    "explain_cleaning",
    "linear_middle",
    "normalize",
    "read_times",
    "timed_middle",
    "times_from_words",
    "tokenize",
    "vocab_size",
    "window_indices",
]
