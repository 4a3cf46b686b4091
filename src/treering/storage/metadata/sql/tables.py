"""The tables as they are now; `migrations` tells how they came to be.

Text is compared and ordered by code point in every database: SQLite does so by
itself, PostgreSQL with the collation "C", MySQL and MariaDB with a binary collation
that is set when the tables are created. Times are milliseconds since the epoch.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.types import TypeEngine

from treering.entities.deployment import MAX_DEPLOYMENT_NAME
from treering.entities.view import MAX_VIEW_NAME
from treering.storage.metadata.sql.texts import HEAD

__all__ = [
    "approval_rules",
    "datasets",
    "deliveries",
    "deployment_events",
    "deployments",
    "experiment_tags",
    "experiments",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
    "metadata",
    "model_version_tags",
    "model_versions",
    "promotions",
    "registered_model_aliases",
    "registered_model_tags",
    "registered_models",
    "registry_events",
    "run_datasets",
    "run_metrics",
    "run_models",
    "run_params",
    "run_tags",
    "runs",
    "segments",
    "version_checks",
    "version_notes",
    "views",
    "webhook_leases",
    "webhook_messages",
    "webhooks",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

KEY_LENGTH = 250
TARGET_LENGTH = 300
ID_LENGTH = 256


def _short(length: int) -> TypeEngine[str]:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _long() -> TypeEngine[str]:
    return Text().with_variant(Text(collation="C"), "postgresql").with_variant(LONGTEXT(), "mysql", "mariadb")


def _bytes() -> TypeEngine[bytes]:
    return LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


# SQLite numbers rows by itself only where the type is INTEGER, which has 64 bits there.
_SERIAL = BigInteger().with_variant(Integer(), "sqlite")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}


def _serial() -> Column[int]:
    """A number that no other row had before; in SQLite only together with `sqlite_autoincrement`."""
    return Column("id", _SERIAL, primary_key=True, autoincrement=True)


def _owner(name: str, target: str, kind: TypeEngine[Any]) -> Column[Any]:
    return Column(name, kind, ForeignKey(target, ondelete="CASCADE"), primary_key=True, autoincrement=False)


def _text_table(name: str, owner: Column[Any], *more: Column[Any] | Index) -> Table:
    """Params or tags of `owner`: found by key and value, or by owner and key."""
    return Table(
        name,
        metadata,
        owner,
        Column("key", _short(KEY_LENGTH), primary_key=True),
        Column("head", _short(HEAD), nullable=False),
        Column("tail", _long()),
        *more,
        Index(None, "key", "head", owner.name),
        sqlite_with_rowid=False,
        **_MYSQL,
    )


def _param_table(name: str, owner: Column[Any]) -> Table:
    """Params of `owner`, also found by key and number: that which the text states, as `floats.sortable` writes it."""
    return _text_table(name, owner, Column("number", BigInteger), Index(None, "key", "number", owner.name))


experiments = Table(
    "experiments",
    metadata,
    _serial(),
    Column("name", _short(500), nullable=False, index=True),
    # The name while it is active, else NULL: so that names of deleted ones are free in every database.
    Column("active_name", _short(500), unique=True),
    Column("artifact_location", _long(), nullable=False),
    Column("lifecycle", _short(10), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # Counts the changes of its runs, and those that took runs away for good: what a cache looks at.
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("purged", BigInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
experiment_tags = _text_table("experiment_tags", _owner("experiment_id", "experiments.id", _SERIAL))

runs = Table(
    "runs",
    metadata,
    _serial(),
    Column("run_id", _short(ID_LENGTH), nullable=False, unique=True),
    Column("experiment_id", _SERIAL, ForeignKey("experiments.id"), nullable=False),
    Column("lifecycle", _short(10), nullable=False),
    # Whether it was deleted with its experiment, and comes back with it.
    Column("deleted_together", Boolean, nullable=False),
    Column("status", _short(10), nullable=False),
    Column("start_time", BigInteger, nullable=False),
    Column("end_time", BigInteger),
    Column("user_id", _long(), nullable=False),
    Column("run_name", _long(), nullable=False),
    Column("artifact_uri", _long(), nullable=False),
    # The experiment's version as of the run's last change, so that a cache can tell what it has not seen.
    Column("version", BigInteger, nullable=False),
    Column("document", _bytes(), nullable=False),
    # When it was deleted, in milliseconds; NULL while it is active.
    Column("deleted", BigInteger),
    sqlite_autoincrement=True,
    **_MYSQL,
)
Index(None, runs.c.experiment_id, runs.c.lifecycle, runs.c.start_time, runs.c.run_id)
Index(None, runs.c.experiment_id, runs.c.version)
# Finds what runs now, in all experiments.
Index(None, runs.c.status, runs.c.lifecycle, runs.c.experiment_id)

run_params = _param_table("run_params", _owner("run", "runs.id", _SERIAL))
run_tags = _text_table("run_tags", _owner("run", "runs.id", _SERIAL))
run_metrics = Table(
    "run_metrics",
    metadata,
    _owner("run", "runs.id", _SERIAL),
    Column("key", _short(KEY_LENGTH), primary_key=True),
    # Values as `floats.sortable` writes them; extremes are NULL while all values are NaN.
    Column("last", BigInteger, nullable=False),
    Column("minimum", BigInteger),
    Column("maximum", BigInteger),
    Column("count", BigInteger, nullable=False),
    Index(None, "key", "last", "run"),
    sqlite_with_rowid=False,
    **_MYSQL,
)
datasets = Table(
    "datasets",
    metadata,
    _serial(),
    Column("experiment_id", _SERIAL, ForeignKey("experiments.id"), nullable=False),
    Column("name", _short(500), nullable=False),
    Column("digest", _short(128), nullable=False),
    Column("source_type", _long(), nullable=False),
    Column("source", _long(), nullable=False),
    Column("schema", _long(), nullable=False),
    Column("profile", _long(), nullable=False),
    UniqueConstraint("experiment_id", "name", "digest"),
    Index(None, "name", "digest"),
    **_MYSQL,
)
run_datasets = Table(
    "run_datasets",
    metadata,
    _owner("run", "runs.id", _SERIAL),
    Column("dataset", _SERIAL, ForeignKey("datasets.id"), primary_key=True, autoincrement=False, index=True),
    Column("context", _short(500), nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)
run_models = Table(
    "run_models",
    metadata,
    _owner("run", "runs.id", _SERIAL),
    # No foreign key: a run may name a model that is not there yet, or not any more.
    Column("model_id", _short(ID_LENGTH), primary_key=True, index=True),
    # "input" or "output": both where the run went on with a model.
    Column("role", _short(10), primary_key=True),
    sqlite_with_rowid=False,
    **_MYSQL,
)
segments = Table(
    "segments",
    metadata,
    _serial(),
    Column("run", _SERIAL, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("key", _short(KEY_LENGTH), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_step", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("first_timestamp", BigInteger, nullable=False),
    Column("last_timestamp", BigInteger, nullable=False),
    Column("minimum", BigInteger),
    Column("maximum", BigInteger),
    Column("data", _bytes(), nullable=False),
    Index(None, "run", "key", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
deliveries = Table(
    "deliveries",
    metadata,
    Column("journal_id", _short(ID_LENGTH), primary_key=True),
    Column("end", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False),
    **_MYSQL,
)

logged_models = Table(
    "logged_models",
    metadata,
    Column("model_id", _short(ID_LENGTH), primary_key=True),
    Column("experiment_id", _SERIAL, ForeignKey("experiments.id"), nullable=False),
    Column("lifecycle", _short(10), nullable=False),
    Column("status", _short(10), nullable=False),
    Column("name", _long(), nullable=False),
    Column("model_type", _long(), nullable=False),
    Column("source_run_id", _short(ID_LENGTH), nullable=False, index=True),
    Column("artifact_uri", _long(), nullable=False),
    Column("status_message", _long(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    **_MYSQL,
)
Index(None, logged_models.c.experiment_id, logged_models.c.lifecycle, logged_models.c.created)
logged_model_params = _param_table(
    "logged_model_params", _owner("model_id", "logged_models.model_id", _short(ID_LENGTH))
)
logged_model_tags = _text_table("logged_model_tags", _owner("model_id", "logged_models.model_id", _short(ID_LENGTH)))
logged_model_metrics = Table(
    "logged_model_metrics",
    metadata,
    # No foreign key: a point may be delivered before the model that it judges.
    Column("model_id", _short(ID_LENGTH), primary_key=True),
    Column("key", _short(KEY_LENGTH), primary_key=True),
    # Stands for dataset_name and dataset_digest, which are too long for a key.
    Column("dataset_hash", _short(32), primary_key=True),
    Column("dataset_name", _short(500), nullable=False),
    Column("dataset_digest", _short(128), nullable=False),
    Column("run_id", _short(ID_LENGTH), nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    **_MYSQL,
)

registered_models = Table(
    "registered_models",
    metadata,
    _serial(),
    Column("name", _short(256), nullable=False, unique=True),
    Column("description", _long(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # The highest number ever used.
    Column("last_version", BigInteger, nullable=False),
    **_MYSQL,
)
registered_model_tags = _text_table("registered_model_tags", _owner("model", "registered_models.id", _SERIAL))
registered_model_aliases = Table(
    "registered_model_aliases",
    metadata,
    _owner("model", "registered_models.id", _SERIAL),
    Column("alias", _short(ID_LENGTH), primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)
model_versions = Table(
    "model_versions",
    metadata,
    _owner("model", "registered_models.id", _SERIAL),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("status", _short(32), nullable=False),
    Column("stage", _short(32), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("run_id", _short(ID_LENGTH), nullable=False, index=True),
    Column("model_id", _short(ID_LENGTH), nullable=False, index=True),
    Column("source", _long(), nullable=False),
    Column("storage_uri", _long(), nullable=False),
    Column("description", _long(), nullable=False),
    Column("run_link", _long(), nullable=False),
    Column("user_id", _long(), nullable=False),
    Column("status_message", _long(), nullable=False),
    **_MYSQL,
)
model_version_tags = Table(
    "model_version_tags",
    metadata,
    Column("model", _SERIAL, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("key", _short(KEY_LENGTH), primary_key=True),
    Column("head", _short(HEAD), nullable=False),
    Column("tail", _long()),
    ForeignKeyConstraint(["model", "version"], ["model_versions.model", "model_versions.version"], ondelete="CASCADE"),
    Index(None, "key", "head", "model", "version"),
    sqlite_with_rowid=False,
    **_MYSQL,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", _short(36), primary_key=True),
    Column("name", _short(KEY_LENGTH), nullable=False),
    Column("url", _long(), nullable=False),
    # Such as "model_version.created", with blanks between them.
    Column("events", _long(), nullable=False),
    Column("status", _short(10), nullable=False),
    Column("description", _long(), nullable=False),
    Column("secret", _long(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    **_MYSQL,
)

views = Table(
    "views",
    metadata,
    Column("view_id", _short(36), primary_key=True),
    # NULL for a view that fits all experiments.
    Column("experiment_id", _SERIAL, ForeignKey("experiments.id", ondelete="CASCADE"), index=True),
    Column("name", _short(MAX_VIEW_NAME), nullable=False),
    Column("page", _short(MAX_VIEW_NAME), nullable=False),
    Column("search", _long(), nullable=False),
    # "<experiment>/<page>" where it is the default there, else NULL: so that there is one at most.
    Column("default_of", _short(250), unique=True),
    Column("owner", _long(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    **_MYSQL,
)


def _of_version() -> ForeignKeyConstraint:
    columns = ["model_versions.model", "model_versions.version"]
    return ForeignKeyConstraint(["model", "version"], columns, ondelete="CASCADE")


# No foreign key: the history outlives what it tells of, and goes along where a model is renamed.
registry_events = Table(
    "registry_events",
    metadata,
    _serial(),
    Column("time", BigInteger, nullable=False),
    Column("user_id", _long(), nullable=False),
    Column("action", _short(64), nullable=False),
    # The row of the model, 0 for none: another one may have its name later, and has not held what it held.
    Column("model", BigInteger, nullable=False),
    Column("name", _short(256), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("was", _long(), nullable=False),
    Column("became", _long(), nullable=False),
    Column("reason", _long(), nullable=False),
    Column("target", _short(TARGET_LENGTH), nullable=False),
    Index(None, "name", "id"),
    Index(None, "name", "version", "id"),
    Index(None, "model", "target", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
# No foreign key either: a rule may be there before its model, and "" stands for all models.
approval_rules = Table(
    "approval_rules",
    metadata,
    Column("model", _short(256), primary_key=True),
    Column("target", _short(TARGET_LENGTH), primary_key=True),
    Column("document", _long(), nullable=False),
    **_MYSQL,
)
promotions = Table(
    "promotions",
    metadata,
    _serial(),
    Column("promotion_id", _short(36), nullable=False, unique=True),
    Column("model", _SERIAL, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("target", _short(TARGET_LENGTH), nullable=False),
    Column("state", _short(10), nullable=False),
    # "<model>/<target>" while it waits, else NULL: so that one at most waits for a target.
    Column("open_for", _short(TARGET_LENGTH + 24), unique=True),
    Column("requested_by", _long(), nullable=False),
    Column("reason", _long(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("replaces", BigInteger, nullable=False),
    Column("decisions", _long(), nullable=False),
    _of_version(),
    Index(None, "model", "version"),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
version_checks = Table(
    "version_checks",
    metadata,
    Column("model", _SERIAL, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("check_name", _short(KEY_LENGTH), primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("detail", _long(), nullable=False),
    Column("run_id", _short(ID_LENGTH), nullable=False),
    Column("user_id", _long(), nullable=False),
    Column("time", BigInteger, nullable=False),
    _of_version(),
    **_MYSQL,
)
version_notes = Table(
    "version_notes",
    metadata,
    _serial(),
    Column("note_id", _short(36), nullable=False, unique=True),
    Column("model", _SERIAL, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("user_id", _long(), nullable=False),
    Column("text", _long(), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("reply_to", _short(36), nullable=False),
    _of_version(),
    Index(None, "model", "version"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
webhook_messages = Table(
    "webhook_messages",
    metadata,
    _serial(),
    Column("message_id", _short(36), nullable=False, unique=True),
    Column("webhook_id", _short(36), ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("event", _short(100), nullable=False),
    Column("body", _long(), nullable=False),
    Column("state", _short(10), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("finished", BigInteger, nullable=False),
    Column("response_status", BigInteger, nullable=False),
    Column("error", _long(), nullable=False),
    Index(None, "webhook_id", "id"),
    Index(None, "state", "webhook_id", "id"),
    Index(None, "state", "finished"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
# Who may send to a webhook until when; a table of its own, since webhooks change rarely and this often.
webhook_leases = Table(
    "webhook_leases",
    metadata,
    Column("webhook_id", _short(36), ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), primary_key=True),
    Column("holder", _short(64), nullable=False),
    Column("until", BigInteger, nullable=False),
    **_MYSQL,
)

# What is looked for stands in columns, and all of it in the document.
deployments = Table(
    "deployments",
    metadata,
    _serial(),
    Column("name", _short(MAX_DEPLOYMENT_NAME), nullable=False, unique=True),
    Column("target", _short(64), nullable=False),
    Column("state", _short(10), nullable=False),
    Column("model", _short(ID_LENGTH), nullable=False),
    Column("version", _short(ID_LENGTH), nullable=False),
    # Those of the candidate.
    Column("next_model", _short(ID_LENGTH), nullable=False),
    Column("next_version", _short(ID_LENGTH), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("document", _long(), nullable=False),
    Index(None, "model", "version"),
    Index(None, "next_model", "next_version"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
deployment_events = Table(
    "deployment_events",
    metadata,
    _serial(),
    Column("name", _short(MAX_DEPLOYMENT_NAME), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("user_id", _long(), nullable=False),
    Column("action", _short(32), nullable=False),
    Column("reason", _long(), nullable=False),
    Column("was", _short(ID_LENGTH), nullable=False),
    Column("became", _short(ID_LENGTH), nullable=False),
    # Thousandths of a per cent.
    Column("weight", BigInteger, nullable=False),
    Column("detail", _long(), nullable=False),
    Index(None, "name", "id"),
    sqlite_autoincrement=True,
    **_MYSQL,
)
