"""Model cards in the native API."""

from __future__ import annotations

from importlib import import_module

from treering.assembly import Services
from treering.core.errors import InvalidInput
from treering.server.handling import Handlers
from treering.wire.native import cards as wire

__all__ = ["HANDLERS"]

HANDLERS = Handlers()

_WRITERS = {"html": "to_html", "markdown": "to_markdown"}


@HANDLERS.handles(wire.GET)
def _get(services: Services, asked: wire.AskCard) -> wire.Card:
    if asked.format not in _WRITERS:
        msg = f"A card is written as {' or '.join(sorted(_WRITERS))}, and not as {asked.format[:50]!r}."
        raise InvalidInput(msg)
    # A server that nobody asks for a card starts without what writes one.
    facts = import_module("treering.provenance.cards").card_of_version(services, asked.name, asked.version)
    writer = import_module(f"treering.evaluation.card.{asked.format}")
    text: str = getattr(writer, _WRITERS[asked.format])(facts)
    return wire.Card(asked.name, asked.version, asked.format, text)
