"""A panel of judges listens to one song: phones, voice, style.

What
    A panel is a recogniser and two classifiers. There are two: one was trained on clean songs, the
    other went on with songs that had passed through a codec. The clean one counts noise of the
    codec against a song; the tuned one says what the codes still hold.
Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jukebox_edu.evaluation.judges.classifiers import SongClassifier
from jukebox_edu.evaluation.judges.recogniser import Recogniser, likeliest_phones, phones_heard


@dataclass(frozen=True)
class Heard:
    """What a panel hears in one song.

    Lesson: notebooks/13_measure_it.ipynb
    """

    phones: tuple[int, ...]  # in order, without silence
    voice: str  # who seems to sing
    style: str  # in which style


@dataclass(frozen=True, eq=False)
class Panel:
    """A recogniser and two classifiers, trained on sound of one kind.

    Lesson: notebooks/13_measure_it.ipynb
    """

    recogniser: Recogniser
    penalty: float  # of the recogniser's path, per change of phone
    voice: SongClassifier
    style: SongClassifier

    def hear(self, mel: Tensor) -> Heard:
        """Listen to one song, (64, frames) of `log_mel`.

        Lesson: notebooks/13_measure_it.ipynb
        """
        with torch.inference_mode():
            scores = self.recogniser(mel[None])[0].log_softmax(0).T  # (frames, phones)
            path = likeliest_phones(scores.numpy(), self.penalty)
            names = [
                judge.config.names[int(judge(mel[None])[0].argmax())]
                for judge in (self.voice, self.style)
            ]
        return Heard(phones_heard(path), names[0], names[1])

    def frame_accuracy(self, mel: Tensor, phones: np.ndarray) -> float | None:
        """Share of sung frames whose phone (frames,) scores best; None if nothing is sung.

        Lesson: notebooks/13_measure_it.ipynb
        """
        sung = phones > 0
        if not sung.any():
            return None
        with torch.inference_mode():
            guess = self.recogniser(mel[None])[0].argmax(0).numpy()
        return float((guess[: len(phones)] == phones)[sung].mean())


@dataclass(frozen=True, eq=False)
class Judges:
    """All judges.

    Lesson: notebooks/13_measure_it.ipynb
    """

    clean: Panel  # trained on songs as they are
    tuned: Panel | None = None  # tuned on songs that passed through a codec
    codec: str = ""  # that codec: name and fingerprint of its model
