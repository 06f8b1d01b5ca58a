"""Everything that was measured of one model, as one frozen object and as a JSON file.

Lesson: notebooks/13_measure_it.ipynb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jukebox_edu.config import from_json_dict, to_json_dict
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.evaluation.codec import CodecFigures
from jukebox_edu.evaluation.conditioning import PriorFigures
from jukebox_edu.evaluation.diversity import DiversityFigures
from jukebox_edu.evaluation.frechet import FrechetFigures
from jukebox_edu.evaluation.memorisation import MemorisationFigures
from jukebox_edu.evaluation.probe import ProbeFigures
from jukebox_edu.evaluation.seams import SeamFigures
from jukebox_edu.evaluation.singing import SingingFigures
from jukebox_edu.evaluation.timing import TimingFigures

FORMAT = 1  # version of the JSON form


@dataclass(frozen=True)
class Report:
    """Figures of one model over test songs; None where something could not be measured.

    Lesson: notebooks/13_measure_it.ipynb
    """

    model: str  # its name
    weights: str  # fingerprint of its weights
    source: str  # where the songs come from, in words
    songs: tuple[str, ...]  # names, in the order of all `per_song` values
    seconds: float  # of all songs together
    n_generated: int  # generated songs that were measured
    codec: tuple[CodecFigures, ...]  # index = level
    priors: tuple[PriorFigures, ...]  # index = level
    timing: TimingFigures | None  # needs lyrics with true times
    probe: ProbeFigures | None  # needs phones
    seams: tuple[SeamFigures, ...]  # of levels written in several windows; needs generated songs
    frechet: FrechetFigures | None  # needs four songs
    diversity: DiversityFigures | None  # needs two songs
    memorisation: MemorisationFigures | None  # needs codes of the training songs
    notes: tuple[str, ...]  # what was cut, skipped or unknown, in words
    machine: str  # where it was measured
    wall_seconds: float  # how long it took
    singing: SingingFigures | None = None  # needs judges, and songs with words

    def to_json(self) -> dict[str, Any]:
        """Turn into plain JSON types (for `json.dumps`).

        Lesson: notebooks/13_measure_it.ipynb
        """
        return {"format": FORMAT, **to_json_dict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """Rebuild from what `to_json` gave.

        Raises
        ------
        ConfigError
            If the data have another form.

        Lesson: notebooks/13_measure_it.ipynb
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            given = data.get("format") if isinstance(data, dict) else data
            raise ConfigError(must("format", given, f"{FORMAT}, as Report.to_json writes it"))
        return from_json_dict(cls, {k: v for k, v in data.items() if k != "format"})
