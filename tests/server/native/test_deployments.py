"""Deployments over HTTP: what a server keeps and what others record there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treering.assembly import Services
from treering.client.connect import connect
from treering.core.errors import Conflict, NotFound, PermissionDenied
from treering.core.plugins import Registry
from treering.core.settings import Settings
from treering.deployments import keeping
from treering.deployments.base import AT_ONCE, Leading, OpenTarget, Order, Surroundings
from treering.entities.deployment import (
    CanaryPlan,
    Deployment,
    DeploymentChange,
    DeploymentQuery,
    DeploymentState,
    Release,
)

Site = Any  # of conftest.py, which tests cannot import

ONE = Release("models:/iris/1", "iris", "1", registered=True)
TWO = Release("models:/iris/2", "iris", "2", registered=True)


@pytest.fixture(autouse=True)
def on_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's targets are on paper; its table is the one that the module knows."""
    paper: Registry[OpenTarget] = Registry(
        "treering.no_such_group", "deployment target", {"paper": "treering.testing.deployments:open_paper"}
    )
    made = keeping.Means

    def means(surroundings: Surroundings, keeper: str, elsewhere: Any = None) -> keeping.Means:
        return made(surroundings, keeper, elsewhere, paper)

    monkeypatch.setattr("treering.deployments.service.Means", means)


@pytest.fixture
def far(site: Site, tmp_path: Path) -> Iterator[Services]:
    opened = connect(Settings(home=str(tmp_path / "client"), tracking_uri=f"http://127.0.0.1:{site.port}"))
    yield opened
    opened.close()


def deployed(site: Site, tmp_path: Path, name: str = "iris") -> Deployment:
    service = site.services.deployments()
    service.deploy(Order(name, ONE, lambda: tmp_path, "paper", user="ada"))
    done: Deployment = service.deploy(Order(name, TWO, lambda: tmp_path, candidate=True, user="ada"))
    return done


def test_what_the_server_keeps_is_listed_led_and_removed(site: Site, tmp_path: Path) -> None:
    made = deployed(site, tmp_path)
    listed = site.ask("GET", "/api/v1/deployments?model=iris&state=READY").json()
    assert [one["name"] for one in listed["deployments"]] == ["iris"]
    assert listed["next_page_token"] == ""
    one = site.ask("GET", "/api/v1/deployments/iris").json()
    assert (one["current"]["version"], one["candidate"]["version"], one["managed"]) == ("1", "2", True)
    assert one["revision"] == made.revision
    live = site.ask("GET", "/api/v1/deployments/iris/live").json()
    assert [part["role"] for part in live["variants"]] == ["current", "candidate"]
    stale = site.ask("POST", "/api/v1/deployments/iris/promote", {"revision": 1})
    assert (stale.status, stale.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    going = site.ask(
        "POST", "/api/v1/deployments/iris/promote", {"canary": [5, 50, 100], "every": 30, "reason": "try"},
        {"X-Treering-User": "bob"},
    ).json()  # fmt: skip
    assert (going["state"], going["weight"], going["canary"]) == (
        "CANARY",
        5.0,
        {"steps": [5.0, 50.0, 100.0], "every": 30.0},
    )
    back = site.ask("POST", "/api/v1/deployments/iris/rollback", {"reason": "no"}).json()
    assert (back["state"], back["candidate"]) == ("READY", None)
    events = site.ask("GET", "/api/v1/deployments/iris/history?max_results=2").json()
    assert [event["action"] for event in events["events"]] == ["rolled_back", "canary.started"]
    assert events["events"][1]["user"] == "bob"
    older = site.ask("GET", f"/api/v1/deployments/iris/history?page_token={events['next_page_token']}").json()
    assert [event["action"] for event in older["events"]] == ["candidate", "applied", "ready", "created"]
    assert site.ask("DELETE", "/api/v1/deployments/iris?reason=over").json() == {}
    assert site.ask("GET", "/api/v1/deployments").json()["deployments"] == []
    gone = site.ask("GET", "/api/v1/deployments?removed=true").json()["deployments"]
    assert [one["state"] for one in gone] == ["REMOVED"]


def test_wrong_questions_are_told_what_is_wrong(site: Site) -> None:
    for path, status, said in (
        ("/api/v1/deployments/nothing", 404, "no deployment 'nothing'"),
        ("/api/v1/deployments/nothing/live", 404, "no deployment 'nothing'"),
        ("/api/v1/deployments?state=asleep", 400, "no state of a deployment"),
        ("/api/v1/deployments?max_results=0", 400, "max_results"),
        ("/api/v1/deployments/..%2Fx", 400, "no name"),
    ):
        answer = site.ask("GET", path)
        assert (answer.status, said in answer.json()["message"]) == (status, True), answer.json()


def test_nobody_poses_as_the_server_s_own(site: Site, tmp_path: Path) -> None:
    made = deployed(site, tmp_path)
    forged: dict[str, dict[str, Any]] = {
        "deployment": {
            "name": "evil", "target": "paper", "state": "READY", "current": {"source": "x"}, "keeper": made.keeper,
            "config": {}, "address": "http://169.254.169.254",
        }
    }  # fmt: skip
    assert site.ask("POST", "/api/v1/deployments", forged).status == 403
    forged["deployment"] |= {"keeper": "elsewhere", "name": "iris", "revision": made.revision}
    assert site.ask("POST", "/api/v1/deployments", forged).status == 403
    forged["deployment"] |= {"name": "theirs", "revision": 0}
    assert site.ask("POST", "/api/v1/deployments", forged).json()["managed"] is False
    live = site.ask("GET", "/api/v1/deployments/theirs/live").json()
    assert (live["reachable"], "elsewhere" in live["message"]) == (False, True)
    for verb in ("promote", "rollback"):
        assert site.ask("POST", f"/api/v1/deployments/theirs/{verb}", {}).status == 403
    assert site.ask("DELETE", "/api/v1/deployments/theirs").status == 403


def test_targets_are_described(site: Site) -> None:
    (paper,) = site.ask("GET", "/api/v1/deployment-targets").json()["targets"]
    assert paper["name"] == "paper"
    assert paper["options"]["properties"]["size"]["type"] == "integer"


def test_a_client_records_what_it_deploys_itself(site: Site, far: Services, tmp_path: Path) -> None:
    service = far.deployments()
    made = service.deploy(Order("mine", ONE, lambda: tmp_path, "paper", user="cleo"))
    assert (made.state, made.managed) == (DeploymentState.READY, True)
    service.deploy(Order("mine", TWO, lambda: tmp_path, candidate=True))
    service.promote("mine", Leading(canary=CanaryPlan((5.0, 100.0), 60.0)), reason="try")
    assert site.services.deployments().get("mine").state is DeploymentState.CANARY
    assert not site.services.deployments().get("mine").managed
    service.rollback("mine")
    assert service.status("mine").state is DeploymentState.READY
    assert [event.action for event in service.history("mine", 2).items] == ["rolled_back", "canary.started"]
    assert [one.name for one in service.search(DeploymentQuery(text="mi")).items] == ["mine"]
    assert service.remove("mine").state is DeploymentState.REMOVED


def test_a_client_lets_the_server_change_what_that_keeps(site: Site, far: Services, tmp_path: Path) -> None:
    deployed(site, tmp_path)
    service = far.deployments()
    assert service.status("iris").managed
    assert len(service.live("iris").variants) == 2
    part = service.promote("iris", Leading(20.0))
    assert part.weight == 20.0
    with pytest.raises(Conflict):
        service.promote("iris", AT_ONCE, revision=1)
    assert service.promote("iris").current.version == "2"
    assert service.rollback("iris").current.version == "1"
    with pytest.raises(PermissionDenied):
        service.deploy(Order("iris", TWO, lambda: tmp_path))
    assert service.remove("iris").state is DeploymentState.REMOVED
    with pytest.raises(NotFound):
        service.get("nothing")


def test_changes_travel_whole(far: Services) -> None:
    service = far.deployments()
    one = Deployment(
        "full", "paper", DeploymentState.CANARY, ONE, "m", "http://x", TWO, ONE, 12.5, CanaryPlan((5.0, 100.0), 1.5),
        {"a": "b"}, {"c": "d"}, "ada", "somewhere", seen=3,
    )  # fmt: skip
    put = service.record(one, [DeploymentChange("created", "a", "b", 2.5, "d", "r", "u", 77)], reason="", user="")
    assert (put.candidate, put.previous, put.canary, put.weight, put.seen) == (TWO, ONE, one.canary, 12.5, 3)
    (event,) = service.history("full").items
    assert (event.time, event.user, event.reason, event.weight) == (77, "u", "r", 2.5)
