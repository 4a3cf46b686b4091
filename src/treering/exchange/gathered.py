"""Runs that were read once, page by page, and wait on the disk: their columns are known before the first is used.

Reading the store a second time would show other runs, and holding all of them would take memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from treering.client.paging import every
from treering.entities.metric import MetricColumns
from treering.entities.page import Query
from treering.tracking.base import Tracking

__all__ = ["GatheredRun", "GatheredRuns", "gathered", "series_of"]

_IN_MEMORY = 4 << 20
_LENGTH = 4


class GatheredRun(msgspec.Struct, array_like=True, frozen=True):
    """What a row says of a run; times in milliseconds since the epoch, `end_time` None while it runs."""

    run_id: str
    experiment_id: str
    status: str
    artifact_uri: str
    start_time: int
    end_time: int | None
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]


class GatheredRuns:
    """Runs in the order in which they were found; may be walked through more than once.

    Attributes:
        metrics: All keys, in the order in which they came up; so `params` and `tags`.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(GatheredRun)
        # Dictionaries for the sake of their order.
        self.metrics: dict[str, None] = {}
        self.params: dict[str, None] = {}
        self.tags: dict[str, None] = {}

    def add(self, run: GatheredRun) -> None:
        """One more; not while they are walked through."""
        data = self._encoder.encode(run)
        self._file.write(len(data).to_bytes(_LENGTH, "little"))
        self._file.write(data)
        self.metrics.update(dict.fromkeys(run.metrics))
        self.params.update(dict.fromkeys(run.params))
        self.tags.update(dict.fromkeys(run.tags))

    def __iter__(self) -> Iterator[GatheredRun]:
        self._file.seek(0)
        while length := self._file.read(_LENGTH):
            yield self._decoder.decode(self._file.read(int.from_bytes(length, "little")))


@contextmanager
def gathered(tracking: Tracking, query: Query) -> Iterator[GatheredRuns]:
    """All runs that match, until the end of the block; `query.max_results` is the size of a page."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        runs = GatheredRuns(file)
        for run in every(tracking.runs.search, query):
            info, data = run.info, run.data
            first = info.run_id, info.experiment_id, str(info.status), info.artifact_uri
            times = info.start_time, info.end_time
            runs.add(GatheredRun(*first, *times, data.metrics, dict(data.params), dict(data.tags)))
        yield runs


def series_of(tracking: Tracking, query: Query) -> Iterator[tuple[str, str, MetricColumns]]:
    """Run id, key and points of each metric of the runs that match; a long series comes in several parts."""
    for run in every(tracking.runs.search, query):
        for key in sorted(run.data.metrics):
            token = ""
            while True:
                part, token = tracking.metrics.history(run.info.run_id, key, None, token)
                yield run.info.run_id, key, part
                if not token:
                    break
