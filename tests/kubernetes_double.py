"""A cluster in memory that understands the kubectl commands that we use: a double to try targets on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from treering.deployments.programs import Done

__all__ = ["Cluster"]

_NAMES = {
    "deployment": "Deployment", "service": "Service", "horizontalpodautoscaler": "HorizontalPodAutoscaler",
    "poddisruptionbudget": "PodDisruptionBudget", "networkpolicy": "NetworkPolicy", "ingress": "Ingress",
    "httproute": "HTTPRoute", "servicemonitor": "ServiceMonitor", "pods": "Pod",
    "inferenceservices.serving.kserve.io": "InferenceService",
}  # fmt: skip


class Cluster:
    """Programs that hold objects.

    Attributes:
        broken: Images that cannot be pulled.
        calls: All commands, without `kubectl` and what comes before the verb.
        sent: What was sent through the API server's proxy.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.broken: set[str] = set()
        self.calls: list[list[str]] = []
        self.sent: list[bytes] = []
        self.away = False

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = 0) -> Done:
        """As Programs."""
        del timeout
        assert command[0] == "kubectl"
        if self.away:
            return Done(1, b"", "The connection to the server was refused - did you specify the right host or port?")
        rest = list(command[1:])
        if rest[0] == "--context":
            del rest[:2]
        assert rest.pop(0) == "--namespace"
        namespace = rest.pop(0)
        self.calls.append(rest)
        verb = rest[0]
        if verb == "apply":
            return self._apply(namespace, given)
        if verb == "rollout":
            return self._rollout(namespace, rest[2].partition("/")[2])
        if verb == "delete":
            return self._delete(namespace, rest[1:])
        if "--raw" in rest:
            return self._raw(rest, given)
        return self._get(namespace, rest[1:])

    def kinds(self) -> list[str]:
        """Names of all that is there."""
        return sorted(f"{kind} {name}" for _, kind, name in self.objects)

    def one(self, kind: str, name: str) -> dict[str, Any]:
        """An object of the default namespace."""
        return self.objects["default", kind, name]

    def _apply(self, namespace: str, given: bytes) -> Done:
        for document in yaml.safe_load_all(given):
            assert document["metadata"]["namespace"] == namespace
            self.objects[namespace, document["kind"], document["metadata"]["name"]] = document
        return Done(0, b"", "")

    def _image(self, found: dict[str, Any]) -> str:
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    def _rollout(self, namespace: str, name: str) -> Done:
        found = self.objects.get((namespace, "Deployment", name))
        if found is None:
            return Done(1, b"", 'Error from server (NotFound): deployments.apps "x" not found')
        if self._image(found) in self.broken:
            return Done(1, b"", "error: timed out waiting for the condition")
        return Done(0, b"", "")

    def _delete(self, namespace: str, rest: Sequence[str]) -> Done:
        for kind in rest[0].split(","):
            for place in [place for place in self.objects if place[:2] == (namespace, _NAMES[kind])]:
                if place[2] in rest or ("-l" in rest and self._fits(self.objects[place], rest[rest.index("-l") + 1])):
                    del self.objects[place]
        return Done(0, b"", "")

    def _fits(self, found: dict[str, Any], label: str) -> bool:
        wanted = dict(part.split("=") for part in label.split(","))
        return bool(wanted.items() <= found["metadata"]["labels"].items())

    def _get(self, namespace: str, rest: Sequence[str]) -> Done:
        kind = _NAMES[rest[0]]
        if kind == "Pod":
            return Done(0, json.dumps({"items": self._pods(namespace, rest[rest.index("-l") + 1])}).encode(), "")
        found = self.objects.get((namespace, kind, rest[1]))
        if found is None:
            return Done(1, b"", f'Error from server (NotFound): {rest[0]} "{rest[1]}" not found')
        return Done(0, json.dumps({**found, "status": self._status(found)}).encode(), "")

    def _status(self, found: dict[str, Any]) -> dict[str, Any]:
        if found["kind"] == "InferenceService":
            return {"url": "http://trial.example", "conditions": [{"type": "Ready", "status": "True"}]}
        copies = found["spec"].get("replicas", 1)
        ready = 0 if self._image(found) in self.broken else copies
        return {"replicas": copies, "readyReplicas": ready, "updatedReplicas": ready, "observedGeneration": 1}

    def _raw(self, rest: Sequence[str], given: bytes) -> Done:
        if "/pods/" in rest[-1]:
            return self._traffic(rest[-1])
        self.sent.append(given)
        return Done(0, b'{"predictions": [1]}', "")

    def _traffic(self, path: str) -> Done:
        """What our server in a pod says; every second one is no server of ours."""
        if path.split("/pods/")[1].split(":", maxsplit=1)[0].endswith("1"):
            return Done(1, b"", "Error from server (NotFound): the server could not find the requested resource")
        seconds = {"mean": 0.002, "p50": 0.001, "p95": 0.004, "p99": 0.008}
        variant = {"name": "v1", "answered": 10, "refused": 1, "failed": 1, "seconds": seconds}
        return Done(0, json.dumps({"endpoints": {"iris": {"variants": [variant]}}}).encode(), "")

    def _pods(self, namespace: str, label: str) -> list[dict[str, Any]]:
        waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
        return [
            {
                "metadata": {"name": f"{place[2]}-{number}"},
                "status": {
                    "containerStatuses": [{"state": {"waiting": waiting} if self._image(found) in self.broken else {}}]
                },
            }
            for place, found in self.objects.items()
            if place[:2] == (namespace, "Deployment") and self._fits(found, label)
            for number in range(found["spec"].get("replicas", 1))
        ]
