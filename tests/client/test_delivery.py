from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.assembly import Services
from treering.client.connect import connect
from treering.client.sync import deliver_orphans
from treering.core.errors import Unavailable, UnknownEndpoint
from treering.core.settings import Settings
from treering.entities.lifecycle import RunStatus
from treering.entities.run import LogBatch, NewRun
from treering.storage.journal.folder import acknowledge
from treering.storage.journal.frames import Change
from treering.storage.journal.writer import JournalWriter, open_journal
from treering.tracking.base import Tracking


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    one = connect(Settings(home=str(tmp_path / "home")), tmp_path)
    yield one
    one.close()


@pytest.fixture
def tracking(services: Services) -> Tracking:
    return services.tracking


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal"


def new_run(tracking: Tracking) -> str:
    return tracking.runs.create(NewRun("0")).info.run_id


def written(folder: Path, *writes: Callable[[JournalWriter], None]) -> Path:
    """A journal whose owner is gone."""
    writer = open_journal(folder, "")
    for write in writes:
        write(writer)
    writer.close()
    return writer.path


def refused(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.with_suffix(".refused").read_text().splitlines()]


def test_a_contradicting_param_is_set_aside_and_the_rest_goes_on(
    services: Services, tracking: Tracking, folder: Path
) -> None:
    run_id, other = new_run(tracking), new_run(tracking)
    tracking.runs.log([LogBatch(run_id, params={"lr": "1"})])
    path = written(
        folder,
        lambda journal: journal.metric(run_id, "loss", 1.0, 1, 1),
        lambda journal: journal.batch(LogBatch(run_id, params={"lr": "2"})),
        lambda journal: journal.metric(other, "loss", 2.0, 2, 2),
        lambda journal: journal.batch(LogBatch(run_id, params={"depth": "3"}, tags={"t": "u"})),
        lambda journal: journal.change(Change(run_id, RunStatus.FINISHED, 9)),
    )
    (result,) = deliver_orphans(folder, lambda _: services)
    assert (result.records, result.refused, result.error) == (4, 1, "")
    run = tracking.runs.get(run_id)
    assert (dict(run.data.params), run.data.metrics, run.data.tags["t"]) == (
        {"lr": "1", "depth": "3"}, {"loss": 1.0}, "u",
    )  # fmt: skip
    assert (run.info.status, run.info.end_time) == ("FINISHED", 9)
    assert tracking.runs.get(other).data.metrics == {"loss": 2.0}
    (line,) = refused(path)
    assert "lr" in line["reason"]
    assert line["refused"]["params"] == {"lr": "2"}
    assert not path.exists()


def test_two_values_of_a_param_in_one_journal(services: Services, tracking: Tracking, folder: Path) -> None:
    run_id = new_run(tracking)
    written(folder, *[lambda journal, v=v: journal.batch(LogBatch(run_id, params={"p": v})) for v in "abab"])
    (result,) = deliver_orphans(folder, lambda _: services)
    assert (result.records, result.refused) == (2, 2)
    assert dict(tracking.runs.get(run_id).data.params) == {"p": "a"}


def test_what_is_for_runs_that_are_gone_is_set_aside(services: Services, tracking: Tracking, folder: Path) -> None:
    run_id, deleted = new_run(tracking), new_run(tracking)
    tracking.runs.delete(deleted)
    unknown = "0" * 32

    def log(journal: JournalWriter) -> None:
        for step in range(500):
            for one in (deleted, run_id, unknown):
                journal.metric(one, "loss", float("nan") if one == unknown else step, step, step)
        journal.change(Change(unknown, RunStatus.FINISHED, 1))

    path = written(folder, log)
    (result,) = deliver_orphans(folder, lambda _: services)
    assert (result.records, result.refused, result.error) == (500, 1001, "")
    assert tracking.runs.get(run_id).data.summaries["loss"].count == 500
    lines = refused(path)
    assert len(lines) == 3
    assert lines[0]["refused"]["series"]["loss"]["steps"] == list(range(500))
    assert lines[1]["refused"]["series"]["loss"]["values"] == ["NaN"] * 500


def test_a_repeated_delivery_doubles_nothing(services: Services, tracking: Tracking, folder: Path) -> None:
    run_id = new_run(tracking)
    path = written(folder, lambda journal: [journal.metric(run_id, "x", n, n, n) for n in range(100)] and None)
    data = path.read_bytes()
    deliver_orphans(folder, lambda _: services)
    # As if the program had died between the store's answer and the removal.
    path.write_bytes(data)
    (again,) = deliver_orphans(folder, lambda _: services)
    assert again.records == 0
    # As if the store had been put back to an older state, and only we remembered.
    path.write_bytes(data)
    acknowledge(path, len(data))
    deliver_orphans(folder, lambda _: services)
    assert tracking.runs.get(run_id).data.summaries["x"].count == 100


class _Flaky:
    """Runs that fail now and then, as a database that is locked or a server that is restarted."""

    def __init__(self, tracking: Tracking, errors: list[Exception | None]) -> None:
        self._runs = tracking.runs
        self._errors = errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    def log(self, *arguments: Any) -> None:
        error = self._errors.pop(0) if self._errors else None
        if error is not None:
            raise error
        self._runs.log(*arguments)


def flaky_services(services: Services, errors: list[Exception | None]) -> Services:
    runs: Any = _Flaky(services.tracking, errors)
    return replace(services, tracking=replace(services.tracking, runs=runs))


def test_a_store_that_is_away_gets_everything_later(services: Services, tracking: Tracking, folder: Path) -> None:
    run_id = new_run(tracking)
    path = written(
        folder,
        lambda journal: journal.metric(run_id, "x", 1.0, 1, 1),
        lambda journal: journal.change(Change(run_id, RunStatus.FAILED, 5)),
        lambda journal: journal.metric(run_id, "x", 2.0, 2, 2),
    )
    flaky = flaky_services(services, [None, Unavailable("The store is away.")])
    (first,) = deliver_orphans(folder, lambda _: flaky)
    assert (first.records, first.error) == (2, "The store is away.")
    assert path.exists()
    (second,) = deliver_orphans(folder, lambda _: flaky)
    assert second.error == ""
    assert tracking.runs.get(run_id).data.summaries["x"].count == 2
    assert not path.exists()


def test_a_server_that_is_none_of_ours_refuses_nothing(services: Services, tracking: Tracking, folder: Path) -> None:
    run_id = new_run(tracking)
    path = written(folder, lambda journal: journal.metric(run_id, "x", 1.0, 1, 1))
    foreign = flaky_services(services, [UnknownEndpoint("Nothing answers here.")])
    (result,) = deliver_orphans(folder, lambda _: foreign)
    assert "Treering server" in result.error
    assert result.refused == 0
    assert path.exists()


@pytest.mark.parametrize("rest", [0, 1, 2, 7, 40])
def test_a_parcel_of_full_blocks_and_a_few_points_more_is_read_back(
    services: Services, tracking: Tracking, folder: Path, rest: int
) -> None:
    run_id, count = new_run(tracking), 2000 + rest
    written(folder, lambda journal: journal.metrics(run_id, [("x", n, n, n) for n in range(count)]))
    deliver_orphans(folder, lambda _: services)
    columns, _ = tracking.metrics.history(run_id, "x")
    assert list(columns.steps) == list(range(count))


def test_damage_is_counted_and_a_file_that_is_no_journal_is_left_alone(
    services: Services, tracking: Tracking, folder: Path
) -> None:
    run_id = new_run(tracking)
    ends: list[int] = []

    def log(journal: JournalWriter) -> None:
        for step in range(3):
            journal.metric(run_id, "x", step, step, step)
            ends.append(journal.end)

    path = written(folder, log)
    data = bytearray(path.read_bytes())
    data[ends[0] + 15] ^= 1
    path.write_bytes(bytes(data))
    (folder / "other.journal").write_bytes(b"not a journal")
    results = {result.journal.name: result for result in deliver_orphans(folder, lambda _: services)}
    assert (results[path.name].records, results[path.name].damaged) == (2, 1)
    assert "is no journal" in results["other.journal"].error
    assert (folder / "other.journal").exists()


def test_a_param_that_another_process_set_is_refused_at_delivery(fresh: Any, home: Path) -> None:
    current = fresh()
    with treering.start_run() as run:
        current.place.services().tracking.runs.log([LogBatch(run.info.run_id, params={"p": "theirs"})])
        treering.log_param("p", "ours")
        treering.log_metric("x", 1)
        treering.flush()
        treering.log_metric("y", 2)
    found = treering.get_run(run.info.run_id)
    assert dict(found.data.params) == {"p": "theirs"}
    assert found.data.metrics == {"x": 1.0, "y": 2.0}
    assert found.info.status == "FINISHED"
    assert len(list((home / "journal").glob("*.refused"))) == 1


def test_a_full_disk_is_told_and_training_can_go_on(fresh: Any) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    fresh()
    with treering.start_run() as run:
        treering.log_metric("x", 1, step=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("treering.storage.journal.writer.os.write", full)
            with pytest.raises(OSError, match="is full"):
                treering.log_metric("x", 2, step=2)
        treering.log_metric("x", 3, step=3)
        points = treering.Client().get_metric_history(run.info.run_id, "x")
    assert [point.step for point in points] == [1, 3]


def test_a_long_journal_is_replaced_by_a_new_one(fresh: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.client.recorder._ROTATE_AT", 20_000)
    fresh(flush_interval="0.001")
    with treering.start_run() as run:
        names = set()
        for step in range(5000):
            treering.log_metric("x", step, step=step)
            if step % 500 == 0:
                treering.flush()
                names |= set((home / "journal").glob("*.journal"))
        treering.flush()
    assert len(names) > 3
    assert len(list((home / "journal").glob("*.journal"))) <= 1
    columns = treering.Client().get_metric_history(run.info.run_id, "x")
    assert [point.step for point in columns] == list(range(5000))
