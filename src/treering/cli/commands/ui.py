"""`treering ui`: the same as `treering server`, under the name that people look for."""

from __future__ import annotations

from treering.cli.commands.server import serving_command

__all__ = ["ui"]

ui = serving_command("ui", "Serve the user interface, with all that `treering server` serves.")
