"""`treering deployments`: what answers where; promoting, rolling back, removing; and MLflow's commands for plug-ins."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from treering.cli.deploying import PLUGIN_COMMANDS, PLUGIN_HELP
from treering.cli.deploying.options import (
    canary_option,
    every_option,
    reason_option,
    show_deployment,
    steps,
    version_of,
    weight_option,
)
from treering.cli.main import LazyGroup
from treering.cli.output import json_option, print_json, print_table, when
from treering.cli.session import session
from treering.client.deploying import leading_of
from treering.core.errors import NotFound
from treering.deployments.base import AT_ONCE, TARGETS, Request
from treering.entities.deployment import DeploymentQuery, DeploymentState

__all__ = ["DeploymentsGroup", "deployments"]

_FAILED = 1
_HELP: Mapping[str, str] = {
    "history": "What happened to a deployment.",
    "list": "List deployments, or those of a plug-in.",
    "live": "Traffic, latency and errors now.",
    "predict": "Ask a deployment.",
    "promote": "Give traffic to the candidate.",
    "remove": "Take a deployment down.",
    "rollback": "Drop the candidate, or go back.",
    "show": "Show one deployment as it stands now.",
    "targets": "List places where models can be put.",
}


class DeploymentsGroup(LazyGroup):
    """Our own commands, and MLflow's, which are loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted({*self.commands, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Ours, else one of MLflow's."""
        return self.commands.get(cmd_name) or super().get_command(ctx, cmd_name)


@click.group(cls=DeploymentsGroup, table=PLUGIN_COMMANDS, lines={**PLUGIN_HELP, **_HELP})
def deployments() -> None:
    """What answers where: promote, roll back, remove."""


@deployments.command("list")
@click.option("--target", "-t", default="", help="Only those at this target; a plug-in's is asked itself.")
@click.option("--endpoint", help="Only those of an endpoint, where the plug-in has such.")
@click.option("--model", default="", help="Only those of a model.")
@click.option("--version", default="", help="Only those of a version.")
@click.option("--state", default="", help="Only those that stand like this.")
@click.option("--removed", is_flag=True, help="With those that were removed.")
@json_option
@click.pass_context
def list_deployments(ctx: click.Context, /, *, target: str, endpoint: str | None, as_json: bool, **asked: Any) -> None:
    """List deployments, as they were last seen."""
    if target and (target not in TARGETS or endpoint is not None):
        ctx.invoke(PLUGIN_COMMANDS.load("list"), target=target, endpoint=endpoint)
        return
    query = DeploymentQuery(target=target, max_results=1000, **{**asked, "state": asked["state"].upper()})
    with session() as services:
        found = list(services.deployments().search(query).items)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.name, one.target, one.state, version_of(one.current),
         f"{version_of(one.candidate)} ({one.weight:g} %)" if one.candidate else "", one.address, one.owner, when(one.updated))
        for one in found
    ]  # fmt: skip
    columns = ["name", "target", "state", "version", "candidate", "address", "owner", "updated"]
    print_table(columns, rows, "Nothing is deployed. Begin with: treering deploy MODEL --name NAME")


@deployments.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> int:
    """Show one deployment as it stands now; the exit status is 1 where it has failed or cannot be asked."""
    with session() as services:
        one = services.deployments().status(name)
    if as_json:
        print_json(one)
    else:
        show_deployment(one)
    return _FAILED if one.state in {DeploymentState.FAILED, DeploymentState.UNKNOWN} else 0


@deployments.command()
@click.argument("name")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most events.")
@json_option
def history(name: str, *, limit: int, as_json: bool) -> None:
    """Show what happened to a deployment, the newest first."""
    with session() as services:
        found = services.deployments().history(name, limit).items
    if as_json:
        print_json(found)
        return
    rows = [
        (when(one.time), one.user, one.action, one.before, one.after, f"{one.weight:g} %" if one.weight else "",
         one.detail or one.reason)
        for one in found
    ]  # fmt: skip
    print_table(["time", "user", "what", "before", "after", "traffic", "why"], rows, "Nothing happened.")


@deployments.command()
@click.argument("name")
@json_option
def live(name: str, *, as_json: bool) -> int:
    """Show traffic, latency and errors of this moment."""
    with session() as services:
        now = services.deployments().live(name)
    if as_json:
        print_json(now)
        return 0 if now.reachable else _FAILED
    click.echo(f"{now.name}: {now.state}{'' if now.reachable else ', and does not answer'}  {now.message}".rstrip())
    rows = [
        (one.variant, one.role, f"{one.model} {one.version}".strip(), f"{one.weight:g} %", one.requests, one.errors,
         _number(one.rate, "/s"), _millis(one.p50), _millis(one.p99))
        for one in now.variants
    ]  # fmt: skip
    print_table(["variant", "role", "version", "traffic", "requests", "errors", "rate", "p50", "p99"], rows, "")
    if now.canary is not None:
        steps_done = ", ".join(f"{step:g}" for step in now.canary.steps)
        click.echo(f"canary {now.canary.state}: {now.canary.weight:g} % of {steps_done}  {now.canary.reason}".rstrip())
    return 0 if now.reachable else _FAILED


@deployments.command()
@click.argument("name")
@canary_option
@every_option
@weight_option
@reason_option
@click.option("--revision", type=int, help="Only if it is still at this revision.")
@json_option
def promote(  # noqa: PLR0913 -- the options of a command
    name: str,
    *,
    canary: str | None,
    every: float,
    weight: float | None,
    reason: str,
    revision: int | None,
    as_json: bool,
) -> None:
    """Give traffic to the candidate: all of it, so many per cent, or more and more while it is judged."""
    leading = leading_of(steps(canary), every, weight) or AT_ONCE
    with session() as services:
        done = services.deployments().promote(name, leading, reason=reason, revision=revision)
    print_json(done) if as_json else show_deployment(done)


@deployments.command()
@click.argument("name")
@reason_option
@click.option("--revision", type=int, help="Only if it is still at this revision.")
@json_option
def rollback(name: str, *, reason: str, revision: int | None, as_json: bool) -> None:
    """Drop the candidate; without one, go back to the version before."""
    with session() as services:
        done = services.deployments().rollback(name, reason=reason, revision=revision)
    print_json(done) if as_json else show_deployment(done)


@deployments.command()
@click.argument("name")
@reason_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove(name: str, *, reason: str, yes: bool) -> None:
    """Take a deployment down; its record and history stay."""
    if not yes:
        click.confirm(f"Take {name} down?", abort=True)
    with session() as services:
        services.deployments().remove(name, reason=reason)
    click.echo(f"{name} is removed.")


@deployments.command()
@click.argument("target", default="")
@json_option
def targets(target: str, *, as_json: bool) -> None:
    """List places where models can be put, or what TARGET can be told."""
    with session() as services:
        found = services.deployments().targets()
    if target:
        found = [one for one in found if one.name == target]
    if target and not found:
        TARGETS.load(target)  # says which there are
    if as_json:
        print_json(found)
        return
    if not target:
        print_table(["target", "what"], [(one.name, one.summary) for one in found], "")
        return
    needed = found[0].options.get("required", ())
    rows = [
        (name, "needed" if name in needed else one.get("default", ""), one["description"])
        for name, one in found[0].options["properties"].items()
    ]
    print_table(["option", "default", "what"], rows, "It can be told nothing.")


@deployments.command()
@click.option("--name", "-n", help="The deployment.")
@click.option("--endpoint", help="The endpoint, where a plug-in has such.")
@click.option("--target", "-t", default="", help="A plug-in's target; ours know where they are.")
@click.option("--input-path", "-I", required=True, help="A file with the request: JSON, or CSV; - for standard input.")
@click.option("--output-path", "-O", help="Where the answer is written; standard output unless given.")
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    *,
    name: str | None,
    endpoint: str | None,
    target: str,
    input_path: str,
    output_path: str | None,
) -> int:
    """Ask a deployment."""
    if target and (target not in TARGETS or endpoint is not None):
        given = {
            "name": name,
            "endpoint": endpoint,
            "target": target,
            "input_path": input_path,
            "output_path": output_path,
        }
        ctx.invoke(PLUGIN_COMMANDS.load("predict"), **given)
        return 0
    if name is None:
        msg = "--name is needed: which deployment?"
        raise click.UsageError(msg)
    request = Request(_read(input_path), "text/csv" if input_path.endswith(".csv") else "application/json")
    with session() as services:
        answer = services.deployments().predict(name, request)
    if output_path:
        Path(output_path).write_bytes(answer.body)
    else:
        click.echo(answer.body.decode(errors="replace"))
    return 0 if answer.status < 400 else _FAILED  # noqa: PLR2004 -- where errors begin


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        msg = f"There is no file {path} to send."
        raise NotFound(msg) from error


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.4g}{unit}"


def _millis(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.3g} ms"
