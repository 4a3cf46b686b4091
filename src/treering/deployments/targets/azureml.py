"""Azure ML: a managed online endpoint, whose deployments are the releases, through the program `az`.

    endpoint NAME ──traffic──▶ deployment v3, deployment v4 ...

The files that are sent are those of Azure ML's own schemas.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotSupported, Unavailable
from treering.deployments.base import Answered, Leading, Plan, Request, Standing, Step, Surroundings, Wanted
from treering.deployments.configuring import choice, number, option, options, text, whole
from treering.deployments.living import unreachable
from treering.deployments.programs import SystemPrograms, checked
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.entities.live import LiveDeployment, LiveVariant

__all__ = ["OPTIONS", "AzuremlTarget", "deployment_file", "endpoint_file", "open_target"]

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{1,30}[A-Za-z0-9])")
_LONG = 3600.0
_ALL = 100.0
_PORT = 8080
_STATES: Mapping[str, DeploymentState] = {
    "Succeeded": DeploymentState.READY,
    "Creating": DeploymentState.PENDING,
    "Updating": DeploymentState.PENDING,
    "Provisioning": DeploymentState.PENDING,
}

OPTIONS = options(
    "workspace",
    "resource_group",
    "image",
    workspace=option("string", "The workspace."),
    resource_group=option("string", "The resource group of the workspace."),
    subscription=option("string", "The subscription; the one of `az` unless given."),
    image=option("string", "The image that serves the model, which may have {name}, {version} and {digest} in it."),
    instance_type=option("string", "The machine.", "Standard_DS3_v2"),
    instance_count=option("integer", "How many machines each release has.", "1", minimum=1, maximum=1000),
    auth_mode=choice("How callers say who they are.", "key", "key", "aml_token", "aad_token"),
    workers=option("integer", "Processes in a machine that hold the model.", "1", minimum=1, maximum=256),
    timeout=option("number", "Seconds until a prediction is given up.", "60", minimum=1, maximum=180),
    concurrency=option("integer", "Requests that one machine gets at once.", "64", minimum=1),
    mount=option("boolean", "Whether the model's files are sent, for an image that does not hold them.", "false"),
    more=r"env\.[A-Za-z_][A-Za-z0-9_]*",
)


class AzuremlTarget:
    """The `Target` of an Azure ML workspace."""

    summary = "Azure ML: a managed online endpoint whose deployments share the traffic."
    options = OPTIONS

    def __init__(self, surroundings: Surroundings) -> None:
        self._programs = surroundings.programs or SystemPrograms(surroundings.variables)

    def plan(self, wanted: Wanted) -> Plan:
        """See Target."""
        _check(wanted)
        name, label = wanted.name, _label(wanted.release)
        steps = [
            Step(f"create the deployment {label} of the endpoint {name}", ("az", "ml", "online-deployment", "create"))
        ]
        if wanted.known is None:
            steps.insert(0, Step(f"create the endpoint {name}", ("az", "ml", "online-endpoint", "create")))
        if not wanted.candidate:
            steps.append(Step(f"give it all traffic: {label}=100", ("az", "ml", "online-endpoint", "update")))
        documents = {
            "endpoint.yaml": _yaml(endpoint_file(name, wanted.config)),
            "deployment.yaml": _yaml(deployment_file(name, wanted.release, wanted.config)),
        }
        return Plan(steps, documents)

    def apply(self, wanted: Wanted) -> Standing:
        """See Target."""
        _check(wanted)
        config, name, known = wanted.config, wanted.name, wanted.known
        if self._endpoint(name, config) is None:
            self._send(config, "online-endpoint", "create", endpoint_file(name, config))
        folder = str(wanted.files()) if text(config, OPTIONS, "mount") == "true" else ""
        made = deployment_file(name, wanted.release, config, folder)
        there = self._told(config, "online-deployment", "show", "--name", made["name"], "--endpoint-name", name)
        self._send(config, "online-deployment", "create" if there is None else "update", made)
        if wanted.candidate:
            return self._stands(name, wanted.release, config)
        shares = {made["name"]: _ALL}
        if known is not None and known.candidate is not None:
            shares = {made["name"]: _ALL - known.weight, _label(known.candidate): known.weight}
        self._divide(name, config, shares)
        return self._stands(name, wanted.release, config)

    def status(self, deployment: Deployment) -> Standing:
        """See Target."""
        return self._stands(deployment.name, deployment.current, deployment.config)

    def promote(self, deployment: Deployment, leading: Leading) -> Standing:
        """See Target."""
        if leading.canary is not None:
            msg = (
                "A canary that is judged by itself is not led in Azure ML. Give it traffic step by step with"
                f" `treering deployments promote {deployment.name} --weight 25`."
            )
            raise NotSupported(msg)
        candidate = deployment.candidate
        assert candidate is not None  # noqa: S101 -- the service promises it
        weight = _ALL if leading.weight is None else leading.weight
        if weight != round(weight):
            msg = f"Azure ML divides traffic by whole per cent, and {weight:g} is none."
            raise InvalidInput(msg)
        shares = {_label(deployment.current): _ALL - weight, _label(candidate): weight}
        self._divide(deployment.name, deployment.config, shares)
        return self._stands(deployment.name, candidate, deployment.config)

    def rollback(self, deployment: Deployment) -> Standing:
        """See Target."""
        back, gone = deployment.current, deployment.candidate
        if gone is None and deployment.previous is not None:
            back, gone = deployment.previous, deployment.current
            there = ("--name", _label(back), "--endpoint-name", deployment.name)
            if self._told(deployment.config, "online-deployment", "show", *there) is None:
                msg = f"{back.source} is no longer at the endpoint {deployment.name}. Deploy it again."
                raise Unavailable(msg)
        self._divide(deployment.name, deployment.config, {_label(back): _ALL})
        if gone is not None and deployment.candidate is not None:
            which = ("--name", _label(gone), "--endpoint-name", deployment.name, "--yes")
            self._az(deployment.config, "online-deployment", "delete", *which)
        return self._stands(deployment.name, back, deployment.config)

    def remove(self, deployment: Deployment) -> None:
        """See Target."""
        if self._endpoint(deployment.name, deployment.config) is not None:
            self._az(deployment.config, "online-endpoint", "delete", "--name", deployment.name, "--yes")

    def live(self, deployment: Deployment) -> LiveDeployment:
        """See Target."""
        found = self._endpoint(deployment.name, deployment.config)
        if found is None:
            return unreachable(deployment, f"There is no endpoint {deployment.name}.")
        roles = {_label(deployment.current): ("current", deployment.current)}
        if deployment.candidate is not None:
            roles[_label(deployment.candidate)] = ("candidate", deployment.candidate)
        traffic = dict.fromkeys(roles, 0.0) | {
            str(name): float(share) for name, share in (found.get("traffic") or {}).items()
        }
        rows = []
        for name, share in traffic.items():
            role, release = roles.get(name, ("other", None))
            model, version = (release.model, release.version) if release is not None else ("", "")
            rows.append(LiveVariant(release.variant if release else name, role, model, version, share))
        ready = found.get("provisioning_state") == "Succeeded"
        return LiveDeployment(deployment.name, now(), deployment.state, ready, deployment.message, variants=rows)

    def predict(self, deployment: Deployment, request: Request) -> Answered:
        """See Target."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "request.json"
            file.write_bytes(request.body)
            words = ("--name", deployment.name, "--request-file", str(file))
            return Answered(200, self._az(deployment.config, "online-endpoint", "invoke", *words))

    def _stands(self, name: str, release: Release, config: Mapping[str, str]) -> Standing:
        endpoint = self._endpoint(name, config)
        if endpoint is None:
            return Standing(DeploymentState.FAILED, f"There is no endpoint {name}.")
        there = ("--name", _label(release), "--endpoint-name", name)
        found = self._told(config, "online-deployment", "show", *there)
        address = str(endpoint.get("scoring_uri") or "")
        if found is None:
            return Standing(
                DeploymentState.FAILED, f"The endpoint {name} has no deployment {_label(release)}.", address
            )
        word = str(found.get("provisioning_state", ""))
        state = _STATES.get(word, DeploymentState.FAILED)
        return Standing(state, "" if state is DeploymentState.READY else f"Azure ML says: {word}.", address)

    def _divide(self, name: str, config: Mapping[str, str], shares: Mapping[str, float]) -> None:
        words = " ".join(f"{label}={round(share)}" for label, share in shares.items())
        self._az(config, "online-endpoint", "update", "--name", name, "--traffic", words)

    def _endpoint(self, name: str, config: Mapping[str, str]) -> Mapping[str, Any] | None:
        return self._told(config, "online-endpoint", "show", "--name", name)

    def _told(self, config: Mapping[str, str], *words: str) -> Mapping[str, Any] | None:
        done = self._programs.run(self._command(config, *words, "--output", "json"), timeout=_LONG)
        if done.status and any(word in done.err for word in ("NotFound", "not found", "could not be found")):
            return None
        found: Mapping[str, Any] = json.loads(checked(done, f"az ml {words[0]} {words[1]}"))
        return found

    def _send(self, config: Mapping[str, str], kind: str, verb: str, document: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{kind}.yaml"
            file.write_text(_yaml(document), encoding="utf-8")
            self._az(config, kind, verb, "--file", str(file))

    def _az(self, config: Mapping[str, str], *words: str) -> bytes:
        return checked(self._programs.run(self._command(config, *words), timeout=_LONG), f"az ml {words[0]} {words[1]}")

    def _command(self, config: Mapping[str, str], *words: str) -> list[str]:
        place = ["--workspace-name", text(config, OPTIONS, "workspace")]
        place += ["--resource-group", text(config, OPTIONS, "resource_group")]
        if subscription := text(config, OPTIONS, "subscription"):
            place += ["--subscription", subscription]
        return ["az", "ml", *words, *place]


def open_target(surroundings: Surroundings) -> AzuremlTarget:
    """Azure ML, with the program `az` of this machine."""
    return AzuremlTarget(surroundings)


def endpoint_file(name: str, config: Mapping[str, str]) -> dict[str, Any]:
    """The endpoint, as Azure ML's schema has it."""
    return {
        "$schema": "https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json",
        "name": name,
        "auth_mode": text(config, OPTIONS, "auth_mode"),
        "tags": {"managed-by": "treering"},
    }


def deployment_file(name: str, release: Release, config: Mapping[str, str], folder: str = "") -> dict[str, Any]:
    """A release at it. `folder` holds the files of a model that the image does not hold."""
    probe = {"initial_delay": 5, "period": 5, "timeout": 2, "success_threshold": 1, "failure_threshold": 60}
    own = {key.removeprefix("env."): value for key, value in config.items() if key.startswith("env.")}
    made: dict[str, Any] = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json",
        "name": _label(release),
        "endpoint_name": name,
        "environment": {
            "image": release.image,
            "inference_config": {
                "liveness_route": {"port": _PORT, "path": "/v2/health/live"},
                "readiness_route": {"port": _PORT, "path": "/v2/health/ready"},
                "scoring_route": {"port": _PORT, "path": "/invocations"},
            },
        },
        "instance_type": text(config, OPTIONS, "instance_type"),
        "instance_count": whole(config, OPTIONS, "instance_count"),
        "request_settings": {
            "request_timeout_ms": int(number(config, OPTIONS, "timeout") * 1000),
            "max_concurrent_requests_per_instance": whole(config, OPTIONS, "concurrency"),
        },
        "liveness_probe": probe,
        "readiness_probe": probe,
        "environment_variables": {"WEB_CONCURRENCY": text(config, OPTIONS, "workers"), **own},
        "tags": {"managed-by": "treering", "source": release.source, "version": release.version},
    }
    if folder:
        made["model"] = {
            "name": re.sub(r"[^A-Za-z0-9_-]+", "-", release.model) or "model",
            "path": folder,
            "type": "custom_model",
        }
        made["model_mount_path"] = "/opt/ml/model"
    return made


def _label(release: Release) -> str:
    return (re.sub(r"[^a-z0-9]+", "-", f"r-{release.variant}".lower())[:32]).strip("-")


def _check(wanted: Wanted) -> None:
    if not _NAME.fullmatch(wanted.name):
        msg = f"{wanted.name!r} cannot be an endpoint in Azure ML: use 3 to 32 letters, digits and dashes, a letter first."
        raise InvalidInput(msg)
    if not wanted.release.image:
        msg = f"Azure ML needs an image that serves {wanted.release.source}. Name it with -C image=REGISTRY/NAME:{{version}}."
        raise InvalidInput(msg)


def _yaml(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(document), sort_keys=False)
