"""What cannot be stored is refused with a message that names it."""

from array import array
from collections.abc import Sequence

import numpy as np
import pytest

from treering.core.errors import InvalidInput
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.metric import MetricColumns
from treering.tracking.limits import (
    Lengths,
    check_dataset_input,
    check_key,
    check_length,
    check_location,
    check_max_results,
    check_model_name,
    check_points,
    check_present,
    check_time,
)


def test_messages_begin_as_mlflow_users_know_them() -> None:
    with pytest.raises(InvalidInput, match=r"^Missing value for required parameter 'x'"):
        check_present("", "x")
    with pytest.raises(InvalidInput, match=r"^Invalid value \"a!\" for parameter 'metrics.key' supplied: Names may"):
        check_key("a!", "metrics.key")
    with pytest.raises(InvalidInput, match=r"^'key' exceeds the maximum length of 250 characters"):
        check_key("k" * 251, "key")
    with pytest.raises(InvalidInput, match=r"^Invalid value 0 for parameter 'max_results' supplied"):
        check_max_results(0)
    with pytest.raises(InvalidInput, match=r"^Invalid model name"):
        check_model_name("a/b")


@pytest.mark.parametrize("key", ["a", "a/b", "a b", "a.b", "..a", "a:b", "ü", "-", "1"])
def test_good_keys(key: str) -> None:
    if key.startswith(".."):
        with pytest.raises(InvalidInput):
            check_key(key, "key")
    else:
        assert check_key(key, "key") == key


@pytest.mark.parametrize("key", ["", "/", "/a", "a/", "a//b", "./a", "a/.", "a/../b", "..", ".", "a\\b", "a\nb", "a\n"])
def test_bad_keys(key: str) -> None:
    with pytest.raises(InvalidInput):
        check_key(key, "key")


@pytest.mark.parametrize("uri", ["", "s3://b/x", "/tmp/a?b#c", "relative/path", "file:///x", "mlflow-artifacts:/1"])
def test_good_locations(uri: str) -> None:
    assert check_location(uri) == uri


@pytest.mark.parametrize("uri", ["..", "/a/../b", "a\\..\\b", "s3://b/x?y", "s3://b/x#y", "s3://b/\nx", "x" * 2049])
def test_bad_locations(uri: str) -> None:
    with pytest.raises(InvalidInput, match="artifact_location"):
        check_location(uri)


@pytest.mark.parametrize("millis", [-1, 2**63])
def test_bad_times(millis: int) -> None:
    with pytest.raises(InvalidInput, match="end_time"):
        check_time(millis, "end_time")


def test_lengths_count_characters() -> None:
    assert check_length("é" * 3, 3, "x") == "é" * 3
    with pytest.raises(InvalidInput, match="it has 4"):
        check_length("éééé", 3, "x")


def test_long_values_are_cut_or_refused() -> None:
    assert Lengths(True, param=3).params({"a": "1234"}) == {"a": "123"}
    with pytest.raises(InvalidInput, match="value of a"):
        Lengths(False, tag=3).tags({"a": "1234"})
    assert Lengths(False, tag=3).tags({"a": "123"}) == {"a": "123"}


@pytest.mark.parametrize(
    "columns",
    [
        MetricColumns([1], [2], [3]),
        MetricColumns(array("q", [1]), array("q", [2]), array("d", [3.0])),
        MetricColumns(np.array([1]), np.array([2]), np.array([3.0], np.float32)),
        MetricColumns(range(2), range(2), [float("nan"), float("inf")]),
        MetricColumns([], [], []),
        MetricColumns([-(2**63)], [2**63 - 1], [0.5]),
    ],
)
def test_good_points(columns: MetricColumns) -> None:
    check_points("loss", columns)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (MetricColumns([1], [2], ["3"]), "value of type 'str'"),  # type: ignore[list-item]
        (MetricColumns([1], [2], [None]), "value of type 'NoneType'"),  # type: ignore[list-item]
        (MetricColumns([1], [2], [1j]), "value of type 'complex'"),  # type: ignore[list-item]
        (MetricColumns([1.5], [2], [3.0]), "step of type 'float'"),  # type: ignore[list-item]
        (MetricColumns(array("d", [1.5]), [2], [3.0]), "step of type 'float'"),  # type: ignore[arg-type]
        (MetricColumns([1], [None], [3.0]), "timestamp of type 'NoneType'"),  # type: ignore[list-item]
        (MetricColumns([2**63], [2], [3.0]), "must be at least"),
        (MetricColumns([-(2**63) - 1], [2], [3.0]), "must be at least"),
        (MetricColumns([1], [2**63], [3.0]), "must be at least 0"),
        (MetricColumns([1], [-1], [3.0]), "must be at least 0"),
        (MetricColumns([1, 2], [2], [3.0]), "differ in length"),
    ],
)
def test_bad_points(columns: MetricColumns, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        check_points("loss", columns)


@pytest.mark.parametrize(
    "fields",
    [
        ("", "d", "code", "{}"),
        ("n", "", "code", "{}"),
        ("n", "d", "", "{}"),
        ("n", "d", "code", ""),
        ("n" * 501, "d", "code", "{}"),
        ("n", "d" * 37, "code", "{}"),
        ("n", "d", "c" * 37, "{}"),
        ("n", "d", "code", "s" * 65_536),
        ("n", "d", "code", "{}", "s" * 1_048_576),
        ("n", "d", "code", "{}", "", "p" * 16_777_216),
    ],
)
def test_bad_datasets(fields: Sequence[str]) -> None:
    with pytest.raises(InvalidInput, match=r"dataset\."):
        check_dataset_input(DatasetInput(Dataset(*fields)))


@pytest.mark.parametrize("tags", [{"": "v"}, {"k" * 256: "v"}, {"k": "v" * 501}])
def test_bad_dataset_tags(tags: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="dataset"):
        check_dataset_input(DatasetInput(Dataset("n", "d", "code", "{}"), tags))
