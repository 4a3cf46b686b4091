"""What was asked for is done at its target, and recorded with who and why, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from treering.core.plugins import Registry
from treering.deployments.base import Leading, OpenTarget, Order, Request, Standing, Surroundings
from treering.deployments.book import StoredBook
from treering.deployments.keeping import KeptDeployments, Means
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentQuery, DeploymentState, Release
from treering.storage.metadata import METADATA
from treering.testing.deployments import PaperTarget, TargetSuite, Trial

PAPER: Registry[OpenTarget] = Registry(
    "treering.no_such_group", "deployment target", {"paper": "treering.testing.deployments:open_paper"}
)


def release(version: str) -> Release:
    return Release(f"models:/iris/{version}", "iris", version, registered=True)


class TestPaper(TargetSuite):
    @pytest.fixture
    def trial(self, tmp_path: Path) -> Trial:
        home = tmp_path / "papers"
        releases = replace(release("1"), variant="v1"), replace(release("2"), variant="v2")
        return Trial(PaperTarget(Surroundings(home)), {}, releases, lambda: tmp_path, home)


class Desk:
    """A service on paper, with what it is asked most."""

    def __init__(self, home: Path, uri: str = "memory://", keeper: str = "here") -> None:
        self.store = METADATA.load("memory")(uri)
        self.home = home
        self.paper = PaperTarget(Surroundings(home))
        self.service = self.kept(keeper)

    def kept(self, keeper: str, elsewhere: KeptDeployments | None = None) -> KeptDeployments:
        book = StoredBook(self.store.deployments, lambda: "process")
        return KeptDeployments(book, Means(Surroundings(self.home), keeper, elsewhere, PAPER))

    def deploy(self, version: str, **more: object) -> Deployment:
        order = Order("iris", release(version), lambda: self.home, "paper", user="ada")
        return self.service.deploy(replace(order, **more))  # type: ignore[arg-type]  # by name

    def actions(self) -> Sequence[str]:
        return [event.action for event in reversed(self.service.history("iris").items)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_deployment_is_recorded_with_who_what_and_where(desk: Desk) -> None:
    made = desk.deploy("1", config={"size": "2", "env.A": "b"}, tags={"team": "x"}, reason="first")
    assert (made.state, made.owner, made.keeper, made.managed) == (DeploymentState.READY, "ada", "here", True)
    assert (made.current.version, made.current.user, made.current.variant) == ("1", "ada", "v1")
    assert made.current.time >= made.created > 0
    assert (made.address, dict(made.config), dict(made.tags)) == (
        "paper://iris",
        {"size": "2", "env.A": "b"},
        {"team": "x"},
    )
    assert desk.actions() == ["created", "ready"]
    assert {(event.user, event.reason) for event in desk.service.history("iris").items} == {("ada", "first")}
    assert desk.service.get("iris") == made
    assert desk.service.search(DeploymentQuery()).items == [made]
    assert desk.service.predict("iris", Request(b"x")).body == b"x"


def test_a_new_version_takes_the_place_of_the_old_and_config_is_kept(desk: Desk) -> None:
    desk.deploy("1", config={"size": "2"})
    done = desk.deploy("2", target="", config={"env.A": "b"})
    assert (done.current.version, done.previous and done.previous.version) == ("2", "1")
    assert done.config == {"size": "2", "env.A": "b"}
    again = desk.deploy("2", target="")
    assert again.previous == done.previous
    back = desk.service.rollback("iris", reason="worse", user="bob")
    assert (back.current.version, back.previous) == ("1", None)
    with pytest.raises(Conflict, match="neither a candidate nor a version before"):
        desk.service.rollback("iris")
    last = desk.service.history("iris").items[0]
    assert (last.action, last.before, last.after, last.user, last.reason) == ("rolled_back", "2", "1", "bob", "worse")


def test_a_failure_leaves_the_version_before_and_is_told(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="pen is broken"):
        desk.deploy("1", config={"fails": "true"})
    left = desk.service.get("iris")
    assert (left.state, left.message) == (DeploymentState.FAILED, "The pen is broken. Take another one.")
    good = desk.deploy("1", config={"fails": "false"})
    assert good.state is DeploymentState.READY
    with pytest.raises(InvalidInput):
        desk.deploy("2", config={"fails": "true"})
    after = desk.service.get("iris")
    assert (after.state, after.current.version, after.config) == (DeploymentState.READY, "1", good.config)
    assert desk.actions()[-2:] == ["applied", "failed"]


def test_a_candidate_is_promoted_in_one_go(desk: Desk) -> None:
    with pytest.raises(NotFound, match="without --candidate"):
        desk.deploy("2", candidate=True)
    desk.deploy("1")
    with pytest.raises(Conflict, match="no candidate"):
        desk.service.promote("iris")
    waiting = desk.deploy("2", candidate=True)
    assert (waiting.current.version, waiting.candidate and waiting.candidate.version, waiting.weight) == ("1", "2", 0.0)
    part = desk.service.promote("iris", Leading(10.0))
    assert (part.weight, part.state) == (10.0, DeploymentState.READY)
    with pytest.raises(Conflict, match="revision"):
        desk.service.promote("iris", revision=part.revision - 1)
    done = desk.service.promote("iris", revision=part.revision, user="bob", reason="good")
    assert (done.current.version, done.candidate, done.weight) == ("2", None, 0.0)
    assert done.previous is not None
    assert done.previous.version == "1"
    assert desk.actions() == ["created", "ready", "applied", "candidate", "updated", "promoted"]


def test_a_candidate_that_does_not_come_up_leaves_the_deployment_as_it_is(desk: Desk) -> None:
    desk.deploy("1")
    left = desk.deploy("2", candidate=True, config={"dies": "true"})
    assert (left.state, left.current.version) == (DeploymentState.READY, "1")
    assert "The ink has dried." in left.message
    assert desk.actions()[-1] == "failed"
    assert desk.service.rollback("iris").candidate is None


def test_a_candidate_of_the_same_version_has_a_name_of_its_own(desk: Desk) -> None:
    desk.deploy("1")
    waiting = desk.deploy("1", candidate=True)
    assert waiting.candidate is not None
    assert waiting.candidate.variant == "v1-2"


def test_a_look_at_the_same_moment_is_in_nobody_s_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def files() -> Path:
        nonlocal looks
        looks += 1
        desk.service.status("iris")
        return desk.home

    made = desk.deploy("1", files=files)
    assert (made.state, made.revision) == (DeploymentState.READY, 3)
    waiting = desk.deploy("2", files=files, candidate=True)
    assert waiting.candidate is not None
    assert waiting.candidate.version == "2"
    assert looks == 2
    promote = PaperTarget.promote

    def looked_at(paper: PaperTarget, deployment: Deployment, leading: Leading) -> Standing:
        # As one that is watched: it has another message each time.
        desk.store.deployments.put(replace(deployment, message="fine"), [], expected=deployment.revision)
        return promote(paper, deployment, leading)

    monkeypatch.setattr(PaperTarget, "promote", looked_at)
    assert desk.service.promote("iris").current.version == "2"


def test_the_look_of_a_decision_itself_is_no_change_of_somebody_else(desk: Desk) -> None:
    made = desk.deploy("1")
    waiting = desk.deploy("2", candidate=True)
    assert waiting.candidate is not None
    # Nobody has looked since it had another address.
    stale = desk.store.deployments.put(replace(waiting, address="paper://old"), [], expected=waiting.revision)
    assert desk.service.promote("iris", revision=stale.revision).current.version == "2"
    with pytest.raises(Conflict, match="revision"):
        desk.service.rollback("iris", revision=made.revision)


def test_what_another_one_decided_meanwhile_stays(desk: Desk) -> None:
    desk.deploy("1")

    def files() -> Path:
        desk.deploy("2", candidate=True)
        return desk.home

    with pytest.raises(Conflict, match="revision"):
        desk.deploy("3", files=files)
    left = desk.service.get("iris")
    assert left.candidate is not None
    assert left.candidate.version == "2"


def test_what_a_canary_decides_is_seen_and_told(desk: Desk) -> None:
    desk.deploy("1")
    going = desk.deploy("2", candidate=True, leading=Leading(canary=CanaryPlan((5.0, 25.0, 100.0), 60.0)))
    assert (going.state, going.weight, going.canary) == (
        DeploymentState.CANARY,
        5.0,
        CanaryPlan((5.0, 25.0, 100.0), 60.0),
    )
    with pytest.raises(Conflict, match="already"):
        desk.deploy("3", candidate=True)
    assert desk.service.status("iris") == going
    desk.paper.decide("iris", ("canary.step", 25.0, "as good"))
    seen = desk.service.status("iris")
    assert (seen.state, seen.weight, seen.revision) == (DeploymentState.CANARY, 25.0, going.revision + 1)
    assert desk.service.status("iris").revision == seen.revision
    desk.paper.decide("iris", ("promoted", 100.0, "better"))
    done = desk.service.live("iris")
    assert done.state is DeploymentState.READY
    record = desk.service.get("iris")
    assert (record.current.version, record.candidate, record.canary, record.weight) == ("2", None, None, 0.0)
    newest = desk.service.history("iris").items[0]
    assert (newest.action, newest.user, newest.detail) == ("promoted", "canary", "better")


def test_a_canary_that_was_rolled_back_leaves_the_old_version(desk: Desk) -> None:
    desk.deploy("1")
    desk.deploy("2", candidate=True, leading=Leading(canary=CanaryPlan((5.0, 100.0), 60.0)))
    desk.paper.decide("iris", ("rolled_back", 0.0, "errors: 5 % against 0.1 %"))
    done = desk.service.status("iris")
    assert (done.state, done.current.version, done.candidate) == (DeploymentState.READY, "1", None)
    assert desk.actions()[-1] == "rolled_back"


def test_what_cannot_be_asked_is_unknown_and_not_recorded_as_failed(desk: Desk) -> None:
    made = desk.deploy("1", config={"lost": "true"})
    assert desk.service.status("iris").state is DeploymentState.UNKNOWN
    assert desk.service.get("iris") == made


def test_what_is_gone_by_itself_has_failed(desk: Desk) -> None:
    desk.paper.remove(desk.deploy("1"))
    assert desk.service.status("iris").state is DeploymentState.FAILED
    assert desk.actions()[-1] == "failed"
    desk.service.status("iris")
    assert desk.actions().count("failed") == 1


def test_a_removed_one_is_remembered_and_its_name_is_free(desk: Desk) -> None:
    desk.deploy("1")
    gone = desk.service.remove("iris", user="bob", reason="over")
    assert (gone.state, gone.address) == (DeploymentState.REMOVED, "")
    assert desk.service.remove("iris") == gone
    assert desk.service.search(DeploymentQuery()).items == []
    with pytest.raises(NotFound, match="was removed"):
        desk.service.predict("iris", Request(b""))
    with pytest.raises(NotFound, match="was removed"):
        desk.service.rollback("iris")
    again = desk.deploy("2")
    assert (again.state, again.previous, again.created) == (DeploymentState.READY, None, gone.created)
    assert desk.actions() == ["created", "ready", "removed", "created", "ready"]


def test_nobody_changes_what_is_kept_elsewhere(desk: Desk) -> None:
    desk.deploy("1")
    other = desk.kept("there")
    order = Order("iris", release("2"), lambda: desk.home, "paper")
    calls: list[Callable[[], Deployment]] = [
        lambda: other.promote("iris"),
        lambda: other.rollback("iris"),
        lambda: other.remove("iris"),
        lambda: other.deploy(order),
    ]
    for call in calls:
        with pytest.raises(PermissionDenied, match="'here'"):
            call()
    assert not other.get("iris").managed
    assert not other.live("iris").reachable
    through = desk.kept("there", desk.service)
    assert through.remove("iris").state is DeploymentState.REMOVED


def test_a_record_from_elsewhere_cannot_pose_as_one_of_ours(desk: Desk) -> None:
    mine = desk.deploy("1")
    foreign = Deployment(
        "theirs", "paper", DeploymentState.READY, release("1"), address="http://10.0.0.1", keeper="there"
    )
    taken = desk.service.record(foreign, [], reason="", user="eve")
    assert (taken.managed, taken.owner) == (False, "eve")
    for forged in (replace(foreign, name="other", keeper="here"), replace(foreign, name="other", keeper=""),
                   replace(mine, keeper="there")):  # fmt: skip
        with pytest.raises(PermissionDenied):
            desk.service.record(forged, [], reason="", user="eve")
    assert desk.service.get("iris") == mine


@pytest.mark.parametrize("name", ["", "-a", "a-", "a/b", "..", "a b", "a" * 64, "\u00e4", "a\n"])
def test_a_name_that_no_target_could_take_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(InvalidInput, match="no name of a deployment"):
        desk.deploy("1", name=name)


@pytest.mark.parametrize(
    ("config", "said"),
    [({"siz": "1"}, "mean 'size'"), ({"size": "x"}, "whole number"), ({"size": "0"}, "at least 1"),
     ({"size": "10"}, "at most 9"), ({"fails": "yes"}, "true or false")],
)  # fmt: skip
def test_what_a_target_does_not_know_is_refused_before_anything_is_recorded(
    desk: Desk, config: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        desk.deploy("1", config=config)
    with pytest.raises(NotFound):
        desk.service.get("iris")


@pytest.mark.parametrize(
    "leading",
    [Leading(10.0, CanaryPlan((5.0,), 1.0)), Leading(101.0), Leading(canary=CanaryPlan((), 1.0)),
     Leading(canary=CanaryPlan((50.0, 25.0), 1.0)), Leading(canary=CanaryPlan((5.0,), -1.0)), Leading(float("nan"))],
)  # fmt: skip
def test_a_way_to_lead_that_makes_no_sense_is_refused(desk: Desk, leading: Leading) -> None:
    desk.deploy("1")
    desk.deploy("2", candidate=True)
    with pytest.raises(InvalidInput, match="cannot be led in"):
        desk.service.promote("iris", leading)


def test_a_plan_is_made_without_a_record(desk: Desk) -> None:
    plan = desk.service.plan(Order("iris", release("1"), lambda: desk.home, "paper"))
    assert "paper called iris" in plan.steps[0].does
    with pytest.raises(NotFound):
        desk.service.get("iris")


def test_another_target_under_the_same_name_is_refused(desk: Desk) -> None:
    desk.deploy("1")
    with pytest.raises(Conflict, match="at the target 'paper' already"):
        desk.deploy("2", target="other")
