"""Runs the migrations, in this process, over a connection that the caller has locked."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

__all__ = ["alembic_config", "downgrade", "upgrade"]


def alembic_config() -> Config:
    """Where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, collation: str, revision: str = "head") -> None:
    """Up to a revision, in the connection's transaction where the database has such for tables.

    Args:
        collation: For new tables in MySQL and MariaDB, else "".
    """
    command.upgrade(_on(connection, collation), revision)


def downgrade(connection: Connection, collation: str, revision: str) -> None:
    """Down to a revision; as `upgrade`."""
    command.downgrade(_on(connection, collation), revision)


def _on(connection: Connection, collation: str) -> Config:
    config = alembic_config()
    config.attributes["connection"] = connection
    config.attributes["collation"] = collation
    return config
