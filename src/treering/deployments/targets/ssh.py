"""A machine that is reached over SSH and has Treering: it deploys to itself, and is told what.

    files ──scp──▶ HOME/incoming/...      commands ──ssh──▶ treering deploy | deployments ...

So it is all that a deployment on this machine is: supervised, with canaries, there also after we have gone. With
systemd a unit of the user starts it when the machine does.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import msgspec

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound, TreeringError, Unavailable
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import option, options, switch, text
from treering.deployments.living import unreachable
from treering.deployments.programs import Done, Programs, SystemPrograms, checked
from treering.deployments.targets.local import OPTIONS as LOCAL
from treering.entities.deployment import Deployment, DeploymentChange, DeploymentEvent, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveVariant

__all__ = ["SshTarget", "open_target"]

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._:\[\]-]*")
_UNREACHED = 255
_LONG = 3600.0
_ALL = 100.0
_CANARY = "canary"

OPTIONS = options(
    "ssh",
    ssh=option("string", "The machine, as user@host or a name of the SSH config.", examples=["ann@models.example"]),
    ssh_port=option("integer", "The port of its SSH server.", minimum=1, maximum=65535),
    identity=option("string", "The file with the private key; the SSH config's unless given."),
    ssh_options=option("string", "Options for ssh, by commas, such as StrictHostKeyChecking=yes."),
    python=option("string", "The Python there that has Treering.", "python3"),
    folder=option("string", "Where it keeps deployments there.", ".treering-deployments"),
    systemd=option("boolean", "Whether a unit of the user starts it when the machine starts.", "false"),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
    **LOCAL["properties"],
)
_OWN = {"ssh", "ssh_port", "identity", "ssh_options", "python", "folder", "systemd"}
_UNIT = """[Unit]
Description=Models that Treering deployed
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={python} -m treering.deployments.targets.local {home}/deployments

[Install]
WantedBy=default.target
"""


class SshTarget:
    """The `Target` of machines that are reached over SSH."""

    summary = "A machine over SSH that has Treering: supervised there, with canaries."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        self._programs = surroundings.programs or SystemPrograms(surroundings.variables)

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        if wanted.release.image:
            msg = f"{wanted.release.source} is an image, and files are sent over SSH. Deploy the model or bundle."
            raise InvalidInput(msg)
        machine = _Machine(self._programs, wanted.config)
        steps = [
            Step(f"copy {wanted.release.source} to {machine.name}", ("scp", "-r", "...", f"{machine.name}:...")),
            Step(f"let {machine.name} deploy it to itself", ("ssh", machine.name, "treering", "deploy", "...")),
        ]
        documents = {}
        if switch(wanted.config, OPTIONS, "systemd"):
            steps.append(Step("let systemd start it when the machine starts"))
            documents["treering-models.service"] = _UNIT.format(python="PYTHON", home="HOME")
        return Plan(steps, documents)

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        machine = _Machine(self._programs, wanted.config)
        machine.check()
        # It is called by this folder there, so it has the release's own name.
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted.release.model).strip("-.") or "model"
        place = f"incoming/{wanted.name}-{wanted.release.variant}"
        machine.send(str(wanted.files()), place, name)
        own = {key: value for key, value in wanted.config.items() if key not in _OWN}
        words = ["deploy", f"./{place}/{name}", "--name", wanted.name, "--target", "local"]
        words += ["--as", f"{name}:{wanted.release.version}", "--timeout", f"{wanted.patience:g}"]
        words += [word for key, value in sorted(own.items()) for word in ("-C", f"{key}={value}")]
        words += ["--candidate"] if wanted.candidate else []
        try:
            told = machine.told(*words)
        finally:
            machine.shell(f"rm -rf {shlex.quote(place)}")
        if switch(wanted.config, OPTIONS, "systemd"):
            machine.enable()
        return self._standing(told, wanted.config)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        machine = _Machine(self._programs, deployment.config)
        try:
            told = machine.told("deployments", "show", deployment.name)
        except NotFound as error:
            return Standing(DeploymentState.FAILED, error.message)
        standing = self._standing(told, deployment.config)
        if standing.state is DeploymentState.REMOVED:
            return Standing(DeploymentState.FAILED, f"It was removed on {machine.name} itself.")
        if deployment.candidate is None:
            return standing
        return self._decided(deployment, told, standing, machine)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        words = ["deployments", "promote", deployment.name]
        if leading.weight is not None and leading.weight < _ALL:
            words += ["--weight", f"{leading.weight:g}"]
        if leading.canary is not None:
            steps = ",".join(f"{step:g}" for step in leading.canary.steps)
            words += ["--canary", steps, "--every", f"{leading.canary.every:g}"]
        told = _Machine(self._programs, deployment.config).told(*words)
        return replace(self._standing(told, deployment.config), seen=now())

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        told = _Machine(self._programs, deployment.config).told("deployments", "rollback", deployment.name)
        return replace(self._standing(told, deployment.config), seen=now())

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        machine = _Machine(self._programs, deployment.config)
        try:
            machine.treering("deployments", "remove", deployment.name, "--yes")
        except NotFound:
            return

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        machine = _Machine(self._programs, deployment.config)
        try:
            told = msgspec.convert(machine.told("deployments", "live", deployment.name), LiveDeployment)
        except TreeringError as error:
            return unreachable(deployment, error.message)
        return replace(
            told, name=deployment.name, state=deployment.state,
            variants=[_ours(one, deployment) for one in told.variants], series=None,
        )  # fmt: skip

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        if request.content_type != "application/json":
            msg = f"Through SSH only JSON is sent. Ask the server itself at {deployment.address}."
            raise InvalidInput(msg)
        words = ("deployments", "predict", "--name", deployment.name, "--input-path", "-")
        return Answered(200, _Machine(self._programs, deployment.config).treering(*words, given=request.body))

    def _standing(self, told: Mapping[str, Any], config: Mapping[str, str]) -> Standing:
        address = str(told.get("address", ""))
        port = urlsplit(address).port
        if port is not None and text(config, OPTIONS, "host") not in {"127.0.0.1", "localhost", "::1"}:
            host = text(config, OPTIONS, "ssh").rpartition("@")[2]
            address = f"http://{host}:{port}"
        return Standing(DeploymentState(str(told["state"])), str(told.get("message", "")), address)

    def _decided(
        self, deployment: Deployment, told: Mapping[str, Any], standing: Standing, machine: _Machine
    ) -> Standing:
        """With what the router there decided since."""
        words = ("deployments", "history", deployment.name)
        events = msgspec.convert(machine.told(*words), list[DeploymentEvent])
        fresh = [one for one in reversed(events) if one.user == _CANARY and one.time > deployment.seen]
        changes = tuple(
            DeploymentChange(one.action, one.before, one.after, one.weight, one.detail, user=_CANARY, time=one.time)
            for one in fresh
        )
        outcome = ""
        if told.get("candidate") is None:
            candidate = deployment.candidate
            promoted = candidate is not None and told["current"]["version"] == candidate.version
            outcome = "promoted" if promoted else "rolled_back"
        seen = max((one.time for one in fresh), default=deployment.seen)
        state = DeploymentState.READY if standing.state is DeploymentState.CANARY else standing.state
        weight = None if outcome else float(told.get("weight", 0.0))
        return replace(standing, state=state, changes=changes, seen=seen, outcome=outcome, weight=weight)


class _Machine:
    """One machine, as somebody with its key sees it."""

    def __init__(self, programs: Programs, config: Mapping[str, str]) -> None:
        self.name = text(config, OPTIONS, "ssh")
        if not _HOST.fullmatch(self.name):
            msg = f"{self.name!r} names no machine. Write it as user@host, or as the SSH config calls it."
            raise InvalidInput(msg)
        self._programs = programs
        given = [one.strip() for one in text(config, OPTIONS, "ssh_options").split(",") if one.strip()]
        self._options = [word for one in ("BatchMode=yes", "ConnectTimeout=15", *given) for word in ("-o", one)]
        if identity := text(config, OPTIONS, "identity"):
            self._options += ["-i", identity]
        self._port = text(config, OPTIONS, "ssh_port")
        self._python = text(config, OPTIONS, "python")
        self._folder = text(config, OPTIONS, "folder")

    def check(self) -> None:
        """Make the folder there. Raises NotSupported where Treering is missing."""
        folder = shlex.quote(self._folder)
        self._ssh(f"umask 077 && mkdir -p {folder}/incoming")
        done = self._run(f"{shlex.quote(self._python)} -c 'import treering'")
        if done.status:
            msg = (
                f"The Python {self._python} on {self.name} has no Treering: {done.err.strip()[-300:]}. Install it there"
                " with `pip install treering`, or name another one with -C python=PATH."
            )
            raise Unavailable(msg)

    def send(self, folder: str, place: str, name: str) -> None:
        """Put a folder of this machine into the home there."""
        self.shell(f"rm -rf {shlex.quote(place)} && mkdir -p {shlex.quote(place)}")
        port = ["-P", self._port] if self._port else []
        there = f"{self.name}:{self._folder}/{place}/{name}"
        checked(self._programs.run(["scp", "-q", "-r", *port, *self._options, folder, there], timeout=_LONG), "scp")

    def shell(self, line: str) -> bytes:
        """Run a line in the home there. Raises Unavailable."""
        return self._ssh(f"cd {shlex.quote(self._folder)} && {line}")

    def told(self, *words: str) -> Any:
        """What a command of Treering says as JSON, there."""
        out = self.treering(*words, "--json")
        try:
            return json.loads(out)
        except ValueError as error:
            msg = f"{self.name} answered with something that is no JSON: {out[:300]!r}"
            raise Unavailable(msg) from error

    def treering(self, *words: str, given: bytes = b"") -> bytes:
        """Run a command of Treering there. Raises NotFound, Unavailable."""
        command = " ".join(shlex.quote(word) for word in (self._python, "-m", "treering", *words))
        line = f'cd {shlex.quote(self._folder)} && TREERING_HOME="$PWD/home" {command}'
        done = self._run(line, given)
        # A status of 1 with an answer is how a failed deployment is told.
        if done.status and (done.status == _UNREACHED or not done.out.strip()):
            words_there = (done.err.strip() or "it says nothing")[-1500:]
            kind = NotFound if "There is no" in words_there else Unavailable
            msg = f"{self.name} could not do it: {words_there.removeprefix('Error: ')}"
            raise kind(msg)
        return done.out

    def enable(self) -> None:
        """Let systemd start what is deployed there when the machine starts."""
        home = self.shell('printf %s "$PWD/home"').decode()
        python = self.shell(f"{shlex.quote(self._python)} -c 'import sys; print(sys.executable)'").decode().strip()
        unit = _UNIT.format(python=python, home=home)
        place = '"$HOME/.config/systemd/user"'
        self._ssh(f"mkdir -p {place} && cat > {place}/treering-models.service", unit.encode())
        self._ssh("systemctl --user daemon-reload && systemctl --user enable treering-models.service")

    def _ssh(self, line: str, given: bytes = b"") -> bytes:
        return checked(self._run(line, given), f"ssh {self.name}")

    def _run(self, line: str, given: bytes = b"") -> Done:
        port = ["-p", self._port] if self._port else []
        return self._programs.run(["ssh", *port, *self._options, self.name, "--", line], given, timeout=_LONG)


def open_target(surroundings: Surroundings) -> SshTarget:
    """Machines over SSH, with the ssh and scp of this machine."""
    return SshTarget(surroundings)


def _ours(one: LiveVariant, deployment: Deployment) -> LiveVariant:
    """A variant there, called as it is here."""
    known: Release | None = {"current": deployment.current, "candidate": deployment.candidate}.get(one.role)
    if known is None:
        return one
    return replace(one, variant=known.variant, model=known.model, version=known.version)
