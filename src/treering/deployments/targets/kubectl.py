"""Kubernetes through kubectl: applying, waiting, looking, and deleting what was marked as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from treering.core.errors import DeadlineExceeded, Unavailable
from treering.deployments.programs import Done, Programs, checked

__all__ = ["MINE", "Kubectl", "as_yaml"]

MINE = "app.kubernetes.io/managed-by=treering"
_NOT_FOUND = "NotFound"
_NO_KIND = ("the server doesn't have a resource type", "no matches for kind")


class Kubectl:
    """One namespace of one cluster.

    Args:
        context: Of the kubeconfig; "" for the present one.
    """

    def __init__(self, programs: Programs, namespace: str, context: str = "") -> None:
        self._programs = programs
        self._base = ["kubectl", *(["--context", context] if context else []), "--namespace", namespace]

    def apply(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Make it so; the fields that others own stay theirs. Raises Unavailable."""
        command = [*self._base, "apply", "--server-side", "--force-conflicts", "--field-manager=treering", "-f", "-"]
        checked(self._programs.run(command, as_yaml(documents).encode()), "kubectl apply")

    def wait(self, deployment: str, seconds: float) -> str:
        """Wait until all copies of a Deployment answer; what is wrong where they do not, else "". Raises Unavailable."""
        command = [*self._base, "rollout", "status", f"deployment/{deployment}", f"--timeout={max(1, int(seconds))}s"]
        try:
            done = self._programs.run(command, timeout=seconds + 15)
        except DeadlineExceeded as error:
            return error.message
        return "" if done.status == 0 else (done.err.strip() or done.out.decode(errors="replace").strip())

    def get(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """An object; None where there is none. Raises Unavailable."""
        done = self._programs.run([*self._base, "get", kind, name, "-o", "json"])
        if _is_missing(done):
            return None
        return _object(checked(done, f"kubectl get {kind} {name}"))

    def find(self, kind: str, label: str) -> Sequence[Mapping[str, Any]]:
        """Objects with a label. Raises Unavailable."""
        done = self._programs.run([*self._base, "get", kind, "-l", label, "-o", "json"])
        if _is_missing(done):
            return []
        return list(_object(checked(done, f"kubectl get {kind}")).get("items", ()))

    def delete(self, kind: str, *names: str, label: str = "") -> None:
        """Delete by name or label, with what hangs on it; again is no error. Raises Unavailable."""
        which = ["-l", label] if label else list(names)
        done = self._programs.run([*self._base, "delete", kind, *which, "--ignore-not-found", "--wait=true"])
        if not _is_missing(done):
            checked(done, f"kubectl delete {kind}")

    def raw(self, path: str, given: bytes | None = None) -> bytes:
        """What the API server says at a path. Raises Unavailable."""
        if given is None:
            return checked(self._programs.run([*self._base, "get", "--raw", path]), "kubectl get --raw")
        return checked(
            self._programs.run([*self._base, "create", "--raw", path, "-f", "-"], given), "kubectl create --raw"
        )


def as_yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    """Manifests as people read them."""
    return "---\n".join(yaml.safe_dump(dict(one), sort_keys=False, default_flow_style=False) for one in documents)


def _is_missing(done: Done) -> bool:
    return done.status != 0 and (_NOT_FOUND in done.err or any(word in done.err for word in _NO_KIND))


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(text)
    except ValueError as error:
        msg = f"kubectl answered with something that is no JSON: {text[:200]!r}"
        raise Unavailable(msg) from error
    return found
