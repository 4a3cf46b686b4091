"""Verbs of pipelines, metrics, params and plots, called in both command lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Write = Callable[[str, str], None]

UP_TO_DATE = "Data and pipelines are up to date.\n"
TRACK_LOCK = (
    "\nTo track the changes with git, run:\n\n\tgit add .gitignore dvc.lock\n"
    "\nTo enable auto staging, run:\n\n\tdvc config core.autostage true\n"
    "Use `dvc push` to send your updates to remote storage.\n"
)
TWO = """\
stages:
  one:
    cmd: echo 1 > one.txt
    outs: [one.txt]
  two:
    cmd: cp one.txt two.txt
    deps: [one.txt]
    outs: [two.txt]
"""


@pytest.fixture
def pipeline(repo: Path, write: Write) -> Path:
    """Two stages, one of which needs the other."""
    write("dvc.yaml", TWO)
    return repo


@pytest.mark.usefixtures("pipeline")
def test_repro_tells_what_it_does_in_dvcs_words(dvc: Command) -> None:
    assert dvc("repro").out == (
        "Running stage 'one':\n> echo 1 > one.txt\nGenerating lock file 'dvc.lock'\nUpdating lock file 'dvc.lock'\n"
        "\nRunning stage 'two':\n> cp one.txt two.txt\nUpdating lock file 'dvc.lock'\n" + TRACK_LOCK
    )
    skipped = "Stage 'one' didn't change, skipping\nStage 'two' didn't change, skipping\n"
    assert dvc("repro").out == skipped + UP_TO_DATE
    assert dvc("repro", "-q").out == ""
    Path("two.txt").unlink()
    restored = "Stage 'two' is cached - skipping run, checking out outputs\n"
    assert restored in dvc("repro", "two").out


@pytest.mark.usefixtures("pipeline")
def test_what_a_command_prints_stands_where_it_was_run(dvc: Command, write: Write) -> None:
    write("dvc.yaml", "stages:\n  hello:\n    cmd: [echo hello, echo there]\n")
    told = "Running stage 'hello':\n> echo hello\nhello\n> echo there\nthere\n"
    assert dvc("repro").out.startswith(told)


@pytest.mark.usefixtures("pipeline")
def test_a_failure_is_status_255_and_told_once(dvc: Command, treering: Command, write: Write) -> None:
    write("dvc.yaml", TWO.replace("echo 1 > one.txt", "exit 3"))
    failed = dvc("repro", code=255)
    assert failed.out == "Running stage 'one':\n> exit 3\n"
    assert failed.err.startswith("ERROR: failed to reproduce 'one': failed to run: exit 3, exited with 3")
    assert treering("repro", code=1).err.startswith("Error: failed to reproduce 'one'")


@pytest.mark.usefixtures("pipeline")
def test_after_a_failure_the_rest_is_done_where_that_is_asked_for(dvc: Command, write: Write) -> None:
    write("dvc.yaml", TWO.replace("echo 1 > one.txt", "exit 3") + "  three:\n    cmd: echo 3\n")
    failed = dvc("repro", "-k", code=255)
    assert "Running stage 'three'" in failed.out
    assert "ERROR: failed to reproduce 'one': failed to run: exit 3" in failed.err
    assert "'two' is left out, because 'one' failed" in failed.err


@pytest.mark.usefixtures("pipeline")
def test_several_stages_at_once_are_told_apart(treering: Command, write: Write) -> None:
    write("dvc.yaml", "stages:\n  a:\n    cmd: printf 'x\\ny'\n  b:\n    cmd: echo z\n")
    lines = treering("pipeline", "run", "-j", "2").out.splitlines()
    assert {"[a] x", "[a] y", "[b] z", "[a] > printf 'x\\ny'"} <= set(lines)


@pytest.mark.usefixtures("pipeline")
def test_repro_as_json_tells_nothing_else(treering: Command, write: Write) -> None:
    assert treering("repro", "--json").json == {"done": {"one": "ran", "two": "ran"}, "failed": {}, "blocked": {}}
    assert treering("repro", "--json").json["done"] == {"one": "unchanged", "two": "unchanged"}
    write("dvc.yaml", TWO.replace("echo 1 > one.txt", "exit 3"))
    failed = treering("repro", "--json", "-k", code=1)
    found = json.loads(failed.out)
    assert (list(found["failed"]), found["blocked"]) == (["one"], {"two": "one"})


@pytest.mark.usefixtures("pipeline")
def test_repro_fetches_what_is_missing(dvc: Command) -> None:
    dvc("remote", "add", "-q", "-d", "up", "../up")
    dvc("repro", "-q")
    dvc("push", "-q", "--run-cache")
    for path in ("one.txt", "two.txt", *Path(".dvc/cache").rglob("*")):
        if Path(path).is_file():
            Path(path).unlink()
    assert "was pulled, skipping" in dvc("repro", "--pull").out
    assert Path("two.txt").read_text() == "1\n"


@pytest.mark.usefixtures("pipeline")
def test_what_stages_do_is_kept_as_runs(treering: Command) -> None:
    treering("repro", "--track")
    runs = treering("runs", "search", "--json").json
    assert sorted(run["run_name"] for run in runs) == ["one", "repro", "two"]


@pytest.mark.usefixtures("pipeline")
def test_targets_may_be_stages_of_any_folder(dvc: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("sub/dvc.yaml", TWO)
    dvc("repro", "-q", "-P")
    dvc("remote", "add", "-q", "-d", "up", "../up")
    assert dvc("push", "sub/dvc.yaml:one").out == "1 file pushed\n"
    assert dvc("push", "one").out == "Everything is up to date.\n"
    Path("one.txt").unlink()
    Path("sub/one.txt").unlink()
    assert dvc("checkout", "one").out == "A       one.txt\n"
    monkeypatch.chdir("sub")
    assert dvc("status").out == (
        "dvc.yaml:one:\n"
        if False
        else "one:\n\tchanged outs:\n\t\tdeleted:            one.txt\n"
        "two:\n\tchanged deps:\n\t\tdeleted:            one.txt\n"
    )
    assert dvc("checkout", "one").out == "A       one.txt\n"
    assert dvc("status", "../dvc.yaml:one").out == UP_TO_DATE


@pytest.mark.usefixtures("pipeline")
def test_commit_takes_over_what_was_made_by_hand(dvc: Command, write: Write) -> None:
    dvc("repro", "-q")
    Path("one.txt").unlink()
    write("one.txt", "other\n")
    assert list(dvc("status", "--json").json) == ["one", "two"]
    dvc("commit", "-f", "one")
    assert list(dvc("status", "--json").json) == ["two"]
    dvc("commit", "-f")
    assert dvc("status").out == UP_TO_DATE
    assert dvc("repro").out.endswith(UP_TO_DATE)


@pytest.mark.usefixtures("repo")
def test_stage_add_and_list(dvc: Command, treering: Command, write: Write) -> None:
    write("in", "x\n")
    dvc("stage", "list", code=255)
    added = dvc("stage", "add", "-n", "one", "-d", "in", "-o", "one.txt", "cp", "in", "one.txt")
    assert added.out.startswith("Added stage 'one' in 'dvc.yaml'\n")
    assert "git add .gitignore dvc.yaml" in added.out
    dvc("stage", "add", "-n", "one", "true", code=255)
    treering("pipeline", "stage", "add", "-n", "two", "-d", "one.txt", "-M", "m.json", "cp one.txt m.json")
    assert dvc("stage", "list").out == "one  Outputs one.txt\ntwo  Reports m.json\n"
    assert dvc("stage", "list", "--names-only").out == "one\ntwo\n"
    assert treering("pipeline", "stage", "list", "--json").json[0] == {"name": "one", "description": "Outputs one.txt"}
    assert dvc("stage", "add", "-n", "three", "--run", "echo 3").out.startswith(
        "Added stage 'three' in 'dvc.yaml'\nRunning stage 'three':\n> echo 3\n3\n"
    )


@pytest.mark.usefixtures("pipeline")
def test_frozen_stages(dvc: Command) -> None:
    assert dvc("freeze", "one").out == "Modifying stage 'one' in 'dvc.yaml'\n"
    assert "frozen: true" in Path("dvc.yaml").read_text()
    assert dvc("unfreeze", "one", "two").out == (
        "Modifying stage 'one' in 'dvc.yaml'\nModifying stage 'two' in 'dvc.yaml'\n"
    )
    dvc("freeze", "nothing", code=1)


@pytest.mark.usefixtures("pipeline")
def test_dag_in_all_its_forms(dvc: Command) -> None:
    assert dvc("dag", "--dot").out == 'strict digraph {\n"one";\n"two";\n"one" -> "two";\n}\n\n'
    mermaid = 'flowchart TD\n\tnode1["one"]\n\tnode2["two"]\n\tnode1-->node2\n'
    assert dvc("dag", "--mermaid").out == mermaid
    assert dvc("dag", "--md").out == f"```mermaid\n{mermaid}```\n"
    drawn = dvc("dag").out.splitlines()
    assert (drawn[1].strip(), drawn[-2].strip()) == ("| one |", "| two |")
    assert "one.txt" in dvc("dag", "--outs", "--dot", "two").out
    assert "two" not in dvc("dag", "--dot", "one").out
    dvc("dag", "nothing", code=255)


@pytest.fixture
def measured(repo: Path, write: Write, commit: Callable[[], None]) -> Path:
    """A stage with params, metrics and plots, committed; then the metrics and params are others."""
    write("params.yaml", "lr: 1\n")
    write("m.json", '{"a": 1.5, "b": {"c": 1}}')
    write("p.csv", "x,y\n1,2\n2,3\n")
    write("dvc.yaml", "params: [params.yaml]\nmetrics: [m.json]\nplots: [p.csv]\n")
    commit()
    write("params.yaml", "lr: 2\n")
    write("m.json", '{"a": 1.123456789, "b": {"c": 1}}')
    return repo


@pytest.mark.usefixtures("measured")
def test_metrics(dvc: Command, treering: Command) -> None:
    assert dvc("metrics", "show").out == "Path    a        b.c\nm.json  1.12346  1\n"
    assert dvc("metrics", "show", "--precision", "2").out.endswith("1.12  1\n")
    shown = {"": {"data": {"m.json": {"data": {"a": 1.123456789, "b": {"c": 1}}}}}}
    assert dvc("metrics", "show", "--json").json == shown == treering("pipeline", "metrics", "show", "--json").json
    table = "Path    Metric    HEAD    workspace    Change\nm.json  a         1.5     1.12346      -0.37654\n"
    assert dvc("metrics", "diff").out == table
    assert dvc("metrics", "diff", "--md", "--no-path").out == (
        "| Metric   | HEAD   | workspace   | Change   |\n|----------|--------|-------------|----------|\n"
        "| a        | 1.5    | 1.12346     | -0.37654 |\n\n"
    )
    changed = dvc("metrics", "diff", "--json").json
    assert changed["m.json"]["a"]["old"] == 1.5
    assert "b.c" in dvc("metrics", "diff", "--all", "--json").json["m.json"]
    assert dvc("metrics", "diff", "HEAD", "HEAD").out == ""
    dvc("metrics", "diff", "nothing", code=None)


@pytest.mark.usefixtures("measured")
def test_params(dvc: Command, treering: Command) -> None:
    assert dvc("params", "diff").out == "Path         Param    HEAD    workspace\nparams.yaml  lr       1       2\n"
    changed = {"params.yaml": {"lr": {"old": 1, "new": 2, "diff": 1}}}
    assert dvc("params", "diff", "--json").json == changed == treering("pipeline", "params", "diff", "--json").json


@pytest.mark.usefixtures("measured")
def test_what_cannot_be_read_is_told_beside(dvc: Command, write: Write) -> None:
    write("m.json", "{")
    told = dvc("metrics", "show")
    assert "could not be read at these revisions: ''" in told.err
    assert dvc("metrics", "show", "-q").err == ""
    assert dvc("metrics", "show", "--json").json[""]["data"]["m.json"]["error"]["type"] == "JSONFileCorruptedError"


@pytest.mark.usefixtures("measured")
def test_plots(dvc: Command, treering: Command) -> None:
    page = dvc("plots", "show").out.strip()
    assert re.fullmatch(r"file:///.*/dvc_plots/index\.html", page)
    assert Path("dvc_plots/index.html").is_file()
    assert dvc("plots", "diff", "HEAD", "-o", "elsewhere").out.strip().endswith("/elsewhere/index.html")
    assert dvc("plots", "show", "--show-vega", "p.csv").json["data"]["values"]
    assert "p.csv" in treering("pipeline", "plots", "show", "--json").json["data"]
    dvc("plots", "show", "--show-vega", code=1)
    dvc("plots", "show", "--show-vega", "--json", "p.csv", code=1)
    assert dvc("plots", "templates").out.split()[:2] == ["simple", "linear"]
    assert dvc("plots", "templates", "simple").json["data"]
    dvc("plots", "templates", "nothing", code=1)


@pytest.mark.usefixtures("repo")
def test_plots_of_nothing_and_their_look(dvc: Command, write: Write) -> None:
    assert "No plots were loaded" in dvc("plots", "show").err
    write("p.csv", "x,y\n1,2\n")
    dvc("stage", "add", "-q", "-n", "draw", "--plots-no-cache", "p.csv", "true")
    assert dvc("plots", "modify", "p.csv", "-x", "x").out.startswith("Modifying stage 'draw' in 'dvc.yaml'\n")
    assert "x: x" in Path("dvc.yaml").read_text()
    dvc("plots", "modify", "p.csv", "--unset", "nothing", code=255)


@pytest.mark.usefixtures("pipeline")
def test_what_stages_claim_of_a_resource_has_to_be_there(treering: Command, write: Write) -> None:
    write("dvc.yaml", TWO.replace("outs: [one.txt]", "outs: [one.txt]\n    meta: {treering: {resources: {gpu: 2}}}"))
    refused = treering("repro", "-j", "2", "--resource", "gpu=1", code=1)
    assert "wants 2 of the resource 'gpu', of which there is 1" in refused.err
    assert "such as gpu=2" in treering("repro", "--resource", "gpu", code=2).err
    treering("repro", "-j", "2", "--resource", "gpu=2", "-q")
    assert Path("two.txt").exists()


@pytest.mark.usefixtures("pipeline")
def test_the_graph_is_had_as_json_too(treering: Command) -> None:
    assert treering("pipeline", "dag", "--json").json == {
        "nodes": ["one", "two"],
        "edges": [{"from": "one", "to": "two"}],
    }
    found = treering("pipeline", "dag", "--json", "--outs", "two").json
    assert found == {"nodes": ["one.txt", "two.txt"], "edges": [{"from": "one.txt", "to": "two.txt"}]}
    assert "linear" in treering("pipeline", "plots", "templates", "--json").json


@pytest.mark.usefixtures("pipeline")
def test_remove_takes_stages_and_pointers(dvc: Command, treering: Command, write: Write) -> None:
    write("b", "bee\n")
    dvc("add", "-q", "b")
    dvc("repro", "-q")
    # Nothing goes where one of them is not there.
    assert "neither tracked nor a stage" in dvc("remove", "b.dvc", "nothing", code=1).err
    assert Path("b.dvc").exists()
    assert dvc("remove", "two", "b.dvc", "--outs").out == ""
    assert [Path(name).exists() for name in ("b.dvc", "b", "two.txt", "one.txt")] == [False, False, False, True]
    assert "two" not in Path("dvc.lock").read_text()
    assert "git add .gitignore dvc.lock dvc.yaml" in treering("data", "remove", "one").out
    assert not Path("dvc.yaml").exists()
    assert Path("one.txt").read_text() == "1\n"
