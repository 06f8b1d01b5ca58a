"""A small web server on this machine that misbehaves as it is told, and files to serve."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jukebox_edu.checkpoints.catalogue import RemoteFile
from jukebox_edu.checkpoints.download import download
from jukebox_edu.errors import CheckpointError

Reply = Callable[[BaseHTTPRequestHandler], None]
VARIABLES = ("http_proxy", "HTTP_PROXY", "JUKEBOX_EDU_MIRROR", "JUKEBOX_EDU_HOME")


def safetensors(n_bytes: int = 100_000, first: int = 0) -> bytes:
    """A valid file of one tensor of `n_bytes` bytes."""
    entry = {"dtype": "U8", "shape": [n_bytes], "data_offsets": [0, n_bytes]}
    header = json.dumps({"weights": entry}).encode()
    period = bytes((first + i * i // 7) % 256 for i in range(9973))
    body = (period * (n_bytes // len(period) + 1))[:n_bytes]
    return len(header).to_bytes(8, "little") + header + body


CONTENT = safetensors()
NEWER = safetensors(first=9)
FILE = RemoteFile("weights", "a/b/weights.safetensors", kind="safetensors")
URL = "/a/b/weights.safetensors"


def reply(
    content: bytes,
    *,
    etag: str | None = '"v1"',
    modified: str | None = None,
    ranges: bool = True,  # False: ignores Range
    if_range: bool = True,  # False: ignores If-Range
    drop: int | None = None,  # closes the connection after so many bytes of the body
    claim: int | None = None,  # Content-Length, if not the truth
    shift: int = 0,  # sends a range that begins so many bytes later
    chunked: bool = False,
    kind: str = "application/octet-stream",
    pieces: Callable[[], None] | None = None,  # called between pieces of the body
    **extra: str,
) -> Reply:
    """Answer with a file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range") if ranges else None
        condition = handler.headers.get("If-Range")
        if if_range and condition not in (None, etag, modified):
            asked = None
        start = int(asked.removeprefix("bytes=").rstrip("-")) + shift if asked else 0
        if start >= len(content) and asked:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(content)}")
            handler.end_headers()
            return
        body = content[start:]
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Type", kind)
        if asked:
            where = f"bytes {start}-{len(content) - 1}/{len(content)}"
            handler.send_header("Content-Range", where)
        if chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        else:
            handler.send_header("Content-Length", str(len(body) if claim is None else claim))
        for name, value in {"ETag": etag, "Last-Modified": modified, **extra}.items():
            if value:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        sent = body if drop is None else body[:drop]
        step = max(1, len(sent) // 10)
        for at in range(0, len(sent), step):
            piece = sent[at : at + step]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if pieces is not None:
                pieces()
        if chunked and drop is None:
            handler.wfile.write(b"0\r\n\r\n")

    return answer


def status(code: int, **headers: str) -> Reply:
    """Answer with a status and nothing else."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


class Server:
    """Serves what the replies say; remembers what it was asked."""

    def __init__(self, address: tuple[Any, ...]) -> None:
        self.url = f"http://127.0.0.1:{address[1]}"
        self.asked: list[tuple[str, dict[str, str]]] = []  # path, headers of each request
        self._replies: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *replies: Reply) -> None:
        """Answer requests for a path with one reply after the other; the last one stays."""
        self._replies[path] = list(replies)

    def next_reply(self, path: str, headers: dict[str, str]) -> Reply:
        """What to answer to this request."""
        with self._lock:
            self.asked.append((path, headers))
            replies = self._replies.get(path, [status(404)])
            return replies.pop(0) if len(replies) > 1 else replies[0]

    @property
    def ranges(self) -> list[str | None]:
        """The Range of every request, in order."""
        return [headers.get("Range") for _, headers in self.asked]


@contextmanager
def running() -> Iterator[Server]:
    """Run a server until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer one request; every connection serves one."""
            self.close_connection = True
            server.next_reply(self.path, dict(self.headers))(self)

        def log_message(self, *details: Any) -> None:
            """Stay silent."""

    class Http(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *details: Any) -> None:
            """Clients that go away are part of the tests."""

    http = Http(("127.0.0.1", 0), Handler)
    server = Server(http.server_address)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def get(server: Server, folder: Path, file: RemoteFile = FILE, **options: Any) -> Path:
    given = {"folder": folder, "mirrors": [server.url], "progress": False, "timeout": 5.0}
    return download(file, **{**given, "pause": 0.0, **options})


def refused(
    server: Server, folder: Path, match: str, file: RemoteFile = FILE, **options: Any
) -> str:
    """The one line a download fails with; nothing was given the file's name."""
    with pytest.raises(CheckpointError, match=match) as caught:
        get(server, folder, file, **options)
    line = str(caught.value)
    assert "\n" not in line and len(line) < 1500
    assert not (folder / file.local_path).exists()
    return line


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
