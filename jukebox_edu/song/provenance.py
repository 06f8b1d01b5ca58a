"""Where a song comes from: model, licence, versions, and what was done to it since.

What
    Every song carries its provenance, every file written from it repeats the important part, so
    that nobody takes a generated sound for a recording.
Lesson: notebooks/15_whose_music.ipynb
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


def library_version() -> str:
    """Version of this library, or "unknown" where it was not installed.

    Lesson: notebooks/15_whose_music.ipynb
    """
    try:
        return version("jukebox-edu")
    except PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True)
class Provenance:
    """How a song came to be.

    Lesson: notebooks/15_whose_music.ipynb
    """

    model: str  # name of the model
    weights: str = ""  # fingerprint of its weights
    licence: str = ""  # of the weights, and with them of what they generate
    library: str = ""  # version of jukebox_edu
    torch: str = ""  # version of torch
    device: str = ""  # where it was computed
    dtype: str = ""  # precision of the priors
    history: tuple[str, ...] = ()  # what was done, in words and in order
    generated: bool = True  # a machine made this sound

    def then(self, deed: str) -> Provenance:
        """The provenance after one more thing was done.

        Lesson: notebooks/15_whose_music.ipynb
        """
        return dataclasses.replace(self, history=(*self.history, deed))
