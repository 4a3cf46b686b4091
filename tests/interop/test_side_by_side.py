"""P9, P10: branches that are merged, and two tools at work at once."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from dvc_lab import Lab, files_in

pytestmark = pytest.mark.peer


def install(lab: Lab) -> None:
    """Treering's merge driver, called from where the tests' Treering is."""
    lab.ours("install")
    driver = lab.git("config", "merge.dvc.driver")
    program = lab.base / "bin" / "treering"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m treering "$@"\n')
    program.chmod(0o755)
    lab.git("config", "merge.dvc.driver", driver.replace("treering ", f"{program} ", 1))
    for hook in (lab.root / ".git" / "hooks").glob("p*"):
        if not hook.name.endswith(".sample"):
            hook.unlink()


def on_branches(lab: Lab, change_ours: dict[str, str], change_theirs: dict[str, str], *then: str) -> None:
    """Two branches from here with a change each, after which a command of DVC's made it known."""
    lab.git("checkout", "--quiet", "-b", "side")
    for branch, changes in (("side", change_theirs), ("main", change_ours)):
        lab.git("checkout", "--quiet", branch)
        lab.dvc("checkout", "-q", "-f")
        for path, text in changes.items():
            if text:
                lab.write(path, text)
            else:
                (lab.root / path).unlink()
        lab.dvc(*then)
        lab.commit(branch)


def test_p9_changes_of_different_files_of_a_folder_are_merged(stocked: Lab) -> None:
    stocked.dvc("add", "-q", "data")
    stocked.commit("Add")
    install(stocked)
    on_branches(
        stocked,
        {"data/a.txt": "ours\n", "data/new": "n\n"},
        {"data/empty": "", "data/other": "o\n"},
        "add",
        "-q",
        "data",
    )
    stocked.git("merge", "--quiet", "-m", "Merge", "side")
    stocked.dvc("checkout", "-q", "-f")
    assert set(files_in(stocked.root / "data")) == {"a.txt", "deep/er/b.bin", "new", "other"}
    assert stocked.read("data/a.txt") == "ours\n"
    for tool in (stocked.dvc, stocked.ours):
        assert tool("status", "--json").json == {}


def test_p9_changes_of_one_file_are_a_conflict_that_both_see(stocked: Lab) -> None:
    stocked.dvc("add", "-q", "data")
    stocked.commit("Add")
    install(stocked)
    on_branches(stocked, {"data/a.txt": "ours\n"}, {"data/a.txt": "theirs\n"}, "add", "-q", "data")
    with pytest.raises(AssertionError, match="CONFLICT"):
        stocked.git("merge", "--quiet", "-m", "Merge", "side")
    assert "data.dvc" in stocked.git("diff", "--name-only", "--diff-filter=U")


def test_p9_changes_of_different_stages_are_merged(lab: Lab) -> None:
    lab.write(
        "dvc.yaml",
        "stages:\n"
        + "".join(f"  {n}:\n    cmd: cp {n}.in {n}.out\n    deps: [{n}.in]\n    outs: [{n}.out]\n" for n in "abc"),
    )
    for name in "abc":
        lab.write(f"{name}.in", name)
    lab.dvc("repro", "-q")
    lab.commit("Run")
    install(lab)
    on_branches(lab, {"a.in": "ours"}, {"b.in": "theirs", "c.in": "theirs"}, "repro", "-q")
    lab.git("merge", "--quiet", "-m", "Merge", "side")
    lab.dvc("checkout", "-q", "-f")
    assert [lab.read(f"{name}.out") for name in "abc"] == ["ours", "theirs", "theirs"]
    for tool in (lab.dvc, lab.ours):
        assert tool("status", "--json").json == {}
        assert "Running" not in tool("repro").out


SLOW = """\
stages:
  slow:
    cmd: cat in > out && touch begun && while test ! -e go; do sleep 0.05; done
    deps: [in]
    outs: [out]
  quick:
    cmd: cp in copy
    deps: [in]
    outs: [copy]
"""


def begin(lab: Lab, tool: str) -> subprocess.Popen[str]:
    lab.write("dvc.yaml", SLOW)
    lab.write("in", "1\n")
    lab.commit("Begin")
    process = lab.start(tool, "repro", "slow")
    while not (lab.root / "begun").exists():
        assert process.poll() is None, process.communicate()
    return process


def test_p10_while_a_stage_runs_the_other_works_elsewhere(lab: Lab, first: str, other: str) -> None:
    process = begin(lab, first)
    if other == "ours":
        told = lab.ours("status", "--json").json
        assert set(told) == {"slow", "quick"}
    else:
        # DVC does not look at what another one writes, even if it only wants to look.
        assert "is busy, it is being blocked by" in lab.dvc("status", code=1).err
    lab.tool(other)("repro", "-q", "quick")
    lab.write("go", "")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert set(re.findall(r"^  (\w+):$", lab.read("dvc.lock"), re.MULTILINE)) == {"slow", "quick"}
    for tool in (first, other):
        assert lab.tool(tool)("status", "--json").json == {}


def test_p10_what_a_stage_writes_is_kept_from_the_other(lab: Lab, first: str, other: str) -> None:
    process = begin(lab, first)
    told = json.loads((lab.root / ".dvc" / "tmp" / "rwlock").read_text())
    assert list(told["write"]) == [str(lab.root / "out")]
    # DVC reads what it writes, too.
    assert set(told["read"]) - {str(lab.root / "out")} == {str(lab.root / "in")}
    if other == "dvc":
        done = lab.dvc("repro", "slow", code=255)
        assert "is busy, it is being blocked by" in done.err
        lab.write("go", "")
    else:
        # Treering waits until the other one is done, and then finds that nothing is to do.
        waiting = lab.start("ours", "repro", "slow")
        lab.write("go", "")
        out, err = waiting.communicate(timeout=120)
        assert waiting.returncode == 0, err
        assert "Running stage" not in out
    process.communicate(timeout=120)
    assert process.returncode == 0
    for tool in (first, other):
        assert set(lab.tool(tool)("status", "--json").json) == {"quick"}


def test_p10_many_commands_at_once_leave_everything_whole(stocked: Lab) -> None:
    stocked.dvc("add", "-q", "data", "model.pkl")
    stocked.commit("Add")
    for number in range(4):
        stocked.write(f"new{number}", str(number))
    running = [
        *(stocked.start("ours", "add", "-q", f"new{number}") for number in range(3)),
        stocked.start("ours", "status", "--json"),
        stocked.start("ours", "push", "-q"),
        stocked.start("ours", "checkout", "-q"),
        stocked.start("dvc", "--wait-for-lock", "status", "--json"),
        stocked.start("dvc", "--wait-for-lock", "add", "-q", "new3"),
    ]
    for process in running:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, f"{process.args}:\n{out}{err}"
    for tool in (stocked.dvc, stocked.ours):
        assert tool("status", "--json").json == {}
    assert {f"/new{number}" for number in range(4)} <= set(stocked.read(".gitignore").splitlines())
