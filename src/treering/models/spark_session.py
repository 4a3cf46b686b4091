"""A session of Spark for loading and asking a model: the one that there is, or a small one on this machine."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

__all__ = ["current_or_local", "fetched", "is_local", "shared_place", "stored"]

# Where a model passes through on a cluster, on its file system.
_PASSAGE = "/tmp/treering"  # noqa: S108  # a path of the cluster's file system, with a name of its own below


def current_or_local() -> Any:
    """The session of this thread or process; where there is none, a local one is started.

    Of a thread other than the one that started it, too: a model server answers in several.
    """
    session = SparkSession.getActiveSession()
    if session is not None:
        return session
    # On a cluster's worker, a session of its own is wanted, which Spark allows only when told so.
    return (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executor.allowSparkContext", "true")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )


def is_local(session: Any) -> bool:
    """Whether all of Spark runs on this machine, and so sees its files."""
    return str(session.conf.get("spark.master", "")).startswith("local")


def shared_place(folder: str = "") -> str:
    """A path of its own on the cluster's file system, below `folder`."""
    return f"{(folder or _PASSAGE).rstrip('/')}/{uuid.uuid4().hex}"


def fetched(session: Any, shared: str, target: Path) -> None:
    """Move what lies at `shared` on the cluster's file system to `target` on this machine."""
    files, path = _files(session)
    files.copyToLocalFile(True, path(shared), path(target.as_uri()))  # Java's; the source is removed


def stored(session: Any, source: Path, shared: str) -> None:
    """Copy a folder of this machine to `shared` on the cluster's file system."""
    files, path = _files(session)
    files.copyFromLocalFile(False, path(source.as_uri()), path(shared))  # Java's; the source stays


def _files(session: Any) -> tuple[Any, Any]:
    """The cluster's file system and how its paths are made: Java's, for PySpark has no face for them."""
    context = session.sparkContext
    hadoop = context._jvm.org.apache.hadoop.fs  # noqa: SLF001  # as above
    return hadoop.FileSystem.get(context._jsc.hadoopConfiguration()), hadoop.Path  # noqa: SLF001  # as above
