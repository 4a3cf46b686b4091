from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.lockfile import (
    entry_of,
    lock_path,
    params_entry,
    read_lock,
    stage_entry,
    without_stage,
    write_entry,
)
from treering.pipelines.params import Params
from treering.storage.content.oid import Oid
from treering.versioning.entries import read_dependency, read_output
from treering.versioning.pointers import Dependency, Output

DVCS = (Path(__file__).parent / "example.lock").read_bytes()
"""The lock file that DVC 3.67.1 wrote for the example project."""

STAGES: dict[str, Any] = {name: dict(entry) for name, entry in read_lock(DVCS, "dvc.lock").stages.items()}


def test_stages_written_one_after_the_other_give_the_bytes_of_dvc(tmp_path: Path) -> None:
    file = str(tmp_path / "dvc.lock")
    for name, entry in STAGES.items():
        assert write_entry(file, name, entry)
    assert Path(file).read_bytes() == DVCS


def test_entries_are_made_of_values_in_the_order_of_dvc() -> None:
    for entry in STAGES.values():
        deps = [entry_of(read_dependency(dep)) for dep in reversed(entry["deps"])]
        outs = [entry_of(read_output(out)) for out in reversed(entry["outs"])]
        values = entry.get("params", {}).get("params.yaml", {})
        params = params_entry([(Params("params.yaml", tuple(values)), values)] if values else [])
        made = stage_entry(entry["cmd"], deps, params, outs)
        assert made == entry
        assert [list(dep) for dep in made["deps"]] == [list(dep) for dep in entry["deps"]]


def test_an_unchanged_entry_does_not_touch_the_file(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_bytes(DVCS)
    before = file.stat()
    assert not write_entry(str(file), "train", STAGES["train"])
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_changed_stage_keeps_its_place_and_the_others_their_bytes(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_bytes(DVCS)
    assert write_entry(str(file), "featurize", {**STAGES["featurize"], "cmd": "another"})
    assert file.read_bytes() == DVCS.replace(
        b"cmd: python src/featurize.py data/prepared data/features", b"cmd: another"
    )


def test_a_part_that_is_new_stands_where_dvc_puts_it(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    entry = STAGES["train"]
    for name, one in {**STAGES, "train": {key: entry[key] for key in ("cmd", "outs")}}.items():
        write_entry(str(file), name, one)
    write_entry(str(file), "train", entry)
    assert file.read_bytes() == DVCS


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1)])
def test_whatever_stage_ends_first_the_file_has_the_order_of_the_plan(order: tuple[int, ...], tmp_path: Path) -> None:
    file = str(tmp_path / "dvc.lock")
    names = list(STAGES)
    for at in order:
        write_entry(file, names[at], STAGES[names[at]], before=names[at + 1 :])
    assert Path(file).read_bytes() == DVCS


def test_comments_and_strange_order_survive(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    text = "# ours\nschema: '2.0'\nstages:\n  b:   # keep\n    outs:\n    - md5: 6137cde4893c59f76f005a8123d8e8e6\n      path: o\n    cmd: x\n"
    file.write_text(text)
    write_entry(str(file), "a", {"cmd": "y"})
    assert file.read_text() == text + "  a:\n    cmd: y\n"


STRANGE = """\
# a comment at the top
schema: '2.0'
stages:
  "quoted: name":   # beside it
    cmd: |
      several

      lines: of text
      # and no comment
  # of the next one
  plain@1-a:
    cmd: x

    outs:
    - path: 'o'
      md5: 6137cde4893c59f76f005a8123d8e8e6
      hash: md5
  # at the end
datasets:
- name: d
  type: dvc
"""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (
            "plain@1-a",
            STRANGE[STRANGE.index("  plain@1-a") : STRANGE.index("  # at the end")],
            "  plain@1-a:\n    cmd: new\n",
        ),
        (
            "quoted: name",
            STRANGE[STRANGE.index('  "quoted') : STRANGE.index("  # of the next")],
            "  'quoted: name':\n    cmd: new\n",
        ),
        ("another", "  # at the end\n", "  another:\n    cmd: new\n  # at the end\n"),
    ],
)
def test_only_the_lines_of_the_stage_are_exchanged(name: str, old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_text(STRANGE)
    assert write_entry(str(file), name, {"cmd": "new"})
    assert file.read_text() == STRANGE.replace(old, new)
    assert read_lock(file.read_bytes(), "").stages[name] == {"cmd": "new"}


@pytest.mark.parametrize(
    "text",
    [
        "schema: '2.0'\nstages: {a: {cmd: x}, b: {cmd: y}}\n",
        '{"schema": "2.0", "stages": {"a": {"cmd": "x"}, "b": {"cmd": "y"}}}',
        "schema: '2.0'\nstages:\n    a:\n        cmd: x\n    b:\n        cmd: y\n",
        "schema: '2.0'\nstages:\n a:\n  cmd: x\n b:\n  cmd: y\n",
        "schema: '2.0'\nstages:\n  a: {cmd: x}\n  ? b\n  : {cmd: y}\n",
        "schema: '2.0'\nstages:\n  b: &b\n    cmd: y\n  a:\n    cmd: x",
        "schema: '2.0'\r\nstages:\r\n  a:\r\n    cmd: x\r\n  b:\r\n    cmd: y\r\n",
    ],
    ids=["flow", "json", "wide", "narrow", "question", "anchor", "windows"],
)
def test_a_file_in_another_style_is_understood(text: str, tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_text(text, newline="")
    for name in ("a", "new"):
        assert write_entry(str(file), name, {"cmd": "z"})
    assert {name: entry["cmd"] for name, entry in read_lock(file.read_bytes(), "").stages.items()} == {
        "a": "z",
        "b": "y",
        "new": "z",
    }


def test_a_file_without_stages_gets_them(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_text("schema: '2.0'\n")
    write_entry(str(file), "a", {"cmd": "y"})
    assert file.read_text() == "schema: '2.0'\nstages:\n  a:\n    cmd: y\n"


def test_a_stage_is_taken_out(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_bytes(DVCS)
    assert without_stage(str(file), "prepare")
    assert not without_stage(str(file), "prepare")
    assert list(read_lock(file.read_bytes(), "dvc.lock").stages) == ["featurize", "train", "evaluate"]
    assert not without_stage(str(tmp_path / "nothing.lock"), "prepare")


def test_params_yaml_comes_first_then_files_and_keys_by_name() -> None:
    given = [
        (Params("z.py", ("b",)), {"b": 1}),
        (Params("a.json"), {"d": 1, "c": {"y": 1, "x": 2}}),
        (Params("./params.yaml", ("k",)), {"k": (1, 2)}),
    ]
    made = params_entry(given)
    assert list(made) == ["params.yaml", "a.json", "z.py"]
    assert list(made["a.json"]) == ["c", "d"]
    assert list(made["a.json"]["c"]) == ["y", "x"]


@pytest.mark.parametrize(
    ("item", "entry"),
    [
        (
            Output("o", Oid("a" * 32), size=3, isexec=True),
            {"path": "o", "hash": "md5", "md5": "a" * 32, "size": 3, "isexec": True},
        ),
        (Output("o", Oid("a" * 32, legacy=True), size=3), {"path": "o", "md5": "a" * 32, "size": 3}),
        (Dependency("s3://b/k", etag="e1", size=3), {"path": "s3://b/k", "hash": "md5", "size": 3, "etag": "e1"}),
        (
            Output("o", Oid("a" * 32), cloud={"s3": {"etag": "e"}}),
            {"path": "o", "hash": "md5", "md5": "a" * 32, "cloud": {"s3": {"etag": "e"}}},
        ),
    ],
)
def test_an_entry_says_what_is_known(item: Output | Dependency, entry: dict[str, Any]) -> None:
    assert entry_of(item) == entry
    assert list(entry_of(item)) == list(entry)


def test_a_lock_that_is_not_there_has_no_stages() -> None:
    assert read_lock(None, "dvc.lock").stages == {}
    assert read_lock(b"", "dvc.lock").stage("a") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"schema: '1.0'\n", r"dvc\.lock, line 1: schema is '1\.0'"),
        (
            b"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - pth: o\n",
            r"dvc\.lock, line 6: stages\.a\.outs\[0\]\.pth",
        ),
        (b"<<<<<<< HEAD\nschema: '2.0'\n=======\n>>>>>>> b\n", "merge"),
        (b"schema: '2.0'\nstages: [", r"dvc\.lock, line 3"),
    ],
)
def test_a_lock_that_cannot_be_used_is_told_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_lock(text, "dvc.lock")


def test_the_lock_of_a_pipeline_lies_beside_it() -> None:
    assert lock_path("a/dvc.yaml") == "a/dvc.lock"
