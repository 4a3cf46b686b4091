"""A dataset as a run used it: what it was, where it came from, and in which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["CONTEXT_TAG", "OUTPUT_CONTEXT", "Dataset", "DatasetInput", "DatasetVersion"]

CONTEXT_TAG = "mlflow.data.context"
OUTPUT_CONTEXT = "output"
"""The role of a dataset that a run made."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named, fingerprinted dataset.

    Attributes:
        digest: A short fingerprint of the content.
        source_type: Kind of `source`, such as `local`, `http`, `code`.
        source: JSON that says where it can be had again.
        schema: JSON of its columns or tensors, or "".
        profile: JSON of its size and shape, or "".
    """

    name: str
    digest: str
    source_type: str
    source: str
    schema: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A dataset in the role that one run gave it; the role is the tag `mlflow.data.context`."""

    dataset: Dataset
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def context(self) -> str:
        """The role, such as `train`; "" where none was given."""
        return self.tags.get(CONTEXT_TAG, "")


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One content of a dataset, by its digest, and which runs used it.

    Attributes:
        dataset: As it was recorded first; without a schema where many versions are listed.
        runs: How many runs used it that are not deleted.
        first_used: When the first of these began, in milliseconds since the epoch; `last_used` likewise.
        contexts: The roles that they gave it, sorted.
        experiment_ids: Whose runs these are.
    """

    dataset: Dataset
    runs: int
    first_used: int
    last_used: int
    contexts: Sequence[str] = ()
    experiment_ids: Sequence[str] = ()
