"""What a model would be told, before anything is sung.

What
    A song has one artist, one genre and one text; each level has its own lists and alphabet. The
    preview says for every level which entry a name becomes, what cleaning removes from the lyrics,
    and which characters the first window reads. A name that a level does not know brings the same
    warning as when sampling, with the nearest names.
Paper: [Jukebox §4.1, §4.2]
Lesson: notebooks/07_style_and_time.ipynb
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jukebox_edu.labels import SongLabels

if TYPE_CHECKING:
    from jukebox_edu.model.jukebox import Jukebox


def preview(
    model: Jukebox,
    lyrics: str,
    artist: str | None,
    genre: str | None,
    seconds: float,
    total_seconds: float | None,
) -> str:
    """Text for people, the top level first; see `Jukebox.preview`.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    top = model.levels - 1
    plan = model.plan(seconds=seconds, total_seconds=total_seconds, levels=top)
    labels = SongLabels.create(
        lyrics=lyrics,
        artist=artist,
        genre=genre,
        total_length=plan.total_length,
        priors=model.config.priors,
        vocabularies=model.vocabularies,
    )
    return "\n\n".join(labels.preview(level) for level in range(top, -1, -1))
