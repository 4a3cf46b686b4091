"""KServe: one InferenceService, whose candidate is its canary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from treering.core.errors import InvalidInput, NotSupported
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import choice, option, options, text, whole
from treering.deployments.living import planned, unreachable
from treering.deployments.programs import SystemPrograms
from treering.deployments.targets.kubectl import Kubectl, as_yaml
from treering.deployments.targets.manifests import OPTIONS as PLAIN
from treering.deployments.targets.manifests import Placed, labels, pod_container, pod_security, slug
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment

__all__ = ["KserveTarget", "inference_service", "open_target"]

_KIND = "inferenceservices.serving.kserve.io"
_CONTAINER = "kserve-container"
_ALL = 100.0
_KEPT = (
    "image", "namespace", "context", "replicas", "max_replicas", "cpu", "memory", "gpus", "workers", "timeout",
    "service_account", "secret", "cpu_target",
)  # fmt: skip
_OPTIONS = options(
    mode=choice("How KServe runs it.", "Standard", "Standard", "Knative"),
    scale_metric=choice("What it is scaled by.", "cpu", "cpu", "memory", "concurrency", "rps"),
    scale_target=option("integer", "Where it is scaled.", "70", minimum=1, maximum=100000),
    concurrency=option("integer", "Requests that one copy gets at once; 0 for any number.", "0", minimum=0),
    log_url=option("string", "Where KServe sends requests and answers."),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*|annotation\..+",
    **{name: PLAIN["properties"][name] for name in _KEPT},
)


class KserveTarget:
    """The `Target` of a cluster with KServe."""

    summary = "KServe: an InferenceService with a container that speaks the V2 protocol."
    options = _OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        self._programs = surroundings.programs or SystemPrograms(surroundings.variables)

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        made = self._made(wanted)
        step = Step(f"apply InferenceService {wanted.name}", ("kubectl", "apply", "--server-side", "-f", "-"))
        return Plan([step], {f"{wanted.name}.yaml": as_yaml([made])})

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        self._cluster(wanted.config).apply([self._made(wanted)])
        return self._stands(wanted.name, wanted.config)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        return self._stands(deployment.name, deployment.config)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None:
            msg = (
                "KServe leads no canary by itself. Give it traffic step by step with"
                f" `treering deployments promote {deployment.name} --weight 25`."
            )
            raise NotSupported(msg)
        assert deployment.candidate is not None  # noqa: S101 -- the service promises it
        weight = _ALL if leading.weight is None else leading.weight
        if weight < _ALL:
            made = inference_service(
                deployment.name, deployment.current, deployment.config, deployment.candidate, weight
            )
        else:
            made = inference_service(deployment.name, deployment.candidate, deployment.config)
        self._cluster(deployment.config).apply([made])
        return self._stands(deployment.name, deployment.config)

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        stays = deployment.current
        if deployment.candidate is None and deployment.previous is not None:
            stays = deployment.previous
        self._cluster(deployment.config).apply([inference_service(deployment.name, stays, deployment.config)])
        return self._stands(deployment.name, deployment.config)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        self._cluster(deployment.config).delete(_KIND, deployment.name)

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        standing = self.status(deployment)
        if standing.state is DeploymentState.FAILED:
            return unreachable(deployment, standing.message)
        return planned(deployment, reachable=standing.state is DeploymentState.READY, message=standing.message)

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        if request.content_type != "application/json":
            msg = "Through kubectl only JSON can be sent. Ask the service itself."
            raise NotSupported(msg)
        namespace = quote(text(deployment.config, _OPTIONS, "namespace"), safe="")
        path = f"/api/v1/namespaces/{namespace}/services/{deployment.name}-predictor:80/proxy/invocations"
        return Answered(200, self._cluster(deployment.config).raw(path, request.body))

    def _made(self, wanted: Wanted) -> dict[str, Any]:
        if not wanted.release.image:
            msg = f"KServe needs an image that holds {wanted.release.source}. Name it with -C image=REGISTRY/NAME:{{version}}."
            raise InvalidInput(msg)
        known = wanted.known
        if wanted.candidate and known is not None:
            return inference_service(wanted.name, known.current, wanted.config, wanted.release, 0.0)
        candidate = known.candidate if known is not None else None
        weight = known.weight if known is not None else 0.0
        return inference_service(wanted.name, wanted.release, wanted.config, candidate, weight)

    def _stands(self, name: str, config: Mapping[str, str]) -> Standing:
        found = self._cluster(config).get(_KIND, name)
        if found is None:
            return Standing(DeploymentState.FAILED, f"There is no InferenceService {name}.")
        status = found.get("status", {})
        told = {one.get("type"): one for one in status.get("conditions", ())}
        address = str(status.get("url", ""))
        ready = told.get("Ready", {})
        if ready.get("status") == "True":
            return Standing(DeploymentState.READY, "", address)
        return Standing(DeploymentState.PENDING, str(ready.get("message", "It is not ready yet.")), address)

    def _cluster(self, config: Mapping[str, str]) -> Kubectl:
        return Kubectl(self._programs, text(config, _OPTIONS, "namespace"), text(config, _OPTIONS, "context"))


def open_target(surroundings: Surroundings) -> KserveTarget:
    """KServe, with the kubectl of this machine."""
    return KserveTarget(surroundings)


def inference_service(
    name: str, release: Release, config: Mapping[str, str], candidate: Release | None = None, weight: float = 0.0
) -> dict[str, Any]:
    """The manifest; a candidate is its canary."""
    annotations = {
        "serving.kserve.io/deploymentMode": text(config, _OPTIONS, "mode"),
        "treering.dev/source": release.source,
    }
    spec: dict[str, Any] = {"predictor": _predictor(name, release, config)}
    if candidate is not None:
        beside = {
            **_predictor(name, candidate, config),
            "name": slug(candidate.variant.lower()).replace(".", "-") or "candidate",
        }
        spec["canary"] = [{"trafficPercent": round(weight), "predictor": beside}]
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": text(config, _OPTIONS, "namespace"),
            "labels": labels(Placed(name, release, config)),
            "annotations": annotations,
        },
        "spec": spec,
    }


def _predictor(name: str, release: Release, config: Mapping[str, str]) -> dict[str, Any]:
    container = pod_container(Placed(name, release, config), _CONTAINER)
    # KServe watches by itself, over one port.
    for unwanted in ("startupProbe", "livenessProbe", "lifecycle"):
        container.pop(unwanted)
    container["readinessProbe"]["httpGet"]["port"] = 8080
    container["ports"] = [{"containerPort": 8080, "protocol": "TCP"}]
    least = whole(config, _OPTIONS, "replicas")
    made: dict[str, Any] = {
        "minReplicas": least,
        "maxReplicas": max(least, whole(config, _OPTIONS, "max_replicas"), 1),
        "scaleMetric": text(config, _OPTIONS, "scale_metric"),
        "scaleTarget": whole(config, _OPTIONS, "scale_target"),
        "timeout": max(1, int(float(text(config, _OPTIONS, "timeout")))),
        "automountServiceAccountToken": False,
        "securityContext": pod_security(),
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    if concurrency := whole(config, _OPTIONS, "concurrency"):
        made["containerConcurrency"] = concurrency
    if account := text(config, _OPTIONS, "service_account"):
        made["serviceAccountName"] = account
    if url := text(config, _OPTIONS, "log_url"):
        made["logger"] = {"url": url, "mode": "all"}
    return made
