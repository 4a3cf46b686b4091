"""What the front answers by itself: whether it lives and is ready, its counts, and what is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from treering import __version__
from treering.core.errors import NotFound, WrongMethod
from treering.serving.front.exposing import exposition
from treering.serving.front.meter import CONTENT_TYPE
from treering.serving.hosting import Answer
from treering.serving.refusing import refusal_of

if TYPE_CHECKING:
    from treering.serving.front.engine import Engine

__all__ = ["OWN", "Told", "tell"]

Told = tuple[str, Answer]
"""A name for the counts, and the answer."""

Scope = MutableMapping[str, Any]

_TEXT = b"text/plain; charset=utf-8"
_JSON = msgspec.json.Encoder().encode
_READS = frozenset({"GET", "HEAD"})


def tell(engine: Engine, scope: Scope) -> Told | None:
    """The front's own answer; `None` if it has none."""
    path, method = scope["path"], scope["method"]
    if path in OWN:
        return path, (OWN[path](engine) if method in _READS else _only_get(path))
    offer = engine.offer
    if offer is not None and path in offer.documents:
        kind, body = offer.documents[path]
        return path, (Answer(200, body, kind.encode()) if method in _READS else _only_get(path))
    if path.startswith(("/v2/models/", "/v1/models/")):
        raw = scope.get("raw_path", path.encode()).partition(b"?")[0].decode("latin-1")
        found = _model(engine, raw)
        return found if found is None or method in _READS else (found[0], _only_get(path))
    return None


def _only_get(path: str) -> Answer:
    return refusal_of(WrongMethod(f"{path} answers to GET."), ((b"allow", b"GET, HEAD"),))


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, _JSON(value))


def _alive(engine: Engine) -> Answer:
    # Clients of MLflow and SageMaker send requests as soon as this is 200; it stays so while a worker is replaced.
    return Answer(200 if engine.offer is not None else 503, b"\n", _TEXT)


def _version(_engine: Engine) -> Answer:
    return Answer(200, __version__.encode(), _TEXT)


def _ready(engine: Engine) -> Answer:
    state = "draining" if engine.draining else "ready" if engine.ready else "loading"
    said = {
        "ready": engine.ready, "state": state, "workers": {
            "ready": engine.ready_workers, "wanted": engine.options.workers, "restarts": engine.restarts,
        },
    }  # fmt: skip
    return _json(said, 200 if engine.ready else 503)


def _metrics(engine: Engine) -> Answer:
    return Answer(200, exposition(engine), CONTENT_TYPE)


def _openapi(engine: Engine) -> Answer:
    return Answer(200, engine.offer.openapi) if engine.offer is not None else _json({}, 503)


def _server(_engine: Engine) -> Answer:
    return _json({"name": "treering", "version": __version__, "extensions": ["binary_tensor_data", "model_repository"]})


def _models(engine: Engine) -> Answer:
    return _json({"models": [model["name"] for model in _offered(engine)]})


def _v2_live(_engine: Engine) -> Answer:
    return _json({"live": True})


def _offered(engine: Engine) -> list[Mapping[str, Any]]:
    return list(engine.offer.models) if engine.offer is not None else []


def _model(engine: Engine, path: str) -> Told | None:
    """`/v2/models/{m}[/versions/{v}][/ready]`, and `/v1/models/{m}`."""
    first = path.startswith("/v1/")
    parts = [unquote(part) for part in path.split("/")[3:]]
    ready = parts[-1] == "ready" and len(parts) > 1
    if ready:
        parts.pop()
    if len(parts) not in {1, 3} or (len(parts) == 3 and parts[1] != "versions"):  # noqa: PLR2004 -- with a version
        return None
    name, version = parts[0], parts[2] if len(parts) > 1 else ""
    found = [one for one in _offered(engine) if one["name"] == name and version in {"", str(one.get("version", ""))}]
    label = path[:3] + "/models/{model}" + ("/ready" if ready else "")
    if not found:
        what = f"version {version} of the model {name!r}" if version else f"model called {name!r}"
        known = ", ".join(sorted({str(one["name"]) for one in _offered(engine)}))
        return label, refusal_of(NotFound(f"There is no {what}. Known ones: {known}."))
    if ready or first:
        return label, _json({"name": name, "ready": engine.ready}, 200 if engine.ready else 503)
    versions = [str(one.get("version", "")) for one in _offered(engine) if one["name"] == name]
    return label, _json({**found[0], "versions": versions})


OWN: Mapping[str, Callable[[Engine], Answer]] = {
    "/health": _alive,
    "/metrics": _metrics,
    "/openapi.json": _openapi,
    "/ping": _alive,
    "/ready": _ready,
    "/v1/models": _models,
    "/v2": _server,
    "/v2/health/live": _v2_live,
    "/v2/health/ready": _ready,
    "/v2/models": _models,
    "/version": _version,
}
"""The front's own paths, all of them asked with GET."""
