"""What caches and cleaning up need: change counters of experiments, and when a run was deleted."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, inspect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is not there yet: databases without transactions for tables may have been left halfway."""
    connection = op.get_bind()
    for name in ("version", "purged"):
        _add(connection, "experiments", Column(name, BigInteger, nullable=False, server_default="0"))
    _add(connection, "runs", Column("deleted", BigInteger))
    # They were counted per run before, which says nothing to those who count per experiment.
    op.execute("UPDATE runs SET version = 0")
    if "ix_runs_experiment_id_version" not in {index["name"] for index in inspect(connection).get_indexes("runs")}:
        op.create_index("ix_runs_experiment_id_version", "runs", ["experiment_id", "version"])


def _add(connection: Connection, table: str, column: Column[int]) -> None:
    if column.name not in {known["name"] for known in inspect(connection).get_columns(table)}:
        op.add_column(table, column)
