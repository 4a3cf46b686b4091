"""The command `treering registry card`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from treering.cli.session import session
from treering.core.whole_files import write_whole

__all__ = ["card"]


@click.command()
@click.argument("name")
@click.argument("version", required=False)
@click.option("--html", "as_html", is_flag=True, help="As a page that stands alone, not as Markdown.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="Write it there; a name that ends with .html makes it a page."
)
def card(name: str, version: str | None, *, as_html: bool, out: str | None) -> None:
    """Write the card of a model: what is known of it, for people to read.

    NAME is that of a registered model, with VERSION (a number or @alias; the
    newest one unless given), or an address: models:/<name>@<alias>, models:/m-<id>,
    runs:/<id>.
    """
    # Other commands of the registry start without what writes cards.
    cards = import_module("treering.client.cards")
    with session() as services:
        made = cards.card_at(services, name, version)
    if out is None:
        click.echo(made.html if as_html else made.markdown, nl=False)
        return
    text = made.html if as_html or Path(out).suffix.lower() in {".html", ".htm"} else made.markdown
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, text.encode())
    click.echo(f"Written to {out}")
