"""Spark's frames and tables, with MLflow's digest: that of what Spark means to compute, not of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from treering.client.digests import short_digest
from treering.models.spark_types import columns_of

__all__ = ["ENGINE", "SparkTables"]

# Not an import above: it comes with PySpark, which is what has to be called missing.
_JavaError = import_module("py4j.protocol").Py4JError
_LONGEST_COUNT = 5000  # milliseconds
_CONFIDENCE = 0.9
_USUAL_CATALOGUES = {"hive_metastore", "spark_catalog"}
_LEVELS = 3


class SparkTables:
    """Implements `TableEngine` for `pyspark.sql.DataFrame`; versions are those of Delta Lake."""

    def columns(self, data: Any) -> list[str]:
        """As `TableEngine.columns`."""
        return list(data.columns)

    def digest(self, data: Any) -> str:
        """As `TableEngine.digest`."""
        return short_digest([np.int64(data.semanticHash()).tobytes()])

    def schema(self, data: Any) -> list[dict[str, Any]] | None:
        """As `TableEngine.schema`; the keys of a map are looked for in the data."""
        return columns_of(data)

    def profile(self, data: Any) -> dict[str, Any] | None:
        """As `TableEngine.profile`: what Spark has counted in five seconds; "unknown" if that is nothing."""
        try:
            counted = int(data._jdf.toJavaRDD().countApprox(_LONGEST_COUNT, _CONFIDENCE).initialValue().mean())  # noqa: SLF001  # PySpark's own call waits without end
        except (AttributeError, PySparkException, _JavaError):
            # Spark Connect has no Java beside it, and a statement may fail when it is computed.
            return None
        return {"approx_count": counted if counted > 0 else "unknown"}

    def load(self, fields: Mapping[str, Any]) -> Any:
        """As `TableEngine.load`; a path holds Parquet."""
        if path := fields.get("path"):
            return _session().read.parquet(path)
        if table := fields.get("table_name"):
            return _session().read.table(table)
        return _session().sql(fields["sql"])

    def load_versioned(self, fields: Mapping[str, Any]) -> Any:
        """As `TableEngine.load_versioned`."""
        reader = _session().read.format("delta")
        if (version := fields.get("delta_table_version")) is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(path) if (path := fields.get("path")) else reader.table(_quoted(fields["delta_table_name"]))

    def full_name(self, table: str) -> str:
        """As `TableEngine.full_name`."""
        session = SparkSession.getActiveSession()
        levels = table.split(".")
        if session is None or len(levels) >= _LEVELS:
            return table
        catalogue = session.catalog.currentCatalog()
        if catalogue in _USUAL_CATALOGUES:
            return table
        before = [catalogue] if len(levels) == _LEVELS - 1 else [catalogue, session.catalog.currentDatabase()]
        return ".".join([*before, table])

    def is_versioned(self, table: str) -> bool:
        """As `TableEngine.is_versioned`."""
        try:
            return bool(_session().sql(f"DESCRIBE DETAIL {_quoted(table)}").filter("format = 'delta'").count())
        except AnalysisException:
            return False

    def latest_version(self, table: str = "", path: str = "") -> int | None:
        """As `TableEngine.latest_version`."""
        named = f"delta.{_quoted(path, whole=True)}" if path else _quoted(table)
        try:
            newest = _session().sql(f"DESCRIBE HISTORY {named} LIMIT 1").head()
        except AnalysisException:
            return None
        return None if newest is None else int(newest["version"])


def _session() -> Any:
    return SparkSession.builder.getOrCreate()


def _quoted(name: str, *, whole: bool = False) -> str:
    parts = [name] if whole else name.split(".")
    return ".".join("`" + part.strip("`").replace("`", "``") + "`" for part in parts)


ENGINE = SparkTables()
