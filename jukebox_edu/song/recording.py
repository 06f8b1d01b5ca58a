"""A recording as a song: its codes, its lyrics, and so its alignment and its page.

What
    A recording was not written by the model; the model only encodes it and reads along:

        sound --encode--> codes --top prior, with the lyrics--> when each character is sung
Conventions
    Sound (samples,) at the model's rate. A model reads best what it has been trained on: the
    bundled one knows the singers of the songbook and no other voice.
Paper: [Jukebox §3, §4.2]
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from jukebox_edu import units
from jukebox_edu.audio import check_not_silent
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import SongLabels
from jukebox_edu.song.provenance import Provenance, library_version
from jukebox_edu.song.song import Song

if TYPE_CHECKING:
    from jukebox_edu.model import Jukebox


def song_of_recording(
    model: Jukebox,
    samples: np.ndarray,
    lyrics: str,
    *,
    artist: str = "unknown",
    genre: str = "unknown",
    total_seconds: float | None = None,
) -> Song:
    """Encode a recording, so that its lyrics can be aligned and its codes be seen.

    Parameters
    ----------
    samples
        Sound (samples,) at the model's rate.
    lyrics
        What is sung in it.
    artist, genre
        As the model's lists name them.
    total_seconds
        Length of the song that the recording begins, None: the recording is all of it.

    Lesson: notebooks/08_lyrics_and_alignment.ipynb
    """
    check_not_silent(samples, "samples")
    codes = [level.cpu() for level in model.encode(samples)]
    length = codes[-1].shape[1] * model.hop_lengths[-1]
    told = length
    if total_seconds is not None:
        told = int(units.checked_seconds(total_seconds, "total_seconds") * model.sample_rate)
        if told < length:
            allowed = f"at least the {length / model.sample_rate:g} s of the recording"
            raise ConfigError(must("total_seconds", total_seconds, allowed))
    labels = SongLabels.create(
        lyrics=lyrics,
        artist=artist,
        genre=genre,
        total_length=max(told, _shortest(model)),
        priors=model.config.priors,
        vocabularies=model.vocabularies,
    )
    known = Provenance(
        model=model.config.name,
        library=library_version(),
        history=(f"encoded from a recording of {len(samples) / model.sample_rate:.2f} s",),
        generated=False,
    )
    codec: dict[str, Any] = {
        "sample_rate": model.sample_rate,
        "hop_lengths": model.hop_lengths,
        "codebook_size": model.config.vqvae.codebook_size,
    }
    return Song(codes, seed=0, labels=labels, provenance=known, model=model, **codec)


def _shortest(model: Jukebox) -> int:
    """Samples of the shortest song that every level knows."""
    labels = [prior.labels for prior in model.config.priors]
    seconds = [told.min_duration for told in labels if told is not None and told.timing]
    return math.ceil(max(seconds, default=0.0) * model.sample_rate)
