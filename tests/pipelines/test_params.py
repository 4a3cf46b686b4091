from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.formats import parse
from treering.pipelines.params import MISSING, ParamFiles, Params, changes, find_key, merge_keys, pick

PYTHON = '''
import os
LR = 0.1
TWICE = LR * 2
NAMES = ["a", "b"]
PAIR = (1, 2)
SET = {1, 2}
a = b = 1
x, y = 1, 2
typed: int = 3
bare: int
class Train:
    """Docs."""
    epochs = 5
    opts = {"k": [1, {"z": None}], 2: -1}
    class Inner:
        deep = True
    def __init__(self):
        self.seed = 7
        local = 8
        self.later = os.getcwd()
    def other(self):
        self.not_this = 1
def f():
    hidden = 1
'''


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.yaml", "a: {b: 1}\nl: [1, x]\n"),
        ("p.yml", "a:\n  b: 1\nl: [1, x]\n"),
        ("p", "a: {b: 1}\nl: [1, x]\n"),
        ("p.conf", "a: {b: 1}\nl: [1, x]\n"),
        ("dir.json/p.txt", "a: {b: 1}\nl: [1, x]\n"),
        ("p.JSON", '{"a": {"b": 1}, "l": [1, "x"]}'),
        ("p.toml", 'l = [1, "x"]\n[a]\nb = 1\n'),
        ("p.py", 'l = [1, "x"]\nclass a:\n    b = 1\n'),
    ],
)
def test_each_format_says_the_same(name: str, text: str) -> None:
    assert parse(text, name) == {"a": {"b": 1}, "l": [1, "x"]}


def test_python_files_give_literals_only_and_nothing_is_run() -> None:
    assert parse(PYTHON, "p.py") == {
        "LR": 0.1,
        "NAMES": ["a", "b"],
        "PAIR": (1, 2),
        "SET": {1, 2},
        "typed": 3,
        "Train": {"epochs": 5, "opts": {"k": [1, {"z": None}], 2: -1}, "Inner": {"deep": True}, "seed": 7},
    }


def test_an_empty_yaml_file_has_no_parameters() -> None:
    assert parse("", "params.yaml") == {}


def test_yaml_is_of_version_1_2() -> None:
    assert parse("a: yes\nb: 010\nc: 1e5\n", "params.yaml") == {"a": "yes", "b": 10, "c": 100000.0}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.json", "{", "p.json is not JSON"),
        ("p.toml", "a =", "p.toml is not TOML"),
        ("p.py", "a = 1\nb = = 2\n", "p.py, line 2"),
        ("p.yaml", "a: [", "p.yaml"),
    ],
)
def test_a_damaged_file_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        parse(text, name)


CONFIG: dict[str, Any] = {
    "a": {"b": [10, {"c": 20}], "d.e": 5, "n": None},
    7: {"x": 1},
    "list": [[1, 2], 3],
    "one": {"only": 1},
}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a.b.0", 10),
        ("a.b.1.c", 20),
        ("a.b", [10, {"c": 20}]),
        ("7.x", 1),
        ("list.0.1", 2),
        ("a.n", None),
        ("one.*", 1),
        ("one.on??", 1),
        ("a.b.2", MISSING),
        ("a.b.-1", MISSING),
        ("a.d.e", MISSING),
        ("a.b.x", MISSING),
        ("a.n.x", MISSING),
        ("nope", MISSING),
        ("nope.*", MISSING),
    ],
)
def test_a_key_with_dots_leads_to_its_value(key: str, value: object) -> None:
    assert find_key(CONFIG, key) == value


def test_a_wildcard_that_means_several_values_is_refused() -> None:
    with pytest.raises(InvalidInput, match="3 values"):
        find_key(CONFIG, "a.*")


def test_picking_leaves_out_what_is_not_there_and_no_keys_mean_the_top() -> None:
    assert pick(CONFIG, ["a.b.0", "nope"]) == {"a.b.0": 10}
    assert pick({"a": 1, "b": {"c": 2}}, []) == {"a": 1, "b": {"c": 2}}
    assert pick([1, 2], []) == {}


def test_keys_with_dots_are_put_together_again() -> None:
    assert merge_keys({"a.b": 1, "a.c.d": 2, "e": [1]}) == {"a": {"b": 1, "c": {"d": 2}}, "e": [1]}


@pytest.mark.parametrize(
    ("locked", "actual", "state"),
    [
        (1, 1, ""),
        (1, 1.0, ""),
        (1, True, ""),
        (1, "1", "modified"),
        (0.1, 0.10000001, "modified"),
        ([1, 2], (1, 2), ""),
        ([1, 2], [2, 1], "modified"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ""),
        ({"a": [1]}, {"a": (1,)}, "modified"),
        (None, None, ""),
        (None, 0, "modified"),
    ],
)
def test_values_are_compared_as_by_dvc(locked: object, actual: object, state: str) -> None:
    found = changes(Params("params.yaml", ("k",), {"k": locked}), {"k": actual})
    assert found == ({"k": state} if state else {})


def test_new_and_deleted_keys_are_told_apart() -> None:
    params = Params("params.yaml", ("a", "b", "c")).with_lock({"a": 1, "b": 2, "other": 3})
    assert params.locked == {"a": 1, "b": 2}
    assert changes(params, {"a": 1, "c": 3}) == {"b": "deleted", "c": "new"}


def test_of_a_whole_file_keys_of_the_file_come_before_those_of_the_lock() -> None:
    params = Params("params.yaml").with_lock({"gone": 1, "same": 2})
    assert list(changes(params, {"new": 1, "same": 2}).items()) == [("new", "new"), ("gone", "deleted")]


def test_a_file_is_read_once_until_it_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n")
    files = ParamFiles(lambda name, parse: parse(Path(name).read_bytes()))
    assert files.load(str(path)) == {"a": 1}
    path.write_text("a: 2\n")
    assert files.load(str(path)) == {"a": 1}
    files.forget(str(path))
    assert files.load(str(path)) == {"a": 2}


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(InvalidInput, match="UTF-8"):
        ParamFiles(lambda name, parse: parse(Path(name).read_bytes())).load(str(path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.json", "[" * 100_000),
        ("p.json", '{"a":' * 100_000),
        ("p.toml", "a = " + "[" * 100_000),
        ("p.toml", "a = " + "9" * 5000),
        ("p.py", "a = " + "(" * 1000 + ")" * 1000),
        ("p.py", "a = " + "-" * 100_000 + "1"),
        ("p.yaml", "a: " + "[" * 100_000),
    ],
)
def test_what_is_nested_without_end_is_told(name: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        parse(text, name)
