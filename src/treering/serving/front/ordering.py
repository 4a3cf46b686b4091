"""Orders to a running server: loading and unloading, and the control of traffic; and who may give them."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from treering.core.errors import (
    InvalidInput,
    MalformedRequest,
    NotFound,
    NotSupported,
    PermissionDenied,
    TreeringError,
    Unauthenticated,
)
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal_of

if TYPE_CHECKING:
    from treering.serving.front.engine import Engine

__all__ = ["Orders"]

_REPOSITORY = "/v2/repository/"
_TRAFFIC = "/traffic"
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})

Scope = MutableMapping[str, Any]


class Orders:
    """Takes orders for one engine.

    Without a token, who asks from this machine may give them, unless a proxy asked for somebody else.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, dict[str, dict[str, Any]]] = {}
        for model in engine.options.what.get("models") or ():
            self._remember(dict(model))

    def about(self, path: str) -> bool:
        """Whether a path is one of orders."""
        return path == _TRAFFIC or path.startswith((_TRAFFIC + "/", _REPOSITORY))

    async def take(self, scope: Scope, fields: Mapping[bytes, bytes], body: bytes) -> tuple[str, Answer]:
        """Do what is ordered; a name for the counts, and the answer."""
        path, method = scope["path"], scope["method"]
        label = _TRAFFIC if path.startswith(_TRAFFIC) else _REPOSITORY.rstrip("/")
        try:
            # What an answer was worth may be told by whoever got it.
            feedback = path.startswith(_TRAFFIC) and path.endswith("/feedback")
            if method not in {"GET", "HEAD"} and path != _REPOSITORY + "index" and not feedback:
                self._check(scope, fields)
            if label == _TRAFFIC:
                kind = fields.get(b"content-type", b"").decode("latin-1")
                raw = scope.get("raw_path", path.encode()).partition(b"?")[0].decode("latin-1")
                method = "GET" if method == "HEAD" else method
                return label, Answer(*self._engine.traffic.control.answer(method, raw, body, kind))
            return label, await self._repository(path, method, body)
        except TreeringError as error:
            return label, refusal_of(error)

    def _check(self, scope: Scope, fields: Mapping[bytes, bytes]) -> None:
        token = self._engine.options.control_token
        if token:
            given = fields.get(b"authorization", b"")
            if not hmac.compare_digest(given, b"Bearer " + token.encode()):
                msg = "Orders to this server need its token: send the header Authorization: Bearer <token>."
                raise Unauthenticated(msg)
            return
        host = fields.get(b"host", b"").decode("latin-1")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if not _is_local(scope.get("client")) or name not in _LOCAL_NAMES or _FORWARDED & set(fields):
            msg = (
                "Only programs on the server's machine may give it orders. Start it with --control-token to let others."
            )
            raise PermissionDenied(msg)
        if "origin" in {key.decode("latin-1") for key in fields}:
            msg = "Pages of other sites may not give orders to this server."
            raise PermissionDenied(msg)

    async def _repository(self, path: str, method: str, body: bytes) -> Answer:
        parts = [unquote(part) for part in path.removeprefix(_REPOSITORY).split("/")]
        if parts == ["index"]:
            return Answer(200, msgspec.json.encode(self._index()))
        if len(parts) != 3 or parts[0] != "models" or method != "POST":  # noqa: PLR2004 -- models, a name and a verb
            msg = f"Nothing is at {path} for {method}."
            raise NotFound(msg)
        _, name, verb = parts
        given = _parameters(body)
        if verb == "load":
            await self._load(name, given)
        elif verb == "unload":
            await self._unload(name, str(given.get("version") or ""))
        else:
            msg = f"Models can be told to load and unload, and not to {verb!r}."
            raise NotFound(msg)
        return Answer(200, b"{}")

    def _index(self) -> list[dict[str, str]]:
        offer = self._engine.offer
        loaded = {(str(one["name"]), str(one.get("version", ""))) for one in (offer.models if offer else ())}
        known = {(name, version) for name, versions in self._known.items() for version in versions}
        return [
            {
                "name": name, "version": version, "state": "READY" if (name, version) in loaded else "UNAVAILABLE",
                "reason": "" if (name, version) in loaded else "unloaded",
            }
            for name, version in sorted(loaded | known)
        ]  # fmt: skip

    async def _load(self, name: str, given: Mapping[str, Any]) -> None:
        version = str(given.get("version") or "")
        if given.get("folder"):
            wanted = [{**given, "name": name, "version": version or "1"}]
        else:
            loaded = {(str(one["name"]), str(one.get("version", ""))) for one in self._offered()}
            versions = self._known.get(name, {})
            wanted = [one for at, one in versions.items() if version in {"", at} and (name, at) not in loaded]
            if not versions or (version and version not in versions):
                msg = f"{name!r} was never loaded here. Say where it is: parameters with 'folder' and 'version'."
                raise NotFound(msg)
        for one in wanted:
            place = {"name": name, "version": one["version"]}
            await self._change({"load": one}, {"unload": place})
            self._remember(one)

    async def _unload(self, name: str, version: str) -> None:
        if not any(
            str(one["name"]) == name and version in {"", str(one.get("version", ""))} for one in self._offered()
        ):
            what = f"version {version} of {name!r}" if version else f"model {name!r}"
            msg = f"There is no {what} to unload."
            raise NotFound(msg)
        await self._change({"unload": {"name": name, "version": version}}, None)

    async def _change(self, order: Mapping[str, Any], undo: Mapping[str, Any] | None) -> None:
        if self._engine.change is None:
            msg = "This server's workers are not ready. Try again in a moment."
            raise NotSupported(msg)
        await self._engine.change(order, undo)

    def _offered(self) -> tuple[Mapping[str, Any], ...]:
        return self._engine.offer.models if self._engine.offer is not None else ()

    def _remember(self, model: dict[str, Any]) -> None:
        self._known.setdefault(str(model.get("name")), {})[str(model.get("version") or "1")] = model


def _parameters(body: bytes) -> Mapping[str, Any]:
    if not body:
        return {}
    try:
        given = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        msg = f"The body is no JSON: {error}"
        raise MalformedRequest(msg) from error
    parameters = given.get("parameters", given) if isinstance(given, dict) else None
    if not isinstance(parameters, dict):
        msg = "The body must be an object, with an object of 'parameters'."
        raise InvalidInput(msg)
    return parameters


def _is_local(client: Any) -> bool:
    if not client:
        return True  # a socket of this machine's file system
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
