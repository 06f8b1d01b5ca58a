"""What makes a small prior sing the words? Train it without each aid, and measure.

    python -m jukebox_edu.dev.prior_ablations --songs runs/tiny/songs --out runs/prior-ablations

What
    The top prior of the bundled model is trained for a short while on songs that `train_tiny` has
    encoded, once as in its recipe and once for each change of `CHANGES`. What counts is not how
    well codes are predicted but whether the lyrics are used: what wrong lyrics cost on held-out
    songs, and how much attention lies on the word being sung.

    Windows begin with the song. One seed: small differences mean nothing. A run that was
    interrupted goes on when the same command is given again; about six minutes of one core each.
Paper: [Jukebox §4.2]; the aids are ours
Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jukebox_edu.config import PriorConfig, TransformerConfig
from jukebox_edu.dev.ablations import machine
from jukebox_edu.dev.tiny_recipe import Recipe, vocabularies
from jukebox_edu.evaluation.intervals import Estimate, estimate
from jukebox_edu.evaluation.windows import nats_per_code
from jukebox_edu.labels import Labels
from jukebox_edu.prior.prior import Prior
from jukebox_edu.prior.untold import without_lyrics
from jukebox_edu.sampling.storing import read_json, write_json
from jukebox_edu.training import presets
from jukebox_edu.training.codeset import CodedSong, batch_of, coded_songs
from jukebox_edu.training.prior_loop import PriorTraining, train_prior
from jukebox_edu.training.results import trained_prior
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import open_store


@dataclass(frozen=True)
class Setup:
    """A prior and how it is trained."""

    config: PriorConfig
    training: PriorTraining


def recipe_setup(steps: int, width: int) -> Setup:
    """As in the recipe of the bundled model, narrower and shorter."""
    config = presets.tiny("ablation", len(RECIPE.artists), len(RECIPE.genres)).priors[-1]
    stack = replace(config.transformer, width=width)
    training = replace(presets.tiny_prior(config.level), steps=steps, log_every=25)
    return Setup(replace(config, transformer=stack), training)


def trained_with(**changes: Any) -> Any:
    """The setup with other settings of the training."""
    return lambda s: replace(s, training=replace(s.training, **changes))


def causal(ahead: int) -> Any:
    """The setup with Jukebox's encoder: a Transformer whose states see what came before."""
    inner = TransformerConfig(width=128, depth=3, heads=4, attn_order=0, m_attn=1.0, m_mlp=2.0)

    def changed(s: Setup) -> Setup:
        lyrics = replace(s.config.lyrics, both_ways=False, ahead=ahead, encoder=inner)  # type: ignore[type-var]
        return replace(s, config=replace(s.config, lyrics=lyrics))

    return changed


def one_lyric_layer(s: Setup) -> Setup:
    """The setup whose last lyric layer looks at its own row instead."""
    aided = s.training.aided_layers
    patterns = list(Prior(s.config).music.transformer.patterns)
    patterns[aided[-1]] = 1
    stack = replace(s.config.transformer, attn_order=tuple(patterns))
    config = replace(s.config, transformer=stack)
    return Setup(config, replace(s.training, aided_layers=aided[:-1]))


RECIPE = Recipe(Path(), "ablation", 0, 0, 1.0)
CHANGES: dict[str, Any] = {
    "as in the recipe": lambda s: s,
    "Jukebox's lyric encoder": causal(1),
    "Jukebox's lyric encoder, read three letters late": causal(3),
    "no codes withheld": trained_with(hide=0.0),
    "one lyric layer": one_lyric_layer,
    "lyric states not asked for phones": trained_with(spelled=0.0),
    "no phone heads at all": trained_with(spelled=0.0, phone=0.0),
    "attention not guided": trained_with(guidance=0.0),
    "windows anywhere in the song": trained_with(from_start=0.0),
}


@dataclass(frozen=True)
class Measured:
    """What one prior makes of its lyrics, means over held-out songs; nats per code."""

    change: str
    nats: Estimate  # with the right lyrics
    wrong: Estimate  # more with those of another song
    missing: Estimate  # more without any
    wrong_at_changes: Estimate  # as `wrong`, where another phone begins
    mass: Estimate  # attention of the first lyric layer on the word being sung
    seconds: float  # of training


@torch.inference_mode()
def measure(change: str, prior: Prior, songs: Sequence[CodedSong], seconds: float) -> Measured:
    """Costs over the first windows of songs, one window each."""
    layer, rows = int(prior.config.alignment_layer or 0), []
    slots = prior.config.labels.max_genres  # type: ignore[union-attr]
    for i, song in enumerate(songs):
        batch = batch_of([(song, 0), (songs[(i + 1) % len(songs)], 0)], prior.config)
        codes, labels = batch.codes[:1], batch.labels
        own = Labels.from_vector(labels.to_vector()[:1], slots)  # type: ignore[union-attr]
        other = replace(own, lyric_tokens=labels.lyric_tokens[1:])  # type: ignore[union-attr]
        inside = min(codes.shape[1], song.n_samples // prior.config.hop_length)
        changes = batch.phones[0, 1:inside] != batch.phones[0, : inside - 1]  # type: ignore[index]
        right, wrong, missing = (
            torch.from_numpy(nats_per_code(prior, codes, None, told))[:inside]
            for told in (own, other, without_lyrics(own))
        )
        weights = prior.attention(codes, None, own, (layer,))[layer].weights[0, 0, :inside]
        sung = batch.sung[0, :inside]  # type: ignore[index]
        mass = (weights * sung).sum(-1)[sung.any(-1)]
        more = wrong - right
        values = (right, more, missing - right, more[1:][changes], mass)
        rows.append([float(value.mean()) for value in values])
    columns = (estimate(column.tolist()) for column in np.array(rows).T)
    nats, dearer, missed, at_changes, on_word = columns
    return Measured(change, nats, dearer, missed, at_changes, on_word, seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command."""
    parser = argparse.ArgumentParser(prog="prior_ablations", description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=Path, required=True, help="store with codes")
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--steps", type=int, default=800, help="of each training run")
    parser.add_argument("--width", type=int, default=160, help="of the prior")
    parser.add_argument("--changes", nargs="*", default=list(CHANGES), help="only these")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    results = given.out / "results.json"
    known: dict[str, Any] = read_json(results) if results.is_file() else {"changes": {}}
    store, names = open_store(given.songs), vocabularies(RECIPE)
    for change in given.changes:
        if change in known["changes"]:
            continue
        setup = CHANGES[change](recipe_setup(given.steps, given.width))
        songs, held_out = (
            coded_songs(store, [setup.config], names, split) for split in ("train", "held_out")
        )
        with seeded(setup.config.level):
            prior = Prior(setup.config)
        folder = given.out / change.replace(" ", "-").replace(",", "").replace("'", "")
        done = train_prior(prior, songs, setup.training, out=folder)
        prior = trained_prior(folder).prior.float().eval()
        measured = measure(change, prior, held_out[:48], done.seconds)
        known["changes"][change] = asdict(measured)
        known |= {"steps": given.steps, "width": given.width, "machine": machine()}
        write_json(results, known)
    return 0


if __name__ == "__main__":
    sys.exit(main())
