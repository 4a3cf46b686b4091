"""MLflow's database: SQLite, PostgreSQL or MySQL, with the schema of any version since 1.0.

Reads the tables as they are found; what an old schema does not have is left empty.
MLflow writes NaN as zero with a flag and an infinity as the largest number; both come
out as what was logged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, func, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from treering.core.errors import InvalidInput, MissingExtra, Unavailable
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, ModelVersionStatus, RunStatus
from treering.entities.metric import Metric, MetricColumns
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.run import RUN_NAME_TAG, ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs
from treering.exchange.source import FoundRun
from treering.storage.objects.base import ObjectStore
from treering.storage.series.columns import as_columns

__all__ = ["MlflowDatabase", "open_database"]

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_AT_ONCE = 200
_POINTS = 50_000
_LARGEST = 1.7976931348623157e308
# Deleting an experiment marks it and its runs within one transaction.
_TOGETHER_MILLIS = 5000
_MODEL_STATUS = {
    1: LoggedModelStatus.PENDING, 2: LoggedModelStatus.READY, 3: LoggedModelStatus.FAILED,
}  # fmt: skip

Row = Mapping[str, Any]


def open_database(uri: str, open_artifacts: Callable[[str], ObjectStore]) -> MlflowDatabase:
    """The MLflow database at `uri`.

    Args:
        open_artifacts: Opens the artifact URIs that the database names.

    Raises:
        InvalidInput: If `uri` is malformed or the database is not MLflow's.
        MissingExtra: If the database's driver is not installed.
        Unavailable: If it cannot be reached.
    """
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError) as error:
        msg = "The database's URI is malformed. Write it as scheme://user:password@host:port/name or sqlite:///path."
        raise InvalidInput(msg) from error
    backend = url.get_backend_name()
    name = url.render_as_string(hide_password=True)
    if backend == "sqlite" and not Path(url.database or "").is_file():
        # Looking would make it.
        msg = f"There is no file {url.database or ''!r}. Check the URI: an absolute path has four slashes before it."
        raise InvalidInput(msg)
    try:
        engine = create_engine(url.set(drivername=_DRIVERS.get(backend, backend)))
    except ModuleNotFoundError as error:
        msg = f"The database {backend} needs the package {error.name!r}. Install it with: pip install 'treering[{backend}]'"
        raise MissingExtra(msg) from error
    try:
        tables = set(inspect(engine).get_table_names())
        if not {"experiments", "runs", "params", "tags", "metrics"} <= tables:
            engine.dispose()
            msg = f"The database {name} has no tables of MLflow. Check the URI."
            raise InvalidInput(msg)
        found = MetaData()
        found.reflect(engine, only=[table for table in _TABLES if table in tables])
    except SQLAlchemyError as error:
        engine.dispose()
        msg = f"The database {name} cannot be read: {getattr(error, 'orig', error)}. Check the URI and that it runs."
        raise Unavailable(msg) from error
    return MlflowDatabase(engine, name, found, open_artifacts)


_TABLES = (
    "datasets", "experiment_tags", "experiments", "input_tags", "inputs", "logged_model_metrics", "logged_model_params",
    "logged_model_tags", "logged_models", "metrics", "model_version_tags", "model_versions", "params",
    "registered_model_aliases", "registered_model_tags", "registered_models", "runs", "tags",
)  # fmt: skip


class MlflowDatabase:
    """A Source over MLflow's tables."""

    def __init__(
        self, engine: Engine, name: str, tables: MetaData, open_artifacts: Callable[[str], ObjectStore]
    ) -> None:
        self._engine = engine
        self._name = name
        self._tables = tables.tables
        self._open_artifacts = open_artifacts
        self._deleted: dict[str, int | None] = {}

    @property
    def name(self) -> str:
        """The URI without its password."""
        return self._name

    def artifacts(self, uri: str) -> ObjectStore:
        """See Source."""
        return self._open_artifacts(uri)

    def close(self) -> None:
        """See Source."""
        self._engine.dispose()

    def experiments(self) -> Iterator[Experiment]:
        """See Source; those of another workspace than the default one carry its name in front."""
        tags = self._texts("experiment_tags", "experiment_id")
        for row in self._rows("experiments", order="experiment_id"):
            stage = Lifecycle(row.get("lifecycle_stage") or "active")
            number = str(row["experiment_id"])
            if stage is Lifecycle.DELETED:
                self._deleted[number] = row.get("last_update_time")
            yield Experiment(
                number,
                _in_workspace(row, "/"),
                row.get("artifact_location") or "",
                stage,
                row.get("creation_time") or 0,
                row.get("last_update_time") or row.get("creation_time") or 0,
                tags.get(row["experiment_id"], {}),
            )

    def runs(self, experiment_id: str) -> Iterator[FoundRun]:
        """See Source."""
        for rows in self._chunks("runs", "experiment_id", int(experiment_id)):
            ids = [row["run_uuid"] for row in rows]
            params, tags = self._texts("params", "run_uuid", ids), self._texts("tags", "run_uuid", ids)
            counts, inputs = self._counts(ids), self._inputs(ids)
            edges = self._edges(ids)
            for row in rows:
                mine = row["run_uuid"]
                data = RunData(params.get(mine, {}), tags.get(mine, {}))
                reads, writes = edges.get(mine, ((), ()))
                run = Run(_info(row, data.tags), data, RunInputs(inputs.get(mine, ()), reads), RunOutputs(writes))
                yield FoundRun(run, counts.get(mine, {}), self._went_together(row))

    def _went_together(self, row: Row) -> bool:
        time, mine = self._deleted.get(str(row["experiment_id"])), row.get("deleted_time")
        return time is not None and mine is not None and abs(time - mine) <= _TOGETHER_MILLIS

    def histories(self, run: Run) -> Iterator[tuple[str, MetricColumns]]:
        """See Source."""
        table = self._tables["metrics"]
        columns = [table.c.key, table.c.timestamp, table.c.value]
        columns += [table.c[name] for name in ("step", "is_nan") if name in table.c]
        statement = select(*columns).where(table.c.run_uuid == run.info.run_id).order_by(table.c.key)
        pending: list[tuple[Any, ...]] = []
        with self._engine.connect().execution_options(stream_results=True, yield_per=_POINTS) as connection:
            for part in connection.execute(statement).partitions():
                pending.extend(map(tuple, part))
                last = pending[-1][0]
                cut = len(pending)
                # The last key may go on in the next part, unless it is long already.
                if len(pending) < 2 * _POINTS and pending[0][0] != last:
                    while pending[cut - 1][0] == last:
                        cut -= 1
                if pending[0][0] != last or len(pending) >= 2 * _POINTS:
                    yield from _series(pending[:cut])
                    pending = pending[cut:]
        yield from _series(pending)

    def logged_models(self, experiment_id: str) -> Iterator[LoggedModel]:
        """See Source."""
        if "logged_models" not in self._tables:
            return
        for rows in self._chunks("logged_models", "experiment_id", int(experiment_id)):
            ids = [row["model_id"] for row in rows]
            params = self._texts("logged_model_params", "model_id", ids, key="param_key", value="param_value")
            tags = self._texts("logged_model_tags", "model_id", ids, key="tag_key", value="tag_value")
            points = self._model_points(ids)
            for row in rows:
                created = row["creation_timestamp_ms"]
                yield LoggedModel(
                    row["model_id"],
                    str(row["experiment_id"]),
                    row["name"],
                    row["artifact_location"],
                    _MODEL_STATUS.get(int(row["status"]), LoggedModelStatus.READY),
                    Lifecycle(row.get("lifecycle_stage") or "active"),
                    created,
                    row.get("last_updated_timestamp_ms") or created,
                    row.get("model_type") or "",
                    row.get("source_run_id") or "",
                    row.get("status_message") or "",
                    params.get(row["model_id"], {}),
                    tags.get(row["model_id"], {}),
                    points.get(row["model_id"], ()),
                )

    def registered_models(self) -> Iterator[RegisteredModel]:
        """See Source."""
        for row in self._rows("registered_models", order="name"):
            where = _owner(row)
            name = _in_workspace(row, "--")
            created = row.get("creation_time") or 0
            aliases = {one["alias"]: int(one["version"]) for one in self._rows("registered_model_aliases", where)}
            tags = {one["key"]: one["value"] or "" for one in self._rows("registered_model_tags", where)}
            updated = row.get("last_updated_time") or created
            yield RegisteredModel(name, created, updated, row.get("description") or "", tags, aliases)

    def versions(self, name: str) -> Iterator[ModelVersion]:
        """See Source."""
        for owner in self._rows("registered_models"):
            if _in_workspace(owner, "--") == name:
                yield from self._versions(name, _owner(owner))

    def _versions(self, name: str, where: Row) -> Iterator[ModelVersion]:
        tags: dict[int, dict[str, str]] = defaultdict(dict)
        for row in self._rows("model_version_tags", where):
            tags[int(row["version"])][row["key"]] = row["value"] or ""
        for row in self._rows("model_versions", where, order="version"):
            if (row.get("current_stage") or "").startswith("Deleted"):
                continue  # MLflow keeps the rows of deleted versions
            created = row.get("creation_time") or 0
            source = row.get("source") or ""
            yield ModelVersion(
                name,
                int(row["version"]),
                source,
                row.get("storage_location") or source,
                ModelVersionStatus(row.get("status") or "READY"),
                row.get("current_stage") or "None",
                created,
                row.get("last_updated_time") or created,
                row.get("description") or "",
                row.get("run_id") or "",
                row.get("run_link") or "",
                source.removeprefix("models:/").partition("/")[0] if source.startswith("models:/m-") else "",
                row.get("user_id") or "",
                row.get("status_message") or "",
                (),
                tags[int(row["version"])],
            )

    # Reading tables

    def _rows(self, name: str, where: Row | None = None, order: str = "") -> list[Row]:
        table = self._tables.get(name)
        if table is None:
            return []
        statement = select(table).where(
            *(table.c[key] == value for key, value in (where or {}).items() if key in table.c)
        )
        if order:
            statement = statement.order_by(table.c[order])
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def _reading(self) -> Connection:
        return self._engine.connect()

    def _chunks(self, name: str, column: str, value: object) -> Iterator[Sequence[Row]]:
        """Rows in steps, each from where the last one ended, so that no cursor stays open while they are handled."""
        table = self._tables[name]
        key = next(iter(table.primary_key.columns))
        last: Any = None
        while True:
            statement = select(table).where(table.c[column] == value).order_by(key).limit(_AT_ONCE)
            if last is not None:
                statement = statement.where(key > last)
            with self._reading() as connection:
                rows: list[Row] = [dict(row) for row in connection.execute(statement).mappings()]
            if not rows:
                return
            yield rows
            last = rows[-1][key.name]

    def _among(self, name: str, column: str, ids: Iterable[Any] | None) -> list[Row]:
        table = self._tables.get(name)
        if table is None:
            return []
        statement = select(table) if ids is None else select(table).where(table.c[column].in_(list(ids)))
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def _texts(
        self, name: str, owner: str, ids: Iterable[Any] | None = None, *, key: str = "key", value: str = "value"
    ) -> dict[Any, dict[str, str]]:
        found: dict[Any, dict[str, str]] = defaultdict(dict)
        for row in self._among(name, owner, ids):
            found[row[owner]][row[key]] = row[value] or ""
        return found

    def _counts(self, ids: Sequence[str]) -> dict[str, dict[str, int]]:
        table: Table = self._tables["metrics"]
        wanted = table.c.run_uuid.in_(ids)
        statement = (
            select(table.c.run_uuid, table.c.key, func.count()).where(wanted).group_by(table.c.run_uuid, table.c.key)
        )
        found: dict[str, dict[str, int]] = defaultdict(dict)
        with self._reading() as connection:
            for run_id, key, count in connection.execute(statement):
                found[run_id][key] = count
        return found

    def _inputs(self, ids: Sequence[str]) -> dict[str, tuple[DatasetInput, ...]]:
        edges = [
            row
            for row in self._among("inputs", "destination_id", ids)
            if row["destination_type"] == "RUN" and row["source_type"] == "DATASET"
        ]
        known = {
            row["dataset_uuid"]: row
            for row in self._among("datasets", "dataset_uuid", {row["source_id"] for row in edges})
        }
        tags = self._texts("input_tags", "input_uuid", [row["input_uuid"] for row in edges], key="name")
        found: dict[str, tuple[DatasetInput, ...]] = defaultdict(tuple)
        for edge in edges:
            if row := known.get(edge["source_id"]):
                one = Dataset(
                    row["name"], row["digest"], row["dataset_source_type"], row["dataset_source"],
                    row.get("dataset_schema") or "", row.get("dataset_profile") or "",
                )  # fmt: skip
                found[edge["destination_id"]] += (DatasetInput(one, tags.get(edge["input_uuid"], {})),)
        return found

    def _edges(self, ids: Sequence[str]) -> dict[str, tuple[tuple[ModelInput, ...], tuple[ModelOutput, ...]]]:
        """By run: the logged models that it read, and those that it wrote."""
        reads: dict[str, tuple[ModelInput, ...]] = defaultdict(tuple)
        writes: dict[str, tuple[ModelOutput, ...]] = defaultdict(tuple)
        for row in self._among("inputs", "source_id", ids):
            if row["source_type"] == "RUN_INPUT" and row["destination_type"] == "MODEL_INPUT":
                reads[row["source_id"]] += (ModelInput(row["destination_id"]),)
            elif row["source_type"] == "RUN_OUTPUT" and row["destination_type"] == "MODEL_OUTPUT":
                writes[row["source_id"]] += (ModelOutput(row["destination_id"], row.get("step") or 0),)
        return {run_id: (reads[run_id], writes[run_id]) for run_id in ids}

    def _model_points(self, ids: Sequence[str]) -> dict[str, tuple[Metric, ...]]:
        found: dict[str, tuple[Metric, ...]] = defaultdict(tuple)
        for row in self._among("logged_model_metrics", "model_id", ids):
            value = row["metric_value"]
            found[row["model_id"]] += (
                Metric(
                    row["metric_name"],
                    float("nan") if value is None else _unclamped(value),
                    row["metric_timestamp_ms"],
                    row["metric_step"],
                    row["model_id"],
                    row.get("dataset_name") or "",
                    row.get("dataset_digest") or "",
                    row["run_id"],
                ),
            )
        return found


def _in_workspace(row: Row, separator: str) -> str:
    workspace, name = row.get("workspace") or "default", str(row["name"])
    return name if workspace == "default" else f"{workspace}{separator}{name}"


def _owner(row: Row) -> dict[str, Any]:
    return {"name": row["name"], **({"workspace": row["workspace"]} if "workspace" in row else {})}


def _unclamped(value: float) -> float:
    return float(np.copysign(np.inf, value)) if abs(value) >= _LARGEST else value


def _info(row: Row, tags: Mapping[str, str]) -> RunInfo:
    return RunInfo(
        row["run_uuid"],
        str(row["experiment_id"]),
        row.get("name") or tags.get(RUN_NAME_TAG, ""),
        row.get("user_id") or "",
        RunStatus(row.get("status") or "FINISHED"),
        row.get("start_time") or 0,
        row.get("end_time"),
        row.get("artifact_uri") or "",
        Lifecycle(row.get("lifecycle_stage") or "active"),
    )


def _series(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, MetricColumns]]:
    """Rows of (key, timestamp, value, step, is_nan), together by key, as columns."""
    if not rows:
        return
    keys, timestamps, values, *rest = zip(*rows, strict=True)
    numbers = np.array(values, dtype=np.float64)
    numbers = np.where(np.abs(numbers) >= _LARGEST, np.copysign(np.inf, numbers), numbers)
    steps = np.array(rest[0] if rest else np.zeros(len(rows)), dtype=np.int64)
    if len(rest) > 1:
        numbers[np.array(rest[1], dtype=bool)] = np.nan
    times = np.array(timestamps, dtype=np.int64)
    start = 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[start]:
            yield keys[start], as_columns(steps[start:end], times[start:end], numbers[start:end])
            start = end
