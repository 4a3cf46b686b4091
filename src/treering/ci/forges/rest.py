"""A forge's REST API: JSON both ways, with a token that goes nowhere else and into no message."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from treering.core.errors import InvalidInput, NotFound, PermissionDenied, TreeringError, Unavailable

__all__ = ["Rest", "api_of", "token_of"]

_TIMEOUT = 30.0
_ATTEMPTS = 3
_PAUSE = 1.0
_BUSY = {429, 502, 503, 504}
_PAGE = 100
_MOST_PAGES = 100
_OK = 300


class Rest:
    """An API below one address.

    Args:
        url: Where it is.
        headers: What proves who asks; sent to this address alone, since redirects are not followed.
        needs: What the token has to be allowed, for messages.
        environ: Where the job says by which proxy it has to go.
    """

    def __init__(self, url: str, headers: Mapping[str, str], needs: str, environ: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is not the address of an API. Write https://host/path."
            raise InvalidInput(msg)
        self._url = url.rstrip("/")
        self._host = parts.hostname
        self._headers = {"User-Agent": "treering", "Accept": "application/json", **headers}
        self._needs = needs
        self._pool = _pool(parts.scheme, parts.hostname, environ)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """What the API answers.

        Raises:
            PermissionDenied: If the token is not taken, or may not do this.
            NotFound: If there is no such thing, or the token may not see it.
            Unavailable: If no answer comes.
        """
        address = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        sent = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Content-Type": "application/json"} if sent else self._headers
        for attempt in range(1, _ATTEMPTS + 1):
            # One that makes something is not repeated where it may have arrived: two comments would be one too many.
            last = attempt == _ATTEMPTS
            try:
                answer = self._pool.request(method, address, body=sent, headers=headers)
            except HTTPError as error:
                if last or method == "POST":
                    msg = f"{self._host} cannot be reached: {type(error).__name__}. Check the network, and try again."
                    raise Unavailable(msg) from error
            else:
                if last or answer.status not in _BUSY:
                    return self._decoded(method, path, answer.status, answer.data)
            time.sleep(_PAUSE * attempt)
        raise AssertionError

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """All items of a list, page after page."""
        for page in range(1, _MOST_PAGES + 1):
            found = self.call("GET", path, query={**(query or {}), "per_page": str(_PAGE), "page": str(page)})
            yield from found
            if len(found) < _PAGE:
                return

    def _decoded(self, method: str, path: str, status: int, data: bytes) -> Any:
        if status < _OK:
            try:
                return json.loads(data) if data else None
            except ValueError as error:
                msg = f"{self._host} answered {method} {path} with something that is no JSON. Check the address of the API."
                raise Unavailable(msg) from error
        said = _said(data)
        if status in {401, 403}:
            msg = f"{self._host} refused {method} {path} ({status}{said}). The token needs {self._needs}."
            raise PermissionDenied(msg)
        if status == 404:  # noqa: PLR2004  # what HTTP calls it
            msg = (
                f"{self._host} knows no {path} (404{said}), or the token may not see it. Check repository and number;"
                f" the token needs {self._needs}."
            )
            raise NotFound(msg)
        kind: type[TreeringError] = InvalidInput if status < 500 else Unavailable  # noqa: PLR2004  # as above
        msg = f"{self._host} answered {method} {path} with status {status}{said}. Try again, or look at the forge's own pages."
        raise kind(msg)


def api_of(environ: Mapping[str, str], name: str) -> str:
    """The address of the API, which jobs of the forge have in a variable. Raises InvalidInput where it is not set."""
    found = environ.get(name, "").strip()
    if not found:
        msg = f"Which forge is meant is not known: jobs have {name}. Set it to the address of the forge's API."
        raise InvalidInput(msg)
    return found


def token_of(environ: Mapping[str, str], names: tuple[str, ...], needs: str) -> str:
    """The first token that the job has. Raises InvalidInput where it has none."""
    for name in names:
        token = environ.get(name, "").strip()
        if token:
            return token
    msg = f"There is no token to comment with. Set {' or '.join(names)} to one that has {needs}."
    raise InvalidInput(msg)


def _said(data: bytes) -> str:
    """What the forge says about it, short."""
    try:
        found = json.loads(data)
    except ValueError:
        return ""
    text = found.get("message") or found.get("error") if isinstance(found, dict) else ""
    return f": {str(text)[:200]}" if text else ""


def _pool(scheme: str, host: str, environ: Mapping[str, str]) -> urllib3.PoolManager:
    proxy = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY")
    direct = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    named = [one.strip().lstrip(".").lower() for one in direct if one.strip()]
    if proxy and not any(one in {"*", host} or host.endswith(f".{one}") for one in named):
        return urllib3.ProxyManager(proxy, retries=False, timeout=_TIMEOUT)
    return urllib3.PoolManager(retries=False, timeout=_TIMEOUT)
