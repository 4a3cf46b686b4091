"""What the client's journal must do: subclass `JournalSuite` and give it a `journal` fixture.

The suite writes through `treering.storage.journal.writer.JournalWriter` and cuts,
flips and forgets bytes as a crash would.
"""

from __future__ import annotations

import math
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.entities.lifecycle import RunStatus
from treering.entities.metric import Metric
from treering.entities.run import LogBatch
from treering.storage.journal.folder import acknowledge, acknowledged, orphans, remove
from treering.storage.journal.frames import MAX_COLUMN, Change
from treering.storage.journal.reader import Damaged, Point, Points, Record, open_reader
from treering.storage.journal.writer import JournalSealed, JournalWriter

__all__ = ["JournalSuite", "everything"]


def everything(writer: JournalWriter) -> list[Point | Points | Record]:
    """All that a fresh reader finds in what `writer` wrote."""
    reader = open_reader(writer.path)
    try:
        found: list[Point | Points | Record] = []
        while records := reader.read():
            found += records
        return found
    finally:
        reader.close()


class JournalSuite:
    """The promises of the journal.

    A subclass provides a fixture `journal`, a writer of a new journal alone in its folder.
    """

    def test_columns_come_back_bit_by_bit(self, journal: JournalWriter) -> None:
        """However many points there are; a frame that lost a part is damage."""
        count = MAX_COLUMN + 3
        columns = array("q", range(-5, count - 5)), array("q", range(count)), array("d", [math.nan, -0.0, 1.5])
        columns[2].extend(float(number) for number in range(count - 3))
        journal.metric("r1", "loss", 0.5, 1, 2)
        journal.columns("r1", "loss", columns)
        journal.columns("r1", "acc", (array("q"), array("q"), array("d")))
        first, *parts = everything(journal)
        assert isinstance(first, Point)
        points = [part for part in parts if isinstance(part, Points)]
        assert [len(part.columns[2]) for part in points] == [MAX_COLUMN, 3]
        assert {part.series.key for part in points} == {"loss"}
        logged: tuple[array[Any], ...] = columns
        for place, column in enumerate(logged):
            found = b"".join(part.columns[place].tobytes() for part in points)
            assert found == column.tobytes()

    def test_records_come_back_in_order(self, journal: JournalWriter) -> None:
        """Every kind, word for word, NaN and infinities included."""
        batch = LogBatch(
            "r1", params={"lr": "0.1"}, tags={"t": "Ü"}, linked=[Metric("auc", 0.5, 1, 2, "m-1", "train", "d1")]
        )
        change = Change("r1", RunStatus.FINISHED, 99)
        journal.metric("r1", "loss", 0.25, 1_700_000_000_000, -3)
        journal.batch(batch)
        journal.metrics("r2", [("loss", math.inf, 5, 6), ("acc", math.nan, 7, 8)])
        journal.change(change)
        first, second, third, fourth, fifth = everything(journal)
        assert isinstance(first, Point)
        assert (first.series.run_id, first.series.key, first.step, first.timestamp, first.value) == (
            "r1", "loss", -3, 1_700_000_000_000, 0.25,
        )  # fmt: skip
        assert isinstance(second, Record)
        assert isinstance(second.content, LogBatch)
        assert dict(second.content.params) == {"lr": "0.1"}
        assert list(second.content.linked) == list(batch.linked)
        assert isinstance(third, Point)
        assert (third.series.run_id, third.value) == ("r2", math.inf)
        assert isinstance(fourth, Point)
        assert math.isnan(fourth.value)
        assert isinstance(fifth, Record)
        assert fifth.content == change
        assert fifth.end == journal.end

    def test_reading_goes_on_from_an_offset(self, journal: JournalWriter) -> None:
        """A point behind the offset still knows its series, which was named before it."""
        for step in range(10):
            journal.metric("r", "loss", step, step, step)
        middle = everything(journal)[4].end
        reader = open_reader(journal.path)
        reader.skip_to(middle)
        assert [record.step for record in reader.read() if isinstance(record, Point)] == [5, 6, 7, 8, 9]
        reader.close()

    def test_a_reader_follows_the_writer(self, journal: JournalWriter) -> None:
        """Nothing at the end, and more when there is more."""
        reader = open_reader(journal.path)
        assert reader.read() == []
        journal.metric("r", "loss", 1.0, 1, 1)
        assert len(reader.read()) == 1
        assert reader.read() == []
        journal.metric("r", "loss", 2.0, 2, 2)
        assert len(reader.read()) == 1
        assert reader.unread() == 0
        reader.close()

    def test_a_chunk_is_limited(self, journal: JournalWriter) -> None:
        """`read` takes about as much as was asked for, and all of it over time."""
        for step in range(1000):
            journal.metric("r", "loss", step, step, step)
        reader = open_reader(journal.path)
        sizes = []
        while records := reader.read(max_bytes=3700):
            sizes.append(len(records))
        assert sum(sizes) == 1000
        assert max(sizes) <= 101
        reader.close()

    def test_a_record_larger_than_a_chunk_is_read(self, journal: JournalWriter) -> None:
        """The limit is a wish; a record is never cut."""
        journal.batch(LogBatch("r", tags={"big": "x" * 3_000_000}))
        journal.metric("r", "loss", 1.0, 1, 1)
        first, second = everything(journal)
        assert isinstance(first, Record)
        assert isinstance(first.content, LogBatch)
        assert len(first.content.tags["big"]) == 3_000_000
        assert isinstance(second, Point)

    @pytest.mark.parametrize("cut", [1, 8, 9, 20, 36])
    def test_a_torn_tail_is_left_out(self, journal: JournalWriter, cut: int) -> None:
        """Of a record that lost its end, nothing is read; all before it is."""
        for step in range(5):
            journal.metric("r", "loss", step, step, step)
        data = journal.path.read_bytes()
        journal.path.write_bytes(data[:-cut])
        assert [record.step for record in everything(journal) if isinstance(record, Point)] == [0, 1, 2, 3]

    def test_a_tail_of_zeros_is_left_out(self, journal: JournalWriter) -> None:
        """As a power cut leaves it on some file systems."""
        journal.metric("r", "loss", 1.0, 1, 1)
        journal.path.write_bytes(journal.path.read_bytes() + bytes(5000))
        assert len(everything(journal)) == 1

    def test_damage_in_the_middle_is_reported_and_passed(self, journal: JournalWriter) -> None:
        """The records behind it are not lost."""
        ends = []
        for step in range(5):
            journal.metric("r", "loss", step, step, step)
            ends.append(journal.end)
        data = bytearray(journal.path.read_bytes())
        data[ends[1] + 20] ^= 0xFF
        journal.path.write_bytes(bytes(data))
        records = everything(journal)
        assert [record.step for record in records if isinstance(record, Point)] == [0, 1, 3, 4]
        damage = [record for record in records if isinstance(record, Record)]
        assert [(item.content, item.end) for item in damage] == [(Damaged(ends[1]), ends[2])]

    def test_a_point_whose_series_was_damaged_is_reported(self, journal: JournalWriter) -> None:
        """It is not taken for a point of another series."""
        journal.metric("r", "a", 1.0, 1, 1)
        before = journal.end
        journal.metric("r", "b", 2.0, 2, 2)
        data = bytearray(journal.path.read_bytes())
        data[before + 12] ^= 0xFF
        journal.path.write_bytes(bytes(data))
        point, *rest = everything(journal)
        assert isinstance(point, Point)
        assert point.series.key == "a"
        assert all(isinstance(item, Record) and isinstance(item.content, Damaged) for item in rest)
        assert rest

    def test_threads_share_a_journal(self, journal: JournalWriter) -> None:
        """No point is lost or mixed up, and the offset is right."""

        def work(worker: int) -> None:
            for step in range(200):
                journal.metric(f"r{worker}", f"k{step % 3}", worker, step, step)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        points = [record for record in everything(journal) if isinstance(record, Point)]
        assert len(points) == 1600
        assert {(point.series.run_id, point.value) for point in points} == {(f"r{n}", float(n)) for n in range(8)}
        assert journal.path.stat().st_size == journal.end

    @pytest.mark.parametrize(("timestamp", "step"), [(1, 1 << 63), (1 << 70, 1), (1, -(1 << 63) - 1)])
    def test_numbers_that_do_not_fit_are_refused(self, journal: JournalWriter, timestamp: int, step: int) -> None:
        """The message names the metric, and nothing is written of the point."""
        with pytest.raises(InvalidInput, match="loss"):
            journal.metric("r", "loss", 1.0, timestamp, step)
        assert everything(journal) == []

    def test_a_sealed_journal_takes_nothing_more(self, journal: JournalWriter) -> None:
        """And still belongs to its owner until it is closed."""
        journal.metric("r", "loss", 1.0, 1, 1)
        end = journal.seal()
        with pytest.raises(JournalSealed):
            journal.metric("r", "loss", 1.0, 2, 2)
        assert end == journal.end == journal.path.stat().st_size
        assert orphans(journal.path.parent) == []
        journal.close()
        journal.close()
        assert orphans(journal.path.parent) == [journal.path]

    def test_acknowledgements_are_remembered_until_the_end(self, journal: JournalWriter) -> None:
        """`remove` leaves nothing of a delivered journal."""
        assert acknowledged(journal.path) == 0
        acknowledge(journal.path, 40)
        acknowledge(journal.path, 77)
        assert acknowledged(journal.path) == 77
        remove(journal.path)
        assert list(journal.path.parent.iterdir()) == []
        remove(journal.path)
