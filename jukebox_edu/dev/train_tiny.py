"""Train the bundled model from nothing: `python -m jukebox_edu.dev.train_tiny --out runs/tiny`.

What
    songs      sing the training songs
    vqvae-*    train each level of the codec (two at a time, one core each)
    codes      encode all songs (two at a time)
    prior-*    train each prior (two at a time), the upper two in two rounds
    save       the model folder
    measure    figures on held-out songs, log and card, in that folder

    A finished stage is not repeated when the command is given again, and a stage that was killed
    goes on from its last state, at most `SAVE_EVERY` steps back, with the same result.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from jukebox_edu.config import ModelConfig
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.prior.prior import Prior
from jukebox_edu.sampling.storing import write_json, write_whole
from jukebox_edu.songbook import STYLES, VOICES
from jukebox_edu.training import presets
from jukebox_edu.training.codeset import coded_songs
from jukebox_edu.training.prepare import encode_store, prepare
from jukebox_edu.training.prior_loop import train_prior
from jukebox_edu.training.results import Unfinished, trained_prior, trained_vqvae
from jukebox_edu.training.run import LOG_FILE, read_log
from jukebox_edu.training.settings import LoopSettings
from jukebox_edu.training.songbook_source import SongbookSource
from jukebox_edu.training.state import seeded, state_files
from jukebox_edu.training.store import open_store
from jukebox_edu.training.vqvae_loop import train_vqvae
from jukebox_edu.vqvae.model import VQVAE

SAVE_EVERY = 50  # steps; half a minute
RUNS = ("vqvae-2", "vqvae-1", "vqvae-0",
        "prior-2", "prior-1", "prior-0", "prior-2-again", "prior-1-again")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is trained, and where."""

    out: Path  # folder of everything
    name: str  # of the model, e.g. "tiny-0"
    n_songs: int  # training songs
    n_held_out: int  # songs to measure on
    effort: float  # factor on all steps
    device: str = "cpu"  # where it is trained

    @property
    def config(self) -> ModelConfig:
        """The model's shape."""
        return presets.tiny(self.name, len(VOICES) + 1, len(STYLES) + 1)

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
        kind, level, *again = run.split("-")
        if kind == "vqvae":
            settings: LoopSettings = presets.tiny_codec(int(level))
        else:
            settings = presets.tiny_prior(int(level), bool(again))
        steps = max(1, int((settings.steps or 1) * self.effort))
        return dataclasses.replace(settings, steps=steps, save_every=SAVE_EVERY)

    def finished(self, run: str) -> bool:
        """Whether a run has come to its end."""
        folder, steps = self.out / run, self.settings(run).steps
        states = state_files(folder) if folder.is_dir() else []
        return bool(states) and states[0].stem == f"state-{steps:08d}"


def vocabularies() -> LabelVocabularies:
    """Voices and styles of the songbook, "unknown" first.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    return LabelVocabularies(
        artists=Vocabulary.from_names(["unknown", *VOICES], "tiny", "artist"),
        genres=Vocabulary.from_names(["unknown", *STYLES], "tiny", "genre"),
    )


def stage_songs(recipe: Recipe) -> None:
    """Sing; songs to measure on are other seeds, sung when they are needed."""
    codec = recipe.config.vqvae
    prepare(
        SongbookSource(range(recipe.n_songs)),
        recipe.songs,
        sample_rate=codec.sample_rate,
        hop_length=codec.hop_lengths[-1],
        held_out=0.0,
        workers=2,
    )
    write_json(recipe.out / "songs.done", {"songs": recipe.n_songs})


def stage_vqvae(recipe: Recipe, level: int) -> None:
    """Train one level of the codec."""
    run = f"vqvae-{level}"
    with seeded(level):
        vqvae = VQVAE(recipe.config.vqvae)
    songs = open_store(recipe.songs).train
    train_vqvae(vqvae, songs, recipe.settings(run), out=recipe.out / run, device=recipe.device)


def codec_of(recipe: Recipe) -> VQVAE:
    """The codec, put together from its separately trained levels.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    return trained_vqvae([recipe.out / f"vqvae-{level}" for level in range(3)])


def stage_codes(recipe: Recipe) -> None:
    """Encode all songs; short ones are filled up to a whole window with silence."""
    unfinished: Any = Unfinished(codec_of(recipe), recipe.config)
    store = encode_store(recipe.songs, unfinished, workers=2)
    write_json(recipe.out / "codes.done", {"codec": store.codec})


def stage_prior(recipe: Recipe, level: int, again: bool = False) -> None:
    """Train one prior; a second round goes on from the first with settings of its own."""
    run, first = f"prior-{level}{'-again' if again else ''}", f"prior-{level}"
    with seeded(100 + level):
        prior = Prior(recipe.config.priors[level])
    if again:
        prior = trained_prior(recipe.out / first).prior
    names, store = vocabularies(), open_store(recipe.songs)
    lists = {"artists": list(names.artists.names), "genres": list(names.genres.names)}
    train_prior(
        prior,
        coded_songs(store, [recipe.config.priors[level]], names),
        recipe.settings(run),
        out=recipe.out / run,
        device=recipe.device,
        notes={**lists, "codec": store.codec, "start": first if again else ""},
    )


def last_run(recipe: Recipe, level: int) -> Path:
    """The run of a prior's last round.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    again = f"prior-{level}-again"
    return recipe.out / (again if again in RUNS else f"prior-{level}")


def stage_save(recipe: Recipe) -> None:
    """The model folder."""
    from jukebox_edu.checkpoints import KnownNames, save_model

    names = vocabularies()
    known = KnownNames(names.artists.names, names.genres.names)
    priors = [trained_prior(last_run(recipe, level)).prior for level in range(3)]
    save_model(
        recipe.model,
        recipe.config,
        codec_of(recipe),
        priors,
        known_names=known,
        dtype=torch.float16,
    )


def stage_measure(recipe: Recipe) -> None:
    """Figures on songs that were never trained on, with log and card, in the model folder."""
    from jukebox_edu.dev.model_card import write_card
    from jukebox_edu.evaluation import evaluate, from_songbook
    from jukebox_edu.model import load

    model = load(recipe.model, device="cpu")
    songs = from_songbook(model, recipe.n_held_out)
    report = evaluate(model, songs, source=f"{recipe.n_held_out} songs of the songbook")
    logs = [recipe.out / run / LOG_FILE for run in RUNS] + [recipe.out / "stages.jsonl"]
    joined = b"".join(path.read_bytes() for path in logs)
    write_whole(recipe.model / "training.jsonl", lambda file: file.write(joined))
    n_songs = len(open_store(recipe.songs).train)
    write_card(
        recipe.model / "README.md", recipe.config, report, recipe.model / "training.jsonl", n_songs
    )
    write_json(recipe.model / "figures.json", report.to_json())


STAGES: dict[str, Callable[[Recipe], None]] = {
    "songs": stage_songs,
    "vqvae-2": lambda r: stage_vqvae(r, 2),
    "vqvae-1": lambda r: stage_vqvae(r, 1),
    "vqvae-0": lambda r: stage_vqvae(r, 0),
    "codes": stage_codes,
    "prior-2": lambda r: stage_prior(r, 2),
    "prior-1": lambda r: stage_prior(r, 1),
    "prior-0": lambda r: stage_prior(r, 0),
    "prior-2-again": lambda r: stage_prior(r, 2, again=True),
    "prior-1-again": lambda r: stage_prior(r, 1, again=True),
    "save": stage_save,
    "measure": stage_measure,
}
# rows run one after the other; the lists within a row run side by side
ORDER = (
    [["songs"]],
    [["vqvae-2"], ["vqvae-1", "vqvae-0"]],
    [["codes"]],
    [["prior-2", "prior-2-again"], ["prior-1", "prior-0", "prior-1-again"]],
    [["save", "measure"]],
)


def is_done(recipe: Recipe, stage: str) -> bool:
    """Whether a stage has left its result.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    files = {"save": recipe.model / "config.json", "measure": recipe.model / "figures.json"}
    files |= {name: recipe.out / f"{name}.done" for name in ("songs", "codes")}
    return recipe.finished(stage) if stage in RUNS else files[stage].exists()


def run_stage(recipe: Recipe, stage: str) -> None:
    """Do one stage, unless its result is there already.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if is_done(recipe, stage):
        return
    torch.set_num_threads(1)
    started = time.monotonic()
    STAGES[stage](recipe)
    seconds = time.monotonic() - started
    if stage in RUNS:  # counts the time before interruptions too
        seconds = read_log(recipe.out / stage)[-1]["seconds"]
    row = {"stage": stage, "wall_seconds": round(seconds, 1)}
    with open(recipe.out / "stages.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    parser = argparse.ArgumentParser(prog="train_tiny", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--name", default="tiny-new", help="name of the model")
    parser.add_argument("--songs", type=int, default=2000, help="training songs")
    parser.add_argument("--held-out", type=int, default=48, help="songs to measure on")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on all steps")
    parser.add_argument("--device", default="cpu", help="where to train: cpu, cuda")
    parser.add_argument("--stages", nargs="*", choices=list(STAGES), help="only these, in order")
    given = parser.parse_args(arguments)
    recipe = Recipe(given.out, given.name, given.songs, given.held_out, given.effort, given.device)
    recipe.out.mkdir(parents=True, exist_ok=True)
    if given.stages:
        for stage in given.stages:
            run_stage(recipe, stage)
        return 0
    for row in ORDER:
        calls = [_command(given) + ["--stages", *stages] for stages in row]
        running = [subprocess.Popen(call, env=_one_thread()) for call in calls]
        if any([process.wait() for process in running]):
            return 1
    return 0


def _command(given: argparse.Namespace) -> list[str]:
    return [
        sys.executable, "-m", "jukebox_edu.dev.train_tiny", "--out", str(given.out),
        "--name", given.name, "--songs", str(given.songs), "--held-out", str(given.held_out),
        "--effort", str(given.effort), "--device", given.device,
    ]  # fmt: skip


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
