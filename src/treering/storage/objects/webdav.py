"""Artifacts on a WebDAV server: `webdav://host/path`, and `webdavs://` over TLS (RFC 4918).

Files go to a name of their own first and are moved to the one that they bear, as most
servers would show a file of which half has come.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.parsers import expat

import urllib3
from urllib3.exceptions import HTTPError

from treering.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StorageFull,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.storage.objects.base import CHUNK_SIZE
from treering.storage.objects.folders import Entry, FolderStore
from treering.storage.objects.options import Options, told
from treering.storage.objects.web import Web, WebOptions

__all__ = ["WebdavStore"]

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 307, 308}
_BY_STATUS: Mapping[int, tuple[type[TreeringError], str]] = {
    401: (Unauthenticated, "Check the user and the password or token."),
    403: (PermissionDenied, "Give this user the right to do it."),
    404: (NotFound, "Nothing is there."),
    405: (Conflict, "Something else stands there, or the server speaks no WebDAV."),
    409: (NotFound, "The folder is not there."),
    410: (NotFound, "Nothing is there."),
    412: (Conflict, "Somebody else has written it."),
    413: (StorageFull, "The server takes no file of that size."),
    414: (InvalidInput, "Shorten the name."),
    423: (Unavailable, "Somebody has locked it; try again."),
    429: (Unavailable, "Try again later."),
    507: (StorageFull, "Free some space there."),
}
_ASKED = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>'
    b"<getlastmodified/><getetag/></prop></propfind>"
)


class WebdavStore(FolderStore):
    """A collection on a WebDAV server, which need not exist before the first write.

    Args:
        uri: `webdav://[user[:password]@]host[:port]/<path>`, or `webdavs://`.
        options: As `WebOptions`.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        parts = urlsplit(uri)
        if not parts.hostname:
            msg = f"{uri!r} names no machine. Write webdavs://<host>/<path>."
            raise InvalidInput(msg)
        named = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        given = {**{name: value for name, value in named.items() if value}, **(options or {})}
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}{parts.path}"
        base = f"{'https' if parts.scheme == 'webdavs' else 'http'}://{host}"
        server = _Server(base, shown, Web(told(WebOptions, given, shown), shown, retries=None))
        super().__init__(shown, unquote(parts.path), server, read_settings().http_retries + 1)


class _Server:
    """As `treering.storage.objects.folders.Disk`."""

    def __init__(self, base: str, shown: str, web: Web) -> None:
        self._base, self._uri, self._web = base, shown, web

    def look(self, path: str) -> Entry | None:
        try:
            found = self._found(path, "0")
        except NotFound:
            return None
        return found[0].entry(posixpath.basename(path)) if found else None

    def entries(self, path: str) -> list[Entry]:
        own = path.strip("/")
        return [
            one.entry(posixpath.basename(one.path.rstrip("/")))
            for one in self._found(f"{path}/", "1")
            if one.path.strip("/") != own
        ]

    def get(self, path: str, offset: int, length: int) -> Iterator[bytes]:
        headers = {"accept-encoding": "identity", "range": f"bytes={offset}-{offset + length - 1}"}
        answer = self._ask("GET", path, headers)
        # A server that knows no ranges sends all of it.
        skip = 0 if answer.status == HTTPStatus.PARTIAL_CONTENT else offset
        got = 0
        try:
            for chunk in answer.stream(CHUNK_SIZE):
                part = chunk[skip : skip + length - got]
                skip = max(0, skip - len(chunk))
                got += len(part)
                if part:
                    yield part
                if got == length:
                    break
        except HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            # Where there is more to come, the connection is of no more use.
            if got != length or answer.status != HTTPStatus.PARTIAL_CONTENT:
                answer.close()
            answer.release_conn()
        if got != length:
            msg = f"{self._uri} has sent {got:,} bytes of {length:,} of {path!r}. Read it again."
            raise Unavailable(msg)

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        self._ask("PUT", path, {"content-type": "application/octet-stream"}, chunks).drain_conn()

    def rename(self, old: str, new: str) -> None:
        self._ask("MOVE", old, {"destination": self._base + quote(new), "overwrite": "T"}).drain_conn()

    def make_folder(self, path: str) -> None:
        self._ask("MKCOL", f"{path}/", {}).drain_conn()

    def remove(self, path: str, *, is_dir: bool) -> None:
        self._ask("DELETE", f"{path}/" if is_dir else path, {}).drain_conn()

    def _found(self, path: str, depth: str) -> list[_Item]:
        headers = {"depth": depth, "content-type": "application/xml; charset=utf-8"}
        answer = self._ask("PROPFIND", path, headers, _ASKED)
        try:
            data = answer.data
        except HTTPError as error:
            raise self._unreachable(error) from error
        if answer.status != HTTPStatus.MULTI_STATUS:
            msg = f"{self._uri} does not answer as WebDAV does. Check the address: it must be that of WebDAV."
            raise InvalidInput(msg)
        try:
            return _read_listing(data)
        except (expat.ExpatError, ValueError) as error:
            msg = f"{self._uri} has sent a listing that cannot be read: {error}. Try again."
            raise Unavailable(msg) from error

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Iterable[bytes] | bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        url = self._base + quote(path)
        try:
            for _ in range(_MOST_REDIRECTS):
                answer = self._web.request(method, url, headers, body)
                where = urljoin(url, answer.headers.get("location", ""))
                # A collection without its last slash, most often; nobody else is told the password.
                if answer.status not in _REDIRECTS or not where.startswith(f"{self._base}/"):
                    break
                answer.drain_conn()
                url = where
        except HTTPError as error:
            raise self._unreachable(error) from error
        if not HTTPStatus(200) <= answer.status < HTTPStatus(300):
            answer.close()
            self._refuse(method, path, answer.status)
        return answer

    def _refuse(self, method: str, path: str, status: int) -> NoReturn:
        usual = (
            (Unavailable, "Try again.") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else (InvalidInput, "Check it.")
        )
        kind, advice = _BY_STATUS.get(status, usual)
        msg = f"{method} of {path!r} at {self._uri} was answered with HTTP status {status}. {advice}"
        raise kind(msg)

    def _unreachable(self, error: HTTPError) -> Unavailable:
        return Unavailable(f"{self._uri} cannot be reached: {error}. Check the address and the network.")


@dataclass(slots=True)
class _Item:
    """What a listing tells of one file or collection."""

    path: str = ""
    size: int = 0
    is_dir: bool = False
    modified: str = ""
    etag: str = ""

    def entry(self, name: str) -> Entry:
        return Entry(name, self.is_dir, 0 if self.is_dir else self.size, f"{self.etag}-{self.modified}-{self.size}")


@dataclass(slots=True)
class _Listing:
    """A listing that is read as it comes; names bear their namespace before a space."""

    items: list[_Item] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def start(self, name: str, _: Mapping[str, str]) -> None:
        self.text = []
        if name == "DAV: response":
            self.items.append(_Item())
        elif name == "DAV: collection" and self.items:
            self.items[-1].is_dir = True

    def data(self, text: str) -> None:
        self.text.append(text)

    def end(self, name: str) -> None:
        text = "".join(self.text).strip()
        self.text = []
        if not self.items or not text:
            return
        item = self.items[-1]
        if name == "DAV: href" and not item.path:
            item.path = unquote(urlsplit(text).path)
        elif name == "DAV: getcontentlength":
            item.size = int(text)
        elif name == "DAV: getlastmodified":
            item.modified = text
        elif name == "DAV: getetag":
            item.etag = text


def _read_listing(data: bytes) -> list[_Item]:
    listing = _Listing()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = listing.start
    parser.EndElementHandler = listing.end
    parser.CharacterDataHandler = listing.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(data, True)
    return [item for item in listing.items if item.path]


def _refuse_doctype(*_: object) -> None:
    # Nothing that may define entities is believed.
    msg = "it declares a document type"
    raise ValueError(msg)
