"""A machine over SSH: this one, through OpenSSH's own server."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployed_models import release, saved
from emulators import FileServer, openssh
from treering.core.errors import InvalidInput, Unavailable
from treering.core.variables import process_variables
from treering.deployments import running
from treering.deployments.asking import over_http
from treering.deployments.base import Leading, Request, Surroundings, Wanted
from treering.deployments.programs import Done, SystemPrograms
from treering.deployments.targets.local import start_all
from treering.deployments.targets.ssh import SshTarget
from treering.entities.deployment import CanaryPlan, Deployment, DeploymentState

pytestmark = pytest.mark.cloud

ASKED = Request(b'{"inputs": [[1.0, 2.0]]}')


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    with openssh(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "there"
    yield place
    for kept in (place / "home" / "deployments" / "local").glob("*"):
        running.end(kept)


@pytest.fixture
def config(machine: FileServer, there: Path) -> dict[str, str]:
    return {
        "ssh": f"{machine.user}@127.0.0.1", "ssh_port": str(machine.port), "identity": str(machine.key),
        "ssh_options": f"UserKnownHostsFile={machine.known_hosts}", "python": sys.executable, "folder": str(there),
    }  # fmt: skip


@pytest.fixture
def target(tmp_path: Path) -> SshTarget:
    return SshTarget(Surroundings(tmp_path / "here", process_variables()))


def ask(target: SshTarget, one: Deployment) -> Any:
    return json.loads(target.predict(one, ASKED).body)["predictions"]


def test_it_deploys_to_itself_and_leads_candidates_in(
    target: SshTarget, config: dict[str, str], tmp_path: Path
) -> None:
    one, two = saved(tmp_path, 1.0), saved(tmp_path, 2.0)
    standing = target.apply(Wanted("iris", release(one, "1"), config, lambda: one))
    assert standing.state is DeploymentState.READY, standing.message
    known = Deployment("iris", "ssh", standing.state, release(one, "1"), address=standing.address, config=config)
    assert ask(target, known) == [1.0]
    target.apply(Wanted("iris", release(two, "2"), config, lambda: two, candidate=True, known=known))
    known = replace(known, candidate=release(two, "2"))
    target.promote(known, Leading(25.0))
    live = target.live(known)
    assert [(part.variant, part.role, part.weight) for part in live.variants] == [
        ("v1", "current", 75.0), ("v2", "candidate", 25.0),
    ]  # fmt: skip
    seen = target.promote(known, Leading(canary=CanaryPlan((50.0, 100.0), 0.0))).seen
    known = replace(known, seen=seen)
    until = time.monotonic() + 90
    while not (found := target.status(known)).outcome:
        assert time.monotonic() < until
        for _ in range(5):
            ask(target, known)
        for _ in range(200):
            _quick(standing.address)
    assert found.outcome == "promoted"
    assert "promoted" in [change.action for change in found.changes]
    known = replace(known, current=release(two, "2"), candidate=None, previous=release(one, "1"))
    assert ask(target, known) == [2.0]
    target.rollback(known)
    assert ask(target, known) == [1.0]
    target.remove(known)
    target.remove(known)
    assert target.status(known).state is DeploymentState.FAILED
    assert not target.live(known).reachable


def _quick(address: str) -> None:
    over_http(address)("POST", "/invocations", ASKED.body, {"content-type": "application/json"}, 10.0)


def test_it_is_started_again_when_the_machine_is(
    target: SshTarget, config: dict[str, str], tmp_path: Path, there: Path
) -> None:
    one = saved(tmp_path, 1.0)
    standing = target.apply(Wanted("iris", release(one, "1"), config, lambda: one))
    known = Deployment("iris", "ssh", standing.state, release(one, "1"), config=config)
    running.end(there / "home" / "deployments" / "local" / "iris")
    assert target.status(known).state is DeploymentState.FAILED
    assert start_all(there / "home" / "deployments") == ["iris"]
    assert start_all(there / "home" / "deployments") == []
    until = time.monotonic() + 60
    while target.status(known).state is not DeploymentState.READY:
        assert time.monotonic() < until
    assert ask(target, known) == [1.0]


def test_a_machine_that_cannot_be_reached_is_told_in_its_words(
    target: SshTarget, config: dict[str, str], tmp_path: Path
) -> None:
    one = saved(tmp_path, 1.0)
    with pytest.raises(Unavailable, match="ssh"):
        target.apply(Wanted("iris", release(one, "1"), {**config, "ssh_port": "1"}, lambda: one))
    with pytest.raises(Unavailable, match="has no Treering"):
        target.apply(Wanted("iris", release(one, "1"), {**config, "python": "/bin/false"}, lambda: one))


@pytest.mark.parametrize("host", ["-oProxyCommand=touch /tmp/x", "a b", "$(id)", ""])
def test_a_host_that_is_an_option_or_a_command_is_refused(target: SshTarget, tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidInput, match="names no machine"):
        target.plan(Wanted("iris", release(tmp_path, "1"), {"ssh": host}, Path))


class Recorder(SystemPrograms):
    def __init__(self) -> None:
        super().__init__({})
        self.lines: list[str] = []

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = 0) -> Done:
        del timeout
        self.lines.append(" ".join(command) + given.decode())
        return Done(0, b'{"state": "READY", "address": "http://127.0.0.1:81"}', "")


def test_systemd_starts_it_with_the_machine(tmp_path: Path) -> None:
    recorder = Recorder()
    target = SshTarget(Surroundings(tmp_path, {}, recorder))
    config = {"ssh": "models.example", "systemd": "true", "host": "0.0.0.0", "env.A": "it's"}
    assert (
        "WantedBy=default.target"
        in target.plan(Wanted("a", release(tmp_path, "1"), config, Path)).documents["treering-models.service"]
    )
    standing = target.apply(Wanted("a", release(tmp_path, "1"), config, lambda: tmp_path))
    assert standing.address == "http://models.example:81"
    assert any("ExecStart=" in line and "treering-models.service" in line for line in recorder.lines)
    assert any("systemctl --user enable treering-models.service" in line for line in recorder.lines)
    assert any("'env.A=it'\"'\"'s'" in line for line in recorder.lines)
