"""P1 to P8: pipelines run by one tool are known to the other, and the lock files are the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dvc_lab import Done, Lab, files_in, no_differences
from peers import DVC

pytestmark = pytest.mark.peer

CHAIN = """\
stages:
  prepare:
    cmd: cat raw.txt raw.txt > prepared.txt
    deps:
    - raw.txt
    outs:
    - prepared.txt
  split:
    cmd: mkdir -p parts && head -n 1 prepared.txt > parts/train && tail -n 1 prepared.txt > parts/test
    deps:
    - prepared.txt
    outs:
    - parts
  train:
    cmd:
    - cp parts/train model
    - echo '{"loss":' 0.5 '}' > metrics.json
    deps:
    - parts/train
    params:
    - train.lr
    - train.on
    - train.steps
    - extra.json:
    outs:
    - model
    metrics:
    - metrics.json:
        cache: false
  evaluate:
    cmd: cat model parts/test > scores.csv
    deps:
    - model
    - parts/test
    plots:
    - scores.csv
"""


def write_chain(lab: Lab) -> None:
    lab.write("dvc.yaml", CHAIN)
    lab.write("params.yaml", "train:\n  lr: 0.1\n  epochs: 3\n  steps: 1\n  on: true\nother: [1, 2]\n")
    lab.write("extra.json", '{"a": 1, "b": {"c": [1]}}')
    lab.write("raw.txt", "a,b\n1,2\n")


@pytest.fixture
def chain(lab: Lab) -> Lab:
    """A pipeline of four stages, which have not run."""
    write_chain(lab)
    lab.commit("Pipeline")
    return lab


@pytest.fixture(scope="module")
def done_once(blank: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """That pipeline, run by DVC and committed; not to be changed."""
    lab = blank.copied_to(tmp_path_factory.mktemp("chain") / "lab")
    write_chain(lab)
    lab.dvc("repro", "-q")
    lab.commit("Run")
    return lab


@pytest.fixture
def run_chain(done_once: Lab, tmp_path: Path) -> Lab:
    """A copy of it of one's own."""
    return done_once.copied_to(tmp_path / "chain")


def left(lab: Lab, code: int) -> dict[str, bytes]:
    """All files. When a run fails, DVC takes the outputs of stages that had succeeded out of .gitignore again."""
    files = files_in(lab.root)
    if code:
        files.pop(".gitignore", None)
    return files


def ran(told: str) -> list[str]:
    """The stages that a tool ran, in its order."""
    return re.findall(r"Running stage '([^']+)'", told)


def test_p1_p2_what_one_ran_is_up_to_date_for_the_other(chain: Lab, first: str, other: str) -> None:
    assert ran(chain.tool(first)("repro").out) == ["prepare", "split", "train", "evaluate"]
    chain.commit("Run")
    for tool in (other, first):
        assert "Data and pipelines are up to date." in chain.tool(tool)("status").out
        done = chain.tool(tool)("repro")
        assert done.out.count("didn't change, skipping") == 4
        assert ran(done.out) == []
    assert chain.changes() == ""


def test_p1_p2_both_write_the_same_lock_file(chain: Lab) -> None:
    two = chain.copy("other")
    chain.dvc("repro", "-q")
    two.ours("repro", "-q")
    assert two.read("dvc.lock") == chain.read("dvc.lock")
    assert files_in(two.root) == files_in(chain.root)


def test_p1_p2_they_take_turns_on_one_working_tree(chain: Lab) -> None:
    two = chain.copy("other")
    for number in range(4):
        for lab in (chain, two):
            lab.write("raw.txt" if number % 2 else "params.yaml", f"train: {{lr: {number}, steps: 1, on: true}}\n")
        chain.dvc("repro", "-q")
        two.tool(("ours", "dvc")[number % 2])("repro", "-q")
        assert two.read("dvc.lock") == chain.read("dvc.lock")


DEFINITIONS = {
    "vars": (
        "vars:\n- extra.yaml\n- extra.json:b\n- own: {x: 1, flag: true}\nstages:\n  s:\n    cmd: echo ${own.x} ${a}"
        " ${list[1]} ${own.flag} > out\n    outs: [out]\n"
    ),
    "vars of a stage": (
        "vars:\n- x: 1\nstages:\n  s:\n    wdir: sub\n    vars:\n    - y: 2\n    - inner.yaml\n    cmd: echo ${x} ${y} ${z} > out\n    outs:\n    - out\n"
    ),
    "foreach of a list": (
        "stages:\n  g:\n    foreach: [a, 1, true]\n    do:\n      cmd: echo ${item} > ${item}.out\n      outs:\n      - ${item}.out\n"
    ),
    "foreach of a mapping": (
        "stages:\n  g:\n    foreach:\n      x: {lr: 0.1}\n      y: {lr: 1}\n    do:\n      cmd: echo ${key} ${item.lr} > ${key}.out\n"
        "      outs:\n      - ${key}.out\n"
    ),
    "foreach of a parameter": (
        "stages:\n  g:\n    foreach: ${list}\n    do:\n      cmd: echo ${item} > ${item}.out\n      outs:\n      - ${item}.out\n"
    ),
    "foreach of a list of mappings": (
        "stages:\n  g:\n    foreach:\n    - {n: a}\n    - {n: b}\n    do:\n      cmd: echo ${item.n} > ${item.n}.out\n      outs:\n      - ${item.n}.out\n"
    ),
    "matrix": (
        "stages:\n  m:\n    matrix:\n      x: [a, b]\n      y:\n      - {v: 1}\n      - {v: 2}\n    cmd: echo ${item.x} ${item.y.v} ${key} > ${key}.out\n"
        "    outs:\n    - ${key}.out\n"
    ),
    "unpacking of a mapping": ("stages:\n  s:\n    cmd: echo ${opts} > out\n    params: [opts]\n    outs: [out]\n"),
    "a list of commands": (
        "stages:\n  s:\n    cmd:\n    - echo one > out\n    - |\n      echo two >> out\n      echo three >> out\n    outs: [out]\n"
    ),
    "another working directory": (
        "stages:\n  s:\n    wdir: sub\n    cmd: cat ../raw.txt > out\n    deps: [../raw.txt]\n    params: [z, ../params.yaml: [lr]]\n    outs: [out]\n"
    ),
    "always changed": ("stages:\n  s:\n    cmd: echo x > out\n    always_changed: true\n    outs: [out]\n"),
    "neither dependencies nor outputs": ("stages:\n  s:\n    cmd: 'true'\n"),
    "outputs of all kinds": (
        "stages:\n  s:\n    cmd: mkdir -p d && echo 1 > d/f && echo x >> kept && echo y > free && echo z > 'with space'\n    deps: [raw.txt]\n"
        "    outs:\n    - d\n    - kept: {persist: true}\n    - free: {cache: false}\n    - with space: {desc: text, type: t, labels: [l], meta: {a: 1}}\n"
    ),
    "metrics and plots": (
        "metrics: [m.json]\nplots:\n- p.csv:\n    x: a\nparams: [extra.yaml]\nartifacts:\n  best: {path: m.json, type: model}\nstages:\n  s:\n"
        "    cmd: echo '{}' > m.json && echo a > p.csv\n    metrics: [m.json: {cache: false}]\n    plots: [p.csv: {x: a, template: linear}]\n"
    ),
    "parameters of all formats": (
        "stages:\n  s:\n    cmd: echo x > out\n    params:\n    - lr\n    - opts.epochs\n    - extra.json:\n      - b.c\n    - p.toml: [t.x, t.list]\n"
        "    - p.py: [X, Model.depth, Y]\n    - extra.yaml:\n    outs: [out]\n"
    ),
    "desc, meta and frozen": (
        "stages:\n  s:\n    desc: a stage\n    meta: {a: [1]}\n    cmd: echo x > out\n    outs: [out]\n  t:\n    frozen: true\n    cmd: cp out copy\n"
        "    deps: [out]\n    outs: [copy]\n"
    ),
    "long commands and odd texts": (
        "stages:\n  s:\n    cmd: >-\n      echo 'a # b' \"é: 😀\" \\${X} " + "word " * 40 + "> out\n    outs: [out]\n"
    ),
    "a matrix of parameters and of one text": (
        "stages:\n  m:\n    matrix:\n      x: ${list}\n      n: [1.50, true, null]\n      one: [z]\n"
        "    cmd: echo ${item.x} ${item.n} ${item.one} > '${key}.out'\n    outs: ['${key}.out']\n"
    ),
    "foreach in a folder that it names": (
        "stages:\n  g:\n    foreach: [sub, more]\n    do:\n      wdir: ${item}\n      cmd: echo ${item} > out\n      deps: [../raw.txt]\n      outs: [out]\n"
    ),
    "templates everywhere": (
        "vars:\n- dep: raw.txt\n- out: {name: made}\n- file: extra.yaml\nstages:\n  s:\n    cmd: cp ${dep} ${out.name}.txt\n    deps: ['${dep}']\n"
        "    params: ['${file}': [a]]\n    outs:\n    - ${out.name}.txt: {persist: true}\n"
    ),
    "stages that need each other": (
        "stages:\n  z:\n    cmd: cp b c\n    deps: [b]\n    outs: [c]\n  a:\n    foreach: [1, 2]\n    do:\n      cmd: cp raw.txt d/${item}\n"
        "      deps: [raw.txt, d0]\n      outs: ['d/${item}']\n  m:\n    cmd: mkdir d && echo > d0\n    outs: [d0]\n  y:\n    cmd: cat d/1 d/2 > b\n"
        "    deps: [d]\n    outs: [b]\n"
    ),
    "metrics and plots that are cached": (
        "stages:\n  s:\n    cmd: echo '{\"a\":1}' > m.json && echo a,b > p.csv && mkdir -p ps && cp p.csv ps/1.csv\n    metrics: [m.json]\n    plots: [p.csv, ps: {cache: false}]\n"
    ),
    "programs and links": ("stages:\n  s:\n    cmd: echo x > run && chmod +x run\n    outs: [run]\n"),
}


def furnished(lab: Lab, folder: str = ".") -> Lab:
    files = {
        "params.yaml": "lr: 0.1\nlist: [p, q]\nopts: {epochs: 3, name: 'a b', flag: true, off: false, many: [1, 2], deep: {k: 1.50}}\n",
        "extra.yaml": "a: 1.0\nwhen: text\n",
        "extra.json": '{"a": "text", "b": {"c": [1, {"d": null}]}}',
        "p.toml": 't = {x = 1, list = ["a", 2.5]}\n',
        "p.py": "X = 1\nY = {'a': (1, 2), 'b': None}\n\n\nclass Model:\n    depth: int = 3\n",
        "raw.txt": "raw\n",
        "copy": "of a frozen stage\n",
        "sub/inner.yaml": "z: 3\n",
        "sub/params.yaml": "z: 4\n",
        "more/params.yaml": "z: 5\n",
    }
    for name, text in files.items():
        lab.write(f"{folder}/{name}", text)
    return lab


def folder_of(name: str) -> str:
    return name.replace(" ", "-")


@pytest.fixture(scope="module")
def resolved(blank: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Lab, Done, Done]:
    """All definitions, each in a folder of its own, run by DVC and by Treering; and what they said."""
    lab = blank.copied_to(tmp_path_factory.mktemp("definitions") / "lab")
    for name, text in DEFINITIONS.items():
        furnished(lab, folder_of(name)).write(f"{folder_of(name)}/dvc.yaml", text)
    two = lab.copy("other")
    return lab, two, lab.dvc("repro", "-P"), two.ours("repro", "-P")


@pytest.mark.parametrize("name", DEFINITIONS)
def test_p3_definitions_are_resolved_alike(resolved: tuple[Lab, Lab, Done, Done], name: str) -> None:
    lab, two, expected, got = resolved
    within = f"{folder_of(name)}/dvc.yaml"
    stages = [[stage for stage in ran(done.out) if stage.startswith(within)] for done in (expected, got)]
    assert stages[0] == stages[1] != []
    folders = [files_in(one.root / folder_of(name)) for one in (lab, two)]
    assert folders[0] == folders[1]
    assert "dvc.lock" in folders[0]


def test_p3_what_one_resolved_is_up_to_date_for_the_other(resolved: tuple[Lab, Lab, Done, Done]) -> None:
    lab, two, _, _ = resolved
    told = lab.dvc("status", "--json").json
    # What has no dependencies or is always changed is run anew by both.
    assert (
        two.dvc("status", "--json").json
        == lab.ours("status", "--json").json
        == two.ours("status", "--json").json
        == told
    )
    asked = [lab.ours("repro", "-P", "--dry").out, two.dvc("repro", "-P", "--dry").out]
    assert sorted(ran(asked[0])) == sorted(ran(asked[1]))
    assert len(ran(asked[0])) < len(DEFINITIONS)
    shown = two.ours("params", "diff", "--all", "--json").json
    # DVC shows nothing of a Python file in which a mapping is tracked that has a tuple or None in it.
    assert shown.pop("parameters-of-all-formats/p.py")["Y.a"] == {"old": None, "new": "(1, 2)"}
    assert shown == lab.dvc("params", "diff", "--all", "--json").json
    for words in ("stage list --all", "dag --dot"):
        answers = [tool(*words.split()).out for tool in (lab.dvc, two.ours)]
        assert sorted(answers[0].splitlines()) == sorted(answers[1].splitlines())


def test_p3_mappings_are_unpacked_as_the_config_says(lab: Lab) -> None:
    furnished(lab).write("dvc.yaml", DEFINITIONS["unpacking of a mapping"])
    lab.dvc("config", "parsing.bool", "boolean_optional")
    lab.dvc("config", "parsing.list", "append")
    two = lab.copy("other")
    lab.dvc("repro", "-q")
    two.ours("repro", "-q")
    assert two.read("dvc.lock") == lab.read("dvc.lock")
    assert "--no-off" in two.read("dvc.lock")
    assert "--many 1 --many 2" in two.read("dvc.lock")


WRONG = {
    "a flag that is a template": "stages:\n  s:\n    cmd: x\n    outs:\n    - out: {cache: '${opts.flag}'}\n",
    "a key that is none": "stages:\n  s:\n    cmd: x\n    unknown: 1\n",
    "no command": "stages:\n  s:\n    deps: [raw.txt]\n",
    "the same output twice": "stages:\n  s:\n    cmd: x\n    outs: [a]\n  t:\n    cmd: x\n    outs: [a]\n",
    "outputs in each other": "stages:\n  s:\n    cmd: x\n    outs: [a]\n  t:\n    cmd: x\n    outs: [a/b]\n",
    "a circle": "stages:\n  s:\n    cmd: x\n    deps: [b]\n    outs: [a]\n  t:\n    cmd: x\n    deps: [a]\n    outs: [b]\n",
    "an output that is a dependency": "stages:\n  s:\n    cmd: x\n    deps: [a]\n    outs: [a]\n",
    "a variable that is none": "stages:\n  s:\n    cmd: echo ${none}\n",
    "a variable twice": "vars:\n- lr: 2\nstages:\n  s:\n    cmd: echo ${lr}\n",
    "a missing file of variables": "vars: [none.yaml]\nstages:\n  s:\n    cmd: x\n",
    "a key twice": "stages:\n  s:\n    cmd: x\n    cmd: y\n",
    "no yaml": "stages: [\n",
    "a missing dependency": "stages:\n  s:\n    cmd: echo\n    deps: [none]\n",
    "a missing parameter": "stages:\n  s:\n    cmd: echo\n    params: [none]\n",
    "a command that fails": "stages:\n  s:\n    cmd: exit 3\n",
    "an output that is not made": "stages:\n  s:\n    cmd: echo\n    outs: [none]\n",
    "a name with punctuation": "stages:\n  s/t:\n    cmd: echo\n",
    "a list in a command": "stages:\n  s:\n    cmd: echo ${list}\n",
}


def test_p3_wrong_definitions_end_alike(lab: Lab) -> None:
    furnished(lab)
    different = {}
    for name, text in WRONG.items():
        lab.write("dvc.yaml", text)
        for call in ("repro", "status"):
            expected, got = lab.dvc(call, code=None), lab.ours(call, code=None)
            if got.code != expected.code:
                different[name, call] = (expected, got)
            (lab.root / "dvc.lock").unlink(missing_ok=True)
    no_differences(different)


def replaced(lab: Lab, path: str, old: str, new: str) -> None:
    text = lab.read(path)
    assert old in text
    lab.write(path, text.replace(old, new))


def removed(lab: Lab, path: str, pattern: str) -> None:
    text, count = re.subn(pattern, "", lab.read(path))
    assert count == 1
    lab.write(path, text)


CHANGES = {
    "nothing": lambda lab: None,  # noqa: ARG005
    "white space in a command": lambda lab: replaced(lab, "dvc.yaml", "cat raw.txt raw.txt", "cat  raw.txt raw.txt"),
    "a number of another type": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: '0.1'"),
    "a number written otherwise": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: 0.10"),
    "another number": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: 0.2"),
    "a parameter that is no dependency": lambda lab: replaced(lab, "params.yaml", "epochs: 3", "epochs: 4"),
    "a parameter that is gone": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "x: 0.1"),
    "parameters in another order": lambda lab: lab.write("params.yaml", "other: [1, 2]\ntrain:\n  on: true\n  steps: 1\n  epochs: 3\n  lr: 0.1\n"),
    "a touched file": lambda lab: (lab.root / "raw.txt").touch(),
    "a changed dependency": lambda lab: lab.write("raw.txt", "new\n"),
    "permissions": lambda lab: (lab.root / "raw.txt").chmod(0o755),
    "permissions of an output": lambda lab: (lab.root / "model").chmod(0o755),
    "an output that is gone": lambda lab: (lab.root / "model").unlink(),
    "a folder that is gone": lambda lab: shutil.rmtree(lab.root / "parts"),
    "a changed output": lambda lab: lab.write("parts/train", "new\n"),
    "a dependency that is gone": lambda lab: (lab.root / "raw.txt").unlink(),
    "a cache that is gone": lambda lab: shutil.rmtree(lab.root / ".dvc" / "cache"),
    "no lock file": lambda lab: (lab.root / "dvc.lock").unlink(),
    "a size written by hand": lambda lab: replaced(lab, "dvc.lock", "size: 8", "size: 9"),
    "a stage with another name": lambda lab: replaced(lab, "dvc.yaml", "  split:", "  cut:"),
    "a new dependency": lambda lab: replaced(lab, "dvc.yaml", "    - raw.txt\n", "    - raw.txt\n    - params.yaml\n"),
    "a frozen stage": lambda lab: (
        replaced(lab, "dvc.yaml", "  split:\n", "  split:\n    frozen: true\n"), lab.write("raw.txt", "new\n")
    ),
    "a whole number with a point": lambda lab: replaced(lab, "params.yaml", "steps: 1", "steps: 1.0"),
    "a number for true": lambda lab: replaced(lab, "params.yaml", "on: true", "on: 1"),
    "a value in a file that counts whole": lambda lab: replaced(lab, "extra.json", "[1]", "[2]"),
    "a new key in a file that counts whole": lambda lab: replaced(lab, "extra.json", '"a": 1', '"a": 1, "new": 2'),
    "a key that is gone in a file that counts whole": lambda lab: replaced(lab, "extra.json", '"a": 1, ', ""),
    "a file of parameters that is gone": lambda lab: (lab.root / "extra.json").unlink(),
    "a parameter that the lock file does not have": lambda lab: replaced(lab, "dvc.lock", "        train.on: true\n", ""),
    "a parameter more in the lock file": lambda lab: replaced(lab, "dvc.lock", "        train.on: true\n", "        train.on: true\n        x: 1\n"),
    "one command as a list": lambda lab: replaced(lab, "dvc.yaml", "cmd: cat raw.txt raw.txt", "cmd:\n    - cat raw.txt raw.txt"),
    "commands in another order": lambda lab: replaced(
        lab, "dvc.yaml", "    - cp parts/train model\n    - echo '{\"loss\":' 0.5 '}' > metrics.json\n",
        "    - echo '{\"loss\":' 0.5 '}' > metrics.json\n    - cp parts/train model\n",
    ),
    "an output that is not cached any more": lambda lab: replaced(lab, "dvc.yaml", "    - model\n    metrics", "    - model:\n        cache: false\n    metrics"),
    "an output that persists": lambda lab: replaced(lab, "dvc.yaml", "    - parts\n", "    - parts:\n        persist: true\n"),
    "a stage that always changes": lambda lab: replaced(lab, "dvc.yaml", "  split:\n", "  split:\n    always_changed: true\n"),
    "a description": lambda lab: replaced(lab, "dvc.yaml", "  split:\n", "  split:\n    desc: cuts\n    meta: 1\n"),
    "an output that the lock file does not have": lambda lab: removed(
        lab, "dvc.lock", r"    - path: model\n      hash: md5\n      md5: \w+\n      size: \d+\n(?=  evaluate)"
    ),
    "a lock file of two branches": lambda lab: replaced(
        lab, "dvc.lock", "  split:\n", "<<<<<<< HEAD\n  split:\n=======\n  cut:\n>>>>>>> side\n"
    ),
    "a lock file of another time": lambda lab: replaced(lab, "dvc.lock", "schema: '2.0'", "schema: '9.0'"),
    "a new file in an output": lambda lab: lab.write("parts/new", "new\n"),
    "an output that is a folder now": lambda lab: ((lab.root / "model").unlink(), lab.write("model/x", "x\n")),
    "a line end": lambda lab: lab.write("raw.txt", "a,b\r\n1,2\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_p4_the_same_stages_are_changed(run_chain: Lab, name: str) -> None:
    chain = run_chain
    CHANGES[name](chain)
    asked = [tool("status", "--json", code=None) for tool in (chain.dvc, chain.ours)]
    assert asked[1].code == asked[0].code, f"{asked[0].told}\n---\n{asked[1].told}"
    if asked[0].code == 0:
        assert asked[1].json == asked[0].json
    two = chain.copy("other")
    expected, got = chain.dvc("repro", code=None), two.ours("repro", code=None)
    assert (got.code, ran(got.out)) == (expected.code, ran(expected.out)), f"{expected.told}\n---\n{got.told}"
    if expected.code == 0:
        assert files_in(two.root) == files_in(chain.root)
    else:
        # DVC removes the outputs of a stage before it finds out that the stage cannot run.
        assert two.read("dvc.lock") == chain.read("dvc.lock")


def test_p5_runs_of_one_are_restored_by_the_other(chain: Lab, first: str, other: str) -> None:
    chain.tool(first)("repro", "-q")
    lock = chain.read("dvc.lock")
    for path in ("dvc.lock", "prepared.txt", "model", "scores.csv", "metrics.json"):
        (chain.root / path).unlink()
    shutil.rmtree(chain.root / "parts")
    done = chain.tool(other)("repro")
    assert ran(done.out) == []
    assert done.out.count("is cached - skipping run, checking out outputs") == 4
    assert chain.read("dvc.lock") == lock


def test_p5_keys_of_the_run_cache_are_the_same(chain: Lab) -> None:
    two = chain.copy("other")
    chain.dvc("repro", "-q")
    two.ours("repro", "-q")
    runs = []
    for lab in (chain, two):
        folder = lab.root / ".dvc" / "cache" / "runs"
        runs.append({str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    assert runs[0] == runs[1]
    assert len(runs[0]) == 4


def test_p5_an_earlier_run_comes_back_from_the_run_cache(chain: Lab, first: str, other: str) -> None:
    chain.tool(first)("repro", "-q")
    lock = chain.read("dvc.lock")
    chain.write("raw.txt", "c,d\n3,4\n")
    chain.tool(other)("repro", "-q")
    chain.write("raw.txt", "a,b\n1,2\n")
    assert ran(chain.tool(other)("repro").out) == []
    assert chain.read("dvc.lock") == lock


def test_p6_locks_in_another_order_and_without_sizes_are_the_same(run_chain: Lab, first: str) -> None:
    chain = run_chain
    lock = re.sub(r"\n *(size|nfiles): \d+", "", chain.read("dvc.lock"))
    lock = re.sub(r"(path: [^\n]*)\n( *)hash: md5\n *(md5: [^\n]*)", r"\3\n\2\1\n\2hash: md5", lock)
    chain.write("dvc.lock", lock)
    tool = chain.tool(first)
    assert tool("status", "--json").json == {}
    assert ran(tool("repro").out) == []
    assert chain.read("dvc.lock") == lock


FAILING = """\
stages:
  a:
    cmd: cat in > a
    deps: [in]
    outs: [a]
  b:
    cmd: test -e allowed && cp a b
    deps: [a]
    outs: [b]
  c:
    cmd: cp b c
    deps: [b]
    outs: [c]
  d:
    cmd: cp a d
    deps: [a]
    outs: [d]
  e:
    cmd: cp d e
    deps: [d]
    outs: [e]
"""
REPRO = (
    "", "-k", "--ignore-errors", "d", "--downstream a", "-s b", "-s d", "--dry", "-f e", "-f -s e", "-p d",
    "-P", "--force-downstream d", "--single-item --no-commit e", "--no-run-cache d", "-k e c", "none", "dvc.yaml:d",
    "./dvc.yaml", "-R .", "--glob '[de]'",
)  # fmt: skip


@pytest.mark.parametrize("allowed", [False, True])
def test_p7_options_run_the_same_stages(lab: Lab, allowed: bool) -> None:
    lab.write("dvc.yaml", FAILING)
    lab.write("in", "1\n")
    if allowed:
        lab.write("allowed", "")
        lab.dvc("repro", "-q")
        lab.write("in", "2\n")
    lab.commit("Begin")
    different = {}
    for number, options in enumerate(REPRO):
        if options == "--dry" and not allowed:
            continue  # DVC fails for want of what it did not make
        words = [word.strip("'") for word in options.split()]
        one, two = lab.copy(f"one{number}"), lab.copy(f"two{number}")
        expected, got = one.dvc("repro", *words, code=None), two.ours("repro", *words, code=None)
        found, wanted = left(two, got.code), left(one, expected.code)
        if (got.code, ran(got.out), found) != (expected.code, ran(expected.out), wanted):
            different[options] = (expected, got)
        shutil.rmtree(one.root)
        shutil.rmtree(two.root)
    no_differences(different)


def test_p7_missing_data_is_pulled_or_allowed_to_be_missing(run_chain: Lab) -> None:
    chain = run_chain
    chain.dvc("remote", "add", "-d", "store", str(chain.base / "store"))
    chain.commit("Remote")
    chain.dvc("push", "-q")
    different = {}
    for options in ("--allow-missing", "--pull", "--pull --allow-missing", "--pull evaluate", "--allow-missing --dry"):
        one, two = chain.clone(f"one {options}"), chain.clone(f"two {options}")
        expected, got = one.dvc("repro", *options.split(), code=None), two.ours("repro", *options.split(), code=None)
        same = (got.code, ran(got.out)) == (expected.code, ran(expected.out)) and files_in(two.root) == files_in(
            one.root
        )
        if not same:
            different[options] = (expected, got)
    no_differences(different)


def begun(chain: Lab, tool: str) -> subprocess.Popen[str]:
    """A run of the pipeline that has come to the stage `train`, which does not end."""
    wait = "if test -e slow; then touch begun; while test -e slow; do sleep 0.1; done; exit 1; fi; cp parts/train model"
    replaced(chain, "dvc.yaml", "cp parts/train model", wait)
    chain.write("slow", "")
    process = chain.start(tool, "repro")
    while not (chain.root / "begun").exists():
        assert process.poll() is None, process.communicate()
    return process


def wait_until_dvc_leaves_ctrl_c_to_its_command(process: subprocess.Popen[Any]) -> None:
    """DVC does so a moment after the command has begun; until then the signal ends DVC itself."""
    ignored = 0
    while not ignored >> (signal.SIGINT - 1) & 1:
        assert process.poll() is None
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = int(re.findall(r"SigIgn:\s*(\w+)", status)[0], 16)


def test_p7_a_stage_that_was_killed_is_run_again(chain: Lab, first: str, other: str) -> None:
    process = begun(chain, first)
    process.kill()
    process.wait()
    (chain.root / "slow").unlink()
    # What was left running had its output open until now.
    process.communicate()
    assert ran(chain.tool(other)("repro").out) == ["train", "evaluate"]
    assert chain.tool(first)("status", "--json").json == {}


def test_p7_after_ctrl_c_the_other_carries_on(chain: Lab, first: str, other: str) -> None:
    whole = chain.copy("whole")
    process = begun(chain, first)
    if first == "dvc":
        wait_until_dvc_leaves_ctrl_c_to_its_command(process)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    # DVC lets the command have the signal, and then takes it for one that failed.
    assert process.returncode == {"dvc": 255, "ours": 252}[first]
    assert ran(out) == ["prepare", "split", "train"]
    (chain.root / "slow").unlink()
    shutil.copy(chain.root / "dvc.yaml", whole.root)
    assert chain.tool(other)("status", "--json").json == chain.tool(first)("status", "--json").json
    assert ran(chain.tool(other)("repro").out) == ["train", "evaluate"]
    whole.dvc("repro", "-q")
    assert chain.read("dvc.lock") == whole.read("dvc.lock")


EARLY = """\
import signal, sys, time
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(1))
open("begun", "w").close()
while not stopped:
    time.sleep(0.02)
time.sleep(0.3)
open("model", "w").write(f"stopped {len(stopped)} times\\n")
"""
# Makes the terminal the one whose Ctrl-C a process gets.
AT_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


def test_p7_training_that_is_stopped_early_at_the_terminal_counts_for_both(chain: Lab) -> None:
    chain.write("train.py", EARLY)
    replaced(chain, "dvc.yaml", "cp parts/train model", "exec python3 train.py")
    two = chain.copy("other")
    for lab, program in ((chain, [str(DVC.python), "-m", "dvc"]), (two, [sys.executable, "-m", "treering", "dvc"])):
        keyboard, terminal = os.openpty()
        with (lab.root.parent / f"{lab.root.name}.told").open("w+b") as told:
            process = subprocess.Popen(
                [sys.executable, "-c", AT_TERMINAL, *program, "repro"], cwd=lab.root, env=lab.environ,
                stdin=terminal, stdout=told, stderr=told, start_new_session=True,
            )  # fmt: skip
            os.close(terminal)
            while not (lab.root / "begun").exists():
                assert process.poll() is None
                time.sleep(0.05)
            if lab is chain:
                wait_until_dvc_leaves_ctrl_c_to_its_command(process)
            os.write(keyboard, b"\x03")
            code = process.wait(60)
            told.seek(0)
            assert (code, ran(told.read().decode())) == (0, ["prepare", "split", "train", "evaluate"])
        os.close(keyboard)
        assert lab.read("model") == "stopped 1 times\n"
    assert files_in(two.root) == files_in(chain.root)


def test_p8_in_parallel_the_lock_file_is_the_same(lab: Lab) -> None:
    lab.write(
        "dvc.yaml",
        "stages:\n  g:\n    foreach: [1, 2, 3, 4, 5, 6]\n    do:\n      cmd: sleep 0.${item} && echo ${item} > ${item}.out\n"
        "      outs: ['${item}.out']\n  all:\n    cmd: cat *.out > all\n    deps: [1.out, 2.out, 3.out, 4.out, 5.out, 6.out]\n    outs: [all]\n",
    )
    two = lab.copy("other")
    lab.dvc("repro", "-q")
    two.treering("repro", "-j", "4", "-q")
    assert files_in(two.root) == files_in(lab.root)
    done = two.dvc("repro")
    assert ran(done.out) == []
    assert two.dvc("status", "--json").json == {}
