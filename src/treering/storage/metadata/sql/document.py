"""The encoded document of a run: everything that was logged to it, so that an answer needs no joins.

Fields are written by position. A new one goes to the end, with a default, so that
older documents can still be read.
"""

from __future__ import annotations

import functools

import msgspec

from treering.core.errors import DamagedData
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.metric import StoredSummaries, summary_rows
from treering.entities.run import ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs

__all__ = ["Document", "Summary", "UsedDataset", "read_document", "write_document"]


class Summary(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A MetricSummary."""

    value: float
    step: int
    timestamp: int
    minimum: float | None
    maximum: float | None
    count: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class UsedDataset(msgspec.Struct, array_like=True, frozen=True):
    """A row of `datasets`, and the role that the run gave it."""

    dataset: int
    tags: dict[str, str]


class Document(msgspec.Struct, array_like=True, frozen=True):
    """What hangs on a run.

    Attributes:
        outputs: (model id, step) pairs.
        small: Per metric key, how many segments wait to be merged.
    """

    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: dict[str, Summary] = {}
    datasets: list[UsedDataset] = []
    inputs: list[str] = []
    outputs: list[tuple[str, int]] = []
    small: dict[str, int] = {}

    def to_run(self, info: RunInfo, known: dict[int, Dataset]) -> Run:
        """The run that this is the document of; datasets that are not `known` are left out."""
        return Run(
            info,
            RunData(self.params, self.tags, StoredSummaries(info.run_id, self.metrics)),
            RunInputs(
                tuple(DatasetInput(known[used.dataset], used.tags) for used in self.datasets if used.dataset in known),
                tuple(ModelInput(model_id) for model_id in self.inputs),
            ),
            RunOutputs(tuple(ModelOutput(model_id, step) for model_id, step in self.outputs)),
        )

    @classmethod
    def of_run(cls, run: Run, datasets: list[UsedDataset], small: dict[str, int]) -> Document:
        """The document of `run`."""
        return cls(
            dict(run.data.params),
            dict(run.data.tags),
            {
                key: Summary(
                    one.value,
                    one.step,
                    one.timestamp,
                    one.minimum,
                    one.maximum,
                    one.count,
                    one.model_id,
                    one.dataset_name,
                    one.dataset_digest,
                )
                for key, one in summary_rows(run.data.summaries).items()
            },
            datasets,
            [used.model_id for used in run.inputs.model_inputs],
            [(made.model_id, made.step) for made in run.outputs.model_outputs],
            small,
        )


@functools.cache
def _decoder() -> msgspec.msgpack.Decoder[Document]:
    return msgspec.msgpack.Decoder(Document)


def write_document(document: Document) -> bytes:
    """As bytes."""
    return msgspec.msgpack.encode(document)


def read_document(data: bytes, run_id: str) -> Document:
    """Raises DamagedData."""
    try:
        return _decoder().decode(data)
    except msgspec.DecodeError as error:
        msg = f"The stored document of the run {run_id!r} cannot be read. Restore the database from a backup."
        raise DamagedData(msg) from error
