"""E2, E3: metrics, params and plots of one repository as both show them, and DVCLive inside of stages of ours."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from dvc_lab import Lab, laboratory

pytestmark = pytest.mark.peer

PIPELINE = """\
vars:
- vars/v.yaml
- inline: {z: 9}
stages:
  one:
    cmd: python3 mk.py ${opt.lr} ${inline.z} ${seed}
    params: [list.0, deep.a, {conf.py: [LR, Train.EPOCHS]}, {conf.toml: [model]}]
    deps: [mk.py]
    metrics:
    - res
    - sub/plain.json: {cache: false}
    plots:
    - pdir:
        x: step
        title: In a directory
    - nh.csv: {header: false, x: "0"}
    - multi.json: {template: mine, x: fpr, y: tpr}
    - conf.csv: {template: confusion_normalized, x: act, y: pred}
    - sc.tsv: {template: scatter}
    - bar.csv: {template: bar_horizontal_sorted, x: imp, y: name, y_label: Names}
  fe:
    foreach: [a, b]
    do:
      cmd: cp nh.csv f_${item}
      deps: [nh.csv]
      outs: ["f_${item}"]
  mx:
    matrix: {x: [1, 2]}
    cmd: cat f_a f_b > mx_${item.x}
    deps: [f_a, f_b]
    outs: ["mx_${item.x}"]
plots:
- pdir/b.csv: {y: acc, x: loss}
- pdir: {y: loss}
- over:
    x: {pdir/a.csv: step}
    y: {pdir/a.csv: loss, pdir/b.csv: loss}
    template: smooth
- mixed:
    x: step
    y: {pdir/a.csv: [loss, acc], pdir/b.csv: loss}
    x_label: X!
    template: simple
- twox:
    x: {pdir/a.csv: step, pdir/b.csv: acc}
    y: {pdir/a.csv: loss, pdir/b.csv: loss}
- badfield:
    y: {pdir/a.csv: nope}
- badlen:
    x: {long.csv: x}
    y: {pdir/a.csv: loss}
- missing.csv
- long.csv: {template: scatter_jitter, x: x, y: z}
- tmpl_${names[0]}.json
- pics
- weird.txt
- empty.json
"""
BELOW = """\
stages:
  in:
    wdir: deeper
    cmd: cp ../../mk.py o.py && echo '{"q":1}' > m.json
    deps: [../../mk.py]
    params: [{../../params.yaml: [seed]}, {p.yaml: null}]
    outs: [o.py]
    metrics: [m.json]
metrics: [deeper/extra.yaml, deeper/missing.json, bad.json]
params: [deeper]
plots:
- deeper/pp.yaml: {x: u}
- missing.csv
- ../long.csv
"""
PROGRAM = """\
import json, os, sys
v = float(sys.argv[1])
for folder in ("res/deep", "pdir"):
    os.makedirs(folder, exist_ok=True)
def write(path, text):
    with open(path, "w") as file:
        file.write(text)
write("res/m.json", json.dumps({"acc": v, "n": {"x": 1}, "nan": float("nan"), "l": [1], "none": None}))
write("res/deep/k.yaml", f"f1: {v}\\nother: [1]\\n")
write("sub/plain.json", json.dumps({"plain": v, "s": f"text {v}", "b": v > 0.6, "deep": {"er": v * 1e9 / 7}}))
write("pdir/a.csv", f"step,loss,acc\\n0,{v},1\\n1,.5,2\\n")
write("pdir/b.csv", f"step,loss,acc\\n0,{v / 2},1\\n1,.25,2\\n")
write("nh.csv", "1,2\\n3,4\\n")
write("multi.json", json.dumps({"roc": [{"fpr": 0, "tpr": v, "thr": 1}, {"fpr": 1, "tpr": 1, "thr": 0}]}))
write("conf.csv", "act,pred\\na,a\\nb,a\\n")
write("sc.tsv", "q\\tw\\n1\\t2\\n")
write("bar.csv", "name,imp\\nf1,.5\\nf2,.7\\n")
"""
TEMPLATE = {
    "data": {"values": "<DVC_METRIC_DATA>"},
    "title": "T: <DVC_METRIC_TITLE>",
    "mark": {"type": "line"},
    "encoding": {
        "x": {"field": "<DVC_METRIC_X>", "t": "<DVC_METRIC_X_LABEL>"},
        "y": {"field": "<DVC_METRIC_Y>"},
        "color": "<DVC_METRIC_COLOR>",
        "dash": "<DVC_METRIC_STROKE_DASH>",
        "row": "<DVC_METRIC_ROW>",
        "some": ["<DVC_METRIC_SHAPE>", "<DVC_METRIC_TOOLTIP>", "a <DVC_METRIC_TITLE>"],
        "by": "<DVC_METRIC_GROUP_BY>",
        "pivot": "<DVC_METRIC_PIVOT_FIELD>",
        "width": "<DVC_METRIC_PLOT_WIDTH>",
    },
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Two commits and a working tree, each with other values; much of it is wrong on purpose. Not to be changed."""
    lab = laboratory(tmp_path_factory.mktemp("compared"))
    lab.dvc("init", "--quiet")
    lab.write("dvc.yaml", PIPELINE)
    lab.write("sub/dvc.yaml", BELOW)
    lab.write("mk.py", PROGRAM)
    lab.write("vars/v.yaml", "opt: {lr: 0.5, sub: {k: 3}}\nnames: [x, y]\nun: used\n")
    lab.write("params.yaml", "seed: 1\nlist: [1, 2, 3]\ndeep: {a: {b: [1, {c: 2}]}, e: {}}\n")
    lab.write("conf.py", "LR = 0.1\nclass Train:\n    EPOCHS = 3\n    T = (1, 2)\n")
    lab.write("conf.toml", "[model]\ndepth = 3\n")
    lab.write(".dvc/plots/mine.json", json.dumps(TEMPLATE))
    for name in ("pics/p.png", "pics/q.jpg"):
        lab.write(name, b"\x89PNG\r\n\x1a\nnot really")
    lab.write("weird.txt", "hello\n")
    lab.write("empty.json", "[]")
    lab.write("tmpl_x.json", '{"a": [1,2], "b": {"rows": [{"u": 1, "v.w": 2}, {"u": 2, "v.w": 4}]}}')
    lab.write("long.csv", "x,y,z\n1,2,a\n2,3,b\n3,4,a\n4,4,c\n")
    lab.write("sub/deeper/p.yaml", "k: 1\n")
    lab.write("sub/deeper/pp.yaml", "- {u: 1, v: 2}\n- {u: 2, v: 1}\n")
    lab.write("sub/deeper/extra.yaml", "e: 1.5\n")
    lab.write("sub/bad.json", "{bad")
    lab.dvc("repro", "-q", "-P")
    lab.commit("one")
    lab.git("tag", "v1")
    lab.write("vars/v.yaml", "opt: {lr: 0.75, sub: {k: 3}}\nnames: [x, y]\nun: used\n")
    lab.write("params.yaml", "seed: 2\nlist: [1, 2, 3]\ndeep: {a: {b: [1, {c: 2}]}, e: {}}\n")
    lab.dvc("repro", "-q", "-P")
    lab.commit("two")
    lab.git("branch", "same")
    lab.write("vars/v.yaml", "opt: {lr: 0.9, sub: {k: 3}}\nnames: [x, y]\nun: other\n")
    lab.write("conf.toml", "[model]\ndepth = 4\n")
    lab.dvc("repro", "-q", "-P")
    return lab


def plain(value: Any) -> Any:
    """The same with a text for what is not a number, which differs from itself, and without the words of messages."""
    if isinstance(value, dict):
        return {key: "..." if key == "msg" else plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def same(lab: Lab, *arguments: str, folder: str = ".") -> Any:
    theirs = lab.dvc(*arguments, "--json", folder=folder).json
    assert plain(lab.ours(*arguments, "--json", folder=folder).json) == plain(theirs)
    return theirs


def without_content(found: dict[str, Any]) -> dict[str, Any]:
    """What templates that come with the tools draw is each tool's own."""
    for entries in found.get("data", {}).values():
        for entry in entries:
            entry.pop("content", None)
    return found


def same_plots(lab: Lab, *arguments: str) -> dict[str, Any]:
    theirs, ours = (without_content(plain(tool(*arguments, "--json", "--split").json)) for tool in (lab.dvc, lab.ours))
    assert ours == theirs
    return theirs


@pytest.mark.parametrize("choice", ["", "-a", "-T", "-A", "-a -T"])
def test_e2_metrics_are_shown_alike(compared: Lab, choice: str) -> None:
    shown = same(compared, "metrics", "show", *choice.split())
    assert len(shown) == {"": 1, "-a": 2, "-T": 2, "-A": 3, "-a -T": 3}[choice]
    for form in ([], ["--md"], ["--precision", "3"]):
        arguments = ["metrics", "show", *choice.split(), *form]
        assert compared.ours(*arguments).out == compared.dvc(*arguments).out


@pytest.mark.parametrize("between", ["", "v1", "v1 HEAD", "same HEAD", "HEAD v1"])
def test_e2_metrics_and_params_are_compared_alike(compared: Lab, between: str) -> None:
    for what in ("metrics", "params"):
        for options in ([], ["--all"]):
            same(compared, what, "diff", *between.split(), *options)
        ours, theirs = (tool(what, "diff", *between.split()).out for tool in (compared.ours, compared.dvc))
        # DVC shows files in an order of no meaning, which differs from call to call.
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())
    same(compared, "params", "diff", *between.split(), "--deps")


def test_e2_targets_and_folders_are_understood_alike(compared: Lab) -> None:
    for targets in (["sub/plain.json"], ["res"], ["nothere.json", "params.yaml", "long.csv"]):
        same(compared, "metrics", "show", *targets)
    same(compared, "metrics", "diff", "--targets", "params.yaml", "res/m.json")
    same(compared, "params", "diff", "v1", "--targets", "params.yaml", "conf.py")
    for verb in (["metrics", "show"], ["metrics", "diff", "v1"], ["params", "diff", "v1"]):
        same(compared, *verb, folder="sub")


def test_e2_plots_are_shown_and_compared_alike(compared: Lab) -> None:
    shown = same_plots(compared, "plots", "show")
    assert len(shown["data"]) > 20
    assert {error["type"] for error in shown["errors"]} == {
        "FieldNotFoundError", "DvcException", "FileNotFoundError", "PlotMetricTypeError",
    }  # fmt: skip
    assert same_plots(compared, "plots", "diff")["data"]["over"][0]["revisions"] == ["workspace", "HEAD"]
    same_plots(compared, "plots", "diff", "v1", "HEAD")


@pytest.mark.parametrize("target", ["pdir", "long.csv", "over", "dvc.yaml::twox", "nope", "mk.py", "sub", "multi.json"])
def test_e2_targets_of_plots_are_understood_alike(compared: Lab, target: str) -> None:
    same_plots(compared, "plots", "show", target)


def test_e2_properties_of_the_command_line_count_alike(compared: Lab) -> None:
    same_plots(
        compared,
        "plots",
        "show",
        "multi.json",
        "-x",
        "thr",
        "-y",
        "fpr",
        "--title",
        "T",
        "--x-label",
        "X",
        "-t",
        "simple",
    )
    same_plots(compared, "plots", "show", "nh.csv", "--no-header", "-y", "1")
    same_plots(compared, "plots", "diff", "v1", "--targets", "pdir", "--y-label", "Y")


def test_e2_a_template_of_the_repository_is_filled_alike(compared: Lab) -> None:
    for verb in (["plots", "show", "multi.json"], ["plots", "diff", "v1", "--targets", "multi.json"]):
        theirs, ours = (tool(*verb, "--json").json for tool in (compared.dvc, compared.ours))
        assert ours == theirs
    for options in ([], ["-y", "thr"]):
        theirs, ours = (
            tool("plots", "show", "multi.json", "--show-vega", *options).json for tool in (compared.dvc, compared.ours)
        )
        assert ours == theirs


@pytest.mark.parametrize("options", ["", "mx@1", "fe", "--full fe@a", "nh.csv", "sub/dvc.yaml:in"])
@pytest.mark.parametrize("form", ["--dot", "--mermaid", "--md"])
def test_graphs_are_told_alike(compared: Lab, form: str, options: str) -> None:
    for more in ([], ["--outs"]) if options != "nh.csv" else ([],):
        theirs, ours = (tool("dag", form, *options.split(), *more).out for tool in (compared.dvc, compared.ours))
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


def test_collapsed_groups_and_lists_of_stages_are_told_alike(compared: Lab) -> None:
    for command in (
        "dag --dot --collapse-foreach-matrix",
        "stage list --all",
        "stage list",
        "stage list fe mx@2",
        "stage list --name-only",
    ):
        theirs, ours = (tool(*command.split()).out for tool in (compared.dvc, compared.ours))
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())
