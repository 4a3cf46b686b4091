"""Looks at the tables of a database, and moves them from one revision to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, inspect

from treering.core.errors import InvalidInput
from treering.storage.metadata.schema import Moved, SchemaState
from treering.storage.metadata.sql.dialects import connect, dialect_of
from treering.storage.metadata.sql.schema import REVISIONS, find_revision
from treering.storage.metadata.sql.session import Session
from treering.storage.metadata.sql.tables import metadata

__all__ = ["SqlSchema", "open_schema"]

# For each revision, what the one before it cannot hold: its name, and how many there are.
_ADDED: Mapping[str, Mapping[str, str]] = {
    "0002": {
        "webhooks": "SELECT COUNT(*) FROM webhooks",
        "times at which a run was deleted": "SELECT COUNT(*) FROM runs WHERE deleted IS NOT NULL",
    },
    "0003": {"saved views": "SELECT COUNT(*) FROM views"},
    "0004": {
        "changes in the history of the registry": "SELECT COUNT(*) FROM registry_events",
        "rules of approval": "SELECT COUNT(*) FROM approval_rules",
        "promotions": "SELECT COUNT(*) FROM promotions",
        "outcomes of checks": "SELECT COUNT(*) FROM version_checks",
        "notes on versions": "SELECT COUNT(*) FROM version_notes",
        "messages for webhooks": "SELECT COUNT(*) FROM webhook_messages",
    },
    "0005": {
        "deployments": "SELECT COUNT(*) FROM deployments",
        "changes of deployments": "SELECT COUNT(*) FROM deployment_events",
    },
}


def open_schema(uri: str) -> SqlSchema:
    """The tables at `uri`, whatever they are; nothing is changed, and no file is made.

    Raises:
        InvalidInput: If `uri` is malformed.
        MissingExtra: If the database's driver is not installed.
    """
    dialect, url = dialect_of(uri)
    local = url.get_backend_name() == "sqlite" and not dialect.in_memory(url)
    file = Path(str(url.database)) if local else None
    return SqlSchema(Session(connect(dialect, url, make_folder=False), dialect), file)


class SqlSchema:
    """The `Schema` of a database; `file` is where a database that is one lies."""

    def __init__(self, session: Session, file: Path | None) -> None:
        self._session = session
        self._file = file
        self.name = session.name
        self.revisions = REVISIONS

    def exists(self) -> bool:
        """See Schema."""
        return self._file is None or self._file.exists()

    def state(self) -> SchemaState:
        """See Schema."""
        with self._session.read() as connection:
            revision = find_revision(connection, self.name)
            newer = revision is not None and revision not in REVISIONS
            missing = () if revision is None or newer else tuple(_missing(connection))
        return SchemaState(self.name, revision, REVISIONS[-1], newer, missing)

    def lost(self, revision: str) -> Sequence[str]:
        """See Schema."""
        found = []
        with self._session.read() as connection:
            present = find_revision(connection, self.name)
            if present not in REVISIONS:
                return ()
            for step in REVISIONS[_place(revision) + 1 : _place(present) + 1]:
                for name, count in _ADDED.get(step, {}).items():
                    number = connection.exec_driver_sql(count).scalar()
                    if number:
                        found.append(f"{number} {name}")
        return found

    def move(self, revision: str, *, backup: bool = True) -> Moved:
        """See Schema."""
        _place(revision)
        if self._file is not None:
            with suppress(OSError):  # connecting fails next, and says why
                self._file.parent.mkdir(parents=True, exist_ok=True)
        return self._session.move(revision, backup=backup)

    def damages(self) -> Sequence[str]:
        """See Schema."""
        with self._session.read() as connection:
            return self._session.dialect.damages(connection)

    def close(self) -> None:
        """See Schema."""
        self._session.close()


def _place(revision: str) -> int:
    if revision not in REVISIONS:
        msg = f"There is no revision {revision!r}. Known ones: {', '.join(REVISIONS)}."
        raise InvalidInput(msg)
    return REVISIONS.index(revision)


def _missing(connection: Connection) -> Iterator[str]:
    """What the present tables have and the database does not."""
    found = inspect(connection)
    present = set(found.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in present:
            yield table.name
            continue
        columns = {column["name"] for column in found.get_columns(table.name)}
        yield from (f"{table.name}.{column.name}" for column in table.columns if column.name not in columns)
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        yield from (
            f"index {name}" for name in sorted(str(index.name) for index in table.indexes) if name not in indexes
        )
