"""Models as a host: loaded when it opens, and more or fewer of them while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.models.load_options import LoadOptions
from treering.serving.hosting import Answer, Call, Offer, Policy, Route
from treering.serving.models.asking import Asking
from treering.serving.models.describing import describe
from treering.serving.models.encoding import jsonable
from treering.serving.models.held import Held, Wanted
from treering.serving.models.invocations import Invocations
from treering.serving.models.page import PAGE
from treering.serving.models.paths import lane, versioned
from treering.serving.models.protocol import Wire
from treering.serving.models.v1 import Predict
from treering.serving.models.v2 import HEADER_LENGTH, Infer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["ModelsHost", "open_host"]

_HEADERS = {"infer": (HEADER_LENGTH.decode(),)}
"""Headers that a protocol wants to see."""
_BATCHES = msgspec.json.encode({"MaxConcurrentTransforms": 8, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6})
"""What SageMaker asks before it transforms many files."""


def open_host(given: Mapping[str, Any]) -> ModelsHost:
    """Load the models that `given` names.

    Args:
        given: `models`, each with `name`, `version`, `folder` and perhaps `uri` and `aliases`; `loading`, the fields
            of `LoadOptions`; `show_traces`; `policy`, fields of `Policy` that override what the models suggest.

    Raises:
        InvalidInput: If that is not what it says.
        TreeringError: If a model cannot be loaded; see `treering.models.loading.load`.
    """
    loading, traces = _loading(given.get("loading") or {}), bool(given.get("show_traces"))
    host = ModelsHost(loading, given.get("policy") or {}, show_traces=traces)
    for one in given.get("models") or ():
        host.load(Wanted.of(one))
    return host


def _loading(given: Mapping[str, Any]) -> LoadOptions:
    known = set(LoadOptions.__dataclass_fields__)
    if unknown := sorted(set(given) - known):
        msg = f"Models are loaded with the options {sorted(known)}, and not {unknown}."
        raise InvalidInput(msg)
    values = dict(given)
    if values.get("own"):
        values["own"] = Path(str(values["own"]))
    values["trust"] = tuple(values.get("trust") or ())
    return LoadOptions(**values)


class ModelsHost:
    """A `Host` of models."""

    def __init__(self, loading: LoadOptions, policy: Mapping[str, Any], *, show_traces: bool = False) -> None:
        self._loading = loading
        self._policy = policy
        self._show_traces = show_traces
        self._held: dict[tuple[str, str], Held] = {}
        self._asking: dict[str, Asking] = {}
        self._routes: dict[str, Route] = {}

    def load(self, wanted: Wanted) -> None:
        """Load a model.

        Raises:
            AlreadyExists: If this version is loaded.
            TreeringError: If it cannot be loaded; what was loaded before stays.
        """
        place = (wanted.name, wanted.version)
        if place in self._held:
            msg = f"Version {wanted.version} of {wanted.name!r} is loaded already. Unload it first."
            raise AlreadyExists(msg)
        held = Held.load(wanted, self._loading)
        self._held[place] = held
        wires: dict[str, Wire] = {"invocations": Invocations(held), "infer": Infer(held), "predict": Predict(held)}
        for kind, wire in wires.items():
            path = versioned(kind, wanted.name, wanted.version)
            self._asking[path] = Asking(held, wire, show_traces=self._show_traces)
            self._routes[path] = Route("POST", path, lane(*place), wanted.name, wanted.version, _HEADERS.get(kind, ()))

    def unload(self, name: str, version: str = "") -> None:
        """Forget a model, or one version of it.

        Raises:
            NotFound: If it is not loaded.
        """
        gone = [place for place in self._held if place[0] == name and version in {"", place[1]}]
        if not gone:
            msg = f"There is no model {name!r}{f' with version {version}' if version else ''} to unload."
            raise NotFound(msg)
        for place in gone:
            del self._held[place]
            for path in [path for path, route in self._routes.items() if (route.model, route.version) == place]:
                del self._asking[path], self._routes[path]

    def offer(self) -> Offer:
        """See `Host`."""
        lanes = {
            lane(*place): replace(Policy(group=256 if held.rowwise else 1), **self._policy)
            for place, held in self._held.items()
        }
        models = tuple(held.describe() for held in self._held.values())
        documents = {
            "/docs": ("text/html; charset=utf-8", PAGE),
            "/execution-parameters": ("application/json", _BATCHES),
        }
        return Offer(tuple(self._routes.values()), lanes, models, self._openapi(), documents)

    def _openapi(self) -> bytes:
        return msgspec.json.encode(describe(list(self._held.values())), enc_hook=jsonable)

    def answer(self, route: Route, calls: Sequence[Call]) -> Sequence[Answer]:
        """See `Host`."""
        asking = self._asking.get(route.path)
        if asking is None:
            body = msgspec.json.encode({"error_code": NotFound.code, "message": f"Nothing is at {route.path}."})
            return [Answer(NotFound.status, body)] * len(calls)
        return asking.answer(calls)

    def change(self, order: Mapping[str, Any]) -> None:
        """See `Host`."""
        if "load" in order:
            self.load(Wanted.of(order["load"]))
        elif "unload" in order:
            self.unload(str(order["unload"].get("name", "")), str(order["unload"].get("version") or ""))
        else:
            msg = f"A host of models can 'load' and 'unload', and was told to {sorted(order)}."
            raise InvalidInput(msg)

    def application(self) -> ASGIApp | None:
        """See `Host`."""
        return None

    def close(self) -> None:
        """See `Host`."""
        self._held.clear()
        self._asking.clear()
        self._routes.clear()
