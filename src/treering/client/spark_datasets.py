"""Describing Spark's frames and tables, and those of Delta Lake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from treering.client.dataset_sources import DatasetSource, source_at
from treering.client.described import TABLE_ENGINES
from treering.client.described_dataset import DEFAULT_NAME, DescribedDataset, check_columns
from treering.core.errors import InvalidInput
from treering.entities.dataset import Dataset

__all__ = ["from_spark", "load_delta"]


def from_spark(  # noqa: PLR0913, PLR0917  # MLflow's signature
    df: Any,
    path: str | None = None,
    table_name: str | None = None,
    version: str | int | None = None,
    sql: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> DescribedDataset:
    """Describe a `pyspark.sql.DataFrame`.

    The rows are counted, for five seconds at most; the digest is that of what Spark means to compute.

    Args:
        path: The folder that it came from, of Parquet or of Delta Lake. This, or a table's name, or a
            statement is its source, from which it can be loaded again; the running code if none is given.
        version: Of a table of Delta Lake; the newest unless given.
        targets: The column that holds the labels.
        digest: A fingerprint, if the caller has one; else MLflow's.
        predictions: The column that holds a model's predictions.

    Raises:
        InvalidInput: If more than one source is given, or the version of what has none, or a column is not there.
        MissingExtra: If PySpark is not installed.
    """
    if [path, table_name, sql].count(None) < 2:  # noqa: PLR2004  # one of three
        msg = "A frame of Spark has one source. Give one of `path`, `table_name` and `sql`, or none."
        raise InvalidInput(msg)
    if version is not None and not _has_versions(path, table_name):
        msg = (
            f"Version {version!r} was given, but only a table of Delta Lake has versions, and"
            f" {path or table_name or sql or 'the running code'!r} is none. Leave `version` out."
        )
        raise InvalidInput(msg)
    if sql is not None:
        source = DatasetSource("spark", {"sql": sql})
    elif _has_versions(path, table_name):
        source = _delta(path, table_name, version)
    elif path is not None:
        source = DatasetSource("spark", {"path": path})
    else:
        source = source_at(None) if table_name is None else DatasetSource("spark", {"table_name": table_name})
    return _described(df, source, (name, digest), (targets, predictions))


def load_delta(  # MLflow's signature
    path: str | None = None,
    table_name: str | None = None,
    version: str | int | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Load a table of Delta Lake with Spark, and describe it.

    Args:
        path: Its folder; else `table_name`, which is then also the dataset's name, with the version.
        version: The newest unless given.

    Raises:
        InvalidInput: If not one of `path` and `table_name` is given, or the column `targets` is not there.
        MissingExtra: If PySpark is not installed.
    """
    if [path, table_name].count(None) != 1:
        msg = "A table of Delta Lake has a path or a name. Give one of `path` and `table_name`."
        raise InvalidInput(msg)
    source = _delta(path, table_name, version)
    if name is None and table_name is not None:
        known = source.fields.get("delta_table_version")
        name = table_name if known is None else f"{table_name}@v{known}"
    return _described(source.load(), source, (name, digest), (targets, None))


def _has_versions(path: str | None, table_name: str | None) -> bool:
    if path is not None:
        # Where the folders of Databricks' file system lie on its machines.
        local = Path("/dbfs", path[6:].lstrip("/")) if path.startswith("dbfs:/") else Path(path)
        return (local / "_delta_log").is_dir()
    return table_name is not None and TABLE_ENGINES.load("spark").is_versioned(table_name)


def _delta(path: str | None, table_name: str | None, version: str | int | None) -> DatasetSource:
    engine = TABLE_ENGINES.load("spark")
    if version is None:
        version = engine.latest_version(table_name or "", path or "")
    fields: dict[str, Any] = {"path": path} if path else {"delta_table_name": engine.full_name(str(table_name))}
    return DatasetSource("delta_table", fields | ({} if version is None else {"delta_table_version": version}))


def _described(
    df: Any, source: DatasetSource, named: tuple[str | None, str | None], roles: tuple[str | None, str | None]
) -> DescribedDataset:
    engine = TABLE_ENGINES.load("spark")
    check_columns(engine.columns(df), *roles)
    schema = engine.schema(df)
    entity = Dataset(
        named[0] or DEFAULT_NAME,
        named[1] or engine.digest(df),
        source.kind,
        source.to_json(),
        "" if schema is None else json.dumps({"mlflow_colspec": schema}),
        json.dumps(engine.profile(df)),
    )
    return DescribedDataset(entity, df, *roles)
