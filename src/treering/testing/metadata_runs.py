"""What every RunStore, SeriesStore and DatasetStore must do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from treering.core.errors import Conflict, InvalidInput, NotFound, TreeringError
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricSummary
from treering.entities.run import RUN_NAME_TAG, ModelInput, ModelOutput, Origin, Run, RunChanges
from treering.storage.metadata.base import Delivery, MetadataStore
from treering.testing.metadata_values import add_run, found_names, run_info, segment, summary

__all__ = ["ApplySuite", "RunSuite", "SeriesSuite"]


class RunSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_create_keeps_everything(self, store: MetadataStore) -> None:
        info = run_info(run_name="swift-carp-91 🌲")
        made = store.runs.create(info, {RUN_NAME_TAG: "swift-carp-91 🌲", "empty": ""})
        assert made.info == info
        assert made.data.tags == {RUN_NAME_TAG: "swift-carp-91 🌲", "empty": ""}
        assert store.runs.get(info.run_id) == made

    def test_create_again_returns_what_is_there(self, store: MetadataStore) -> None:
        info = run_info()
        store.runs.create(info, {"a": "1"})
        store.runs.apply([RunChanges(info.run_id, params={"p": "v"})], None)
        again = store.runs.create(run_info(run_id=info.run_id, run_name="other"), {"a": "2"})
        assert again == store.runs.get(info.run_id)
        assert again.info.run_name == info.run_name
        assert again.data.tags == {"a": "1"}
        assert again.data.params == {"p": "v"}

    def test_create_in_another_experiment_is_a_conflict(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "/r", "", {})
        info = run_info()
        store.runs.create(info, {})
        with pytest.raises(Conflict, match=info.run_id):
            store.runs.create(run_info(other.experiment_id, info.run_id), {})

    def test_create_needs_an_active_experiment(self, store: MetadataStore) -> None:
        with pytest.raises(NotFound, match="id=99 exists"):
            store.runs.create(run_info("99"), {})
        store.experiments.set_lifecycle("0", Lifecycle.DELETED)
        with pytest.raises(InvalidInput, match="deleted"):
            store.runs.create(run_info(), {})

    def test_unknown_runs_are_not_found(self, store: MetadataStore) -> None:
        for attempt in (
            lambda: store.runs.get("nothing"),
            lambda: store.runs.update("nothing", None, None, None),
            lambda: store.runs.set_lifecycle("nothing", Lifecycle.DELETED),
            lambda: store.runs.set_lifecycles(["nothing"], Lifecycle.DELETED),
            lambda: store.runs.apply([RunChanges("nothing")], None),
        ):
            with pytest.raises(NotFound, match="Run with id=nothing not found"):
                attempt()

    def test_run_ids_are_told_apart_by_case(self, store: MetadataStore) -> None:
        store.runs.create(run_info(run_id="abc", run_name="lower"), {})
        store.runs.create(run_info(run_id="ABC", run_name="upper"), {})
        assert store.runs.get("abc").info.run_name == "lower"
        assert store.runs.get("ABC").info.run_name == "upper"

    def test_update_changes_what_is_given(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        ended = store.runs.update(run_id, RunStatus.FINISHED, 5000, None)
        assert (ended.info.status, ended.info.end_time, ended.info.run_name) == (RunStatus.FINISHED, 5000, "a run")
        named = store.runs.update(run_id, None, None, "new name")
        assert (named.info.status, named.info.end_time, named.info.run_name) == (RunStatus.FINISHED, 5000, "new name")
        assert named.data.tags == {RUN_NAME_TAG: "new name"}
        resumed = store.runs.update(run_id, RunStatus.RUNNING, None, None)
        assert (resumed.info.status, resumed.info.end_time) == (RunStatus.RUNNING, None)
        assert store.runs.get(run_id) == resumed

    def test_a_deleted_run_cannot_be_changed_until_it_is_restored(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        store.runs.set_lifecycle(run_id, Lifecycle.DELETED)
        with pytest.raises(InvalidInput, match="active"):
            store.runs.update(run_id, None, 1, None)
        with pytest.raises(InvalidInput, match="active"):
            store.runs.apply([RunChanges(run_id, tags={"a": "b"})], None)
        store.runs.set_lifecycle(run_id, Lifecycle.ACTIVE)
        store.runs.apply([RunChanges(run_id, tags={"a": "b"})], None)
        assert store.runs.get(run_id).data.tags == {"a": "b"}

    def test_many_runs_are_deleted_together(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "/r", "", {}).experiment_id
        run_ids = [store.runs.create(run_info(place), {}).info.run_id for place in ("0", "0", other, "0")]
        store.runs.set_lifecycle(run_ids[1], Lifecycle.DELETED)
        with pytest.raises(NotFound, match="nothing"):
            store.runs.set_lifecycles([*run_ids[:2], "nothing"], Lifecycle.DELETED)
        assert store.runs.stages([run_ids[0], "nothing"]) == {run_ids[0]: Lifecycle.ACTIVE}
        changed = store.runs.set_lifecycles([*run_ids[:3], run_ids[0]], Lifecycle.DELETED)
        assert sorted(changed) == sorted([run_ids[0], run_ids[2]])
        assert [store.runs.stages(run_ids)[one] for one in run_ids] == [*[Lifecycle.DELETED] * 3, Lifecycle.ACTIVE]
        assert {one.item_id for one in store.upkeep.deleted()} == set(run_ids[:3])
        assert sorted(store.runs.set_lifecycles(run_ids, Lifecycle.ACTIVE)) == sorted(run_ids[:3])
        assert (store.runs.set_lifecycles([], Lifecycle.DELETED), store.upkeep.deleted()) == ([], [])

    def test_runs_deleted_together_stay_so_when_their_experiment_comes_back(self, store: MetadataStore) -> None:
        run_ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(2)]
        store.runs.set_lifecycles(run_ids[:1], Lifecycle.DELETED)
        store.experiments.set_lifecycle("0", Lifecycle.DELETED)
        store.experiments.set_lifecycle("0", Lifecycle.ACTIVE)
        stages = store.runs.stages(run_ids)
        assert (stages[run_ids[0]], stages[run_ids[1]]) == (Lifecycle.DELETED, Lifecycle.ACTIVE)


class ApplySuite:
    """RunStore.apply. Needs a fixture `store`, new and empty for each test."""

    @pytest.fixture
    def run(self, store: MetadataStore) -> Run:
        """A run of the default experiment."""
        return store.runs.create(run_info(), {})

    def test_everything_that_can_be_logged_comes_back(self, store: MetadataStore, run: Run) -> None:
        dataset = Dataset("train set", "abc123", "local", '{"uri": "x"}', "{}", "{}")
        used = DatasetInput(dataset, {CONTEXT_TAG: "train"})
        changes = RunChanges(
            run.info.run_id,
            params={"lr": "0.1", "weird key/ä": "x" * 6000},
            tags={"note": "line\nbreak\ttab 'quote' \"double\" \\ 🌲", "empty": ""},
            metrics={"loss": summary(3.0, 1.0, 2.0)},
            dataset_inputs=[used],
            model_inputs=[ModelInput("m-1")],
            model_outputs=[ModelOutput("m-2", 7)],
        )
        assert list(store.runs.apply([changes], None)) == []
        found = store.runs.get(run.info.run_id)
        assert found.data.params == changes.params
        assert found.data.tags == changes.tags
        last = found.data.summaries["loss"].last
        assert (last.key, last.value, last.step, last.timestamp) == ("loss", 2.0, 2, 1000)
        assert last.run_id == run.info.run_id
        assert (found.data.summaries["loss"].minimum, found.data.summaries["loss"].maximum) == (1.0, 3.0)
        assert found.data.summaries["loss"].count == 3
        assert list(found.inputs.dataset_inputs) == [used]
        assert list(found.inputs.model_inputs) == [ModelInput("m-1")]
        assert list(found.outputs.model_outputs) == [ModelOutput("m-2", 7)]

    def test_the_last_point_is_that_of_the_greatest_step_then_time_then_value(
        self, store: MetadataStore, run: Run
    ) -> None:
        def log(value: float, step: int, timestamp: int) -> float:
            point = MetricSummary(Metric("m", value, timestamp, step), value, value, 1)
            store.runs.apply([RunChanges(run.info.run_id, metrics={"m": point})], None)
            return store.runs.get(run.info.run_id).data.metrics["m"]

        assert log(1.0, 5, 100) == 1.0
        assert log(9.0, 4, 900) == 1.0
        assert log(2.0, 5, 101) == 2.0
        assert log(1.5, 5, 101) == 2.0
        assert log(3.0, 5, 101) == 3.0
        assert log(0.5, 6, 1) == 0.5
        assert log(0.25, -6, 1) == 0.5
        found = store.runs.get(run.info.run_id).data.summaries["m"]
        assert (found.minimum, found.maximum, found.count) == (0.25, 9.0, 7)

    @pytest.mark.parametrize("value", [math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1, -0.1, 0.0])
    def test_floats_are_kept_exactly(self, store: MetadataStore, run: Run, value: float) -> None:
        store.runs.apply([RunChanges(run.info.run_id, metrics={"m": summary(value, key="m")})], None)
        found = store.runs.get(run.info.run_id).data.summaries["m"]
        assert (found.last.value, found.minimum, found.maximum) == (value, value, value)

    def test_nan_is_kept_and_left_out_of_the_extremes(self, store: MetadataStore, run: Run) -> None:
        store.runs.apply([RunChanges(run.info.run_id, metrics={"m": summary(math.nan, key="m")})], None)
        found = store.runs.get(run.info.run_id).data.summaries["m"]
        assert math.isnan(found.last.value)
        assert (found.minimum, found.maximum, found.count) == (None, None, 1)
        store.runs.apply([RunChanges(run.info.run_id, metrics={"m": summary(2.0, key="m", step=1)})], None)
        found = store.runs.get(run.info.run_id).data.summaries["m"]
        assert (found.last.value, found.minimum, found.maximum, found.count) == (2.0, 2.0, 2.0, 2)

    def test_a_param_is_written_once(self, store: MetadataStore, run: Run) -> None:
        store.runs.apply([RunChanges(run.info.run_id, params={"lr": "0.1"})], None)
        store.runs.apply([RunChanges(run.info.run_id, params={"lr": "0.1", "LR": "other"})], None)
        with pytest.raises(InvalidInput, match=r"'lr'.*'0\.1'.*'0\.2'"):
            store.runs.apply([RunChanges(run.info.run_id, params={"lr": "0.2"})], None)
        assert store.runs.get(run.info.run_id).data.params == {"lr": "0.1", "LR": "other"}

    def test_tags_change_and_go(self, store: MetadataStore, run: Run) -> None:
        run_id = run.info.run_id
        store.runs.apply([RunChanges(run_id, tags={"a": "1", "b": "2"})], None)
        store.runs.apply([RunChanges(run_id, tags={"a": "3"}, deleted_tags=["b"])], None)
        assert store.runs.get(run_id).data.tags == {"a": "3"}
        with pytest.raises(NotFound, match="No tag with name: b"):
            store.runs.apply([RunChanges(run_id, tags={"c": "4"}, deleted_tags=["b"])], None)
        assert store.runs.get(run_id).data.tags == {"a": "3"}

    def test_tags_are_dropped_where_they_are(self, store: MetadataStore, run: Run) -> None:
        other = store.runs.create(run_info(), {"b": "3"}).info.run_id
        store.runs.apply([RunChanges(run.info.run_id, tags={"a": "1", "b": "2"})], None)
        store.runs.apply([RunChanges(one, dropped_tags=["b", "c"]) for one in (run.info.run_id, other)], None)
        assert store.runs.get(run.info.run_id).data.tags == {"a": "1"}
        assert store.runs.get(other).data.tags == {}
        assert found_names(store, "tags.b IS NOT NULL") == []

    def test_the_name_tag_renames(self, store: MetadataStore, run: Run) -> None:
        store.runs.apply([RunChanges(run.info.run_id, tags={RUN_NAME_TAG: "renamed"})], None)
        assert store.runs.get(run.info.run_id).info.run_name == "renamed"

    def test_one_bad_change_leaves_nothing_of_the_batch(self, store: MetadataStore, run: Run) -> None:
        other = store.runs.create(run_info(), {}).info.run_id
        store.runs.apply([RunChanges(other, params={"p": "1"})], None)
        before = store.runs.get(run.info.run_id)
        good = RunChanges(
            run.info.run_id,
            params={"a": "1"},
            tags={"t": "1"},
            metrics={"loss": summary(1.0)},
            segments=[segment(run.info.run_id)],
        )
        for bad in (RunChanges(other, params={"p": "2"}), RunChanges("nothing"), RunChanges(other, deleted_tags=["x"])):
            with pytest.raises((InvalidInput, NotFound)):
                store.runs.apply([good, bad], Origin("journal", 10))
        assert store.runs.get(run.info.run_id) == before
        assert list(store.series.segments(run.info.run_id, "loss")) == []
        assert store.runs.delivered("journal") == 0

    def test_two_changes_of_one_run_in_one_batch(self, store: MetadataStore, run: Run) -> None:
        run_id = run.info.run_id
        first = RunChanges(run_id, params={"a": "1"}, tags={"t": "1"}, metrics={"loss": summary(1.0)})
        second = RunChanges(run_id, params={"b": "2"}, tags={"t": "2"}, metrics={"loss": summary(2.0, step=1)})
        store.runs.apply([first, second], None)
        found = store.runs.get(run_id)
        assert found.data.params == {"a": "1", "b": "2"}
        assert found.data.tags == {"t": "2"}
        assert found.data.summaries["loss"].count == 2
        with pytest.raises(InvalidInput):
            store.runs.apply([RunChanges(run_id, params={"c": "1"}), RunChanges(run_id, params={"c": "2"})], None)
        assert "c" not in store.runs.get(run_id).data.params

    def test_a_delivery_is_applied_once(self, store: MetadataStore, run: Run) -> None:
        run_id = run.info.run_id
        changes = [RunChanges(run_id, metrics={"loss": summary(1.0)}, segments=[segment(run_id)])]
        assert store.runs.delivered("journal") == 0
        store.runs.apply(changes, Origin("journal", 100))
        store.runs.apply(changes, Origin("journal", 100))
        store.runs.apply(changes, Origin("journal", 50))
        assert store.runs.delivered("journal") == 100
        assert store.runs.get(run_id).data.summaries["loss"].count == 1
        store.runs.apply(changes, Origin("journal", 101))
        store.runs.apply(changes, Origin("another", 1))
        assert store.runs.get(run_id).data.summaries["loss"].count == 3
        assert store.runs.delivered("journal") == 101
        assert len(store.series.segments(run_id, "loss")) == 3

    def test_datasets_of_one_name_and_digest_are_one(self, store: MetadataStore, run: Run) -> None:
        run_id = run.info.run_id
        one = Dataset("d", "1", "local", "a")
        store.runs.apply([RunChanges(run_id, dataset_inputs=[DatasetInput(one, {"x": "1"})])], None)
        again = DatasetInput(Dataset("d", "1", "local", "b"), {CONTEXT_TAG: "eval"})
        other = DatasetInput(Dataset("d", "2", "local", "c"), {})
        store.runs.apply([RunChanges(run_id, dataset_inputs=[again, other])], None)
        found = store.runs.get(run_id).inputs.dataset_inputs
        assert list(found) == [DatasetInput(one, {"x": "1"}), other]

    def test_datasets_are_found_by_experiment(self, store: MetadataStore, run: Run) -> None:
        other = store.experiments.create("other", "/r", "", {}).experiment_id
        inside = store.runs.create(run_info(other), {}).info.run_id
        one, two = Dataset("a", "1", "local", "s", "schema" * 20_000, "p"), Dataset("b", "2", "http", "s")
        train, test = DatasetInput(one, {CONTEXT_TAG: "train"}), DatasetInput(two, {})
        second = add_run(store).info.run_id
        store.runs.apply(
            [
                RunChanges(run.info.run_id, dataset_inputs=[train, test]),
                RunChanges(second, dataset_inputs=[train]),
                RunChanges(inside, dataset_inputs=[train]),
            ],
            None,
        )
        assert list(store.datasets.search(["0"], 10)) == [("0", one, "train"), ("0", two, "")]
        assert list(store.datasets.search(["0", other], 2)) == [("0", one, "train"), ("0", two, "")]
        assert len(store.datasets.search(["0", other], 10)) == 3
        assert list(store.datasets.search([], 10)) == []


class SeriesSuite:
    """Needs a fixture `store`, new and empty for each test."""

    @pytest.fixture
    def run_id(self, store: MetadataStore) -> str:
        """A run of the default experiment."""
        return store.runs.create(run_info(), {}).info.run_id

    def test_segments_come_back_in_the_order_they_were_added(self, store: MetadataStore, run_id: str) -> None:
        blocks = [segment(run_id, first_step=step, data=bytes([step]) * 5000) for step in (5, 1, 3)]
        store.runs.apply([RunChanges(run_id, segments=blocks)], None)
        store.runs.apply([RunChanges(run_id, segments=[segment(run_id, key="Loss", data=b"")])], None)
        found = store.series.segments(run_id, "loss")
        assert [block.data for block in found] == [block.data for block in blocks]
        assert [block.first_step for block in found] == [5, 1, 3]
        assert len({block.segment_id for block in found} - {0}) == 3
        assert (found[0].minimum, found[0].maximum, found[0].first_timestamp) == (0.5, 1.5, 1000)
        assert list(store.series.segments(run_id, "other")) == []
        assert list(store.series.segments("other", "loss")) == []

    def test_segments_are_skipped_by_step(self, store: MetadataStore, run_id: str) -> None:
        blocks = [segment(run_id, first_step=step, count=10) for step in (-10, 0, 10, 20)]
        store.runs.apply([RunChanges(run_id, segments=blocks)], None)

        def firsts(first: int | None, last: int | None) -> list[int]:
            return [block.first_step for block in store.series.segments(run_id, "loss", first, last)]

        assert firsts(None, None) == [-10, 0, 10, 20]
        assert firsts(9, 10) == [0, 10]
        assert firsts(20, None) == [20]
        assert firsts(None, -1) == [-10]
        assert firsts(30, None) == []

    def test_blocks_are_outlined_and_their_data_read_when_it_is_needed(self, store: MetadataStore, run_id: str) -> None:
        blocks = [segment(run_id, first_step=step, count=10, data=bytes([step])) for step in (30, 10, 20)]
        store.runs.apply([RunChanges(run_id, segments=blocks)], None)
        stored = store.series.segments(run_id, "loss")
        outline = store.series.bounds(run_id, "loss")
        assert [replace(block, data=b"") for block in stored] == list(outline)
        assert list(store.series.data([outline[2], outline[0]])) == [b"\x14", b"\x1e"]
        assert list(store.series.data([])) == []
        last = sorted(block.last_timestamp for block in stored)
        assert [block.last_timestamp for block in store.series.bounds(run_id, "loss", last[1])] == [
            block.last_timestamp for block in stored if block.last_timestamp >= last[1]
        ]
        assert list(store.series.bounds(run_id, "loss", last[2] + 1)) == []
        assert store.series.replace(run_id, "loss", [outline[0].segment_id], [])
        with pytest.raises(Conflict, match="merged"):
            store.series.data(outline)

    def test_series_of_several_runs_are_outlined_together(self, store: MetadataStore, run_id: str) -> None:
        other = store.runs.create(run_info(store.runs.get(run_id).info.experiment_id), {}).info
        blocks = [segment(run_id, first_step=step, count=10, data=bytes([step])) for step in (30, 10)]
        store.runs.apply([RunChanges(run_id, segments=[*blocks, segment(run_id, key="acc", data=b"acc")])], None)
        store.runs.apply([RunChanges(other.run_id, segments=[segment(other.run_id, first_step=7, data=b"o")])], None)
        found = {
            (one.run_id, one.key): one
            for one in store.series.outline([run_id, other.run_id, "nothing"], ["loss", "acc", "none"])
        }
        assert found.keys() == {(run_id, "loss"), (run_id, "acc"), (other.run_id, "loss")}
        loss = found[run_id, "loss"]
        stored = store.series.segments(run_id, "loss")
        assert [tuple(block) for block in loss.blocks] == [
            (
                block.segment_id,
                block.count,
                block.first_step,
                block.last_step,
                block.first_timestamp,
                block.last_timestamp,
            )
            for block in stored
        ]
        assert loss.start_time == store.runs.get(run_id).info.start_time
        wanted = [loss.blocks[1], *found[other.run_id, "loss"].blocks, *found[run_id, "acc"].blocks]
        assert list(store.series.data(wanted)) == [b"\x0a", b"o", b"acc"]
        assert list(store.series.outline([], ["loss"])) == list(store.series.outline([run_id], [])) == []

    def test_small_blocks_of_several_series_are_replaced_together(self, store: MetadataStore, run_id: str) -> None:
        full = segment(run_id, key="loss", first_step=0, count=1000, data=b"full")
        blocks = [full, segment(run_id, key="loss"), segment(run_id, key="acc"), segment(run_id, key="acc")]
        store.runs.apply([RunChanges(run_id, segments=blocks)], None)
        small = store.series.small(run_id, ["loss", "acc", "other"])
        assert {key: len(found) for key, found in small.items()} == {"loss": 1, "acc": 2}
        assert store.series.small("nothing", ["loss"]) == {}
        assert (list(store.series.scattered(run_id)), list(store.series.scattered("nothing"))) == (["acc"], [])
        ids = {key: [block.segment_id for block in found] for key, found in small.items()}
        merged = {key: (ids[key], [segment(run_id, key=key, data=b"merged")]) for key in ids}
        assert not store.series.replace_all(run_id, merged | {"other": ([1], [])})
        assert store.series.replace_all(run_id, merged)
        assert not store.series.replace_all(run_id, merged)
        assert [block.data for block in store.series.segments(run_id, "loss")] == [b"full", b"merged"]
        assert [block.data for block in store.series.segments(run_id, "acc")] == [b"merged"]
        assert list(store.series.scattered(run_id)) == []

    def test_each_of_several_deliveries_gets_its_own_answer(self, store: MetadataStore, run_id: str) -> None:
        good = [RunChanges(run_id, params={"a": "1"}, segments=[segment(run_id)])]
        again, other = Origin("journal", 10), Origin("another", 7)
        answers = store.runs.apply_each(
            [
                (good, again),
                ([RunChanges("nothing")], None),
                (good, again),
                ([RunChanges(run_id, params={"a": "2"})], other),
                ([RunChanges(run_id, params={"b": "2"})], None),
            ]
        )
        assert [type(answer) for answer in answers if isinstance(answer, TreeringError)] == [NotFound, InvalidInput]
        assert [isinstance(answer, TreeringError) for answer in answers] == [False, True, False, True, False]
        assert store.runs.get(run_id).data.params == {"a": "1", "b": "2"}
        assert len(store.series.segments(run_id, "loss")) == 1
        assert (store.runs.delivered("journal"), store.runs.delivered("another")) == (10, 0)
        crowd: list[Delivery] = [([RunChanges(run_id, segments=[segment(run_id)])], None) for _ in range(70)]
        assert store.runs.apply_each(crowd)[-1] == [(run_id, "loss")]

    def test_bounds_may_be_infinite_or_absent(self, store: MetadataStore, run_id: str) -> None:
        bounds = [(None, None), (-math.inf, math.inf), (-1e300, 1e-300)]
        for low, high in bounds:
            block = segment(run_id)
            given = type(block)(run_id, "loss", 1, 0, 0, 0, 0, low, high, b"x")
            store.runs.apply([RunChanges(run_id, segments=[given])], None)
        assert [(block.minimum, block.maximum) for block in store.series.segments(run_id, "loss")] == bounds

    def test_many_small_segments_are_reported_until_they_are_merged(self, store: MetadataStore, run_id: str) -> None:
        full = segment(run_id, key="full", count=1000)
        for _ in range(63):
            reported = store.runs.apply([RunChanges(run_id, segments=[segment(run_id), full])], None)
            assert list(reported) == []
        assert list(store.runs.apply([RunChanges(run_id, segments=[segment(run_id), full])], None)) == [
            (run_id, "loss")
        ]
        old = [block.segment_id for block in store.series.segments(run_id, "loss")]
        assert store.series.replace(run_id, "loss", old, [segment(run_id, count=64, data=b"merged")])
        assert [block.data for block in store.series.segments(run_id, "loss")] == [b"merged"]
        assert list(store.runs.apply([RunChanges(run_id, segments=[segment(run_id)])], None)) == []

    def test_replace_does_nothing_when_a_block_is_gone(self, store: MetadataStore, run_id: str) -> None:
        store.runs.apply([RunChanges(run_id, segments=[segment(run_id), segment(run_id, first_step=1)])], None)
        before = store.series.segments(run_id, "loss")
        ids = [block.segment_id for block in before]
        assert not store.series.replace(run_id, "loss", [*ids, 987_654], [segment(run_id)])
        assert not store.series.replace(run_id, "other", ids, [segment(run_id)])
        assert not store.series.replace("nothing", "loss", ids, [])
        assert list(store.series.segments(run_id, "loss")) == list(before)
        assert store.series.replace(run_id, "loss", ids[:1], [segment(run_id, data=b"new")])
        assert not store.series.replace(run_id, "loss", ids[:1], [segment(run_id, data=b"newer")])
        assert [block.data for block in store.series.segments(run_id, "loss")] == [before[1].data, b"new"]
