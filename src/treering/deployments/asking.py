"""Asking model servers over HTTP: whether they are ready, what they count, and orders to them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

from treering.core.errors import Conflict, InvalidInput, NotFound, TreeringError, Unavailable
from treering.deployments.base import Answered, Request

__all__ = ["Asker", "ModelServer", "over_http"]

_QUICK = 5.0
_ORDER = 300.0
_REFUSED = 400
_KINDS: Mapping[int, type[TreeringError]] = {400: InvalidInput, 404: NotFound, 409: Conflict}

Asker = Callable[[str, str, bytes, Mapping[str, str], float], Answered]
"""Asks: method, path, body, headers, seconds."""


def over_http(address: str) -> Asker:
    """Asks the server at an address such as `http://127.0.0.1:8080`. Raises Unavailable if it does not answer."""

    def ask(method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Answered:
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        try:
            with closing(kind(parts.hostname or "", parts.port, timeout=seconds)) as connection:
                connection.request(method, path, body or None, dict(headers))
                answer = connection.getresponse()
                return Answered(answer.status, answer.read(), answer.headers.get("content-type", ""))
        except (OSError, http.client.HTTPException) as error:
            msg = f"The server at {address} does not answer: {error}. Look at it, and try again."
            raise Unavailable(msg) from error

    return ask


class ModelServer:
    """One of our model servers.

    Args:
        token: What its orders need; "" where they need nothing.
    """

    def __init__(self, ask: Asker, token: str = "") -> None:
        self._ask = ask
        self._token = token

    def ready(self) -> bool:
        """Whether requests would be answered. Raises Unavailable if nobody answers."""
        return self._ask("GET", "/v2/health/ready", b"", {}, _QUICK).status < _REFUSED

    def predict(self, request: Request, path: str = "/invocations") -> Answered:
        """Ask for predictions."""
        return self._ask("POST", path, request.body, {"content-type": request.content_type}, _ORDER)

    def traffic(self, endpoint: str) -> Mapping[str, Any]:
        """Weights, counts and history of an endpoint. Raises NotFound, Unavailable."""
        return self._told("GET", _endpoint(endpoint), None, _QUICK)

    def split(self, endpoint: str, weights: Mapping[str, float], reason: str = "") -> None:
        """Divide the traffic of an endpoint from now on."""
        self._told("PUT", _endpoint(endpoint), {"weights": dict(weights), "reason": reason}, _QUICK)

    def lead(self, endpoint: str, plan: Mapping[str, Any]) -> None:
        """Begin a canary."""
        self._told("POST", f"{_endpoint(endpoint)}/canary", plan, _QUICK)

    def abort(self, endpoint: str, reason: str) -> None:
        """End a canary; no error where there is none."""
        try:
            self._told("DELETE", f"{_endpoint(endpoint)}/canary", {"reason": reason}, _QUICK)
        except (NotFound, Conflict):
            return

    def load(self, name: str, model: Mapping[str, Any]) -> None:
        """Load a version from a folder, which the server's workers can read."""
        self._told("POST", f"/v2/repository/models/{quote(name, safe='')}/load", {"parameters": dict(model)}, _ORDER)

    def unload(self, name: str, version: str) -> None:
        """Forget a version; no error where it is not loaded."""
        path = f"/v2/repository/models/{quote(name, safe='')}/unload"
        try:
            self._told("POST", path, {"parameters": {"version": version}}, _ORDER)
        except NotFound:
            return

    def loaded(self) -> set[tuple[str, str]]:
        """Names and versions that answer."""
        found: Any = self._told("POST", "/v2/repository/index", {}, _QUICK)
        return {(str(one["name"]), str(one["version"])) for one in found if one["state"] == "READY"}

    def _told(self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> Mapping[str, Any]:
        headers = {"content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._ask(method, path, sent, headers, seconds)
        try:
            told: Any = json.loads(answer.body or b"{}")
        except ValueError as error:
            msg = f"The server answered {method} {path} with status {answer.status} and no JSON: {answer.body[:200]!r}"
            raise Unavailable(msg) from error
        if answer.status >= _REFUSED:
            message = told.get("message") or told.get("error") or answer.body[:500].decode(errors="replace")
            raise _KINDS.get(answer.status, Unavailable)(str(message))
        found: Mapping[str, Any] = told
        return found


def _endpoint(name: str) -> str:
    return f"/traffic/{quote(name, safe='')}"
