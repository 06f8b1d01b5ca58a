"""Judges: small listeners that say what is heard in a song. Trained on our own songbook alone.

What
        features      sound -> 64 mel bands per 16 ms                 what every network hears
        recogniser    mel bands -> phones                             a dilated convolution, Viterbi
        phone_errors  phones heard against phones asked for           edit distance, word recall
        classifiers   mel bands -> voice, style                       convolutions, pooled over time
        pitch         sound -> notes; how many lie in the scale       pYIN, nothing is learned
        files         judges on the disk, and where they are

    The networks are no part of any model and of no wheel: a checkout has them in `judges/`.
    `jukebox_edu.dev.train_judges` trains them again from nothing.
Conventions
    A judge knows the songbook's singers and words, so it is kinder than a person. Its figures mean
    something only beside the same judge's figures for real songs (the ceiling) and for chance.
Lesson: notebooks/13_measure_it.ipynb
"""

from jukebox_edu.evaluation.judges.classifiers import ClassifierConfig, SongClassifier
from jukebox_edu.evaluation.judges.features import log_mel
from jukebox_edu.evaluation.judges.files import load_judges, save_judges
from jukebox_edu.evaluation.judges.panel import Judges, Panel
from jukebox_edu.evaluation.judges.phone_errors import EditCounts, edit_counts, word_recall
from jukebox_edu.evaluation.judges.recogniser import (
    Recogniser,
    RecogniserConfig,
    likeliest_phones,
    phones_heard,
)

__all__ = [
    "ClassifierConfig",
    "EditCounts",
    "Judges",
    "Panel",
    "Recogniser",
    "RecogniserConfig",
    "SongClassifier",
    "edit_counts",
    "likeliest_phones",
    "load_judges",
    "log_mel",
    "phones_heard",
    "save_judges",
    "word_recall",
]
