from __future__ import annotations

import json
import tomllib

import pytest

from treering.core.errors import InvalidInput, NotSupported
from treering.experiments.parameters.assigning import REWRITERS, overridden
from treering.experiments.parameters.overrides import parse_overrides


def put(text: str | None, *overrides: str, name: str = "params.yaml") -> str:
    return overridden(None if text is None else text.encode(), parse_overrides(overrides), name).decode()


YAML = """\
# all about training
lr: 0.1   # the rate
"name":  'abc'
train:
    epochs: 3
    layers: [1, 2]  # flow
    sizes:
      - 10
      - 20
é: "ü"   # not ASCII
after: 1
"""


def test_a_value_is_written_in_its_place_and_all_else_stays() -> None:
    written = put(
        YAML, "lr=0.25", "train.epochs=5", "train.layers=[3,{a: x}]", "train.sizes.1=21", "name=a: b", "after=2"
    )
    assert written == (
        YAML.replace("0.1 ", "0.25 ")
        .replace("epochs: 3", "epochs: 5")
        .replace("[1, 2]", "[3, {a: x}]")
        .replace("20", "21")
        .replace("'abc'", '"a: b"')
        .replace("after: 1", "after: 2")
    )


@pytest.mark.parametrize(
    ("override", "line"),
    [
        *(("a=true", "true"), ("a=null", "null"), ("a='true'", '"true"'), ("a='1'", '"1"'), ("a=1e-5", "1.0e-05")),
        *(("a=inf", ".inf"), ("a=''", '""'), ("a='x#y'", '"x#y"'), ("a=some words", "some words"), ("a=a:b", '"a:b"')),
        *(("a=2020-01-01", '"2020-01-01"'), ("a=-x", '"-x"'), ("a='~'", '"~"')),
    ],
)
def test_a_yaml_value_reads_as_what_it_is(override: str, line: str) -> None:
    assert put("a: 7\nb: 8\n", override) == f"a: {line}\nb: 8\n"


def test_what_has_no_single_place_is_still_written() -> None:
    written = put(YAML, "+train.new={x: 1}", "~after", "train.sizes=[1]")
    assert "# the rate" in written
    assert "# flow" in written
    assert put(written, "train.new.x=1", "train.epochs=3", "lr=0.1") == written
    assert "after" not in written


def test_an_anchor_is_not_changed_where_it_is_used() -> None:
    written = put("a: &x {b: 1}\nc: *x\nd: 3\n", "c.b=2")
    assert put(written, "a.b=1", "c.b=2", "d=3") == written


def test_a_file_that_is_not_there_or_empty_can_be_added_to() -> None:
    assert put(None, "+a=1") == "a: 1\n"
    assert put("", "++a.b=x") == "a:\n  b: x\n"
    assert json.loads(put(None, "+a=1", name="p.json")) == {"a": 1}
    assert tomllib.loads(put(None, "+a.b=1", name="p.toml")) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("b=1", "Write '\\+b=1' to add it"),
        ("train.x=1", "no 'train.x'"),
        ("lr.x=1", "no 'lr.x'"),
        ("+lr=1", "has 'lr' already"),
        ("~b", "no 'b'"),
        ("train.sizes.7=1", "no 'train.sizes.7'"),
        ("+lr.x=1", "no 'lr.x'"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(override: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        put(YAML, override)


def test_mappings_are_merged() -> None:
    assert put("a:\n  b: 1\n  c: 2\n", "a={c: 3}") == "a:\n  b: 1\n  c: 3\n"


def test_nothing_is_written_where_nothing_changes() -> None:
    odd = "a:    1\nb: [ 1,2 ]"
    assert put(odd, "a=1") == odd


def test_a_number_as_key_is_found() -> None:
    assert put("a:\n  1: x\n", "a.1=y") == "a:\n  1: y\n"


def test_json_keeps_its_layout() -> None:
    two = json.dumps({"z": 1, "a": {"b": [1, 2]}}, indent=2) + "\n"
    assert put(two, "a.b=[3]", name="p.json") == json.dumps({"z": 1, "a": {"b": [3]}}, indent=2) + "\n"
    assert put('{"z": 1}', "z=2", name="p.json") == '{"z": 2}'
    assert put('{\n\t"z": "é"\n}', "z=ü", name="p.json") == '{\n\t"z": "ü"\n}'


TOML = """\
# head
lr = 0.1  # the rate
"quoted key" = 'a#b'
dotted.key = 1
text = '''
[not.a.table]
x = 1
'''

[train]  # a table
epochs = 3
layers = [
  1, # one
  2,
]
opt = { name = "sgd", beta = 0.9 }

[[data]]
path = "a"

[[data]]
path = "b"
"""


def test_toml_is_changed_line_by_line() -> None:
    written = put(
        TOML, "lr=0.2", "train.epochs=4", "train.opt.beta=0.8", "data.1.path='c # d'", "dotted.key=true", name="p.toml"
    )
    assert written == (
        TOML.replace("lr = 0.1", "lr = 0.2")
        .replace("epochs = 3", "epochs = 4")
        .replace("0.9", "0.8")
        .replace('"b"', '"c # d"')
        .replace("dotted.key = 1", "dotted.key = true")
    )


def test_toml_gets_and_loses_lines() -> None:
    written = put(TOML, "+train.new=x", "~train.layers", "+top=1.5", "+a.b=[1]", name="p.toml")
    held = tomllib.loads(written)
    assert (held["train"]["new"], held["top"], held["a"]) == ("x", 1.5, {"b": [1]})
    assert "layers" not in held["train"]
    assert "# the rate" in written


def test_toml_has_no_null() -> None:
    with pytest.raises(InvalidInput, match="cannot hold null"):
        put(TOML, "lr=null", name="p.toml")


PYTHON = """\
import os

LR: float = 0.1  # the rate
NAME = "é"; AFTER = 2
SIZES = [
    1,
    2,
]
D = {"a": 1, "b": {"c": 2}}


class Train:
    EPOCHS = 3

    def __init__(self):
        self.momentum = 0.9


OTHER = os.sep
"""


def test_python_constants_are_changed_in_their_places() -> None:
    written = put(
        PYTHON,
        *("LR=0.2", "NAME=ü", "AFTER=3", "SIZES.1=5", "D.b.c=x", "Train.EPOCHS=4", "Train.momentum=0.8"),
        name="params.py",
    )
    assert written == (
        PYTHON.replace("0.1", "0.2")
        .replace('"é"', "'ü'")
        .replace("AFTER = 2", "AFTER = 3")
        .replace("    2,", "    5,")
        .replace('"c": 2', "\"c\": 'x'")
        .replace("EPOCHS = 3", "EPOCHS = 4")
        .replace("0.9", "0.8")
    )


def test_python_is_not_extended() -> None:
    with pytest.raises(NotSupported, match="only values that are there"):
        put(PYTHON, "+NEW=1", name="params.py")


def test_a_file_that_holds_no_names_is_refused() -> None:
    with pytest.raises(InvalidInput, match="instead of names"):
        put("- 1\n", "a=1")
    with pytest.raises(InvalidInput, match="UTF-8"):
        overridden(b"a: \xff\n", parse_overrides(["a=1"]), "params.yaml")


def test_each_format_has_a_rewriter() -> None:
    for name in REWRITERS.builtins:
        assert callable(REWRITERS.load(name))
