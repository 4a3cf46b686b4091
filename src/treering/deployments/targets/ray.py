"""Ray Serve: an application for each release, on a cluster that has Treering, through the API of its dashboard.

    /NAME            application NAME            the current release
    /NAME-candidate  application NAME-candidate

The applications of others on the cluster stay as they are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from treering.core.errors import Conflict, InvalidInput, NotSupported, Unavailable
from treering.deployments.asking import over_http
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import number, option, options, text, whole
from treering.deployments.living import planned, unreachable
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveReplicas

__all__ = ["OPTIONS", "RayTarget", "application_of", "open_target"]

_API = "/api/serve/applications/"
_BUILDER = "treering.deployments.ray_application:build"
_ALL = 100.0
_QUICK = 30.0
_STATES: Mapping[str, DeploymentState] = {
    "RUNNING": DeploymentState.READY,
    "DEPLOYING": DeploymentState.PENDING,
    "NOT_STARTED": DeploymentState.PENDING,
    "DELETING": DeploymentState.PENDING,
    "UNHEALTHY": DeploymentState.DEGRADED,
}

OPTIONS = options(
    dashboard=option("string", "The address of the cluster's dashboard.", "http://127.0.0.1:8265"),
    address=option("string", "Where its Serve is asked.", "http://127.0.0.1:8000"),
    replicas=option("integer", "Copies.", "1", minimum=0, maximum=10000),
    max_replicas=option("integer", "Copies at most, by load; 0 does not scale.", "0", minimum=0, maximum=10000),
    cpus=option("number", "Processors of a copy.", "1", minimum=0),
    gpus=option("number", "Graphics cards of a copy.", "0", minimum=0),
    ongoing=option("integer", "Requests that one copy has in hand.", "16", minimum=1),
    tracking_uri=option("string", "The server where the cluster finds the model."),
    pip=option("string", "Packages that are installed for it, by commas."),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
)


class RayTarget:
    """The `Target` of a Ray cluster."""

    summary = "Ray Serve: an application on a cluster, through its dashboard."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        del surroundings

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        made = application_of(_named(wanted.name, candidate=wanted.candidate), wanted.release, wanted.config)
        step = Step(
            f"put the application {made['name']} beside those of the cluster at {text(wanted.config, OPTIONS, 'dashboard')}"
        )
        return Plan([step], {"serve.json": json.dumps({"applications": [made]}, indent=2)})

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        name = _named(wanted.name, candidate=wanted.candidate)
        self._change(wanted.config, {name: application_of(name, wanted.release, wanted.config)})
        return self._waited(name, wanted.config, wanted.patience)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        return self._stands(deployment.name, deployment.config)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None or (leading.weight is not None and leading.weight < _ALL):
            msg = (
                "Between the applications of Ray Serve no traffic is divided. Promote the candidate whole; it is asked at"
                f" /{deployment.name}-candidate until then."
            )
            raise NotSupported(msg)
        candidate = deployment.candidate
        assert candidate is not None  # noqa: S101 -- the service promises it
        return self._exchanged(deployment, candidate)

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        back = deployment.current
        if deployment.candidate is None and deployment.previous is not None:
            back = deployment.previous
        return self._exchanged(deployment, back)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        self._change(deployment.config, {deployment.name: None, _named(deployment.name, candidate=True): None})

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        found = self._applications(deployment.config).get(deployment.name)
        if found is None:
            return unreachable(deployment, f"There is no application {deployment.name}.")
        copies = [one for part in (found.get("deployments") or {}).values() for one in part.get("replicas", ())]
        ready = sum(1 for one in copies if one.get("state") == "RUNNING")
        running = found.get("status") == "RUNNING"
        return planned(deployment, reachable=running, replicas=LiveReplicas(len(copies), ready))

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        ask = over_http(text(deployment.config, OPTIONS, "address"))
        return ask("POST", f"/{deployment.name}", request.body, {"content-type": request.content_type}, 300.0)

    def _exchanged(self, deployment: Deployment, release: Release) -> Standing:
        made = application_of(deployment.name, release, deployment.config)
        self._change(deployment.config, {deployment.name: made, _named(deployment.name, candidate=True): None})
        return self._waited(deployment.name, deployment.config, 300.0)

    def _change(self, config: Mapping[str, str], changes: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Put applications beside those that are there, or take them away."""
        known = self._told(config)
        mine = [one for name, one in changes.items() if one is not None]
        others = [
            found["deployed_app_config"]
            for name, found in (known.get("applications") or {}).items()
            if name not in changes and found.get("deployed_app_config")
        ]
        by_hand = [
            name for name, found in (known.get("applications") or {}).items()
            if name not in changes and not found.get("deployed_app_config")
        ]  # fmt: skip
        if by_hand:
            msg = (
                f"The applications {', '.join(by_hand)} of the cluster were started by a program, and would be ended by"
                " this. Deploy them by a config, or use another cluster."
            )
            raise Conflict(msg)
        body = {
            "proxy_location": known.get("proxy_location") or "EveryNode",
            "http_options": {
                key: value for key, value in (known.get("http_options") or {}).items() if key in {"host", "port"}
            },
            "applications": [*others, *mine],
        }
        ask = over_http(text(config, OPTIONS, "dashboard"))
        answer = ask("PUT", _API, json.dumps(body).encode(), {"content-type": "application/json"}, _QUICK)
        if answer.status >= 400:  # noqa: PLR2004 -- where errors begin
            msg = (
                f"The Ray cluster refused it with status {answer.status}: {answer.body[:1000].decode(errors='replace')}"
            )
            raise InvalidInput(msg)

    def _told(self, config: Mapping[str, str]) -> Mapping[str, Any]:
        dashboard = text(config, OPTIONS, "dashboard")
        answer = over_http(dashboard)("GET", _API, b"", {}, _QUICK)
        if answer.status != 200:  # noqa: PLR2004 -- all other ones
            msg = f"The dashboard at {dashboard} answered with status {answer.status}. Is Ray Serve installed there?"
            raise Unavailable(msg)
        found: Mapping[str, Any] = json.loads(answer.body)
        return found

    def _applications(self, config: Mapping[str, str]) -> Mapping[str, Any]:
        return self._told(config).get("applications") or {}

    def _waited(self, name: str, config: Mapping[str, str], patience: float) -> Standing:
        until = time.monotonic() + patience
        while True:
            standing = self._stands(name, config)
            if standing.state is not DeploymentState.PENDING or time.monotonic() >= until:
                return standing
            time.sleep(0.2)

    def _stands(self, name: str, config: Mapping[str, str]) -> Standing:
        found = self._applications(config).get(name)
        address = f"{text(config, OPTIONS, 'address').rstrip('/')}/{name}"
        if found is None:
            return Standing(DeploymentState.FAILED, f"There is no application {name}.")
        state = _STATES.get(str(found.get("status")), DeploymentState.FAILED)
        return Standing(state, str(found.get("message") or "")[:1000], address)


def open_target(surroundings: Surroundings) -> RayTarget:
    """Ray clusters."""
    return RayTarget(surroundings)


def application_of(name: str, release: Release, config: Mapping[str, str]) -> dict[str, Any]:
    """An application, as Ray Serve's schema has it."""
    if release.image:
        msg = f"{release.source} is an image, and Ray loads models itself. Deploy the model."
        raise InvalidInput(msg)
    variables = {key.removeprefix("env."): value for key, value in config.items() if key.startswith("env.")}
    if tracking := text(config, OPTIONS, "tracking_uri"):
        variables["TREERING_TRACKING_URI"] = tracking
    environment: dict[str, Any] = {"env_vars": variables} if variables else {}
    if packages := [one.strip() for one in text(config, OPTIONS, "pip").split(",") if one.strip()]:
        environment["pip"] = packages
    own: dict[str, Any] = {
        "name": "model",
        "max_ongoing_requests": whole(config, OPTIONS, "ongoing"),
        "ray_actor_options": {"num_cpus": number(config, OPTIONS, "cpus"), "num_gpus": number(config, OPTIONS, "gpus")},
    }
    copies, most = whole(config, OPTIONS, "replicas"), whole(config, OPTIONS, "max_replicas")
    if most:
        own["autoscaling_config"] = {"min_replicas": copies, "max_replicas": max(copies, most, 1)}
    else:
        own["num_replicas"] = max(1, copies)
    return {
        "name": name,
        "route_prefix": f"/{name}",
        "import_path": _BUILDER,
        "args": {"source": release.source, "model": release.model, "version": release.version},
        "runtime_env": environment,
        "deployments": [own],
    }


def _named(name: str, *, candidate: bool) -> str:
    return f"{name}-candidate" if candidate else name
