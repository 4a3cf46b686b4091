"""Lineage, near: a walk over all sources of relations on a metadata store."""

from __future__ import annotations

from treering.core.errors import InvalidInput
from treering.entities.lineage import Graph
from treering.provenance import RELATIONS
from treering.provenance.base import Lineage
from treering.provenance.walk import walk
from treering.storage.metadata.base import MetadataStore

__all__ = ["open_lineage"]

_DEEPEST = 20
_MOST_LISTED = 100


def open_lineage(store: MetadataStore) -> Lineage:
    """Lineage of what `store` keeps."""
    return _StoredLineage(store)


class _StoredLineage:
    """The `Lineage` of `treering.provenance.base`."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def get(self, uri: str, up: int = 3, down: int = 3, limit: int = 10) -> Graph:
        """See the Protocol."""
        for what, value, least, most in (
            ("up", up, 0, _DEEPEST),
            ("down", down, 0, _DEEPEST),
            ("limit", limit, 1, _MOST_LISTED),
        ):
            if not least <= value <= most:
                msg = f"'{what}' is {value}. Give a number from {least} to {most}."
                raise InvalidInput(msg)
        # Opened for each question, since they remember what they have read.
        sources = [RELATIONS.load(name)(self._store) for name in RELATIONS.names()]
        return walk(sources, uri, up, down, limit)
