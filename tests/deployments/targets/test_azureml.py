"""Azure ML, on a workspace in memory: which files are sent, and how traffic moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from azure_double import Workspace
from treering.core.errors import InvalidInput, Unavailable
from treering.deployments.base import AT_ONCE, Leading, Request, Surroundings, Wanted
from treering.deployments.targets.azureml import AzuremlTarget
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

CONFIG = {"workspace": "w", "resource_group": "g", "image": "registry/iris:{version}"}
ONE = Release("models:/iris/1", "iris", "1", variant="v1", image="registry/iris:1")
TWO = Release("models:/iris/2", "iris", "2", variant="v2", image="registry/iris:2")


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def target(tmp_path: Path, workspace: Workspace) -> AzuremlTarget:
    return AzuremlTarget(Surroundings(tmp_path / "home", {}, workspace))


class TestAzureml(TargetSuite):
    @pytest.fixture
    def trial(self, target: AzuremlTarget, tmp_path: Path) -> Trial:
        return Trial(target, CONFIG, (ONE, TWO), lambda: tmp_path, tmp_path / "home")


def test_traffic_moves_to_a_candidate_and_back(target: AzuremlTarget, workspace: Workspace) -> None:
    target.apply(Wanted("iris", ONE, CONFIG, Path))
    known = Deployment("iris", "azureml", DeploymentState.READY, ONE, config=CONFIG)
    target.apply(Wanted("iris", TWO, CONFIG, Path, candidate=True, known=known))
    assert workspace.endpoints["iris"]["traffic"] == {"r-v1": 100}
    known = replace(known, candidate=TWO)
    target.promote(known, Leading(10.0))
    assert workspace.endpoints["iris"]["traffic"] == {"r-v1": 90, "r-v2": 10}
    with pytest.raises(InvalidInput, match="whole per cent"):
        target.promote(known, Leading(12.5))
    target.promote(known, AT_ONCE)
    known = replace(known, current=TWO, previous=ONE, candidate=None)
    target.rollback(known)
    assert workspace.endpoints["iris"]["traffic"] == {"r-v1": 100}
    assert target.predict(known, Request(b"[1]")).body == b"[1]"
    del workspace.deployments["iris", "r-v1"]
    with pytest.raises(Unavailable, match="Deploy it again"):
        target.rollback(known)


def test_a_model_that_the_image_does_not_hold_is_sent(
    target: AzuremlTarget, workspace: Workspace, tmp_path: Path
) -> None:
    config = {**CONFIG, "mount": "true", "env.A": "b", "timeout": "5"}
    target.apply(Wanted("iris", ONE, config, lambda: tmp_path))
    made = workspace.deployments["iris", "r-v1"]
    assert made["model"] == {"name": "iris", "path": str(tmp_path), "type": "custom_model"}
    assert made["environment_variables"]["A"] == "b"
    assert made["request_settings"]["request_timeout_ms"] == 5000


@pytest.mark.parametrize(("name", "release"), [("ab", ONE), ("1abc", ONE), ("iris", replace(ONE, image=""))])
def test_what_azure_would_refuse_is_refused_before(
    target: AzuremlTarget, workspace: Workspace, name: str, release: Release
) -> None:
    with pytest.raises(InvalidInput):
        target.plan(Wanted(name, release, CONFIG, Path))
    assert workspace.calls == []
