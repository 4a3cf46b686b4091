"""This machine: a real server that is kept running, whose versions change while it answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployed_models import release, saved
from treering.core.errors import Conflict
from treering.deployments import running
from treering.deployments.asking import over_http
from treering.deployments.base import AT_ONCE, Leading, Request, Standing, Surroundings, Wanted
from treering.deployments.targets.local import LocalTarget, open_target
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

ASKED = Request(b'{"inputs": [[1.0, 2.0]]}')
PATIENCE = 60.0


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return saved(folder, 1.0), saved(folder, 2.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    place = tmp_path / "home" / "deployments"
    yield place
    for kept in (place / "local").glob("*"):
        running.end(kept)


@pytest.fixture
def target(home: Path) -> LocalTarget:
    return open_target(Surroundings(home))


class TestLocal(TargetSuite):
    @pytest.fixture
    def trial(self, target: LocalTarget, home: Path, models: tuple[Path, Path]) -> Trial:
        one, two = models
        releases = release(one, "1"), release(two, "2")
        return Trial(target, {}, releases, lambda: one, home)


class Site:
    """A deployment as the service would keep it, on this machine."""

    def __init__(self, target: LocalTarget, models: tuple[Path, Path]) -> None:
        self.target = target
        self.models = models
        self.known: Deployment | None = None

    def release(self, version: int) -> tuple[Release, Path]:
        folder = self.models[version - 1]
        return release(folder, str(version)), folder

    def apply(self, version: int, *, candidate: bool = False, **config: str) -> Deployment:
        made, folder = self.release(version)
        standing = self.target.apply(Wanted("iris", made, config, lambda: folder, candidate, self.known, PATIENCE))
        if self.known is None:
            self.known = Deployment(
                "iris", "local", standing.state, made, standing.message, standing.address, config=config
            )
        elif candidate:
            self.known = replace(self.known, candidate=made, config=config)
        else:
            self.known = replace(self.known, current=made, previous=self.known.current, config=config)
        assert standing.state is DeploymentState.READY, standing.message
        return self.known

    def ask(self) -> float:
        assert self.known is not None
        answer = self.target.predict(self.known, ASKED)
        assert answer.status == 200, answer.body
        return float(json.loads(answer.body)["predictions"][0])


@pytest.fixture
def site(target: LocalTarget, models: tuple[Path, Path]) -> Site:
    return Site(target, models)


def until(seen: Callable[[], Any]) -> None:
    limit = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_versions_change_while_every_request_is_answered(site: Site) -> None:
    site.apply(1)
    assert site.ask() == 1.0
    answers: list[float] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            answers.append(site.ask())

    asker = threading.Thread(target=keep_asking)
    asker.start()
    try:
        until(lambda: len(answers) > 5)
        before = running.look(site.target._home / "iris")
        site.apply(2)
        seen = len(answers)
        until(lambda: len(answers) > seen + 5)
    finally:
        stop.set()
        asker.join()
    assert answers[0] == 1.0
    assert answers[-1] == 2.0
    assert answers == sorted(answers)
    assert running.look(site.target._home / "iris").child == before.child
    assert site.known is not None
    site.target.rollback(site.known)
    assert site.ask() == 1.0


def test_a_killed_server_comes_back_with_what_it_served(site: Site) -> None:
    site.apply(1)
    one = site.apply(2, candidate=True)
    site.target.promote(one, AT_ONCE)
    folder = site.target._home / "iris"
    os.kill(running.look(folder).child, signal.SIGKILL)
    promoted = replace(one, current=one.candidate or one.current, previous=one.current, candidate=None)
    until(lambda: running.look(folder).restarts == 1)
    until(lambda: site.target.status(promoted).state is DeploymentState.READY)
    assert site.ask() == 2.0


def test_a_candidate_gets_its_share_and_can_be_asked_by_name(site: Site) -> None:
    site.apply(1)
    one = site.apply(2, candidate=True)
    assert {site.ask() for _ in range(20)} == {1.0}
    forced = {"content-type": "application/json", "x-treering-variant": "v2"}
    answer = over_http(one.address)("POST", "/invocations", ASKED.body, forced, 10.0)
    assert json.loads(answer.body) == {"predictions": [2.0]}
    site.target.promote(one, Leading(50.0))
    until(lambda: len({site.ask() for _ in range(20)}) == 2)
    live = site.target.live(replace(one, weight=50.0))
    assert [(part.variant, part.role, part.weight) for part in live.variants] == [
        ("v1", "current", 50.0), ("v2", "candidate", 50.0),
    ]  # fmt: skip
    assert live.variants[0].requests >= 20
    assert live.variants[0].p99 is not None
    site.target.rollback(one)
    assert {site.ask() for _ in range(20)} == {1.0}


def test_a_canary_as_good_as_the_old_is_promoted_by_itself(site: Site) -> None:
    site.apply(1)
    one = site.apply(2, candidate=True)
    standing = site.target.promote(one, Leading(canary=CanaryPlan((50.0, 100.0), 0.0)))
    one = replace(one, canary=CanaryPlan((50.0, 100.0), 0.0), state=DeploymentState.CANARY, seen=standing.seen)
    found: list[Standing] = []

    def over() -> bool:
        for _ in range(50):
            site.ask()
        found.append(site.target.status(one))
        return bool(found[-1].outcome)

    until(over)
    assert found[-1].outcome == "promoted"
    assert "promoted" in [change.action for standing in found for change in standing.changes]
    assert {site.ask() for _ in range(20)} == {2.0}
    assert list(site.target._known(site.target._home / "iris").releases) == ["v2"]  # type: ignore[union-attr]  # it is there


def test_a_canary_that_is_lost_by_a_restart_is_rolled_back(site: Site) -> None:
    site.apply(1)
    one = site.apply(2, candidate=True)
    standing = site.target.promote(one, Leading(canary=CanaryPlan((50.0, 100.0), 3600.0)))
    one = replace(one, canary=CanaryPlan((50.0, 100.0), 3600.0), seen=standing.seen)
    live = site.target.live(one)
    assert live.canary is not None
    assert (live.canary.state, live.canary.steps) == ("RUNNING", [50.0, 100.0])
    folder = site.target._home / "iris"
    os.kill(running.look(folder).child, signal.SIGKILL)
    until(lambda: running.look(folder).restarts == 1)
    until(lambda: site.target.status(one).outcome == "rolled_back")
    assert {site.ask() for _ in range(20)} == {1.0}


def test_other_options_start_the_server_anew_where_it_was(site: Site) -> None:
    first = site.apply(1)
    child = running.look(site.target._home / "iris").child
    again = site.apply(1, timeout="30")
    assert again.address == first.address
    assert running.look(site.target._home / "iris").child != child
    assert site.ask() == 1.0


def test_a_model_that_cannot_be_loaded_is_told_with_its_reason(target: LocalTarget, tmp_path: Path, site: Site) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "MLmodel").write_text("flavors: {python_function: {loader_module: no_such_module}}\n")
    asked = Wanted("bad", release(broken, "1"), {}, lambda: broken, patience=PATIENCE)
    standing = target.apply(asked)
    assert standing.state is DeploymentState.FAILED
    assert "no_such_module" in standing.message
    one = Deployment("bad", "local", standing.state, asked.release)
    assert not target.live(one).reachable
    target.remove(one)
    # In a running server the version before goes on.
    known = site.apply(1)
    with pytest.raises(Exception, match="no_such_module"):
        target.apply(Wanted("iris", release(broken, "9"), {}, lambda: broken, known=known, patience=PATIENCE))
    assert site.ask() == 1.0
    assert target.status(known).state is DeploymentState.READY


def test_what_does_not_run_says_so_and_is_started_by_deploying_again(site: Site) -> None:
    known = site.apply(1)
    running.end(site.target._home / "iris")
    standing = site.target.status(known)
    assert (standing.state, "Deploy it again" in standing.message) == (DeploymentState.FAILED, True)
    with pytest.raises(Conflict, match="does not run"):
        site.target.promote(replace(known, candidate=known.current), AT_ONCE)
    site.apply(1)
    assert site.ask() == 1.0


def test_its_folder_is_its_owner_s_alone_and_the_plan_tells_no_token(site: Site) -> None:
    known = site.apply(1)
    folder = site.target._home / "iris"
    assert folder.stat().st_mode & 0o077 == 0
    token = json.loads((folder / "server.json").read_bytes())["options"]["control_token"]
    assert len(token) > 20
    answer = over_http(known.address)("PUT", "/traffic/iris", b"{}", {"content-type": "application/json"}, 10.0)
    assert answer.status == 401
    made, path = site.release(2)
    plan = site.target.plan(Wanted("iris", made, {}, lambda: path, known=known))
    assert token not in json.dumps(dict(plan.documents))


def test_a_bundle_of_one_model_is_served_as_that_model(
    target: LocalTarget, models: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(models[0], bundle / "models" / "iris")
    manifest = {"name": "iris", "version": "ab12", "service": "", "models": [{"name": "iris", "folder": "models/iris"}]}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    made = Release("bundle:iris", "iris", "ab12", "sha256:ab12", variant="vab12")
    standing = target.apply(Wanted("iris", made, {}, lambda: bundle, patience=PATIENCE))
    assert standing.state is DeploymentState.READY, standing.message
    known = Deployment("iris", "local", standing.state, made)
    assert json.loads(target.predict(known, ASKED).body) == {"predictions": [1.0]}
    folder = models[1]
    target.apply(
        Wanted("iris", release(folder, "2"), {}, lambda: folder, candidate=True, known=known, patience=PATIENCE)
    )
    assert [part.variant for part in target.live(known).variants] == ["vab12", "v2"]
