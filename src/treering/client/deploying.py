"""Deploying from Python and from the command line: what is asked for as text becomes an order that targets understand."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from treering.assembly import Services
from treering.client.session import session
from treering.client.transfers import download_tree
from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import local_path, parse_model_uri, parse_runs_uri, scheme_of
from treering.deployments.base import PATIENCE, Files, Leading, Order, Plan
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentEvent, DeploymentQuery, Release
from treering.entities.live import LiveDeployment
from treering.registry.locate import find_version, locate

__all__ = [
    "Asked",
    "deploy",
    "get_deployment",
    "get_deployment_history",
    "leading_of",
    "live",
    "order_of",
    "plan",
    "promote",
    "remove",
    "rollback",
    "search_deployments",
]

_IMAGES = {"docker", "image", "oci"}
_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A deployment as somebody writes it down; see `Order`.

    Attributes:
        called: `NAME:VERSION`, where the model is to be called otherwise than by what it is.
    """

    source: str
    name: str
    target: str = ""
    config: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate: bool = False
    leading: Leading | None = None
    patience: float = PATIENCE
    reason: str = ""
    user: str = ""
    called: str = ""


def leading_of(canary: Sequence[float] | None, every: float, weight: float | None) -> Leading | None:
    """How a candidate is led in; None where nothing was said."""
    if canary is None and weight is None:
        return None
    return Leading(weight, None if canary is None else CanaryPlan(tuple(float(step) for step in canary), every))


@contextmanager
def order_of(asked: Asked, services: Services, home: Path) -> Iterator[Order]:
    """What is asked for, found where it lies; what has to be fetched for it is removed at the end of the block.

    Raises:
        NotFound: If there is no such model, version, bundle or folder.
        InvalidInput: If the source cannot be understood.
    """
    with ExitStack() as stack:
        release, files = _found(asked.source, services, home, stack)
        if asked.called:
            name, _, version = asked.called.rpartition(":")
            release = replace(release, model=name or version, version=version if name else release.version)
        user = asked.user or services.settings.user
        yield Order(
            asked.name, release, files, asked.target, asked.config, asked.tags,
            asked.candidate or asked.leading is not None, asked.leading, asked.patience, asked.reason, user,
        )  # fmt: skip


def _found(source: str, services: Services, home: Path, stack: ExitStack) -> tuple[Release, Files]:
    scheme = source.partition("://")[0] if "://" in source else scheme_of(source)
    if scheme in _IMAGES:
        return _image(source)
    if source.startswith("bundle:"):
        return _bundle(source, home)
    if scheme == "file":
        return _folder(source)
    return _stored(source, services, stack)


def _image(source: str) -> tuple[Release, Files]:
    reference = source.partition("://")[2]
    if not reference:
        msg = f"{source!r} names no image. Write it as docker://REGISTRY/NAME:TAG."
        raise InvalidInput(msg)
    path, _, tag = reference.rpartition("/")[2].partition(":")

    def files() -> Path:
        msg = f"The files of {source} are in an image, and this target needs them in a folder. Deploy the model or bundle."
        raise InvalidInput(msg)

    digest = reference.partition("@")[2]
    return Release(source, path.partition("@")[0], tag.partition("@")[0], digest), files


def _bundle(source: str, home: Path) -> tuple[Release, Files]:
    module = import_module("treering.bundles.store")
    folder: Path = module.BundleStore(home / "bundles").find(source.removeprefix("bundle:"))
    return _of_bundle(source, folder)


def _of_bundle(source: str, folder: Path) -> tuple[Release, Files]:
    manifest = import_module("treering.bundles.manifest").read(folder)
    release = Release(source, manifest.name, manifest.version, f"sha256:{manifest.digest.removeprefix('sha256:')}")
    return release, lambda: folder


def _folder(source: str) -> tuple[Release, Files]:
    folder = local_path(source).absolute()
    if (folder / "manifest.json").is_file():
        return _of_bundle(str(folder), folder)
    if not (folder / "MLmodel").is_file():
        msg = (
            f"{source} is neither a model nor a bundle: it has no MLmodel and no manifest.json. Give the folder of one."
        )
        raise NotFound(msg)
    digest = _digest(folder)
    return Release(str(folder), folder.name, digest[:12], f"sha256:{digest}"), lambda: folder


def _digest(folder: Path) -> str:
    """Of all files below a folder with their names."""
    whole = hashlib.sha256()
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(root, name)  # noqa: PTH118 -- os.walk's own
            whole.update(os.path.relpath(path, folder).encode() + b"\0")
            with open(path, "rb") as file:  # noqa: PTH123 -- as above
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _stored(source: str, services: Services, stack: ExitStack) -> tuple[Release, Files]:
    where = locate(source, services.tracking, services.registry)

    def files() -> Path:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="treering-deploy-")))
        return download_tree(services, where, folder)

    scheme = scheme_of(source)
    if scheme == "runs":
        run_id = parse_runs_uri(source).run_id
        return Release(source, parse_runs_uri(source).path.rpartition("/")[2], run_id[:12], run_id=run_id), files
    if scheme == "models":
        wanted = parse_model_uri(source)
        if wanted.model_id:
            model = services.tracking.models.get(wanted.model_id)
            return Release(source, model.name, wanted.model_id, run_id=model.source_run_id), files
        version = find_version(wanted, services.registry)
        return (
            Release(source, version.name, str(version.version), registered=True, run_id=version.run_id or ""),
            files,
        )
    name = where.rstrip("/").rpartition("/")[2]
    return Release(source, name, hashlib.sha256(where.encode()).hexdigest()[:12]), files


def deploy(  # noqa: PLR0913 -- what can be said of a deployment
    source: str,
    name: str,
    *,
    target: str = "",
    config: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
    candidate: bool = False,
    weight: float | None = None,
    canary: Sequence[float] | None = None,
    every: float = _EVERY,
    timeout: float = PATIENCE,
    reason: str = "",
) -> Deployment:
    """Put a model where it answers: under a new name, or in the place of the version that answers there.

    Args:
        source: `models:/name/version` or `@alias`, `runs:/<run id>/<path>`, the folder of a model or bundle,
            `bundle:name:tag`, or `docker://REGISTRY/NAME:TAG`.
        target: `local`, `docker`, `kubernetes`, ...; by default where it is already, else `local`.
        config: What the target is told; what is not named keeps its value.
        candidate: Whether it comes beside the version that answers now, without traffic.
        weight: Per cent of the traffic for the candidate at once.
        canary: Such as `(5, 25, 50, 100)`: the candidate gets more and more, and is judged.
        every: Seconds that a step of the canary lasts at least.
        timeout: Seconds to wait until it answers; 0 does not wait.

    Raises:
        NotFound: If there is no such model.
        InvalidInput: If the name or the config cannot be.
    """
    asked = Asked(
        source,
        name,
        target,
        _texts(config),
        dict(tags or {}),
        candidate,
        leading_of(canary, every, weight),
        timeout,
        reason,
    )
    with _services() as (services, home), order_of(asked, services, home) as order:
        return services.deployments().deploy(order)


def plan(
    source: str, name: str, *, target: str = "", config: Mapping[str, object] | None = None, candidate: bool = False
) -> Plan:
    """What `deploy` would do, in words, with the files that it would send. Raises as that does."""
    asked = Asked(source, name, target, _texts(config), candidate=candidate)
    with _services() as (services, home), order_of(asked, services, home) as order:
        return services.deployments().plan(order)


def get_deployment(name: str) -> Deployment:
    """A deployment as it stands now. Raises NotFound."""
    with _services() as (services, _):
        return services.deployments().status(name)


def search_deployments(
    *, target: str = "", state: str = "", model: str = "", version: str = "", text: str = "", removed: bool = False
) -> list[Deployment]:
    """Deployments by name, as they were last seen; "" stands for any."""
    query = DeploymentQuery(target, state, model, version, text, removed, max_results=1000)
    found: list[Deployment] = []
    with _services() as (services, _):
        while True:
            page = services.deployments().search(query)
            found += page.items
            if not page.next_token:
                return found
            query = DeploymentQuery(target, state, model, version, text, removed, 1000, page.next_token)


def get_deployment_history(name: str, max_results: int = 100) -> Sequence[DeploymentEvent]:
    """What happened to a deployment, the newest first. Raises NotFound."""
    with _services() as (services, _):
        return services.deployments().history(name, max_results).items


def live(name: str) -> LiveDeployment:
    """Traffic, latency and errors of a deployment at this moment. Raises NotFound."""
    with _services() as (services, _):
        return services.deployments().live(name)


def promote(
    name: str,
    *,
    weight: float | None = None,
    canary: Sequence[float] | None = None,
    every: float = _EVERY,
    reason: str = "",
) -> Deployment:
    """Give traffic to the candidate: all of it, `weight` per cent, or more and more in the steps of a canary.

    Raises:
        Conflict: If there is no candidate.
        NotSupported: If the target cannot divide traffic like that.
    """
    with _services() as (services, _):
        leading = leading_of(canary, every, weight) or Leading()
        return services.deployments().promote(name, leading, reason=reason)


def rollback(name: str, *, reason: str = "") -> Deployment:
    """Drop the candidate; without one, go back to the version before. Raises Conflict if there is neither."""
    with _services() as (services, _):
        return services.deployments().rollback(name, reason=reason)


def remove(name: str, *, reason: str = "") -> Deployment:
    """Take a deployment down; its record stays. Raises NotFound."""
    with _services() as (services, _):
        return services.deployments().remove(name, reason=reason)


@contextmanager
def _services() -> Iterator[tuple[Services, Path]]:
    place = session().place
    yield place.services(), place.target.home


def _texts(config: Mapping[str, object] | None) -> dict[str, str]:
    return {name: _text(value) for name, value in (config or {}).items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
