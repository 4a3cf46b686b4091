"""Where a request may go: paths that clients ask, and the route of a model's version behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from treering.serving.front.lanes import Lane
from treering.serving.front.meter import Histogram
from treering.serving.front.options import ServingOptions
from treering.serving.hosting import Policy, Route
from treering.serving.traffic.plan import Variant
from treering.serving.traffic.router import Router

__all__ = ["Place", "Target", "places_of", "ruled"]


class Target:
    """A variant at a path: where its requests wait, and what its answers begin with.

    Attributes:
        label: The path with names replaced by their kind, for counts.
        path: The host's path.
        heads: Beginnings of answers that were written before, by status and content type.
    """

    __slots__ = (
        "endpoint",
        "heads",
        "label",
        "lane",
        "logged",
        "model",
        "path",
        "place",
        "seconds",
        "statuses",
        "variant",
        "version",
    )

    def __init__(self, route: Route, lane: Lane, label: str, endpoint: str = "", variant: str = "") -> None:
        self.label = label
        self.path = route.path
        self.lane = lane
        self.model = route.model
        self.version = route.version
        self.endpoint = endpoint
        self.variant = variant
        self.logged = route.logged
        self.heads: dict[tuple[int, bytes], bytes] = {}
        self.statuses: dict[int, int] = {}
        self.seconds = Histogram()
        self.place: Place | None = None


class Place:
    """A path that is answered.

    Attributes:
        one: The target of all requests, if there is no choice.
        many: The targets by the name of the variant.
        wanted: Headers that the host wants to see.
    """

    __slots__ = ("body", "endpoint", "many", "method", "one", "path", "wanted")

    def __init__(self, method: str, path: str, wanted: tuple[bytes, ...], targets: Sequence[Target]) -> None:
        self.method = method
        self.path = path
        self.wanted = wanted
        self.endpoint = targets[0].endpoint
        self.one = targets[0] if len(targets) == 1 else None
        for target in targets:
            target.place = self
        self.many = {target.variant: target for target in targets}
        self.body = max(target.lane.policy.body for target in targets)


def places_of(routes: Sequence[Route], lanes: Mapping[str, Lane], router: Router) -> dict[bytes, Place]:
    """All places by their raw path: what the host offers, and the paths that leave the version to the router."""
    found: dict[bytes, Place] = {}
    unversioned: dict[str, list[Target]] = {}
    methods: dict[str, Route] = {}
    for route in routes:
        label = _label(route)
        _put(
            found,
            route,
            (Target(route, lanes[route.lane], label, variant=f"v{route.version}" if route.version else ""),),
        )
        for endpoint, variant in _variants(route, router):
            for path in _without_version(route, endpoint, router):
                target = Target(route, lanes[route.lane], _label_of(path, endpoint), endpoint, variant.name)
                unversioned.setdefault(path, []).append(target)
                methods[path] = route
    for path, targets in unversioned.items():
        if path.encode() not in found:
            _put(found, replace(methods[path], path=path), targets)
    return found


def _put(found: dict[bytes, Place], route: Route, targets: Sequence[Target]) -> None:
    wanted = tuple(name.lower().encode() for name in route.headers)
    found[route.path.encode()] = Place(route.method, route.path, wanted, targets)


def _variants(route: Route, router: Router) -> Iterable[tuple[str, Variant]]:
    if _part(route) not in route.path or not route.version:
        return
    for endpoint, variants in router.endpoints().items():
        for variant in variants:
            if (variant.model, variant.version) == (route.model, route.version):
                yield endpoint, variant


def _part(route: Route) -> str:
    return f"/versions/{quote(route.version, safe='')}"


def _without_version(route: Route, endpoint: str, router: Router) -> Iterable[str]:
    """The paths of an endpoint that a route of a version stands behind."""
    path = route.path.replace(_part(route), "", 1).replace(quote(route.model, safe=""), quote(endpoint, safe=""), 1)
    yield path
    if path.endswith("/invocations") and endpoint == next(iter(router.endpoints())):
        yield "/invocations"


def _label(route: Route) -> str:
    label = route.path
    if route.version:
        label = label.replace(_part(route), "/versions/{version}", 1)
    return _label_of(label, route.model)


def _label_of(path: str, model: str) -> str:
    name = quote(model, safe="")
    return path.replace(f"/models/{name}", "/models/{model}", 1) if name else path


def ruled(policy: Policy, options: ServingOptions) -> Policy:
    """A host's policy with what was said of the server instead, where something was."""
    group = options.group if options.group is not None and policy.group > 1 else policy.group
    return replace(
        policy,
        group=min(group, policy.group),
        timeout=policy.timeout if options.timeout is None else options.timeout,
        body=policy.body if options.body is None else options.body,
        waiting=policy.waiting if options.waiting is None else options.waiting,
    )
