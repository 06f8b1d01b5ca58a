"""One question to a server over http: the file from some byte on.

What
    `ask` sends one GET request and judges the answer's head: is it the file (and not a web page),
    from which byte on, how long is it, by which mark (ETag, Last-Modified) can it be recognized
    later? The body is left to the caller. Everything that can go wrong is a `FetchError` that says
    whether asking again makes sense.
Safety
    http and https only, after redirects too, and never from https down to http; at most five
    redirects; nothing of what the server says becomes a file name. Proxies are those of the
    environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import http
import re
import socket
import ssl
import urllib.request as web
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

_MAX_REDIRECTS = 5
_AGENT = "jukebox-edu (Python urllib)"


class FetchError(Exception):
    """A download that did not work out.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    def __init__(self, reason: str, kind: str = "refused") -> None:
        super().__init__(" ".join(reason.split())[:300])
        #: "absent" (no such file), "refused" (asking again is no use), "unreachable" (no answer),
        #: "wrong" (other content), "dropped" (ask again for the rest), "restart" (ask again from
        #: the first byte on)
        self.kind = kind


@dataclass(frozen=True)
class Marks:
    """What tells one version of a file from another.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None  # bytes of the whole file
    sha256: str | None = None  # as the server declares it

    @property
    def condition(self) -> str | None:
        """A value for If-Range, which only a strong mark may be."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    def contradict(self, other: Marks) -> bool:
        """Whether two sets of marks cannot be those of one file."""
        mine = (self.etag, self.last_modified, self.total, self.sha256)
        theirs = (other.etag, other.last_modified, other.total, other.sha256)
        return any(a and b and a != b for a, b in zip(mine, theirs, strict=True))


@dataclass(frozen=True)
class Answer:
    """The head of an answer; the body waits to be read, and `body` to be closed."""

    start: int  # byte of the file with which the body begins
    marks: Marks
    body: HTTPResponse


class _Redirects(web.HTTPRedirectHandler):
    """Follows few redirects, to http and https only; remembers a checksum met on the way."""

    max_redirections = _MAX_REDIRECTS
    max_repeats = 2
    http_error_308 = web.HTTPRedirectHandler.http_error_302  # unknown to Python 3.10

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(  # noqa: D102
        self, req: web.Request, fp: Any, code: int, msg: str, headers: Message, newurl: str
    ) -> web.Request:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https") or (old, new) == ("https", "http"):
            fp.close()
            raise FetchError(f"redirects from {old} to {new or 'no'} address, which is refused")
        # Hugging Face tells the checksum of a large file beside the way to its storage.
        linked = (headers.get("X-Linked-Etag") or "").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", linked):
            self.sha256 = linked
        return web.Request(newurl, headers=dict(req.headers))


def ask(address: str, start: int = 0, known: Marks | None = None, timeout: float = 30.0) -> Answer:
    """Ask for a file from byte `start` on.

    Parameters
    ----------
    known
        Marks of the version of which `start` bytes are here already.
    timeout
        Seconds of silence after which a connection counts as dead.

    Raises
    ------
    FetchError
        If the answer is not that file.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if known is not None and known.condition:
            headers["If-Range"] = known.condition
    redirects = _Redirects()
    response = _open(web.Request(address, headers=headers), redirects, timeout)
    try:
        first, total = _place(response, start)
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        marks = Marks(etag, modified, total, redirects.sha256)
        if first and known is not None and marks.contradict(known):
            raise FetchError("has another version of the file by now", "restart")
    except FetchError:
        response.close()
        raise
    return Answer(first, marks, response)


def _open(request: web.Request, redirects: _Redirects, timeout: float) -> HTTPResponse:
    opener = web.OpenerDirector()
    for handler in (
        *(web.ProxyHandler(), web.HTTPHandler(), web.HTTPSHandler(), web.UnknownHandler()),
        *(web.HTTPDefaultErrorHandler(), web.HTTPErrorProcessor(), redirects),
    ):
        opener.add_handler(handler)
    try:
        return opener.open(request, timeout=timeout)  # type: ignore[return-value]
    except HTTPError as error:
        error.close()
        raise _status_error(error) from None
    except (OSError, HTTPException, ValueError) as error:
        raise broken(error) from None


def broken(error: Exception) -> FetchError:
    """Put a failure of the network into words.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return FetchError("was silent for too long", "dropped")
    if isinstance(reason, ssl.SSLCertVerificationError):
        advice = "SSL_CERT_FILE names a file of certificates, if a proxy needs its own"
        return FetchError(f"has a certificate that cannot be trusted ({reason.reason}; {advice})")
    if isinstance(reason, socket.gaierror):
        return FetchError("cannot be found (no network, or no such host)", "unreachable")
    if isinstance(reason, ConnectionRefusedError):
        return FetchError("refuses connections", "unreachable")
    if isinstance(reason, ValueError):
        return FetchError(f"gave an answer that is no http ({type(reason).__name__})")
    if isinstance(reason, OSError) and reason.strerror:
        return FetchError(f"broke off ({reason.strerror})", "dropped")
    return FetchError(f"broke off ({type(reason).__name__})", "dropped")


def _status_error(error: HTTPError) -> FetchError:
    code = error.code
    try:
        words = f"{code} ({http.HTTPStatus(code).phrase})"
    except ValueError:
        words = str(code)
    if 300 <= code < 400:
        target = urlsplit(error.headers.get("Location") or "").scheme
        if target not in ("", "http", "https"):
            return FetchError(f"redirects to a {target} address, which is refused")
        return FetchError(f"redirects in a circle, or more than {_MAX_REDIRECTS} times")
    if code in (404, 410):
        return FetchError(f"answered {words}", "absent")
    if code == 416:
        return FetchError(f"answered {words}", "restart")
    again = code >= 500 or code in (408, 425, 429)
    return FetchError(f"answered {words}", "dropped" if again else "refused")


def _place(response: HTTPResponse, start: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is, by the answer's head."""
    headers = response.headers
    if (headers.get("Content-Encoding") or "identity").lower() != "identity":
        raise FetchError("sends the file compressed, which was not asked for")
    if headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        raise FetchError("sent a web page instead of the file, perhaps of a login or an error")
    if response.status == 200:
        return 0, response.length
    if response.status != 206 or not start:
        raise FetchError(f"answered {response.status}, neither the file nor an error")
    found = re.fullmatch(
        r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})", headers.get("Content-Range") or ""
    )
    if found is None or int(found[1]) != start:
        raise FetchError("sent another part than was asked for", "restart")
    return start, int(found[2])
