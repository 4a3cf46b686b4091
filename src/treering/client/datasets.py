"""`treering.data`: describing data that a run uses, without storing it.

A description holds a name, a fingerprint, where the data came from, its columns
and its size. The data itself stays with the caller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from treering.client.context import context_tags
from treering.client.digests import array_digest
from treering.client.frames import FRAMES
from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset
from treering.models.signature import infer_schema

__all__ = ["DescribedDataset", "from_numpy", "from_pandas"]

_DEFAULT_NAME = "dataset"


@dataclass(frozen=True, slots=True, eq=False)
class DescribedDataset:
    """Data with its description.

    Attributes:
        entity: What is stored.
        data: The features as they were given.
        targets: The labels: for a table the name of their column, else the values; None where there are none.
        predictions: As `targets`, for what a model predicted.
    """

    entity: Dataset
    data: Any
    targets: Any = None
    predictions: Any = None

    @property
    def name(self) -> str:
        """The name."""
        return self.entity.name

    @property
    def digest(self) -> str:
        """The fingerprint."""
        return self.entity.digest

    @property
    def df(self) -> Any:
        """The table, under the name that MLflow uses."""
        return self.data

    @property
    def features(self) -> Any:
        """The features, under the name that MLflow uses."""
        return self.data

    @property
    def profile(self) -> Any:
        """Size and shape, as a dictionary."""
        return json.loads(self.entity.profile)

    def to_entity(self) -> Dataset:
        """What is stored."""
        return self.entity


def from_pandas(  # MLflow's signature
    df: Any,
    source: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> DescribedDataset:
    """Describe a pandas DataFrame.

    Args:
        source: Where it can be had again: a path or URL; the running code unless given.
        targets: The column that holds the labels.
        digest: A fingerprint, if the caller has a better one than MLflow's, which looks at 10,000 rows.
        predictions: The column that holds a model's predictions.

    Raises:
        InvalidInput: If a column is named that the table does not have.
        MissingExtra: If pandas is not installed.
    """
    frames = FRAMES.load("pandas")
    for column in (targets, predictions):
        frames.check_column(df, column)
    entity = Dataset(
        name or _DEFAULT_NAME,
        digest or frames.digest(df),
        *_source(source),
        json.dumps({"mlflow_colspec": json.loads(infer_schema(df).to_text())}),
        json.dumps({"num_rows": len(df), "num_elements": int(df.size)}),
    )
    return DescribedDataset(entity, df, targets, predictions)


def from_numpy(
    features: Any,
    source: str | None = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe NumPy arrays, or dictionaries of them. Arguments as for `from_pandas`; `targets` holds the labels."""
    parts = {"features": _arrays(features)} | ({} if targets is None else {"targets": _arrays(targets)})
    profile: dict[str, Any] = {}
    schema: dict[str, str | None] = {"features": None, "targets": None}
    for part, arrays in parts.items():
        plain = set(arrays) == {""}
        profile[f"{part}_shape"] = list(arrays[""].shape) if plain else {k: list(a.shape) for k, a in arrays.items()}
        profile[f"{part}_size"] = int(arrays[""].size) if plain else {k: int(a.size) for k, a in arrays.items()}
        profile[f"{part}_nbytes"] = arrays[""].nbytes if plain else {k: a.nbytes for k, a in arrays.items()}
        # A string in the JSON, not a list: so MLflow writes it.
        schema[part] = infer_schema(arrays[""] if plain else arrays).to_text()
    entity = Dataset(
        name or _DEFAULT_NAME,
        digest or array_digest(parts["features"], parts.get("targets")),
        *_source(source),
        json.dumps({"mlflow_tensorspec": schema}),
        json.dumps(profile),
    )
    return DescribedDataset(entity, features, targets)


def _arrays(data: Any) -> dict[str, np.ndarray[Any, Any]]:
    if isinstance(data, Mapping):
        return {str(key): np.asarray(value) for key, value in data.items()}
    return {"": np.asarray(data)}


def _source(source: str | None) -> tuple[str, str]:
    """Kind and JSON of where the data came from."""
    if source is None:
        tags = {key: value for key, value in context_tags().items() if key.startswith("mlflow.source.")}
        return "code", json.dumps({"tags": tags})
    scheme = scheme_of(source)
    if scheme in {"http", "https"}:
        return "http", json.dumps({"url": source})
    return "local" if scheme == "file" else scheme, json.dumps({"uri": source})
