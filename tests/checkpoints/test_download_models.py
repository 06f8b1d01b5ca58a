"""The catalogue, finding files on this machine, fetching models, and the command for it."""

from __future__ import annotations

import argparse
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jukebox_edu import released
from jukebox_edu.checkpoints import cache, catalogue, hub
from jukebox_edu.checkpoints.catalogue import FILES, MODELS, ReleasedModel, RemoteFile
from jukebox_edu.checkpoints.commands import add_download_command
from jukebox_edu.checkpoints.located import fetch_model, locate
from jukebox_edu.errors import CheckpointError, ConfigError

web = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("download_server.py"))))
CONTENT, reply, status = web.CONTENT, web.reply, web.status
LIST = b"unknown;0\nannie;1\n"
TORCH = b"PK\x03\x04" + bytes(600)  # begins as it should; `locate` looks no further


def small_file(name: str, place: str) -> RemoteFile:
    return RemoteFile(name, f"jukebox/models/{place}", len(CONTENT), kind="safetensors")


SMALL = ReleasedModel(
    "1b_lyrics",
    small_file("vqvae", "5b/vqvae.safetensors"),
    (
        small_file("upsampler_level_0", "5b/prior_level_0.safetensors"),
        small_file("upsampler_level_1", "5b/prior_level_1.safetensors"),
        small_file("prior_1b_lyrics", "1b_lyrics/prior_level_2.safetensors"),
    ),
    (RemoteFile("v3_artist_ids", "jukebox/data/ids/v3_artist_ids.txt", kind="id_list"),),
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in web.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with web.running() as running:
        yield running


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, server: Any) -> ReleasedModel:
    """The model 1b_lyrics of small files, offered by the server."""
    monkeypatch.setitem(MODELS, "1b_lyrics", SMALL)
    for file in SMALL.files:
        server.on(f"/{file.path}", reply(LIST if file.kind == "id_list" else CONTENT))
    return SMALL


def put(folder: Path, content: bytes, *names: str, size: int | None = None) -> None:
    """Write files, as long as need be without taking up room."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with open(folder / name, "wb") as file:
            file.write(content)
            if size is not None:
                file.truncate(size)


# ---- the catalogue ------------------------------------------------------------------------------


def test_the_catalogue_holds_the_released_models() -> None:
    assert set(MODELS) == set(released.MODEL_SETS)
    for name, model in MODELS.items():
        shape = released.MODEL_SETS[name]
        versions = {prior.labels.version for prior in shape.priors if prior.labels}
        assert {file.name[:2] for file in model.id_lists} == versions
        assert len(model.priors) == len(shape.priors) and model.licence == shape.licence
        assert model.size_bytes == sum(file.size_bytes or 0 for file in model.files)
    assert len({file.path for file in FILES.values()}) == len(FILES) == 10
    assert all("non" in file.licence.lower() for file in FILES.values())


def test_sizes_are_those_of_the_recorded_tensors(shared_folder: Path) -> None:
    summary = json.loads((shared_folder / "spec/state_dicts/summary.json").read_text())
    for file in FILES.values():
        if file.kind == "torch":
            assert file.size_bytes == summary[file.name]["unique_bytes"]
        else:
            path = shared_folder / "spec/ids" / Path(file.path).name
            assert cache.find(file, path.parent) == path
            assert path.stat().st_size == file.size_bytes


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model='2b': must be one of 5b, 5b_lyrics, 1b_lyrics"):
        locate("2b")
    with pytest.raises(ConfigError, match="source='attic'"):
        locate("5b", source="attic")
    with pytest.raises(ConfigError, match="on Hugging Face"):
        locate("5b", source="huggingface", cache=tmp_path)
    with pytest.raises(CheckpointError, match="weights_dir=.*no such folder"):
        locate("5b", weights_dir=tmp_path / "nowhere")


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUKEBOX_EDU_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path and cache.cache_folder("x") == Path("x")
    monkeypatch.delenv("JUKEBOX_EDU_HOME")
    assert cache.cache_folder().name == "jukebox_edu"


# ---- finding ------------------------------------------------------------------------------------

TREE = ["jukebox/models/5b/vqvae.pth.tar", "models/5b/prior_level_0.pth.tar",
        "5b/prior_level_1.pth.tar", "5b_lyrics/prior_level_2.pth.tar"]  # fmt: skip
FLAT = ["vqvae.pth.tar", "prior_level_0.pth.tar", "upsampler_level_1.pth.tar",
        "prior_5b_lyrics.pth.tar"]  # fmt: skip
LISTS = ["ids/v2_artist_ids.txt", "v2_genre_ids.txt"]


@pytest.mark.parametrize("names", [TREE, FLAT])
def test_files_are_found_as_released_and_flat(tmp_path: Path, names: list[str]) -> None:
    sizes = [file.size_bytes for file in MODELS["5b_lyrics"].files[2:]]
    for name, size in zip(names, sizes, strict=True):
        put(tmp_path, TORCH, name, size=(size or 0) + 300_000)
    put(tmp_path, LIST, *LISTS)
    here = locate("5b_lyrics", weights_dir=tmp_path, cache=tmp_path / "none")
    assert here.complete and here.bytes_to_fetch == 0
    assert here.vqvae == tmp_path / names[0] and here.prior(2) == tmp_path / names[3]
    assert here.path("v2_genre_ids") == tmp_path / "v2_genre_ids.txt"
    assert not (tmp_path / "none").exists()


def test_a_bare_name_is_judged_by_its_size(tmp_path: Path) -> None:
    name = "prior_level_2.pth.tar"
    put(tmp_path, TORCH, name, size=FILES["prior_5b_lyrics"].size_bytes)
    assert cache.find(FILES["prior_5b_lyrics"], tmp_path) == tmp_path / name
    wrong = cache.find(FILES["prior_5b"], tmp_path)
    assert "its size is that of prior_5b_lyrics" in str(wrong)
    put(tmp_path, TORCH, name, size=FILES["prior_1b_lyrics"].size_bytes // 2)  # half precision
    assert cache.find(FILES["prior_1b_lyrics"], tmp_path) == tmp_path / name


def test_what_is_missing_is_listed_with_sizes(tmp_path: Path) -> None:
    put(tmp_path, b"<html>", "vqvae.pth.tar")
    put(tmp_path, TORCH, "prior_level_0.pth.tar")
    with pytest.raises(CheckpointError) as caught:
        fetch_model("1b_lyrics", weights_dir=tmp_path, cache=tmp_path / "cache")
    line = str(caught.value)
    assert "prior_level_2.pth.tar (prior_1b_lyrics, about 3.8 GB)" in line
    assert "vqvae.pth.tar: it is a web page" in line and "\n" not in line
    assert "has 604 bytes where about 3925192704 are expected" in line
    assert "v3_artist_ids.txt (v3_artist_ids, 141.1 kB)" in line
    assert not (tmp_path / "cache").exists()
    here = locate("1b_lyrics", weights_dir=tmp_path, cache=tmp_path / "cache")
    assert here.bytes_to_fetch == MODELS["1b_lyrics"].size_bytes
    with pytest.raises(CheckpointError, match="missing in"):
        here.prior(1)


# ---- fetching -----------------------------------------------------------------------------------


def test_a_model_is_fetched_once(server: Any, small: ReleasedModel, tmp_path: Path) -> None:
    path = "/" + small.priors[2].path
    server.on(path, reply(CONTENT, drop=40_000), status(403), reply(CONTENT))
    options: dict[str, Any] = {"cache": tmp_path, "mirrors": server.url, "progress": False}
    with pytest.raises(CheckpointError, match="403"):
        fetch_model("1b_lyrics", **options)
    assert locate("1b_lyrics", cache=tmp_path).bytes_to_fetch == len(CONTENT) - 40_000
    here = fetch_model("1b_lyrics", **options)
    assert here.complete and here.prior(2).read_bytes() == CONTENT
    requests = len(server.asked)
    fetch_model("1b_lyrics", **options)
    assert len(server.asked) == requests == len(small.files) + 2
    # the cache of one machine is the folder of weights of another
    assert locate("1b_lyrics", weights_dir=tmp_path, cache=tmp_path / "none").complete


def test_room_is_counted_before_anything_is_fetched(
    server: Any, small: ReleasedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=64_300_000))
    with pytest.raises(CheckpointError, match=r"1b_lyrics needs 400\.3 kB more"):
        fetch_model("1b_lyrics", cache=tmp_path / "new", mirrors=server.url)
    assert server.asked == [] and not (tmp_path / "new").exists()


HUB = "/openai/jukebox-1b-lyrics/resolve/main/"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
INDEX = json.dumps({"metadata": {}, "weight_map": dict(zip("abc", SHARDS * 2, strict=False))})


def test_one_file_of_the_hub(server: Any, small: ReleasedModel, tmp_path: Path) -> None:
    server.on(HUB + "model.safetensors", reply(CONTENT))
    here = fetch_model(
        "1b_lyrics", cache=tmp_path, mirrors=server.url, source="huggingface", progress=False
    )
    assert here.hub_weights == tmp_path / "openai/jukebox-1b-lyrics/model.safetensors"
    flat = locate("1b_lyrics", here.hub_weights.parent, tmp_path / "x", source="huggingface")
    assert flat.hub_weights == here.hub_weights and len(flat.missing) == 1  # the list


def test_shards_of_the_hub(server: Any, small: ReleasedModel, tmp_path: Path) -> None:
    server.on(HUB + "model.safetensors.index.json", reply(INDEX.encode()))
    server.on(HUB + SHARDS[0], reply(CONTENT))
    options: dict[str, Any] = {"mirrors": server.url, "source": "huggingface", "progress": False}
    with pytest.raises(CheckpointError, match=f"{SHARDS[1]} could not be downloaded.* 404"):
        fetch_model("1b_lyrics", cache=tmp_path, **options)
    half = locate("1b_lyrics", cache=tmp_path, source="huggingface")
    assert [item.file.name for item in half.missing] == [SHARDS[1]]
    server.on(HUB + SHARDS[1], reply(CONTENT))
    here = fetch_model("1b_lyrics", cache=tmp_path, **options)
    assert here.hub_weights.name == "model.safetensors.index.json"
    assert here.path(SHARDS[1]).read_bytes() == CONTENT


def test_a_hub_without_the_model(server: Any, small: ReleasedModel, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="404"):
        fetch_model(
            "1b_lyrics", cache=tmp_path, mirrors=server.url, source="huggingface", progress=False
        )
    assert [path for path, _ in server.asked][1:] == [HUB + form for form in hub.FORMS]


@pytest.mark.parametrize(
    "index",
    ["[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}', '{"weight_map": {}}',
     '{"weight_map": {"a": "../../x.bin"}}', '{"weight_map": {"a": "/etc/x.bin"}}',
     '{"weight_map": {"a": "c:\\\\x.bin"}}', '{"weight_map": {"a": ".x.bin"}}', "[" * 99999,
     '{"weight_map": {"a": "x.py"}}', '{"weight_map": {"a": ["x.bin"]}}',
     '{"weight_map": {"a": "sub/x.bin"}}'],
)  # fmt: skip
def test_hostile_indices(tmp_path: Path, index: str) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(index)
    with pytest.raises(CheckpointError, match="index"):
        hub.shards("openai/jukebox-1b-lyrics", path)


# ---- the command --------------------------------------------------------------------------------


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_download_command(parser.add_subparsers())
    arguments = parser.parse_args(["download", *words])
    return arguments.handler(arguments)


def test_the_command_fetches_after_showing_licence_and_sizes(
    server: Any, small: ReleasedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["1b_lyrics", "--mirror", server.url, "--cache", str(tmp_path)]
    assert command(*line) == 2 and server.asked == []  # nobody to ask
    assert "add --yes" in capsys.readouterr().err
    assert command(*line, "--yes") == 0
    out = capsys.readouterr().out
    assert out.index("non-commercial") < out.index("about 100.1 kB") < out.index("Everything")
    assert f"{server.url}/{small.vqvae.path}" in out
    assert command(*line) == 0 and "Everything is on this machine." in capsys.readouterr().out


def test_the_command_without_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = ["--cache", str(tmp_path / "none")]
    assert command("5b", "--weights", str(tmp_path), *nowhere) == 1
    captured = capsys.readouterr()
    assert "prior_level_2.pth.tar (prior_5b, about 10.3 GB)" in captured.out
    assert "http" not in captured.out and "nothing is fetched" in captured.err
    assert command("6b") == 1 and "must be one of" in capsys.readouterr().err
    assert command(*nowhere) == 0
    listed = capsys.readouterr().out
    assert "5b_lyrics  about 19.3 GB" in listed and catalogue.LICENCE_NOTICE in listed


def test_the_command_says_what_failed(
    server: Any, small: ReleasedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(f"/{small.vqvae.path}", status(403))
    assert command("1b_lyrics", "--mirror", server.url, "--cache", str(tmp_path), "--yes") == 1
    error = capsys.readouterr().err.strip()
    assert error.count("\n") == 0 and "answered 403" in error


def test_the_command_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*details: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jukebox_edu.checkpoints.commands.locate", stop)
    assert command("5b") == 130 and "same line" in capsys.readouterr().err
