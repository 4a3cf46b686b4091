"""P1 to P8: pipelines run by one tool are known to the other, and the lock files are the same bytes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from dvc_lab import Lab, files_in, no_differences

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


@pytest.fixture
def chain(lab: Lab) -> Lab:
    """A pipeline of four stages, which have not run."""
    lab.write("dvc.yaml", CHAIN)
    lab.write("params.yaml", "train:\n  lr: 0.1\n  epochs: 3\nother: [1, 2]\n")
    lab.write("raw.txt", "a,b\n1,2\n")
    lab.commit("Pipeline")
    return lab


@pytest.fixture(scope="module")
def done_once(blank: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """That pipeline, run by DVC and committed; not to be changed."""
    lab = blank.copied_to(tmp_path_factory.mktemp("chain") / "lab")
    lab.write("dvc.yaml", CHAIN)
    lab.write("params.yaml", "train:\n  lr: 0.1\n  epochs: 3\nother: [1, 2]\n")
    lab.write("raw.txt", "a,b\n1,2\n")
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
            lab.write("raw.txt" if number % 2 else "params.yaml", f"train: {{lr: {number}}}\n")
        chain.dvc("repro", "-q")
        two.tool(("ours", "dvc")[number % 2])("repro", "-q")
        assert two.read("dvc.lock") == chain.read("dvc.lock")


DEFINITIONS = {
    "vars": (
        "vars:\n- extra.yaml\n- extra.json:a\n- own: {x: 1, flag: true}\nstages:\n  s:\n    cmd: echo ${own.x} ${a}"
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
        "stages:\n  s:\n    cmd: echo 'a # b' \"é: 😀\" \\${X} " + "word " * 40 + "> out\n    outs: [out]\n"
    ),
    "programs and links": ("stages:\n  s:\n    cmd: echo x > run && chmod +x run\n    outs: [run]\n"),
}


def furnished(lab: Lab) -> Lab:
    lab.write(
        "params.yaml",
        "lr: 0.1\nlist: [p, q]\nopts: {epochs: 3, name: 'a b', flag: true, off: false, many: [1, 2], deep: {k: 1.50}}\n",
    )
    lab.write("extra.yaml", "a: 1.0\nwhen: text\n")
    lab.write("extra.json", '{"a": "text", "b": {"c": [1, {"d": null}]}}')
    lab.write("p.toml", 't = {x = 1, list = ["a", 2.5]}\n')
    lab.write("p.py", "X = 1\nY = {'a': (1, 2), 'b': None}\n\n\nclass Model:\n    depth: int = 3\n")
    lab.write("raw.txt", "raw\n")
    lab.write("copy", "of a frozen stage\n")
    lab.write("sub/inner.yaml", "z: 3\n")
    lab.write("sub/params.yaml", "z: 4\n")
    return lab


@pytest.mark.parametrize("name", DEFINITIONS)
def test_p3_definitions_are_resolved_alike(lab: Lab, name: str) -> None:
    furnished(lab).write("dvc.yaml", DEFINITIONS[name])
    two = lab.copy("other")
    expected, got = lab.dvc("repro", code=None), two.ours("repro", code=None)
    assert got.code == expected.code, f"{expected.told}\n---\n{got.told}"
    assert ran(got.out) == ran(expected.out)
    assert files_in(two.root) == files_in(lab.root)
    assert two.dvc("status", "--json").json == lab.dvc("status", "--json").json == two.ours("status", "--json").json


WRONG = {
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


CHANGES = {
    "nothing": lambda lab: None,  # noqa: ARG005
    "white space in a command": lambda lab: replaced(lab, "dvc.yaml", "cat raw.txt raw.txt", "cat  raw.txt raw.txt"),
    "a number of another type": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: '0.1'"),
    "a number written otherwise": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: 0.10"),
    "another number": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "lr: 0.2"),
    "a parameter that is no dependency": lambda lab: replaced(lab, "params.yaml", "epochs: 3", "epochs: 4"),
    "a parameter that is gone": lambda lab: replaced(lab, "params.yaml", "lr: 0.1", "x: 0.1"),
    "parameters in another order": lambda lab: lab.write("params.yaml", "other: [1, 2]\ntrain:\n  epochs: 3\n  lr: 0.1\n"),
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
    "a line end": lambda lab: lab.write("raw.txt", "a,b\r\n1,2\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_p4_the_same_stages_are_changed(run_chain: Lab, name: str) -> None:
    chain = run_chain
    CHANGES[name](chain)
    assert chain.ours("status", "--json").json == chain.dvc("status", "--json").json
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


def test_p7_a_stage_that_was_killed_is_run_again(chain: Lab, first: str, other: str) -> None:
    replaced(
        chain,
        "dvc.yaml",
        "cp parts/train model",
        "if test -e slow; then touch begun; while test -e slow; do sleep 0.1; done; exit 1; fi; cp parts/train model",
    )
    chain.write("slow", "")
    process = chain.start(first, "repro")
    while not (chain.root / "begun").exists():
        assert process.poll() is None, process.communicate()
    process.kill()
    process.wait()
    (chain.root / "slow").unlink()
    # What was left running had its output open until now.
    process.communicate()
    assert ran(chain.tool(other)("repro").out) == ["train", "evaluate"]
    assert chain.tool(first)("status", "--json").json == {}


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
