"""Fine-tuning: what was known stays, what is new is added, and the codec does not move."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from jukebox_edu.checkpoints import load_known_names
from jukebox_edu.errors import ConfigError
from jukebox_edu.labels import LabelVocabularies, SongLabels, Vocabulary
from jukebox_edu.model import load
from jukebox_edu.training.assembling import finetuned, names_of
from jukebox_edu.training.codeset import CodedSong
from jukebox_edu.training.finetune import (
    OWN_SONGS,
    checked_training,
    extend_model,
    extend_prior,
    finetune_training,
    freeze_rest,
    licence_of,
    longer_list,
    unlisted,
)
from jukebox_edu.training.prior_loop import train_prior
from jukebox_edu.training.results import trained_prior
from jukebox_edu.training.store_plan import codec_digest

sys.path.insert(0, str(Path(__file__).parent.parent / "sampling"))
from tiny_models import tiny_model  # noqa: E402

NEW = {"artists": ["Zoë", "ada", "Dan", "DAN"], "genres": ["Polka"]}


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def longer(model):
    return extend_model(model, name="longer", **NEW)


def songs_of(model, level, artist="Zoë", genre="Polka"):
    """Two songs of random codes with labels for one level."""
    random, found = np.random.default_rng(0), []
    prior = model.config.priors[level]
    for number in range(2):
        labels = SongLabels.create(
            lyrics="la li lu", artist=artist, genre=genre, total_length=3200,
            priors=[prior], vocabularies=[model.vocabularies[level]],
        )  # fmt: skip
        levels = tuple(labels.levels[0] if k == level else None for k in range(3))
        codes = tuple(
            random.integers(0, 32, 3200 // hop).astype(np.int16) for hop in model.hop_lengths
        )
        labels = dataclasses.replace(labels, levels=levels)
        found.append(CodedSong(codes, labels, "la li lu", None, None, f"song {number}"))
    return found


def logits(model, level, artist, genre):
    """Logits of a window, told of an artist and a genre."""
    prior = model.priors[level]
    labels = songs_of(model, level, artist, genre)[0].labels.window(0, level)
    codes = torch.arange(prior.config.n_ctx)[None] % 32
    upper = codes[:, ::2] if prior.config.conditioner else None
    with torch.no_grad():
        return prior.logits(codes, upper, labels)


def short(level, what, **more):
    """Three steps of training."""
    settings = finetune_training(model_config(level), what)
    changed = {"steps": 3, "batch": 2, "precision": "float32", "warmup": 1, "aided_layers": ()}
    return dataclasses.replace(settings, **{**changed, **more})


def model_config(level):
    return tiny_model().config.priors[level]


# ---- new rows ----------------------------------------------------------------------------------


def test_old_rows_and_ids_stay_and_new_ones_follow(model, longer):
    assert longer.artists() == ("Ada", "Ben", "Céline", "Zoë", "Dan")
    assert longer.genres() == ("waltz", "blues", "Polka")
    for before, after in zip(model.priors, longer.priors, strict=True):
        old, new = (p.label_conditioner.artist.weight for p in (before, after))
        assert new.shape == (len(old) + 2, old.shape[1])
        assert torch.equal(new[: len(old)], old)
        assert after.config.labels.n_artists == 6 and after.config.labels.n_genres == 4
    assert model.priors[2].config.labels.n_artists == 4  # the model given is as it was


@pytest.mark.parametrize("level", [0, 1, 2])
def test_logits_for_old_names_are_the_same(model, longer, level):
    for artist, genre in (("Ada", "waltz"), ("Céline", "blues"), ("unknown", "unknown")):
        assert torch.equal(
            logits(model, level, artist, genre), logits(longer, level, artist, genre)
        )
    assert not torch.equal(
        logits(longer, level, "Zoë", "waltz"), logits(longer, level, "Dan", "waltz")
    )


def test_new_rows_begin_near_the_mean_of_known_rows_or_at_unknown(model):
    prior, lists = model.priors[2], model.vocabularies[2]
    old = prior.label_conditioner.artist.weight.detach()
    spread = float(old[1:].std(0).mean())
    new = extend_prior(
        prior, lists, artists=["Zoë"], seed=3
    ).prior.label_conditioner.artist.requires_grad_(False)
    distance = (new.weight[4] - old[1:].mean(0)).abs().max()
    assert 0 < distance < 0.5 * spread
    again = extend_prior(
        prior, lists, artists=["Zoë"], seed=3
    ).prior.label_conditioner.artist.requires_grad_(False)
    assert torch.equal(new.weight, again.weight)
    other = extend_prior(
        prior, lists, artists=["Zoë"], begin="unknown"
    ).prior.label_conditioner.requires_grad_(False)
    assert (other.artist.weight[4] - old[0]).abs().max() < 0.5 * spread
    with pytest.raises(ConfigError, match="begin='zero': must be one of"):
        extend_prior(prior, lists, artists=["Zoë"], begin="zero")


def test_names_that_are_the_same_share_a_row():
    tiny = Vocabulary.from_names(["unknown", "Ada"], "tiny", "artist")
    assert unlisted(tiny, ["ADA", " ada\u200b", "", "Unknown", "Bo", "bo "]) == ("Bo",)
    bag = Vocabulary.from_names(["unknown", "blues"], "v2", "genre")
    assert unlisted(bag, ["Blues Rock", "ROCK!"]) == ("rock",)
    v3 = Vocabulary.from_names(["unknown", "hip-hop"], "v3", "genre")
    assert unlisted(v3, ["Hip-Hop", "Free Jazz"]) == ("free jazz",)


def test_ids_follow_the_rows_of_the_table_not_the_list():
    shared = Vocabulary(("unknown", "the beatles", "beatles"), (0, 1, 1), "v3", "artist")
    longer = longer_list(shared, ["Ada"], rows=5)  # the table has rows that no name stands for
    assert longer.ids == (0, 1, 1, 5) and longer.ids_of("ADA") == (5,)
    names = names_of(LabelVocabularies(longer, Vocabulary.from_names(["unknown"], "v3", "genre")))
    assert names.artist_ids == (0, 1, 1, 5) and names.genre_ids == ()


# ---- training ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "level"), [("labels", 2), ("top", 2), ("labels", 0)])
def test_old_rows_do_not_move_unless_all_is_trained(model, what, level):
    extended = extend_prior(model.priors[level], model.vocabularies[level], **NEW)
    before = {name: p.detach().clone() for name, p in extended.prior.named_parameters()}
    trained = freeze_rest(extended, what)
    songs = songs_of(extend_model(model, **NEW), level)
    train_prior(extended.prior, songs, short(level, what), trained=trained, progress=False)
    after = dict(extended.prior.named_parameters())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    artist = "label_conditioner.artist.weight"
    assert {artist, "label_conditioner.genre.weight"} <= moved
    assert torch.equal(before[artist][:4], after[artist][:4])
    assert not torch.equal(before[artist][4], after[artist][4])  # Zoë sings in these songs
    layers = {name for name in moved if "layers" in name}
    others = moved - layers - {artist, "label_conditioner.genre.weight"}
    assert not others
    assert bool(layers) == (what == "top")
    assert all(name.startswith("music.transformer.layers.1.") for name in layers)


def test_training_all_of_a_loaded_model_moves_all_of_it(model, tmp_path):
    folder = tmp_path / "base"
    saved = extend_model(model)
    finetuned_parts(saved).save(folder, torch.float32)
    loaded = load(folder, device="cpu")
    assert not any(p.requires_grad for p in loaded.priors[2].parameters())
    extended = extend_prior(loaded.priors[2], loaded.vocabularies[2], **NEW)
    before = {name: p.detach().clone() for name, p in extended.prior.named_parameters()}
    songs = songs_of(extend_model(model, **NEW), 2)
    trained = freeze_rest(extended, "all")
    train_prior(extended.prior, songs, short(2, "all"), trained=trained, progress=False)
    still = [n for n, p in extended.prior.named_parameters() if torch.equal(p, before[n])]
    assert not still
    assert not any(p.requires_grad for p in loaded.priors[2].parameters())


def finetuned_parts(model):
    """A model as it is, ready to be saved."""
    from jukebox_edu.training.assembling import Assembled

    names = tuple(names_of(lists) for lists in model.vocabularies)
    return Assembled(model.config, model.vqvae, tuple(model.priors), names)


def test_labels_need_new_names(model):
    extended = extend_prior(model.priors[2], model.vocabularies[2], artists=["Ada"])
    with pytest.raises(ConfigError, match="train='labels': must be something that moves: there"):
        freeze_rest(extended, "labels")
    with pytest.raises(ConfigError, match="train='some': must be one of all, top, labels"):
        freeze_rest(extended, "some")
    freeze_rest(extended, "top")


def test_settings_that_would_move_old_rows_are_refused():
    training = short(2, "labels", average=0.9)
    with pytest.raises(ConfigError, match="average=0.9: must be 0 when only 'labels' is trained"):
        checked_training(training, "labels")
    assert checked_training(training, "all") is training


# ---- a model again -----------------------------------------------------------------------------


def test_a_fine_tuned_model_keeps_the_codec_and_knows_the_names(model, tmp_path):
    finetuned_parts(model).save(tmp_path / "base")
    base = load(tmp_path / "base", device="cpu")
    extended = extend_prior(base.priors[2], base.vocabularies[2], **NEW)
    notes = {
        "base": base.fingerprint,
        "artists": list(extended.names.artists.names),
        "genres": list(extended.names.genres.names),
    }
    songs, trained = songs_of(extend_model(model, **NEW), 2), freeze_rest(extended, "all")
    run = tmp_path / "run"
    train_prior(
        extended.prior, songs, short(2, "all"), trained=trained, out=run, notes=notes,
        progress=False,
    )  # fmt: skip
    whole = finetuned("mine", base, [trained_prior(run)])
    again = load(whole.save(tmp_path / "mine"), device="cpu")
    assert again.artists() == ("Ada", "Ben", "Céline", "Zoë", "Dan") and "Polka" in again.genres()
    assert codec_digest(again.vqvae) == codec_digest(base.vqvae)
    assert again.config.licence == f"test licence; {OWN_SONGS}"
    for level in range(3):  # every level knows them, also those that were not trained
        assert again.vocabularies[level].artists.knows("zoë")
    assert load_known_names(tmp_path / "mine").artists[:4] == ("unknown", "Ada", "Ben", "Céline")
    assert torch.equal(logits(base, 1, "Ben", "blues"), logits(again, 1, "Ben", "blues"))
    song = again.sample("la", artist="Zoë", genre="Polka", seconds=1, progress=False)
    assert song.labels.artist == ("Zoë",) and song.codes[0].shape[1] * 16 >= song.length


def test_a_run_of_another_model_is_refused(model, tmp_path):
    one = dataclasses.replace(_as_trained(model, 2), base="another")
    with pytest.raises(ConfigError, match="prior of level 2='another': must be a run that began"):
        finetuned("mine", model, [one])
    two = dataclasses.replace(one, base=model.fingerprint)
    with pytest.raises(ConfigError, match="runs of different levels"):
        finetuned("mine", model, [two, two])


def _as_trained(model, level):
    from jukebox_edu.training.results import TrainedPrior

    return TrainedPrior(model.priors[level], names_of(model.vocabularies[level]), "codec")


def test_the_licence_names_the_songs_once():
    assert licence_of("CC0") == f"CC0; {OWN_SONGS}" == licence_of(licence_of("CC0"))
    assert licence_of("") == OWN_SONGS
