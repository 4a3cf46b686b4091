"""Templates are filled as DVC fills them; what DVC made of each case stands in templates.json, taken from DVC 3.67.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.definition import Definition, parse_definition
from treering.pipelines.params import ParamFiles
from treering.pipelines.templating import Context, Unpacking, options

RECORDED = json.loads((Path(__file__).parent / "templates.json").read_text())
CASES: dict[str, dict[str, Any]] = RECORDED["cases"]
RIGHT = [name for name, case in CASES.items() if case["resolved"] is not None]
WRONG = [name for name, case in CASES.items() if case["resolved"] is None]


def definition(folder: Path, text: str, params: str = RECORDED["params.yaml"]) -> Definition:
    (folder / "params.yaml").write_text(params)
    (folder / "extra.yaml").write_text("ex: {a: 1}\nother: 2\n")
    (folder / "us").mkdir()
    (folder / "us" / "e.yaml").write_text("yy: 1\n")
    (folder / "v.py").write_text("A = 1\nB = A + 1\nclass C:\n    b: int = 2\nT = {'x': 3}\n")
    files = ParamFiles(lambda name, parse: parse(Path(name).read_bytes()))
    return Definition(
        "dvc.yaml",
        text,
        parse_definition(text.encode(), "dvc.yaml"),
        files,
        str(folder),
        shown=lambda path: Path(path).relative_to(folder).as_posix(),
    )


@pytest.mark.parametrize("name", RIGHT)
def test_stages_are_resolved_as_by_dvc(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = definition(tmp_path, case["dvc.yaml"])
    entries = [found.entry(stage) for stage in found.names()]
    assert json.loads(json.dumps({entry.name: entry.data for entry in entries})) == case["resolved"]
    assert list(case["resolved"]) == [entry.name for entry in entries]
    assert {entry.name: entry.used for entry in entries} == case["used"]
    assert [found.top("metrics"), found.top("plots"), found.artifacts()] == case["top"]


@pytest.mark.parametrize("name", WRONG)
def test_what_dvc_refuses_is_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    found = definition(tmp_path, CASES[name]["dvc.yaml"])
    with pytest.raises(InvalidInput, match=r"^dvc\.yaml, line \d+: "):
        [found.entry(stage) for stage in found.names()]


def test_a_name_that_is_not_known_is_told_with_the_ones_that_are(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    cmd: p ${train.rate}\n", "train: {lr: 1}\n")
    with pytest.raises(InvalidInput, match=r"line 3: stages\.a\.cmd .*'train\.rate'.*'train' has lr"):
        found.entry("a")


def test_a_mistake_in_one_stage_does_not_hide_the_others(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    cmd: p ${nope}\n  b:\n    cmd: q ${flag}\n")
    assert found.entry("b").data == {"cmd": "q true"}


def test_a_mistake_in_a_generated_stage_names_it(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    foreach: [1, 2]\n    do:\n      cmd: p ${item.x}\n")
    with pytest.raises(InvalidInput, match=r"line 5: stages\.a\.do\.cmd of stage 'a@1'"):
        found.entry("a@1")


@pytest.mark.parametrize("line", ["outs: [f_${item}]", "deps: [${item}]", "meta: {a: ${item}}"])
def test_a_template_in_brackets_without_quotes_is_explained(line: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"Line 4 has a template inside of brackets.*quotes"):
        definition(tmp_path, f"stages:\n  a:\n    cmd: p\n    {line}\n")


def test_params_yaml_is_not_read_where_nothing_asks_for_it(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    cmd: p\n", "{ broken")
    assert found.entry("a").data == {"cmd": "p"}


def test_names_that_foreach_hides_are_warned_of(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    foreach: [1]\n    do:\n      cmd: p ${item}\n", "item: 3\n")
    assert found.entry("a@1").data == {"cmd": "p 1"}
    assert found.warnings == ["item is already specified, will be overwritten for stages generated from 'a'"]


@pytest.mark.parametrize(
    ("unpacking", "written"),
    [
        (Unpacking(), "--a 1 --l 1 'x y' --t --n.k 2"),
        (Unpacking("boolean_optional", "append"), "--a 1 --l 1 --l 'x y' --t --no-f --n.k 2"),
    ],
)
def test_a_mapping_becomes_options(unpacking: Unpacking, written: str) -> None:
    values = {"a": 1, "l": [1, "x y"], "t": True, "f": False, "n": {"k": 2, "e": {}}, "none": []}
    assert options(values, unpacking) == written


def test_a_command_that_is_only_a_mapping_is_refused(tmp_path: Path) -> None:
    found = definition(tmp_path, "stages:\n  a:\n    cmd: ${d}\n")
    with pytest.raises(InvalidInput, match="program"):
        found.entry("a")


def test_vars_of_a_stage_leave_the_others_and_the_files_as_they_were(tmp_path: Path) -> None:
    text = (
        "stages:\n  a:\n    cmd: p ${train.more}\n    vars:\n    - train: {more: 1}\n  b:\n    cmd: p ${train.more}\n"
    )
    found = definition(tmp_path, text)
    assert found.entry("a").data["cmd"] == "p 1"
    with pytest.raises(InvalidInput):
        found.entry("b")


def test_a_context_keeps_what_it_was_given_unchanged() -> None:
    given = {"a": {"b": 1}}
    context = Context()
    context.add_values(given, "vars[0]")
    context.add_values({"a": {"c": 2}}, "vars[1]")
    assert context.select("a.c") == 2
    assert given == {"a": {"b": 1}}
