"""From targets and options of a command to a server that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import click

from treering.cli.models.options import folder_of, trust_option, trusted, version_of
from treering.cli.models.watching import WATCHING, watching
from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.core.settings import Settings
from treering.models.load_options import LoadOptions
from treering.serving.aiming import Aim, Fetched, models_of
from treering.serving.front.options import Patience, ServingOptions, what_of_models
from treering.serving.front.running import Where, serve

__all__ = ["serving_options", "start"]

F = TypeVar("F", bound=Callable[..., Any])

# Only who serves a service has to read its text.
_SERVICES: Registry[Callable[..., Any]] = Registry(
    "treering.served_services", "kind of service to serve", {"service": "treering.cli.served_service:prepare"}
)

_OPTIONS = (
    click.option("--host", "-h", help="Address to listen on; 0.0.0.0 opens the server to the network."),
    click.option("--port", "-p", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one."),
    click.option(
        "--grpc-port", type=click.IntRange(1, 65535), help="Port to listen on for gRPC as well; needs the extra grpc."
    ),
    click.option(
        "--workers", "-w", type=click.IntRange(1),
        help="Processes that hold what is served; as many as a service asks for, else 1.",
    ),
    click.option(
        "--timeout", "-t", type=click.FloatRange(0, min_open=True), help="Seconds until a request is told 504."
    ),
    click.option("--max-waiting", type=click.IntRange(0), help="Requests that may wait; a further one is told 429."),
    click.option("--max-batch", type=click.IntRange(1), help="Requests that may be predicted together; 1: each alone."),
    click.option(
        "--max-memory", type=click.IntRange(1), help="MiB that a worker may hold before it is replaced."
    ),
    click.option(
        "--split", multiple=True, metavar="[MODEL:]VARIANT=WEIGHT",
        help="How requests are divided; a variant is called by its alias, or v and its version.",
    ),
    click.option(
        "--shadow", multiple=True, metavar="[MODEL:]VARIANT=SHARE",
        help="A variant that gets copies of this share of requests, 0 to 1, which no client waits for.",
    ),
    click.option(
        "--control-token",
        help="What orders to the running server have to bring; without it they come from this machine only.",
    ),
    click.option("--access-log", is_flag=True, help="Write a line of JSON for each request to stderr."),
    click.option("--drain", type=click.FloatRange(0), default=20.0, show_default=True,
                 help="Seconds that running requests get when the server ends."),
    click.option("--drain-delay", type=click.FloatRange(0), default=0.0, show_default=True,
                 help="Seconds that the server goes on, saying that it is not ready, before it ends."),
    click.option("--tls-cert", default="", help="PEM file of the certificate, to serve HTTPS."),
    click.option("--tls-key", default="", help="PEM file of the certificate's key."),
    click.option("--show-traces", is_flag=True, help="Tell clients where in the code an error came from."),
    trust_option,
)  # fmt: skip


def serving_options(command: F) -> F:
    """The options of all commands that serve."""
    for option in reversed((*_OPTIONS, *WATCHING)):
        command = option(command)
    return command


def start(settings: Settings, aims: Sequence[Aim], given: Mapping[str, Any]) -> None:
    """Serve until Ctrl-C.

    Args:
        given: What `serving_options` were.

    Raises:
        InvalidInput: If the targets do not go together.
        TreeringError: If they cannot be served.
    """
    with ExitStack() as stack:
        kind, what = _what(settings, aims, given, stack)
        options = ServingOptions(
            kind,
            what,
            workers=given["workers"] or what.get("workers", 1),
            timeout=_timeout(settings, given["timeout"], kind),
            body=settings.max_body_bytes,
            waiting=given["max_waiting"],
            group=given["max_batch"],
            memory=(given["max_memory"] or 0) << 20,
            access_log=given["access_log"],
            weights=_shares("--split", given["split"], what),
            shadows=_shares("--shadow", given["shadow"], what),
            control_token=given["control_token"] or settings.control_token,
            patience=Patience(drain=given["drain"], lame=given["drain_delay"]),
            **watching(settings, given),
        )
        host, port = given["host"], given["port"]
        where = Where(
            settings.host if host is None else host, settings.port if port is None else port,
            given["tls_cert"], given["tls_key"], given["grpc_port"],
        )  # fmt: skip
        serve(options, where, lambda url: _announce(url, aims, where))


def _what(
    settings: Settings, aims: Sequence[Aim], given: Mapping[str, Any], stack: ExitStack
) -> tuple[str, dict[str, Any]]:
    kinds = {aim.kind for aim in aims}
    loading = LoadOptions.of(settings, trusted(given["trust"]))
    if kinds == {"models"}:

        def fetch(uri: str) -> Fetched:
            return Fetched(folder_of(uri, settings, stack), version_of(uri, settings))

        return "models", what_of_models(models_of(aims, fetch), loading, show_traces=given["show_traces"])
    if len(aims) > 1:
        msg = "Several targets must all be models. Serve a service or a bundle alone."
        raise InvalidInput(msg)
    (aim,) = aims
    if aim.kind == "bundle":
        how = what_of_models((), loading, show_traces=given["show_traces"])
        return "bundle", {**how, "bundle": aim.target}
    prepared = _SERVICES.load("service")(aim.target, stack, separate=given.get("separate", False))
    arguments = dict(one.partition("=")[::2] for one in given.get("arguments", ()))
    return "service", {
        **prepared.what,
        "workers": prepared.workers,
        "arguments": arguments,
        "tasks": given.get("tasks", ""),
    }


def _timeout(settings: Settings, given: float | None, kind: str) -> float | None:
    """A service says itself how long its methods take."""
    return given if given is not None or kind == "service" else settings.model_server_timeout


def _shares(option: str, given: Sequence[str], what: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """`[MODEL:]VARIANT=NUMBER`, by model and variant; without a model it is the first."""
    found: dict[str, dict[str, float]] = {}
    for one in given:
        place, sign, number = one.rpartition("=")
        model, colon, variant = place.rpartition(":")
        try:
            value = float(number)
        except ValueError:
            sign = ""
            value = 0.0
        if not sign or not variant:
            msg = f"{option} {one} is not understood. Write VARIANT=NUMBER, or MODEL:VARIANT=NUMBER."
            raise InvalidInput(msg)
        models = what.get("models") or [{"name": ""}]
        found.setdefault(model if colon else str(models[0]["name"]), {})[variant] = value
    return found


def _announce(url: str, aims: Sequence[Aim], where: Where) -> None:
    if aims[0].kind == "models":
        click.echo(f"The model answers at {url}/invocations (Ctrl-C stops it)")
    else:
        click.echo(f"{aims[0].target} answers at {url} (Ctrl-C stops it)")
    if where.grpc_port is not None:
        click.echo(f"gRPC answers at {where.host}:{where.grpc_port}")
