"""Deployments: the versions that each serves, or is about to.

One that was removed is known by its own name alone, and a run does not tell of one that was made of it without a version.
"""

from __future__ import annotations

from treering.core.errors import InvalidInput, NotFound
from treering.entities.deployment import Deployment, DeploymentQuery, Release
from treering.entities.lineage import Edge, Node
from treering.provenance.base import Links
from treering.provenance.versions import version_uri
from treering.storage.metadata.base import MetadataStore

__all__ = ["DeploymentRelations", "deployment_uri"]

_DEPLOYMENT, _MODEL, _RUN = "deployments:/", "models:/", "runs:/"
_AT_ONCE = 500


def deployment_uri(name: str) -> str:
    """`deployments:/<name>`."""
    return f"{_DEPLOYMENT}{name}"


class DeploymentRelations:
    """Relations of deployments with what they serve."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store
        self._known: dict[str, Deployment | None] = {}

    def resolve(self, uri: str) -> str | None:
        """See Relations."""
        if not uri.startswith(_DEPLOYMENT):
            return None
        name = _name(uri)
        if not name or "/" in name:
            msg = f"{uri!r} names no deployment. Write deployments:/ and its name."
            raise InvalidInput(msg)
        self._store.deployments.get(name)
        return deployment_uri(name)

    def describe(self, uri: str) -> Node | None:
        """See Relations."""
        if not uri.startswith(_DEPLOYMENT):
            return None
        found = self._found(_name(uri))
        if found is None:
            return Node(uri, "deployment", _name(uri), "", "missing")
        return Node(uri, "deployment", found.name, found.target, found.state.value.lower(), found.created)

    def up(self, uri: str, limit: int) -> Links:
        """See Relations."""
        found = self._found(_name(uri)) if uri.startswith(_DEPLOYMENT) else None
        if found is None:
            return Links()
        edges = [Edge(origin, uri, "deployed", role) for origin, role in _served(found).items()]
        return Links(edges[:limit], len(edges))

    def down(self, uri: str, limit: int) -> Links:
        """See Relations."""
        name, _, version = uri.removeprefix(_MODEL).rpartition("/")
        if not uri.startswith(_MODEL) or not name or not version.isdecimal():
            return Links()
        edges: list[Edge] = []
        token = ""
        while True:
            page = self._store.deployments.search(
                DeploymentQuery(model=name, version=version, max_results=_AT_ONCE, page_token=token)
            )
            for one in page.items:
                served = _served(one)
                if uri in served:
                    edges.append(Edge(uri, deployment_uri(one.name), "deployed", served[uri]))
            token = page.next_token or ""
            if not token:
                return Links(edges[:limit], len(edges))

    def _found(self, name: str) -> Deployment | None:
        if name not in self._known:
            try:
                self._known[name] = self._store.deployments.get(name)
            except NotFound:
                self._known[name] = None
        return self._known[name]


def _name(uri: str) -> str:
    return uri.removeprefix(_DEPLOYMENT).strip("/")


def _origin(release: Release) -> str:
    """What a release came of; "" where only its files are known."""
    if release.registered and release.version.isdecimal():
        return version_uri(release.model, int(release.version))
    return f"{_RUN}{release.run_id}" if release.run_id else ""


def _served(deployment: Deployment) -> dict[str, str]:
    """What a deployment came of, and whether that only waits."""
    served = {_origin(deployment.current): ""}
    if deployment.candidate is not None:
        served.setdefault(_origin(deployment.candidate), "candidate")
    return {origin: role for origin, role in served.items() if origin}
