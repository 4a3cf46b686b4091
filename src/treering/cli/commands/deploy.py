"""`treering deploy`: puts a model where it answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from treering.cli.deploying.options import (
    canary_option,
    config_option,
    every_option,
    pairs,
    reason_option,
    show_deployment,
    steps,
    values,
    weight_option,
)
from treering.cli.output import json_option, print_json
from treering.cli.session import session
from treering.client.deploying import Asked, leading_of, order_of
from treering.core.settings import find_home, read_settings
from treering.deployments.base import PATIENCE, Plan
from treering.entities.deployment import DeploymentState

__all__ = ["deploy"]

_FAILED = 1


@click.command()
@click.argument("source")
@click.option("--name", "-n", required=True, help="What the deployment is called.")
@click.option("--target", "-t", default="", help="Where: local, docker, kubernetes, ...; local unless it is elsewhere.")
@config_option
@click.option("--values", "-f", "file", type=click.Path(dir_okay=False), help="A YAML file with the same options.")
@click.option("--as", "called", default="", help="NAME:VERSION that it is called at the server, where not its own.")
@click.option("--tag", multiple=True, help="NAME=VALUE; repeatable.")
@click.option("--candidate", is_flag=True, help="Put it beside the version that answers, without traffic.")
@canary_option
@every_option
@weight_option
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option(
    "--timeout", type=click.FloatRange(0), default=PATIENCE, show_default=True, help="Seconds to wait; 0 does not wait."
)
@reason_option
@json_option
def deploy(  # noqa: PLR0913 -- the options of a command
    source: str,
    *,
    name: str,
    target: str,
    config: Sequence[str],
    file: str | None,
    called: str,
    tag: Sequence[str],
    candidate: bool,
    canary: str | None,
    every: float,
    weight: float | None,
    only_plan: bool,
    timeout: float,
    reason: str,
    as_json: bool,
) -> int:
    """Put SOURCE where it answers: under a new name, or in the place of the version that answers there.

    SOURCE is models:/NAME/VERSION or @ALIAS, runs:/RUN/PATH, the folder of a model or bundle, bundle:NAME:TAG, or
    docker://REGISTRY/NAME:TAG.
    """
    leading = leading_of(steps(canary), every, weight)
    asked = Asked(
        source,
        name,
        target,
        {**values(file), **pairs(config)},
        pairs(tag, "--tag"),
        candidate,
        leading,
        timeout,
        reason,
        called=called,
    )
    with session() as services, order_of(asked, services, find_home(read_settings(), Path.cwd())) as order:
        if only_plan:
            _show_plan(services.deployments().plan(order), as_json=as_json)
            return 0
        done = services.deployments().deploy(order)
    if as_json:
        print_json(done)
    else:
        show_deployment(done)
    return _FAILED if done.state is DeploymentState.FAILED else 0


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    for number, step in enumerate(plan.steps, 1):
        click.echo(f"{number}. {step.does}")
        if step.command:
            click.echo(f"   $ {' '.join(step.command)}")
    for name, text in plan.documents.items():
        click.echo(f"\n--- {name} ---\n{text.rstrip()}")
