"""Artifacts in Hadoop's file system, over WebHDFS: `webhdfs://host:9870/path`, and `hdfs://host/path`.

WebHDFS is HTTP, so that neither Java nor Hadoop's libraries are needed. The user is
the one that the settings name, or who a delegation token stands for; Kerberos is not spoken.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

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

__all__ = ["HdfsOptions", "HdfsStore"]

_PORT = 9870
_TRIES = 20
_KEPT_OPEN = 16
_FIRST_ERROR_STATUS = 400
_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {429, 502, 503, 504}
# The Java exceptions that WebHDFS names in its answers.
_KINDS: Mapping[str, type[TreeringError]] = {
    "AccessControlException": PermissionDenied,
    "DSQuotaExceededException": StorageFull,
    "FileAlreadyExistsException": Conflict,
    "FileNotFoundException": NotFound,
    "IllegalArgumentException": InvalidInput,
    "InvalidPathException": InvalidInput,
    "InvalidToken": Unauthenticated,
    "NSQuotaExceededException": StorageFull,
    "ParentNotDirectoryException": NotFound,
    "RetriableException": Unavailable,
    "SafeModeException": Unavailable,
    "SecurityException": PermissionDenied,
    "StandbyException": Unavailable,
}


@dataclass(frozen=True, slots=True)
class HdfsOptions:
    """What can be said about one cluster.

    Attributes:
        url: Where it is reached over HTTP; empty: what the address or the settings tell.
        token: A delegation token, which stands for a user.
        https: Whether it is reached over TLS.
        verify: Whether its certificate is checked, or the file of the authorities that may sign it.
    """

    url: str = ""
    user: str = ""
    token: str = ""
    https: bool = False
    verify: bool | str = True


class HdfsStore(FolderStore):
    """A folder in HDFS.

    Args:
        uri: `webhdfs://<host>[:<HTTP port>]/<path>`, or `hdfs://<host>[:<port>]/<path>`, whose port is
            not the one of HTTP: the settings tell that one.
        options: As `HdfsOptions`; they overrule the address.
    """

    def __init__(self, uri: str, options: Options | None = None) -> None:
        parts, settings = urlsplit(uri), read_settings()
        said = told(HdfsOptions, options, uri)
        scheme = "https" if said.https else "http"
        usual = settings.webhdfs_url if parts.scheme == "hdfs" else ""
        port = _PORT if parts.scheme == "hdfs" else parts.port or _PORT
        base = said.url or usual or (f"{scheme}://{parts.hostname}:{port}" if parts.hostname else "")
        if not base:
            msg = f"{uri!r} names no machine. Write webhdfs://<host>:9870/<path>, or set TREERING_WEBHDFS_URL."
            raise InvalidInput(msg)
        user = said.user or unquote(parts.username or "") or settings.hdfs_user
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        disk = _Cluster(base.rstrip("/"), shown, (user, said.token or settings.hdfs_token), said.verify)
        super().__init__(shown, unquote(parts.path), disk, settings.http_retries + 1)


class _Cluster:
    """As `treering.storage.objects.folders.Disk`."""

    def __init__(self, base: str, shown: str, who: tuple[str, str], verify: bool | str) -> None:  # noqa: FBT001
        self._base, self._uri = base, shown
        user, token = who
        self._who = {"delegation": token} if token else {"user.name": user} if user else {}
        more: dict[str, Any] = {"cert_reqs": "CERT_NONE"} if verify is False else {}
        more |= {"ca_certs": verify} if isinstance(verify, str) else {}
        self._pool = urllib3.PoolManager(
            maxsize=_KEPT_OPEN, retries=False, timeout=read_settings().http_timeout, **more
        )

    def look(self, path: str) -> Entry | None:
        try:
            status = self._json("GET", path, "GETFILESTATUS")["FileStatus"]
        except NotFound:
            return None
        return _entry(posixpath.basename(path), status)

    def entries(self, path: str) -> list[Entry]:
        found = self._json("GET", path, "LISTSTATUS")["FileStatuses"]["FileStatus"]
        return [_entry(str(status["pathSuffix"]), status) for status in found]

    def get(self, path: str, offset: int, length: int) -> Iterator[bytes]:
        answer = self._ask("GET", path, "OPEN", {"offset": str(offset), "length": str(length)})
        location = self._elsewhere(answer)
        if location:
            answer = self._sent("GET", path, location)
        got = 0
        try:
            for chunk in answer.stream(CHUNK_SIZE):
                got += len(chunk)
                yield chunk
        except HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            if got != length:
                answer.close()
            answer.release_conn()
        if got != length:
            msg = f"{self._uri} has sent {got:,} bytes of {length:,} of {path!r}. Read it again."
            raise Unavailable(msg)

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        # Nothing is sent to the name node but the wish; it names the machine that takes the bytes.
        answer = self._ask("PUT", path, "CREATE", {"overwrite": "true"})
        location = self._elsewhere(answer)
        if not location:
            msg = f"{self._base} does not say where the bytes of {path!r} shall go. Check that it speaks WebHDFS."
            raise Unavailable(msg)
        self._sent("PUT", path, location, chunks, {"content-type": "application/octet-stream"}).drain_conn()

    def rename(self, old: str, new: str) -> None:
        # Name nodes rename over a file in one step when told to; HttpFS does not know the option, and says no.
        asked = {"destination": new, "renameoptions": "OVERWRITE"}
        if self._decoded(self._ask("PUT", old, "RENAME", asked), empty=True).get("boolean", True):
            return
        # Another writer may give the name away in between; the last one has it.
        for _ in range(_TRIES):
            self.remove(new, is_dir=False)
            if self._json("PUT", old, "RENAME", {"destination": new}).get("boolean"):
                return
        msg = f"{old!r} in {self._uri} could not be given the name {new!r}. Send the file again."
        raise Unavailable(msg)

    def make_folder(self, path: str) -> None:
        if not self._json("PUT", path, "MKDIRS").get("boolean"):
            msg = f"The folder {path!r} in {self._uri} could not be made. Check its permissions."
            raise PermissionDenied(msg)

    def remove(self, path: str, *, is_dir: bool) -> None:
        del is_dir
        self._json("DELETE", path, "DELETE")

    def _json(self, method: str, path: str, operation: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._decoded(self._ask(method, path, operation, more or {}))

    def _decoded(self, answer: urllib3.BaseHTTPResponse, *, empty: bool = False) -> dict[str, Any]:
        data = answer.data
        if empty and not data:
            return {}
        try:
            return dict(json.loads(data))
        except (ValueError, TypeError) as error:
            msg = f"{self._base} did not answer as WebHDFS does. Check the address: it must be that of HTTP."
            raise Unavailable(msg) from error

    def _ask(self, method: str, path: str, operation: str, more: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        query = urlencode({"op": operation, **more, **self._who})
        return self._sent(method, path, f"{self._base}/webhdfs/v1{quote(path)}?{query}")

    def _sent(
        self,
        method: str,
        path: str,
        url: str,
        body: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._pool.request(
                method, url, body=body, headers=dict(headers or {}), redirect=False, preload_content=False
            )
            if answer.status >= _FIRST_ERROR_STATUS:
                raise self._refused(path, answer.status, answer.data)
        except HTTPError as error:
            raise self._unreachable(error) from error
        return answer

    def _elsewhere(self, answer: urllib3.BaseHTTPResponse) -> str:
        """Where the bytes are; "" if the answer holds them itself."""
        if answer.status not in _REDIRECTS:
            return ""
        answer.drain_conn()
        return urljoin(self._base, answer.headers.get("location", ""))

    def _refused(self, path: str, status: int, data: bytes) -> TreeringError:
        try:
            said = json.loads(data)["RemoteException"]
            name, message = str(said["exception"]), str(said["message"]).partition("\n")[0]
        except (ValueError, KeyError, TypeError):
            name, message = "", f"HTTP status {status}"
        kinds = {401: Unauthenticated, 403: PermissionDenied, 404: NotFound}
        kind = _KINDS.get(name) or (Unavailable if status in _PASSING else kinds.get(status, TreeringError))
        advice = "Try again." if kind is Unavailable else "Check the path, the user (TREERING_HDFS_USER) and the quota."
        return kind(f"{path!r} in {self._uri}: {message}. {advice}")

    def _unreachable(self, error: HTTPError) -> Unavailable:
        return Unavailable(f"{self._base} cannot be reached: {error}. Check the address and the network.")


def _entry(name: str, status: Mapping[str, Any]) -> Entry:
    size = int(status.get("length", 0))
    return Entry(name, status.get("type") == "DIRECTORY", size, f"{status.get('modificationTime', '')}-{size}")
