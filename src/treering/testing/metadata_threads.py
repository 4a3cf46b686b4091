"""What must hold when several threads use one store at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from treering.core.errors import AlreadyExists, InvalidInput, TreeringError
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.metric import Metric
from treering.entities.page import Query
from treering.entities.run import Origin, RunChanges
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import found_names, logged_model, model_version, run_info, segment, summary

__all__ = ["ThreadSuite"]

_THREADS = 6


def _at_once(work: Callable[[int], object], threads: int = _THREADS) -> list[object]:
    """What `work` returned or raised in each thread; all start together."""
    barrier = threading.Barrier(threads)

    def start(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except TreeringError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(start, range(threads)))


def _errors(results: Sequence[object]) -> list[object]:
    return [result for result in results if isinstance(result, TreeringError)]


class ThreadSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_logging_to_one_run_loses_nothing(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id

        def log(number: int) -> None:
            for step in range(10):
                change = RunChanges(
                    run_id,
                    params={f"p{number}-{step}": "v"},
                    tags={"shared": f"{number}-{step}", f"t{number}": str(step)},
                    metrics={"loss": summary(1.0, step=step)},
                    segments=[segment(run_id, first_step=step)],
                )
                store.runs.apply([change], None)

        assert _errors(_at_once(log)) == []
        found = store.runs.get(run_id)
        assert len(found.data.params) == _THREADS * 10
        assert found.data.summaries["loss"].count == _THREADS * 10
        assert len(store.series.segments(run_id, "loss")) == _THREADS * 10
        assert {found.data.tags[f"t{number}"] for number in range(_THREADS)} == {"9"}
        assert len(found_names(store, f"tags.shared = '{found.data.tags['shared']}'")) == 1

    def test_batches_over_the_same_runs_in_any_order(self, store: MetadataStore) -> None:
        ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(4)]
        used = DatasetInput(Dataset("shared", "1", "local", "x"), {})

        def log(number: int) -> None:
            for step in range(5):
                turned = ids[number % 4 :] + ids[: number % 4]
                changes = [
                    RunChanges(run_id, metrics={"m": summary(1.0, key="m", step=step)}, dataset_inputs=[used])
                    for run_id in (turned if number % 2 else reversed(turned))
                ]
                store.runs.apply(changes, None)

        assert _errors(_at_once(log)) == []
        assert [store.runs.get(run_id).data.summaries["m"].count for run_id in ids] == [_THREADS * 5] * 4
        assert len(store.datasets.search(["0"], 10)) == 1

    def test_one_of_two_different_values_of_a_param_wins(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        results = _at_once(lambda number: store.runs.apply([RunChanges(run_id, params={"lr": str(number)})], None))
        errors = _errors(results)
        assert len(errors) == _THREADS - 1
        assert all(isinstance(error, InvalidInput) for error in errors)
        [winner] = [number for number, result in enumerate(results) if not isinstance(result, TreeringError)]
        assert store.runs.get(run_id).data.params == {"lr": str(winner)}

    def test_a_name_is_given_once(self, store: MetadataStore) -> None:
        results = _at_once(lambda _: store.experiments.create("same", "/r", "", {"a": "b"}))
        assert [type(error) for error in _errors(results)] == [AlreadyExists] * (_THREADS - 1)
        results = _at_once(lambda _: store.registered_models.create("same", "", {}))
        assert [type(error) for error in _errors(results)] == [AlreadyExists] * (_THREADS - 1)
        assert len(store.experiments.search(Query(filter="name = 'same'")).items) == 1

    def test_a_run_id_makes_one_run(self, store: MetadataStore) -> None:
        results = _at_once(lambda number: store.runs.create(run_info(run_id="same", run_name=str(number)), {}))
        assert _errors(results) == []
        assert results == [store.runs.get("same")] * _THREADS

    def test_a_delivery_is_applied_once(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id
        changes = [RunChanges(run_id, metrics={"loss": summary(1.0)}, segments=[segment(run_id)])]
        assert _errors(_at_once(lambda _: store.runs.apply(changes, Origin("journal", 10)))) == []
        assert store.runs.get(run_id).data.summaries["loss"].count == 1
        assert len(store.series.segments(run_id, "loss")) == 1

    def test_versions_are_numbered_without_gaps(self, store: MetadataStore) -> None:
        store.registered_models.create("m", "", {})

        def register(_: int) -> list[int]:
            return [store.model_versions.create(model_version("m")).version for _ in range(3)]

        results = _at_once(register)
        assert _errors(results) == []
        numbers = sorted(version.version for version in store.model_versions.search(Query()).items)
        assert numbers == list(range(1, _THREADS * 3 + 1))

    def test_points_of_one_model_from_several_runs(self, store: MetadataStore) -> None:
        model_id = store.logged_models.create(logged_model()).model_id
        ids = [store.runs.create(run_info(), {}).info.run_id for _ in range(_THREADS)]

        def log(number: int) -> None:
            for step in range(5):
                point = Metric("acc", 1.0, 10, step * 100 + number, model_id)
                store.runs.apply([RunChanges(ids[number], linked=[point])], None)

        assert _errors(_at_once(log)) == []
        [last] = store.logged_models.get(model_id).metrics
        assert (last.step, last.run_id) == (400 + _THREADS - 1, ids[-1])

    def test_merging_beside_logging_loses_nothing(self, store: MetadataStore) -> None:
        run_id = store.runs.create(run_info(), {}).info.run_id

        def work(number: int) -> None:
            for step in range(8):
                if number:
                    store.runs.apply([RunChanges(run_id, segments=[segment(run_id, first_step=step)])], None)
                else:
                    blocks = store.series.segments(run_id, "loss")
                    points = sum(block.count for block in blocks)
                    if points:
                        merged = [segment(run_id, count=points)]
                        store.series.replace(run_id, "loss", [block.segment_id for block in blocks], merged)

        assert _errors(_at_once(work)) == []
        assert sum(block.count for block in store.series.segments(run_id, "loss")) == (_THREADS - 1) * 8
