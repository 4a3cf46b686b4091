"""Where datasets come from, in MLflow's JSON, and how they are had again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.client.artifacts import download_artifacts
from treering.client.context import context_tags
from treering.client.described import TABLE_ENGINES
from treering.core.errors import DamagedData, MissingExtra, NotSupported
from treering.core.uri import scheme_of
from treering.entities.dataset import Dataset

__all__ = ["DatasetSource", "HTTPDatasetSource", "code_source", "hub_source", "source_at", "stored_source"]

_HUB = "hugging_face"


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """One place that data came from.

    Attributes:
        kind: MLflow's word for it, such as `local`, `http`, `s3`, `hugging_face`, `spark`, `delta_table`, `code`.
        fields: What its JSON holds.
    """

    kind: str
    fields: Mapping[str, Any]

    @property
    def uri(self) -> str:
        """The path or URL; "" where the kind has none."""
        return str(self.fields.get("uri") or self.fields.get("url") or self.fields.get("path") or "")

    @property
    def url(self) -> str:
        """As `uri`."""
        return self.uri

    def to_dict(self) -> dict[str, Any]:
        """What its JSON holds."""
        return dict(self.fields)

    def to_json(self) -> str:
        """The JSON that is stored."""
        return json.dumps(self.fields)

    def load(self, dst_path: str | Path | None = None, **options: Any) -> Any:
        """Fetch the data.

        Args:
            dst_path: The folder for a file or folder of files, as `treering.artifacts.download_artifacts` takes it.
            options: For a dataset of Hugging Face: further arguments of `datasets.load_dataset`.

        Returns:
            The path on this machine; for a dataset of Hugging Face the dataset, for a table of Spark its frame.

        Raises:
            NotFound: If nothing lies there any more.
            NotSupported: If the source cannot be loaded, such as code.
            MissingExtra: If a package is needed that is not installed.
        """
        if self.kind == _HUB:
            return self._from_hub(options)
        if self.kind == "spark":
            return TABLE_ENGINES.load("spark").load(self.fields)
        if self.kind == "delta_table":
            return TABLE_ENGINES.load("spark").load_versioned(self.fields)
        if set(self.fields) & {"uri", "url"}:
            return download_artifacts(self.uri, dst_path=dst_path)
        msg = f"A source of the kind {self.kind!r} cannot be loaded. It says: {self.to_json()}."
        raise NotSupported(msg)

    def _from_hub(self, options: Mapping[str, Any]) -> Any:
        try:
            hub = import_module("datasets")
        except ModuleNotFoundError as error:
            msg = "A dataset of Hugging Face needs the package 'datasets'. Install it with: pip install datasets"
            raise MissingExtra(msg) from error
        named = {"name" if key == "config_name" else key: value for key, value in self.fields.items()}
        given = {key: value for key, value in named.items() if value is not None and key != "trust_remote_code"}
        return hub.load_dataset(**given, **options)


def HTTPDatasetSource(url: str) -> DatasetSource:  # noqa: N802  # MLflow's name
    """The source at a web address."""
    return DatasetSource("http", {"url": url})


def code_source() -> DatasetSource:
    """The running code."""
    tags = {key: value for key, value in context_tags().items() if key.startswith("mlflow.source.")}
    return DatasetSource("code", {"tags": tags})


def source_at(source: str | Path | DatasetSource | None) -> DatasetSource:
    """The source at a path or URL; the running code where none is given."""
    if isinstance(source, DatasetSource):
        return source
    if source is None:
        return code_source()
    scheme = scheme_of(str(source))
    if scheme in {"http", "https"}:
        return HTTPDatasetSource(str(source))
    return DatasetSource("local" if scheme == "file" else scheme, {"uri": str(source)})


def hub_source(path: str, fields: Mapping[str, Any]) -> DatasetSource:
    """A dataset of Hugging Face's hub, or of files that its library reads; `fields` as `load_dataset` takes them."""
    return DatasetSource(_HUB, {"path": path, **fields})


def stored_source(dataset: Dataset) -> DatasetSource:
    """The source of a dataset that a run has read. Raises DamagedData if its JSON cannot be read."""
    try:
        return DatasetSource(dataset.source_type, dict(json.loads(dataset.source)))
    except (ValueError, TypeError) as error:
        msg = f"The source of the dataset {dataset.name!r} is no JSON object: {dataset.source[:200]!r}."
        raise DamagedData(msg) from error
