"""What searches for runs must find, and how they go from page to page."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from treering.core.clock import now
from treering.core.errors import BadFilter, InvalidInput
from treering.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.entities.run_table import NO_TIME, TextColumn
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import add_run, found_names, logged_model, run_info, summary

__all__ = ["AGGREGATES", "AGGREGATE_ORDERS", "FILTERS", "ORDERS", "PagingSuite", "SearchSuite", "fill", "fill_series"]

LONG = "long " * 100


def fill(store: MetadataStore) -> None:
    """Five runs, `a` to `e`, that the tables below are about."""
    a = add_run(
        store,
        "a",
        params={"lr": "0.1", "model": "Linear"},
        tags={"mlflow.user": "ada", "note": LONG + "one"},
        metrics={"loss": 0.5, "val/acc 1": 1.0},
        start_time=1000,
    )
    b = add_run(
        store,
        "b",
        params={"lr": "0.01", "model": "linear"},
        tags={"mlflow.user": "bob", "note": LONG + "two"},
        metrics={"loss": math.nan, "val/acc 1": 2.0},
        start_time=2000,
    )
    add_run(
        store,
        "c",
        params={"lr": "0.1 ", "Model": "Baum"},
        tags={"mlflow.user": "100%", "note": LONG},
        metrics={"loss": math.inf},
        start_time=3000,
    )
    add_run(
        store,
        "d",
        params={"lr": "1_0", "model": "Bäume [ab]*?!\\"},
        tags={"note": LONG[:200]},
        metrics={"loss": -math.inf, "Loss": 7.0},
        start_time=3000,
    )
    add_run(store, "e", start_time=4000)
    train = DatasetInput(Dataset("trees", "d1", "local", "x"), {CONTEXT_TAG: "train"})
    test = DatasetInput(Dataset("trees-test", "d2", "local", "x"), {CONTEXT_TAG: "eval"})
    store.runs.apply([RunChanges(a.info.run_id, dataset_inputs=[train, test])], None)
    store.runs.apply([RunChanges(b.info.run_id, dataset_inputs=[test])], None)
    store.runs.update(a.info.run_id, RunStatus.FINISHED, 9000, None)


# Each filter with the names of the runs that it finds, sorted.
FILTERS: dict[str, str] = {
    "": "abcde",
    "metrics.loss < 0.6": "ad",
    "metrics.loss <= 0.5": "ad",
    "metrics.loss > 0.4": "ac",
    "metrics.loss >= 0.5 AND metrics.loss < 1": "a",
    "metrics.loss = 0.5": "a",
    "metrics.loss != 0.5": "bcd",
    "metrics.loss > -1e308": "ac",
    "metrics.loss IS NULL": "e",
    "metrics.Loss = 7": "d",
    "metric.`val/acc 1` > 1.5": "b",
    'metrics."val/acc 1" = 1': "a",
    "metrics.val/acc = 1": "",
    "params.lr = '0.1'": "a",
    "params.lr != '0.1'": "bcd",
    "NOT params.lr = '0.1'": "bcde",
    "NOT (params.lr = '0.1' OR params.lr != '0.1')": "e",
    "parameter.lr LIKE '0.1%'": "ac",
    "params.lr LIKE '0.1_'": "c",
    "params.lr LIKE '1\\_0'": "",
    "params.lr LIKE '1_0'": "d",
    "params.model = 'linear'": "b",
    "params.model LIKE 'lin%'": "b",
    "params.model ILIKE 'LIN%'": "ab",
    "params.model ILIKE 'bÄume%'": "d",
    "params.model LIKE '%[ab]*?!\\'": "d",
    "params.model LIKE 'B*'": "",
    "params.model IN ('linear', 'Linear', 'x')": "ab",
    "params.model NOT IN ('linear')": "ad",
    "params.Model = 'Baum'": "c",
    "params.model IS NULL": "ce",
    "params.model IS NOT NULL": "abd",
    "tags.mlflow.user = 'ada' or tags.`mlflow.user` = 'bob'": "ab",
    "tags.mlflow.user LIKE '100%'": "c",
    'tag."mlflow.user" != "ada"': "bc",
    f"tags.note = '{LONG}'": "c",
    f"tags.note = '{LONG}one'": "a",
    f"tags.note != '{LONG}one'": "bcd",
    f"tags.note = '{LONG[:200]}'": "d",
    f"tags.note IN ('{LONG}two', '{LONG[:200]}')": "bd",
    f"tags.note NOT IN ('{LONG}two', '{LONG[:200]}')": "ac",
    "tags.note LIKE '%one'": "a",
    "run_name = 'a'": "a",
    "attributes.run_name != 'a'": "bcde",
    "run_name = 'A'": "",
    "run_name ILIKE 'A'": "a",
    "`Run name` IN ('a', 'e')": "ae",
    "status = 'FINISHED'": "a",
    "attr.status != 'FINISHED'": "bcde",
    "user_id LIKE 'a%' AND run.artifact_uri ILIKE '%ARTIFACTS%'": "abcde",
    "start_time = 3000": "cd",
    "start_time != 3000 AND start_time >= 1000": "abe",
    "Created > 2999.5": "cde",
    "created < 1000.5": "a",
    "start_time = 1000.5": "",
    "start_time != 1000.5": "abcde",
    "start_time < 1e30": "abcde",
    "start_time > 99999999999999999999": "",
    "start_time > -99999999999999999999": "abcde",
    "end_time > 0": "a",
    "end_time != 1": "a",
    "NOT end_time > 0": "bcde",
    "end_time IS NULL": "bcde",
    "datasets.name = 'trees'": "a",
    "dataset.name LIKE 'trees%'": "ab",
    "datasets.name != 'trees'": "ab",
    "datasets.digest IN ('d2')": "ab",
    "datasets.context = 'train' AND datasets.digest = 'd2'": "a",
    "datasets.name IS NULL": "cde",
    "metrics.loss > 0 AND params.lr LIKE '0%' OR run_name = 'e'": "ace",
    "metrics.loss > 0 AND (params.lr = '0.1' OR run_name = 'e') AND": "a",
    "not not run_name = 'a'": "a",
    "tags.x = '''; DROP TABLE runs --'": "",
    "tags.mlflow.user IS NULL": "de",
    "params.lr < 0.05": "b",
    "params.lr = 0.1": "ac",
    "params.lr = 1e-1": "ac",
    "params.lr != 0.1": "b",
    "NOT params.lr = 0.1": "bde",
    "params.lr >= 0.01 AND params.lr <= 0.1": "abc",
    "params.lr = '0.1' AND params.lr > 0": "a",
    "params.model > -1e308": "",
    "params.lr AS NUMBER IS NULL": "de",
    "params.lr as number is not null": "abc",
    "params.lr AS NUMBER > 0.05": "ac",
    "start_time < '1970-01-01T00:00:03'": "ab",
    "start_time = '1970-01-01T01:00:03+01:00'": "cd",
    "start_time > '1970-01-01'": "abcde",
    "start_time >= '1970-01-01 00:00:03.000Z' AND start_time < \"19700102\"": "cde",
    "start_time > now() - 7d": "",
    "start_time < now() - 1.5h": "abcde",
    "start_time <= now()": "abcde",
    "end_time < now()+1w": "a",
    "duration = 8s": "a",
    "duration > 7999 AND duration < 1m": "a",
    "duration < 1e3": "",
    "duration IS NULL": "bcde",
    "NOT duration > 1": "bcde",
}

# Each ordering with the names of the runs in that order.
ORDERS: dict[tuple[str, ...], str] = {
    ("start_time ASC", "run_name"): "abcde",
    ("start_time", "run_name DESC"): "abdce",
    ("run_name DESC",): "edcba",
    ("metrics.loss", "run_name"): "dacbe",
    ("metrics.loss DESC", "run_name"): "cadbe",
    ("metrics.loss DESC", "metrics.loss ASC", "run_name"): "cadbe",
    ("metrics.`val/acc 1` DESC", "run_name DESC"): "baedc",
    ("params.lr", "run_name"): "bacde",
    ("params.lr DESC", "run_name"): "dcabe",
    ("tags.note", "run_name"): "dabce",
    ("tags.note DESC", "run_name"): "abcde",
    ("end_time", "run_name"): "abcde",
    ("end_time DESC", "run_name DESC"): "aedcb",
    ("attributes.status", "Created DESC", "run_name"): "aecdb",
    ("params.lr AS NUMBER", "run_name"): "bacde",
    ("params.lr AS NUMBER DESC", "run_name DESC"): "cabed",
    ("duration", "run_name DESC"): "aedcb",
    ("metrics.loss.count DESC", "run_name"): "abcde",
}

# The same of the runs of `fill_series`, whose metrics have more than one point.
AGGREGATES: dict[str, str] = {
    "metrics.loss.min < 0.2": "p",
    "metrics.loss.MIN = 0.1": "p",
    "metrics.loss.max > 0.8": "pq",
    "metrics.loss.last <= 0.5": "pq",
    "metrics.loss.count = 3": "p",
    "metrics.loss.count >= 1": "pqr",
    "metrics.loss.count < 2.5": "qr",
    "metrics.loss.min IS NULL": "rst",
    "metrics.loss.min IS NOT NULL": "pq",
    "NOT metrics.loss.min < 0.2": "qrst",
    "metrics.loss IS NULL": "st",
    # A metric may be called so itself; then that is meant, unless backticks end the key before the dot.
    "metrics.acc.max > 5": "s",
    "metrics.acc.max >= 0.7": "st",
    "metrics.`acc.max` > 0": "s",
    "metrics.`acc`.max < 1": "st",
    "metrics.acc.max IS NULL": "pqr",
    "metrics.acc.max IS NOT NULL": "st",
    "metrics.`acc.max` IS NOT NULL": "s",
}
AGGREGATE_ORDERS: dict[tuple[str, ...], str] = {
    ("metrics.loss.min", "run_name"): "pqrst",
    ("metrics.loss.min DESC", "run_name"): "qprst",
    ("metrics.`loss`.max DESC", "run_name"): "pqrst",
    ("metrics.loss.count DESC", "run_name"): "pqrst",
    ("metrics.loss.count", "run_name DESC"): "rqpts",
    ("metrics.acc.max", "run_name"): "stpqr",
    ("metrics.`acc`.max", "run_name"): "tspqr",
}


def fill_series(store: MetadataStore) -> None:
    """Five runs, `p` to `t`, that the tables of aggregates are about."""
    points: dict[str, dict[str, tuple[float, ...]]] = {
        "p": {"loss": (0.9, 0.1, 0.3)},
        "q": {"loss": (0.85, 0.5)},
        "r": {"loss": (math.nan,)},
        "s": {"acc": (0.8, 0.2), "acc.max": (7.0,)},
        "t": {"acc": (0.7, math.nan)},
    }
    for name, metrics in points.items():
        run_id = add_run(store, name).info.run_id
        summaries = {key: summary(*values, key=key) for key, values in metrics.items()}
        store.runs.apply([RunChanges(run_id, metrics=summaries)], None)


def _text(column: TextColumn, row: int) -> str:
    return column.texts[column.codes[row]]


class SearchSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_every_filter_finds_its_runs(self, store: MetadataStore) -> None:
        fill(store)
        wrong = {
            text: found
            for text, names in FILTERS.items()
            if (found := "".join(sorted(found_names(store, text)))) != names
        }
        assert wrong == {}

    def test_aggregates_of_metrics_are_found_and_ordered_by(self, store: MetadataStore) -> None:
        fill_series(store)
        found = {text: "".join(sorted(found_names(store, text))) for text in AGGREGATES}
        assert found == AGGREGATES
        ordered = {order_by: "".join(found_names(store, "", order_by)) for order_by in AGGREGATE_ORDERS}
        assert ordered == AGGREGATE_ORDERS

    def test_a_time_is_relative_to_the_present(self, store: MetadataStore) -> None:
        for name, ago in {"now": 0, "hours": 7_200_000, "days": 10 * 86_400_000}.items():
            add_run(store, name, start_time=now() - ago)
        assert found_names(store, "start_time > now() - 1h") == ["now"]
        assert found_names(store, "start_time > now() - 1w") == ["now", "hours"]
        assert found_names(store, "start_time < now() - 1w AND start_time > now() - 11d") == ["days"]
        assert found_names(store, "start_time > now() + 60s") == []

    def test_params_of_logged_models_are_numbers_too(self, store: MetadataStore) -> None:
        for value in ("9", "10", "ten", "1e1"):
            model = replace(logged_model(name=value), params={"depth": value})
            store.logged_models.create(model)

        def names(text: str, *order_by: str) -> list[str]:
            query = Query(filter=text, order_by=[*order_by, "name"], experiment_ids=["0"])
            return [model.name for model in store.logged_models.search(query, ()).items]

        assert names("params.depth = 10") == ["10", "1e1"]
        assert names("params.depth < 10") == ["9"]
        assert names("", "params.depth AS NUMBER DESC") == ["10", "1e1", "9", "ten"]
        assert names("", "params.depth DESC") == ["ten", "9", "1e1", "10"]

    def test_every_ordering_orders_and_pages(self, store: MetadataStore) -> None:
        fill(store)
        for order_by, names in ORDERS.items():
            assert "".join(found_names(store, "", order_by)) == names, order_by
            paged, token = "", ""
            for _ in names:
                query = Query(order_by=order_by, experiment_ids=["0"], max_results=2, page_token=token)
                page = store.runs.search(query)
                paged += "".join(run.info.run_name for run in page.items)
                token = page.next_token
                if not token:
                    break
            assert paged == names, order_by

    def test_newest_first_then_by_id(self, store: MetadataStore) -> None:
        for run_id, start in {"b": 2, "a": 2, "B": 2, "c": 3, "d": 1}.items():
            store.runs.create(run_info(run_id=run_id, run_name=run_id, start_time=start), {})
        assert found_names(store, "") == ["c", "B", "a", "b", "d"]

    def test_a_found_run_is_whole(self, store: MetadataStore) -> None:
        fill(store)
        query = Query(filter="run_name = 'a'", experiment_ids=["0"])
        [found] = store.runs.search(query).items
        assert found == store.runs.get(found.info.run_id)
        assert len(found.inputs.dataset_inputs) == 2

    def test_a_table_holds_what_the_page_holds(self, store: MetadataStore) -> None:
        fill(store)
        store.experiments.create("other", "/r", "", {})
        store.runs.create(run_info("1", run_name="elsewhere", start_time=3500), {})
        questions = [Query(text, experiment_ids=["0"]) for text in FILTERS]
        questions += [Query("", order_by, 2, experiment_ids=["0", "1"]) for order_by in ORDERS]
        for query in (*questions, Query(experiment_ids=["0"], max_results=2), Query(experiment_ids=["1"]), Query()):
            page, table = store.runs.search(query), store.runs.table(query)
            assert table.next_token == page.next_token
            shown = [
                (
                    table.run_ids[row],
                    _text(table.experiment_ids, row),
                    _text(table.statuses, row),
                    table.artifact_uris[row],
                    table.start_times[row],
                    None if table.end_times[row] == NO_TIME else table.end_times[row],
                    {key: _text(column, row) for key, column in table.params.items() if column.codes[row] >= 0},
                    {key: _text(column, row) for key, column in table.tags.items() if column.codes[row] >= 0},
                    {key: str(values[row]) for key, values in table.metrics.items() if not math.isnan(values[row])},
                )
                for row in range(len(table))
            ]
            assert shown == [
                (
                    run.info.run_id,
                    run.info.experiment_id,
                    run.info.status,
                    run.info.artifact_uri,
                    run.info.start_time,
                    run.info.end_time,
                    run.data.params,
                    run.data.tags,
                    {key: str(value) for key, value in run.data.metrics.items() if not math.isnan(value)},
                )
                for run in page.items
            ]

    def test_experiments_and_view_limit_the_search(self, store: MetadataStore) -> None:
        other = store.experiments.create("other", "/r", "", {}).experiment_id
        store.runs.create(run_info(other, run_name="elsewhere"), {})
        add_run(store, "here")
        gone = add_run(store, "gone").info.run_id
        store.runs.set_lifecycle(gone, Lifecycle.DELETED)

        def names(*experiments: str, view: View = View.ACTIVE_ONLY) -> list[str]:
            query = Query(experiment_ids=experiments, view=view, order_by=["run_name"], with_total=True)
            page = store.runs.search(query)
            assert page.total == len(page.items)
            return [run.info.run_name for run in page.items]

        assert names() == []
        assert names("0") == ["here"]
        assert names("0", other, "77", "x") == ["elsewhere", "here"]
        assert names("0", view=View.DELETED_ONLY) == ["gone"]
        assert names("0", view=View.ALL) == ["gone", "here"]

    def test_a_changed_value_is_found_under_the_new_one_only(self, store: MetadataStore) -> None:
        run_id = add_run(store, "a", tags={"t": "old", "u": "x"}, metrics={"m": 1.0}).info.run_id
        store.runs.apply([RunChanges(run_id, tags={"t": "new"}, deleted_tags=["u"])], None)
        assert found_names(store, "tags.t = 'old'") == []
        assert found_names(store, "tags.t = 'new'") == ["a"]
        assert found_names(store, "tags.u IS NOT NULL") == []
        store.runs.update(run_id, None, None, "b")
        assert found_names(store, "tags.mlflow.runName = 'b' AND run_name = 'b'") == ["b"]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("metrics.loss <", "not the end"),
            ("metrics.loss = 'x'", "without quotes"),
            ("params.lr < '1'", "Leave the quotes away"),
            ("start_time > '2026-02-30'", "is none"),
            ("start_time > now() - 7", "has no unit|not '7'"),
            ("nothing.a = 1", "no 'nothing'"),
            ("nothing = 'a'", "no attribute 'nothing'"),
            ("datasets.source = 'a'", "has no 'source'"),
            ("run_id IN ()", "text in quotes"),
            ("run_name = 'a", "never closed"),
            ("run_name = 'a';", "Unexpected character"),
        ],
    )
    def test_a_bad_filter_is_refused_with_a_caret(self, store: MetadataStore, text: str, reason: str) -> None:
        with pytest.raises(BadFilter, match=reason) as caught:
            store.runs.search(Query(filter=text, experiment_ids=["0"]))
        assert text in caught.value.message
        assert caught.value.mistake is not None
        assert caught.value.mistake.text == text
        assert caught.value.message.endswith("^")

    def test_a_bad_ordering_is_refused(self, store: MetadataStore) -> None:
        for text in ("", "metrics.loss UP", "datasets.name", "nothing", "start_time NULLS FIRST"):
            with pytest.raises(BadFilter):
                store.runs.search(Query(order_by=[text], experiment_ids=["0"]))


class PagingSuite:
    """Needs a fixture `store`, new and empty for each test."""

    def test_rows_written_in_between_neither_repeat_nor_hide_others(self, store: MetadataStore) -> None:
        for number in range(10):
            add_run(store, f"old{number}", start_time=1000 + number)
        seen: list[str] = []
        token = ""
        for page_number in range(10):
            page = store.runs.search(Query(experiment_ids=["0"], max_results=3, page_token=token))
            seen += [run.info.run_name for run in page.items]
            token = page.next_token
            if not token:
                break
            add_run(store, f"new{page_number}", start_time=5000 + page_number)
        assert seen == [f"old{number}" for number in reversed(range(10))]

    def test_the_last_page_has_no_token(self, store: MetadataStore) -> None:
        for number in range(4):
            add_run(store, str(number))
        first = store.runs.search(Query(experiment_ids=["0"], max_results=2, with_total=True))
        assert first.next_token
        assert first.total == 4
        second = store.runs.search(
            Query(experiment_ids=["0"], max_results=2, page_token=first.next_token, with_total=True)
        )
        assert (second.next_token, second.total) == ("", 4)
        assert store.runs.search(Query(experiment_ids=["0"], max_results=4)).next_token == ""
        assert list(store.runs.search(Query(experiment_ids=["0"], max_results=0)).items) == []
        assert store.runs.search(Query(experiment_ids=["0"])).total is None

    def test_a_token_of_another_search_is_refused(self, store: MetadataStore) -> None:
        for number in range(3):
            add_run(store, str(number))
        token = store.runs.search(Query(experiment_ids=["0"], max_results=1)).next_token
        others = [
            Query(experiment_ids=["0"], max_results=1, page_token=token, filter="run_name != 'x'"),
            Query(experiment_ids=["0"], max_results=1, page_token=token, order_by=["run_name"]),
            Query(experiment_ids=["0", "1"], max_results=1, page_token=token),
            Query(experiment_ids=["0"], max_results=1, page_token=token, view=View.ALL),
        ]
        for query in others:
            with pytest.raises(InvalidInput, match="another search"):
                store.runs.search(query)
        with pytest.raises(InvalidInput, match="another search"):
            store.registered_models.search(Query(page_token=token))

    @pytest.mark.parametrize("token", ["x", "!!!", "e30=", "W10=", "bnVsbA==", "eyJkIjoxLCJ2IjpbXX0=", "ä", "=" * 9])
    def test_a_malformed_token_is_refused(self, store: MetadataStore, token: str) -> None:
        with pytest.raises(InvalidInput, match="page token"):
            store.runs.search(Query(experiment_ids=["0"], page_token=token))

    def test_a_negative_size_is_refused(self, store: MetadataStore) -> None:
        with pytest.raises(InvalidInput, match="negative"):
            store.runs.search(Query(experiment_ids=["0"], max_results=-1))
