"""Downloads stay where they belong: addresses, redirects, names, the disk, other processes."""

from __future__ import annotations

import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jukebox_edu.checkpoints.catalogue import RemoteFile, addresses
from jukebox_edu.checkpoints.download import download
from jukebox_edu.checkpoints.fetch import FetchError, _Redirects
from jukebox_edu.checkpoints.file_lock import FileLock
from jukebox_edu.errors import ConfigError

web = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("download_server.py"))))
reply, status, get, refused, leftovers = (
    web.reply,
    web.status,
    web.get,
    web.refused,
    web.leftovers,
)
CONTENT, FILE, URL = web.CONTENT, web.FILE, web.URL


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in web.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with web.running() as running:
        yield running


# ---- redirects, names, addresses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "match"),
    [
        (URL, "in a circle"),
        ("file:///etc/passwd", "to a file address"),
        ("ftp://127.0.0.1/x", "from http to ftp"),
        ("/1", "more than 5 times"),
    ],
)
def test_redirects_that_are_refused(server: Any, tmp_path: Path, target: str, match: str) -> None:
    server.on(URL, status(302, Location=target))
    for n in range(1, 9):
        server.on(f"/{n}", status(307, Location=f"/{n + 1}"))
    server.on("/9", reply(CONTENT))
    refused(server, tmp_path, match)
    assert len(server.asked) <= 7


def test_no_way_down_from_https() -> None:
    request = urllib.request.Request("https://example.org/x")
    with pytest.raises(FetchError, match="from https to http"):
        _Redirects().redirect_request(request, open(os.devnull), 302, "", {}, "http://a.b/c")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirects_that_are_followed(server: Any, tmp_path: Path, code: int) -> None:
    server.on(URL, status(code, Location=f"{server.url}/storage?key=1"))
    server.on("/storage?key=1", reply(CONTENT, drop=25_000), reply(CONTENT))
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, None, "bytes=25000-", "bytes=25000-"]


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/x", "a//x", "a\\..\\x", "C:/x", "a/..", ".", "", "a/\0", "a/x\n",
     "~/x", "a/.x", "-x", "a?b", "a%2e%2e/x", "ü"],
)  # fmt: skip
def test_paths_that_lead_elsewhere(path: str) -> None:
    with pytest.raises(ConfigError, match="must be a relative path"):
        RemoteFile("x", path)
    if path:
        with pytest.raises(ConfigError, match="stored_as"):
            RemoteFile("x", "x", stored_as=path)


@pytest.mark.parametrize(
    "mirror",
    ["ftp://a/b", "file:///tmp", "example.org", "", "http://", "https://a b", "http://a/?q=1",
     "http://[1", "http://a:99999/", "http://a/#f", "http://a/\r\nHost: b"],
)  # fmt: skip
def test_mirrors_that_are_no_address(mirror: str) -> None:
    with pytest.raises(ConfigError, match="mirror="):
        addresses(FILE, [mirror])


def test_passwords_are_not_repeated() -> None:
    with pytest.raises(ConfigError, match="without a password") as caught:
        addresses(FILE, ["https://me:secret@example.org"])
    assert "secret" not in str(caught.value)


def test_mirrors_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUKEBOX_EDU_MIRROR", "http://a/x/  https://b")
    assert addresses(FILE) == (f"http://a/x{URL}", f"https://b{URL}")
    assert addresses(FILE, "http://c") == (f"http://c{URL}",)


def test_nobody_there(server: Any, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        refused(server, tmp_path, "refuses connections", mirrors=[f"http://127.0.0.1:{port}"])


def test_proxies_are_used(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.on(f"http://nowhere.invalid{URL}", reply(CONTENT))
    assert get(server, tmp_path, mirrors=["http://nowhere.invalid"]).read_bytes() == CONTENT


# ---- the disk, and other processes --------------------------------------------------------------

CHILD = """
import sys, types
sys.path[:0] = [sys.argv[1]]
package = types.ModuleType("jukebox_edu.checkpoints")  # its __init__ would load torch
package.__path__ = [sys.argv[1] + "/jukebox_edu/checkpoints"]
sys.modules[package.__name__] = package
from jukebox_edu.checkpoints.catalogue import RemoteFile
from jukebox_edu.checkpoints.download import download
print("ready", flush=True)
file = RemoteFile("weights", "a/b/weights.safetensors", kind="safetensors")
print(download(file, folder=sys.argv[2], mirrors=[sys.argv[3]], progress=False), flush=True)
assert "torch" not in sys.modules
"""


def test_two_processes_one_download(server: Any, tmp_path: Path) -> None:
    both_ready = threading.Event()
    server.on(URL, reply(CONTENT, pieces=lambda: both_ready.wait(10)))
    root = str(Path(download.__code__.co_filename).parents[2])
    command = [sys.executable, "-c", CHILD, root, str(tmp_path), server.url]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    both_ready.set()
    paths = {child.communicate(timeout=20)[0].strip() for child in children}
    assert paths == {str(tmp_path / FILE.path)} and not any(c.returncode for c in children)
    assert (tmp_path / FILE.path).read_bytes() == CONTENT
    assert len(server.asked) == 1 and leftovers(tmp_path) == ["weights.safetensors"]


def test_two_threads_one_download(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT))
    threads = [threading.Thread(target=get, args=(server, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / FILE.path).read_bytes() == CONTENT and len(server.asked) == 1


def test_a_removed_lock_is_no_lock(tmp_path: Path) -> None:
    """Who waited for a lock that its holder removed must not share the work with a newcomer."""
    path, waits, holds, done = tmp_path / "lock", *(threading.Event() for _ in range(3))

    def second() -> None:
        with FileLock(path, waits.set):
            holds.set()
            done.wait(5)

    class Busy(Exception):
        pass

    def busy() -> None:
        raise Busy

    thread = threading.Thread(target=second)
    with FileLock(path):
        thread.start()
        assert waits.wait(5)
    assert holds.wait(5)
    try:
        with pytest.raises(Busy), FileLock(path, busy):
            pass
    finally:
        done.set()
        thread.join()
    assert not path.exists()


def test_a_lock_file_without_a_process_refuses_nobody(server: Any, tmp_path: Path) -> None:
    path = tmp_path / FILE.path
    path.parent.mkdir(parents=True)
    path.with_name(path.name + ".lock").touch()
    server.on(URL, reply(CONTENT))
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_anew(server: Any, tmp_path: Path) -> None:
    server.on(URL, reply(CONTENT))
    path = get(server, tmp_path)
    path.write_bytes(b"")
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written(server: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")
    refused(server, tmp_path, "cannot be stored.*--cache DIR")
    assert server.asked == []
    locked = tmp_path / "locked"
    server.on(URL, reply(CONTENT))
    path = get(server, locked)
    path.parent.chmod(0o555)
    try:
        assert get(server, locked) == path  # what is there can be used
        if hasattr(os, "geteuid") and os.geteuid() != 0:
            other = RemoteFile("other", "a/b/other.safetensors", kind="safetensors")
            refused(server, locked, "cannot be stored.*ermission", other)
    finally:
        path.parent.chmod(0o755)


def test_too_little_room_is_said_before(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=64_050_000))
    server.on(URL, reply(CONTENT))
    refused(server, tmp_path, r"needs 100\.1 kB more in .*64\.0 MB are free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=65_000_000))
    get(server, tmp_path)


def test_a_disk_that_fills_up_keeps_what_came(server: Any, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # a limit on file size stands in for a full disk
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    server.on(URL, reply(CONTENT))
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        refused(server, tmp_path, "cannot be stored: File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[0] is None and len(server.asked) == 2
