"""The example project, made as DVC's get-started makes it: run by both tools in turns, in parallel, and from a fresh clone."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_lab import Lab, files_in
from example_project import DATA, STAGES, write_example

pytestmark = pytest.mark.peer


def placed(lab: Lab) -> Lab:
    """The project as it was written; nothing of it is tracked."""
    write_example(lab.root)
    return lab.with_variables(PATH=f"{Path(sys.executable).parent}:{lab.environ['PATH']}")


@pytest.fixture(scope="module")
def tracked_once(blank: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The project with its data tracked by DVC; nothing has run. Not to be changed."""
    lab = placed(blank.copied_to(tmp_path_factory.mktemp("example") / "lab"))
    lab.dvc("add", "-q", DATA)
    lab.commit("Begin")
    return lab


@pytest.fixture
def example(tracked_once: Lab, tmp_path: Path) -> Lab:
    """A copy of it of one's own."""
    return tracked_once.copied_to(tmp_path / "example")


def ran(told: str) -> list[str]:
    return re.findall(r"Running stage '([^']+)'", told)


# As in DVC's get-started, where the pipeline is built with commands.
BUILT = (
    (
        "-n prepare -p prepare.seed,prepare.split -d src/prepare.py -d data/data.csv -o data/prepared"
        " python src/prepare.py data/data.csv data/prepared"
    ),
    (
        "-n featurize -p featurize.max_features,featurize.degree -d src/featurize.py -d data/prepared -o data/features"
        " python src/featurize.py data/prepared data/features"
    ),
    (
        "-n train -p train.seed,train.epochs,train.rate -d src/train.py -d data/features -o model.json"
        " --plots-no-cache eval/loss.csv python src/train.py data/features model.json"
    ),
    (
        "-n evaluate -d src/evaluate.py -d model.json -d data/features -M eval/metrics.json --plots-no-cache eval/roc.csv"
        " -o eval/importance.svg python src/evaluate.py model.json data/features"
    ),
)


def test_it_is_built_alike_from_the_beginning(lab: Lab, twin: Lab) -> None:
    made = []
    for one, name in ((placed(lab), "dvc"), (placed(twin), "ours")):
        (one.root / "dvc.yaml").unlink()
        tool = one.tool(name)
        tool("add", "-q", DATA)
        for words in BUILT:
            tool("stage", "add", "-q", *words.split())
        tool("plots", "modify", "eval/roc.csv", "-x", "fpr", "-y", "tpr")
        assert ran(tool("repro").out) == list(STAGES)
        one.commit("Run")
        made.append(one)
    # Everything, the pointer, dvc.yaml, dvc.lock, and what Git ignores.
    assert files_in(twin.root) == files_in(lab.root)
    one, two = made
    for words in ("dag --dot", "metrics show --json", "stage list", "ls . -R --dvc-only", "status"):
        assert two.ours(*words.split()).out == one.dvc(*words.split()).out
    shown = [drawn(one.dvc, "plots", "show"), drawn(two.ours, "plots", "show")]
    assert shown[0] == shown[1]
    assert set(shown[0]) == {"eval/loss.csv", "eval/roc.csv"}


def drawn(tool: Callable[..., object], *words: str) -> dict[str, object]:
    """What each plot shows: its points and axes."""
    told = tool(*words, "--json", "--split").json["data"]  # type: ignore[attr-defined]
    return {
        name: [(entry["anchor_definitions"], entry.get("datapoints")) for entry in entries]
        for name, entries in told.items()
    }


def test_both_make_the_same_of_it(example: Lab) -> None:
    two = example.copy("two")
    assert ran(example.dvc("repro").out) == list(STAGES)
    assert ran(two.ours("repro").out) == list(STAGES)
    assert files_in(two.root) == files_in(example.root)
    for one, tool in ((example, "ours"), (two, "dvc")):
        assert ran(one.tool(tool)("repro").out) == []
        assert "up to date" in one.tool(tool)("status").out


# Models of several rates beside each other, where the example itself is a chain; the one that is begun first ends last.
WIDE = """\
stages:
  several:
    foreach: {slow: 0.3, middle: 0.2, quick: 0.1}
    do:
      cmd:
      - mkdir -p several && sleep ${item}
      - python src/featurize.py data/${folder} several/${key}
      deps: [data/prepared, src/featurize.py]
      params: [featurize]
      outs: ['several/${key}']
  together:
    cmd: cat several/*/train.csv > together.csv
    deps: [several/slow, several/middle, several/quick]
    outs: [together.csv]
"""


def sorted_lines(files: dict[str, bytes]) -> dict[str, object]:
    """The lines of each .gitignore in one order; other files as they are."""
    return {
        path: sorted(content.splitlines()) if path.endswith(".gitignore") else content
        for path, content in files.items()
    }


def test_in_parallel_they_make_the_same_of_it(example: Lab) -> None:
    example.write("dvc.yaml", example.read("dvc.yaml").replace("stages:\n", WIDE, 1))
    example.commit("Several models")
    two = example.copy("two")
    for number, features in enumerate((6, 5)):
        for lab in (example, two):
            lab.write("params.yaml", lab.read("params.yaml").replace("features: 6", f"features: {features}"))
        theirs = ran(example.dvc("repro").out)
        ours = ran(two.treering("repro", "-j", "4").out)
        assert sorted(ours) == sorted(theirs)
        assert len(ours) == 8 - number
        assert two.read("dvc.lock") == example.read("dvc.lock")
        # What Git is to ignore is written as stages end.
        assert sorted_lines(files_in(two.root)) == sorted_lines(files_in(example.root))
        assert ran(two.dvc("repro").out) == []
        assert two.dvc("status", "--json").json == {}


def test_they_take_turns_stage_by_stage(example: Lab, first: str, other: str) -> None:
    two = example.copy("two")
    for number, stage in enumerate(STAGES):
        example.tool((first, other)[number % 2])("repro", "-q", stage)
        two.dvc("repro", "-q", stage)
        assert example.read("dvc.lock") == two.read("dvc.lock")
    example.write("params.yaml", example.read("params.yaml").replace("rate: 0.5", "rate: 0.25"))
    for tool in (other, first):
        assert list(example.tool(tool)("status", "--json").json) == ["train"]
    assert ran(example.tool(first)("repro").out) == ["train", "evaluate"]
    assert ran(example.tool(other)("repro").out) == []
    for words in (("metrics", "show"), ("metrics", "diff"), ("params", "diff")):
        assert example.ours(*words, "--json").json == example.dvc(*words, "--json").json
    assert drawn(example.ours, "plots", "show") == drawn(example.dvc, "plots", "show")
    # The values of before come back from the run cache, whoever put them there.
    example.write("params.yaml", example.read("params.yaml").replace("rate: 0.25", "rate: 0.5"))
    assert ran(example.tool(other)("repro").out) == []
    assert example.read("dvc.lock") == two.read("dvc.lock")


def test_a_colleague_pulls_it_and_has_nothing_to_run(example: Lab, place: Callable[[Lab], Lab]) -> None:
    remote = place(example)
    remote.ours("repro", "-q")
    remote.commit("Run")
    remote.ours("push", "-q", "--run-cache")
    for puller in ("ours", "dvc"):
        fresh = remote.clone(puller)
        fresh.tool(puller)("pull", "-q")
        assert files_in(fresh.root) == files_in(remote.root)
        for tool in (fresh.ours, fresh.dvc):
            assert tool("status", "--json").json == {}
            assert ran(tool("repro").out) == []
        assert fresh.changes() == ""
    again = remote.clone("again")
    assert ran(again.ours("repro", "--pull").out) == []
    assert files_in(again.root) == files_in(remote.root)
    # Without the lock file, what was pushed of the run cache says it; what is not cached is not pushed by DVC, either.
    (again.root / "dvc.lock").unlink()
    shutil.rmtree(again.root / ".dvc" / "cache")
    again.ours("pull", "-q", "--run-cache", f"{DATA}.dvc")
    assert ran(again.ours("repro", "--pull").out) == ["train", "evaluate"]
    assert files_in(again.root) == files_in(remote.root)


def test_a_colleague_pulls_with_treering_what_dvc_pushed(example: Lab, place: Callable[[Lab], Lab]) -> None:
    remote = place(example)
    remote.dvc("repro", "-q")
    remote.commit("Run")
    remote.dvc("push", "-q")
    fresh = remote.clone("fresh")
    fresh.ours("pull", "-q")
    assert files_in(fresh.root) == files_in(remote.root)
    fresh.treering("repro", "-j", "2", "-q")
    assert fresh.changes() == ""
    assert fresh.dvc("status", "--json").json == {}
