"""Changes to many runs go in pieces, each of which is one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import NotFound
from treering.entities.grid import RowsQuery, RunAction, RunsChange
from treering.entities.run import NewRun
from treering.storage.metadata import METADATA
from treering.tracking import grid as grid_module
from treering.tracking.base import Tracking
from treering.tracking.service import open_tracking


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[Tracking]:
    store = METADATA.load("sqlite")(f"sqlite:///{tmp_path / 'x.db'}")
    yield open_tracking(store, "memory://artifacts")
    store.database.close()


@pytest.fixture
def pieces(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs each transaction changes."""
    sizes: list[int] = []
    monkeypatch.setattr(grid_module, "_AT_ONCE", 3)
    store: Any = tracking.grid
    for name in ("set_lifecycles", "apply"):
        original = getattr(store._runs, name)  # where else could transactions be counted?

        def counted(given: Any, *more: Any, original: Any = original) -> Any:
            sizes.append(len(given))
            return original(given, *more)

        monkeypatch.setattr(store._runs, name, counted)
    return sizes


def test_many_runs_are_changed_piece_by_piece(tracking: Tracking, pieces: list[int]) -> None:
    run_ids = [tracking.runs.create(NewRun("0", start_time=number)).info.run_id for number in range(8)]
    everything = RunsChange(RunAction.SET_TAGS, experiment_ids=["0"], tags={"t": "1"})
    # The newest first, as they are found.
    assert list(tracking.grid.change(everything).run_ids) == run_ids[::-1]
    assert pieces == [3, 3, 2]
    assert tracking.grid.rows(RowsQuery(["0"], "tags.t = '1'")).total == 8
    pieces.clear()
    assert list(tracking.grid.change(RunsChange(RunAction.DELETE, run_ids)).run_ids) == run_ids
    assert pieces == [3, 3, 2]
    assert tracking.grid.rows(RowsQuery(["0"])).total == 0


def test_no_piece_is_changed_where_the_last_has_an_unknown_run(tracking: Tracking, pieces: list[int]) -> None:
    run_ids = [tracking.runs.create(NewRun("0")).info.run_id for _ in range(7)]
    with pytest.raises(NotFound, match="nothing was changed"):
        tracking.grid.change(RunsChange(RunAction.DELETE, [*run_ids, "unknown"]))
    assert pieces == []
    assert tracking.grid.rows(RowsQuery(["0"])).total == 7
