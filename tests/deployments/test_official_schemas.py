"""The files that deployments are made of, read by the tools of those they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peers import DEPLOYMENTS, run

pytestmark = pytest.mark.peer


def test_kubernetes_azure_and_ray_understand_what_they_are_sent(tmp_path: Path) -> None:
    script = Path(__file__).parent / "scripts" / "validate.py"
    told = json.loads(run(DEPLOYMENTS, script, str(tmp_path), folder=tmp_path).splitlines()[-1])
    kinds = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Ingress"}
    assert len(told["kubernetes"]) == 3
    for accepted in told["kubernetes"].values():
        assert set(accepted) == kinds
    assert "'two' is not of type" in told["refused"]
    assert told["azure"] == ["iris", "r-v1", "registry.example/iris:1", "probed"]
    assert told["ray"] == ["iris", "/iris", 4]
