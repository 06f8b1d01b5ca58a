"""Fine-tuning: a trained model learns new songs, and new artists and genres, safely.

What
    extend_model     rows for new names in the label tables of every level; what was there stays
    freeze_rest      which weights move: "all", "top" or "labels"
    finetune_training   settings for a short run

    The codec is never trained: codes of songs stay valid, and a codec costs more songs to learn
    than most people have. Old names keep their rows and ids, bit for bit, so before training an
    extended model gives the same logits for them. A new row begins as the mean of the known ones
    (a voice of no one in particular) with a little noise, or as the row of "unknown".
Shapes
    label tables (names, width)
Paper: [Jukebox §4.1]
Lesson: notebooks/12_teach_it_your_music.ipynb
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jukebox_edu.config import LabelConfig, PriorConfig
from jukebox_edu.errors import ConfigError, must
from jukebox_edu.labels import LabelVocabularies, Vocabulary
from jukebox_edu.labels.names import strip_hidden
from jukebox_edu.model import Jukebox
from jukebox_edu.prior.prior import Prior
from jukebox_edu.training.prior_loop import PriorTraining
from jukebox_edu.training.settings import require

TRAINED = ("all", "top", "labels")  # what a fine-tuning run may move
BEGINNINGS = ("mean", "unknown")  # how a new row begins
NOISE = 0.1  # of new rows, as a share of the spread of known rows
TOP_SHARE = 4  # "top" trains one layer in so many, the last ones
LABEL_TABLES = ("label_conditioner.artist.weight", "label_conditioner.genre.weight")
OWN_SONGS = "fine-tuned on songs whose licences are for the one who trained it to mind"


@dataclass(frozen=True)
class ExtendedPrior:
    """A prior with rows for new names.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """

    prior: Prior
    names: LabelVocabularies | None  # old names first; None: it takes no labels
    old_artists: int  # rows that were there before
    old_genres: int


# ---- new names ---------------------------------------------------------------------------------


def unlisted(vocabulary: Vocabulary, names: Iterable[str]) -> tuple[str, ...]:
    """Names that a list lacks, each once, in the order given.

    What the list's rules take for the same name (upper and lower case, say) is one name; a genre
    of version v2 is taken apart into words. "" and "unknown" are nobody's name.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    found: dict[str, str] = {}
    for name in names:
        for key in vocabulary.match(name).unknown:
            shown = strip_hidden(name).strip() if vocabulary.version == "tiny" else key
            found.setdefault(key, " ".join(shown.split()))
    return tuple(found.values())


def longer_list(vocabulary: Vocabulary, names: Sequence[str], rows: int) -> Vocabulary:
    """The list with new names, whose ids follow the `rows` of the table that there is.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    new = unlisted(vocabulary, names)
    ids = (*vocabulary.ids, *range(rows, rows + len(new)))
    return Vocabulary((*vocabulary.names, *new), ids, vocabulary.version, vocabulary.kind)


def extend_prior(
    prior: Prior,
    names: LabelVocabularies | None,
    *,
    artists: Sequence[str] = (),
    genres: Sequence[str] = (),
    seed: int = 0,
    begin: str = "mean",
) -> ExtendedPrior:
    """A copy of a prior with a row for every new name; names that it knows change nothing.

    Parameters
    ----------
    prior, names
        The prior, and the lists that its tables stand for.
    artists, genres
        Names that it should know.
    seed
        Of the noise in new rows.
    begin
        "mean" of the known rows, or the row of "unknown".

    Raises
    ------
    ConfigError
        If `begin` is neither.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    require(begin in BEGINNINGS, "begin", begin, f"one of {BEGINNINGS}")
    labels, prior = prior.config.labels, copy.deepcopy(prior)
    conditioner = prior.label_conditioner
    if labels is None or names is None or conditioner is None:
        return ExtendedPrior(prior, None, 0, 0)
    longer = LabelVocabularies(
        longer_list(names.artists, artists, labels.n_artists),
        longer_list(names.genres, genres, labels.n_genres),
    )
    generator = torch.Generator().manual_seed(1000 * seed + prior.config.level)
    for table, old, new in (
        (conditioner.artist, names.artists, longer.artists),
        (conditioner.genre, names.genres, longer.genres),
    ):
        n_new = len(new.names) - len(old.names)
        _lengthen(table, n_new, sorted(set(old.ids) - {0}), begin, generator)
    _resize(prior, labels, conditioner.artist.num_embeddings, conditioner.genre.num_embeddings)
    return ExtendedPrior(prior, longer, labels.n_artists, labels.n_genres)


def _lengthen(
    table: nn.Embedding, n_new: int, known: list[int], begin: str, generator: torch.Generator
) -> None:
    """Add rows to a table in place."""
    if not n_new:
        return
    old = table.weight.detach()
    rows = old[known].float() if known else old[:1].float()  # (known, width)
    base = old[0].float() if begin == "unknown" else rows.mean(0)
    spread = float(rows.std(0).mean()) if len(rows) > 1 else float(rows.std())
    noise = torch.randn((n_new, old.shape[1]), generator=generator) * (NOISE * spread)
    new = base + noise.to(old.device)  # (n_new, width)
    grown = torch.cat([old, new.to(old.dtype)])  # (rows + n_new, width)
    table.weight = nn.Parameter(grown, requires_grad=table.weight.requires_grad)
    table.num_embeddings = len(grown)


def _resize(prior: Prior, labels: LabelConfig, n_artists: int, n_genres: int) -> None:
    """Let a prior's configuration say how long its tables are."""
    longer = dataclasses.replace(labels, n_artists=n_artists, n_genres=n_genres)
    prior.config = dataclasses.replace(prior.config, labels=longer)
    if prior.label_conditioner is not None:
        prior.label_conditioner.config = longer


def extend_model(
    model: Jukebox,
    *,
    artists: Sequence[str] = (),
    genres: Sequence[str] = (),
    seed: int = 0,
    begin: str = "mean",
    name: str | None = None,
) -> Jukebox:
    """A model that knows more names, at every level; the codec is shared, the priors are copies.

    Parameters
    ----------
    model
        Stays as it is.
    artists, genres, seed, begin
        As for `extend_prior`.
    name
        Of the new model; None: that of the old one.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    extended = [
        extend_prior(prior, names, artists=artists, genres=genres, seed=seed, begin=begin)
        for prior, names in zip(model.priors, model.vocabularies, strict=True)
    ]
    priors = [one.prior for one in extended]
    config = dataclasses.replace(
        model.config,
        name=name or model.config.name,
        priors=tuple(prior.config for prior in priors),
    )
    return Jukebox(config, model.vqvae, priors, [one.names for one in extended])


# ---- what moves --------------------------------------------------------------------------------


def freeze_rest(extended: ExtendedPrior, what: str = "all") -> Callable[[str], bool]:
    """Make a part of a prior trainable, and nothing else.

    Parameters
    ----------
    extended
        Its prior is changed in place.
    what
        "all" weights; the rows of new names and the "top" quarter of the layers; or the rows of
        new names ("labels") alone. In the last two cases old rows stay, bit for bit.

    Returns
    -------
    Which parameters move, by the names of a training loop: the `trained` of `train_prior`.

    Raises
    ------
    ConfigError
        If nothing would move.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    require(what in TRAINED, "train", what, f"one of {', '.join(TRAINED)}")
    prior, moving = extended.prior, _moving(extended, what)
    advice = "Give songs of artists or genres that the model does not know, or train more."
    require(bool(moving), "train", what, "something that moves: there are no new names", advice)
    for name, parameter in prior.named_parameters():
        parameter.requires_grad_(name in moving)
    if what != "all" and prior.label_conditioner is not None:
        for table, n_old in (
            (prior.label_conditioner.artist, extended.old_artists),
            (prior.label_conditioner.genre, extended.old_genres),
        ):
            if table.weight.requires_grad:
                table.weight.register_hook(_only_below(n_old))
    return lambda name: not name.startswith("model.") or name.removeprefix("model.") in moving


def _moving(extended: ExtendedPrior, what: str) -> set[str]:
    """Names of the parameters that move."""
    prior = extended.prior
    names = {name for name, _ in prior.named_parameters()}
    if what == "all":
        return names
    found = set()
    labels = prior.config.labels
    if labels is not None:
        grown = (labels.n_artists > extended.old_artists, labels.n_genres > extended.old_genres)
        found = {name for name, more in zip(LABEL_TABLES, grown, strict=True) if more}
    if what == "top":
        depth = prior.config.transformer.depth
        for layer in range(depth - max(1, depth // TOP_SHARE), depth):
            marks = f"music.transformer.layers.{layer}."
            found |= {name for name in names if name.startswith(marks)}
    return found


def _only_below(n_old: int) -> Callable[[Tensor], Tensor]:
    """A gradient hook that leaves the first rows of a table alone."""

    def masked(gradient: Tensor) -> Tensor:
        gradient = gradient.clone()
        gradient[:n_old] = 0
        return gradient

    return masked


def finetune_training(config: PriorConfig, what: str = "all") -> PriorTraining:
    """Settings of a short run: a lower rate than from scratch, and no decay of what should stay.

    Lesson: notebooks/12_teach_it_your_music.ipynb
    """
    reads = config.lyrics is not None and config.lyrics.encoder is not None
    aided = (config.alignment_layer,) if reads and config.alignment_layer is not None else ()
    return PriorTraining(
        300,
        batch=4,
        learning_rate=1e-2 if what == "labels" else 3e-4,
        warmup=20,
        hide=0.1,
        aided_layers=aided,
        phone=0.0,  # nobody knows the phones of real songs
        weight_decay=0.01 if what == "all" else 0.0,
    )


def checked_training(training: PriorTraining, what: str) -> PriorTraining:
    """Refuse settings that would move rows that should stay."""
    for name in ("weight_decay", "average") if what != "all" else ():
        value = getattr(training, name)
        if value:
            raise ConfigError(must(name, value, f"0 when only {what!r} is trained"))
    return training


def licence_of(base: str) -> str:
    """Licence text of a model that was fine-tuned from one with another.

    Lesson: notebooks/15_whose_music.ipynb
    """
    if OWN_SONGS in base:
        return base
    return f"{base}; {OWN_SONGS}" if base else OWN_SONGS
