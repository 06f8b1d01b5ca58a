"""A download ends in the whole right file or in one line of explanation, whatever servers do."""

from __future__ import annotations

import hashlib
import runpy
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jukebox_edu.checkpoints.catalogue import RemoteFile
from jukebox_edu.checkpoints.download import AbsentError
from jukebox_edu.errors import CheckpointError

web = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("download_server.py"))))
reply, status, get, refused, leftovers = (
    web.reply,
    web.status,
    web.get,
    web.refused,
    web.leftovers,
)
CONTENT, NEWER, FILE, URL = web.CONTENT, web.NEWER, web.FILE, web.URL


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in web.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with web.running() as running:
        yield running


# ---- servers that break off ---------------------------------------------------------------------


def test_a_file_arrives_and_is_not_asked_for_again(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT))
    path = get(server, tmp_path)
    assert path == tmp_path / "a/b/weights.safetensors" and path.read_bytes() == CONTENT
    assert leftovers(tmp_path) == ["weights.safetensors"]
    assert get(server, tmp_path) == path and len(server.asked) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_breaks_are_continued(server: Any, tmp_path: Path, chunked: bool) -> None:
    broken = reply(CONTENT, drop=20_000, chunked=chunked)
    server.on(URL, *[broken] * 4, reply(CONTENT))
    assert get(server, tmp_path).read_bytes() == CONTENT
    steps = [None, *(f"bytes={n}-" for n in range(20_000, 100_000, 20_000))]
    assert server.ranges == steps
    assert server.asked[1][1]["If-Range"] == '"v1"'


@pytest.mark.parametrize("marks", [{"etag": None, "modified": "Mon, 01 Jun 2020 00:00:00 GMT"},
                                   {"etag": 'W/"weak"'}, {}])  # fmt: skip
def test_a_later_call_continues(server: Any, tmp_path: Path, marks: dict[str, Any]) -> None:
    server.on(URL, reply(CONTENT, drop=30_000, **marks), status(404), reply(CONTENT, **marks))
    assert "30.0 kB are kept" in refused(server, tmp_path, "answered 404")
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=30000-"


@pytest.mark.parametrize(
    "second",
    [
        {"ranges": False},  # the whole again
        {"shift": 5},  # another part than asked for
        {"content": NEWER, "etag": '"v2"'},  # changed meanwhile; If-Range heeded
        {"content": NEWER, "etag": '"v2"', "if_range": False},  # changed; If-Range ignored
        {"content": NEWER[:5000] + NEWER[5001:], "etag": '"v1"'},  # other length, same mark
    ],
)
def test_what_cannot_be_continued_starts_over(
    server: Any, tmp_path: Path, second: dict[str, Any]
) -> None:
    whole = NEWER if second.get("content") else CONTENT
    later = reply(**{"content": CONTENT, **second})
    again = reply(whole, etag=second.get("etag", '"v1"'))
    server.on(URL, reply(CONTENT, drop=30_000), later, again)
    assert get(server, tmp_path).read_bytes() == whole


def test_without_a_mark_nothing_is_continued(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT, drop=30_000, etag=None), reply(NEWER, etag=None))
    assert get(server, tmp_path).read_bytes() == NEWER
    assert server.ranges == [None, None]


def test_marks_of_one_server_say_nothing_of_another(server: Any, tmp_path: Path) -> None:
    server.on("/a" + URL, reply(CONTENT, drop=30_000), status(403))
    server.on("/b" + URL, reply(NEWER))  # another file under the same mark
    path = get(server, tmp_path, mirrors=[server.url + "/a", server.url + "/b"])
    assert path.read_bytes() == NEWER


def test_a_part_that_is_too_long_or_unnoted_starts_over(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT, drop=90_000), status(404), reply(CONTENT[:80_000]))
    refused(server, tmp_path, "404")
    server.on(URL, reply(NEWER[:80_000]), reply(NEWER))  # answers 416 first
    assert get(server, tmp_path).read_bytes() == NEWER
    assert server.ranges[-2:] == ["bytes=90000-", None]
    path = tmp_path / "other" / FILE.path
    path.parent.mkdir(parents=True)
    path.with_name(path.name + ".part").write_bytes(b"of unknown origin")
    assert get(server, tmp_path / "other").read_bytes() == NEWER


def test_a_whole_part_needs_no_request(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT))
    path = get(server, tmp_path)
    server.on(URL, reply(CONTENT, drop=50_000), status(404))
    path.unlink()
    refused(server, tmp_path, "404")
    path.with_name(path.name + ".part").write_bytes(CONTENT)  # killed just before the renaming
    assert get(server, tmp_path).read_bytes() == CONTENT and len(server.asked) == 3


def test_a_stopped_download_continues(server: Any, tmp_path: Path) -> None:
    if not hasattr(signal, "pthread_kill"):
        pytest.skip("no signals to a thread here")
    pieces = iter(range(10))
    gone = threading.Event()
    part = tmp_path / "a/b/weights.safetensors.part"

    def stop() -> None:
        if next(pieces) == 4:
            while not (part.exists() and part.stat().st_size > 20_000):
                gone.wait(0.01)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            gone.wait(5)

    server.on(URL, reply(CONTENT, pieces=stop), reply(CONTENT))
    with pytest.raises(KeyboardInterrupt):
        get(server, tmp_path)
    gone.set()
    assert leftovers(tmp_path) == ["weights.safetensors.part", "weights.safetensors.part.json"]
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert int(server.ranges[1].strip("bytes=-")) > 20_000


def test_slow_is_not_silent(server: Any, tmp_path: Path) -> None:
    never = threading.Event()
    server.on(URL, reply(CONTENT, pieces=lambda: never.wait(0.03)))
    assert get(server, tmp_path, timeout=0.25).read_bytes() == CONTENT  # 0.3 s in all
    server.on("/mute" + URL, lambda handler: never.wait(0.5))
    line = refused(
        server, tmp_path / "m", "silent", mirrors=[server.url + "/mute"], timeout=0.05, attempts=2
    )
    assert "HTTPS_PROXY" in line
    assert [path for path, _ in server.asked].count("/mute" + URL) == 2


# ---- servers that lie ---------------------------------------------------------------------------


def test_fewer_bytes_than_claimed(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT, ranges=False, claim=len(CONTENT) + 7))
    refused(server, tmp_path, f"broke off after {len(CONTENT)} of {len(CONTENT) + 7} bytes")
    assert len(server.asked) == 5  # one that brought something, four that brought nothing


def test_more_bytes_than_claimed(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT, claim=60_000))
    refused(server, tmp_path, "has 60000 bytes where its header speaks of 1000")
    exact = RemoteFile("weights", FILE.path, len(CONTENT), True, kind="safetensors")
    refused(server, tmp_path / "x", f"60000 bytes where {len(CONTENT)} are", exact)
    assert leftovers(tmp_path) == []


def test_sizes_that_cannot_be(server: Any, tmp_path: Path) -> None:
    near = RemoteFile("weights", FILE.path, 10 * len(CONTENT), kind="safetensors")
    server.on(URL, reply(CONTENT))
    refused(server, tmp_path, "where about 1000840 are expected", near)
    listed = RemoteFile("names", "names.txt", 10, True, kind="id_list")
    server.on("/names.txt", reply(b"a;1\n" * 1000, chunked=True))
    refused(server, tmp_path, "sends more than 10 bytes", listed)


@pytest.mark.parametrize(("code", "asked"), [(403, 1), (404, 1), (410, 1), (500, 4), (429, 4)])
def test_refusals(server: Any, tmp_path: Path, code: int, asked: int) -> None:
    server.on(URL, status(code))
    line = refused(server, tmp_path, f"{server.url}{URL} answered {code} ")
    assert "--mirror" in line and "--weights" in line and len(server.asked) == asked
    server.on("/good" + URL, reply(CONTENT))
    path = get(server, tmp_path, mirrors=[server.url, server.url + "/good"])
    assert path.read_bytes() == CONTENT


def test_only_absence_everywhere_counts_as_absent(server: Any, tmp_path: Path) -> None:
    server.on("/b" + URL, status(403))
    with pytest.raises(AbsentError):
        get(server, tmp_path, mirrors=[server.url, server.url + "/a"])
    with pytest.raises(CheckpointError) as caught:
        get(server, tmp_path, mirrors=[server.url, server.url + "/b"])
    assert not isinstance(caught.value, AbsentError)


PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>" + b" " * 600


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (reply(PAGE, kind="text/html"), "sent a web page instead of the file"),
        (reply(PAGE), "is a web page"),
        (reply(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git-lfs"),
        (reply(b"something else entirely" * 100), "is not a safetensors file"),
        (reply(b""), "0 bytes"),
        (reply(CONTENT[:70_000]), "70000 bytes where its header speaks of"),
        (reply(CONTENT[:40]), "header is cut off"),
        (reply(CONTENT, Content_Encoding="gzip"), "compressed"),
        (status(204), "neither the file nor an error"),
        (lambda handler: handler.wfile.write(b"garbage\r\n\r\n"), "broke off|no http"),
    ],
)
def test_other_content_is_refused(server: Any, tmp_path: Path, answer: Any, match: str) -> None:
    server.on(URL, answer)
    refused(server, tmp_path, match)
    assert [name for name in leftovers(tmp_path) if name.endswith(".safetensors")] == []


def test_a_page_costs_one_block(server: Any, tmp_path: Path) -> None:
    sent: list[int] = []
    server.on(URL, reply(PAGE + bytes(2 * 10**7), pieces=lambda: sent.append(1)))
    refused(server, tmp_path, "is a web page")
    assert leftovers(tmp_path) == [] and len(sent) < 10


def test_checksums(server: Any, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    known = RemoteFile("weights", FILE.path, sha256=digest, kind="safetensors")
    server.on(URL, reply(NEWER))
    refused(server, tmp_path, "SHA-256", known)
    # with a checksum, what one mirror began another may finish; a wrong beginning is noticed
    for beginning in (CONTENT, NEWER):
        folder = tmp_path / str(beginning[-1])
        server.on("/a" + URL, reply(beginning, drop=9_000), status(403))
        server.on("/b" + URL, reply(CONTENT, etag='"b"'))
        both = [server.url + "/a", server.url + "/b"]
        assert get(server, folder, known, mirrors=both).read_bytes() == CONTENT
    assert server.ranges.count("bytes=9000-") == 4


def test_a_checksum_met_on_the_way_is_compared(server: Any, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    server.on(URL, status(302, Location="/storage", **{"X-Linked-Etag": f'"{digest}"'}))
    server.on("/storage", reply(NEWER), reply(CONTENT))
    refused(server, tmp_path, "SHA-256")
    assert get(server, tmp_path).read_bytes() == CONTENT


# ---- the other kinds of files -------------------------------------------------------------------


@pytest.mark.parametrize("new_container", [True, False])
def test_files_of_torch(server: Any, tmp_path: Path, new_container: bool) -> None:
    import torch

    saved = tmp_path / "saved.pth"
    value = {"model": {"w": torch.arange(5000.0)}, "step": 1}
    torch.save(value, saved, _use_new_zipfile_serialization=new_container)
    content, file = saved.read_bytes(), RemoteFile("vqvae", "vqvae.pth.tar")
    server.on("/vqvae.pth.tar", reply(content[:-900]), reply(b"PK\x03\x04" + bytes(500)))
    refused(server, tmp_path, "cut off|damaged", file)
    refused(server, tmp_path, "cut off|damaged", file)
    server.on("/vqvae.pth.tar", reply(content))
    assert get(server, tmp_path, file).read_bytes() == content


def test_lists_of_names(server: Any, tmp_path: Path) -> None:
    file = RemoteFile("names", "names.txt", kind="id_list")
    server.on("/names.txt", reply(b"unknown;0\nannie"), reply(b"unknown;0\nannie;1\n"))
    refused(server, tmp_path, "line 2: 'annie' is not of the form name;id", file)
    assert get(server, tmp_path, file).read_bytes() == b"unknown;0\nannie;1\n"


def test_progress_shows_share_and_time_left(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(URL, reply(web.safetensors(1_500_000)))
    get(server, tmp_path, progress=True)
    assert "weights: 1 MB in" in capsys.readouterr().err
