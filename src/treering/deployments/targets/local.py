"""This machine: our model server, kept running by a supervisor, with the router that leads candidates in.

    <home>/deployments/local/NAME/
        place.json       what is served, with which weights
        server.json      what the server is started with
        releases/VARIANT the files of each release
        order.json, state.json, lock, server.log, samples.json    see `supervisor`

What happens while it runs is told to the server, and written down for the next start: a candidate of a canary begins
without traffic then.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from treering.core.clock import now
from treering.core.errors import Conflict, InvalidInput, NotFound, NotSupported, TreeringError, Unavailable
from treering.core.whole_files import write_whole
from treering.deployments import running
from treering.deployments.asking import ModelServer, over_http
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import number, option, options, text, whole
from treering.deployments.living import unreachable
from treering.deployments.steering import (
    Samples,
    canary_plan,
    heard,
    live_canary,
    live_comparisons,
    live_variants,
    skewed,
)
from treering.deployments.supervisor import SAMPLE_EVERY, SAMPLES
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveReplicas

__all__ = ["OPTIONS", "LocalTarget", "Place", "open_target", "start_all"]

_SERVER = "treering.cli.deploying.server"
_ALL = 100.0
_LOOK = 0.05
_HOPELESS = 3
_WAIT = 60.0

OPTIONS = options(
    host=option("string", "Address to listen on; 0.0.0.0 opens the server to the network.", "127.0.0.1"),
    port=option("integer", "Port to listen on; 0 takes a free one, once.", "0", minimum=0, maximum=65535),
    workers=option("integer", "Processes that hold the model.", "1", minimum=1, maximum=256),
    timeout=option("number", "Seconds until a prediction is given up.", "60", minimum=0.001),
    max_waiting=option("integer", "Requests that may wait; a further one is told 429.", "1024", minimum=0),
    max_memory=option("integer", "MiB that a worker may hold before it is replaced; 0 for any.", "0", minimum=0),
    trust=option(
        "string", "Names in the model's pickles that may be read though no list has them, by commas; * for all."
    ),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
)


@dataclass(frozen=True, slots=True)
class Place:
    """What is served under a name.

    Attributes:
        endpoint: The name of the model at the server, which stays.
        releases: By variant.
        weights: Per cent, by variant.
        bundle: Whether it is a bundle with a service, which stands alone.
    """

    endpoint: str
    host: str
    port: int
    token: str
    settings: Mapping[str, Any]
    environment: Mapping[str, str]
    releases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    bundle: bool = False

    @property
    def address(self) -> str:
        """Where it is asked from this machine."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 -- compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def with_release(self, release: Release, folder: Path, weight: float) -> Place:
        """With one more."""
        known = {"version": _served(release), "folder": str(folder), "uri": release.source}
        return replace(
            self,
            releases={**self.releases, release.variant: known},
            weights={**self.weights, release.variant: weight},
        )

    def keeping(self, *variants: str) -> Place:
        """With these alone."""
        return replace(
            self,
            releases={name: one for name, one in self.releases.items() if name in variants},
            weights={name: weight for name, weight in self.weights.items() if name in variants},
        )

    def model(self, variant: str) -> dict[str, str]:
        """As the server loads it."""
        return {"name": self.endpoint, **self.releases[variant]}


class LocalTarget:
    """The `Target` of this machine."""

    summary = "This machine: a model server that is kept running, with canaries."
    options = OPTIONS

    def __init__(self, home: Path) -> None:
        self._home = home

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        if wanted.release.image:
            msg = f"{wanted.release.source} is an image, and here files are served. Deploy it to the target docker, or deploy the model."
            raise InvalidInput(msg)
        folder = self._home / wanted.name
        steps = [Step(f"copy {wanted.release.source} to {folder / 'releases' / wanted.release.variant}")]
        if wanted.known is None:
            steps.append(
                Step("start the model server, and keep it running", (sys.executable, "-m", _SERVER, "server.json"))
            )
        elif wanted.candidate:
            steps.append(Step(f"load it into the running server as {wanted.release.variant}, without traffic"))
        else:
            steps.append(Step("load it into the running server, give it all traffic, and forget the one before"))
        if wanted.patience:
            steps.append(Step(f"wait up to {wanted.patience:g} s until it is ready"))
        place = self._planned(wanted)
        return Plan(steps, {"server.json": json.dumps(_server_file(place, hide=True), indent=2)})

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        with self._mine(wanted.name) as folder:
            known = self._known(folder)
            kept = self._copied(folder, wanted)
            running_now = known is not None and running.look(folder).alive and self._answers(known)
            place = _merged(known, self._planned(wanted, known))
            place, drop = _placed(place, known, wanted, kept)
            if known is not None and running_now and _same_server(known, place):
                self._change(known, place, wanted, drop)
                self._write(folder, place)
            else:
                self._write(folder, place)
                self._start(folder, place)
            self._clean(folder, place, wanted.known)
        return self._waited(wanted.name, wanted.patience)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        folder = self._home / deployment.name
        place = self._known(folder)
        if place is None:
            return Standing(DeploymentState.FAILED, "Nothing of it is on this machine.")
        standing = self._stands(folder, place)
        if standing.state is not DeploymentState.READY or place.bundle:
            return standing
        told = self._server(place).traffic(place.endpoint)
        standing = heard(deployment, told, standing)
        if standing.outcome and deployment.candidate is not None:
            self._settle(deployment, standing.outcome)
        return standing

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        with self._mine(deployment.name) as folder:
            place, server = self._asked(folder, deployment)
            candidate, current = deployment.candidate, deployment.current
            assert candidate is not None  # noqa: S101 -- the service promises it
            server.abort(place.endpoint, "Somebody else decides.")
            if leading.canary is not None:
                plan = canary_plan(deployment, leading.canary.steps, leading.canary.every)
                server.split(place.endpoint, {current.variant: _ALL, candidate.variant: 0.0}, "A canary begins.")
                server.lead(place.endpoint, plan)
                return replace(self._stands(folder, place), seen=now())
            weight = _ALL if leading.weight is None else leading.weight
            weights = {current.variant: _ALL - weight, candidate.variant: weight}
            server.split(place.endpoint, weights, "Somebody promotes.")
            place = replace(place, weights={**dict.fromkeys(place.releases, 0.0), **weights})
            self._write(folder, place)
            if weight == _ALL:
                self._forget(folder, place, server, current.variant)
            return replace(self._stands(folder, place), seen=now())

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        with self._mine(deployment.name) as folder:
            place, server = self._asked(folder, deployment)
            back, gone = deployment.current, deployment.candidate
            if gone is None and deployment.previous is not None:
                back, gone = deployment.previous, deployment.current
                kept = folder / "releases" / back.variant
                if not kept.is_dir():
                    msg = f"The files of {back.source} are no longer on this machine. Deploy it again."
                    raise NotFound(msg)
                place = place.with_release(back, kept, 0.0)
                if place.bundle:
                    return self._exchanged(folder, place.keeping(back.variant))
                _load(server, place, back.variant)
            server.abort(place.endpoint, "Somebody rolls it back.")
            weights = {name: _ALL if name == back.variant else 0.0 for name in place.releases}
            server.split(place.endpoint, weights, "Somebody rolls back.")
            place = replace(place, weights=weights)
            self._write(folder, place)
            if gone is not None:
                self._forget(folder, place, server, gone.variant)
            return replace(self._stands(folder, place), seen=now())

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        folder = self._home / deployment.name
        if not folder.is_dir():
            return
        with self._mine(deployment.name):
            running.end(folder)
            shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            self._home.rmdir()
            self._home.parent.rmdir()

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        folder = self._home / deployment.name
        place = self._known(folder)
        known = running.look(folder)
        if place is None or not known.alive:
            return unreachable(deployment, deployment.message or "It does not run on this machine.")
        try:
            told = self._server(place).traffic(place.endpoint)
        except TreeringError as error:
            return unreachable(deployment, error.message)
        samples = Samples(_samples(folder))
        workers = int(place.settings.get("workers", 1))
        return LiveDeployment(
            deployment.name, now(), deployment.state, True, deployment.message, known.since,
            LiveReplicas(workers, workers), live_variants(deployment, told, samples), samples.window,
            live_canary(deployment, told), samples.series(SAMPLE_EVERY), live_comparisons(told), skewed(told),
        )  # fmt: skip

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        place = self._known(self._home / deployment.name)
        if place is None:
            msg = f"Nothing of {deployment.name!r} is on this machine. Deploy it again."
            raise NotFound(msg)
        return self._server(place).predict(request)

    def names(self) -> list[str]:
        """What is kept here, whether it runs or not."""
        try:
            return sorted(
                one.name for one in os.scandir(self._home) if (self._home / one.name / "place.json").is_file()
            )
        except FileNotFoundError:
            return []

    def start(self, name: str) -> bool:
        """Start what does not run; whether that was needed."""
        with self._mine(name) as folder:
            place = self._known(folder)
            if place is None or running.look(folder).alive:
                return False
            self._start(folder, place)
        return True

    def _planned(self, wanted: Wanted, known: Place | None = None) -> Place:
        """What the config asks for, without the releases."""
        config = wanted.config
        memory = whole(config, OPTIONS, "max_memory")
        trust = [name.strip() for name in text(config, OPTIONS, "trust").split(",") if name.strip()]
        settings = {
            "workers": whole(config, OPTIONS, "workers"),
            "timeout": number(config, OPTIONS, "timeout"),
            "waiting": whole(config, OPTIONS, "max_waiting"),
            "memory": memory << 20,
            "trust": trust,
        }
        environment = {key.removeprefix("env."): value for key, value in config.items() if key.startswith("env.")}
        endpoint = known.endpoint if known is not None else wanted.release.model or wanted.name
        host, port = text(config, OPTIONS, "host"), whole(config, OPTIONS, "port")
        return Place(endpoint, host, port, "", settings, environment)

    def _copied(self, folder: Path, wanted: Wanted) -> Path:
        """The release's files where they stay: a whole copy, or none."""
        kept = folder / "releases" / wanted.release.variant
        known = self._known(folder)
        if known is not None and wanted.release.variant in known.releases and kept.is_dir() and _same_release(wanted):
            return kept
        draft = folder / "releases" / f".{wanted.release.variant}.{secrets.token_hex(4)}"
        source = wanted.files()
        try:
            shutil.copytree(source, draft, symlinks=False)
            shutil.rmtree(kept, ignore_errors=True)
            draft.replace(kept)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return kept

    def _change(self, known: Place, place: Place, wanted: Wanted, drop: list[str]) -> None:
        """Bring a running server to another place, without a moment in which nobody answers."""
        server = self._server(known)
        loaded = server.loaded()
        for variant, one in place.releases.items():
            if (place.endpoint, one["version"]) not in loaded:
                _load(server, place, variant)
        if not wanted.candidate:
            server.abort(place.endpoint, "Another version is deployed.")
        weights = {**dict.fromkeys(drop, 0.0), **place.weights}
        server.split(place.endpoint, weights, f"{wanted.release.variant} is deployed.")
        for variant in drop:
            server.unload(place.endpoint, known.releases[variant]["version"])

    def _forget(self, folder: Path, place: Place, server: ModelServer, variant: str) -> None:
        if variant not in place.releases:
            return
        server.unload(place.endpoint, place.releases[variant]["version"])
        self._write(folder, place.keeping(*(name for name in place.releases if name != variant)))

    def _settle(self, deployment: Deployment, outcome: str) -> None:
        """After the router has decided: let go what lost, and let a new start begin with what won."""
        assert deployment.candidate is not None  # noqa: S101 -- asked by who knows
        won, lost = deployment.candidate.variant, deployment.current.variant
        if outcome == "rolled_back":
            won, lost = lost, won
        with self._mine(deployment.name) as folder:
            place, server = self._asked(folder, deployment)
            place = replace(place, weights={name: _ALL if name == won else 0.0 for name in place.releases})
            self._write(folder, place)
            server.split(place.endpoint, place.weights, "The canary is over.")
            self._forget(folder, place, server, lost)

    def _clean(self, folder: Path, place: Place, known: Deployment | None) -> None:
        """Remove the files of releases that nobody goes back to."""
        stays = {*place.releases, *([known.current.variant] if known is not None else ())}
        with contextlib.suppress(FileNotFoundError):
            for one in os.scandir(folder / "releases"):
                if one.name not in stays:
                    shutil.rmtree(one.path, ignore_errors=True)

    def _start(self, folder: Path, place: Place) -> None:
        (folder / SAMPLES).unlink(missing_ok=True)
        command = [sys.executable, "-m", _SERVER, str(folder / "server.json")]
        path = f"/traffic/{place.endpoint}"
        sample = None if place.bundle else {"host": "127.0.0.1", "port": place.port, "path": path}
        running.start(folder, command, place.environment, sample=sample)

    def _exchanged(self, folder: Path, place: Place) -> Standing:
        """Another bundle, which takes a new start."""
        place = replace(place, weights=dict.fromkeys(place.releases, _ALL))
        self._write(folder, place)
        self._start(folder, place)
        return self._waited(folder.name, _WAIT)

    def _waited(self, name: str, patience: float) -> Standing:
        folder = self._home / name
        until = time.monotonic() + patience
        while True:
            place = self._known(folder)
            if place is None:
                return Standing(DeploymentState.FAILED, "It was removed in the meantime.")
            standing = self._stands(folder, place)
            if standing.state is not DeploymentState.PENDING or time.monotonic() >= until:
                return standing
            time.sleep(_LOOK)

    def _stands(self, folder: Path, place: Place) -> Standing:
        known = running.look(folder)
        if not known.alive:
            if known.state == "starting":
                return Standing(DeploymentState.PENDING, "", place.address)
            msg = "It does not run: the machine was started anew, or somebody ended it. Deploy it again to start it."
            return Standing(DeploymentState.FAILED, msg, place.address)
        if known.late:
            return Standing(DeploymentState.PENDING, "", place.address)
        if self._answers(place):
            return Standing(DeploymentState.READY, "", place.address)
        if known.quick >= _HOPELESS:
            words = running.last_lines(folder)
            return Standing(DeploymentState.FAILED, f"{known.last} It wrote: {words[-1500:]}", place.address)
        return Standing(DeploymentState.PENDING, known.last, place.address)

    def _answers(self, place: Place) -> bool:
        try:
            return self._server(place).ready()
        except Unavailable:
            return False

    def _asked(self, folder: Path, deployment: Deployment) -> tuple[Place, ModelServer]:
        place = self._known(folder)
        if place is None or not running.look(folder).alive:
            msg = f"{deployment.name!r} does not run on this machine, so nothing can be changed. Deploy it again."
            raise Conflict(msg)
        return place, self._server(place)

    def _server(self, place: Place) -> ModelServer:
        return ModelServer(over_http(place.address), place.token)

    def _known(self, folder: Path) -> Place | None:
        try:
            found = json.loads((folder / "place.json").read_bytes())
        except FileNotFoundError:
            return None
        return Place(**found)

    def _write(self, folder: Path, place: Place) -> None:
        # Both are for the next start; the first is what is looked at.
        write_whole(folder / "server.json", json.dumps(_server_file(place)).encode())
        write_whole(folder / "place.json", json.dumps(asdict(place)).encode())

    @contextmanager
    def _mine(self, name: str) -> Iterator[Path]:
        """The folder, which nobody else changes meanwhile. Raises Conflict."""
        folder = self._home / name
        (folder / "releases").mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        with running.alone(folder / "changing", f"the deployment {name!r}"):
            yield folder


def open_target(surroundings: Surroundings) -> LocalTarget:
    """This machine."""
    return LocalTarget(surroundings.home / "local")


def _served(release: Release) -> str:
    """The version under which the server knows a release: the router calls it `v` and that."""
    return release.variant.removeprefix("v") or "1"


def _same_release(wanted: Wanted) -> bool:
    known = wanted.known
    releases = [] if known is None else [one for one in (known.current, known.candidate) if one is not None]
    mine = wanted.release
    return any((one.variant, one.source, one.digest) == (mine.variant, mine.source, mine.digest) for one in releases)


def _merged(known: Place | None, asked: Place) -> Place:
    """What is asked for, with what was chosen once and stays."""
    if known is None:
        return replace(asked, port=asked.port or _free_port(asked.host), token=secrets.token_urlsafe(24))
    port = asked.port or known.port
    return replace(
        asked, port=port, token=known.token, releases=known.releases, weights=known.weights, bundle=known.bundle
    )


def _placed(place: Place, known: Place | None, wanted: Wanted, folder: Path) -> tuple[Place, list[str]]:
    """With the wanted release in it, and the variants that it takes the place of."""
    folder, service = _model_in(folder)
    if wanted.candidate and (service or place.bundle):
        msg = "A bundle stands alone in its server, so that no candidate can stand beside it. Deploy it without one."
        raise NotSupported(msg)
    if known is not None and service != known.bundle:
        msg = f"{wanted.name!r} serves {'a bundle' if known.bundle else 'a model'}, and {wanted.release.source} is the other. Remove it first."
        raise InvalidInput(msg)
    variant = wanted.release.variant
    if wanted.candidate:
        beside = wanted.known.current.variant if wanted.known is not None else ""
        drop = [name for name in place.releases if name not in {variant, beside}]
        place = replace(place.keeping(variant, beside), weights={beside: _ALL})
        return place.with_release(wanted.release, folder, 0.0), drop
    candidate = wanted.known.candidate if wanted.known is not None else None
    share = wanted.known.weight if wanted.known is not None and candidate is not None else 0.0
    stays = [variant] if candidate is None else [variant, candidate.variant]
    drop = [name for name in place.releases if name not in stays]
    place = place.keeping(*stays).with_release(wanted.release, folder, _ALL - share)
    return replace(place, bundle=service), drop


def _model_in(folder: Path) -> tuple[Path, bool]:
    """Where the model is, and whether it is a bundle that can only be served whole.

    A bundle of one model is served as that model, so that others can stand beside it.
    """
    try:
        known = json.loads((folder / "manifest.json").read_bytes())
    except FileNotFoundError:
        return folder, False
    models: list[Any] = known.get("models") or []
    if known.get("service") or len(models) != 1:
        return folder, True
    return folder / models[0]["folder"], False


def _same_server(known: Place, place: Place) -> bool:
    """Whether the server need not be started anew."""

    def fixed(one: Place) -> tuple[object, ...]:
        return one.endpoint, one.host, one.port, one.settings, one.environment, one.bundle

    return fixed(known) == fixed(place) and not place.bundle


def _load(server: ModelServer, place: Place, variant: str) -> None:
    server.load(place.endpoint, place.model(variant))


def _server_file(place: Place, *, hide: bool = False) -> dict[str, Any]:
    settings = dict(place.settings)
    trust = settings.pop("trust", [])
    if place.bundle:
        kind = "bundle"
        what: dict[str, Any] = {"bundle": next(one["folder"] for one in place.releases.values()), "trust": trust}
        weights = {}
    else:
        kind = "models"
        # The router gives all to the first where nothing else is said.
        order = sorted(place.releases, key=lambda name: -place.weights.get(name, 0.0))
        what = {"models": [place.model(name) for name in order], "trust": trust}
        weights = {place.endpoint: dict(place.weights)} if place.weights else {}
    token = "***" if hide else place.token
    told = {"kind": kind, "what": what, **settings, "weights": weights, "control_token": token}
    return {"host": place.host, "port": place.port, "options": told}


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _samples(folder: Path) -> list[Mapping[str, Any]]:
    try:
        found: list[Mapping[str, Any]] = json.loads((folder / SAMPLES).read_bytes())
    except (FileNotFoundError, ValueError):
        return []
    return found


def start_all(home: Path) -> list[str]:
    """Start all that should run on this machine and does not, such as after the machine was started; their names."""
    target = LocalTarget(home / "local")
    return [name for name in target.names() if target.start(name)]


if __name__ == "__main__":
    start_all(Path(sys.argv[1]))
