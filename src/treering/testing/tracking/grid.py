"""What the table of runs must show, and what becomes of changes to many runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from treering.core.errors import BadFilter, InvalidInput, NotFound
from treering.entities.grid import (
    GroupOrder,
    GroupOrdering,
    GroupsQuery,
    KeyKind,
    KeysQuery,
    RowsQuery,
    RunAction,
    RunGroup,
    RunsChange,
    Statistic,
    ValuesQuery,
)
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.run import PARENT_RUN_TAG, LogBatch, NewRun
from treering.testing.tracking.given import INFINITY, NAN, UNKNOWN, new_experiment, points_of
from treering.tracking.base import Tracking

__all__ = ["GridSuite"]

QUOTES = 'it\'s `x` "y"'


@dataclass(frozen=True, slots=True)
class _Table:
    """An experiment with the runs `a` to `f`, by their names."""

    experiment_id: str
    ids: Mapping[str, str]

    def names(self, run_ids: Sequence[str]) -> str:
        """The names of these runs, in order."""
        by_id = {run_id: name for name, run_id in self.ids.items()}
        return "".join(by_id[run_id] for run_id in run_ids)


def _table(tracking: Tracking) -> _Table:
    """`b` and `c` are children of `a`, `d` is one of `c`, `e` one of a run that does not exist."""
    experiment_id = new_experiment(tracking)
    ids: dict[str, str] = {}
    parents = {"b": "a", "c": "a", "d": "c"}
    for number, name in enumerate("abcdef"):
        parent = ids[parents[name]] if name in parents else UNKNOWN if name == "e" else ""
        tags = {PARENT_RUN_TAG: parent} if parent else {}
        new = NewRun(experiment_id, run_name=name, user_id="ada", start_time=1000 + number, tags=tags)
        ids[name] = tracking.runs.create(new).info.run_id
    values = {"a": (0.5, 0.25), "b": (0.25,), "c": (NAN,), "d": (INFINITY,), "e": (0.25,)}
    tracking.runs.log(
        [
            LogBatch(ids[name], series={"loss": points_of(*((step, 1000, one) for step, one in enumerate(losses)))})
            for name, losses in values.items()
        ]
    )
    params = {"a": "1", "b": "2.5", "c": "2.5", "d": QUOTES, "f": "1"}
    tracking.runs.log([LogBatch(ids[name], params={"odd p": text}) for name, text in params.items()])
    tracking.runs.update(ids["a"], RunStatus.FINISHED, 3000)
    return _Table(experiment_id, ids)


def _shape(groups: Sequence[RunGroup]) -> list[tuple[object, int]]:
    return [(group.values[0], group.count) for group in groups]


class GridSuite:
    """Needs a fixture `tracking`."""

    def test_rows_show_what_runs_hold(self, tracking: Tracking) -> None:
        table = _table(tracking)
        columns = [
            "metrics.loss",
            "metrics.`loss`.max",
            "params.`odd p`",
            "metrics.loss.count",
            "attributes.duration",
        ]
        rows = tracking.grid.rows(RowsQuery([table.experiment_id], order_by=["start_time"], columns=columns))
        assert rows.total == len(table.ids)
        assert table.names(rows.run_ids) == "".join(rows.names) == "abcdef"
        assert list(rows.statuses) == ["FINISHED", *["RUNNING"] * 5]
        assert list(rows.experiment_ids) == [table.experiment_id] * 6
        assert list(rows.start_times) == [1000, 1001, 1002, 1003, 1004, 1005]
        assert list(rows.end_times) == [3000, None, None, None, None, None]
        assert (list(rows.users), list(rows.active)) == (["ada"] * 6, [True] * 6)
        a, c = table.ids["a"], table.ids["c"]
        assert list(rows.parents) == ["", a, a, c, UNKNOWN, ""]
        assert list(rows.children) == [2, 0, 1, 0, 0, 0]
        last, highest, params, counts, durations = rows.columns
        assert isinstance(last[2], float)
        assert math.isnan(last[2])
        assert [*last[:2], *last[3:]] == [0.25, 0.25, INFINITY, 0.25, None]
        assert list(highest) == [0.5, 0.25, None, INFINITY, 0.25, None]
        assert list(params) == ["1", "2.5", "2.5", QUOTES, None, "1"]
        assert list(counts) == [2, 1, 1, 1, 1, None]
        assert list(durations) == [2000, None, None, None, None, None]

    def test_rows_from_any_place_on_in_the_order_of_a_search(self, tracking: Tracking) -> None:
        table = _table(tracking)
        query = RowsQuery([table.experiment_id], order_by=["metrics.loss DESC", "start_time"])
        assert table.names(tracking.grid.rows(query).run_ids) == "dabecf"
        page = tracking.grid.rows(replace(query, offset=2, limit=3))
        assert (table.names(page.run_ids), page.total) == ("bec", 6)
        assert list(tracking.grid.rows(replace(query, offset=6)).run_ids) == []
        assert table.names(tracking.grid.rows(RowsQuery([table.experiment_id])).run_ids) == "fedcba"
        some = replace(query, filter="metrics.loss <= 0.25", offset=1, limit=1)
        assert (table.names(tracking.grid.rows(some).run_ids), tracking.grid.rows(some).total) == ("b", 3)

    def test_rows_of_several_experiments(self, tracking: Tracking) -> None:
        table, other = _table(tracking), _table(tracking)
        both = [other.experiment_id, table.experiment_id, table.experiment_id, "99999"]
        rows = tracking.grid.rows(RowsQuery(both, order_by=["run_name", "start_time"], columns=["metrics.loss.max"]))
        assert (rows.total, "".join(rows.names)) == (12, "aabbccddeeff")
        assert set(rows.experiment_ids) == {table.experiment_id, other.experiment_id}
        assert list(rows.columns[0][:2]) == [0.5, 0.5]
        assert tracking.grid.rows(RowsQuery([])).total == tracking.grid.rows(RowsQuery(["99999"])).total == 0

    def test_rows_below_a_parent(self, tracking: Tracking) -> None:
        table = _table(tracking)
        query = RowsQuery([table.experiment_id], order_by=["start_time"], parent="")
        # One whose parent is gone is not hidden.
        assert table.names(tracking.grid.rows(query).run_ids) == "aef"
        assert table.names(tracking.grid.rows(replace(query, parent=table.ids["a"])).run_ids) == "bc"
        found = tracking.grid.rows(replace(query, parent=table.ids["a"], filter="run_name != 'b'"))
        assert (table.names(found.run_ids), found.total, list(found.children)) == ("c", 1, [1])
        tracking.runs.delete(table.ids["a"])
        assert table.names(tracking.grid.rows(query).run_ids) == "bcef"
        everything = replace(query, view=View.ALL)
        assert table.names(tracking.grid.rows(everything).run_ids) == "aef"
        assert list(tracking.grid.rows(everything).active) == [False, True, True]
        assert tracking.grid.rows(replace(query, view=View.DELETED_ONLY)).children == [0]

    def test_the_version_tells_of_every_change(self, tracking: Tracking) -> None:
        table = _table(tracking)
        query = RowsQuery([table.experiment_id], limit=1)
        a = table.ids["a"]
        seen = [tracking.grid.rows(query).version]
        assert tracking.grid.rows(query).version == seen[0]
        changes: list[Callable[[], object]] = [
            lambda: tracking.runs.log([LogBatch(a, params={"new": "1"})]),
            lambda: tracking.runs.update(a, RunStatus.FAILED),
            lambda: tracking.runs.delete(a),
            lambda: tracking.runs.restore(a),
            lambda: tracking.runs.create(NewRun(table.experiment_id)),
        ]
        for change in changes:
            change()
            seen.append(tracking.grid.rows(query).version)
        assert len(set(seen)) == len(changes) + 1
        grouped = tracking.grid.groups(GroupsQuery([table.experiment_id], ["status"]))
        assert grouped.version == tracking.grid.keys(KeysQuery([table.experiment_id])).version == seen[-1]

    def test_runs_that_change_while_one_scrolls(self, tracking: Tracking) -> None:
        table = _table(tracking)
        query = RowsQuery([table.experiment_id], order_by=["metrics.loss"], columns=["metrics.loss"], limit=2)
        first = tracking.grid.rows(query)
        tracking.runs.log([LogBatch(table.ids["f"], series={"loss": points_of((0, 1000, -1.0))})])
        tracking.runs.delete(table.ids["d"])
        again = tracking.grid.rows(replace(query, limit=9))
        assert table.names(again.run_ids)[0] == "f"
        assert (again.columns[0][0], again.total, "d" in table.names(again.run_ids)) == (-1.0, 5, False)
        assert again.version != first.version

    def test_groups_share_values(self, tracking: Tracking) -> None:
        table = _table(tracking)
        query = GroupsQuery([table.experiment_id], ["params.`odd p`"], columns=["metrics.loss", "tags.x"], members=1)
        found = tracking.grid.groups(query)
        assert (found.total, found.runs) == (4, 6)
        assert _shape(found.groups) == [("1", 2), ("2.5", 2), (QUOTES, 1), (None, 1)]
        assert [table.names(group.run_ids) for group in found.groups] == ["f", "c", "d", "e"]
        one, two = found.groups[0].columns[0], found.groups[1].columns[0]
        assert one is not None
        assert two is not None
        assert (one.count, one.mean, one.minimum, one.maximum, one.deviation, one.median) == (
            1,
            0.25,
            0.25,
            0.25,
            None,
            0.25,
        )
        assert (two.count, two.mean) == (1, 0.25)
        assert [group.columns[1] for group in found.groups] == [None] * 4
        for group in found.groups:
            rows = tracking.grid.rows(RowsQuery([table.experiment_id], group.filter))
            assert (rows.total, rows.run_ids[0]) == (group.count, group.run_ids[0])

    def test_groups_of_numbers(self, tracking: Tracking) -> None:
        table = _table(tracking)
        by_loss = GroupsQuery([table.experiment_id], ["metrics.loss"], order=GroupOrder(GroupOrdering.VALUE))
        found = tracking.grid.groups(by_loss)
        values = [group.values[0] for group in found.groups]
        assert isinstance(values[2], float)
        assert math.isnan(values[2])
        assert [*values[:2], *values[3:]] == [INFINITY, 0.25, None]
        for group in found.groups:
            assert tracking.grid.rows(RowsQuery([table.experiment_id], group.filter)).total == group.count, group.filter
        as_number = GroupsQuery(
            [table.experiment_id],
            ["params.`odd p` AS NUMBER"],
            order=GroupOrder(GroupOrdering.VALUE, descending=False),
        )
        assert _shape(tracking.grid.groups(as_number).groups) == [(1.0, 2), (2.5, 2), (None, 2)]

    def test_groups_in_order_and_by_several_fields(self, tracking: Tracking) -> None:
        table = _table(tracking)
        order = GroupOrder(GroupOrdering.COLUMN, 1, Statistic.MAX)
        query = GroupsQuery(
            [table.experiment_id],
            ["params.`odd p`"],
            "run_name != 'd'",
            columns=["start_time", "end_time"],
            order=order,
        )
        assert _shape(tracking.grid.groups(query).groups) == [("1", 2), ("2.5", 2), (None, 1)]
        by_first = replace(query, order=replace(order, column=0, aggregate=Statistic.MEAN, descending=False))
        found = tracking.grid.groups(by_first).groups
        assert _shape(found) == [("2.5", 2), ("1", 2), (None, 1)]
        spread = found[1].columns[0]
        assert spread is not None
        assert (spread.mean, spread.median, spread.maximum) == (1002.5, 1002.5, 1005)
        assert spread.deviation == pytest.approx(math.sqrt(12.5))
        both = replace(query, by=["status", "params.`odd p`"], columns=[], order=GroupOrder())
        paged = tracking.grid.groups(replace(both, offset=1, limit=2))
        assert (paged.total, [list(group.values) for group in paged.groups]) == (
            4, [["FINISHED", "1"], ["RUNNING", "1"]],
        )  # fmt: skip
        assert tracking.grid.groups(GroupsQuery(["99999"], ["status"])).groups == []

    def test_keys_tell_what_runs_have(self, tracking: Tracking) -> None:
        table = _table(tracking)
        tracking.runs.log([LogBatch(table.ids["f"], params={"gone": "1"}, series={"gone": points_of((0, 1, 1.0))})])
        tracking.runs.delete(table.ids["f"])
        found = {(one.kind, one.key): one for one in tracking.grid.keys(KeysQuery([table.experiment_id])).keys}
        assert {key for kind, key in found if kind is KeyKind.METRIC} == {"loss"}
        assert {key for kind, key in found if kind is KeyKind.PARAM} == {"odd p"}
        loss, param = found[KeyKind.METRIC, "loss"], found[KeyKind.PARAM, "odd p"]
        assert (loss.field, loss.runs, loss.distinct, loss.numeric) == ("metrics.`loss`", 5, 0, True)
        assert (loss.minimum, loss.maximum) == (0.25, INFINITY)
        assert (param.field, param.runs, param.distinct, param.numeric) == ("params.`odd p`", 4, 3, False)
        assert (param.minimum, param.maximum) == (None, None)
        parent, end = found[KeyKind.TAG, PARENT_RUN_TAG], found[KeyKind.ATTRIBUTE, "end_time"]
        assert (parent.runs, parent.distinct) == (4, 3)
        assert (end.field, end.runs, end.numeric, end.minimum, end.maximum) == (
            "attributes.end_time",
            1,
            True,
            3000,
            3000,
        )
        for one in found.values():
            assert tracking.grid.rows(RowsQuery([table.experiment_id], f"{one.field} IS NOT NULL")).total == one.runs

    def test_keys_that_contain_a_text(self, tracking: Tracking) -> None:
        table = _table(tracking)
        asked = KeysQuery([table.experiment_id], "RUN", [KeyKind.ATTRIBUTE, KeyKind.TAG])
        found = tracking.grid.keys(asked)
        keys = ["run_id", "run_name", "mlflow.runName", "mlflow.parentRunId"]
        assert ([one.key for one in found.keys], found.total) == (keys, 4)
        few = tracking.grid.keys(replace(asked, limit=1))
        assert ([one.key for one in few.keys], few.total) == (keys[:1], 4)

    def test_values_come_by_how_many_runs_have_them(self, tracking: Tracking) -> None:
        table = _table(tracking)
        found = tracking.grid.values(ValuesQuery([table.experiment_id], "params.`odd p`"))
        assert [(one.value, one.runs) for one in found.values] == [("1", 2), ("2.5", 2), (QUOTES, 1)]
        assert found.total == 3
        found = tracking.grid.values(ValuesQuery([table.experiment_id], "status", "Run"))
        assert [(one.value, one.runs) for one in found.values] == [("RUNNING", 5)]
        assert tracking.grid.values(ValuesQuery([table.experiment_id], "tags.nothing")).total == 0
        with pytest.raises(BadFilter, match="number"):
            tracking.grid.values(ValuesQuery([table.experiment_id], "metrics.loss"))

    def test_what_cannot_be_understood_is_pointed_at(self, tracking: Tracking) -> None:
        with pytest.raises(BadFilter) as raised:
            tracking.grid.rows(RowsQuery(["0"], columns=["metrics.loss", "metric.loss = 1"]))
        assert raised.value.mistake is not None
        assert (raised.value.mistake.text, raised.value.mistake.start) == ("metric.loss = 1", 12)
        for query in (
            RowsQuery(["0"], "x <"),
            RowsQuery(["0"], order_by=["?"]),
            RowsQuery(["0"], columns=["datasets.name"]),
        ):
            with pytest.raises(BadFilter):
                tracking.grid.rows(query)
        with pytest.raises(BadFilter):
            tracking.grid.groups(GroupsQuery(["0"], ["colour"]))

    def test_too_much_is_refused(self, tracking: Tracking) -> None:
        wrong_rows: list[dict[str, Any]] = [
            {"limit": 0},
            {"limit": 5001},
            {"offset": -1},
            {"columns": ["status"] * 501},
        ]
        for rows in wrong_rows:
            with pytest.raises(InvalidInput, match=next(iter(rows))):
                tracking.grid.rows(replace(RowsQuery(["0"]), **rows))
        by_column = GroupOrder(GroupOrdering.COLUMN, 1)
        wrong_groups: list[dict[str, Any]] = [
            {"by": []},
            {"by": ["status"] * 6},
            {"limit": 1001},
            {"members": -1},
            {"order": by_column},
        ]
        for groups in wrong_groups:
            with pytest.raises(InvalidInput, match=next(iter(groups))):
                tracking.grid.groups(replace(GroupsQuery(["0"], ["status"]), **groups))
        with pytest.raises(InvalidInput, match="limit"):
            tracking.grid.keys(KeysQuery(["0"], limit=0))
        with pytest.raises(InvalidInput, match="limit"):
            tracking.grid.values(ValuesQuery(["0"], "status", limit=10_001))

    def test_all_that_match_are_deleted_and_restored(self, tracking: Tracking) -> None:
        table = _table(tracking)
        tracking.runs.delete(table.ids["b"])
        change = RunsChange(
            RunAction.DELETE,
            experiment_ids=[table.experiment_id],
            filter="metrics.loss IS NOT NULL",
            view=View.ALL,
            except_run_ids=[table.ids["c"]],
        )
        done = tracking.grid.change(change)
        # `b` was deleted already, and is not to be restored with the others.
        assert (set(table.names(done.run_ids)), done.total) == (set("ade"), 3)
        assert table.names(tracking.grid.rows(RowsQuery([table.experiment_id])).run_ids) == "fc"
        assert tracking.grid.change(change).total == 0
        back = tracking.grid.change(RunsChange(RunAction.RESTORE, done.run_ids))
        assert set(back.run_ids) == set(done.run_ids)
        assert table.names(tracking.grid.rows(RowsQuery([table.experiment_id])).run_ids) == "fedca"
        assert tracking.runs.get(table.ids["b"]).info.lifecycle_stage is Lifecycle.DELETED

    def test_many_runs_are_tagged(self, tracking: Tracking) -> None:
        table = _table(tracking)
        listed = [table.ids["a"], table.ids["b"], table.ids["a"]]
        done = tracking.grid.change(RunsChange(RunAction.SET_TAGS, listed, tags={"t": "1", "u": "2"}))
        assert table.names(done.run_ids) == "ab"
        found = RowsQuery([table.experiment_id], "tags.t = '1'", order_by=["start_time"])
        assert table.names(tracking.grid.rows(found).run_ids) == "ab"
        everywhere = RunsChange(
            RunAction.SET_TAGS, experiment_ids=[table.experiment_id], tags={"mlflow.runName": "same"}
        )
        assert tracking.grid.change(everywhere).total == 6
        assert set(tracking.grid.rows(RowsQuery([table.experiment_id])).names) == {"same"}
        # A run that lacks the tag is no error.
        gone = RunsChange(RunAction.DELETE_TAGS, experiment_ids=[table.experiment_id], keys=["t", "never"])
        tracking.grid.change(gone)
        assert tracking.grid.rows(found).total == 0
        assert tracking.runs.get(table.ids["a"]).data.tags["u"] == "2"

    def test_nothing_is_changed_where_a_run_is_unknown_or_deleted(self, tracking: Tracking) -> None:
        table = _table(tracking)
        with pytest.raises(NotFound, match=UNKNOWN):
            tracking.grid.change(RunsChange(RunAction.DELETE, [table.ids["a"], UNKNOWN]))
        tracking.runs.delete(table.ids["b"])
        for meant in (
            RunsChange(RunAction.SET_TAGS, [table.ids["a"], table.ids["b"]], tags={"t": "1"}),
            RunsChange(RunAction.SET_TAGS, experiment_ids=[table.experiment_id], view=View.ALL, tags={"t": "1"}),
        ):
            with pytest.raises(InvalidInput, match="Restore"):
                tracking.grid.change(meant)
        a = tracking.runs.get(table.ids["a"])
        assert (a.info.lifecycle_stage, "t" in a.data.tags) == (Lifecycle.ACTIVE, False)

    def test_a_change_says_what_and_which(self, tracking: Tracking) -> None:
        table = _table(tracking)
        for change in (
            RunsChange(RunAction.DELETE),
            RunsChange(RunAction.SET_TAGS, [table.ids["a"]]),
            RunsChange(RunAction.DELETE_TAGS, [table.ids["a"]]),
            RunsChange(RunAction.DELETE, [table.ids["a"]], keys=["t"]),
            RunsChange(RunAction.RESTORE, [table.ids["a"]], tags={"t": "1"}),
            RunsChange(RunAction.SET_TAGS, [table.ids["a"]], tags={"a;b": "1"}),
        ):
            with pytest.raises(InvalidInput):
                tracking.grid.change(change)
        assert tracking.grid.change(RunsChange(RunAction.DELETE, [])).total == 0
