"""`@treering.service`: a class whose methods are endpoints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from starlette.types import ASGIApp

from treering.core.errors import Conflict, InvalidInput
from treering.core.plugins import Registry
from treering.serving.services.calling import Awaited, Blocking
from treering.serving.services.config import Config, config_of
from treering.serving.services.contexts import Context
from treering.serving.services.dependencies import Dependency
from treering.serving.services.method import ApiMethod
from treering.serving.services.mounts import Mount, mounted_on, wsgi

__all__ = ["EMBEDDING", "Service", "service"]

T = TypeVar("T")
EMBEDDING: Registry[Callable[..., ASGIApp]] = Registry(
    "treering.service_embeddings",
    "way to embed a service",
    {"asgi": "treering.serving.services.embedded:application"},
)
"""How a service is answered for within another program; what answers stands above what is written."""


class Service(Generic[T]):
    """What a decorated class becomes. Calling it makes a plain instance, whose methods can be called in tests.

    Attributes:
        inner: The class as the user wrote it.
        words: The configuration as it was written.
        apis: The methods that clients can call, by their names.
        dependencies: Other services that it calls, by the attributes that hold them.
        context: What its methods get as `ctx`.
        image: Where it is to run, for bundles.
    """

    def __init__(self, inner: type[T], *, name: str | None = None, **options: Any) -> None:
        self.inner: type[T] = _class(inner)
        self.name = name or inner.__name__
        self.description: str | None = options.pop("description", None)
        self.path_prefix: str = (options.pop("path_prefix", None) or "").rstrip("/")
        self.envs: Sequence[Mapping[str, Any]] = options.pop("envs", None) or []
        self.labels: Mapping[str, str] = options.pop("labels", None) or {}
        self.image: Any = options.pop("image", None)
        self.cmd: Sequence[str] | None = options.pop("cmd", None)
        self.words: dict[str, Any] = options
        self.config: Config = config_of(options, self.name)
        self.context = Context()
        self.apis: dict[str, ApiMethod] = {}
        self.dependencies: dict[str, Dependency[Any]] = {}
        self.mounts: list[Mount] = []
        self.middlewares: list[tuple[Callable[..., ASGIApp], dict[str, Any]]] = []
        self._collect()
        if self.path_prefix and not self.path_prefix.startswith("/"):
            msg = f"The prefix {self.path_prefix!r} of the service {self.name} does not begin with a slash."
            raise InvalidInput(msg)

    def __call__(self) -> T:
        """An instance in this process; hooks of its lifecycle are not run."""
        made: T = self.inner()
        names = {name: method.is_async for name, method in self.apis.items()}
        for attribute, wrapped in (("to_async", Awaited), ("to_sync", Blocking)):
            setattr(made, attribute, wrapped(made, names))
        return made

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @property
    def doc(self) -> str:
        """What its author says of it."""
        return self.description or inspect.getdoc(self.inner) or ""

    def all_services(self) -> dict[str, Service[Any]]:
        """This and all that it depends on here, by name.

        Raises:
            Conflict: If two of them are called the same.
        """
        found: dict[str, Service[Any]] = {self.name: self}
        for dependency in self.dependencies.values():
            if dependency.on is None or dependency.url is not None:
                continue
            for name, one in dependency.on.all_services().items():
                if found.setdefault(name, one) is not one:
                    msg = f"Two services are called {name}. Give one another name: @treering.service(name=...)."
                    raise Conflict(msg)
        return found

    def mount_asgi_app(self, app: ASGIApp, path: str = "/", name: str | None = None) -> None:
        """Let an ASGI application answer below a path."""
        self.mounts.append(Mount(app, self.path_prefix + path, name))

    def mount_wsgi_app(self, app: Callable[..., Any], path: str = "/", name: str | None = None) -> None:
        """Let a WSGI application answer below a path, each request in a thread."""
        self.mount_asgi_app(wsgi(app), path, name)

    def add_asgi_middleware(self, middleware: Callable[..., ASGIApp], **options: Any) -> None:
        """Wrap everything that it answers; the one that was added last is outermost."""
        self.middlewares.append((middleware, options))

    def schema(self) -> dict[str, Any]:
        """What `/schema.json` tells."""
        routes = [method.schema(self.path_prefix) for method in self.apis.values()]
        found = {
            "name": self.name,
            "type": "service",
            "routes": routes,
            "paths": {one["route"]: {"mounted": False} for one in routes},
        }
        return found | ({"description": self.doc} if self.doc else {})

    def _collect(self) -> None:
        for name, value in inspect.getmembers_static(self.inner):
            if isinstance(value, Dependency):
                self.dependencies[name] = value
            elif isinstance(value, ApiMethod):
                if value.name in self.apis:
                    msg = f"Two methods of the service {self.name} are called {value.name}."
                    raise Conflict(msg)
                self.apis[value.name] = value
        routes = [one.route for one in self.apis.values()]
        if len(set(routes)) < len(routes):
            twice = next(one for one in routes if routes.count(one) > 1)
            msg = f"Two methods of the service {self.name} have the route {twice}."
            raise Conflict(msg)
        for mount in mounted_on(self.inner):
            self.mount_asgi_app(*mount)

    def to_asgi(self, **options: Any) -> ASGIApp:
        """The whole service as one ASGI application, for tests and other servers; it starts and ends with its lifespan."""
        make: Callable[..., ASGIApp] = EMBEDDING.load("asgi")
        return make(self, options)


def _class(inner: Any) -> Any:
    if isinstance(inner, type):
        return inner
    if isinstance(inner, Service):
        msg = f"{inner.name} is a service already."
        raise Conflict(msg)
    msg = f"{inner!r} is no class, and a service is made of one."
    raise InvalidInput(msg)


@overload
def service(inner: type[T], /) -> Service[T]: ...


@overload
def service(inner: None = None, /, **options: Any) -> Callable[[type[T]], Service[T]]: ...


def service(inner: type[T] | None = None, /, **options: Any) -> Any:
    """Make a class a service: its methods under `@treering.api` and `@treering.task` answer requests.

    Args:
        **options: `name`, by default the class's; `description`; `path_prefix`, which all routes begin with;
            `labels`, `envs` and `image` for bundles; and how it runs: `workers`, `threads`, `traffic`,
            `resources`, `http` and BentoML's others.

    Raises:
        InvalidInput: If an option is unknown or wrong.
        Conflict: If two methods are called the same.
    """
    if inner is not None:
        return Service(inner)
    kind: type[Service[Any]] = options.pop("service_class", Service)

    def decorate(given: type[T]) -> Service[T]:
        return kind(given, **options)

    return decorate
