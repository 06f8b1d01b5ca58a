"""Conversions change names and containers, never a number, a name of an artist or a shape."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shutil
from types import SimpleNamespace

import pytest
import torch
from released_like import model

from jukebox_edu.checkpoints import (
    KnownNames,
    load_known_names,
    load_model_config,
    load_prior,
    load_vqvae,
)
from jukebox_edu.checkpoints.convert import convert
from jukebox_edu.checkpoints.convert_command import add_convert_command
from jukebox_edu.checkpoints.finding import find_source
from jukebox_edu.checkpoints.folder import load_model_parts
from jukebox_edu.checkpoints.names import prior_names
from jukebox_edu.checkpoints.saving import save_model
from jukebox_edu.checkpoints.sources import load_part
from jukebox_edu.errors import CheckpointError, ConfigError

FORMATS = ("folder", "openai", "port")
PARTS = (None, 0, 1, 2)


def quiet(source, folder, to, **options):
    return convert(source, folder, to, progress=False, **options)


def same(source, single_sequence=True, seed=0):
    """Whether a source holds the very model of `released_like`."""
    _, vqvae, priors = model(single_sequence, seed)
    for level, expected in zip(PARTS, (vqvae, *priors), strict=True):
        loaded = load_part(source, level)
        assert loaded.config == expected.config
        mine, theirs = loaded.state_dict(), expected.state_dict()
        assert mine.keys() == theirs.keys()
        if not all(torch.equal(mine[name], theirs[name]) for name in mine):
            return False
    return True


def lookups(source):
    """What every level looks names up in."""
    pairs = zip(source.parts.priors, source.known_names, strict=True)
    return [known.vocabularies(prior.labels.version) for prior, known in pairs]


@pytest.mark.parametrize("single_sequence", [True, False])
@pytest.mark.parametrize("first", FORMATS)
def test_every_way_through_two_formats_gives_back_every_number(
    made, tmp_path, first, single_sequence
):
    original = find_source(made(single_sequence))
    quiet(original, tmp_path / first, first)
    middle = find_source(tmp_path / first)
    assert same(middle, single_sequence) and not same(middle, single_sequence, seed=1)
    for second in FORMATS:
        folder = tmp_path / f"{first}-{second}"
        quiet(middle, folder, second)
        last = find_source(folder)
        assert same(last, single_sequence)
        for mine, theirs in zip(lookups(last), lookups(original), strict=True):
            for kind in ("artists", "genres"):
                a, b = getattr(mine, kind), getattr(theirs, kind)
                assert (a.names, a.ids, a.version) == (b.names, b.ids, b.version)


def test_levels_keep_lists_of_their_own(made):
    folder = made()
    config = load_model_config(folder)
    assert config.format_version == 2
    top, middle, bottom = (load_known_names(folder, level) for level in (2, 1, 0))
    assert "bo_li" in bottom.artists and "bo li" in top.artists and middle == bottom
    assert bottom.artist_ids == (0, 0, 1, 2) and top.artist_ids == ()
    assert not (folder / "artists_1.json").exists()


def test_one_list_for_all_levels_needs_no_new_format(tmp_path):
    config, vqvae, priors = model()
    plain = KnownNames(("unknown", "ana", "bo", "cy"), ("unknown", "waltz"))
    folder = save_model(tmp_path / "m", config, vqvae, priors, known_names=plain)
    assert load_model_config(folder).format_version == 1
    assert load_known_names(folder, 2) == load_known_names(folder) == plain
    shared = KnownNames(("unknown", "various", "ana"), ("unknown", "waltz"), (0, 0, 1))
    save_model(folder, config, vqvae, priors, known_names=shared)
    assert load_model_config(folder).format_version == 2
    assert load_known_names(folder, 2) == shared


@pytest.mark.parametrize("single_sequence", [True, False])
def test_released_files_are_what_the_original_program_reads(made, tmp_path, single_sequence):
    """Its container, its names, shared tensors shared, and nothing but data."""
    quiet(find_source(made(single_sequence)), tmp_path / "o", "openai")
    path = tmp_path / "o" / "prior_level_2.pth.tar"
    assert not path.read_bytes().startswith(b"PK")
    content = torch.load(path, map_location="cpu", weights_only=True)
    assert set(content) == {"hps", "model", "opt", "step"}
    config = model(single_sequence)[0].priors[2]
    assert set(content["model"]) == {n.released for n in prior_names(config)}
    head, table = content["model"]["prior.x_out.weight"], content["model"]["prior.x_emb.weight"]
    assert (head.data_ptr() == table.data_ptr()) == single_sequence
    text = (tmp_path / "o" / "v3_artist_ids.txt").read_text(encoding="utf-8")
    assert text == "unknown;0\nana;1\nbo li;2\nünal;3\n"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("to", FORMATS)
def test_half_precision_concerns_matrices_and_loses_nothing_more(made, tmp_path, to, dtype):
    """Loading the half-precision copy equals loading the original in half precision."""
    original = find_source(made(False))
    quiet(original, tmp_path / "h", to, dtype=dtype)
    for level in PARTS:
        first = load_part(original, level, dtype=dtype).state_dict()
        second = load_part(find_source(tmp_path / "h"), level, dtype=dtype).state_dict()
        assert all(torch.equal(first[name], second[name]) for name in first)
        assert {t.dtype for t in second.values()} == {torch.float32} | (
            {dtype} - {None} if level is not None else set()
        )
    size = sum(path.stat().st_size for path in find_source(tmp_path / "h").files)
    assert size < sum(path.stat().st_size for path in original.files)


# ---- interrupted, repeated, in parts ------------------------------------------------------------


@pytest.mark.parametrize("to", FORMATS)
def test_a_conversion_goes_on_with_the_file_that_is_missing(made, tmp_path, to):
    source = find_source(made())
    first = quiet(source, tmp_path / "t", to)
    assert len(first.written) == 4 and not first.kept
    first.written[2].unlink()
    times = {path: path.stat().st_mtime_ns for path in first.written if path.exists()}
    second = quiet(source, tmp_path / "t", to)
    assert second.written == (first.written[2],) and len(second.kept) == 3
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    assert same(find_source(tmp_path / "t"))


class Stop(Exception):
    """Ends a conversion in the middle of a file."""


@pytest.mark.parametrize("to", FORMATS)
def test_what_breaks_off_leaves_whole_files_only(made, tmp_path, to):
    source = find_source(made())
    reads = 0

    def breaking(part):
        def read(stored):
            nonlocal reads
            reads += 1
            if reads == 150:
                raise Stop
            return stored.read()

        tensors = {
            name: dataclasses.replace(stored, read=lambda stored=stored: read(stored))
            for name, stored in part.tensors.items()
        }
        return dataclasses.replace(part, tensors=tensors)

    class Opened:
        def __init__(self, level):
            self.manager = source.open(level)

        def __enter__(self):
            return breaking(self.manager.__enter__())

        def __exit__(self, *details):
            return self.manager.__exit__(*details)

    with pytest.raises(Stop):
        quiet(dataclasses.replace(source, open=Opened), tmp_path / "t", to)
    names = {path.name for path in (tmp_path / "t").iterdir()}
    assert names and not any(name.startswith(".") for name in names)
    assert "config.json" not in names and "model.safetensors.index.json" not in names
    again = quiet(source, tmp_path / "t", to)
    assert again.kept and again.written and same(find_source(tmp_path / "t"))


@pytest.mark.parametrize("to", FORMATS)
def test_another_model_in_the_same_place_is_not_touched(made, tmp_path, to):
    source = find_source(made())
    done = quiet(source, tmp_path / "t", to)
    before = {path: path.read_bytes() for path in done.written}
    with pytest.raises(CheckpointError, match="another"):
        quiet(find_source(made(False)), tmp_path / "t", to)
    with pytest.raises(CheckpointError, match="in another precision"):
        quiet(source, tmp_path / "t", to, dtype=torch.float16)
    assert {path: path.read_bytes() for path in done.written} == before


def test_parts_one_after_the_other_become_a_model(made, tmp_path):
    quiet(find_source(made()), tmp_path / "o", "openai")
    whole = tmp_path / "whole"
    for name in ("vqvae", "prior_level_2", "prior_level_0"):
        quiet(find_source(tmp_path / "o" / f"{name}.pth.tar"), whole, "folder")
    parts = load_model_parts(whole)
    assert parts.format_version == 2 and parts.priors[1] is None and parts.vqvae is not None
    assert load_vqvae(whole).levels == 3 and load_prior(whole, 2).config.level == 2
    with pytest.raises(CheckpointError, match="without the prior of level 1"):
        load_model_config(whole)
    with pytest.raises(CheckpointError, match="no prior of level 1"):
        load_prior(whole, 1)
    quiet(find_source(tmp_path / "o" / "prior_level_1.pth.tar"), whole, "folder")
    assert load_model_config(whole).priors == model()[0].priors
    assert same(find_source(whole))
    assert load_known_names(whole, 2).artists == ("unknown", "ana", "bo li", "ünal")


def test_some_levels_only(made, tmp_path):
    done = quiet(find_source(made()).only((2,)), tmp_path / "t", "folder")
    assert [path.name for path in done.written] == ["vqvae.safetensors", "prior_2.safetensors"]
    assert load_prior(tmp_path / "t", 2).config.level == 2
    assert load_known_names(tmp_path / "t", 2).artists == ("unknown", "ana", "bo li", "ünal")


def test_a_codec_alone_and_a_prior_alone(made, tmp_path):
    quiet(find_source(made()), tmp_path / "o", "openai")
    quiet(find_source(tmp_path / "o" / "vqvae.pth.tar"), tmp_path / "codec", "folder")
    assert load_vqvae(tmp_path / "codec").levels == 3
    quiet(find_source(tmp_path / "codec"), tmp_path / "back", "openai")
    assert {path.name for path in (tmp_path / "back").iterdir()} == {"vqvae.pth.tar"}
    quiet(find_source(tmp_path / "o" / "prior_level_1.pth.tar"), tmp_path / "prior", "folder")
    assert load_prior(tmp_path / "prior", 1).config.level == 1
    with pytest.raises(CheckpointError, match="holds no codec"):
        load_vqvae(tmp_path / "prior")
    with pytest.raises(ConfigError, match="a model with its codec"):
        quiet(find_source(tmp_path / "prior"), tmp_path / "x", "openai")
    with pytest.raises(CheckpointError, match="a part of a model only"):
        quiet(find_source(tmp_path / "prior"), tmp_path / "x", "port")
    assert not (tmp_path / "x").exists()


# ---- what cannot be done ------------------------------------------------------------------------


def changed(source, **top):
    """The source with another shape of its top prior."""
    priors = (*source.parts.priors[:2], dataclasses.replace(source.parts.priors[2], **top))
    return dataclasses.replace(source, parts=dataclasses.replace(source.parts, priors=priors))


def test_what_a_format_cannot_say_is_refused_before_anything_is_written(made, tmp_path):
    source = find_source(made())
    labels = dataclasses.replace(source.parts.priors[2].labels, version="tiny")
    with pytest.raises(ConfigError, match="labels.version='tiny'"):
        quiet(changed(source, labels=labels), tmp_path / "t", "openai")
    stack = dataclasses.replace(source.parts.priors[2].transformer, attn_order=6)
    with pytest.raises(ConfigError, match="attn_order=6: must be one of {2, 10, 12}"):
        quiet(changed(source, transformer=stack), tmp_path / "t", "port")
    own = dataclasses.replace(stack, attn_order=(0,) * 16)
    with pytest.raises(ConfigError, match="attn_order="):
        quiet(changed(source, transformer=own), tmp_path / "t", "openai")
    mixed = dataclasses.replace(source, known_names=(source.known_names[0], *source.known_names[:1],
                                                     source.known_names[2]))  # fmt: skip
    other = dataclasses.replace(mixed.known_names[0], artists=("unknown", "x", "y", "z"))
    mixed = dataclasses.replace(mixed, known_names=(other, *mixed.known_names[1:]))
    with pytest.raises(ConfigError, match="one list for all levels of v2_artist_ids.txt"):
        quiet(mixed, tmp_path / "t", "openai")
    with pytest.raises(ConfigError, match="to='onnx'"):
        quiet(source, tmp_path / "t", "onnx")
    with pytest.raises(ConfigError, match="dtype=torch.int8"):
        quiet(source, tmp_path / "t", "folder", dtype=torch.int8)
    assert not (tmp_path / "t").exists()


def test_numbers_that_do_not_fit_are_refused_and_no_file_appears(made, tmp_path):
    config, vqvae, priors = model()
    priors[1].music.transformer.layers[0].mlp.up.weight.data[0, 0] = 1e6
    save_model(tmp_path / "m", config, vqvae, priors, dtype=torch.float32)
    with pytest.raises(CheckpointError, match="too large for torch.float16"):
        quiet(find_source(tmp_path / "m"), tmp_path / "t", "folder", dtype=torch.float16)
    assert {path.name for path in (tmp_path / "t").iterdir()} == {
        "vqvae.safetensors", "prior_0.safetensors"
    }  # fmt: skip


def test_no_room_and_no_folder(made, tmp_path, monkeypatch):
    source = find_source(made())
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError, match="cannot be written"):
        quiet(source, tmp_path / "file", "folder")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100))
    with pytest.raises(CheckpointError, match="vqvae.safetensors needs .* and 100 bytes are free"):
        quiet(source, tmp_path / "t", "folder")


@pytest.mark.parametrize("what", ["nowhere", "empty", "text"])
def test_paths_that_hold_no_model(tmp_path, what):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    with pytest.raises(CheckpointError, match="no file or folder|holds no model|only 5 bytes"):
        find_source(tmp_path / what)


def test_upsamplers_that_do_not_say_their_level(tmp_path):
    """Both released upsamplers have the same tensors: without options the level must be given."""
    from jukebox_edu import released
    from jukebox_edu.checkpoints.reading import ReleasedFile, StoredTensor
    from jukebox_edu.checkpoints.released_folder import _prior
    from jukebox_edu.checkpoints.sources import build, names_of

    config = released.upsampler_level_1()
    state = build(config).state_dict()
    tensors = {
        n.released: StoredTensor(tuple(state[n.ours].shape), torch.float32, lambda: None)
        for n in names_of(config)
    }

    def found(name, hps=None, level=None):
        return _prior(ReleasedFile(tmp_path / name, tensors, hps or {}), None, level)

    assert found("prior_level_1.pth.tar") == config
    assert found("upsampler_level_0.pth.tar") == released.upsampler_level_0()
    assert found("x.pth.tar", level=1) == found("x.pth.tar", {"level": 1}) == config
    with pytest.raises(ConfigError, match="both upsamplers look alike"):
        found("x.pth.tar")


def test_a_damaged_list_or_configuration_is_named(made, tmp_path):
    folder = made()
    (folder / "artists_2.json").write_text('[["a", -1]]', encoding="utf-8")
    with pytest.raises(CheckpointError, match="artists_2.json is not a list of names"):
        find_source(folder)
    (folder / "artists_2.json").unlink()
    data = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    data["priors"][1]["level"] = 0
    (folder / "config.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CheckpointError, match="level"):
        find_source(folder)


# ---- the command --------------------------------------------------------------------------------


def command(*words):
    parser = argparse.ArgumentParser()
    add_convert_command(parser.add_subparsers())
    arguments = parser.parse_args(["convert", *map(str, words), "--quiet"])
    return arguments.handler(arguments)


def test_the_command_converts_and_goes_on(made, tmp_path, capsys):
    folder = made()
    assert command(folder, tmp_path / "t", "--to", "openai") == 0
    assert capsys.readouterr().out.count("wrote") == 4
    (tmp_path / "t" / "vqvae.pth.tar").unlink()
    assert command(folder, tmp_path / "t", "--to", "openai") == 0
    out = capsys.readouterr().out
    assert out.count("there already") == 3 and "wrote" in out
    line = (tmp_path / "t" / "prior_level_2.pth.tar", tmp_path / "u", "--to", "folder")
    assert command(*line, "--dtype", "float16") == 0
    assert load_prior(tmp_path / "u", 2, dtype=torch.float16).config.level == 2


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["nowhere", "t", "--to", "folder"], "There is no file or folder nowhere"),
        (["5b", "t", "--to", "folder"], "5b: missing in .*jukebox-edu download 5b"),
        (["5b", "t", "--to", "folder", "--levels", "x"], "levels='x'"),
        (["5b", "t", "--to", "folder", "--levels", "2,3"], "levels='2,3'"),
        (["5b", "t", "--to", "folder", "--weights", "nowhere"], "there is no such folder"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(words, match, capsys):
    assert command(*words) == 1
    error = capsys.readouterr().err
    assert re.search(match, error) and error.count("\n") == 1
