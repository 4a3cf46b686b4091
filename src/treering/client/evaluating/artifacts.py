"""What an evaluation gives back: metrics, and artifacts with their contents; saved and loaded in MLflow's folders."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlparse

import numpy as np

from treering.client.artifacts import download_artifacts
from treering.client.frames import FRAMES
from treering.client.pictures import PICTURES
from treering.core.errors import DamagedData, InvalidInput, MissingExtra, NotFound, PermissionDenied
from treering.entities.evaluation import Evaluation
from treering.evaluation.comparison import compare_rows, same_rows
from treering.evaluation.rows import Rows
from treering.evaluation.thresholds import MetricThreshold, validate
from treering.models.tables import TABLES

__all__ = [
    "ARTIFACTS",
    "CsvEvaluationArtifact",
    "EvaluationArtifact",
    "EvaluationResult",
    "ImageEvaluationArtifact",
    "JsonEvaluationArtifact",
    "NumpyEvaluationArtifact",
    "ParquetEvaluationArtifact",
    "PickleEvaluationArtifact",
    "TextEvaluationArtifact",
    "pickled",
    "validate_evaluation_results",
]

_MODULE = "mlflow.models.evaluation.artifacts"


class EvaluationArtifact:
    """A file that came of an evaluation.

    Attributes:
        uri: Where it lies.
        data: Its bytes; fetched when they are first asked for.
    """

    suffix: ClassVar[str] = ""

    def __init__(self, uri: str, data: bytes | None = None) -> None:
        self.uri = uri
        if data is not None:
            self.__dict__["data"] = data

    @cached_property
    def data(self) -> bytes:
        """The file's bytes. Raises NotFound."""
        return Path(download_artifacts(self.uri)).read_bytes()

    @cached_property
    def content(self) -> Any:
        """What the file holds, in whatever form suits its kind."""
        return self._opened(self.data)

    @property
    def file_name(self) -> str:
        """The last part of its path."""
        return Path(urlparse(self.uri).path).name

    def _opened(self, data: bytes) -> Any:
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}(uri='{self.uri}')"


class ImageEvaluationArtifact(EvaluationArtifact):
    """A picture: of Pillow where that is installed, else its bytes."""

    suffix = ".png"

    def _opened(self, data: bytes) -> Any:
        try:
            return PICTURES.load("pillow").opened(io.BytesIO(data))  # type: ignore[arg-type]  # Pillow takes files, too
        except MissingExtra:
            return data


class CsvEvaluationArtifact(EvaluationArtifact):
    """A table as CSV: a data frame."""

    suffix = ".csv"

    def _opened(self, data: bytes) -> Any:
        return TABLES.load("pandas").from_csv(data, None)


class ParquetEvaluationArtifact(EvaluationArtifact):
    """A table as Parquet: a data frame."""

    suffix = ".parquet"

    def _opened(self, data: bytes) -> Any:
        return TABLES.load("pandas").from_parquet(data)


class NumpyEvaluationArtifact(EvaluationArtifact):
    """An array."""

    suffix = ".npy"

    def _opened(self, data: bytes) -> Any:
        return np.load(io.BytesIO(data), allow_pickle=False)


class JsonEvaluationArtifact(EvaluationArtifact):
    """What a JSON file holds."""

    suffix = ".json"

    def _opened(self, data: bytes) -> Any:
        return json.loads(data)


class TextEvaluationArtifact(EvaluationArtifact):
    """A text."""

    suffix = ".txt"

    def _opened(self, data: bytes) -> Any:
        return data.decode()


class PickleEvaluationArtifact(EvaluationArtifact):
    """Another object; it is shown only where it was made, because reading it could run code."""

    suffix = ".pickle"

    def __init__(self, uri: str, data: bytes | None = None, value: Any = None) -> None:
        super().__init__(uri, data)
        if value is not None:
            self.__dict__["content"] = value

    def _opened(self, data: bytes) -> Any:
        del data
        msg = (
            f"{self.uri} is a pickle, and reading one can run code of its maker. Read `data` yourself if you trust it."
        )
        raise PermissionDenied(msg)


ARTIFACTS: Mapping[str, type[EvaluationArtifact]] = {
    ".csv": CsvEvaluationArtifact,
    ".jpeg": ImageEvaluationArtifact,
    ".jpg": ImageEvaluationArtifact,
    ".json": JsonEvaluationArtifact,
    ".npy": NumpyEvaluationArtifact,
    ".parquet": ParquetEvaluationArtifact,
    ".pickle": PickleEvaluationArtifact,
    ".png": ImageEvaluationArtifact,
    ".svg": TextEvaluationArtifact,
    ".txt": TextEvaluationArtifact,
}


class EvaluationResult:
    """What an evaluation found.

    Attributes:
        metrics: By name.
        artifacts: By name; each has its `uri` and `content`.
        run_id: The run that has all of it.
        evaluation: The whole record; None of a result that was loaded from MLflow's folder.
        rows: What the model said of each row; None where nobody knows.
    """

    def __init__(
        self,
        metrics: Mapping[str, Any],
        artifacts: Mapping[str, EvaluationArtifact],
        run_id: str | None = None,
        evaluation: Evaluation | None = None,
        rows: Rows | None = None,
    ) -> None:
        self.metrics = dict(metrics)
        self.artifacts = dict(artifacts)
        self.run_id = run_id
        self.evaluation = evaluation
        self.rows = rows

    @property
    def tables(self) -> dict[str, Any]:
        """The tables among the artifacts, as data frames. Raises MissingExtra without pandas."""
        found = {}
        for name, artifact in self.artifacts.items():
            if isinstance(artifact, JsonEvaluationArtifact):
                content = artifact.content
                if isinstance(content, dict) and set(content) == {"columns", "data"}:
                    columns = {
                        column: [row[place] for row in content["data"]]
                        for place, column in enumerate(content["columns"])
                    }
                    found[name] = FRAMES.load("pandas").table(columns)
        return found

    def save(self, path: str | Path) -> None:
        """Write metrics and artifacts into a folder, as MLflow does."""
        folder = Path(path)
        (folder / "artifacts").mkdir(parents=True, exist_ok=True)
        (folder / "metrics.json").write_text(json.dumps(self.metrics, default=float), encoding="utf-8")
        about = {
            name: {"uri": artifact.uri, "class_name": f"{_MODULE}.{type(artifact).__name__}"}
            for name, artifact in self.artifacts.items()
        }
        (folder / "artifacts_metadata.json").write_text(json.dumps(about), encoding="utf-8")
        for artifact in self.artifacts.values():
            (folder / "artifacts" / artifact.file_name).write_bytes(artifact.data)

    @classmethod
    def load(cls, path: str | Path) -> EvaluationResult:
        """What `save`, or MLflow, has written.

        Raises:
            NotFound: If a file is missing.
            DamagedData: If one is not as it should be.
        """
        folder = Path(path)
        try:
            metrics = json.loads((folder / "metrics.json").read_bytes())
            about = json.loads((folder / "artifacts_metadata.json").read_bytes())
            artifacts: dict[str, EvaluationArtifact] = {}
            for name, one in about.items():
                kind = next(
                    (kind for kind in set(ARTIFACTS.values()) if kind.__name__ == one["class_name"].rpartition(".")[2]),
                    EvaluationArtifact,
                )
                artifact = kind(str(one["uri"]))
                data = (folder / "artifacts" / artifact.file_name).read_bytes()
                # MLflow saves so a table that nobody has looked at yet; it is where the run has it.
                artifacts[name] = artifact if data == b"null" else kind(artifact.uri, data)
            return cls(metrics, artifacts)
        except FileNotFoundError as error:
            msg = f"{error.filename} is missing, so {folder} holds no evaluation. Save it again."
            raise NotFound(msg) from error
        except (ValueError, KeyError, TypeError, AttributeError, IsADirectoryError) as error:
            msg = f"{folder} holds no evaluation: {error}. Save it again."
            raise DamagedData(msg) from error

    def __repr__(self) -> str:
        return f"EvaluationResult(metrics={self.metrics}, artifacts={list(self.artifacts)}, run_id={self.run_id!r})"


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
    *,
    confident: bool = False,
) -> None:
    """Hold a model against thresholds, and against a baseline where they ask for a change.

    Args:
        confident: Whether a demanded change must be beyond doubt: the paired bootstrap's interval must reach it.
            That takes two results of the same rows.

    Raises:
        ModelValidationFailedException: If a threshold is not met; the message names each metric.
        InvalidInput: If the thresholds are no dictionary of `MetricThreshold`s, or the rows are not known.
    """
    comparison = None
    if confident and baseline_result is not None:
        ours, theirs = candidate_result.rows, baseline_result.rows
        if ours is None or theirs is None or not same_rows(ours, theirs):
            msg = "The two results are not of the same rows, so that they cannot be compared in pairs. Evaluate both anew."
            raise InvalidInput(msg)
        comparison = compare_rows(ours, theirs, "baseline")
    validate(
        validation_thresholds,
        candidate_result.metrics,
        {} if baseline_result is None else baseline_result.metrics,
        comparison,
    )


def pickled(value: Any) -> bytes:
    """An object that nothing else can hold. Raises InvalidInput if a pickle cannot, either."""
    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        msg = (
            f"A {type(value).__name__} cannot be stored as an artifact: {error}. Give a path, a text of JSON, a data frame,"
            " an array or a figure."
        )
        raise InvalidInput(msg) from error
