"""The connection to a tracking server: one pool, and what happens when an answer does not come.

A request that may be repeated is, with growing pauses, when the server cannot be
reached or says that it is overloaded. One that may not is repeated only when it
certainly never arrived.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TimedOut

from treering.core.errors import InvalidInput, TreeringError, Unavailable
from treering.core.person import user_name
from treering.core.settings import Settings
from treering.storage.objects.base import CHUNK_SIZE
from treering.storage.objects.retry import pause
from treering.wire.endpoint import USER_HEADER, Endpoint, Permission
from treering.wire.native.codec import NATIVE

__all__ = ["Channel"]

Request = TypeVar("Request")
Response = TypeVar("Response")

_READING = {Permission.OPEN, Permission.READ_EXPERIMENTS, Permission.READ_MODELS, Permission.READ_SERVER}
_OVERLOADED = {429, 502, 503, 504}
_TOO_MANY = 429
_PARTIAL = 206
_LONGEST_PAUSE = 10.0
_FIRST_ERROR_STATUS = 300
_CONNECT = 10.0


class Channel:
    """A server, as its clients reach it; shared by threads. Opens nothing until the first request.

    Args:
        url: The server's URL; a user name and password in it are used when the settings have none.
        settings: Credentials, the authorities' file, the time-out, and how often to repeat.

    Raises:
        InvalidInput: If `url` is none, or the authorities' file does not exist.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is not the URL of a server. Write http://host:port or https://host."
            raise InvalidInput(msg)
        try:
            port = parts.port
        except ValueError as error:
            msg = f"{url!r} has a port that is none. Write http://host:port with a number up to 65535."
            raise InvalidInput(msg) from error
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.url = f"{parts.scheme.lower()}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        self._attempts = settings.http_retries + 1
        ca_file = settings.tracking_ca_file
        if ca_file and not Path(ca_file).is_file():
            msg = f"There is no file {ca_file}. Set TREERING_TRACKING_CA_FILE to a PEM file, or unset it."
            raise InvalidInput(msg)
        if ca_file and settings.tracking_insecure_tls:
            msg = (
                "TREERING_TRACKING_CA_FILE and TREERING_TRACKING_INSECURE_TLS contradict each other. Unset one of them."
            )
            raise InvalidInput(msg)
        trust: dict[str, Any] = {"ca_certs": ca_file} if ca_file else {}
        if settings.tracking_insecure_tls:
            trust = {"cert_reqs": "CERT_NONE"}
        self._pool = urllib3.PoolManager(
            maxsize=10,
            retries=False,
            timeout=urllib3.Timeout(connect=min(settings.http_timeout, _CONNECT), read=settings.http_timeout),
            socket_options=_socket_options(),
            headers=_credentials(settings, unquote(parts.username or ""), unquote(parts.password or "")),
            **trust,
        )

    def call(self, endpoint: Endpoint[Request, Response], request: Request, *, repeatable: bool = False) -> Response:
        """Ask a native endpoint.

        Args:
            repeatable: Whether asking twice changes nothing more than asking once; reading always may be.

        Raises:
            TreeringError: What the server answered with; Unavailable if it cannot be reached.
        """
        call = NATIVE.encode_request(endpoint, request)
        path = f"{call.path}?{call.query}" if call.query else call.path
        safe = repeatable or endpoint.permission in _READING
        answer = self._send(call.method, path, call.headers, call.body or None, repeatable=safe)
        decoded: Response = NATIVE.decode_response(endpoint, answer.headers.get("content-type", ""), answer.data)
        return decoded

    def get_json(self, path: str, query: Mapping[str, str]) -> Any:
        """The decoded JSON answer to a GET."""
        full = f"{path}?{urlencode(query)}" if query else path
        return self._decoded(path, self._send("GET", full, {"accept": "application/json"}, None, repeatable=True))

    def post_json(self, path: str, asked: Any) -> Any:
        """The decoded JSON answer to a POST that changes nothing, such as a search."""
        return self.send_json("POST", path, asked, repeatable=True)

    def send_json(self, method: str, path: str, asked: Any, *, repeatable: bool) -> Any:
        """The decoded JSON answer.

        Args:
            repeatable: Whether asking twice changes nothing more than asking once.
        """
        headers = {"accept": "application/json", "content-type": "application/json"}
        body = json.dumps(asked).encode()
        return self._decoded(path, self._send(method, path, headers, body, repeatable=repeatable))

    def _decoded(self, path: str, answer: urllib3.BaseHTTPResponse) -> Any:
        try:
            return json.loads(answer.data)
        except ValueError as error:
            msg = f"{self.url}{path} did not answer with JSON. Check that this is the URL of a tracking server."
            raise Unavailable(msg) from error

    def download(self, path: str, offset: int = 0, body: bytes | None = None) -> tuple[int, Iterator[bytes]]:
        """The body of a GET, or of a POST of JSON where `body` is given, in chunks of at most `CHUNK_SIZE`.

        Raises before the first chunk; a connection that breaks later raises Unavailable.

        Returns:
            The offset that the bytes really begin at, which is 0 from servers that know no ranges, and the bytes.
        """
        headers = {"range": f"bytes={offset}-"} if offset else {}
        if body is not None:
            headers["content-type"] = "application/json"
        method = "GET" if body is None else "POST"
        answer = self._send(method, path, headers, body, repeatable=True, stream=True)

        def chunks() -> Iterator[bytes]:
            whole = False
            try:
                yield from answer.stream(CHUNK_SIZE, decode_content=True)
                whole = True
            except HTTPError as error:
                raise self._unreachable(error) from error
            finally:
                # A connection with bytes left in it serves nobody else.
                if not whole:
                    answer.close()
                answer.release_conn()

        return (offset if answer.status == _PARTIAL else 0), chunks()

    def upload(self, path: str, chunks: Iterable[bytes] | bytes) -> tuple[Mapping[str, str], bytes]:
        """PUT a body; the answer's headers and body.

        Args:
            chunks: A body of unknown length, whose source aborts the request when it raises; or the
                whole body, which is sent again after a fault that may pass.
        """
        headers = {"content-type": "application/octet-stream"}
        answer = self._send("PUT", path, headers, chunks, repeatable=isinstance(chunks, bytes))
        return answer.headers, answer.data

    def delete(self, path: str) -> None:
        """DELETE."""
        self._send("DELETE", path, {}, None, repeatable=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Any, *, repeatable: bool, stream: bool = False
    ) -> urllib3.BaseHTTPResponse:
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1
            try:
                answer = self._pool.request(
                    method,
                    self.url + path,
                    body=body,
                    headers={**self._pool.headers, **headers},
                    preload_content=not stream,
                )
            except LocationParseError as error:
                msg = f"{self.url!r} is not the URL of a server. Write http://host:port or https://host."
                raise InvalidInput(msg) from error
            except HTTPError as error:
                never_arrived = isinstance(error, NewConnectionError | ConnectTimeoutError)
                consumed = body is not None and not isinstance(body, bytes)
                if last or isinstance(error, SSLError) or not (repeatable or (never_arrived and not consumed)):
                    raise self._unreachable(error) from error
                time.sleep(_pause(attempt, ""))
                continue
            if answer.status < _FIRST_ERROR_STATUS:
                return answer
            data = answer.data
            if last or answer.status not in _OVERLOADED or not (repeatable or answer.status == _TOO_MANY):
                raise self._refused(answer, data)
            time.sleep(_pause(attempt, answer.headers.get("retry-after", "")))
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _refused(self, answer: urllib3.BaseHTTPResponse, data: bytes) -> TreeringError:
        return NATIVE.decode_error(answer.status, answer.headers.get("content-type", ""), data)

    def _unreachable(self, error: HTTPError) -> Unavailable:
        if isinstance(error, SSLError):
            return Unavailable(
                f"The certificate of {self.url} was not accepted ({error})."
                " Set TREERING_TRACKING_CA_FILE to the file of the authority that signed it."
            )
        late = isinstance(error, TimedOut) and not isinstance(error, NewConnectionError)
        reason = "it did not answer in time" if late else _reason(error)
        return Unavailable(
            f"The server at {self.url} cannot be reached: {reason}. Check that it runs and that the URL is right."
        )


def _socket_options() -> list[tuple[int, int, int]]:
    """Have the system notice a peer that is gone without a word: a slow server is waited for, a dead network is not."""
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    # Not every system has all of them.
    for name, seconds in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), seconds))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000))
    return options


def _credentials(settings: Settings, url_user: str, url_password: str) -> dict[str, str]:
    # A record of who did what, not a proof of it; percent-encoded, since headers hold few characters.
    headers = {"user-agent": "treering", USER_HEADER: quote(settings.user or user_name(), safe="")}
    if settings.tracking_token:
        headers["authorization"] = f"Bearer {settings.tracking_token}"
    elif settings.tracking_username or url_user:
        user = settings.tracking_username or url_user
        password = settings.tracking_password if settings.tracking_username else url_password
        headers |= urllib3.make_headers(basic_auth=f"{user}:{password}")
    return headers


def _pause(attempt: int, retry_after: str) -> float:
    """Seconds: what the server asked for, else what patience asks for."""
    if retry_after.isdigit():
        return min(float(retry_after), _LONGEST_PAUSE)
    return pause(attempt)


def _reason(error: HTTPError) -> str:
    return str(error).rpartition(": ")[2] or type(error).__name__
