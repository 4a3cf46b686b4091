"""Model cards in the native API."""

from __future__ import annotations

import msgspec

from treering.wire.endpoint import Endpoint, Permission

__all__ = ["GET", "AskCard", "Card"]


class AskCard(msgspec.Struct, frozen=True):
    """Which version's card, and as what: `markdown` or `html`."""

    name: str
    version: int
    format: str = "markdown"


class Card(msgspec.Struct, frozen=True):
    """A card, made anew from what is known now; `text` is a whole document of the format."""

    name: str
    version: int
    format: str
    text: str


GET = Endpoint(
    "model_versions.card", "GET", "/api/v1/model-versions/card", AskCard, Card, Permission.READ_MODELS,
    "What is known of a version, as a document for people",
)  # fmt: skip
