"""`treering serve`: models, a service or a bundle behind HTTP, until Ctrl-C."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from treering.cli.models.starting import serving_options, start
from treering.core.settings import Settings
from treering.serving.aiming import aim_at

__all__ = ["serve"]

_BUNDLE = "bundle:"


@click.command("serve")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@serving_options
@click.option("--separate", is_flag=True, help="Give each service that the service depends on workers of its own.")
@click.option("--tasks", default="", help="File to keep a service's tasks in; else they end with the server.")
@click.option("--arg", "arguments", multiple=True, metavar="NAME=VALUE", help="A value for treering.use_arguments.")
@click.pass_obj
def serve(settings: Settings, /, *, targets: tuple[str, ...], **given: Any) -> None:
    """Answer requests for models, for a service, or for a bundle, until Ctrl-C.

    TARGET is a model's folder or URI, such as models:/iris@champion; a service, such as service:Shop; or a
    bundle, as bundle:NAME, bundle:NAME:TAG or its folder. Several models are served together: versions of one name answer at one place, others each at its own.
    NAME=TARGET gives a model another name.
    """
    start(settings, [aim_at(_placed(target)) for target in targets], given)


def _placed(target: str) -> str:
    """A bundle of this machine as its folder; where bundles are is only looked for when one is named."""
    if not target.startswith(_BUNDLE):
        return target
    return str(import_module("treering.client.bundles.keeping").folder_of(target))
