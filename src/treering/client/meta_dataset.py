"""A dataset of which only the description is there: nobody has looked at its data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from treering.client.dataset_sources import DatasetSource, source_at
from treering.entities.dataset import Dataset
from treering.models.schema import Schema

__all__ = ["MetaDataset"]

_DIGEST_LENGTH = 8


class MetaDataset:
    """A name, a source and perhaps a schema, to be logged with `log_input`.

    Args:
        source: A path, a URL or a source.
        digest: A fingerprint; else MLflow's, which is made of the description.

    Attributes:
        tags: What is kept with each run that uses it.
    """

    tags: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        source: str | Path | DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.source = source_at(source)
        self.name = name or "dataset"
        self.schema = schema
        self.digest = digest or self._computed()

    def to_entity(self) -> Dataset:
        """What is stored."""
        schema = json.dumps({"mlflow_colspec": self._columns()}) if self.schema else ""
        return Dataset(self.name, self.digest, self.source.kind, self.source.to_json(), schema)

    def _columns(self) -> Any:
        return json.loads(self.schema.to_text()) if self.schema else ""

    def _computed(self) -> str:
        known = {
            "name": self.name,
            "source": self.source.to_json(),
            "source_type": self.source.kind,
            "schema": self._columns(),
        }
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:_DIGEST_LENGTH]
