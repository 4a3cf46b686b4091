"""MLflow's way to deploy: a client for a target, ours or one of a plug-in for MLflow.

Plug-ins are found through the entry points `mlflow.deployments`: a module with one subclass of `BaseDeploymentClient`,
and the functions `run_local` and `target_help`. They run on MLflow where that is installed, else on Treering under its
name.
"""

from __future__ import annotations

import abc
import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import urlsplit

from treering.assembly import Services
from treering.client.deploying import Asked, order_of
from treering.client.session import session
from treering.client.stand_in import install_as_mlflow
from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.core.plugins import Registry
from treering.core.variables import process_variables, set_variable
from treering.deployments.base import TARGETS, Request
from treering.entities.deployment import Deployment, DeploymentQuery

__all__ = [
    "BaseDeploymentClient",
    "TargetClient",
    "get_deploy_client",
    "get_deployments_target",
    "run_local",
    "set_deployments_target",
    "target_help",
]

_GROUP = "mlflow.deployments"
_TARGET = "MLFLOW_DEPLOYMENTS_TARGET"
_FLAVOUR = "python_function"
Config = Mapping[str, Any] | None

_ENCODERS: Registry[Any] = Registry(
    "treering.request_encoders", "encoder of requests", {"tables": "treering.client.deploy_inputs:request_of"}
)


class BaseDeploymentClient(abc.ABC):
    """What a plug-in's client is derived from; methods that it lacks raise NotSupported."""

    def __init__(self, target_uri: str) -> None:
        self.target_uri = target_uri

    @abc.abstractmethod
    def create_deployment(
        self, name: str, model_uri: str, flavor: str | None = None, config: Config = None, endpoint: str | None = None
    ) -> Mapping[str, Any]:
        """Deploy a model; the answer has at least its `name`, perhaps its `flavor`."""

    @abc.abstractmethod
    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Config = None,
        endpoint: str | None = None,
    ) -> Mapping[str, Any]:
        """Put another model, or another config, in its place; the answer has at least its `flavor`."""

    @abc.abstractmethod
    def delete_deployment(self, name: str, config: Config = None, endpoint: str | None = None) -> None:
        """Delete it; no error where there is none."""

    @abc.abstractmethod
    def list_deployments(self, endpoint: str | None = None) -> list[Mapping[str, Any]]:
        """All there are, each with its `name`."""

    @abc.abstractmethod
    def get_deployment(self, name: str, endpoint: str | None = None) -> Mapping[str, Any]:
        """One, with its `name`."""

    @abc.abstractmethod
    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        """Ask it."""

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Any:
        """Ask it for one piece after the other."""
        self._lacks("predict_stream", deployment_name, inputs, endpoint)

    def explain(self, deployment_name: str | None = None, df: Any = None, endpoint: str | None = None) -> Any:
        """Ask why it answers as it does."""
        self._lacks("explain", deployment_name, df, endpoint)

    def create_endpoint(self, name: str, config: Config = None) -> Mapping[str, Any]:
        """Make a place for deployments."""
        self._lacks("create_endpoint", name, config)

    def update_endpoint(self, endpoint: str, config: Config = None) -> Mapping[str, Any] | None:
        """Change it."""
        self._lacks("update_endpoint", endpoint, config)

    def delete_endpoint(self, endpoint: str) -> None:
        """Delete it."""
        self._lacks("delete_endpoint", endpoint)

    def list_endpoints(self) -> list[Mapping[str, Any]]:
        """All there are."""
        self._lacks("list_endpoints")

    def get_endpoint(self, endpoint: str) -> Mapping[str, Any]:
        """One of them."""
        self._lacks("get_endpoint", endpoint)

    def _lacks(self, what: str, *_given: object) -> NoReturn:
        msg = f"The deployment target {self.target_uri!r} has no {what}."
        raise NotSupported(msg)


class TargetClient(BaseDeploymentClient):
    """One of our own targets, as MLflow's users work with it. What it does is recorded as everything else is."""

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        self._target, self._given = _parsed(target_uri)

    def create_deployment(
        self, name: str, model_uri: str, flavor: str | None = None, config: Config = None, endpoint: str | None = None
    ) -> Mapping[str, Any]:
        """As `BaseDeploymentClient.create_deployment`. Raises InvalidInput where there is one of the name."""
        self._refuse(flavor, endpoint)
        with _services() as (services, home):
            known = [one.name for one in services.deployments().search(DeploymentQuery(text=name)).items]
            if name in known:
                msg = f"There is a deployment {name!r} already. Update it, or choose another name."
                raise InvalidInput(msg)
            return self._put(services, home, name, model_uri, config)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Config = None,
        endpoint: str | None = None,
    ) -> Mapping[str, Any]:
        """As `BaseDeploymentClient.update_deployment`."""
        self._refuse(flavor, endpoint)
        with _services() as (services, home):
            known = services.deployments().get(name)
            return self._put(services, home, name, model_uri or known.current.source, config)

    def delete_deployment(self, name: str, config: Config = None, endpoint: str | None = None) -> None:
        """As `BaseDeploymentClient.delete_deployment`."""
        del config
        self._refuse(None, endpoint)
        with _services() as (services, _):
            try:
                services.deployments().remove(name)
            except NotFound:
                return

    def list_deployments(self, endpoint: str | None = None) -> list[Mapping[str, Any]]:
        """As `BaseDeploymentClient.list_deployments`."""
        self._refuse(None, endpoint)
        with _services() as (services, _):
            query = DeploymentQuery(target=self._target, max_results=1000)
            return [_told(one) for one in services.deployments().search(query).items]

    def get_deployment(self, name: str, endpoint: str | None = None) -> Mapping[str, Any]:
        """As `BaseDeploymentClient.get_deployment`."""
        self._refuse(None, endpoint)
        with _services() as (services, _):
            return _told(services.deployments().status(name))

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        """As `BaseDeploymentClient.predict`: the answer's JSON as plain values."""
        self._refuse(None, endpoint)
        if deployment_name is None:
            msg = "Which deployment? Give deployment_name."
            raise InvalidInput(msg)
        request: Request = _ENCODERS.load("tables")(inputs)
        with _services() as (services, _):
            answer = services.deployments().predict(deployment_name, request)
        if answer.status >= 400:  # noqa: PLR2004 -- where errors begin
            msg = f"The deployment {deployment_name!r} answered with status {answer.status}: {answer.body[:500]!r}"
            raise InvalidInput(msg)
        return json.loads(answer.body)

    def _put(self, services: Services, home: Path, name: str, source: str, config: Config) -> Mapping[str, Any]:
        texts = {**self._given, **{key: _text(value) for key, value in (config or {}).items()}}
        with order_of(Asked(source, name, self._target, texts), services, home) as order:
            return _told(services.deployments().deploy(order))

    def _refuse(self, flavor: str | None, endpoint: str | None) -> None:
        if endpoint is not None:
            msg = f"The target {self._target!r} has no endpoints beside deployments. Leave the endpoint out."
            raise NotSupported(msg)
        if flavor not in {None, _FLAVOUR}:
            msg = f"The target {self._target!r} serves models as {_FLAVOUR}, and not as {flavor!r}."
            raise InvalidInput(msg)


def get_deploy_client(target_uri: str | None = None) -> Any:
    """A client for a target: one of ours, such as `local`, or one of a plug-in, such as `sagemaker:/eu-west-1`.

    Raises:
        UnknownPlugin: If there is none; the message lists those there are.
    """
    uri = target_uri or get_deployments_target()
    name = _scheme(uri)
    if name in TARGETS.builtins:
        return TargetClient(uri)
    module = _plugin(name)
    if module is not None:
        return _client_class(module, name)(uri)
    TARGETS.load(name)  # of somebody's package, or the error that lists all
    return TargetClient(uri)


def run_local(
    target: str, name: str, model_uri: str, flavor: str | None = None, config: Config = None
) -> Mapping[str, Any] | None:
    """Deploy to this machine, for tests, in the way of a target."""
    module = None if _scheme(target) in TARGETS.builtins else _plugin(_scheme(target))
    if module is None:
        return TargetClient("local").create_deployment(name, model_uri, flavor, config)
    made: Mapping[str, Any] | None = module.run_local(target, name, model_uri, flavor, config)
    return made


def target_help(target: str) -> str:
    """What a target can be told."""
    name = _scheme(target)
    module = None if name in TARGETS.builtins else _plugin(name)
    if module is not None:
        return str(module.target_help())
    with _services() as (services, _):
        found = next((one for one in services.deployments().targets() if one.name == name), None)
    if found is None:
        TARGETS.load(name)
        return ""
    lines = [f"{key}: {one['description']}" for key, one in found.options["properties"].items()]
    return "\n".join([found.summary, "", "It can be told, by --config NAME=VALUE:", *lines])


def set_deployments_target(target: str) -> None:
    """Which target is meant where none is named, in this process and those that it starts."""
    set_variable(_TARGET, target)


def get_deployments_target() -> str:
    """Which target is meant where none is named. Raises InvalidInput if nobody said so."""
    named = process_variables().get(_TARGET, "")
    if not named:
        msg = f"No deployment target is named. Name one, call set_deployments_target, or set {_TARGET}."
        raise InvalidInput(msg)
    return named


def _scheme(uri: str) -> str:
    return urlsplit(uri).scheme or uri.partition(":")[0]


def _parsed(uri: str) -> tuple[str, dict[str, str]]:
    """The target's name, and what the URI says besides: `sagemaker:/<region>/<role to assume>`."""
    name, _, rest = uri.partition(":")
    if name != "sagemaker":
        return name, {}
    region, _, role = rest.strip("/").partition("/")
    return name, {key: value for key, value in (("region_name", region), ("assume_role_arn", role)) if value}


def _plugin(name: str) -> ModuleType | None:
    for point in entry_points(group=_GROUP):
        if point.name == name:
            if importlib.util.find_spec("mlflow") is None:
                install_as_mlflow()
            module: ModuleType = point.load()
            return module
    return None


def _client_class(module: ModuleType, name: str) -> Any:
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and one.__name__ != BaseDeploymentClient.__name__
        and any(base.__name__ == BaseDeploymentClient.__name__ for base in one.__mro__)
    ]
    if len(found) != 1:
        names = ", ".join(one.__name__ for one in found) or "none"
        msg = f"The plug-in {name!r} for deployments has to have one client, and has {names}. Tell those who made it."
        raise InvalidInput(msg)
    return found[0]


def _told(one: Deployment) -> Mapping[str, Any]:
    return {**asdict(one), "state": one.state.value, "flavor": _FLAVOUR}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)


@contextmanager
def _services() -> Iterator[tuple[Services, Path]]:
    place = session().place
    yield place.services(), place.target.home
