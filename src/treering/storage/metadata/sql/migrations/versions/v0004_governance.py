"""The history of the registry, rules of approval, promotions, checks and notes, and the outbox of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alembic import context, op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"

_SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Add what is not there yet: databases without transactions for tables may have been left halfway."""
    for create in _TABLES.values():
        create()


def downgrade() -> None:
    """Remove what is there still; all of it is lost."""
    for name in reversed(list(_TABLES)):
        if inspect(op.get_bind()).has_table(name):
            op.drop_table(name)


def _short(length: int) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _long() -> TypeEngine[str]:
    return Text().with_variant(Text(collation="C"), "postgresql").with_variant(LONGTEXT(), "mysql", "mariadb")


def _text(name: str) -> Column[str]:
    return Column(name, _long(), nullable=False)


def _key(name: str, length: int) -> Column[str]:
    return Column(name, _short(length), nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False)


def _model() -> Column[int]:
    return Column("model", _SERIAL, nullable=False, autoincrement=False)


def _serial() -> Column[int]:
    return Column("id", _SERIAL, nullable=False, autoincrement=True)


def _of_version(table: str) -> ForeignKeyConstraint:
    columns = ["model_versions.model", "model_versions.version"]
    return ForeignKeyConstraint(["model", "version"], columns, name=f"fk_{table}_model_version", ondelete="CASCADE")


def _of_webhook(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["webhook_id"], ["webhooks.webhook_id"], name=f"fk_{table}_webhook_id", ondelete="CASCADE"
    )


def _create(table: str, *parts: Any, indexes: Sequence[Sequence[str]] = ()) -> None:
    if not inspect(op.get_bind()).has_table(table):
        _create_table(table, *parts)
    # Each is a statement of its own, between which a process may have been killed.
    known = {found["name"] for found in inspect(op.get_bind()).get_indexes(table)}
    for columns in indexes:
        name = "_".join(("ix", table, *columns))
        if name not in known:
            op.create_index(name, table, list(columns))


def _create_table(table: str, *parts: Any) -> None:
    collation = context.config.attributes.get("collation", "")
    options: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    if collation:
        options["mysql_collate"] = collation
    if any(isinstance(part, Column) and part.name == "id" for part in parts):
        options["sqlite_autoincrement"] = True
    op.create_table(table, *parts, **options)


def _create_events() -> None:
    _create(
        "registry_events",
        _serial(),
        _number("time"),
        _text("user_id"),
        _key("action", 64),
        _number("model"),
        _key("name", 256),
        _number("version"),
        _text("was"),
        _text("became"),
        _text("reason"),
        _key("target", 300),
        PrimaryKeyConstraint("id", name="pk_registry_events"),
        indexes=(("name", "id"), ("name", "version", "id"), ("model", "target", "id")),
    )


def _create_rules() -> None:
    _create(
        "approval_rules",
        _key("model", 256),
        _key("target", 300),
        _text("document"),
        PrimaryKeyConstraint("model", "target", name="pk_approval_rules"),
    )


def _create_promotions() -> None:
    _create(
        "promotions",
        _serial(),
        _key("promotion_id", 36),
        _model(),
        _number("version"),
        _key("target", 300),
        _key("state", 10),
        Column("open_for", _short(324)),
        _text("requested_by"),
        _text("reason"),
        _number("created"),
        _number("decided"),
        _number("replaces"),
        _text("decisions"),
        PrimaryKeyConstraint("id", name="pk_promotions"),
        UniqueConstraint("promotion_id", name="uq_promotions_promotion_id"),
        UniqueConstraint("open_for", name="uq_promotions_open_for"),
        _of_version("promotions"),
        indexes=(("model", "version"), ("state", "id")),
    )


def _create_checks() -> None:
    _create(
        "version_checks",
        _model(),
        _number("version"),
        _key("check_name", 250),
        Column("passed", Boolean, nullable=False),
        _text("detail"),
        _key("run_id", 256),
        _text("user_id"),
        _number("time"),
        PrimaryKeyConstraint("model", "version", "check_name", name="pk_version_checks"),
        _of_version("version_checks"),
    )


def _create_notes() -> None:
    _create(
        "version_notes",
        _serial(),
        _key("note_id", 36),
        _model(),
        _number("version"),
        _text("user_id"),
        _text("text"),
        _number("time"),
        _key("reply_to", 36),
        PrimaryKeyConstraint("id", name="pk_version_notes"),
        UniqueConstraint("note_id", name="uq_version_notes_note_id"),
        _of_version("version_notes"),
        indexes=(("model", "version"),),
    )


def _create_messages() -> None:
    _create(
        "webhook_messages",
        _serial(),
        _key("message_id", 36),
        _key("webhook_id", 36),
        _key("event", 100),
        _text("body"),
        _key("state", 10),
        _number("created"),
        _number("attempts"),
        _number("due"),
        _number("finished"),
        _number("response_status"),
        _text("error"),
        PrimaryKeyConstraint("id", name="pk_webhook_messages"),
        UniqueConstraint("message_id", name="uq_webhook_messages_message_id"),
        _of_webhook("webhook_messages"),
        indexes=(("webhook_id", "id"), ("state", "webhook_id", "id"), ("state", "finished")),
    )


def _create_leases() -> None:
    _create(
        "webhook_leases",
        _key("webhook_id", 36),
        _key("holder", 64),
        _number("until"),
        PrimaryKeyConstraint("webhook_id", name="pk_webhook_leases"),
        _of_webhook("webhook_leases"),
    )


_TABLES: Mapping[str, Callable[[], None]] = {
    "registry_events": _create_events,
    "approval_rules": _create_rules,
    "promotions": _create_promotions,
    "version_checks": _create_checks,
    "version_notes": _create_notes,
    "webhook_messages": _create_messages,
    "webhook_leases": _create_leases,
}
