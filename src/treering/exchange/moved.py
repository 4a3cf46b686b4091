"""Where files lie now that were copied from somewhere else."""

from __future__ import annotations

from treering.core.uri import join

__all__ = ["Moved"]


class Moved:
    """Artifact URIs at the source, and where the same files lie now."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def add(self, given: str, target: str) -> None:
        """What lies below `given` lies below `target`."""
        self._places[given.rstrip("/")] = target

    def now_at(self, uri: str) -> str:
        """Where the files are that lay at `uri`; `uri` itself where they were not moved."""
        stem, rest = uri.rstrip("/"), ""
        while stem not in self._places:
            stem, slash, last = stem.rpartition("/")
            if not slash:
                return uri
            rest = f"{last}/{rest}".rstrip("/")
        return join(self._places[stem], rest)
