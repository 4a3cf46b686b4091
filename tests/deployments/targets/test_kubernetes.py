"""What is applied in Kubernetes, in which order, and what the cluster's words become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernetes_double import Cluster
from treering.core.errors import InvalidInput, NotSupported, Unavailable
from treering.deployments.base import AT_ONCE, Leading, Request, Surroundings, Wanted
from treering.deployments.targets.kserve import KserveTarget, inference_service
from treering.deployments.targets.kubernetes import KubernetesTarget
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

ONE = Release("models:/iris/1", "iris", "1", variant="v1", image="registry.example/iris:1")
TWO = Release("models:/iris/2", "iris", "2", variant="v2", image="registry.example/iris:2")


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def surroundings(tmp_path: Path, cluster: Cluster) -> Surroundings:
    return Surroundings(tmp_path / "home", {}, cluster)


class TestWithoutGateway(TargetSuite):
    @pytest.fixture
    def trial(self, tmp_path: Path, surroundings: Surroundings) -> Trial:
        target = KubernetesTarget(surroundings)
        return Trial(target, {"replicas": "3"}, (ONE, TWO), lambda: tmp_path, surroundings.home, divides=False)


class TestWithGateway(TargetSuite):
    @pytest.fixture
    def trial(self, tmp_path: Path, surroundings: Surroundings) -> Trial:
        config = {"gateway": "infra/main", "hostname": "iris.example"}
        return Trial(KubernetesTarget(surroundings), config, (ONE, TWO), lambda: tmp_path, surroundings.home)


class TestKserve(TargetSuite):
    @pytest.fixture
    def trial(self, tmp_path: Path, surroundings: Surroundings) -> Trial:
        return Trial(KserveTarget(surroundings), {}, (ONE, TWO), lambda: tmp_path, surroundings.home)


def wanted(release: Release = ONE, known: Deployment | None = None, config: Mapping[str, str] | None = None) -> Wanted:
    return Wanted("iris", release, config or {}, Path, known=known)


def recorded(config: Mapping[str, str] | None = None) -> Deployment:
    return Deployment("iris", "kubernetes", DeploymentState.READY, ONE, config=config or {})


def container(found: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]
    return one


def test_copies_run_without_rights_and_with_their_limits(surroundings: Surroundings, cluster: Cluster) -> None:
    config = {"cpu": "2500m", "memory": "1Gi", "gpus": "1", "env.A": "b", "secret": "keys", "node.zone": "x"}
    KubernetesTarget(surroundings).apply(wanted(config=config))
    pod = cluster.one("Deployment", "iris")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert pod["nodeSelector"] == {"zone": "x"}
    one = container(cluster.one("Deployment", "iris"))
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert one["resources"]["limits"] == {"memory": "1Gi", "nvidia.com/gpu": "1"}
    assert {"name": "A", "value": "b"} in one["env"]
    assert {"name": "OMP_NUM_THREADS", "value": "2"} in one["env"]
    assert one["envFrom"] == [{"secretRef": {"name": "keys"}}]
    assert one["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"


def test_what_the_config_asks_for_is_made_and_what_it_no_longer_asks_for_goes(
    surroundings: Surroundings, cluster: Cluster
) -> None:
    target = KubernetesTarget(surroundings)
    full = {
        "max_replicas": "5", "network_policy": "true", "monitor": "true", "ingress_host": "iris.example", "gateway": "main",
    }  # fmt: skip
    target.apply(wanted(config=full))
    assert cluster.kinds() == [
        "Deployment iris", "HTTPRoute iris", "HorizontalPodAutoscaler iris", "Ingress iris", "NetworkPolicy iris",
        "PodDisruptionBudget iris", "Service iris", "ServiceMonitor iris",
    ]  # fmt: skip
    assert "replicas" not in cluster.one("Deployment", "iris")["spec"]
    target.apply(wanted(known=recorded(full), config={"replicas": "1"}))
    assert cluster.kinds() == ["Deployment iris", "Service iris"]
    cluster.objects["default", "Service", "other"] = {"kind": "Service", "metadata": {"labels": {}}}
    target.remove(recorded(full))
    assert cluster.kinds() == ["Service other"]


def test_a_gateway_divides_what_a_candidate_gets(surroundings: Surroundings, cluster: Cluster) -> None:
    target = KubernetesTarget(surroundings)
    target.apply(wanted(config={"gateway": "infra/main", "replicas": "4"}))
    known = recorded({"gateway": "infra/main", "replicas": "4"})
    target.apply(Wanted("iris", TWO, known.config, Path, candidate=True, known=known))
    assert "Deployment iris-candidate" in cluster.kinds()
    route = cluster.one("HTTPRoute", "iris")["spec"]["rules"]
    assert [one["weight"] for one in route[1]["backendRefs"]] == [1000, 0]
    with_candidate = replace(known, candidate=TWO)
    target.promote(with_candidate, Leading(12.5))
    route = cluster.one("HTTPRoute", "iris")["spec"]
    assert [one["weight"] for one in route["rules"][1]["backendRefs"]] == [875, 125]
    assert route["parentRefs"] == [{"name": "main", "namespace": "infra"}]
    target.promote(with_candidate, Leading(50.0))
    assert cluster.one("Deployment", "iris-candidate")["spec"]["replicas"] == 2
    target.promote(with_candidate, AT_ONCE)
    assert container(cluster.one("Deployment", "iris"))["image"] == TWO.image
    assert "Deployment iris-candidate" not in cluster.kinds()
    assert len(cluster.one("HTTPRoute", "iris")["spec"]["rules"]) == 1


def test_the_cluster_s_reasons_are_told(surroundings: Surroundings, cluster: Cluster) -> None:
    target = KubernetesTarget(surroundings)
    cluster.broken.add(ONE.image)
    standing = target.apply(wanted())
    assert (standing.state, "ImagePullBackOff: no such image" in standing.message) == (DeploymentState.FAILED, True)
    cluster.away = True
    with pytest.raises(Unavailable, match="connection to the server was refused"):
        target.status(recorded())


def test_a_promotion_whose_image_is_missing_keeps_the_candidate(surroundings: Surroundings, cluster: Cluster) -> None:
    target = KubernetesTarget(surroundings)
    target.apply(wanted(config={"gateway": "main"}))
    known = recorded({"gateway": "main"})
    target.apply(Wanted("iris", TWO, known.config, Path, candidate=True, known=known))
    cluster.broken.add(TWO.image)
    standing = target.promote(replace(known, candidate=TWO), AT_ONCE)
    assert standing.state is not DeploymentState.READY
    assert "Deployment iris-candidate" in cluster.kinds()


@pytest.mark.parametrize(
    ("release", "name", "said"),
    [(replace(ONE, image=""), "iris", "needs an image"), (ONE, "Iris", "lower-case"), (ONE, "i" * 53, "lower-case"),
     (ONE, "1iris", "letter first")],
)  # fmt: skip
def test_what_kubernetes_would_refuse_is_refused_before(
    surroundings: Surroundings, cluster: Cluster, release: Release, name: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        KubernetesTarget(surroundings).plan(Wanted(name, release, {}, Path))
    assert cluster.calls == []


def test_two_versions_in_one_image_are_refused(surroundings: Surroundings) -> None:
    with pytest.raises(InvalidInput, match="image of its own"):
        KubernetesTarget(surroundings).plan(wanted(replace(TWO, image=ONE.image), recorded()))


def test_a_canary_that_nobody_would_lead_is_refused(surroundings: Surroundings) -> None:
    with pytest.raises(NotSupported, match="--weight"):
        KubernetesTarget(surroundings).promote(
            replace(recorded(), candidate=TWO), Leading(canary=CanaryPlan((5.0,), 1.0))
        )


def test_it_is_asked_through_the_api_server(surroundings: Surroundings, cluster: Cluster) -> None:
    answer = KubernetesTarget(surroundings).predict(recorded(), Request(b'{"inputs": [1]}'))
    assert answer.body == b'{"predictions": [1]}'
    assert cluster.sent == [b'{"inputs": [1]}']
    assert cluster.calls[-1][2] == "/api/v1/namespaces/default/services/iris:http/proxy/invocations"


def test_the_plan_is_what_is_applied(surroundings: Surroundings, cluster: Cluster) -> None:
    target = KubernetesTarget(surroundings)
    plan = target.plan(wanted(config={"max_replicas": "4"}))
    target.apply(wanted(config={"max_replicas": "4"}))
    documents = list(yaml.safe_load_all(plan.documents["iris.yaml"]))
    assert documents == list(cluster.objects.values())


def test_kserve_has_the_candidate_as_its_canary() -> None:
    made = inference_service("iris", ONE, {"mode": "Standard", "concurrency": "4"}, TWO, 25.0)
    (canary,) = made["spec"]["canary"]
    assert (canary["trafficPercent"], canary["predictor"]["name"]) == (25, "v2")
    assert canary["predictor"]["containers"][0]["image"] == TWO.image
    (one,) = made["spec"]["predictor"]["containers"]
    assert (one["name"], one["ports"]) == ("kserve-container", [{"containerPort": 8080, "protocol": "TCP"}])
    assert made["spec"]["predictor"]["containerConcurrency"] == 4


def test_what_copies_have_counted_is_told_together(surroundings: Surroundings) -> None:
    target = KubernetesTarget(surroundings)
    target.apply(wanted(config={"replicas": "3"}))
    (row,) = target.live(recorded({"replicas": "3"})).variants
    assert (row.requests, row.errors, row.error_rate) == (20, 4, 0.2)
    assert (row.mean, row.p50, row.p99) == (0.002, 0.001, 0.008)
