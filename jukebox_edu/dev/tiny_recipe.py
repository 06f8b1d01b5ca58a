"""What the bundled model is trained on and how: one recipe, and the folders of its stages.

What
    The songs of a `Repertoire`, the shape and settings of `training.presets.tiny`, and where each
    stage leaves its result. `train_tiny` runs the stages.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from jukebox_edu.config import ModelConfig
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.model.loading import model_folder
from jukebox_edu.songbook import TINY_1, Repertoire
from jukebox_edu.training import presets
from jukebox_edu.training.results import trained_vqvae
from jukebox_edu.training.settings import LoopSettings
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import state_files
from jukebox_edu.vqvae.model import VQVAE

SAVE_EVERY = 100  # steps; half a minute to a minute
LAST_STAGES = ("save", "measure", "words")  # done again in every round
RUNS = ("vqvae-2", "vqvae-1", "vqvae-0", "prior-2", "prior-1", "prior-0")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is trained, and where.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    out: Path  # folder of everything
    name: str  # of the model, e.g. "tiny-1"
    n_songs: int  # songs, a few of them held out to look at now and then
    n_held_out: int  # songs to measure on
    effort: float  # factor on all steps
    device: str = "cpu"  # where it is trained
    start: str = ""  # model of the same shape that goes on learning; "": from nothing
    compiled: bool = False  # priors are compiled first, see `training.compiled`
    repertoire: Repertoire = TINY_1  # what the songs are drawn from

    @property
    def artists(self) -> tuple[str, ...]:
        """Names of the label table, "unknown" first."""
        return ("unknown", *dict.fromkeys(self.repertoire.voices))

    @property
    def genres(self) -> tuple[str, ...]:
        """Names of the label table, "unknown" first."""
        return ("unknown", *dict.fromkeys(self.repertoire.styles))

    @property
    def config(self) -> ModelConfig:
        """The model's shape."""
        return presets.tiny(self.name, len(self.artists), len(self.genres))

    @property
    def source(self) -> SongbookSource:
        """The training songs, sung when they are asked for."""
        return SongbookSource(range(self.n_songs), repertoire=self.repertoire)

    @property
    def songs(self) -> Path:
        """The training songs, with their codes once there are any."""
        return self.out / "songs"

    @property
    def model(self) -> Path:
        """The finished model."""
        return self.out / self.name

    def settings(self, run: str) -> Any:
        """Settings of one run, by its name."""
        kind, level = run.split("-")
        if kind == "vqvae":
            settings: LoopSettings = presets.tiny_codec(int(level))
            if self.start:
                settings = dataclasses.replace(settings, learning_rate=settings.learning_rate / 2)
        else:
            prior = presets.tiny_prior(int(level))
            if self.start:  # it knows the words: now every code before counts, for the tune
                prior = dataclasses.replace(prior, learning_rate=prior.learning_rate / 3, hide=0.0)
            settings = dataclasses.replace(prior, compiled=self.compiled)
        steps = max(1, int((settings.steps or 1) * self.effort))
        return dataclasses.replace(settings, steps=steps, save_every=SAVE_EVERY)

    def finished(self, run: str) -> bool:
        """Whether a run has come to its end."""
        folder, steps = self.out / run, self.settings(run).steps
        states = state_files(folder) if folder.is_dir() else []
        return bool(states) and states[0].stem == f"state-{steps:08d}"


def rounds_before(start: str) -> list[dict[str, Any]]:
    """What the rounds before have cost, from the log of the model that goes on learning.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    log = model_folder(start) / "training.jsonl" if start else None
    if log is None or not log.is_file():
        return []
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if "stage" in row and row["stage"] not in LAST_STAGES]


def vocabularies(recipe: Recipe) -> LabelVocabularies:
    """Voices and styles of a recipe, "unknown" first.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    return LabelVocabularies(
        artists=Vocabulary.from_names(recipe.artists, "tiny", "artist"),
        genres=Vocabulary.from_names(recipe.genres, "tiny", "genre"),
    )


def codec_of(recipe: Recipe) -> VQVAE:
    """The codec, put together from its separately trained levels.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return trained_vqvae([recipe.out / f"vqvae-{level}" for level in range(3)])
