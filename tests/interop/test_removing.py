"""`remove` of stages and pointers, step by step beside real DVC: the same files stay, with the same bytes."""

from __future__ import annotations

import pytest

from dvc_lab import Lab, files_in

pytestmark = pytest.mark.peer

PIPELINE = """\
# what we do
stages:
  a:  # first
    cmd: echo a > a.txt
    outs:
    - a.txt
  b:
    cmd: cp a.txt b.txt; echo 1 > m.json
    deps:
    - a.txt
    outs:
    - b.txt
    metrics:
    - m.json:
        cache: false
  each:
    foreach: [x, y]
    do:
      cmd: echo ${item} > ${item}.txt
      outs:
      - ${item}.txt
"""


def prepare(lab: Lab) -> None:
    lab.write("data", "data\n")
    lab.write("dvc.yaml", PIPELINE)
    lab.write("sub/dvc.yaml", "stages:\n  only:\n    cmd: echo o > o.txt\n    outs:\n    - o.txt\n")
    lab.dvc("add", "-q", "data")
    lab.dvc("repro", "-q", "-R", ".")
    lab.commit()


def state(lab: Lab) -> dict[str, bytes]:
    """All files of the working tree."""
    return {name: data for name, data in files_in(lab.root).items() if not name.startswith((".dvc/", ".git/"))}


@pytest.mark.parametrize(
    "calls",
    [
        ["remove b"],
        ["remove b --outs"],
        ["remove a b data.dvc"],
        ["remove dvc.yaml:a", "remove sub/dvc.yaml:only"],
        ["remove sub/dvc.yaml --outs"],
        ["remove a", "remove b", "repro sub/dvc.yaml"],
    ],
    ids="; ".join,
)
def test_what_is_removed_goes_alike(lab: Lab, twin: Lab, calls: list[str]) -> None:
    for one in (lab, twin):
        prepare(one)
    for words in calls:
        expected = lab.dvc(*words.split(), code=None)
        got = twin.ours(*words.split(), code=None)
        assert (got.code, got.out) == (expected.code, expected.out), got.err
        assert state(twin) == state(lab)
    assert twin.dvc("status", "--json").json == lab.dvc("status", "--json").json


@pytest.mark.parametrize(
    "words", ["remove each@x", "remove nothing", "remove b nothing", "remove data.dvc nothing.dvc"]
)
def test_a_mistake_fails_alike_and_here_nothing_goes(lab: Lab, twin: Lab, words: str) -> None:
    # DVC has removed what it came to before the mistake, or the line of .gitignore.
    for one in (lab, twin):
        prepare(one)
    before = state(twin)
    assert twin.ours(*words.split(), code=None).code == lab.dvc(*words.split(), code=None).code == 1
    assert state(twin) == before
