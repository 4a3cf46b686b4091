from __future__ import annotations

import pytest

from projects import Project
from treering.core.errors import InvalidInput
from treering.pipelines.dag import DagOptions, dag
from treering.versioning.errors import NotTracked

STAGES = """\
stages:
  prep:
    cmd: cp raw/x.txt out.txt
    deps: [raw/x.txt]
    outs: [out.txt]
  train:
    cmd: train
    deps: [out.txt]
    metrics: [metrics.json]
    plots: [logs.csv]
  alone:
    cmd: alone
    deps: [a.txt]
    outs: [alone.txt]
  fe:
    foreach: [a, b]
    do:
      cmd: echo ${item} > f_${item}
      outs: ["f_${item}"]
  mx:
    matrix:
      x: [1, 2]
    cmd: cat f_a f_b > mx_${item.x}
    deps: [f_a, f_b]
    outs: ["mx_${item.x}"]
"""
POINTER = "outs:\n- md5: 401b30e3b8b5d629635a5c613cdb7919\n  size: 2\n  hash: md5\n  path: x.txt\n"


@pytest.fixture
def stages(project: Project) -> Project:
    project.write("dvc.yaml", STAGES)
    project.write("raw/x.txt.dvc", POINTER)
    return project


def shown(project: Project, target: str = "", **options: object) -> list[str]:
    return dag(project.repo, target, DagOptions(**options)).splitlines()  # type: ignore[arg-type]


def test_dot_names_all_stages_and_what_leads_to_what(stages: Project) -> None:
    assert shown(stages, form="dot") == [
        "strict digraph {",
        '"prep";',
        '"train";',
        '"alone";',
        '"fe@a";',
        '"fe@b";',
        '"mx@1";',
        '"mx@2";',
        '"raw/x.txt.dvc";',
        '"prep" -> "train";',
        '"fe@a" -> "mx@1";',
        '"fe@a" -> "mx@2";',
        '"fe@b" -> "mx@1";',
        '"fe@b" -> "mx@2";',
        '"raw/x.txt.dvc" -> "prep";',
        "}",
    ]


def test_mermaid_numbers_the_nodes_of_each_pipeline_by_name(stages: Project) -> None:
    assert shown(stages, "mx@1", form="mermaid") == [
        "flowchart TD",
        '\tnode1["fe@a"]',
        '\tnode2["fe@b"]',
        '\tnode3["mx@1"]',
        "\tnode1-->node3",
        "\tnode2-->node3",
    ]
    assert shown(stages, "prep", form="md") == [
        "```mermaid",
        "flowchart TD",
        '\tnode1["prep"]',
        '\tnode2["raw/x.txt.dvc"]',
        "\tnode2-->node1",
        "```",
    ]


def test_a_target_shows_what_it_needs_and_full_its_whole_pipeline(stages: Project) -> None:
    assert nodes(shown(stages, "prep", form="dot")) == ["prep", "raw/x.txt.dvc"]
    assert nodes(shown(stages, "prep", form="dot", full=True)) == ["prep", "train", "raw/x.txt.dvc"]
    assert nodes(shown(stages, "out.txt", form="dot")) == ["prep", "raw/x.txt.dvc"]


def test_outputs_stand_for_stages(stages: Project) -> None:
    lines = shown(stages, form="dot", outs=True)
    assert nodes(lines)[:4] == ["out.txt", "metrics.json", "logs.csv", "alone.txt"]
    assert '"raw/x.txt" -> "out.txt";' in lines
    assert '"out.txt" -> "logs.csv";' in lines
    assert nodes(shown(stages, "metrics.json", form="dot", outs=True)) == ["out.txt", "metrics.json", "raw/x.txt"]


def test_stages_of_a_group_collapse_into_one(stages: Project) -> None:
    lines = shown(stages, form="dot", collapse=True)
    assert nodes(lines) == ["prep", "train", "alone", "raw/x.txt.dvc", "fe", "mx"]
    assert [line for line in lines if "->" in line] == [
        '"prep" -> "train";',
        '"raw/x.txt.dvc" -> "prep";',
        '"fe" -> "mx";',
    ]


def test_names_are_relative_to_where_the_user_stands(stages: Project) -> None:
    drawn = dag(stages.repo, "x.txt.dvc", DagOptions("dot", full=True), base=stages.root / "raw")
    assert nodes(drawn.splitlines()) == ["../dvc.yaml:prep", "../dvc.yaml:train", "x.txt.dvc"]


def test_each_pipeline_is_drawn_by_itself(stages: Project) -> None:
    assert dag(stages.repo, "fe") == "+------+\n| fe@a |\n+------+\n+------+\n| fe@b |\n+------+"


def test_a_repository_without_stages_has_an_empty_drawing(project: Project) -> None:
    assert dag(project.repo) == ""


def test_an_unknown_target_and_options_that_exclude_each_other_are_told(stages: Project) -> None:
    with pytest.raises(NotTracked, match="'nope' does not exist as an output or a stage name"):
        dag(stages.repo, "nope")
    with pytest.raises(InvalidInput, match="mutually exclusive"):
        dag(stages.repo, options=DagOptions(outs=True, collapse=True))


def nodes(lines: list[str]) -> list[str]:
    return [line.strip('";') for line in lines[1:-1] if "->" not in line]
