"""Kubernetes: a Deployment, a Service and what belongs to them, applied by kubectl.

    Service name ──▶ Deployment name                  the current release
    Service name-candidate ──▶ Deployment name-candidate
    HTTPRoute name ──▶ both, by weight                where there is a Gateway

A promoted candidate's image is rolled out in the Deployment of the current release; no request is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from treering.core.errors import InvalidInput, NotSupported, TreeringError
from treering.deployments.base import (
    Answered,
    Leading,
    Plan,
    Request,
    Standing,
    Step,
    Surroundings,
    Wanted,
)
from treering.deployments.configuring import text
from treering.deployments.living import planned, summed, unreachable
from treering.deployments.programs import SystemPrograms
from treering.deployments.targets.kubectl import MINE, Kubectl, as_yaml
from treering.deployments.targets.manifests import OPTIONS, Placed, kinds, manifests, route
from treering.entities.deployment import Deployment, DeploymentState
from treering.entities.live import LiveDeployment, LiveReplicas, LiveVariant

__all__ = ["KubernetesTarget", "open_target"]

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?")
_OURS = "deployment,service,horizontalpodautoscaler,poddisruptionbudget,networkpolicy,ingress"
_STUCK = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CrashLoopBackOff", "CreateContainerConfigError"}
_ALL = 100.0
_MOST_ASKED = 20


class KubernetesTarget:
    """The `Target` of a cluster."""

    summary = "Kubernetes: Deployment, Service, autoscaler, budget, policy and route, applied by kubectl."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        self._programs = surroundings.programs or SystemPrograms(surroundings.variables)

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        made = self._made(wanted)
        names = [f"{one['kind']} {one['metadata']['name']}" for one in made]
        namespace = text(wanted.config, OPTIONS, "namespace")
        steps = [
            Step(
                f"apply {', '.join(names)} in the namespace {namespace}",
                ("kubectl", "apply", "--server-side", "-f", "-"),
            )
        ]
        if wanted.patience:
            steps.append(Step(f"wait up to {wanted.patience:g} s until all copies answer"))
        return Plan(steps, {f"{wanted.name}.yaml": as_yaml(made)})

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        made = self._made(wanted)
        cluster = self._cluster(wanted.config)
        cluster.apply(made)
        if wanted.known is not None and not wanted.candidate:
            self._prune(wanted.known, made)
        placed = _placed(wanted)
        return self._waited(cluster, placed, wanted.patience)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        cluster = self._cluster(deployment.config)
        return self._stands(cluster, _current(deployment))

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None:
            msg = (
                "A canary that is judged by itself is not led in Kubernetes yet. Give it traffic step by step with"
                f" `treering deployments promote {deployment.name} --weight 25`."
            )
            raise NotSupported(msg)
        cluster = self._cluster(deployment.config)
        if leading.weight is not None and leading.weight < _ALL:
            return self._weighed(cluster, deployment, leading.weight)
        assert deployment.candidate is not None  # noqa: S101 -- the service promises it
        placed = Placed(deployment.name, deployment.candidate, deployment.config)
        cluster.apply(manifests(placed))
        standing = self._waited(cluster, placed, 300.0)
        if standing.state is DeploymentState.READY:
            self._drop_candidate(cluster, deployment.name)
        return standing

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        cluster = self._cluster(deployment.config)
        placed = _current(deployment)
        if deployment.candidate is None and deployment.previous is not None:
            placed = replace(placed, release=deployment.previous)
        cluster.apply(manifests(placed))
        standing = self._waited(cluster, placed, 300.0)
        self._drop_candidate(cluster, deployment.name)
        return standing

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        cluster = self._cluster(deployment.config)
        label = f"app.kubernetes.io/instance={deployment.name},{MINE}"
        further = [one for one in kinds(manifests(_current(deployment))) if one in {"HTTPRoute", "ServiceMonitor"}]
        for kind in (*further, _OURS):
            cluster.delete(kind.lower(), label=label)

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        found = self._cluster(deployment.config).get("deployment", deployment.name)
        if found is None:
            return unreachable(deployment, f"There is no Deployment {deployment.name}.")
        asked, status = found.get("spec", {}), found.get("status", {})
        replicas = LiveReplicas(int(asked.get("replicas", 1)), int(status.get("readyReplicas", 0)))
        told = planned(deployment, reachable=replicas.ready > 0, replicas=replicas)
        rows = [self._counted(deployment, row) for row in told.variants]
        return replace(told, variants=rows)

    def _counted(self, deployment: Deployment, row: LiveVariant) -> LiveVariant:
        """With what its copies have counted, as far as they tell."""
        cluster = self._cluster(deployment.config)
        component = "candidate" if row.role == "candidate" else "server"
        label = f"app.kubernetes.io/instance={deployment.name},app.kubernetes.io/component={component},{MINE}"
        namespace = quote(text(deployment.config, OPTIONS, "namespace"), safe="")
        counts = []
        for pod in cluster.find("pods", label)[:_MOST_ASKED]:
            path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}:8080/proxy/traffic"
            try:
                told = json.loads(cluster.raw(path))
            except (TreeringError, ValueError):
                continue  # it is starting, ending, or a server of somebody else's
            counts += [one for endpoint in told.get("endpoints", {}).values() for one in endpoint.get("variants", ())]
        return summed(row, counts)

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        namespace = quote(text(deployment.config, OPTIONS, "namespace"), safe="")
        path = f"/api/v1/namespaces/{namespace}/services/{deployment.name}:http/proxy/invocations"
        if request.content_type != "application/json":
            msg = "Through kubectl only JSON can be sent. Ask the service itself from within the cluster."
            raise NotSupported(msg)
        return Answered(200, self._cluster(deployment.config).raw(path, request.body))

    def _made(self, wanted: Wanted) -> list[dict[str, Any]]:
        _check(wanted)
        made = manifests(_placed(wanted), candidate=_stays(wanted))
        if wanted.candidate and text(wanted.config, OPTIONS, "gateway") and wanted.known is not None:
            made.append(route(replace(_current(wanted.known), config=wanted.config, weight=0.0), candidate=True))
        return made

    def _prune(self, known: Deployment, made: Sequence[Mapping[str, Any]]) -> None:
        """Delete what the config asked for before, and no longer does."""
        gone = set(kinds(manifests(_current(known)))) - set(kinds(made))
        cluster = self._cluster(known.config)
        for kind in sorted(gone):
            cluster.delete(kind.lower(), known.name)

    def _weighed(self, cluster: Kubectl, deployment: Deployment, weight: float) -> Standing:
        if not text(deployment.config, OPTIONS, "gateway"):
            msg = (
                "Part of the traffic can be given only where a Gateway divides it. Deploy with -C gateway=NAME, or promote"
                " the candidate whole."
            )
            raise NotSupported(msg)
        assert deployment.candidate is not None  # noqa: S101 -- the service promises it
        beside = Placed(deployment.name, deployment.candidate, deployment.config, True, weight)
        cluster.apply([*manifests(beside), route(replace(_current(deployment), weight=weight), candidate=True)])
        self._waited(cluster, beside, 300.0)
        return self._stands(cluster, _current(deployment))

    def _drop_candidate(self, cluster: Kubectl, name: str) -> None:
        for kind in ("deployment", "service"):
            cluster.delete(kind, f"{name}-candidate")

    def _waited(self, cluster: Kubectl, placed: Placed, patience: float) -> Standing:
        if not patience:
            return self._stands(cluster, placed)
        wrong = cluster.wait(placed.workload, patience)
        standing = self._stands(cluster, placed)
        if wrong and standing.state is not DeploymentState.FAILED:
            return replace(standing, state=DeploymentState.PENDING, message=wrong[-500:])
        return standing

    def _stands(self, cluster: Kubectl, placed: Placed) -> Standing:
        found = cluster.get("deployment", placed.workload)
        if found is None:
            return Standing(DeploymentState.FAILED, f"There is no Deployment {placed.workload}.")
        state, message = _state(found)
        if state is not DeploymentState.READY:
            message = self._stuck(cluster, placed) or message
            if message and state is DeploymentState.PENDING and any(word in message for word in _STUCK):
                state = DeploymentState.FAILED if not _ready(found) else DeploymentState.DEGRADED
        return Standing(state, message, self._address(placed))

    def _stuck(self, cluster: Kubectl, placed: Placed) -> str:
        """Why copies do not come up, in the cluster's words."""
        component = "candidate" if placed.candidate else "server"
        label = f"app.kubernetes.io/instance={placed.name},app.kubernetes.io/component={component},{MINE}"
        for pod in cluster.find("pods", label):
            for one in pod.get("status", {}).get("containerStatuses", ()):
                waiting = one.get("state", {}).get("waiting") or {}
                if waiting.get("reason") in _STUCK:
                    return f"{waiting['reason']}: {waiting.get('message', '')}".strip(": ")[:500]
        return ""

    def _address(self, placed: Placed) -> str:
        if host := text(placed.config, OPTIONS, "ingress_host") or text(placed.config, OPTIONS, "hostname"):
            return f"http://{host}"
        return f"http://{placed.workload}.{text(placed.config, OPTIONS, 'namespace')}.svc"

    def _cluster(self, config: Mapping[str, str]) -> Kubectl:
        return Kubectl(self._programs, text(config, OPTIONS, "namespace"), text(config, OPTIONS, "context"))


def open_target(surroundings: Surroundings) -> KubernetesTarget:
    """Kubernetes, with the kubectl of this machine."""
    return KubernetesTarget(surroundings)


def _check(wanted: Wanted) -> None:
    if not _NAME.fullmatch(wanted.name):
        msg = (
            f"{wanted.name!r} cannot be the name of a Service in Kubernetes: use up to 52 lower-case letters, digits and"
            " dashes, a letter first."
        )
        raise InvalidInput(msg)
    if not wanted.release.image:
        msg = (
            f"Kubernetes needs an image that holds {wanted.release.source}. Build one with `treering bundle containerize`,"
            " and name it with -C image=REGISTRY/NAME:{version}, or deploy docker://REGISTRY/NAME:TAG."
        )
        raise InvalidInput(msg)
    known = wanted.known
    if known is not None and known.current.image == wanted.release.image and not _same(wanted, known):
        msg = (
            f"{wanted.release.source} would run in the image of {known.current.source}, {wanted.release.image}. Give each"
            " version an image of its own, such as -C image=REGISTRY/NAME:{version}."
        )
        raise InvalidInput(msg)


def _same(wanted: Wanted, known: Deployment) -> bool:
    one, other = wanted.release, known.current
    return (one.source, one.version, one.digest) == (other.source, other.version, other.digest)


def _stays(wanted: Wanted) -> bool:
    return not wanted.candidate and wanted.known is not None and wanted.known.candidate is not None


def _placed(wanted: Wanted) -> Placed:
    weight = wanted.known.weight if wanted.known is not None and _stays(wanted) else 0.0
    return Placed(wanted.name, wanted.release, wanted.config, wanted.candidate, weight)


def _current(deployment: Deployment) -> Placed:
    return Placed(deployment.name, deployment.current, deployment.config, weight=deployment.weight)


def _ready(found: Mapping[str, Any]) -> int:
    return int(found.get("status", {}).get("readyReplicas", 0))


def _state(found: Mapping[str, Any]) -> tuple[DeploymentState, str]:
    asked, status = found.get("spec", {}), found.get("status", {})
    told = {one.get("type"): one for one in status.get("conditions", ())}
    wanted, ready = int(asked.get("replicas", 1)), _ready(found)
    current = int(status.get("observedGeneration", 0)) >= int(found.get("metadata", {}).get("generation", 0))
    if told.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        state = DeploymentState.DEGRADED if ready else DeploymentState.FAILED
        return state, str(told["Progressing"].get("message", ""))
    if current and ready >= wanted and int(status.get("updatedReplicas", 0)) >= wanted:
        return DeploymentState.READY, ""
    return DeploymentState.PENDING, f"{ready} of {wanted} copies answer."
