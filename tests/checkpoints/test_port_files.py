"""Folders of the port: every form gives the same model; broken and hostile ones are refused."""

from __future__ import annotations

import json
import os
import struct

import pytest
import torch
from released_like import model
from safetensors.torch import load_file, save_file

from jukebox_edu import released
from jukebox_edu.checkpoints.convert import convert
from jukebox_edu.checkpoints.finding import find_source
from jukebox_edu.checkpoints.port import open_port, port_names, port_source, recognized
from jukebox_edu.checkpoints.sources import build, load_part
from jukebox_edu.errors import CheckpointError

FORMS = ("single safetensors", "sharded safetensors", "single bin", "sharded bin", "zip bin")
INDEX = {"safetensors": "model.safetensors.index.json", "bin": "pytorch_model.bin.index.json"}


def write(folder, tensors, form, n_shards=3):
    """Lay tensors down in one of the forms."""
    folder.mkdir(exist_ok=True)
    kind = form.split()[1]
    stem = "model" if kind == "safetensors" else "pytorch_model"

    def put(name, part):
        part = {key: value.clone() for key, value in part.items()}
        if kind == "safetensors":
            return save_file(part, folder / name, metadata={"format": "pt"})
        zipped = form.startswith("zip")
        return torch.save(part, folder / name, _use_new_zipfile_serialization=zipped)

    if not form.startswith("sharded"):
        return put(f"{stem}.{kind}", tensors)
    weight_map, names = {}, sorted(tensors)
    for i in range(n_shards):
        file = f"{stem}-{i + 1:05}-of-{n_shards:05}.{kind}"
        own = names[i::n_shards]
        put(file, {name: tensors[name] for name in own})
        weight_map.update(dict.fromkeys(own, file))
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / INDEX[kind]).write_text(json.dumps(index), encoding="utf-8")


@pytest.fixture
def tensors(made, tmp_path):
    """All tensors of the tiny model by the port's names, and its config.json beside."""
    convert(find_source(made(False)), tmp_path / "port", "port", progress=False)
    found = {}
    for path in sorted((tmp_path / "port").glob("*.safetensors")):
        found.update(load_file(path))
        path.unlink()
    (tmp_path / "port" / INDEX["safetensors"]).unlink()
    return found


@pytest.fixture
def folder(tensors, tmp_path):
    """The folder, with configuration and names, still without weights."""
    return tmp_path / "port"


def same(source):
    _, vqvae, priors = model(False)
    for level, expected in zip((None, 0, 1, 2), (vqvae, *priors), strict=True):
        mine, theirs = load_part(source, level).state_dict(), expected.state_dict()
        assert mine.keys() == theirs.keys()
        if not all(torch.equal(mine[name], theirs[name]) for name in mine):
            return False
    return True


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(folder, tensors, form):
    write(folder, tensors, form)
    assert same(find_source(folder))


@pytest.mark.parametrize("form", FORMS)
def test_a_shared_head_may_be_left_out(folder, tensors, form):
    write(
        folder,
        {k: v for k, v in tensors.items() if not k.endswith("s.1.prior.fc_proj_out.weight")},
        form,
    )
    assert same(find_source(folder))


def test_levels_count_from_the_top(folder, tensors):
    write(folder, tensors, "single safetensors")
    source = find_source(folder)
    with source.open(2) as top, source.open(0) as bottom:
        assert "encoder.start_token" in top.tensors
        assert "conditioner_blocks.embed_tokens.weight" in bottom.tensors
        assert torch.equal(
            bottom.tensors["prior.pos_emb.pos_emb"].read(),
            tensors["priors.2.prior.pos_emb.pos_emb"],
        )


def test_a_whole_form_is_preferred_to_one_in_pieces(folder, tensors):
    write(folder, tensors, "sharded safetensors")
    write(folder, tensors, "single bin")
    (folder / "model-00002-of-00003.safetensors").unlink()
    assert find_source(folder).files == (folder / "pytorch_model.bin",)
    assert same(find_source(folder))


def test_the_ports_own_names_describe_the_model(folder, tensors):
    """Without our key the port's configuration is translated."""
    path = folder / "config.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["jukebox_edu"]
    path.write_text(json.dumps(data), encoding="utf-8")
    write(folder, tensors, "single safetensors")
    source, (config, _, _) = find_source(folder), model(False)
    assert source.parts.vqvae.downs == config.vqvae.downs
    for mine, theirs in zip(source.parts.priors, config.priors, strict=True):
        assert mine.transformer == theirs.transformer
        assert mine.conditioner == theirs.conditioner
        assert mine.lyrics == theirs.lyrics
        assert (mine.labels.version, mine.labels.timing) == (
            theirs.labels.version,
            theirs.labels.timing,
        )
    assert same_logits(source, config)


def same_logits(source, config):
    loaded, expected = load_part(source, 2), model(False)[2][2]
    labels = torch.tensor([[40_000, 0, 128, 1, 1] + [3] * config.priors[2].lyrics.n_tokens])
    codes = torch.zeros(1, 16, dtype=torch.long)
    with torch.no_grad():
        return torch.equal(loaded.logits(codes, None, labels), expected.logits(codes, None, labels))


@pytest.mark.parametrize("name", ["1b_lyrics", "5b_lyrics", "5b"])
def test_released_models_are_recognized_by_their_tensors(name):
    config = released.MODEL_SETS[name]
    shapes = dict.fromkeys(port_names(config), (1,))
    top = build(config.priors[2]).music.token_embedding.weight
    shapes["priors.0.prior.embed_tokens.weight"] = tuple(top.shape)
    assert recognized(shapes) == config
    del shapes["priors.1.prior.fc_proj_out.weight"]
    assert recognized(shapes) == config
    assert recognized({**shapes, "priors.0.prior.embed_tokens.weight": (9, 9)}) is None
    assert recognized({**shapes, "priors.0.surprise": (1,)}) is None
    assert recognized({}) is None


# ---- broken and hostile -------------------------------------------------------------------------


def refused(folder, match):
    with pytest.raises(CheckpointError, match=match):
        source = find_source(folder)
        for level in (None, 0, 1, 2):
            load_part(source, level)


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_missing_and_broken_shards(folder, tensors, kind):
    write(folder, tensors, f"sharded {kind}")
    stem = "model" if kind == "safetensors" else "pytorch_model"
    second = folder / f"{stem}-00002-of-00003.{kind}"
    data = second.read_bytes()
    for broken in (
        data[: len(data) // 2],
        b"",
        b"<!doctype html>" * 10,
        struct.pack("<Q", 2**60) * 9,
    ):
        second.write_bytes(broken)
        refused(folder, "damaged|cut off|only 0 bytes|not a file of torch.save|Download it again")
    second.unlink()
    refused(folder, f"lists {second.name}, missing in")


@pytest.mark.parametrize(
    "name",
    ["../evil.safetensors", "/etc/passwd", "a/b.safetensors", "..\\x.bin", "x..bin", "C:\\x.bin",
     "config.json", "evil.py", "", 3, None, ["x.bin"]],
)  # fmt: skip
def test_tricks_with_file_names_in_an_index(folder, tensors, tmp_path, name):
    write(folder, tensors, "sharded safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "evil.safetensors")
    path = folder / INDEX["safetensors"]
    index = json.loads(path.read_text(encoding="utf-8"))
    index["weight_map"][next(iter(index["weight_map"]))] = name
    path.write_text(json.dumps(index), encoding="utf-8")
    refused(folder, "no plain file name|no index of weights")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {}}', "[" * 100_000, "\x00"]
)
def test_indices_that_are_none(folder, tensors, text):
    write(folder, tensors, "sharded safetensors")
    (folder / INDEX["safetensors"]).write_text(text, encoding="utf-8")
    refused(folder, "no index of weights|lists 0 files")


def test_an_index_that_says_something_else(folder, tensors):
    write(folder, tensors, "sharded safetensors")
    path = folder / INDEX["safetensors"]
    right = json.loads(path.read_text(encoding="utf-8"))
    names = list(right["weight_map"])
    files = sorted(set(right["weight_map"].values()))
    wrong_file = {
        **right["weight_map"],
        names[0]: next(f for f in files if f != right["weight_map"][names[0]]),
    }
    too_many = {**right["weight_map"], "priors.0.surprise": files[0]}
    too_few = {k: v for k, v in right["weight_map"].items() if k != names[0]}
    for weight_map in (wrong_file, too_many, too_few):
        path.write_text(json.dumps({"weight_map": weight_map}), encoding="utf-8")
        refused(folder, "belong to different models")


def test_a_tensor_in_two_shards(folder, tensors):
    write(folder, tensors, "sharded safetensors")
    files = sorted(folder.glob("*.safetensors"))
    first = load_file(files[0])
    save_file({**load_file(files[1]), **dict(list(first.items())[:1])}, files[1])
    refused(folder, "is both in")


def test_tensors_that_do_not_fit(folder, tensors):
    name = "priors.1.prior.embed_tokens.weight"
    for value, match in [
        (torch.zeros(3, 3), "has shape"),
        (torch.full_like(tensors[name], float("nan")), "not finite"),
        (tensors[name].long(), "not real numbers"),
        (None, "lacks"),
    ]:
        changed = {**tensors, name: value}
        if value is None:
            del changed[name]
            del changed["priors.1.prior.fc_proj_out.weight"]
        write(folder, changed, "single safetensors")
        refused(folder, match)
    write(folder, {**tensors, "optimizer.state": torch.zeros(1)}, "single safetensors")
    refused(folder, "unexpected tensors")
    write(folder, {**tensors, "priors.3.x": torch.zeros(1)}, "single safetensors")
    refused(folder, "unexpected tensors")
    write(folder, {**tensors, "priors.0.x": torch.zeros(1)}, "single safetensors")
    refused(folder, "unexpected")


class Trap:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"echo x > {self.target}",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["whole", "beside", "tensor"])
def test_code_in_bin_files_is_refused_and_not_run(folder, tensors, tmp_path, zipped, place):
    trap = Trap(tmp_path / "owned")
    content = {"whole": trap, "beside": {**tensors, "x": trap}}.get(place)
    if content is None:
        content = {**tensors, next(iter(tensors)): trap}
    torch.save(content, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    refused(folder, "it would use")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [{}, [1], {"x": 3}, {3: torch.zeros(1)}])
def test_bin_files_without_tensors(folder, tensors, content):
    torch.save(content, folder / "pytorch_model.bin")
    refused(folder, "holds no tensors|is not a tensor")


@pytest.mark.parametrize(
    "change",
    [
        {"jukebox_edu": 3},
        {"jukebox_edu": None},
        {"jukebox_edu": {"name": "../../x"}},
        {"model_type": "bert", "jukebox_edu": ...},
        {"prior_config_list": [], "jukebox_edu": ...},
        {"prior_config_list": 7, "jukebox_edu": ...},
        {"vqvae_config": {"res_downs_t": [10**9]}, "jukebox_edu": ...},
        {"vqvae_config": "x", "jukebox_edu": ...},
    ],
)
def test_configurations_that_are_not_believed(folder, tensors, change):
    """`...` removes a key."""
    write(folder, tensors, "single safetensors")
    path = folder / "config.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    if change.get("model_type"):
        data = {"hidden_size": 3}
    data.update(change)
    data = {k: v for k, v in data.items() if v is not ...}
    path.write_text(json.dumps(data), encoding="utf-8")
    refused(folder, "config.json does not describe a Jukebox")


def test_no_configuration_and_no_weights(folder, tensors):
    with pytest.raises(CheckpointError, match="There is no file of weights in"):
        port_source(folder)
    write(folder, tensors, "single safetensors")
    (folder / "config.json").unlink()
    refused(folder, "There is no config.json")


def test_the_file_is_closed_after_the_look(folder, tensors):
    """A source holds no file open: files may be moved or replaced between two levels."""
    write(folder, tensors, "single bin")
    source = find_source(folder)
    (folder / "pytorch_model.bin").rename(folder / "elsewhere")
    with pytest.raises(CheckpointError, match="There is no file"):
        load_part(source, 0)
    (folder / "elsewhere").rename(folder / "pytorch_model.bin")
    assert load_part(source, 0).config.level == 0
    with open_port(folder / "pytorch_model.bin") as found:
        assert found.keys() == tensors.keys()
