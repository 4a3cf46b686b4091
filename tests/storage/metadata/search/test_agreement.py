"""Memory and each database give the same answer, and the same pages, for filters and orderings that nobody thought of."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treering.core.uri import scheme_of
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query
from treering.entities.run import RunChanges
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.testing.metadata_values import run_info, summary

TEXTS = [
    "",
    "a",
    "A",
    "ä",
    "Ä",
    "ab",
    "a ",
    "%",
    "_",
    "*",
    "[a]",
    "a\\",
    "x" * 255,
    "x" * 256,
    "x" * 257,
    "x" * 300,
    "🌲",
    "1.5",
    " -1e-5 ",
    "inf",
    "nan",
    "1_0",
]
FLOATS = [0.0, -0.0, 1.5, -1.5, math.nan, math.inf, -math.inf, 5e-324, 1e308]

texts = st.sampled_from(TEXTS)
keys = st.sampled_from(["k", "K", "odd key", "k.k"])
runs = st.fixed_dictionaries(
    {
        "name": texts,
        "start": st.integers(-3, 3),
        "end": st.none() | st.integers(0, 3),
        "params": st.dictionaries(keys, texts, max_size=2),
        "tags": st.dictionaries(keys, texts, max_size=2),
        "metrics": st.dictionaries(
            keys | st.just("k.min"), st.lists(st.sampled_from(FLOATS), min_size=1, max_size=3), max_size=3
        ),
    }
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


numbers = st.sampled_from(["0", "-1.5", "1.5", "2", "1e308", "-1e-5", "5e-324"])
orders = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
text_fields = st.one_of(
    st.just("run_name"), keys.map(lambda key: f"params.`{key}`"), keys.map(lambda key: f'tags."{key}"')
)
aggregates = st.sampled_from(["min", "max", "last", "count"])
number_fields = st.one_of(
    st.sampled_from(["start_time", "end_time", "duration", "metrics.k.min", "metrics.k.count", "metrics.K.max"]),
    keys.map(lambda key: f"metrics.`{key}`"),
    st.tuples(keys, aggregates).map(lambda parts: f"metrics.`{parts[0]}`.{parts[1]}"),
    keys.map(lambda key: f"params.`{key}` AS NUMBER"),
)
fields = text_fields | number_fields
comparisons = st.one_of(
    st.tuples(text_fields, st.sampled_from(["=", "!=", "LIKE", "ILIKE"]), texts.map(_quoted)).map(" ".join),
    st.tuples(text_fields, st.sampled_from(["IN", "NOT IN"]), st.lists(texts, min_size=1, max_size=3)).map(
        lambda parts: f"{parts[0]} {parts[1]} ({', '.join(map(_quoted, parts[2]))})"
    ),
    st.tuples(number_fields, orders, numbers).map(" ".join),
    st.tuples(keys.map(lambda key: f"params.`{key}`"), orders, numbers).map(" ".join),
    st.tuples(fields, st.sampled_from(["IS NULL", "IS NOT NULL"])).map(" ".join),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(lambda text: f"NOT ({text})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=4,
)
orderings = st.lists(st.tuples(fields, st.sampled_from(["", "ASC", "DESC"])).map(" ".join), max_size=3)


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MetadataStore, MetadataStore]]:
    """One in memory, and one of each kind of database."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('agreement') / 'treering.db'}"
    if request.param != "sqlite":
        uri = request.getfixturevalue(f"new_{request.param}")()
    memory = METADATA.load("memory")("memory://")
    database = METADATA.load(scheme_of(uri))(uri)
    yield memory, database
    database.database.close()


def _fill(store: MetadataStore, experiment: str, rows: list[dict[str, object]]) -> None:
    for number, row in enumerate(rows):
        info = run_info(experiment, f"e{experiment}r{number}", str(row["name"]), int(str(row["start"])))
        store.runs.create(info, {})
        if row["end"] is not None:
            store.runs.update(info.run_id, RunStatus.FINISHED, int(str(row["end"])), None)
        metrics = {key: summary(*values, key=key) for key, values in row["metrics"].items()}
        store.runs.apply([RunChanges(info.run_id, params=row["params"], tags=row["tags"], metrics=metrics)], None)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(runs, max_size=6), asked=st.lists(st.tuples(filters, orderings), min_size=3, max_size=8))
def test_memory_and_database_agree(
    stores: tuple[MetadataStore, MetadataStore],
    rows: list[dict[str, object]],
    asked: list[tuple[str, list[str]]],
) -> None:
    [experiment] = {
        store.experiments.create(f"e{len(store.experiments.search(Query()).items)}", "/r", "", {}).experiment_id
        for store in stores
    }
    for store in stores:
        _fill(store, experiment, rows)
    for text, order_by in asked:
        answers = []
        for store in stores:
            ids: list[str] = []
            token = ""
            while True:
                query = Query(text, order_by, 2, token, experiment_ids=[experiment], with_total=True)
                page = store.runs.search(query)
                ids += [run.info.run_id for run in page.items]
                token = page.next_token
                if not token:
                    break
            assert page.total == len(ids) == len(set(ids))
            answers.append(ids)
        assert answers[0] == answers[1], (text, order_by)
