"""Which character is sung when, read off the attention of the prior over the lyrics.

What
        codes --prior, one layer, one head--> weights (frames, n_chars) --path--> seconds

    `align` reads the weights, `Alignment` turns them into times of characters, words and lines,
    `find_head` looks for the head that follows the song, `AlignmentScore` compares with the truth.
Paper: [Jukebox §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from jukebox_edu.alignment.formats import WordTime
from jukebox_edu.alignment.heads import HeadScore, find_head
from jukebox_edu.alignment.path import monotone_path
from jukebox_edu.alignment.reading import align, lyric_layers, merge_windows
from jukebox_edu.alignment.result import Alignment
from jukebox_edu.alignment.score import AlignmentScore
from jukebox_edu.alignment.textgrids import read_textgrid

__all__ = [
    "Alignment",
    "AlignmentScore",
    "HeadScore",
    "WordTime",
    "align",
    "find_head",
    "lyric_layers",
    "merge_windows",
    "monotone_path",
    "read_textgrid",
]
