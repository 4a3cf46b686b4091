"""What other people's tools say of the files that deployments are made of; runs beside them, prints one JSON object."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from azure.ai.ml import load_online_deployment, load_online_endpoint
from ray.serve.schema import ServeDeploySchema

from treering.deployments.targets.azureml import deployment_file, endpoint_file
from treering.deployments.targets.manifests import Placed, manifests
from treering.deployments.targets.ray import application_of
from treering.entities.deployment import Release

RELEASE = Release("models:/iris/1", "iris", "1", "sha256:12", variant="v1", image="registry.example/iris:1")
FULL = {
    "max_replicas": "5", "network_policy": "true", "monitor": "true", "ingress_host": "iris.example", "gateway": "a/b",
    "gpus": "1", "service_account": "models", "pull_secret": "pull", "secret": "keys", "env.A": "b", "node.zone": "x",
    "priority_class": "high", "annotation.a/b": "c", "service_type": "LoadBalancer",
}  # fmt: skip
CRDS = {"HTTPRoute", "ServiceMonitor"}


def kubernetes() -> dict[str, list[str]]:
    """Kinds that the official schemas of several versions of Kubernetes accept."""
    accepted: dict[str, list[str]] = {}
    for version in ("1.28", "1.31", kubernetes_validate.latest_version()):
        made = [*manifests(Placed("iris", RELEASE, {})), *manifests(Placed("iris", RELEASE, FULL))]
        made += manifests(Placed("iris", RELEASE, FULL, True, 25.0))
        for one in made:
            if one["kind"] not in CRDS:
                kubernetes_validate.validate(one, version, strict=True)
                accepted.setdefault(version, []).append(one["kind"])
    return accepted


def kubernetes_refuses() -> str:
    """A check of the check."""
    (wrong, *_) = manifests(Placed("iris", RELEASE, {}))
    wrong["spec"]["replicas"] = "two"
    try:
        kubernetes_validate.validate(wrong, "1.31", strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return ""


def azure(folder: Path) -> list[str]:
    """Names that Azure's own loader reads from our files."""
    config = {"env.A": "b"}
    files = {
        "endpoint.yaml": endpoint_file("iris", config),
        "deployment.yaml": deployment_file("iris", RELEASE, config, str(folder)),
    }
    for name, document in files.items():
        (folder / name).write_text(yaml.safe_dump(document))
    endpoint = load_online_endpoint(folder / "endpoint.yaml")
    deployment = load_online_deployment(folder / "deployment.yaml")
    return [
        endpoint.name,
        deployment.name,
        deployment.environment.image,
        deployment.readiness_probe.period and "probed",
    ]


def ray() -> list[Any]:
    """Applications as Ray's own schema understands them."""
    config = {"max_replicas": "4", "env.A": "b", "pip": "xgboost", "gpus": "0.5"}
    schema = ServeDeploySchema.model_validate({"applications": [application_of("iris", RELEASE_OF_FILES, config)]})
    (one,) = schema.applications
    return [one.name, one.route_prefix, one.deployments[0].autoscaling_config["max_replicas"]]


RELEASE_OF_FILES = Release("models:/iris/1", "iris", "1", variant="v1")

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    place = Path(sys.argv[1])
    print(  # noqa: T201 -- its answer
        json.dumps(
            {
                "kubernetes": kubernetes(), "refused": kubernetes_refuses(), "azure": azure(place), "ray": ray(),
            }
        )
    )  # fmt: skip
