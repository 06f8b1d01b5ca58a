"""Released models by name: found in every layout, one level at a time, with their own lists."""

from __future__ import annotations

import dataclasses
import gc
import shutil
import sys
import weakref
from pathlib import Path

import pytest
import torch

import jukebox_edu as jb
from jukebox_edu import released
from jukebox_edu.checkpoints import catalogue, save_model
from jukebox_edu.checkpoints.convert import convert
from jukebox_edu.checkpoints.finding import find_source
from jukebox_edu.errors import CheckpointError, ConfigError
from jukebox_edu.labels import UnknownNameWarning
from jukebox_edu.model import released_model
from jukebox_edu.model.devices import checked_dtype
from jukebox_edu.model.released_model import LicenceNotice
from jukebox_edu.released import RELEASED_LICENCE

sys.path.insert(0, str(Path(__file__).parent.parent / "checkpoints"))  # for released_like
import released_like  # noqa: E402

NAME = "1b_lyrics"
LAYOUTS = ("released", "flat", "port", "folder", "folder below")


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """The released set, made tiny: its shape, its sizes in the catalogue, and a saved model."""
    monkeypatch.setenv("JUKEBOX_EDU_HOME", str(tmp_path / "cache"))
    shape, vqvae, priors = released_like.model()
    config = dataclasses.replace(shape, name=NAME, licence=RELEASED_LICENCE)
    monkeypatch.setitem(released.MODEL_SETS, NAME, config)
    known = catalogue.MODELS[NAME]
    unsized = dataclasses.replace(
        known,
        vqvae=dataclasses.replace(known.vqvae, size_bytes=None),
        priors=tuple(dataclasses.replace(file, size_bytes=None) for file in known.priors),
    )
    monkeypatch.setitem(catalogue.MODELS, NAME, unsized)
    save_model(
        tmp_path / "made", config, vqvae, priors,
        known_names=released_like.NAMES, dtype=torch.float32,
    )  # fmt: skip
    return find_source(tmp_path / "made")


@pytest.fixture
def weights(tiny, tmp_path):
    """Return `weights(layout) -> folder` with the tiny set laid out in that way."""

    def lay(layout):
        folder = tmp_path / "weights"
        if layout in ("released", "flat"):
            convert(tiny, folder, "openai", progress=False)
            if layout == "released":
                for file in catalogue.MODELS[NAME].files:
                    own = folder / Path(file.path).name
                    target = folder / file.path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    own.rename(target)
        elif layout == "port":
            convert(tiny, folder, "port", progress=False)
            shutil.rmtree(folder / "names")
            convert(tiny, tmp_path / "lists", "openai", progress=False)
            for path in (tmp_path / "lists").glob("*_ids.txt"):
                shutil.copy(path, folder)
        else:
            convert(tiny, folder if layout == "folder" else folder / NAME, "folder", progress=False)
        return folder

    return lay


def load(folder=None, **options):
    with pytest.warns(LicenceNotice, match="neither they nor the music they generate may be used"):
        return jb.load(NAME, device="cpu", weights=folder, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_released_model_is_found_in_every_layout(weights, layout):
    model = load(weights(layout))
    _, vqvae, priors = released_like.model()
    for mine, theirs in zip((model.vqvae, *model.priors), (vqvae, *priors), strict=True):
        state = mine.state_dict()
        assert all(torch.equal(state[name], tensor) for name, tensor in theirs.state_dict().items())
    assert model.artists() == ("ana", "bo li", "ünal")
    assert model.vocabularies[0].artists.listed == ("ana", "bo_li")
    assert model.config.licence == RELEASED_LICENCE


def test_the_cache_is_looked_at_too(weights, tmp_path):
    shutil.move(weights("released"), tmp_path / "cache")
    assert load().levels == 3
    assert {info.name for info in jb.models() if info.here} >= {NAME}


def test_a_song_says_whose_weights_made_it(weights):
    model = load(weights("flat"))
    song = model.sample("la la", artist="Ana", genre="waltz", seconds=0.2, progress=False)
    assert song.provenance.licence == RELEASED_LICENCE and song.provenance.model == NAME


def test_all_layouts_sing_the_same_song(weights, tmp_path):
    songs = []
    for layout in ("flat", "port", "folder"):
        model = load(weights(layout))
        songs.append(model.sample("la", artist="ana", seconds=0.2, seed=3, progress=False))
        shutil.rmtree(tmp_path / "weights")
    for other in songs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(songs[0].codes, other.codes, strict=True))


def test_one_name_is_looked_up_by_every_level_in_its_own_list(weights):
    model = load(weights("flat"))
    text = model.preview("La la + la?", artist="Bo Li", genre="waltz")
    top, middle, bottom = text.split("\n\n")
    assert "artist: 'Bo Li' -> 'bo li', id 2" in top and "(v3 names)" in top
    assert "artist: 'Bo Li' -> 'bo_li', id 2" in bottom and "(v2 names)" in bottom
    assert "lyrics: not read at this level" in middle
    assert "first window reads" in top


def test_a_name_that_one_level_does_not_know_is_warned_of(weights):
    model = load(weights("flat"))
    with pytest.warns(UnknownNameWarning, match="'Ünal' is not among .* v2 list.*Nearest names"):
        text = model.preview("la", artist="Ünal", genre="waltz")
    assert "artist: 'Ünal' -> 'ünal', id 3" in text
    assert "artist: 'Ünal' -> 'unknown', id 0" in text
    with pytest.warns(UnknownNameWarning, match="'walz' is not among.*Nearest names: 'waltz'"):
        model.preview("la", artist="ana", genre="walz")


def test_hidden_characters_do_not_hide_an_artist(weights):
    model = load(weights("flat"))
    assert jb.find_artist("bo\u200b li\ufeff", model)[0] == "bo li"
    assert jb.find_artist("unal", model)[0] == "ünal"
    assert "'bo li', id 2" in model.preview("la", artist="\u200bBo\u00a0Li\u200b")


# ---- one level at a time ------------------------------------------------------------------------


def test_one_level_at_a_time_sings_the_same_and_holds_one(weights):
    folder = weights("flat")
    everything, one = load(folder, hold="all"), load(folder, hold="one")
    assert everything.priors.held == (0, 1, 2) and one.priors.held == ()
    request = {"lyrics": "la", "artist": "ana", "seconds": 0.2, "progress": False}
    songs = [model.sample(**request) for model in (everything, one)]
    assert all(torch.equal(a, b) for a, b in zip(songs[0].codes, songs[1].codes, strict=True))
    assert one.priors.held == (0,)
    assert one.fingerprint == everything.fingerprint


def test_a_prior_that_was_put_back_leaves_memory(weights):
    model = load(weights("flat"), hold="one")
    top = weakref.ref(model.priors[2])
    assert model.priors[-1] is top()
    assert model.priors[0].config.level == 0
    gc.collect()
    assert top() is None


def test_precision_and_place_are_kept_for_what_is_read_later(weights):
    model = load(weights("flat"), hold="one", dtype="bfloat16")
    assert model.dtype == torch.bfloat16 and model.priors[2].music.compute_dtype == torch.bfloat16
    model.to(dtype="float32")
    assert model.priors[1].music.compute_dtype == torch.float32
    assert model.priors[2].music.compute_dtype == torch.float32


def test_only_the_levels_that_are_needed_must_be_there(weights):
    folder = weights("flat")
    (folder / "prior_level_0.pth.tar").unlink()
    (folder / "prior_level_1.pth.tar").unlink()
    with pytest.raises(CheckpointError, match="prior_level_0.pth.tar .*jukebox-edu download 1b"):
        jb.load(NAME, weights=folder)
    model = load(folder, levels=2)
    song = model.sample("la", artist="ana", seconds=0.2, levels=2, progress=False)
    assert song.levels == (2,)
    with pytest.raises(CheckpointError, match="no prior of level 1 here: its file is missing"):
        model.priors[1]
    (folder / "v2_artist_ids.txt").unlink()  # every level is told the names, also one not written
    with pytest.raises(CheckpointError, match="v2_artist_ids.txt"):
        jb.load(NAME, weights=folder, levels=2)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"levels": 3}, ConfigError, "levels=3: must be some of"),
        ({"levels": ()}, ConfigError, r"levels=\(\)"),
        ({"levels": True}, ConfigError, "levels=True"),
        ({"hold": "some"}, ConfigError, "hold='some': must be one of"),
        ({"dtype": "int8"}, ConfigError, "dtype='int8'"),
    ],
)
@pytest.mark.filterwarnings("ignore::jukebox_edu.model.released_model.LicenceNotice")
def test_refusals(weights, options, error, text):
    with pytest.raises(error, match=text):
        jb.load(NAME, device="cpu", weights=weights("flat"), **options)


@pytest.mark.filterwarnings("ignore::jukebox_edu.model.released_model.LicenceNotice")
def test_damage_is_found_when_a_level_is_read(weights):
    folder = weights("flat")
    path = folder / "prior_level_1.pth.tar"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="prior_level_1.pth.tar: It is cut off"):
        jb.load(NAME, device="cpu", weights=folder, hold="all")
    (folder / "v3_genre_ids.txt").write_text("unknown;0\na;1\nb;2\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="at most 2, the rows of the genre table of level 2"):
        jb.load(NAME, device="cpu", weights=folder)


def test_a_folder_of_another_model_is_not_taken(weights, tmp_path):
    folder = weights("folder")
    with pytest.raises(CheckpointError, match="5b_lyrics: missing in"):
        jb.load("5b_lyrics", weights=folder)
    with pytest.raises(CheckpointError, match="there is no such folder"):
        jb.load(NAME, weights=tmp_path / "nowhere")


@pytest.mark.parametrize("layout", ["port", "folder"])
def test_folders_load_by_their_path(weights, layout):
    folder = weights(layout)
    with pytest.warns(LicenceNotice):
        model = jb.load(folder, device="cpu")
    assert model.artists() == ("ana", "bo li", "ünal")


@pytest.mark.parametrize(
    ("generation", "expected"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)]
)
def test_half_precision_follows_the_gpus_generation(monkeypatch, generation, expected):
    """A T4 (7.5) gets float16: bfloat16 would be emulated there."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: generation)
    config = released.MODEL_SETS["5b"]
    assert checked_dtype("auto", torch.device("cuda"), config) == expected
    assert checked_dtype("auto", torch.device("cpu"), config) == torch.float32


def test_what_fits_decides_whether_all_levels_stay(monkeypatch):
    config, device = released.MODEL_SETS["5b_lyrics"], torch.device("cpu")
    for free, expected in ((10e9, False), (20e9, False), (40e9, True), (None, False)):
        monkeypatch.setattr(released_model, "free_memory", lambda device, free=free: free)
        assert released_model.fits(config, device, torch.bfloat16, (0, 1, 2)) == expected
    assert released_model.fits(released_like.config(), device, torch.float32, (0, 1, 2))
