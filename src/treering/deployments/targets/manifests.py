"""Kubernetes manifests of a deployment, as plain values: what runs, how it is reached, and what it may do."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treering.deployments.configuring import choice, number, option, options, switch, text, whole
from treering.entities.deployment import Release

__all__ = [
    "CONTAINER",
    "OPTIONS",
    "Placed",
    "kinds",
    "labels",
    "manifests",
    "pod_container",
    "pod_security",
    "route",
    "slug",
    "variables",
]

CONTAINER = "server"
_USER = 10001
_PORT = 8080
_GRPC = 8081
_QUANTITY = r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?"

OPTIONS = options(
    image=option("string", "The image, which may have {name}, {version} and {digest} of the model in it."),
    namespace=option(
        "string", "Where it is made.", "default", pattern="[a-z0-9]([-a-z0-9]*[a-z0-9])?", examples=["models"]
    ),
    context=option("string", "Which cluster of the kubeconfig; the present one unless given."),
    replicas=option("integer", "Copies.", "2", minimum=0, maximum=1000),
    max_replicas=option("integer", "Copies at most, by load; 0 does not scale.", "0", minimum=0, maximum=1000),
    cpu_target=option(
        "integer", "Per cent of the CPU that was asked for at which it is scaled.", "70", minimum=1, maximum=1000
    ),
    cpu=option("string", "CPU of a copy.", "500m", pattern=_QUANTITY, examples=["500m"]),
    memory=option(
        "string", "Memory of a copy, which is its limit, too.", "512Mi", pattern=_QUANTITY, examples=["512Mi"]
    ),
    gpus=option("integer", "Graphics cards of a copy.", "0", minimum=0, maximum=16),
    workers=option("integer", "Processes in a copy that hold the model.", "1", minimum=1, maximum=256),
    timeout=option("number", "Seconds until a prediction is given up.", "60", minimum=0),
    service_type=choice("How the service is reached.", "ClusterIP", "ClusterIP", "NodePort", "LoadBalancer"),
    ingress_host=option("string", "Make an Ingress for this host."),
    gateway=option("string", "Make an HTTPRoute at this Gateway, as name or namespace/name; it divides traffic."),
    hostname=option("string", "Host of the HTTPRoute."),
    service_account=option("string", "The service account of the copies; no token of it is mounted."),
    pull_secret=option("string", "The secret with which the image is pulled."),
    secret=option("string", "A secret whose values become environment variables."),
    network_policy=option("boolean", "Whether only its port can be reached, and it reaches DNS alone.", "false"),
    monitor=option("boolean", "Whether a ServiceMonitor lets Prometheus read its metrics.", "false"),
    priority_class=option("string", "The priority class of the copies."),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*|node\..+|annotation\..+",
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A release in its place.

    Attributes:
        candidate: Whether it stands beside the current one.
        weight: Per cent of the traffic that goes to the candidate; None where there is no candidate.
    """

    name: str
    release: Release
    config: Mapping[str, str]
    candidate: bool = False
    weight: float | None = None

    @property
    def workload(self) -> str:
        """The name of its Deployment."""
        return f"{self.name}-candidate" if self.candidate else self.name


def manifests(placed: Placed, candidate: bool = False) -> list[dict[str, Any]]:  # noqa: FBT001, FBT002 -- of one call
    """All of it, in the order in which it is applied; of a candidate only what is its own.

    Args:
        candidate: Whether there is a candidate beside it, for the route.
    """
    made = [_deployment(placed), _service(placed)]
    if placed.candidate:
        return made
    config = placed.config
    if whole(config, OPTIONS, "max_replicas"):
        made.append(_autoscaler(placed))
    if max(whole(config, OPTIONS, "replicas"), whole(config, OPTIONS, "max_replicas")) > 1:
        made.append(_budget(placed))
    if switch(config, OPTIONS, "network_policy"):
        made.append(_policy(placed))
    if switch(config, OPTIONS, "monitor"):
        made.append(_monitor(placed))
    if text(config, OPTIONS, "ingress_host"):
        made.append(_ingress(placed))
    if text(config, OPTIONS, "gateway"):
        made.append(route(placed, candidate=candidate))
    return made


def slug(value: str) -> str:
    """As a label's value can be."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", value)[:63].strip("-._")


def labels(placed: Placed) -> dict[str, str]:
    """What everything of a deployment is marked with."""
    return {
        "app.kubernetes.io/name": slug(placed.release.model) or "model",
        "app.kubernetes.io/instance": placed.name,
        "app.kubernetes.io/version": slug(placed.release.version) or "unknown",
        "app.kubernetes.io/managed-by": "treering",
        "app.kubernetes.io/component": "candidate" if placed.candidate else "server",
    }


def _selector(placed: Placed) -> dict[str, str]:
    return {
        "app.kubernetes.io/instance": placed.name,
        "app.kubernetes.io/component": "candidate" if placed.candidate else "server",
    }


def _head(kind: str, version: str, placed: Placed, name: str = "") -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name or placed.workload,
            "namespace": text(placed.config, OPTIONS, "namespace"),
            "labels": labels(placed),
        },
    }


def _annotations(placed: Placed) -> dict[str, str]:
    release = placed.release
    told = {
        "treering.dev/source": release.source,
        "treering.dev/digest": release.digest,
        "treering.dev/variant": release.variant,
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(_PORT),
        "prometheus.io/path": "/metrics",
    }
    own = {
        key.removeprefix("annotation."): value for key, value in placed.config.items() if key.startswith("annotation.")
    }
    return {key: value for key, value in {**told, **own}.items() if value}


def _deployment(placed: Placed) -> dict[str, Any]:
    config = placed.config
    told = _annotations(placed)
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": pod_security(),
        "containers": [pod_container(placed)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _selector(placed)},
            }
        ],
    }
    if account := text(config, OPTIONS, "service_account"):
        pod["serviceAccountName"] = account
    if secret := text(config, OPTIONS, "pull_secret"):
        pod["imagePullSecrets"] = [{"name": secret}]
    if priority := text(config, OPTIONS, "priority_class"):
        pod["priorityClassName"] = priority
    if nodes := {key.removeprefix("node."): value for key, value in config.items() if key.startswith("node.")}:
        pod["nodeSelector"] = nodes
    told["treering.dev/config"] = hashlib.sha256(json.dumps(pod, sort_keys=True).encode()).hexdigest()[:16]
    spec: dict[str, Any] = {
        "revisionHistoryLimit": 5,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": _selector(placed)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": labels(placed), "annotations": told}, "spec": pod},
    }
    # What is scaled by load has its number from there.
    if placed.candidate or not whole(config, OPTIONS, "max_replicas"):
        spec["replicas"] = max(1, _share(placed)) if placed.candidate else whole(config, OPTIONS, "replicas")
    made = _head("Deployment", "apps/v1", placed)
    made["metadata"]["annotations"] = {
        key: value for key, value in told.items() if key.startswith("treering.dev/") and key != "treering.dev/config"
    }
    return {**made, "spec": spec}


def _share(placed: Placed) -> int:
    """Copies of a candidate: as many as its part of the traffic needs."""
    copies = whole(placed.config, OPTIONS, "replicas")
    return -(-copies * int(placed.weight or 0) // 100)


def pod_security() -> dict[str, Any]:
    """No root, and nothing that could lead there."""
    return {
        "runAsNonRoot": True, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip


def variables(placed: Placed) -> list[dict[str, str]]:
    """Environment variables of the server."""
    config = placed.config
    cores = text(config, OPTIONS, "cpu")
    threads = max(1, int(float(cores[:-1]) / 1000) if cores.endswith("m") else int(float(cores)))
    own = {key.removeprefix("env."): value for key, value in config.items() if key.startswith("env.")}
    told = {
        # A pool of threads as large as the node's cores would only wait for its share of the CPU.
        "OMP_NUM_THREADS": str(threads),
        "WEB_CONCURRENCY": text(config, OPTIONS, "workers"),
        "TREERING_MODEL_SERVER_TIMEOUT": text(config, OPTIONS, "timeout"),
        **own,
    }
    return [{"name": name, "value": value} for name, value in sorted(told.items())]


def pod_container(placed: Placed, name: str = CONTAINER) -> dict[str, Any]:
    """The server's container."""
    config = placed.config
    memory = text(config, OPTIONS, "memory")
    limits: dict[str, Any] = {"memory": memory}
    if gpus := whole(config, OPTIONS, "gpus"):
        limits["nvidia.com/gpu"] = str(gpus)
    patience = max(10, int(number(config, OPTIONS, "timeout")) + 5)
    made: dict[str, Any] = {
        "name": name,
        "image": placed.release.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [
            {"name": "http", "containerPort": _PORT, "protocol": "TCP"},
            {"name": "grpc", "containerPort": _GRPC, "protocol": "TCP"},
        ],
        "env": variables(placed),
        "resources": {"requests": {"cpu": text(config, OPTIONS, "cpu"), "memory": memory}, "limits": limits},
        "startupProbe": {**_probe("/v2/health/live"), "periodSeconds": 1, "failureThreshold": 300, "timeoutSeconds": 2},
        "readinessProbe": {**_probe("/v2/health/ready"), "periodSeconds": 2, "failureThreshold": 2, "timeoutSeconds": 2},
        "livenessProbe": {**_probe("/v2/health/live"), "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": patience},
        # Those who balance the load learn some seconds late that it ends.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 -- of the container
    }  # fmt: skip
    if secret := text(config, OPTIONS, "secret"):
        made["envFrom"] = [{"secretRef": {"name": secret}}]
    return made


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}}


def _service(placed: Placed) -> dict[str, Any]:
    ports = [
        {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"},
        {"name": "grpc", "port": 81, "targetPort": "grpc", "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"},
    ]
    kind = "ClusterIP" if placed.candidate else text(placed.config, OPTIONS, "service_type")
    return {**_head("Service", "v1", placed), "spec": {"type": kind, "selector": _selector(placed), "ports": ports}}


def _autoscaler(placed: Placed) -> dict[str, Any]:
    config = placed.config
    least = whole(config, OPTIONS, "replicas")
    metric = {"type": "Utilization", "averageUtilization": whole(config, OPTIONS, "cpu_target")}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": placed.workload},
        "minReplicas": max(1, least),
        "maxReplicas": max(1, least, whole(config, OPTIONS, "max_replicas")),
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": metric}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return {**_head("HorizontalPodAutoscaler", "autoscaling/v2", placed), "spec": spec}


def _budget(placed: Placed) -> dict[str, Any]:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(placed)}}
    return {**_head("PodDisruptionBudget", "policy/v1", placed), "spec": spec}


def _policy(placed: Placed) -> dict[str, Any]:
    served: list[dict[str, Any]] = [{"protocol": "TCP", "port": _PORT}, {"protocol": "TCP", "port": _GRPC}]
    names: list[dict[str, Any]] = [{"protocol": kind, "port": 53} for kind in ("UDP", "TCP")]
    spec = {
        "podSelector": {
            "matchLabels": {"app.kubernetes.io/instance": placed.name, "app.kubernetes.io/managed-by": "treering"}
        },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": served}],
        "egress": [{"ports": names}],
    }
    return {**_head("NetworkPolicy", "networking.k8s.io/v1", placed), "spec": spec}


def _monitor(placed: Placed) -> dict[str, Any]:
    chosen = {"app.kubernetes.io/instance": placed.name, "app.kubernetes.io/managed-by": "treering"}
    spec = {"selector": {"matchLabels": chosen}, "endpoints": [{"port": "http", "path": "/metrics", "interval": "15s"}]}
    return {**_head("ServiceMonitor", "monitoring.coreos.com/v1", placed), "spec": spec}


def _ingress(placed: Placed) -> dict[str, Any]:
    backend = {"service": {"name": placed.workload, "port": {"name": "http"}}}
    rule = {
        "host": text(placed.config, OPTIONS, "ingress_host"),
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    return {**_head("Ingress", "networking.k8s.io/v1", placed), "spec": {"rules": [rule]}}


def route(placed: Placed, *, candidate: bool) -> dict[str, Any]:
    """The HTTPRoute that divides traffic between a release and the candidate beside it."""
    namespace, _, gateway = text(placed.config, OPTIONS, "gateway").rpartition("/")
    parent = {"name": gateway, **({"namespace": namespace} if namespace else {})}
    weight = round((placed.weight or 0.0) * 10)
    backends: list[dict[str, Any]] = [{"name": placed.name, "port": 80, "weight": 1000 - weight}]
    if candidate:
        backends.append({"name": f"{placed.name}-candidate", "port": 80, "weight": weight})
    rules: list[dict[str, Any]] = [{"backendRefs": backends}]
    if candidate:  # who names it gets it, whatever its share
        match = {"headers": [{"name": "X-Treering-Variant", "value": "candidate"}]}
        rules.insert(0, {"matches": [match], "backendRefs": [{"name": f"{placed.name}-candidate", "port": 80}]})
    spec: dict[str, Any] = {"parentRefs": [parent], "rules": rules}
    if host := text(placed.config, OPTIONS, "hostname"):
        spec["hostnames"] = [host]
    return {**_head("HTTPRoute", "gateway.networking.k8s.io/v1", placed), "spec": spec}


def kinds(made: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which kinds there are among some manifests."""
    return sorted({str(one["kind"]) for one in made})
