"""Splits: each way keeps its promise, they are the same everywhere, and leaks are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treering.core.errors import DamagedData, InvalidInput
from treering.preparation.record import from_json, record_of, to_json
from treering.preparation.splits import SplitOptions, fractions_of, split_rows
from treering.storage.tables.hashing import mixed

HALVES = {"train": 0.75, "test": 0.25}
FOREVER = "00110100000000001010"
FOREVER_BY_KEY = "10000000011100100000"


def rows(n: int) -> Any:
    return mixed(np.arange(n, dtype=np.uint64))


def test_a_random_split_has_the_sizes_and_looks_random() -> None:
    parts = split_rows(10_000, {}, SplitOptions({"train": 0.7, "validation": 0.1, "test": 0.2}, seed=3))
    assert np.bincount(parts).tolist() == [7000, 1000, 2000]
    places = np.flatnonzero(parts == 2)
    assert abs(places.mean() - 5000) < 200
    assert (parts != split_rows(10_000, {}, SplitOptions({"train": 0.7, "validation": 0.1, "test": 0.2}, seed=4))).any()


def test_a_split_is_the_same_for_ever() -> None:
    # Written down, not computed: who splits again in a year gets these rows.
    parts = split_rows(20, {}, SplitOptions(HALVES, seed=7))
    assert "".join(map(str, parts.tolist())) == FOREVER
    keys = np.array([f"user-{place}" for place in range(20)], object)
    by_key = split_rows(20, {"u": keys}, SplitOptions(HALVES, key="u", seed=7))
    assert "".join(map(str, by_key.tolist())) == FOREVER_BY_KEY


@pytest.mark.parametrize("n", [97, 1000, 12_345])
def test_a_stratified_split_has_the_same_shares_and_the_right_sizes(n: int) -> None:
    rng = np.random.default_rng(0)
    classes = rng.choice(np.array(["a", "b", "c", None], object), n, p=[0.7, 0.2, 0.05, 0.05])
    parts = split_rows(n, {"c": classes}, SplitOptions({"train": 0.6, "validation": 0.2, "test": 0.2}, stratify="c"))
    sizes = np.bincount(parts)
    assert np.abs(sizes - n * np.array([0.6, 0.2, 0.2])).max() <= 1
    for name in ("a", "b", "c", None):
        mine = np.array([value == name for value in classes.tolist()])
        for place, share in enumerate((0.6, 0.2, 0.2)):
            assert abs((mine & (parts == place)).sum() - share * mine.sum()) <= 2


def test_groups_stay_together() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 200, 5000)
    parts = split_rows(5000, {"g": groups}, SplitOptions(HALVES, group="g"))
    assert all(len(set(parts[groups == group].tolist())) == 1 for group in range(200))
    assert abs((parts == 1).mean() - 0.25) < 0.01


def test_groups_can_be_stratified() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 300, 6000)
    classes = (rng.random(300) < 0.2)[groups].astype(int)
    parts = split_rows(6000, {"g": groups, "c": classes}, SplitOptions(HALVES, group="g", stratify="c"))
    assert all(len(set(parts[groups == group].tolist())) == 1 for group in range(300))
    shares = [classes[parts == place].mean() for place in (0, 1)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_time_goes_on_from_part_to_part_and_moments_stay_together() -> None:
    rng = np.random.default_rng(0)
    times = np.datetime64("2020-01-01") + rng.integers(0, 100, 1000).astype("timedelta64[D]")
    parts = split_rows(1000, {"t": times}, SplitOptions(HALVES, time="t"))
    assert times[parts == 0].max() < times[parts == 1].min()
    assert abs((parts == 1).mean() - 0.25) < 0.02
    texts = times.astype(str).astype(object)
    assert split_rows(1000, {"t": texts}, SplitOptions(HALVES, time="t")).tolist() == parts.tolist()


def test_by_key_a_row_keeps_its_part_when_others_come() -> None:
    keys = np.array([f"user-{place}" for place in range(5000)], object)
    few = split_rows(1000, {"u": keys[:1000]}, SplitOptions(HALVES, key="u"))
    many = split_rows(5000, {"u": keys}, SplitOptions(HALVES, key="u"))
    assert many[:1000].tolist() == few.tolist()
    assert (many == 1).mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SplitOptions({"train": 0.5, "test": 0.4}), "add up to 1"),
        (lambda: SplitOptions({"train": 1.2, "test": -0.2}), "above 0"),
        (lambda: SplitOptions({"train": 1.0}), "two or more"),
        (lambda: SplitOptions({"../x": 0.5, "test": 0.5}), "plain word"),
        (lambda: SplitOptions(HALVES, time="t", group="g"), "by time cannot also"),
        (lambda: split_rows(3, {}, SplitOptions({"train": 0.9, "test": 0.1})), "'test' would be empty"),
        (lambda: split_rows(3, {"g": np.array([1, 1, 1])}, SplitOptions(HALVES, group="g")), "1 groups"),
        (lambda: split_rows(3, {"t": np.array([1, np.nan, 1])}, SplitOptions(HALVES, time="t")), "no value in 't'"),
        (lambda: split_rows(3, {"k": np.array(["a", None, "b"])}, SplitOptions(HALVES, key="k")), "no value in 'k'"),
        (lambda: fractions_of("half"), "numbers"),
        (lambda: fractions_of((0.4, 0.2, 0.2, 0.2)), "Name 4 parts"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


def test_fractions_may_be_given_in_three_ways() -> None:
    assert fractions_of(0.25) == HALVES
    assert fractions_of((0.75, 0.25)) == HALVES
    assert list(fractions_of([0.6, 0.2, 0.2])) == ["train", "validation", "test"]


def test_the_record_says_what_was_done_and_warns_of_leaks() -> None:
    hashes = np.concatenate([rows(1000), rows(100)])
    options = SplitOptions(HALVES, seed=5)
    parts = split_rows(1100, {}, options)
    record = record_of("a.csv", hashes, parts, options)
    assert (record.method, record.seed, record.rows) == ("random", 5, 1100)
    assert "are also in train" in record.warnings[0]
    assert from_json(to_json(record)) == record
    again = record_of("a.csv", hashes, parts, options)
    assert [part.digest for part in again.parts] == [part.digest for part in record.parts]
    hashes[0] += np.uint64(1)
    assert record_of("a.csv", hashes, parts, options).source_digest != record.source_digest
    assert record_of("a", rows(1000), parts[:1000], options).warnings == ()
    with pytest.raises(DamagedData):
        from_json("{}")


def test_a_part_far_from_its_size_is_told() -> None:
    options = SplitOptions({"train": 0.5, "test": 0.5}, group="g")
    groups = np.array([0] * 900 + list(range(1, 101)))
    record = record_of("x", rows(1000), split_rows(1000, {"g": groups}, options), options)
    assert "90.0% of the rows instead of 50.0%" in " ".join(record.warnings)
