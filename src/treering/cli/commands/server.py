"""`treering server`: the API and the user interface over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import click

from treering.client.sync import deliver_left
from treering.core.errors import NotSupported
from treering.core.log import logger
from treering.core.settings import Settings, find_home
from treering.server.run import ServerOptions, serve

__all__ = ["server", "serving_command"]

# Option, the setting behind it, type, and words for the help where the setting's do not do.
_OPTIONS: tuple[tuple[tuple[str, ...], str, Any, str], ...] = (
    (("--host", "-h"), "host", str, "Address to listen on; 0.0.0.0 opens the server to the network."),
    (("--port", "-p"), "port", click.IntRange(0, 65535), "Port to listen on; 0 takes a free one."),
    (("--backend-store-uri",), "backend_store_uri", str, "Database, such as sqlite:///treering.db or postgresql://..."),
    (("--default-artifact-root",), "default_artifact_root", str, "Where new experiments keep artifacts."),
    (("--artifacts-destination",), "artifacts_destination", str, "Where artifacts go that clients send through the server."),
    (("--serve-artifacts/--no-serve-artifacts",), "serve_artifacts", bool, "Take and give artifacts through the server."),
    (("--repository",), "repository", str,
     "Folder of the repository of data and pipelines to show, instead of the one that the server is started in; 'none': none."),
)  # fmt: skip


def serving_command(name: str, help_text: str) -> click.Command:
    """A command of that name with the options of a server."""

    def run(settings: Settings, **given: Any) -> None:
        _check_one_database(given)
        by_setting = {setting: given.pop(setting) for _, setting, _, _ in _OPTIONS}
        asked = {setting: value for setting, value in by_setting.items() if value is not None}
        options = ServerOptions(
            _split(given["allowed_hosts"]),
            _split(given["cors_allowed_origins"]),
            given["tls_cert"],
            given["tls_key"],
            given["workers"],
        )
        settings = replace(settings, **asked)

        def ready(url: str) -> None:
            # A folder above may have a store, and that one is served then.
            kept = "" if settings.backend_store_uri else f", with what {find_home(settings, Path.cwd())} holds"
            click.echo(f"Treering is ready at {url} (Ctrl-C stops it){kept}")
            # What it does not finish before the server ends is still in the journals then.
            Thread(target=_deliver_left, args=[settings], name="treering-deliver-left", daemon=True).start()

        serve(settings, options, ready)

    command: Callable[..., Any] = click.pass_obj(run)
    for decorate in reversed(_decorators()):
        command = decorate(command)
    return click.command(name, help=help_text)(command)


def _decorators() -> list[Callable[[Any], Any]]:
    backed = [
        click.option(*names, setting, type=kind, default=None, help=text) for names, setting, kind, text in _OPTIONS
    ]
    return [
        *backed,
        click.option("--registry-store-uri", default="", help="Database of the model registry: the same as the other."),
        click.option(
            "--workers", "-w", type=click.IntRange(1), default=1, help="Processes that answer; each uses one core."
        ),
        click.option("--tls-cert", default="", help="PEM file of the certificate, to serve HTTPS."),
        click.option("--tls-key", default="", help="PEM file of the certificate's key."),
        click.option(
            "--allowed-hosts",
            default="",
            help="Names, separated by commas, by which browsers may call the server; * allows all. Without it"
            " a server on loopback answers to loopback's names, one on the network to every name.",
        ),
        click.option(
            "--cors-allowed-origins",
            default="",
            help="Sites, separated by commas, whose pages may send changes, such as https://ml.example.org.",
        ),
    ]


def _check_one_database(given: Mapping[str, Any]) -> None:
    registry = given["registry_store_uri"]
    if registry and registry != given["backend_store_uri"]:
        msg = (
            "--registry-store-uri: models are registered in the same database as runs are tracked in."
            " Leave the option out, or give both the same URI."
        )
        raise NotSupported(msg)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _deliver_left(settings: Settings) -> None:
    """Deliver what programs left on this home that were killed, or that ended while a server was away."""
    for left in deliver_left(settings, find_home(settings, Path.cwd())):
        if left.error:
            logger.warning("%s still waits for delivery: %s", left.journal, left.error)
        elif left.records:
            logger.info("Delivered %d records that an ended program had left in %s.", left.records, left.journal)


server = serving_command("server", "Serve Treering's API, MLflow's protocol and the user interface.")
