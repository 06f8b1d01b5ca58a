"""Broken and hostile files are refused: nothing runs, nothing is written, the message helps."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from jukebox_edu.checkpoints import load_openai_prior, load_openai_vqvae, vqvae_config, vqvae_names
from jukebox_edu.checkpoints.filling import empty_model
from jukebox_edu.checkpoints.reading import open_released
from jukebox_edu.checkpoints.torchfile import open_torch_file
from jukebox_edu.errors import CheckpointError, ConfigError, JukeboxError
from jukebox_edu.vqvae.model import VQVAE

HPS = {
    "levels": 2,
    "downs_t": (1, 2),
    "strides_t": (2, 2),
    "hvqvae_multipliers": (1, 1),
    "emb_width": 4,
    "l_bins": 8,
    "width": 4,
    "depth": 2,
    "dilation_growth_rate": 3,
}
SOME = "encoders.0.level_blocks.0.model.0.0.weight"
CONTAINERS = ["zip", "stream"]


def weights():
    """Random weights of a tiny codec, by released name."""
    config = vqvae_config(HPS)
    state = empty_model(lambda: VQVAE(config)).state_dict()
    generator = torch.Generator().manual_seed(0)
    return {
        n.released: torch.randn(state[n.ours].shape, generator=generator)
        for n in vqvae_names(config)
    }


def save(path, content, container="zip"):
    torch.save(content, path, _use_new_zipfile_serialization=container == "zip")
    return path


def good(path, container="zip", **changes):
    model = {**weights(), **changes}
    model = {k: v for k, v in model.items() if v is not None}
    return save(path, {"hps": HPS, "model": model, "opt": None, "step": 0}, container)


class Trap:
    """Unpickled by Python's own reader, this creates a file."""

    def __init__(self, target, call=os.system):
        self.target, self.call = target, call

    def __reduce__(self):
        if self.call is os.system:
            return os.system, (f"echo x > {self.target}",)
        if self.call is exec:
            return exec, (f"open({str(self.target)!r}, 'w')",)
        return Path.touch, (Path(self.target),)


@pytest.fixture
def trap(tmp_path):
    """A path that must not come to exist."""
    target = tmp_path / "owned"
    yield target
    assert not target.exists()


@pytest.fixture
def path(tmp_path):
    """Where the file under test is; afterwards nothing else may be there."""
    folder = tmp_path / "in"
    folder.mkdir()
    yield folder / "model.pth.tar"
    assert {p.name for p in folder.iterdir()} <= {"model.pth.tar"}
    assert {p.name for p in tmp_path.iterdir()} <= {"in"}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_untouched_file_loads(path, container):
    model = load_openai_vqvae(good(path, container))
    expected = weights()
    for n in vqvae_names(model.config):
        assert torch.equal(model.state_dict()[n.ours], expected[n.released])


# ---- code in pickles ----------------------------------------------------------------------------


@pytest.mark.parametrize("call", [os.system, exec, Path.touch])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("place", ["whole", "model", "tensor"])
def test_code_in_place_of_the_model_is_refused_and_not_run(path, trap, call, container, place):
    bomb = Trap(trap, call)
    model = {**weights(), SOME: bomb} if place == "tensor" else bomb
    save(path, bomb if place == "whole" else {"hps": HPS, "model": model}, container)
    with pytest.raises(CheckpointError):
        load_openai_vqvae(path)


@pytest.mark.parametrize("call", [os.system, exec, Path.touch])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("place", ["opt", "extra"])
def test_code_beside_the_model_is_refused_and_not_run(path, trap, call, container, place):
    save(path, {"hps": HPS, "model": weights(), place: [Trap(trap, call)]}, container)
    with pytest.raises(CheckpointError, match="it would use .*which no weights need"):
        load_openai_vqvae(path)


@pytest.mark.parametrize("container", CONTAINERS)
def test_code_inside_the_options_is_refused(path, trap, container):
    save(path, {"hps": {**HPS, "width": Trap(trap)}, "model": weights()}, container)
    with pytest.raises(CheckpointError, match="it would use .*system"):
        load_openai_vqvae(path)


def run_me(target):
    """A function outside the standard library that does harm."""
    Path(target).touch()


class ForeignCall:
    """Unpickled by Python's own reader, this calls the function above."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return run_me, (str(self.target),)


@pytest.mark.parametrize("container", CONTAINERS)
def test_functions_of_other_packages_are_never_called(path, trap, container):
    content = {"hps": {**HPS, "name": ForeignCall(trap)}, "model": weights(), "opt": None}
    save(path, {**content, "opt": [ForeignCall(trap)]}, container)
    assert load_openai_vqvae(path).levels == 2
    content["hps"]["width"] = ForeignCall(trap)
    with pytest.raises(ConfigError, match="width=.*must be a whole number"):
        load_openai_vqvae(save(path, content, container))


def test_plain_pickle_is_foreign(path, trap):
    path.write_bytes(pickle.dumps({"model": weights(), "x": Trap(trap)}))
    with pytest.raises(CheckpointError, match="not a file of torch.save"):
        load_openai_vqvae(path)


class Options(dict):
    """Options as a class of some other program."""

    touched = False

    def __setstate__(self, state):
        Options.touched = True


@pytest.mark.parametrize("container", CONTAINERS)
def test_foreign_classes_become_plain_and_are_never_imported(path, container):
    options = Options(HPS)
    options.attribute = 1
    save(path, {"hps": options, "model": weights(), "opt": {"x": np.float64(1.0)}}, container)
    assert load_openai_vqvae(path).levels == 2
    assert not Options.touched


def pickled(*parts):
    """A zip container around a hand-written pickle."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02" + b"".join(parts) + b".")
        archive.writestr("m/version", b"3\n")
    return stream.getvalue()


FLOATS = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([b"}r\xff\xff\xff\x7f"], "absurd memory"),  # a memo of two thousand million entries
        ([b"\x8b\x10\x00\x00\x00" + b"\xff" * 15 + b"\x7f"], "absurdly large number"),
        ([b"\x8e" + struct.pack("<Q", 2**60)], "damaged or unsafe"),  # BINBYTES8
        ([b"\x96" + struct.pack("<Q", 2**40)], "damaged or unsafe"),  # BYTEARRAY8
        ([b"\x82\x01"], "EXT1"),
        ([b"(i__builtin__\neval\n"], "INST"),
        ([REBUILD, b"}X\x01\x00\x00\x00aK\x01sb"], "attributes of a function"),
        ([REBUILD, b"N}X\x0c\x00\x00\x00__defaults__K\x01s\x86b"], "attributes of a function"),
        ([REBUILD, FLOATS, b"J\xff\xff\xff\xfftQ", b"0N\x85R"], "size of a storage is -1"),
        ([b"cos\nsystem\n", b"Q"], "it would use os.system"),
        ([b"celse\nwhere\n", b"Q"], "it refers to"),
        ([b"(" * 50, b"t" * 10], "no entry|damaged or unsafe"),
        ([b"R"], "damaged or unsafe"),
        ([b"h\x05"], "damaged or unsafe"),
        ([b"X\xff\xff\xff\x7fa"], "damaged or unsafe"),
        ([b"N"], 'no entry "model"'),
        ([b"}X\x05\x00\x00\x00modelK\x01s"], 'no entry "model"'),
    ],
)
def test_hand_written_pickles(path, parts, message):
    path.write_bytes(pickled(*parts))
    with pytest.raises(CheckpointError, match=message):
        load_openai_vqvae(path)


# ---- damaged files ------------------------------------------------------------------------------


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999])
def test_truncated_files(path, container, share):
    data = good(path, container).read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CheckpointError, match="[Dd]ownload it again|not a file|damaged or unsafe"):
        load_openai_vqvae(path)


@pytest.mark.parametrize("container", CONTAINERS)
def test_whatever_is_damaged_the_error_is_ours(path, container):
    """500 files with a few bytes changed: they load, or raise an error of this library."""
    data = np.frombuffer(good(path, container).read_bytes(), dtype=np.uint8)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(250):
        broken = data.copy()
        where = rng.integers(0, len(data), size=4)
        broken[where] = rng.integers(0, 256, size=4)
        path.write_bytes(broken.tobytes())
        try:
            load_openai_vqvae(path, HPS)
        except JukeboxError:
            refused += 1
    assert refused > 50


def test_changed_number_in_a_zip_is_noticed(path):
    data = bytearray(good(path).read_bytes())
    span = next(iter(open_torch_file(path).spans.values()))
    first = span.start + 1
    data[first] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="checksum"):
        load_openai_vqvae(path)


def test_missing_empty_folder_text_and_foreign(path):
    with pytest.raises(CheckpointError, match="There is no file"):
        load_openai_vqvae(path)
    with pytest.raises(CheckpointError, match="is not a file"):
        load_openai_vqvae(path.parent)
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="only 0 bytes"):
        load_openai_vqvae(path)
    path.write_text("<html>404: there is nothing here, sorry</html>" * 10)
    with pytest.raises(CheckpointError, match="not a file of torch.save"):
        load_openai_vqvae(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(CheckpointError, match="is not a file"):
        load_openai_vqvae(path)


def test_tar_archive_is_foreign(path):
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("../storages"), io.BytesIO(b""))
    with pytest.raises(CheckpointError, match="not a file of torch.save"):
        load_openai_vqvae(path)


# ---- tricks with archives -----------------------------------------------------------------------


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    """The good file with `change(name, data) -> [(name, data), ...]` applied to each entry."""
    good(path)
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries:
            for new_name, new_data in change(name, data):
                archive.writestr(new_name, new_data)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a\\..\\x", "C:/x", "a//x"])
def test_names_that_lead_out_of_the_archive(path, name):
    rewritten(path, lambda n, d: [(n, d), (name, b"x")] if n.endswith("data.pkl") else [(n, d)])
    with pytest.raises(CheckpointError, match="leads out of the archive"):
        load_openai_vqvae(path)


def test_compressed_archives_are_refused_unread(path):
    def grow(name, data):
        return [(name, bytes(50_000_000) if name.endswith("/data/0") else data)]

    rewritten(path, grow, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(CheckpointError, match="compressed"):
        load_openai_vqvae(path)


def test_sizes_larger_than_the_file(path):
    good(path)
    with zipfile.ZipFile(path) as archive:
        entry = next(e for e in archive.infolist() if e.filename.endswith("/data/3"))
    data = bytearray(path.read_bytes())
    directory = data.rindex(entry.filename.encode()) - 46
    assert data[directory : directory + 4] == b"PK\x01\x02"
    data[directory + 20 : directory + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="more than the file has"):
        load_openai_vqvae(path)


def test_storages_of_other_sizes_and_missing_ones(path):
    rewritten(path, lambda n, d: [(n, d + b"1234" if n.endswith("/data/1") else d)])
    with pytest.raises(CheckpointError, match="should have"):
        load_openai_vqvae(path)
    rewritten(path, lambda n, d: [] if n.endswith("/data/1") else [(n, d)])
    with pytest.raises(CheckpointError, match="are missing"):
        load_openai_vqvae(path)


def test_two_entries_of_one_name(path):
    with pytest.warns(UserWarning, match="Duplicate"):
        rewritten(path, lambda n, d: [(n, d), (n, d)] if n.endswith("data.pkl") else [(n, d)])
    with pytest.raises(CheckpointError, match="Two entries"):
        load_openai_vqvae(path)


def test_programs_and_big_endian_files(path):
    rewritten(
        path, lambda n, d: [(n, d), (n.replace("data.pkl", "constants.pkl"), d)]
        if n.endswith("data.pkl") else [(n, d)],
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="does not hold weights"):
        load_openai_vqvae(path)
    rewritten(path, lambda n, d: [(n, b"big" if n.endswith("byteorder") else d)])
    with pytest.raises(CheckpointError, match="big-endian"):
        load_openai_vqvae(path)


# ---- tensors that do not fit --------------------------------------------------------------------


@pytest.mark.parametrize("container", CONTAINERS)
def test_tensors_that_do_not_fit(path, container):
    right = weights()[SOME]
    cases = [
        (torch.zeros(3, 3), "has shape"),
        (right.clone().flatten(), "has shape"),
        (right.clone().fill_(float("nan")), "not finite"),
        (right.clone().fill_(float("inf")), "not finite"),
        (right.long(), "not real numbers"),
        (None, "lacks 1 of its tensors"),
        ("text", "is not a tensor"),
        (3.0, "is not a tensor"),
    ]
    for value, message in cases:
        with pytest.raises(CheckpointError, match=message):
            load_openai_vqvae(good(path, container, **{SOME: value}))
    with pytest.raises(CheckpointError, match="unexpected"):
        load_openai_vqvae(good(path, container, **{"encoders.0.surprise": right}))
    with pytest.raises(CheckpointError, match="two tensors are called"):
        load_openai_vqvae(good(path, container, **{"module." + SOME: right}))


def test_a_tensor_that_repeats_one_number_is_not_blown_up(path):
    huge = torch.zeros(1).expand(10**12)
    good(path, **{SOME: huge})
    with pytest.raises(CheckpointError, match="reaches past its numbers"):
        load_openai_vqvae(path)


def test_absurd_options_are_refused_at_once(path):
    for name, value in [("depth", 10**9), ("downs_t", (10**9, 1)), ("levels", 10**6),
                        ("l_bins", 10**12), ("strides_t", (10**6, 10**6))]:  # fmt: skip
        with pytest.raises(ConfigError, match="at most"):
            load_openai_vqvae(good(path), {**HPS, name: value})


def test_another_models_options(path):
    with pytest.raises(CheckpointError, match="hparams"):
        load_openai_vqvae(good(path), {**HPS, "width": 8})
    with pytest.raises(CheckpointError, match="lacks"):
        load_openai_vqvae(good(path), {**HPS, "depth": 3})
    with pytest.raises(CheckpointError, match="Use load_openai_vqvae"):
        load_openai_prior(good(path))


def test_views_and_shared_numbers_are_read_rightly(path):
    base = torch.arange(24.0)
    content = {"turned": base.view(4, 6).T, "part": base[5:11], "again": base, "none": base[:0]}
    for container in CONTAINERS:
        tensors = open_released(save(path, {"model": content}, container)).tensors
        assert {k: t.shape for k, t in tensors.items()} == {
            k: tuple(v.shape) for k, v in content.items()
        }
        for name, stored in tensors.items():
            assert torch.equal(stored.read(), content[name])
