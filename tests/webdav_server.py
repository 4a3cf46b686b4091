"""A WebDAV server of nobody's, as RFC 4918 has it, on a folder: for stores that speak WebDAV, and that put and get over HTTP.

It can be told who may ask and in which of the ways that there are, and which requests fail.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

__all__ = ["Share", "share"]

_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass
class Share:
    """Where it listens, who may ask, and what was asked.

    Attributes:
        way: `basic`, `digest`, `bearer` or `header`; empty: whoever asks.
        tokens: That are taken, for `bearer`.
        ranges: Whether a part of a file is given.
        trouble: Statuses that the next requests are answered with.
        moved: Where these answers say that it is instead.
        given: Bytes of files that were given out.
    """

    folder: Path
    url: str = ""
    way: str = ""
    user: str = "ada"
    password: str = "p@ss:/word"
    tokens: set[str] = field(default_factory=set)
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    trouble: list[int] = field(default_factory=list)
    moved: str = ""
    given: int = 0
    nonces: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def webdav(self) -> str:
        return self.url.replace("http:", "webdav:")


@contextmanager
def share(folder: Path) -> Iterator[Share]:
    made = Share(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"share": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    share: Share

    def log_message(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        share = self.share
        share.asked.append(self.command)
        body = self._body()
        if not self._may():
            self._end(401, **{"WWW-Authenticate": self._challenge()})
            return
        if share.trouble:
            status = share.trouble.pop(0)
            self._end(status, **({"Location": share.moved} if share.moved else {}))
            return
        act = getattr(self, f"_{self.command.lower()}", None)
        if act is None:
            self._end(501)
            return
        path = share.folder / unquote(urlsplit(self.path).path).strip("/")
        with share.lock:
            act(path, body)

    def _options(self, _: Path, __: bytes) -> None:
        self._end(200, DAV="1", Allow="PROPFIND, MKCOL, MOVE, PUT, DELETE, GET, HEAD")

    def _head(self, path: Path, _: bytes) -> None:
        if not path.is_file():
            self._end(404)
            return
        self.send_response(200)
        self._describe(path)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()

    def _get(self, path: Path, _: bytes) -> None:
        if not path.is_file():
            self._end(404 if not path.exists() else 405)
            return
        data = path.read_bytes()
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if self.share.ranges else None
        if found:
            begin, size = int(found[1]), len(data)
            if begin >= size:
                self._end(416)
                return
            data = data[begin : int(found[2]) + 1 if found[2] else None]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(data) - 1}/{size}")
        else:
            self.send_response(200)
        self._describe(path)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(data)
            self.share.given += len(data)

    def _put(self, path: Path, body: bytes) -> None:
        if not path.parent.is_dir():
            self._end(409)
        elif path.is_dir():
            self._end(405)
        else:
            path.write_bytes(body)
            self._end(201)

    def _post(self, path: Path, body: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._put(path, body)

    def _mkcol(self, path: Path, _: bytes) -> None:
        if not path.parent.is_dir():
            self._end(409)
        elif path.exists():
            self._end(405)
        else:
            path.mkdir()
            self._end(201)

    def _move(self, path: Path, _: bytes) -> None:
        target = self.share.folder / unquote(urlsplit(self.headers["Destination"]).path).strip("/")
        if not path.exists():
            self._end(404)
        elif not target.parent.is_dir():
            self._end(409)
        elif target.exists() and self.headers.get("Overwrite", "T") == "F":
            self._end(412)
        else:
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
            self._end(201)

    def _delete(self, path: Path, _: bytes) -> None:
        if not path.exists():
            self._end(404)
            return
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._end(204)

    def _propfind(self, path: Path, _: bytes) -> None:
        if not path.exists():
            self._end(404)
            return
        shown = [path, *(sorted(path.iterdir()) if path.is_dir() and self.headers.get("Depth") == "1" else [])]
        data = "".join(self._shown(one) for one in shown)
        body = f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">{data}</D:multistatus>'.encode()
        self.send_response(207)
        self.send_header("Content-Type", "application/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _shown(self, path: Path) -> str:
        found = path.stat()
        name = "/" + path.relative_to(self.share.folder).as_posix().removeprefix(".")
        href = escape(quote(name + ("/" if path.is_dir() and name != "/" else "")))
        kind = "<D:collection/>" if path.is_dir() else ""
        size = "" if path.is_dir() else f"<D:getcontentlength>{found.st_size}</D:getcontentlength>"
        return (
            f"<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype>{kind}</D:resourcetype>{size}"
            f"<D:getlastmodified>{formatdate(found.st_mtime, usegmt=True)}</D:getlastmodified>"
            f"<D:getetag>&quot;{found.st_mtime_ns:x}&quot;</D:getetag></D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )

    def _describe(self, path: Path) -> None:
        found = path.stat()
        self.send_header("ETag", f'"{found.st_mtime_ns:x}"')
        self.send_header("Last-Modified", formatdate(found.st_mtime, usegmt=True))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        data = bytearray()
        while True:
            line = self.rfile.readline()
            if not line:
                raise ConnectionError
            size = int(line, 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if len(piece) < size:
                raise ConnectionError
            if not size:
                return bytes(data)
            data += piece

    def _end(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status >= 200 and status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def _may(self) -> bool:
        share, said = self.share, self.headers.get("Authorization", "")
        if share.way == "basic":
            return said == "Basic " + base64.b64encode(f"{share.user}:{share.password}".encode()).decode()
        if share.way == "bearer":
            return said.removeprefix("Bearer ") in share.tokens
        if share.way == "header":
            return self.headers.get("X-Secret") == share.password
        return share.way != "digest" or self._is_digest(said)

    def _challenge(self) -> str:
        if self.share.way != "digest":
            return f'{self.share.way.title()} realm="here"'
        nonce = secrets.token_hex(8)
        self.share.nonces.add(nonce)
        return f'Digest realm="here", nonce="{nonce}", qop="auth,auth-int", algorithm=SHA-256, opaque="x"'

    def _is_digest(self, said: str) -> bool:
        given = {name: quoted or plain for name, quoted, plain in _PAIR.findall(said.removeprefix("Digest "))}
        if given.get("nonce") not in self.share.nonces or given.get("uri") != self.path:
            return False

        def hashed(*texts: str) -> str:
            return hashlib.sha256(":".join(texts).encode()).hexdigest()

        who = hashed(self.share.user, "here", self.share.password)
        what = hashed(self.command, self.path)
        wanted = hashed(who, given["nonce"], given["nc"], given["cnonce"], "auth", what)
        return given["response"] == wanted and given["username"] == self.share.user
