"""What a prior's training begins with: a codec, songs with its codes, and the prior itself.

What
    load_codec    the codec of a training run, or of a model
    with_codes    a store with the codes of that codec
    begin_prior   a new prior of a preset, for the names and durations of the songs
    begin_from    the prior of a model, with rows for the songs' new names (fine-tuning)
Paper: [Jukebox §4]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jukebox_edu.config import ModelConfig, PriorConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import LabelVocabularies
from jukebox_edu.model import Jukebox, load
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training.finetune import extend_prior, freeze_rest
from jukebox_edu.training.prepare import codec_digest, encode_store
from jukebox_edu.training.presets import Preset, for_songs
from jukebox_edu.training.results import Unfinished, song_names, spelled, trained_vqvae
from jukebox_edu.training.run import RUN_FILE
from jukebox_edu.training.state import seeded
from jukebox_edu.training.store import SongStore
from jukebox_edu.vqvae.model import VQVAE


def load_codec(names: list[str]) -> VQVAE:
    """The codec of some training runs, or of a model.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if len(names) > 1 or (Path(names[0]) / RUN_FILE).is_file():
        return trained_vqvae(names)
    return load(names[0], device="cpu").vqvae


def check_codec(config: PriorConfig, vqvae: VQVAE) -> None:
    """Refuse a prior whose codes are not those of a codec.

    Raises
    ------
    ConfigError
        Naming what differs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    hops = vqvae.hop_lengths
    of_codec = {
        "levels": f"below {vqvae.levels}" if config.level >= vqvae.levels else config.level,
        "sample_rate": vqvae.sample_rate,
        "codebook_size": vqvae.config.codebook_size,
        "hop_length": hops[config.level] if config.level < vqvae.levels else None,
    }
    of_prior = {"levels": config.level, "sample_rate": config.sample_rate,
                "codebook_size": config.codebook_size, "hop_length": config.hop_length}  # fmt: skip
    for key, value in of_codec.items():
        if of_prior[key] != value:
            advice = "Choose the preset that the codec was trained with."
            allowed = f"{value}, as in the codec"
            raise ConfigError(must(f"{key} of the preset", of_prior[key], allowed, advice))


def with_codes(
    store: SongStore, vqvae: VQVAE, preset: Preset | Jukebox, *, progress: bool = True
) -> SongStore:
    """The store with codes of this codec; they are made now if they are missing.

    Songs shorter than the longest window of the priors are filled up with silence.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    own = store.codec is not None and store.codec.endswith(f"-{codec_digest(vqvae)}")
    if own and all(song.has_codes for song in store.songs):
        return store
    if isinstance(preset, Jukebox):
        return encode_store(store.folder, preset, progress=progress)
    priors = tuple(prior for prior in preset.priors(1, 1) if prior is not None)
    shape = ModelConfig(preset.name, vqvae.config, priors) if len(priors) == vqvae.levels else None
    source: Any = vqvae if shape is None else Unfinished(vqvae, shape)
    return encode_store(store.folder, source, progress=progress)


@dataclass(frozen=True)
class Beginning:
    """What a prior's training begins with."""

    prior: Prior
    names: LabelVocabularies | None  # None: it takes no labels
    trained: Callable[[str], bool] | None = None  # which parameters move; None: all

    def notes(self) -> dict[str, list[Any]]:
        """The lists of names, for the folder of the run."""
        if self.names is None:
            return {}
        found: dict[str, list[Any]] = {}
        for kind, names in (("artist", self.names.artists), ("genre", self.names.genres)):
            found[f"{kind}s"] = list(names.names)
            if names.ids != tuple(range(len(names.ids))):
                found[f"{kind}_ids"] = list(names.ids)
        return found


def begin_prior(preset: Preset, store: SongStore, level: int, seed: int) -> Beginning:
    """A new prior for the songs of a store; its label tables have a row for every name.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    config, names = preset.prior(level, 1, 1), None
    if config.labels is not None:
        names = song_names(store.songs, config.labels.version)
        config = preset.prior(level, names.artists.n_ids, names.genres.n_ids)
        if preset.sized_by_names:
            seconds = [song.seconds for song in store.songs]
            config = for_songs(config, min(seconds), max(seconds))
    with seeded(seed * 100 + level + 1):
        return Beginning(Prior(config), names)


def begin_from(
    model: Jukebox, store: SongStore, level: int, *, what: str = "all", seed: int = 0
) -> Beginning:
    """A model's prior, to be trained further on the songs of a store.

    Parameters
    ----------
    model
        Stays as it is.
    store
        Its artists and genres get rows where the model does not know them.
    level
        0 = bottom.
    what
        Which weights move: "all", "top" or "labels", see `freeze_rest`.
    seed
        Of the noise in new rows.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    if not 0 <= level < model.levels:
        advice = f"{model.config.name} has {model.levels} levels."
        raise ConfigError(must("level", level, f"from 0 to {model.levels - 1}", advice))
    extended = extend_prior(
        model.priors[level],
        model.vocabularies[level],
        artists=spelled(song.artist for song in store.songs),
        genres=spelled(song.genre for song in store.songs),
        seed=seed,
    )
    return Beginning(extended.prior, extended.names, freeze_rest(extended, what))
