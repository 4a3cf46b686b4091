"""Deployments and their histories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import context, op
from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, Text, UniqueConstraint, inspect
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"

_SERIAL = BigInteger().with_variant(Integer(), "sqlite")
_TABLES = ("deployments", "deployment_events")


def upgrade() -> None:
    """Add what is not there yet: databases without transactions for tables may have been left halfway."""
    _create(
        "deployments",
        Column("id", _SERIAL, nullable=False, autoincrement=True),
        _key("name", 63),
        _key("target", 64),
        _key("state", 10),
        _key("model", 256),
        _key("version", 256),
        _key("next_model", 256),
        _key("next_version", 256),
        _number("created"),
        _number("updated"),
        _number("revision"),
        _text("document"),
        PrimaryKeyConstraint("id", name="pk_deployments"),
        UniqueConstraint("name", name="uq_deployments_name"),
        indexes=(("model", "version"), ("next_model", "next_version")),
    )
    _create(
        "deployment_events",
        Column("id", _SERIAL, nullable=False, autoincrement=True),
        _key("name", 63),
        _number("time"),
        _text("user_id"),
        _key("action", 32),
        _text("reason"),
        _key("was", 256),
        _key("became", 256),
        _number("weight"),
        _text("detail"),
        PrimaryKeyConstraint("id", name="pk_deployment_events"),
        indexes=(("name", "id"),),
    )


def downgrade() -> None:
    """Remove what is there still; all of it is lost."""
    for name in reversed(_TABLES):
        if inspect(op.get_bind()).has_table(name):
            op.drop_table(name)


def _key(name: str, length: int) -> Column[str]:
    kind: TypeEngine[str] = String(length).with_variant(String(length, collation="C"), "postgresql")
    return Column(name, kind, nullable=False)


def _text(name: str) -> Column[str]:
    kind = Text().with_variant(Text(collation="C"), "postgresql").with_variant(LONGTEXT(), "mysql", "mariadb")
    return Column(name, kind, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False)


def _create(table: str, *parts: Any, indexes: Sequence[Sequence[str]]) -> None:
    if not inspect(op.get_bind()).has_table(table):
        collation = context.config.attributes.get("collation", "")
        options: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "sqlite_autoincrement": True}
        if collation:
            options["mysql_collate"] = collation
        op.create_table(table, *parts, **options)
    # Each is a statement of its own, between which a process may have been killed.
    known = {found["name"] for found in inspect(op.get_bind()).get_indexes(table)}
    for columns in indexes:
        name = "_".join(("ix", table, *columns))
        if name not in known:
            op.create_index(name, table, list(columns))
