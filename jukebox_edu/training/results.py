"""Models out of the folders of finished (or stopped) training runs.

What
    A run keeps the weights themselves and, where it makes one, their average; a model takes the
    average. A codec may come from several runs that trained one level each.
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from jukebox_edu.checkpoints import KnownNames
from jukebox_edu.config import ModelConfig, PriorConfig, VQVAEConfig, from_json_dict
from jukebox_edu.errors import ConfigError, RunError, must
from jukebox_edu.labels import LabelVocabularies, Vocabulary, normalize
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training.run import read_about
from jukebox_edu.training.state import newest_state
from jukebox_edu.training.store import StoredSong
from jukebox_edu.vqvae.model import VQVAE


@dataclass(frozen=True)
class TrainedPrior:
    """A prior out of its run.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    prior: Prior
    names: KnownNames  # that its label tables stand for
    codec: str  # name and digest of the codec whose codes it learned; "" = unknown
    base: str = ""  # fingerprint of the model whose prior was trained further; "" = a new prior


@dataclass(frozen=True)
class Unfinished:
    """A codec on its way to a model: what encoding songs for future priors needs.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    vqvae: VQVAE
    config: ModelConfig  # the windows of its priors are what songs are filled up to


def _opened(folder: str | Path, kind: str) -> dict[str, Any]:
    about = read_about(folder)
    if about.get("kind") != kind:
        advice = "Give the folder of another run."
        raise ConfigError(must(f"{kind} run", str(folder), f"a run that trains a {kind}", advice))
    return about


def trained_weights(folder: str | Path) -> dict[str, Tensor]:
    """Weights of the newest state of a run, averaged where the run averages.

    Raises
    ------
    RunError
        If no state has been saved yet.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    state = newest_state(Path(folder))
    if state is None:
        raise RunError(f"{folder} has no state yet: the run ended before it saved one.")
    found = {}
    for name, tensor in state.tensors.items():
        if name.startswith("model."):
            found[name.removeprefix("model.")] = state.tensors.get(f"average.{name}", tensor)
    return found


def trained_vqvae(folders: Sequence[str | Path]) -> VQVAE:
    """The codec of one run, or put together from runs that trained a level each.

    Its weights are rounded to half precision, in which a model folder keeps them: codes made now
    are those that the saved model will make.

    Raises
    ------
    ConfigError
        If the runs do not belong together or a level is missing.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    abouts = [_opened(folder, "vqvae") for folder in folders]
    configs = [from_json_dict(VQVAEConfig, about["model"]) for about in abouts]
    if not configs or any(config != configs[0] for config in configs):
        given = [str(folder) for folder in folders]
        raise ConfigError(must("runs", given, "runs of codecs of the same shape"))
    vqvae, state = VQVAE(configs[0]), {}
    for folder, about in zip(folders, abouts, strict=True):
        level, weights = about["settings"]["level"], trained_weights(folder)
        for name in vqvae.state_dict():
            if level in (None, _level_of(name)):
                state[name] = weights[name].half().float()
    missing = sorted({_level_of(name) for name in set(vqvae.state_dict()) - set(state)})
    if missing:
        trained = [about["settings"]["level"] for about in abouts]
        advice = f"Train level {missing[0]} as well, and give its run too."
        raise ConfigError(must("levels", trained, "all levels of the codec", advice))
    vqvae.load_state_dict(state)
    return vqvae.eval()


def _level_of(name: str) -> int:
    """Level of a codec's tensor: the first number in its name."""
    return next(int(part) for part in name.split(".") if part.isdigit())


def trained_prior(folder: str | Path) -> TrainedPrior:
    """The prior of a run.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    about = _opened(folder, "prior")
    prior = Prior(from_json_dict(PriorConfig, about["model"]))
    weights = trained_weights(folder)
    prior.load_state_dict({name: weights[_first_name(prior, name)] for name in prior.state_dict()})
    notes = about["notes"]
    names = KnownNames(
        tuple(notes.get("artists", ())),
        tuple(notes.get("genres", ())),
        tuple(notes.get("artist_ids", ())),
        tuple(notes.get("genre_ids", ())),
    )
    return TrainedPrior(prior.eval(), names, notes.get("codec", ""), notes.get("base", ""))


def _first_name(prior: Prior, name: str) -> str:
    """The name under which a tensor that has two is stored (the head may share the embedding)."""
    tensors = prior.state_dict(keep_vars=True)
    return next(other for other, tensor in tensors.items() if tensor is tensors[name])


def spelled(names: Iterable[str]) -> list[str]:
    """Names in the order of the alphabet, the usual spelling of each before its others.

    Lesson: notebooks/07_style_and_time.ipynb

    >>> spelled(["ADA", "Ada", "zoe", "Bo"])
    ['Ada', 'ADA', 'Bo', 'zoe']
    """
    counts = Counter(names)
    one_case = {name: name.isupper() or name.islower() for name in counts}
    return sorted(counts, key=lambda n: (n.casefold(), -counts[n], one_case[n], n))


def song_names(songs: Sequence[StoredSong], version: str) -> LabelVocabularies:
    """Lists of all artists and genres of some songs, "unknown" first, the others sorted.

    Parameters
    ----------
    songs
        Of a store.
    version
        Rules of comparison: "v2", "v3" or "tiny".

    Lesson: notebooks/07_style_and_time.ipynb
    """
    lists = []
    for kind, given in (
        ("artist", [song.artist for song in songs]),
        ("genre", [song.genre for song in songs]),
    ):
        if version == "v2" and kind == "genre":  # a bag of words
            given = [word for name in given for word in normalize(name, version).split("_")]
        found: dict[str, str] = {}
        for name in spelled(given):
            shown = name.strip() if version == "tiny" else normalize(name, version)
            if normalize(name, version) not in ("", "unknown"):
                found.setdefault(normalize(name, version), shown)
        lists.append(Vocabulary.from_names(["unknown", *found.values()], version, kind))
    return LabelVocabularies(*lists)
