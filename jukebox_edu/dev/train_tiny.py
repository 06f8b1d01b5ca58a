"""Train the bundled model from nothing: `python -m jukebox_edu.dev.train_tiny --out runs/tiny`.

What
    songs      sing the training songs and the held-out songs
    vqvae-*    train each level of the codec (two at a time, one core each)
    codes-*    encode all songs (two halves at a time)
    prior-*    train each prior (two at a time), the upper two in two rounds
    measure    figures on held-out songs
    save       the model folder, with log and card

    Every stage leaves a file; a finished stage is not repeated when the command is given again.
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
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from jukebox_edu.config import ModelConfig
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.prior.prior import Prior
from jukebox_edu.songbook import STYLES, VOICES
from jukebox_edu.training import presets
from jukebox_edu.training.codeset import CodedSong, encode_songs, label_songs
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.songset import load_songset, render_songset, save_songset
from jukebox_edu.training.vqvae_loop import VQVAETraining, train_vqvae_level
from jukebox_edu.vqvae.model import VQVAE

HELD_OUT = 1_000_000  # first seed of the songs that are never trained on

# optimizer steps of each stage at --effort 1
VQVAE_STEPS = {2: 2600, 1: 1200, 0: 1300}
PRIOR_STEPS = 2000


def prior_training(level: int, again: bool) -> PriorTraining:
    """Settings of one round; the second one presses harder for the words.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if level < 2:
        return PriorTraining(PRIOR_STEPS, learning_rate=1e-3 if again else 1.5e-3, seed=int(again))
    if not again:
        return PriorTraining(PRIOR_STEPS, aided_layers=(3,))
    return PriorTraining(steps=2300, aided_layers=(3, 7), phone=1.0, hide=0.35, hide_span=8, seed=1)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is trained, and where."""

    out: Path  # folder of the run
    name: str  # of the model, e.g. "tiny-0"
    n_songs: int  # training songs
    n_held_out: int  # songs to measure on
    effort: float  # factor on all steps

    @property
    def config(self) -> ModelConfig:
        """The model's shape."""
        return presets.tiny(self.name, len(VOICES) + 1, len(STYLES) + 1)

    @property
    def log(self) -> Path:
        """Figures while training, JSON lines."""
        return self.out / "training.jsonl"

    def steps(self, table: dict[int, int], level: int) -> int:
        """Optimizer steps of one stage."""
        return max(1, int(table[level] * self.effort))


def vocabularies() -> LabelVocabularies:
    """Voices and styles of the songbook, "unknown" first.

    Lesson: notebooks/07_style_and_time.ipynb
    """
    return LabelVocabularies(
        artists=Vocabulary.from_names(["unknown", *VOICES], "tiny", "artist"),
        genres=Vocabulary.from_names(["unknown", *STYLES], "tiny", "genre"),
    )


def stage_songs(recipe: Recipe) -> None:
    """Sing."""
    config = recipe.config
    top = config.priors[-1]
    for part, seeds in (
        ("train", range(recipe.n_songs)),
        ("held_out", range(HELD_OUT, HELD_OUT + recipe.n_held_out)),
    ):
        songset = render_songset(
            seeds,
            sample_rate=config.vqvae.sample_rate,
            hop_length=top.hop_length,
            window=top.window_samples,
            min_seconds=top.labels.min_duration if top.labels else 0.0,
            max_seconds=24.0,
        )
        save_songset(songset, recipe.out / "songs" / part)


def stage_vqvae(recipe: Recipe, level: int) -> None:
    """Train one level of the codec."""
    torch.manual_seed(level)
    vqvae = VQVAE(recipe.config.vqvae)
    top = level == vqvae.levels - 1
    training = VQVAETraining(
        level=level, steps=recipe.steps(VQVAE_STEPS, level), phone=1.0 if top else 0.0
    )
    train_vqvae_level(vqvae, load_songset(recipe.out / "songs" / "train"), training, recipe.log)
    marks = (f"encoders.{level}.", f"decoders.{level}.", f"bottleneck.codebooks.{level}.")
    state = {k: v.contiguous() for k, v in vqvae.state_dict().items() if k.startswith(marks)}
    _save(state, recipe.out / f"vqvae-{level}.safetensors")


def trained_vqvae(recipe: Recipe) -> VQVAE:
    """The codec, put together from its separately trained levels.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    vqvae = VQVAE(recipe.config.vqvae)
    state: dict[str, torch.Tensor] = {}
    for level in range(vqvae.levels):
        state |= load_file(recipe.out / f"vqvae-{level}.safetensors")
    vqvae.load_state_dict(state)
    return vqvae.eval()


def stage_codes(recipe: Recipe, half: int) -> None:
    """Encode one half of all songs."""
    vqvae = trained_vqvae(recipe)
    arrays: dict[str, np.ndarray] = {}
    for part in ("train", "held_out"):
        songset = load_songset(recipe.out / "songs" / part)
        codes = encode_songs(vqvae, songset, songset.songs[half::2])
        arrays |= {f"{part}-{level}": tokens for level, tokens in enumerate(codes)}
    part_path = recipe.out / f"codes-{half}.part"
    with open(part_path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    os.replace(part_path, recipe.out / f"codes-{half}.npz")


def coded_songs(recipe: Recipe, part: str) -> list[CodedSong]:
    """Encoded songs of one part, with their labels.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    songset = load_songset(recipe.out / "songs" / part)
    songs: list[CodedSong] = []
    for half in (0, 1):
        with np.load(recipe.out / f"codes-{half}.npz", allow_pickle=False) as arrays:
            codes = [arrays[f"{part}-{level}"] for level in range(len(recipe.config.priors))]
        entries = songset.songs[half::2]
        songs += label_songs(songset, entries, codes, recipe.config.priors, vocabularies())
    return songs


def stage_prior(recipe: Recipe, level: int, again: bool = False) -> None:
    """Train one prior; a second round goes on from the first with settings of its own."""
    torch.manual_seed(100 + level)
    prior = trained_prior(recipe, level) if again else Prior(recipe.config.priors[level])
    training = prior_training(level, again)
    training = dataclasses.replace(training, steps=max(1, int(training.steps * recipe.effort)))
    train_prior(prior, coded_songs(recipe, "train"), training, recipe.log)
    state = {k: v.contiguous() for k, v in prior.state_dict().items()}
    _save(state, recipe.out / f"prior-{level}{'-again' if again else ''}.safetensors")


def trained_prior(recipe: Recipe, level: int) -> Prior:
    """One trained prior, after its last round.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    prior = Prior(recipe.config.priors[level])
    rounds = [recipe.out / f"prior-{level}{end}.safetensors" for end in ("-again", "")]
    prior.load_state_dict(load_file(next(path for path in rounds if path.exists())))
    return prior.eval()


def stage_measure(recipe: Recipe) -> None:
    """Figures on held-out songs."""
    from jukebox_edu.training.heldout import measure_codec, measure_prior, measure_times
    from jukebox_edu.training.probe import probe_phones

    held_out = load_songset(recipe.out / "songs" / "held_out")
    songs = coded_songs(recipe, "held_out")
    figures: dict[str, Any] = {"codec": measure_codec(trained_vqvae(recipe), held_out)}
    size = recipe.config.vqvae.codebook_size
    probe = probe_phones(coded_songs(recipe, "train")[:300], songs, size)
    figures["phones in the top codes"] = dataclasses.asdict(probe)
    for level in (2, 1, 0):
        figures[f"prior_{level}"] = measure_prior(trained_prior(recipe, level), songs)
    figures["alignment"] = measure_times(trained_prior(recipe, 2), songs)
    _write_json(figures, recipe.out / "figures.json")


def stage_save(recipe: Recipe) -> None:
    """The model folder, with log, figures and card."""
    from jukebox_edu.checkpoints import KnownNames, save_model
    from jukebox_edu.dev.model_card import write_card

    names = vocabularies()
    known = KnownNames(("unknown", *names.artists.listed), ("unknown", *names.genres.listed))
    folder = recipe.out / recipe.name
    priors = [trained_prior(recipe, level) for level in range(3)]
    vqvae = trained_vqvae(recipe)
    save_model(folder, recipe.config, vqvae, priors, known_names=known, dtype=torch.float16)
    for name in ("figures.json", "training.jsonl"):
        (folder / name).write_bytes((recipe.out / name).read_bytes())
    figures = json.loads((recipe.out / "figures.json").read_text(encoding="utf-8"))
    card = folder / "README.md"
    n_songs = len(load_songset(recipe.out / "songs" / "train").songs)
    write_card(card, recipe.config, figures, recipe.log, n_songs)


def _save(state: dict[str, torch.Tensor], path: Path) -> None:
    part = path.with_suffix(".part")
    save_file(state, part)
    os.replace(part, path)


def _write_json(data: Any, path: Path) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1), encoding="utf-8")
    os.replace(part, path)


STAGES = {
    "songs": (stage_songs, "songs/held_out/songs.json"),
    "vqvae-2": (lambda r: stage_vqvae(r, 2), "vqvae-2.safetensors"),
    "vqvae-1": (lambda r: stage_vqvae(r, 1), "vqvae-1.safetensors"),
    "vqvae-0": (lambda r: stage_vqvae(r, 0), "vqvae-0.safetensors"),
    "codes-0": (lambda r: stage_codes(r, 0), "codes-0.npz"),
    "codes-1": (lambda r: stage_codes(r, 1), "codes-1.npz"),
    "prior-2": (lambda r: stage_prior(r, 2), "prior-2.safetensors"),
    "prior-1": (lambda r: stage_prior(r, 1), "prior-1.safetensors"),
    "prior-0": (lambda r: stage_prior(r, 0), "prior-0.safetensors"),
    "prior-2-again": (lambda r: stage_prior(r, 2, again=True), "prior-2-again.safetensors"),
    "prior-1-again": (lambda r: stage_prior(r, 1, again=True), "prior-1-again.safetensors"),
    "measure": (stage_measure, "figures.json"),
    "save": (stage_save, None),
}
# rows run one after the other; the lists within a row run side by side
ORDER = (
    [["songs"]],
    [["vqvae-2"], ["vqvae-1", "vqvae-0"]],
    [["codes-0"], ["codes-1"]],
    [["prior-2", "prior-2-again"], ["prior-1", "prior-0", "prior-1-again"]],
    [["measure"]],
    [["save"]],
)


def run_stage(recipe: Recipe, stage: str) -> None:
    """Do one stage, unless its result is there already.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    work, result = STAGES[stage]
    if result is not None and (recipe.out / result).exists():
        return
    torch.set_num_threads(1)
    started = time.monotonic()
    work(recipe)
    row = {"stage": stage, "wall_seconds": round(time.monotonic() - started, 1)}
    with open(recipe.log, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    parser = argparse.ArgumentParser(prog="train_tiny", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--name", default="tiny-0", help="name of the model")
    parser.add_argument("--songs", type=int, default=2000, help="training songs")
    parser.add_argument("--held-out", type=int, default=48, help="songs to measure on")
    parser.add_argument("--effort", type=float, default=1.0, help="factor on all steps")
    parser.add_argument("--stages", nargs="*", choices=list(STAGES), help="only these, in order")
    given = parser.parse_args(arguments)
    recipe = Recipe(given.out, given.name, given.songs, given.held_out, given.effort)
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
        "--effort", str(given.effort),
    ]  # fmt: skip


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
