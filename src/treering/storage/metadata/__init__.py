"""Rows and search: one database driver per row of the table `METADATA`."""

from __future__ import annotations

from collections.abc import Callable

from treering.core.plugins import Registry
from treering.storage.metadata.base import MetadataStore
from treering.storage.metadata.schema import Schema

__all__ = ["METADATA", "SCHEMAS"]

# Each row is called with the database's URI; it creates or migrates the schema of a new or older database.
METADATA: Registry[Callable[[str], MetadataStore]] = Registry(
    "treering.metadata_stores",
    "metadata database",
    {
        "memory": "treering.storage.metadata.memory:open_memory",
        "mysql": "treering.storage.metadata.sql.database:open_sql",
        "postgresql": "treering.storage.metadata.sql.database:open_sql",
        "sqlite": "treering.storage.metadata.sql.database:open_sql",
    },
    extras={"mysql": "mysql", "postgresql": "postgresql"},
)

# The same databases, for who looks at their tables or moves them; nothing is created or migrated by opening.
SCHEMAS: Registry[Callable[[str], Schema]] = Registry(
    "treering.metadata_schemas",
    "database with tables",
    {
        "mysql": "treering.storage.metadata.sql.maintenance:open_schema",
        "postgresql": "treering.storage.metadata.sql.maintenance:open_schema",
        "sqlite": "treering.storage.metadata.sql.maintenance:open_schema",
    },
    extras={"mysql": "mysql", "postgresql": "postgresql"},
)
