"""Saved views, which runs read and wrote which logged models, datasets found by name, and runs counted by state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic import context, op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    column,
    delete,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeEngine

from treering.core.errors import DamagedData
from treering.storage.metadata.sql.document import read_document

revision = "0003"
down_revision = "0002"

_AT_ONCE = 500
# Name of each index to its table and columns.
_INDEXES = {
    "ix_datasets_name_digest": ("datasets", ["name", "digest"]),
    "ix_runs_status_lifecycle_experiment_id": ("runs", ["status", "lifecycle", "experiment_id"]),
}
_SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Add what is not there yet: databases without transactions for tables may have been left halfway."""
    connection = op.get_bind()
    if not inspect(connection).has_table("views"):
        _create_views()
    for name, (owner, columns) in _INDEXES.items():
        if name not in {known["name"] for known in inspect(connection).get_indexes(owner)}:
            op.create_index(name, owner, columns)
    if not inspect(connection).has_table("run_models"):
        _create_run_models()
    if "ix_run_models_model_id" not in {known["name"] for known in inspect(connection).get_indexes("run_models")}:
        op.create_index("ix_run_models_model_id", "run_models", ["model_id"])
    _fill_run_models(connection)


def downgrade() -> None:
    """Remove what is there still; saved views are lost, and what runs read and wrote stands in their documents."""
    connection = op.get_bind()
    for name in ("run_models", "views"):
        if inspect(connection).has_table(name):
            op.drop_table(name)
    for name, (owner, _) in _INDEXES.items():
        if name in {known["name"] for known in inspect(connection).get_indexes(owner)}:
            op.drop_index(name, owner)


def _short(length: int) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _long() -> TypeEngine[str]:
    return Text().with_variant(Text(collation="C"), "postgresql").with_variant(LONGTEXT(), "mysql", "mariadb")


def _options() -> dict[str, Any]:
    collation = context.config.attributes.get("collation", "")
    options = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    return {**options, "mysql_collate": collation} if collation else options


def _create_views() -> None:
    op.create_table(
        "views",
        Column("view_id", _short(36), nullable=False),
        Column("experiment_id", _SERIAL, index=True),
        Column("name", _short(200), nullable=False),
        Column("page", _short(200), nullable=False),
        Column("search", _long(), nullable=False),
        Column("default_of", _short(250)),
        Column("owner", _long(), nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("updated", BigInteger, nullable=False),
        PrimaryKeyConstraint("view_id", name="pk_views"),
        ForeignKeyConstraint(["experiment_id"], ["experiments.id"], name="fk_views_experiment_id", ondelete="CASCADE"),
        UniqueConstraint("default_of", name="uq_views_default_of"),
        **_options(),
    )


def _create_run_models() -> None:
    op.create_table(
        "run_models",
        Column("run", _SERIAL, nullable=False, autoincrement=False),
        Column("model_id", _short(256), nullable=False),
        Column("role", _short(10), nullable=False),
        PrimaryKeyConstraint("run", "model_id", "role", name="pk_run_models"),
        ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_models_run", ondelete="CASCADE"),
        sqlite_with_rowid=False,
        **_options(),
    )


def _fill_run_models(connection: Connection) -> None:
    """From the documents of all runs; anew, where a migration was interrupted."""
    runs: Any = table("runs", column("id"), column("run_id"), column("document", LargeBinary()))
    links: Any = table("run_models", column("run"), column("model_id"), column("role"))
    connection.execute(delete(links))
    last = -1
    while rows := connection.execute(
        select(runs.c.id, runs.c.run_id, runs.c.document).where(runs.c.id > last).order_by(runs.c.id).limit(_AT_ONCE)
    ).all():
        found = [link for row in rows for link in _links(row.id, row.run_id, row.document)]
        if found:
            connection.execute(insert(links), found)
        last = rows[-1].id


def _links(number: int, run_id: str, data: bytes) -> Iterator[dict[str, Any]]:
    try:
        document = read_document(data, run_id)
    except DamagedData:
        return  # whoever asks for this run is told; it must not hinder all others
    for model_id in dict.fromkeys(document.inputs):
        yield {"run": number, "model_id": model_id, "role": "input"}
    for model_id in dict.fromkeys(model_id for model_id, _ in document.outputs):
        yield {"run": number, "model_id": model_id, "role": "output"}
