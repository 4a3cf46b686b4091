"""The data of an evaluation: features, what is true, and perhaps what was predicted."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treering.client import datasets
from treering.client.described_dataset import DescribedDataset
from treering.client.frames import FRAMES
from treering.core.errors import InvalidInput, NotFound
from treering.models.tables import TABLES, is_table

__all__ = ["EvaluationTable", "table_of"]

_SPARK_ROWS = 10_000
_MATRIX = 2


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationTable:
    """Rows to judge a model by.

    Attributes:
        features: A data frame or a matrix, as a model takes it.
        whole: All columns as a data frame, those of targets and predictions among them; None of a matrix.
        labels_data: What is true; None where nobody says.
        predictions_data: What a model said; None unless it is in the data.
        described: What is recorded of the data.
    """

    features: Any
    whole: Any
    labels_data: NDArray[Any] | None
    predictions_data: NDArray[Any] | None
    feature_names: tuple[str, ...]
    targets_name: str | None
    predictions_name: str | None
    described: DescribedDataset
    path: str | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def features_data(self) -> Any:
        """The features, under the name that MLflow's evaluators use."""
        return self.features

    @property
    def has_targets(self) -> bool:
        """Whether it is known what is true."""
        return self.labels_data is not None

    @property
    def has_predictions(self) -> bool:
        """Whether the data holds predictions."""
        return self.predictions_data is not None

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.described.name

    @property
    def digest(self) -> str:
        """The dataset's fingerprint."""
        return self.described.digest

    @property
    def hash(self) -> str:
        """A fingerprint of features, targets and predictions together, for the tag `mlflow.datasets`."""
        found = hashlib.md5(self.digest.encode(), usedforsecurity=False)
        for column in (self.labels_data, self.predictions_data):
            if column is not None:
                found.update(str(len(column)).encode() + str(column[:5].tolist() + column[-5:].tolist()).encode())
        found.update(",".join(self.feature_names).encode())
        return found.hexdigest()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return self.feature_names if self.whole is None else tuple(str(name) for name in self.whole.columns)

    def column(self, name: str) -> NDArray[Any]:
        """The values of a column. Raises InvalidInput."""
        if self.whole is None:
            if name not in self.feature_names:
                raise InvalidInput(_no_column(name, self.feature_names))
            found: NDArray[Any] = np.asarray(self.features)[:, self.feature_names.index(name)]
            return found
        for known in self.whole.columns:
            if str(known) == name:
                return np.asarray(self.whole[known].to_numpy())
        raise InvalidInput(_no_column(name, self.columns))

    def frame(self, without: Sequence[str] = ()) -> Any:
        """The features as a data frame with text names. Raises MissingExtra without pandas."""
        if is_table(self.features):
            renamed = dict(zip(self.features.columns, self.feature_names, strict=True))
            kept = [name for name in self.features.columns if str(name) not in without]
            return self.features[kept].rename(columns=renamed)
        matrix = np.asarray(self.features)
        return FRAMES.load("pandas").table(
            {name: matrix[:, place].tolist() for place, name in enumerate(self.feature_names) if name not in without}
        )


def table_of(
    data: Any,
    targets: Any,
    predictions: Any,
    feature_names: Sequence[str] | None,
    path: str | None = None,
) -> EvaluationTable:
    """The data as it was given to `evaluate`.

    Args:
        data: A data frame (pandas, Polars, Arrow, Spark), an array, a list, a dictionary of columns, a dataset that
            `treering.data` made, or the path of a CSV, Parquet or JSON lines file.
        targets: The column of the targets; for an array their values.
        predictions: The column of the predictions.

    Raises:
        InvalidInput: If the data is of another kind, or a column is not there.
        NotFound: If there is no such file.
    """
    if feature_names is not None and len(set(feature_names)) < len(list(feature_names)):
        msg = "`feature_names` argument must be a list containing unique feature names."
        raise InvalidInput(msg)
    described = data if isinstance(data, DescribedDataset) else _described(data, targets, predictions)
    frame = _frame(described.data)
    if frame is None:
        return _of_matrix(described, feature_names, path)
    return _of_frame(described, frame, feature_names, path)


def _described(data: Any, targets: Any, predictions: Any) -> DescribedDataset:
    source = name = None
    if isinstance(data, str | Path):
        source, name, data = str(data), Path(data).name, _read(Path(data))
    if isinstance(data, Mapping):
        data = FRAMES.load("pandas").table(data)
    frame = _frame(data)
    if frame is not None:
        for column, what in ((targets, "targets"), (predictions, "predictions")):
            if column is not None and not isinstance(column, str):
                msg = (
                    f"If data is a table, `{what}` must be the name of the column that holds the {what},"
                    f" and it is of type {type(column).__name__}."
                )
                raise InvalidInput(msg)
        return datasets.from_pandas(frame, source=source, targets=targets, predictions=predictions, name=name)
    if predictions is not None:
        msg = "If predictions is specified, data must be a table that has a column of that name."
        raise InvalidInput(msg)
    matrix = _matrix(data)
    if targets is not None and (isinstance(targets, str) or not hasattr(targets, "__len__")):
        msg = "If data is a numpy array or a list, `targets` must be a numpy array or a list of the labels."
        raise InvalidInput(msg)
    return datasets.from_numpy(matrix, targets=None if targets is None else np.asarray(targets))


def _frame(data: Any) -> Any:
    """As a data frame of pandas; None of what is no table."""
    if is_table(data):
        return data.to_frame() if not hasattr(data, "columns") else data
    root = type(data).__module__.partition(".")[0]
    if root == "pyspark" and hasattr(data, "limit"):
        return data.limit(_SPARK_ROWS).toPandas()
    if root in {"polars", "pyarrow", "datasets"} and hasattr(data, "to_pandas"):
        return data.to_pandas()
    return None


def _matrix(data: Any) -> NDArray[Any]:
    if isinstance(data, list) and data and not isinstance(data[0], list | tuple | np.ndarray):
        data = [[one] for one in data]
    if not isinstance(data, list | tuple | np.ndarray):
        msg = (
            f"The data is of type {type(data).__name__}. Give a data frame, an array, a list, a dataset of treering.data,"
            " or the path of a CSV, Parquet or JSON lines file."
        )
        raise InvalidInput(msg)
    try:
        matrix = np.asarray(data)
    except ValueError as error:
        msg = f"The rows of the data differ in length: {error}."
        raise InvalidInput(msg) from error
    if matrix.ndim != _MATRIX:
        msg = f"An array of data must be rows x features, and this has the shape {matrix.shape}."
        raise InvalidInput(msg)
    return matrix


def _of_matrix(described: DescribedDataset, names: Sequence[str] | None, path: str | None) -> EvaluationTable:
    matrix = _matrix(described.data)
    count = matrix.shape[1]
    if names is None:
        digits = math.ceil(math.log10(count + 1))
        names = [f"feature_{str(place + 1).zfill(digits)}" for place in range(count)]
    if len(names) != count:
        msg = f"There are {len(names)} feature names for {count} features. Name each feature once."
        raise InvalidInput(msg)
    targets = None if described.targets is None else np.asarray(described.targets)
    if targets is not None and len(targets) != len(matrix):
        msg = f"There are {len(matrix):,} rows of features and {len(targets):,} targets. Give one target for each row."
        raise InvalidInput(msg)
    return EvaluationTable(matrix, None, targets, None, tuple(names), None, None, described, path)


def _of_frame(
    described: DescribedDataset, frame: Any, names: Sequence[str] | None, path: str | None
) -> EvaluationTable:
    roles = [role for role in (described.targets, described.predictions) if isinstance(role, str)]
    for role in (*roles, *(names or ())):
        if role not in frame.columns:
            raise InvalidInput(_no_column(role, tuple(map(str, frame.columns))))
    features = frame[list(names)] if names is not None else frame.drop(columns=roles)
    return EvaluationTable(
        features,
        frame,
        frame[described.targets].to_numpy() if isinstance(described.targets, str) else None,
        frame[described.predictions].to_numpy() if isinstance(described.predictions, str) else None,
        tuple(str(name) for name in features.columns),
        described.targets if isinstance(described.targets, str) else None,
        described.predictions if isinstance(described.predictions, str) else None,
        described,
        path,
    )


def _read(path: Path) -> Any:
    """A file as a table."""
    tables = TABLES.load("pandas")
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Give the path of a CSV, Parquet or JSON lines file."
        raise NotFound(msg) from error
    plain = Path(path.name.lower().removesuffix(".gz"))
    try:
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
        if plain.suffix in {".parquet", ".pq"}:
            return tables.from_parquet(data)
        if plain.suffix in {".jsonl", ".ndjson"}:
            return tables.from_records(_json_lines(path, data), None)
        if plain.suffix in {".csv", ".tsv", ".txt"}:
            return tables.from_csv(data, None, "\t" if plain.suffix == ".tsv" else ",")
    except (EOFError, OSError, zlib.error) as error:
        msg = f"{path} cannot be unpacked: {error}."
        raise InvalidInput(msg) from error
    except InvalidInput as error:
        if path.name in error.message:
            raise
        msg = f"{path} cannot be read as what its name says: {error.message.rstrip('.')}."
        raise InvalidInput(msg) from error
    msg = f"{path} ends with {plain.suffix or 'nothing'!r}, which says no format. Give a .csv, .parquet or .jsonl file."
    raise InvalidInput(msg)


def _json_lines(path: Path, data: bytes) -> list[Any]:
    rows: list[Any] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            msg = f"Line {number} of {path} is no JSON: {error}. Each line must hold one object."
            raise InvalidInput(msg) from error
    return rows


def _no_column(name: str, known: Sequence[str]) -> str:
    return f"The data has no column {name!r}. It has: {', '.join(known[:20])}."
