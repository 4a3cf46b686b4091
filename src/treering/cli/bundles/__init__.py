"""The commands of `treering bundle`, loaded when they are called."""

from __future__ import annotations

import click

from treering.core.plugins import Registry

__all__ = ["BUNDLE_COMMANDS", "BUNDLE_HELP"]

_PLACES = {
    "build": "build",
    "containerize": "images",
    "delete": "keeping",
    "dockerfile": "images",
    "export": "moving",
    "import": "moving",
    "keygen": "checking",
    "list": "keeping",
    "pull": "moving",
    "push": "moving",
    "show": "keeping",
    "sign": "checking",
    "tag": "keeping",
    "verify": "checking",
}

BUNDLE_HELP = {
    "build": "Pack models, code and a locked environment.",
    "containerize": "Make an image of a bundle.",
    "delete": "Remove bundles.",
    "dockerfile": "Write what an image is built of.",
    "export": "Write a bundle to a file or folder.",
    "import": "Keep a bundle from a file or folder.",
    "keygen": "Make a pair of keys to sign with.",
    "list": "List bundles.",
    "pull": "Fetch a bundle from an artifact store.",
    "push": "Send a bundle to an artifact store.",
    "show": "Show what is in a bundle.",
    "sign": "Sign a bundle.",
    "tag": "Point a tag at a bundle.",
    "verify": "Look whether a bundle is whole and right.",
}

BUNDLE_COMMANDS: Registry[click.Command] = Registry(
    "treering.bundle_commands",
    "command of bundles",
    {name: f"treering.cli.bundles.{place}:{name}_command" for name, place in _PLACES.items()},
)
"""The commands; those of other packages are added through the entry point group `treering.bundle_commands`."""
