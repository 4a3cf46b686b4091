"""`treering demo`: the whole life of a model, on real data, in one command; then the UI."""

from __future__ import annotations

from pathlib import Path

import click

from treering.core.settings import find_home, read_settings
from treering.demo.life import Options, run_demo

__all__ = ["demo"]


@click.command()
@click.option("--ui/--no-ui", "with_ui", default=True, help="Show the web UI and wait for Ctrl-C, or end at once.")
@click.option("--host", default=None, help="Address of the web UI.  [default: 127.0.0.1]")
@click.option("--port", type=int, default=None, help="Port of the web UI; a free one if it is taken.  [default: 5000]")
def demo(*, with_ui: bool, host: str | None, port: int | None) -> None:
    """Track, judge, register, serve and show a real model.

    Says what the model is for, splits and profiles tumour measurements that ship
    inside scikit-learn, and trains a small grid of classifiers on them. Three are
    judged on rows that none has seen, and have to pass the gate; the best one becomes
    the champion when somebody has approved it, is rolled back and let in again, gets
    its model card, and is served and asked. Everything is kept in the embedded store
    of the working directory, and nothing is fetched.
    """
    settings = read_settings()
    home = find_home(settings, Path.cwd())
    options = Options(home, host or settings.host, settings.port if port is None else port, with_ui)
    try:
        run_demo(options, click.echo)
    except KeyboardInterrupt:
        click.echo("\nStopped.")
