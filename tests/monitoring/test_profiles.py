"""Profiles: what they count is what is there, in any form and size, and what they warn of is what is wrong."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.core.errors import DamagedData, InvalidInput
from treering.monitoring.profiles.distinct import Distinct
from treering.monitoring.profiles.making import profile_of
from treering.monitoring.profiles.profile import Profile, from_json, merge, to_json
from treering.monitoring.profiles.report import to_html
from treering.storage.tables.hashing import hashes_of, mixed

N = 4000


def columns(seed: int = 0, n: int = N) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    income = rng.lognormal(10, 1, n)
    return {
        "age": age,
        "income": income,
        "gap": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
        "city": rng.choice(np.array(["Oslo", "Rome", "Bonn"], object), n),
        "flag": rng.random(n) < 0.3,
        "when": np.datetime64("2020-01-01") + np.arange(n).astype("timedelta64[m]"),
        "y": (age + rng.normal(0, 15, n) > 50).astype(int),
    }


def made(table: dict[str, Any], piece: int = 1000, **options: Any) -> Profile:
    table = {name: np.asarray(column) for name, column in table.items()}
    rows = len(next(iter(table.values()), ()))

    def pieces() -> Any:
        return (
            {name: column[start : start + piece] for name, column in table.items()} for start in range(0, rows, piece)
        )

    return profile_of("table", pieces, **options)


def kinds(profile: Profile) -> set[tuple[str, tuple[str, ...]]]:
    return {(finding.kind, finding.columns) for finding in profile.findings}


def test_numbers_are_what_numpy_says() -> None:
    table = columns()
    income, found = table["income"], made(table).column("income")
    assert (found.minimum, found.maximum) == (income.min(), income.max())
    assert found.mean == pytest.approx(income.mean())
    assert found.deviation == pytest.approx(income.std(ddof=1))
    assert dict(found.quantiles)[0.5] == pytest.approx(np.median(income))
    assert sum(found.counts) == N
    assert found.distinct == len(np.unique(income))
    gap = made(table).column("gap")
    assert gap.missing == np.isnan(table["gap"]).sum()
    assert gap.negatives == (table["gap"] < 0).sum()


def test_each_bin_holds_what_lies_between_its_edges() -> None:
    table = columns()
    found = made(table).column("income")
    edges = np.array(found.edges)
    assert len(edges) == 65
    inner = [((table["income"] >= low) & (table["income"] < high)).sum() for low, high in pairwise(edges)]
    assert list(found.counts[1:-1]) == inner
    assert found.counts[0] == 0
    assert found.counts[-1] == 1


def test_the_other_kinds_are_told_apart() -> None:
    profile = made(columns())
    assert {column.name: column.kind for column in profile.columns} == {
        "age": "number", "income": "number", "gap": "number", "city": "text", "flag": "boolean", "when": "time", "y": "number",
    }  # fmt: skip
    city = profile.column("city")
    assert sum(city.value_counts) == N
    assert set(city.values) == {"Oslo", "Rome", "Bonn"}
    assert profile.column("age").whole
    assert not profile.column("income").whole


def test_pieces_of_any_size_give_the_same_counts() -> None:
    one, other = made(columns(), N), made(columns(), 123)
    assert [column.counts for column in one.columns] == [column.counts for column in other.columns]
    assert one.findings == other.findings
    assert one.correlations == other.correlations


def test_the_profiles_of_two_halves_add_up_to_that_of_the_whole() -> None:
    table = columns()
    whole = made(table)
    halves = [{name: column[part] for name, column in table.items()} for part in (slice(0, N // 2), slice(N // 2, N))]
    merged = merge(*(made(half, against=whole) for half in halves))
    for one, other in zip(merged.columns, whole.columns, strict=True):
        assert (one.rows, one.missing, one.counts, one.value_counts) == (
            other.rows,
            other.missing,
            other.counts,
            other.value_counts,
        )
        assert one.mean == pytest.approx(other.mean)
        assert one.deviation == pytest.approx(other.deviation)
        assert (one.minimum, one.maximum) == (other.minimum, other.maximum)
    with pytest.raises(InvalidInput, match="counted in two ways"):
        merge(whole, made(columns(1)))
    with pytest.raises(InvalidInput, match="different columns"):
        merge(whole, made({"age": [1]}))


def test_what_a_later_table_has_outside_the_edges_is_seen() -> None:
    table = columns()
    later = {**table, "income": table["income"] * 100, "city": np.full(N, "Paris", object)}
    found = made(later, against=made(table))
    assert found.column("income").counts[-1] > N // 2
    assert found.column("city").other == N


def test_json_gives_the_profile_back() -> None:
    profile = made(columns(), target="y", created=7)
    assert from_json(to_json(profile)) == profile
    assert to_json(profile) == to_json(made(columns(), target="y", created=7))
    for bad in ("", "[]", "{}", '{"format": 1}', '{"format": 99}', "\xff"):
        with pytest.raises(DamagedData):
            from_json(bad)


def test_leaks_are_found() -> None:
    table = columns()
    table["copy"] = table["y"] * 3 - 1
    table["word"] = np.where(table["y"] == 1, "won", "lost").astype(object)
    table["later"] = np.where(table["y"] == 1, 5.0 + np.arange(N), np.nan)
    profile = made(table, target="y")
    leaks = {finding.columns[0] for finding in profile.findings if finding.kind == "leak"}
    assert leaks == {"copy", "word", "later"}
    assert all(finding.level == "error" for finding in profile.findings if finding.kind == "leak")
    assert kinds(made(columns(), target="y")) & {("leak", ("age",))} == set()


def test_a_number_that_is_the_target_in_other_words_is_a_leak() -> None:
    table = columns()
    table["pounds"] = table["income"] * 2.2
    profile = made(table, target="income")
    assert ("leak", ("pounds",)) in kinds(profile)
    assert next(one for one in profile.associations if one.column == "pounds").measure == "spearman"


def test_an_identifier_tells_nothing_of_the_target_however_many_values_it_has() -> None:
    table = columns()
    table["id"] = np.array([f"u{place}" for place in range(N)], object)
    table["number"] = np.arange(N)
    profile = made(table, target="y")
    assert {("identifier", ("id",)), ("identifier", ("number",))} <= kinds(profile)
    assert ("identifier", ("income",)) not in kinds(profile)
    assert next(one for one in profile.associations if one.column == "id").value < 0.2


def test_other_things_that_are_wrong_are_found() -> None:
    table = columns()
    rare = np.zeros(N, int)
    rare[:20] = 1
    texts = table["age"].astype(object)
    texts[:5] = "n.n."
    table |= {
        "constant": np.ones(N),
        "empty": np.full(N, np.nan),
        "mostly": np.where(np.arange(N) % 4, np.nan, 1.0 * np.arange(N)),
        "mixed": texts,
        "city": np.where(np.arange(N) == 3, "oslo ", table["city"]).astype(object),
        "twice": table["income"] * 2,
        "rare": rare,
    }
    profile = made(table, target="rare")
    assert {
        ("constant", ("constant",)), ("empty", ("empty",)), ("missing", ("mostly",)), ("invalid", ("mixed",)),
        ("spelling", ("city",)), ("same", ("income", "twice")), ("imbalance", ("rare",)), ("outliers", ("income",)),
    } <= kinds(profile)  # fmt: skip
    mixed_column = profile.column("mixed")
    assert (mixed_column.kind, mixed_column.invalid, mixed_column.invalid_examples) == ("number", 5, ("n.n.",))


def test_duplicate_rows_are_counted() -> None:
    table = {name: np.concatenate([column, column[:100]]) for name, column in columns().items()}
    profile = made(table)
    assert profile.duplicates == 100
    assert ("duplicates", ()) in kinds(profile)
    assert made(columns()).duplicates == 0


def test_correlations_are_those_of_pandas() -> None:
    table = columns()
    frame = pd.DataFrame({name: table[name] for name in ("age", "income", "gap", "y")})
    for one in made(table).correlations:
        if {one.first, one.second} <= set(frame):
            pair = frame[[one.first, one.second]]
            assert one.pearson == pytest.approx(pair.corr().iloc[0, 1], abs=1e-9)
            assert one.spearman == pytest.approx(pair.corr("spearman").iloc[0, 1], abs=0.03 if "gap" in pair else 1e-9)


def test_distinct_values_are_estimated_within_a_few_hundredths() -> None:
    counter = Distinct(1 << 14)
    for start in range(0, 500_000, 50_000):
        counter.add(mixed(np.arange(start, start + 50_000, dtype=np.uint64)))
        counter.add(mixed(np.arange(start, start + 50_000, dtype=np.uint64)))
    assert not counter.exact
    assert counter.count() == pytest.approx(500_000, rel=0.03)
    assert counter.repeated(1_000_000) == pytest.approx(500_000, rel=0.05)


def test_equal_values_have_equal_hashes_in_any_type() -> None:
    assert hashes_of(np.array([1, 2])).tolist() == hashes_of(np.array([1.0, 2.0])).tolist()
    assert hashes_of(np.array([0.0])).tolist() == hashes_of(np.array([-0.0])).tolist()
    assert len(set(hashes_of(np.arange(10_000)).tolist())) == 10_000


def test_infinite_numbers_and_tables_without_rows() -> None:
    found = made({"x": np.array([1.0, np.inf, -np.inf, np.nan, 3.0] * 20)}).column("x")
    assert (found.infinite, found.missing, found.mean) == (40, 20, 2.0)
    with pytest.raises(InvalidInput, match="no rows"):
        made({})
    with pytest.raises(InvalidInput, match="no column 'z'"):
        made(columns(), target="z")


def test_the_page_stands_alone_and_escapes_everything() -> None:
    nasty = "<script>alert(1)</script>"
    table = {nasty: np.array([nasty, '"><img src=x onerror=y>'] * 50, object), "y": np.arange(100)}
    page = to_html(made(table, target="y"))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<section") >= 2


def test_a_page_has_all_columns_of_all_kinds(tmp_path: Path) -> None:
    page = to_html(made({**columns(), "none": np.full(N, np.nan), "one": np.ones(N)}, target="y"))
    (tmp_path / "a.html").write_text(page, "utf-8")
    for name in ("age", "income", "gap", "city", "flag", "when", "none", "one"):
        assert f"<h3>{name}</h3>" in page
    assert "What tells of y" in page


def test_a_small_table_is_read_once() -> None:
    read = []

    def pieces() -> Any:
        read.append(1)
        yield {"a": np.arange(10), "t": np.array(["x"] * 10, object)}

    assert profile_of("t", pieces).rows == 10
    assert len(read) == 1


def test_a_text_is_one_value_whatever_its_piece_looks_like() -> None:
    def pieces() -> Any:
        yield {"code": np.array([7, 8, 7])}
        yield {"code": np.array(["7", "x", "y", None, *["z"] * 50], object)}

    found = profile_of("t", pieces).column("code")
    assert (found.kind, found.distinct, found.missing) == ("text", 5, 1)
    assert dict(zip(found.values, found.value_counts, strict=True)) == {"z": 50, "7": 3, "8": 1, "x": 1, "y": 1}


@pytest.mark.parametrize("odd", [[1e308, -1e308, 1e300], [10**400, -(10**400), 2], ["1e999", "-1e999", "2"]])
def test_numbers_too_large_to_be_squared_are_infinite(odd: list[Any]) -> None:
    found = made(
        {"a": np.array([*odd, *range(40)], object if isinstance(odd[0], int | str) else float), "b": np.arange(43)}
    )
    assert found.column("a").infinite >= 2
    assert from_json(to_json(found)) == found
    assert to_html(found)


@pytest.mark.parametrize("later", [[1, 2, 3.5], [0, 0.5], [np.nan, 5.0]])
def test_what_was_constant_and_is_no_more_has_a_page(later: list[float]) -> None:
    found = made({"a": np.array(later)}, against=made({"a": np.ones(20)}))
    assert sum(found.column("a").counts) == np.isfinite(later).sum()
    assert "Distribution of a" in to_html(found)


def test_dates_beyond_those_of_python_have_a_page() -> None:
    far = np.array(["294000-01-01", "-5000-01-01"] * 30, "datetime64[us]") + np.arange(60)
    assert "294000-01-01" in to_html(made({"a": far}))


def test_long_texts_and_broken_characters_make_no_book_of_a_profile() -> None:
    found = made(
        {
            "a": np.array(["x" * 100_000, "y" * 900, "\ud800"] * 20, object),
            "b": np.array([*range(59), "z" * 9999], object),
        }
    )
    assert found.column("a").distinct == 3
    assert found.column("a").other == 20
    assert len(to_json(found)) < 10_000
    assert len(to_html(found)) < 30_000
    assert from_json(to_json(found)).rows == 60
