"""Transactions on one database: reading ones, and writing ones that are run again when another got in the way."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from treering.core.log import logger
from treering.storage.metadata.schema import Moved
from treering.storage.metadata.sql.dialects import WRITE, Dialect
from treering.storage.metadata.sql.faults import is_worth_retrying, translated
from treering.storage.metadata.sql.schema import check_revision, move_schema, prepare_schema

__all__ = ["Session"]

T = TypeVar("T")

_ATTEMPTS = 12
_FOREIGN = (SQLAlchemyError, OverflowError, UnicodeError)


class Session:
    """The database's connections; shared by all stores and threads.

    It is the `Database` of a MetadataStore as well.
    """

    def __init__(self, engine: Engine, dialect: Dialect) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**dialect.snapshot)
        self._writer = engine.execution_options(**{WRITE: True})
        self.dialect = dialect
        self.name = engine.url.render_as_string(hide_password=True)
        self.shared = not dialect.in_memory(engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing, and sees one moment in all its statements.

        Foreign errors come out translated.
        """
        with self._translating(), self._reader.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once its transaction is committed.

        `work` runs again from the start where another transaction got in its way, so
        it must have no other effects.
        """
        with self._translating():
            for attempt in range(_ATTEMPTS - 1):
                try:
                    with self._writer.begin() as connection:
                        return work(connection)
                except SQLAlchemyError as error:
                    if not is_worth_retrying(error):
                        raise
                time.sleep(min(0.5, 0.002 * 2**attempt) * (0.5 + secrets.randbelow(1000) / 1000))
            with self._writer.begin() as connection:
                return work(connection)

    def prepare(self) -> None:
        """Create or migrate the schema. Raises SchemaMismatch."""
        with self._translating():
            prepare_schema(self._engine, self.dialect, self.name)

    def move(self, revision: str, *, backup: bool) -> Moved:
        """Migrate to a revision. Raises as `Schema.move`."""
        with self._translating():
            return move_schema(self._engine, self.dialect, self.name, revision, backup=backup)

    def check(self) -> None:
        """See Database."""
        with self._translating():
            check_revision(self._engine, self.name)

    def close(self) -> None:
        """See Database."""
        self._engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except _FOREIGN as error:
            logger.debug("The database %s refused.", self.name, exc_info=error)
            raise translated(error, self.name) from error
