"""Docker, or Podman: one container for each release, which the engine starts again.

    container NAME-VARIANT ──▶ port of the host

There is no router between containers, so a candidate has a port of its own, and gets all traffic or none.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from treering.core.errors import InvalidInput, NotSupported, TreeringError, Unavailable
from treering.deployments.asking import ModelServer, over_http
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import choice, option, options, text, whole
from treering.deployments.living import planned, unreachable
from treering.deployments.programs import SystemPrograms, checked
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveReplicas

__all__ = ["OPTIONS", "DockerTarget", "open_target"]

_LABEL = "dev.treering.deployment"
_INSIDE = 8080
_ALL = 100.0

OPTIONS = options(
    image=option("string", "The image, which may have {name}, {version} and {digest} of the model in it."),
    engine=choice("Which program runs containers.", "docker", "docker", "podman"),
    host=option("string", "Address of this machine to listen on.", "127.0.0.1"),
    port=option("integer", "Port of this machine.", "8080", minimum=1, maximum=65535),
    candidate_port=option("integer", "Port of a candidate.", "8081", minimum=1, maximum=65535),
    cpus=option("number", "Processors that it may use; any number unless given.", minimum=0.01),
    memory=option("string", "Memory that it may use.", "1g", pattern=r"[0-9]+[bkmg]?", examples=["512m"]),
    gpus=option("string", "Graphics cards, as the engine has them, such as all."),
    network=option("string", "A network of the engine."),
    pull=choice("When the image is fetched.", "missing", "always", "missing", "never"),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
)


class DockerTarget:
    """The `Target` of this machine's container engine."""

    summary = "Docker or Podman on this machine: a container that is started again when it ends."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        self._programs = surroundings.programs or SystemPrograms(surroundings.variables)

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        if not wanted.release.image:
            msg = (
                f"A container needs an image that holds {wanted.release.source}. Build one with `treering bundle"
                " containerize`, and name it with -C image=NAME:{version}, or deploy docker://NAME:TAG."
            )
            raise InvalidInput(msg)
        command = tuple(self._command(wanted.name, wanted.release, wanted.config, candidate=wanted.candidate))
        steps = [Step(f"run {wanted.release.image} as {_container(wanted.name, wanted.release)}", command)]
        if wanted.known is not None and not wanted.candidate:
            steps.insert(0, Step(f"end the container of {wanted.known.current.variant}"))
        return Plan(steps)

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        self.plan(wanted)
        known = wanted.known
        if known is not None and not wanted.candidate and known.current.variant != wanted.release.variant:
            return self._exchanged(known.name, known.current, wanted.release, wanted.config, wanted.patience)
        self._run(wanted.name, wanted.release, wanted.config, candidate=wanted.candidate)
        return self._waited(wanted.name, wanted.release, wanted.config, wanted.patience, candidate=wanted.candidate)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        return self._stands(deployment.name, deployment.current, deployment.config)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None or (leading.weight is not None and leading.weight < _ALL):
            msg = (
                "Between containers no traffic is divided. Promote the candidate whole, or deploy the model to the target"
                " local or kubernetes, which have canaries."
            )
            raise NotSupported(msg)
        candidate = deployment.candidate
        assert candidate is not None  # noqa: S101 -- the service promises it
        standing = self._exchanged(deployment.name, deployment.current, candidate, deployment.config, 60.0)
        if standing.state is DeploymentState.FAILED:
            # Nobody is left without an answer because what was promoted does not come up.
            self._exchanged(deployment.name, candidate, deployment.current, deployment.config, 60.0)
            msg = f"{candidate.image} does not answer, and {deployment.current.image} does again: {standing.message}"
            raise Unavailable(msg)
        return standing

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        if deployment.candidate is not None:
            self._end(deployment.name, deployment.candidate, deployment.config)
            return self.status(deployment)
        back = deployment.previous or deployment.current
        return self._exchanged(deployment.name, deployment.current, back, deployment.config, 60.0)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        engine = text(deployment.config, OPTIONS, "engine")
        command = [engine, "ps", "--all", "--quiet", "--filter", f"label={_LABEL}={deployment.name}"]
        found = checked(self._programs.run(command), f"{engine} ps").decode().split()
        if found:
            checked(self._programs.run([engine, "rm", "--force", *found]), f"{engine} rm")

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        standing = self.status(deployment)
        if standing.state is DeploymentState.FAILED:
            return unreachable(deployment, standing.message)
        ready = standing.state is DeploymentState.READY
        return planned(deployment, reachable=ready, message=standing.message, replicas=LiveReplicas(1, int(ready)))

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        return ModelServer(over_http(self._address(deployment.config))).predict(request)

    def _exchanged(self, name: str, old: Release, new: Release, config: Mapping[str, str], patience: float) -> Standing:
        """One container in the place of another, at the same port."""
        # A candidate of it may run at the other port.
        self._end(name, new, config)
        self._end(name, old, config)
        self._run(name, new, config, candidate=False)
        return self._waited(name, new, config, patience, candidate=False)

    def _run(self, name: str, release: Release, config: Mapping[str, str], *, candidate: bool) -> None:
        command = self._command(name, release, config, candidate=candidate)
        found = self._found(name, release, config)
        if found is not None:
            same = found.get("Config", {}).get("Labels", {}).get(f"{_LABEL}.asked") == _asked(command)
            if same and found.get("State", {}).get("Running"):
                return
            self._end(name, release, config)
        engine = command[0]
        checked(
            self._programs.run(
                [*command[:-1], "--label", f"{_LABEL}.asked={_asked(command)}", command[-1]], timeout=900.0
            ),
            f"{engine} run",
        )

    def _command(self, name: str, release: Release, config: Mapping[str, str], *, candidate: bool) -> list[str]:
        port = whole(config, OPTIONS, "candidate_port" if candidate else "port")
        command = [
            text(config, OPTIONS, "engine"), "run", "--detach", "--name", _container(name, release),
            "--restart", "unless-stopped", "--label", f"{_LABEL}={name}",
            "--publish", f"{text(config, OPTIONS, 'host')}:{port}:{_INSIDE}",
            "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",  # noqa: S108 -- of the container
            "--memory", text(config, OPTIONS, "memory"), "--pull", text(config, OPTIONS, "pull"), "--init",
        ]  # fmt: skip
        for name_of, flag in (("cpus", "--cpus"), ("gpus", "--gpus"), ("network", "--network")):
            if value := text(config, OPTIONS, name_of):
                command += [flag, value]
        for key, value in sorted(config.items()):
            if key.startswith("env."):
                command += ["--env", f"{key.removeprefix('env.')}={value}"]
        return [*command, release.image]

    def _end(self, name: str, release: Release, config: Mapping[str, str]) -> None:
        engine = text(config, OPTIONS, "engine")
        if self._found(name, release, config) is None:
            return
        container = _container(name, release)
        # It finishes what it has in hand before it is taken away.
        checked(self._programs.run([engine, "stop", "--time", "30", container]), f"{engine} stop")
        checked(self._programs.run([engine, "rm", "--force", container]), f"{engine} rm")

    def _found(self, name: str, release: Release, config: Mapping[str, str]) -> Mapping[str, Any] | None:
        engine = text(config, OPTIONS, "engine")
        done = self._programs.run([engine, "inspect", "--type", "container", _container(name, release)])
        if done.status and "no such" in done.err.lower():
            return None
        found: list[Mapping[str, Any]] = json.loads(checked(done, f"{engine} inspect"))
        return found[0] if found else None

    def _waited(
        self, name: str, release: Release, config: Mapping[str, str], patience: float, *, candidate: bool
    ) -> Standing:
        until = time.monotonic() + patience
        while True:
            standing = self._stands(name, release, config, candidate=candidate)
            if standing.state is not DeploymentState.PENDING or time.monotonic() >= until:
                return standing
            time.sleep(0.1)

    def _stands(self, name: str, release: Release, config: Mapping[str, str], *, candidate: bool = False) -> Standing:
        found = self._found(name, release, config)
        if found is None:
            return Standing(DeploymentState.FAILED, f"There is no container {_container(name, release)}.")
        state = found.get("State", {})
        address = self._address(config, candidate=candidate)
        if not state.get("Running") or int(found.get("RestartCount", 0)) > 3:  # noqa: PLR2004 -- it fails at its start
            return Standing(DeploymentState.FAILED, self._words(name, release, config), address)
        try:
            if ModelServer(over_http(address)).ready():
                return Standing(DeploymentState.READY, "", address)
        except TreeringError:
            pass
        return Standing(DeploymentState.PENDING, "The container runs, and does not answer yet.", address)

    def _words(self, name: str, release: Release, config: Mapping[str, str]) -> str:
        done = self._programs.run([text(config, OPTIONS, "engine"), "logs", "--tail", "20", _container(name, release)])
        words = f"{done.out.decode(errors='replace')}\n{done.err}".strip()
        return f"The container has ended. It wrote: {words[-1500:]}"

    def _address(self, config: Mapping[str, str], *, candidate: bool = False) -> str:
        host = text(config, OPTIONS, "host")
        host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 -- compared
        return f"http://{host}:{text(config, OPTIONS, 'candidate_port' if candidate else 'port')}"


def open_target(surroundings: Surroundings) -> DockerTarget:
    """The container engine of this machine."""
    return DockerTarget(surroundings)


def _container(name: str, release: Release) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"treering-{name}-{release.variant}")


def _asked(command: list[str]) -> str:
    return " ".join(command[5:])
