"""A service as one worker holds it.

Whole requests with whole answers go to methods at once. What streams, wants to see its request, is a
task, or is mounted goes through the ASGI application.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import ASGIApp

from treering import __version__
from treering.core.errors import NotSupported
from treering.serving.hosting import Answer, Call, Host, Offer, Policy, Route
from treering.serving.services.answers import answered, refused
from treering.serving.services.application import Application
from treering.serving.services.arguments import ARGUMENTS
from treering.serving.services.batches import answers_of
from treering.serving.services.bodies import Reader
from treering.serving.services.contexts import Exchange
from treering.serving.services.dependencies import elsewhere
from treering.serving.services.finding import found_service
from treering.serving.services.method import ApiMethod
from treering.serving.services.openapi import document
from treering.serving.services.running import Running
from treering.serving.services.service import Service
from treering.serving.services.slots import session_folder, sweep
from treering.serving.services.stored_models import placed

__all__ = ["ServiceHost", "open_host"]

_WAITING = 1024
_TOGETHER = 32


def open_host(what: Mapping[str, Any]) -> Host:
    """Import a service and start it.

    Args:
        what: `service`, such as `service:Shop`; `folder`, where its module is; `name`, to start another service
            that it depends on; `elsewhere`, addresses of services that others run, by name; `session`, what
            workers of one server share; `tasks`, the file of its tasks; `version`, what it is told as; `models`, where
            the models lie that it names, each with `name`, `version`, `folder` and `uri`; `arguments`, for
            `use_arguments`.

    Raises:
        NotFound: If there is no such service.
        TreeringError: If it cannot be started.
    """
    sweep()
    placed(_places(what.get("models", ())))
    ARGUMENTS.given = dict(what.get("arguments", {}))
    service = found_service(str(what["service"]), what.get("folder", "."))
    if name := what.get("name"):
        service = service.all_services()[name]
    elsewhere(what.get("elsewhere", {}))
    return ServiceHost(service, what)


def _places(models: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Folders by what services may call a model: its URI, its name, with its version or `latest`."""
    found: dict[str, str] = {}
    for one in models:
        name, version, folder = str(one["name"]), str(one.get("version", "")), str(one["folder"])
        called = (str(one.get("uri", "")), name, f"{name}:latest", f"{name}:{version}", f"models:/{name}/{version}")
        found |= dict.fromkeys(called, folder)
    return found


class ServiceHost:
    """A started service behind the face of a host."""

    def __init__(self, service: Service[Any], what: Mapping[str, Any]) -> None:
        folder = session_folder(str(what.get("session", "")))
        self._service = service
        self._version = str(what.get("version", ""))
        self._running = Running(service, folder / service.name)
        self._readers = {name: Reader(method.input) for name, method in service.apis.items()}
        tasks = Path(what["tasks"]) if what.get("tasks") else folder / service.name / "tasks.db"
        self._application = Application(self._running, self._readers, self._documents(), tasks, dict(what))
        self._methods = {service.path_prefix + one.route: one for one in service.apis.values()}

    def offer(self) -> Offer:
        """The routes of its plain methods; nothing but the application where middlewares want to see every request."""
        direct = (
            {}
            if self._application.sees_all
            else {path: method for path, method in self._methods.items() if _is_direct(method)}
        )
        service = self._service
        return Offer(
            routes=tuple(
                Route("POST", path, f"{service.name}.{method.name}", service.name, self._version)
                for path, method in direct.items()
            ),
            lanes={f"{service.name}.{method.name}": self._policy(method) for method in direct.values()},
            models=(
                {
                    "name": service.name,
                    "version": self._version,
                    "platform": "treering_service",
                    "inputs": [],
                    "outputs": [],
                },
            ),
            openapi=msgspec.json.encode(document(service, __version__)),
            documents=self._documents(),
            tunnel=True,
            below=tuple(f"{one.path.rstrip('/')}/" for one in service.mounts if one.path.strip("/")),
        )

    def answer(self, route: Route, calls: Sequence[Call]) -> Sequence[Answer]:
        """Each call's method is called; those of a batchable one together."""
        method = self._methods[route.path]
        if method.batchable:
            return self._together(method, calls)
        return [self._one(method, call) for call in calls]

    def change(self, order: Mapping[str, Any]) -> None:  # noqa: ARG002 -- the protocol's
        """Nothing of a service changes while it runs.

        Raises:
            NotSupported: Always.
        """
        msg = f"The service {self._service.name} is loaded whole; start another server with what shall be served."
        raise NotSupported(msg)

    def application(self) -> ASGIApp | None:
        """Streams, tasks, probes, mounted applications; and all methods, for who has this only."""
        return self._application

    def close(self) -> None:
        """End the service."""
        self._application.close()
        self._running.close()

    def _one(self, method: ApiMethod, call: Call) -> Answer:
        kind = call.content_type.decode("latin-1")
        with Exchange() as exchange:
            try:
                arguments = self._readers[method.name].arguments(kind, call.body, exchange.folder)
                value = self._running.call(method, arguments, exchange)
                return answered(method.output, value, kind)
            except Exception as error:  # noqa: BLE001 -- the border of a request
                return refused(error, f"{self._service.name}.{method.name}")

    def _together(self, method: ApiMethod, calls: Sequence[Call]) -> Sequence[Answer]:
        where = f"{self._service.name}.{method.name}"
        answers: list[Answer | None] = [None] * len(calls)
        requests: list[tuple[int, Mapping[str, Any]]] = []
        with Exchange() as exchange:
            for index, call in enumerate(calls):
                try:
                    kind = call.content_type.decode("latin-1")
                    arguments = self._readers[method.name].arguments(kind, call.body, exchange.folder)
                    requests.append((index, arguments))
                except Exception as error:  # noqa: BLE001 -- the border of a request
                    answers[index] = refused(error, where)
            found = answers_of(
                method, [one for _, one in requests], lambda one: self._running.call(method, one, exchange)
            )
            for (index, _), value in zip(requests, found, strict=True):
                answers[index] = _told(method, value, calls[index], where)
        return [one for one in answers if one is not None]

    def _policy(self, method: ApiMethod) -> Policy:
        traffic = self._service.config.traffic
        seconds = method.timeout or traffic.timeout
        together = _TOGETHER if method.is_async else self._running.threads
        group, at_once = 1, together
        if method.batching is not None:
            group, at_once = max(1, method.batching.rows), 1
            seconds = min(seconds, method.batching.seconds)
        waiting = _WAITING
        if traffic.max_concurrency is not None:
            at_once = min(at_once, traffic.max_concurrency)
            waiting = max(0, traffic.max_concurrency - at_once * self._service.config.processes())
        return Policy(
            group=group,
            at_once=at_once,
            timeout=seconds,
            waiting=waiting,
            body=traffic.max_body,
            again=method.batchable,
        )

    def _documents(self) -> dict[str, tuple[str, bytes]]:
        schema = msgspec.json.encode(self._service.schema())
        prefix = self._service.path_prefix
        return {f"{prefix}/schema.json": ("application/json", schema), "/schema.json": ("application/json", schema)}


def _is_direct(method: ApiMethod) -> bool:
    return not (method.is_stream or method.input.context is not None)


def _told(method: ApiMethod, value: Any, call: Call, where: str) -> Answer:
    if isinstance(value, Exception):
        return refused(value, where)
    try:
        answer = answered(method.output, value, call.content_type.decode("latin-1"))
    except Exception as error:  # noqa: BLE001 -- the border of a request
        return refused(error, where)
    rows = len(value) if hasattr(value, "__len__") and not isinstance(value, str | bytes) else 0
    return answer._replace(rows=rows)
