"""What every deployment target must do, as a suite to inherit from; and a target that deploys on paper only.

class TestMine(TargetSuite):
    @pytest.fixture
    def trial(self, tmp_path):
        return Trial(open_mine(Surroundings(tmp_path)), {"host": "..."}, release, other, files)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput, NotFound, NotSupported, Unavailable
from treering.core.whole_files import write_whole
from treering.deployments.base import (
    AT_ONCE,
    Answered,
    Files,
    Leading,
    Plan,
    Request,
    Standing,
    Step,
    Surroundings,
    Target,
    Wanted,
)
from treering.deployments.configuring import checked_config, option, options
from treering.deployments.living import planned
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentChange, DeploymentState, Release
from treering.entities.live import LiveDeployment

__all__ = ["PaperTarget", "TargetSuite", "Trial", "open_paper"]


class PaperTarget:
    """Remembers in a folder what it was told; a real double, and a place for rehearsals.

    Its option `fails` lets `apply` fail; `lost` lets everything be unreachable. `decide` plays the router.
    """

    summary = "On paper: nothing is started, and all of it is remembered."
    options = options(
        fails=option("boolean", "Whether applying fails.", "false"),
        dies=option("boolean", "Whether a candidate does not come up.", "false"),
        lost=option("boolean", "Whether it cannot be reached.", "false"),
        size=option("integer", "Nothing.", "1", minimum=1, maximum=9),
        more=r"env\..+",
    )

    def __init__(self, surroundings: Surroundings) -> None:
        self._home = surroundings.home

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        return Plan([Step(f"write {wanted.release.source} on a paper called {wanted.name}")], {"paper.json": "{}"})

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        if wanted.candidate and wanted.config.get("dies") == "true":
            return Standing(DeploymentState.FAILED, "The ink has dried.")
        if wanted.config.get("fails") == "true":
            msg = "The pen is broken. Take another one."
            raise InvalidInput(msg)
        known = self._read(wanted.name) or {"variants": {}, "events": []}
        wanted.files()
        if not wanted.candidate:
            known["variants"] = {}
        known["variants"][wanted.release.variant] = 0.0 if wanted.candidate else 100.0
        self._write(wanted.name, known)
        return Standing(DeploymentState.READY, address=f"paper://{wanted.name}")

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        if deployment.config.get("lost") == "true":
            msg = "The drawer does not open. Ask for the key."
            raise Unavailable(msg)
        known = self._read(deployment.name)
        if known is None:
            return Standing(DeploymentState.FAILED, "The paper is gone.")
        events = known["events"][deployment.seen :]
        changes = [
            DeploymentChange(one["action"], weight=one["weight"], detail=one["detail"], user="canary") for one in events
        ]
        outcome = next((one["action"] for one in reversed(events) if one["action"] in {"promoted", "rolled_back"}), "")
        weight = events[-1]["weight"] if events else None
        return Standing(
            DeploymentState.READY, "", f"paper://{deployment.name}", changes, len(known["events"]), outcome, weight
        )

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        known = self._known(deployment.name)
        assert deployment.candidate is not None
        weight = leading.canary.steps[0] if leading.canary else 100.0 if leading.weight is None else leading.weight
        known["variants"] = {deployment.candidate.variant: weight, deployment.current.variant: 100.0 - weight}
        self._write(deployment.name, known)
        return Standing(DeploymentState.READY)

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        known = self._known(deployment.name)
        stays = deployment.current if deployment.candidate or deployment.previous is None else deployment.previous
        known["variants"] = {stays.variant: 100.0}
        self._write(deployment.name, known)
        return Standing(DeploymentState.READY)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        (self._home / f"{deployment.name}.json").unlink(missing_ok=True)

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        return planned(deployment)

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        self._known(deployment.name)
        return Answered(200, request.body, request.content_type)

    def decide(self, name: str, *events: tuple[str, float, str]) -> None:
        """Let its router have done something: action, weight and detail of each."""
        known = self._known(name)
        known["events"] += [{"action": action, "weight": weight, "detail": detail} for action, weight, detail in events]
        self._write(name, known)

    def _known(self, name: str) -> dict[str, Any]:
        known = self._read(name)
        if known is None:
            msg = f"There is no paper called {name!r}. Deploy it first."
            raise NotFound(msg)
        return known

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self._home / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None
        return found

    def _write(self, name: str, known: Mapping[str, Any]) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        write_whole(self._home / f"{name}.json", json.dumps(known).encode())


def open_paper(surroundings: Surroundings) -> PaperTarget:
    """A target on paper."""
    return PaperTarget(surroundings)


@dataclass(frozen=True, slots=True)
class Trial:
    """A target with what it can be tried on.

    Attributes:
        releases: Two of them that differ.
        home: All that the target keeps on this machine.
        divides: Whether it can give part of the traffic to a candidate.
    """

    target: Target
    config: Mapping[str, str]
    releases: tuple[Release, Release]
    files: Files
    home: Path
    divides: bool = True
    patience: float = 60.0

    def wanted(self, place: int = 0, known: Deployment | None = None, *, candidate: bool = False) -> Wanted:
        """One of the releases, to be applied as `trial`."""
        config = checked_config(self.target.options, self.config, "trial")
        return Wanted("trial", self.releases[place], config, self.files, candidate, known, self.patience)

    def applied(self, place: int = 0, known: Deployment | None = None, *, candidate: bool = False) -> Deployment:
        """The same, done, as the service would record it."""
        wanted = self.wanted(place, known, candidate=candidate)
        standing = self.target.apply(wanted)
        release = wanted.release
        if known is None:
            return Deployment(
                "trial", "trial", standing.state, release, standing.message, standing.address, config=wanted.config
            )
        if candidate:
            return replace(known, state=standing.state, candidate=release)
        return replace(known, state=standing.state, current=release, previous=known.current)


class TargetSuite:
    """Needs a fixture `trial`, new for each test; what it starts it has to end."""

    def test_its_options_are_described(self, trial: Trial) -> None:
        assert trial.target.summary.endswith(".")
        assert trial.target.options["type"] == "object"
        for name, one in trial.target.options["properties"].items():
            assert one["description"].endswith("."), name
        with pytest.raises(InvalidInput, match="no_such_option"):
            checked_config(trial.target.options, {"no_such_option": "1"}, "trial")

    def test_a_plan_changes_nothing_and_says_the_same_twice(self, trial: Trial) -> None:
        before = _tree(trial.home)
        first, second = trial.target.plan(trial.wanted()), trial.target.plan(trial.wanted())
        assert first == second
        assert first.steps
        assert _tree(trial.home) == before
        assert trial.target.status(_stub(trial)).state is DeploymentState.FAILED

    def test_it_is_applied_once_however_often_it_is_asked_for(self, trial: Trial) -> None:
        one = trial.applied()
        assert one.state in {DeploymentState.READY, DeploymentState.PENDING}
        again = trial.target.apply(trial.wanted(0, one))
        assert (again.state, again.address or one.address) == (one.state, one.address)
        standing = trial.target.status(one)
        assert standing.state in {DeploymentState.READY, DeploymentState.PENDING}, standing
        trial.target.remove(one)

    def test_a_new_release_takes_the_place_of_the_old_and_can_go_back(self, trial: Trial) -> None:
        old = trial.applied()
        new = trial.applied(1, old)
        assert new.current == trial.releases[1]
        assert trial.target.status(new).state is not DeploymentState.FAILED
        trial.target.rollback(new)
        back = replace(new, current=old.current, previous=None)
        assert trial.target.status(back).state is not DeploymentState.FAILED
        trial.target.remove(back)

    def test_a_candidate_gets_traffic_when_it_is_promoted(self, trial: Trial) -> None:
        one = trial.applied(1, trial.applied(), candidate=True)
        if trial.divides:
            trial.target.promote(one, Leading(25.0))
            live = trial.target.live(replace(one, weight=25.0))
            assert [part.weight for part in live.variants] == [75.0, 25.0]
        else:
            with pytest.raises(NotSupported):
                trial.target.promote(one, Leading(25.0))
        trial.target.promote(one, AT_ONCE)
        done = replace(one, current=trial.releases[1], previous=one.current, candidate=None)
        assert trial.target.status(done).state is not DeploymentState.FAILED
        trial.target.remove(done)

    def test_a_candidate_can_be_dropped(self, trial: Trial) -> None:
        one = trial.applied(1, trial.applied(), candidate=True)
        trial.target.rollback(one)
        left = replace(one, candidate=None)
        assert trial.target.status(left).state is not DeploymentState.FAILED
        trial.target.remove(left)

    def test_removing_leaves_nothing_and_may_be_repeated(self, trial: Trial) -> None:
        before = _tree(trial.home)
        one = trial.applied(1, trial.applied(), candidate=True)
        trial.target.remove(one)
        trial.target.remove(one)
        assert _tree(trial.home) == before
        assert trial.target.status(one).state is DeploymentState.FAILED
        assert not trial.target.live(one).reachable or trial.target.live(one).variants is not None

    def test_a_canary_is_led_or_refused_in_words(self, trial: Trial) -> None:
        one = trial.applied(1, trial.applied(), candidate=True)
        leading = Leading(canary=CanaryPlan((5.0, 100.0), 3600.0))
        with suppress(NotSupported):
            trial.target.promote(one, leading)
        trial.target.remove(one)


def _stub(trial: Trial) -> Deployment:
    config = checked_config(trial.target.options, trial.config, "trial")
    return Deployment("trial", "trial", DeploymentState.PENDING, trial.releases[0], config=config)


def _tree(home: Path) -> list[str]:
    return sorted(str(one.relative_to(home)) for one in home.rglob("*") if one.is_file()) if home.is_dir() else []
