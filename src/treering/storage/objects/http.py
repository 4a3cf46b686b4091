"""Files that a web server gives out: `https://host/path`, and takes where it is told how.

HTTP knows no folders, so that nothing is listed, and nothing removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError

from treering.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotSupported,
    PermissionDenied,
    StorageFull,
    Unauthenticated,
    Unavailable,
)
from treering.core.settings import read_settings
from treering.entities.artifact import FileInfo
from treering.storage.objects.base import CHUNK_SIZE, check_key
from treering.storage.objects.flat import PART_SIZE, refilled
from treering.storage.objects.options import Options, told
from treering.storage.objects.retry import Source, patient_chunks, patient_write
from treering.storage.objects.web import Web, WebOptions

__all__ = ["HttpStore"]

_PARTIAL, _OUT_OF_RANGE = 206, 416
_ABSENT = {404, 410}
_GOOD = range(200, 300)


class HttpStore:
    """What lies below one address; a query in it is sent with each request.

    Args:
        uri: `http://` or `https://`, and the rest.
        options: As `WebOptions`; with a `method`, files are sent, too.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        self._uri = uri
        base, mark, query = uri.partition("?")
        self._base, self._query = base.rstrip("/"), mark + query
        settings = read_settings()
        self._attempts = settings.http_retries + 1
        said = told(WebOptions, options, uri)
        self._method = said.method.upper()
        retries = urllib3.Retry(
            settings.http_retries, backoff_factor=0.1, status_forcelist=(429, 502, 503, 504), raise_on_status=False
        )
        self._web = Web(said, self._base, retries)

    @property
    def uri(self) -> str:
        """As it was opened."""
        return self._uri

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.read`; from servers that know no ranges the bytes before `offset` travel, too."""
        if length == 0:
            self.stat(key)
            return iter(())
        end = None if length is None else offset + length
        first = self._ask("GET", key, _part(offset, end))
        if first.status == _OUT_OF_RANGE:
            first.release_conn()
            return iter(())
        mark = _mark(first)
        answers = [first]

        def fetch(at: int) -> Iterator[bytes]:
            # The rest of a stream that broke off.
            answer = answers.pop() if answers else self._ask("GET", key, _part(at, end))
            if answer.status == _OUT_OF_RANGE:
                answer.release_conn()
                return iter(())
            if _mark(answer) != mark:
                answer.close()
                msg = f"{key!r} in {self._base} was changed while it was read. Read it again."
                raise Conflict(msg)
            skip = 0 if answer.status == _PARTIAL else at
            announced = int(answer.headers.get("content-length", -1))
            return self._chunks(key, answer, skip, None if end is None else end - at, announced)

        return patient_chunks(fetch, offset, self._attempts)

    def stat(self, key: str) -> FileInfo:
        """As `ObjectStore.stat`; whatever answers is a file."""
        normal = check_key(key)
        if not normal and not self._query:
            return FileInfo("", is_dir=True)
        answer = self._ask("HEAD", key, {"accept-encoding": "identity"})
        answer.release_conn()
        size = answer.headers.get("content-length", "")
        return FileInfo(normal, False, int(size) if size.isdecimal() else None)

    def list(self, prefix: str = "") -> list[FileInfo]:
        """Raises NotSupported."""
        check_key(prefix)
        msg = f"{self._uri} cannot be listed: HTTP knows no folders. Name the file that is wanted."
        raise NotSupported(msg)

    def walk(self, prefix: str = "") -> Iterator[FileInfo]:
        """Raises NotSupported."""
        return iter(self.list(prefix))

    def write(self, key: str, chunks: Iterable[bytes]) -> int:
        """As `ObjectStore.write`, where the store was told the method; else raises NotSupported."""
        normal = check_key(key)
        if not self._method:
            self._refuse()
        if not normal:
            msg = "An artifact needs a name: the path is empty."
            raise InvalidInput(msg)

        def send(source: Source) -> None:
            parts = refilled(source, PART_SIZE)
            first, second = next(parts, b""), next(parts, None)
            # Many servers want to know the length; what does not fit into memory goes without.
            body: bytes | Iterator[bytes] = first if second is None else _chain(first, second, parts)
            self._ask(self._method, key, {"content-type": "application/octet-stream"}, body).drain_conn()

        return patient_write(send, chunks, self._attempts)

    def delete(self, key: str) -> int:
        """Raises NotSupported."""
        check_key(key)
        self._refuse()

    def local_path(self, key: str) -> Path | None:
        """None: the bytes are on another machine."""
        check_key(key)
        return None

    def _refuse(self) -> NoReturn:
        msg = f"{self._uri} is read only. Keep artifacts in a store that takes them, such as s3:// or a folder."
        raise NotSupported(msg)

    def _ask(
        self, method: str, key: str, headers: dict[str, str], body: Iterable[bytes] | bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        normal = check_key(key)
        url = (f"{self._base}/{quote(normal)}" if normal else self._base) + self._query
        try:
            answer = self._web.request(method, url, headers, body)
        except HTTPError as error:
            msg = f"{self._base} cannot be reached: {error}. Check the address and the network."
            raise Unavailable(msg) from error
        status = answer.status
        if status in _GOOD or status == _OUT_OF_RANGE:
            return answer
        answer.close()
        if status in _ABSENT:
            msg = f"There is no artifact {key!r} in {self._base}."
            raise NotFound(msg)
        kinds = {
            401: Unauthenticated,
            403: PermissionDenied,
            400: InvalidInput,
            405: NotSupported,
            413: StorageFull,
            501: NotSupported,
            507: StorageFull,
        }
        to = "read" if body is None else "written"
        msg = f"{self._base} answered with HTTP status {status} for {key!r}. Check that it may be {to}."
        raise kinds.get(status, Unavailable)(msg)

    def _chunks(
        self, key: str, answer: urllib3.BaseHTTPResponse, skip: int, length: int | None, announced: int
    ) -> Iterator[bytes]:
        left, got, whole = length, 0, False
        try:
            for chunk in answer.stream(CHUNK_SIZE, decode_content=True):
                got += len(chunk)
                part = chunk[skip:]
                skip = max(0, skip - len(chunk))
                part = part if left is None else part[:left]
                left = None if left is None else left - len(part)
                if part:
                    yield part
                if left == 0:
                    break
            whole = left is None and (announced < 0 or got == announced)
        except HTTPError as error:
            msg = f"{self._base} broke off while sending {key!r}: {error}. Fetch it again."
            raise Unavailable(msg) from error
        finally:
            if not whole:
                answer.close()
            answer.release_conn()


def _part(begin: int, end: int | None) -> dict[str, str]:
    """The headers that ask for the bytes from `begin` to before `end`."""
    headers = {"accept-encoding": "identity"}
    if begin or end is not None:
        headers["range"] = f"bytes={begin}-{'' if end is None else end - 1}"
    return headers


def _mark(answer: urllib3.BaseHTTPResponse) -> tuple[str, str]:
    """What is another one when the file is."""
    return answer.headers.get("etag", ""), answer.headers.get("last-modified", "")


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
