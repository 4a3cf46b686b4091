"""Containers, on an engine in memory: which are run with which rights, and which take each other's place."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine_double import Engine
from treering.core.errors import InvalidInput, NotSupported, Unavailable
from treering.deployments.base import AT_ONCE, Leading, Request, Surroundings, Wanted
from treering.deployments.targets.docker import DockerTarget
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

ONE = Release("models:/iris/1", "iris", "1", variant="v1", image="iris:1")
TWO = Release("models:/iris/2", "iris", "2", variant="v2", image="iris:2")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture
def target(tmp_path: Path, engine: Engine) -> DockerTarget:
    return DockerTarget(Surroundings(tmp_path / "home", {}, engine))


@pytest.fixture
def config() -> dict[str, str]:
    with socket.socket() as one, socket.socket() as two:
        for probe in (one, two):
            probe.bind(("127.0.0.1", 0))
        return {"port": str(one.getsockname()[1]), "candidate_port": str(two.getsockname()[1])}


class TestDocker(TargetSuite):
    @pytest.fixture
    def trial(self, target: DockerTarget, config: dict[str, str], tmp_path: Path) -> Trial:
        return Trial(target, config, (ONE, TWO), lambda: tmp_path, tmp_path / "home", divides=False)


def answer(target: DockerTarget, one: Deployment) -> str:
    return str(json.loads(target.predict(one, Request(b"{}")).body)["predictions"][0])


def test_a_container_has_no_rights_and_comes_back(target: DockerTarget, engine: Engine, config: dict[str, str]) -> None:
    target.apply(Wanted("iris", ONE, {**config, "memory": "512m", "cpus": "2", "gpus": "all", "env.A": "b"}, Path))
    words = " ".join(engine.containers["treering-iris-v1"].words)
    for part in (
        "--restart unless-stopped", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges",
        "--memory 512m", "--cpus 2", "--gpus all", "--env A=b", f"--publish 127.0.0.1:{config['port']}:8080",
    ):  # fmt: skip
        assert part in words


def test_releases_take_each_other_s_place_at_one_port(
    target: DockerTarget, engine: Engine, config: dict[str, str]
) -> None:
    standing = target.apply(Wanted("iris", ONE, config, Path))
    known = Deployment("iris", "docker", standing.state, ONE, config=config)
    assert answer(target, known) == "iris:1"
    target.apply(Wanted("iris", TWO, config, Path, candidate=True, known=known))
    assert answer(target, known) == "iris:1"
    known = replace(known, candidate=TWO)
    with pytest.raises(NotSupported, match="no traffic is divided"):
        target.promote(known, Leading(10.0))
    target.promote(known, AT_ONCE)
    known = replace(known, current=TWO, previous=ONE, candidate=None)
    assert answer(target, known) == "iris:2"
    assert list(engine.containers) == ["treering-iris-v2"]
    target.rollback(known)
    assert answer(target, known) == "iris:1"
    assert list(engine.containers) == ["treering-iris-v1"]


def test_a_candidate_that_does_not_come_up_leaves_the_one_before(
    target: DockerTarget, engine: Engine, config: dict[str, str]
) -> None:
    target.apply(Wanted("iris", ONE, config, Path))
    engine.broken.add("iris:2")
    known = Deployment("iris", "docker", DeploymentState.READY, ONE, candidate=TWO, config=config)
    with pytest.raises(Unavailable, match=r"iris:1 does again(.|\n)*there is no model"):
        target.promote(known, AT_ONCE)
    assert answer(target, known) == "iris:1"


def test_the_words_of_a_container_that_ended_are_told(
    target: DockerTarget, engine: Engine, config: dict[str, str]
) -> None:
    engine.broken.add("iris:1")
    standing = target.apply(Wanted("iris", ONE, config, Path))
    assert (standing.state, "there is no model" in standing.message) == (DeploymentState.FAILED, True)


def test_a_model_without_an_image_is_refused(target: DockerTarget, engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="needs an image"):
        target.plan(Wanted("iris", replace(ONE, image=""), {}, Path))
    assert engine.calls == []
