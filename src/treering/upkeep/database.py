"""Finds the database that a command is to look at, without opening or making anything."""

from __future__ import annotations

from pathlib import Path

from treering.core.errors import InvalidInput, NotFound, NotSupported
from treering.core.settings import Settings, find_home
from treering.core.uri import local_path, scheme_of
from treering.storage.metadata import SCHEMAS
from treering.storage.metadata.schema import Schema

__all__ = ["database_uri", "open_schema"]


def database_uri(settings: Settings, store: str, start: Path) -> str:
    """The URI of the database of a store.

    Args:
        store: A database's URI, or an embedded store's folder; empty: what `backend_store_uri`
            or `tracking_uri` names, else the embedded store found from `start` on.

    Raises:
        NotSupported: If the store is a server, whose database only the server's machine sees.
    """
    uri = store or settings.backend_store_uri or settings.tracking_uri
    if scheme_of(uri) in {"http", "https"}:
        msg = (
            f"{uri} is a server, and its database is not seen from here. Run the command where the server runs,"
            " or name the database with --store."
        )
        raise NotSupported(msg)
    if scheme_of(uri) != "file":
        return uri
    home = local_path(uri) if uri else find_home(settings, start)
    if home.is_file():
        msg = f"{home} is a file. Give the store's folder, or the database as sqlite:///{home}."
        raise InvalidInput(msg)
    return f"sqlite:///{(home / 'treering.db').as_posix()}"


def open_schema(uri: str, *, new: bool = False) -> Schema:
    """The tables of the database at `uri`; to be closed.

    Args:
        new: Whether it may be one that does not exist yet.

    Raises:
        NotFound: If there is no such file.
        UnknownPlugin: If the scheme is not that of a database.
    """
    schema = SCHEMAS.load(scheme_of(uri))(uri)
    if not new and not schema.exists():
        schema.close()
        msg = f"There is no database {schema.name}. Name one with --store, or log a run: that makes it."
        raise NotFound(msg)
    return schema
