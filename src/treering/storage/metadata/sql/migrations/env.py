"""Alembic runs this to migrate; the connection comes from `treering.storage.metadata.sql.migrate`."""

from __future__ import annotations

from alembic import context

from treering.storage.metadata.sql.schema import VERSION_TABLE
from treering.storage.metadata.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
