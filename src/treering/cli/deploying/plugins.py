"""MLflow's commands of deployments, on plug-ins and on our own targets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from treering.cli.deploying.options import pairs
from treering.client.deploy_client import get_deploy_client, run_local, target_help
from treering.core.errors import InvalidInput

__all__ = [
    "create_",
    "create_endpoint_",
    "delete_",
    "delete_endpoint_",
    "explain_",
    "get_",
    "get_endpoint_",
    "help_",
    "list_",
    "list_endpoints_",
    "predict_",
    "run_local_",
    "update_",
    "update_endpoint_",
]

Function = TypeVar("Function", bound=Callable[..., Any])


def _target(function: Function) -> Function:
    text = "A target, as a name or URI, such as local, or sagemaker:/eu-west-1."
    return click.option("--target", "-t", required=True, help=text)(function)


def _name(function: Function) -> Function:
    return click.option("--name", "name", required=True, help="The deployment.")(function)


def _config(function: Function) -> Function:
    return click.option("--config", "-C", multiple=True, help="NAME=VALUE; repeatable.")(function)


def _endpoint(function: Function) -> Function:
    return click.option("--endpoint", help="The endpoint, where the target has such.")(function)


def _flavour(function: Function) -> Function:
    return click.option("--flavor", "-f", help="Which of the model's flavors is deployed.")(function)


def _model(*, required: bool) -> Callable[[Function], Function]:
    return click.option("--model-uri", "-m", required=required, help="The model.")


def _beside(endpoint: str | None) -> Mapping[str, Any]:
    """Older plug-ins do not know endpoints."""
    return {} if endpoint is None else {"endpoint": endpoint}


@click.command("create")
@_endpoint
@_config
@_name
@_target
@_model(required=True)
@_flavour
def create_(
    *, name: str, target: str, model_uri: str, flavor: str | None, config: Sequence[str], endpoint: str | None
) -> None:
    """Deploy a model to a target under a name."""
    client = get_deploy_client(target)
    made = client.create_deployment(name, model_uri, flavor, config=pairs(config), **_beside(endpoint))
    click.echo(f"\n{made.get('flavor')} deployment {made['name']} is created")


@click.command("update")
@_endpoint
@_config
@_name
@_target
@_model(required=False)
@_flavour
def update_(
    *, name: str, target: str, model_uri: str | None, flavor: str | None, config: Sequence[str], endpoint: str | None
) -> None:
    """Put another model, or another config, in the place of a deployment."""
    client = get_deploy_client(target)
    done = client.update_deployment(name, model_uri=model_uri, flavor=flavor, config=pairs(config), **_beside(endpoint))
    click.echo(f"Deployment {name} is updated (with flavor {done.get('flavor')})")


@click.command("delete")
@_endpoint
@_config
@_name
@_target
def delete_(*, name: str, target: str, config: Sequence[str], endpoint: str | None) -> None:
    """Delete a deployment."""
    client = get_deploy_client(target)
    further = {"config": pairs(config)} if config else {}
    client.delete_deployment(name, **further, **_beside(endpoint))
    click.echo(f"Deployment {name} is deleted")


@click.command("list")
@_endpoint
@_target
def list_(*, target: str, endpoint: str | None) -> None:
    """List the names of a target's deployments."""
    found = get_deploy_client(target).list_deployments(**_beside(endpoint))
    click.echo(f"List of all deployments:\n{[one['name'] for one in found]}")


@click.command("get")
@_endpoint
@_name
@_target
def get_(*, name: str, target: str, endpoint: str | None) -> None:
    """Show a deployment."""
    for key, value in get_deploy_client(target).get_deployment(name, **_beside(endpoint)).items():
        click.echo(f"{key}: {value}")
    click.echo("")


@click.command("predict")
@click.option("--name", "name", help="The deployment.")
@_endpoint
@_target
@click.option("--input-path", "-I", required=True, help="A JSON or CSV file with a table.")
@click.option("--output-path", "-O", help="Where the answer is written; standard output unless given.")
def predict_(*, name: str | None, endpoint: str | None, target: str, input_path: str, output_path: str | None) -> None:
    """Ask a deployment."""
    if (name is None) == (endpoint is None):
        msg = "Give --name or --endpoint, and not both."
        raise click.UsageError(msg)
    answer = get_deploy_client(target).predict(name, _table(input_path), **_beside(endpoint))
    _tell(_json(answer), output_path)


@click.command("explain")
@click.option("--name", "name", help="The deployment.")
@_endpoint
@_target
@click.option("--input-path", "-I", required=True, help="A JSON or CSV file with a table.")
@click.option("--output-path", "-O", help="Where the answer is written; standard output unless given.")
def explain_(*, name: str | None, endpoint: str | None, target: str, input_path: str, output_path: str | None) -> None:
    """Ask why a deployment answers as it does."""
    if (name is None) == (endpoint is None):
        msg = "Give --name or --endpoint, and not both."
        raise click.UsageError(msg)
    _tell(_json(get_deploy_client(target).explain(name, _table(input_path), **_beside(endpoint))), output_path)


@click.command("run-local")
@_config
@_name
@_target
@_model(required=True)
@_flavour
def run_local_(*, name: str, target: str, model_uri: str, flavor: str | None, config: Sequence[str]) -> None:
    """Deploy to this machine, for tests."""
    run_local(target, name, model_uri, flavor, pairs(config))


@click.command("help")
@_target
def help_(*, target: str) -> None:
    """Say what a target can be told."""
    click.echo(target_help(target))


@click.command("create-endpoint")
@_config
@click.option("--endpoint", required=True, help="Its name.")
@_target
def create_endpoint_(*, endpoint: str, target: str, config: Sequence[str]) -> None:
    """Make an endpoint."""
    made = get_deploy_client(target).create_endpoint(endpoint, config=pairs(config))
    click.echo(f"\nEndpoint {made['name']} is created")


@click.command("update-endpoint")
@_config
@click.option("--endpoint", required=True, help="Its name.")
@_target
def update_endpoint_(*, endpoint: str, target: str, config: Sequence[str]) -> None:
    """Change an endpoint."""
    get_deploy_client(target).update_endpoint(endpoint, config=pairs(config))
    click.echo(f"Endpoint {endpoint} is updated")


@click.command("delete-endpoint")
@click.option("--endpoint", required=True, help="Its name.")
@_target
def delete_endpoint_(*, endpoint: str, target: str) -> None:
    """Delete an endpoint."""
    get_deploy_client(target).delete_endpoint(endpoint)
    click.echo(f"Endpoint {endpoint} is deleted")


@click.command("list-endpoints")
@_target
def list_endpoints_(*, target: str) -> None:
    """List the names of a target's endpoints."""
    found = get_deploy_client(target).list_endpoints()
    click.echo(f"List of all endpoints:\n{[one['name'] for one in found]}")


@click.command("get-endpoint")
@click.option("--endpoint", required=True, help="Its name.")
@_target
def get_endpoint_(*, endpoint: str, target: str) -> None:
    """Show an endpoint."""
    for key, value in get_deploy_client(target).get_endpoint(endpoint).items():
        click.echo(f"{key}: {value}")
    click.echo("")


def _table(path: str) -> Any:
    pandas = import_module("pandas")
    try:
        return pandas.read_csv(path) if path.endswith(".csv") else pandas.read_json(path)
    except (OSError, ValueError) as error:
        msg = f"No table can be read from {path}: {error}"
        raise InvalidInput(msg) from error


def _json(answer: Any) -> str:
    to_json = getattr(answer, "to_json", None)
    return str(to_json()) if callable(to_json) else json.dumps(answer)


def _tell(text: str, path: str | None) -> None:
    if path:
        Path(path).write_text(text, encoding="utf-8")
    else:
        click.echo(text)
