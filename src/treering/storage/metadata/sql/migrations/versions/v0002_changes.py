"""Change counters of experiments, when a run was deleted, params as the numbers that they state, and webhooks."""

from __future__ import annotations

from typing import Any

from alembic import context, op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    PrimaryKeyConstraint,
    String,
    Text,
    and_,
    column,
    inspect,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeEngine

from treering.storage.metadata.sql.texts import stated_number

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
    for name, owner in (("run_params", "run"), ("logged_model_params", "model_id")):
        _add(connection, name, Column("number", BigInteger))
        _fill_numbers(connection, name)
        index = f"ix_{name}_key_number_{owner}"
        if index not in {known["name"] for known in inspect(connection).get_indexes(name)}:
            op.create_index(index, name, ["key", "number", owner])

    if not inspect(connection).has_table("webhooks"):
        _create_webhooks()


def downgrade() -> None:
    """Remove what is there still; webhooks and the times of deletion are lost, as the older schema has no place for them."""
    connection = op.get_bind()
    if inspect(connection).has_table("webhooks"):
        op.drop_table("webhooks")
    for name, owner in (("run_params", "run"), ("logged_model_params", "model_id")):
        _drop_index(connection, name, f"ix_{name}_key_number_{owner}")
        _drop(connection, name, "number")
    _drop_index(connection, "runs", "ix_runs_experiment_id_version")
    _drop(connection, "runs", "deleted")
    for name in ("version", "purged"):
        _drop(connection, "experiments", name)


def _short(length: int) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _long() -> TypeEngine[str]:
    return Text().with_variant(Text(collation="C"), "postgresql").with_variant(LONGTEXT(), "mysql", "mariadb")


def _create_webhooks() -> None:
    collation = context.config.attributes.get("collation", "")
    op.create_table(
        "webhooks",
        Column("webhook_id", _short(36), nullable=False),
        Column("name", _short(250), nullable=False),
        Column("url", _long(), nullable=False),
        Column("events", _long(), nullable=False),
        Column("status", _short(10), nullable=False),
        Column("description", _long(), nullable=False),
        Column("secret", _long(), nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("updated", BigInteger, nullable=False),
        PrimaryKeyConstraint("webhook_id", name="pk_webhooks"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        **({"mysql_collate": collation} if collation else {}),
    )


_AT_ONCE = 1000


def _fill_numbers(connection: Connection, name: str) -> None:
    """Each value that stands under a key is read once, however many runs have it, in the order of an index."""
    params: Any = table(name, column("key"), column("head"), column("tail"), column("number"))
    distinct = select(params.c.key, params.c.head).where(params.c.tail.is_(None)).distinct()
    page = distinct.order_by(params.c.key, params.c.head).limit(_AT_ONCE)
    rows = connection.execute(page).all()
    while rows:
        for key, head in rows:
            number = stated_number(head)
            if number is not None:
                same = and_(params.c.key == key, params.c.head == head, params.c.tail.is_(None))
                connection.execute(update(params).where(same).values(number=number))
        last = rows[-1]
        further = or_(params.c.key > last.key, and_(params.c.key == last.key, params.c.head > last.head))
        rows = connection.execute(page.where(further)).all()


def _add(connection: Connection, table: str, column: Column[int]) -> None:
    if column.name not in {known["name"] for known in inspect(connection).get_columns(table)}:
        op.add_column(table, column)


def _drop(connection: Connection, table: str, name: str) -> None:
    if name in {known["name"] for known in inspect(connection).get_columns(table)}:
        op.drop_column(table, name)


def _drop_index(connection: Connection, table: str, name: str) -> None:
    if name in {known["name"] for known in inspect(connection).get_indexes(table)}:
        op.drop_index(name, table)
