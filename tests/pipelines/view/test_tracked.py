"""What is tracked in repositories that are less plain than most."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from projects import Project
from treering.assembly import open_services
from treering.core.errors import NotSupported, TreeringError
from treering.core.settings import Settings
from treering.entities.lifecycle import RunStatus
from treering.entities.repository import Tracked
from treering.entities.run import NewRun
from treering.experiments.view import ShownRepository
from treering.pipelines.view.recorded import stage_runs
from treering.storage.content.hashing import hash_bytes
from treering.versioning.add import add
from treering.wire.dialect import RawRequest
from treering.wire.native.codec import NATIVE
from treering.wire.native.repository import DATA, FILES, PIPELINE


@pytest.fixture
def shown(project: Project, tmp_path: Path) -> Iterator[ShownRepository]:
    services = open_services(Settings(backend_store_uri="memory://"), tmp_path / "home")
    yield ShownRepository("", project.root, project.environ, services.tracking)
    services.close()


def rows(shown: ShownRepository) -> dict[str, Tracked]:
    return {one.path: one for one in shown.data().outputs}


def test_a_file_of_another_size_is_known_as_modified_without_a_look_into_it(
    project: Project, shown: ShownRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("big.bin", "x" * 100)
    add(project.repo, [project.root / "big.bin"])
    project.write("dvc.yaml", "stages:\n  use:\n    cmd: cat big.bin\n    deps: [big.bin]\n")
    project.write(
        "dvc.lock",
        f"schema: '2.0'\nstages:\n  use:\n    cmd: cat big.bin\n    deps:\n    - path: big.bin\n      hash: md5\n"
        f"      md5: {hash_bytes(b'x' * 100)}\n      size: 100\n",
    )
    project.write("big.bin", "x" * 101)

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("it was read")

    monkeypatch.setattr("treering.versioning.trees.Reader", refuse)
    assert rows(shown)["big.bin"].state == "modified"
    (stage,) = shown.pipeline().stages
    assert (stage.deps[0].state, stage.state) == ("modified", "changed")


def test_what_lies_elsewhere_is_listed_without_being_asked_for(
    project: Project, shown: ShownRepository, tmp_path: Path
) -> None:
    outside = tmp_path / "very" / "private.csv"
    outside.parent.mkdir()
    outside.write_text("x")
    project.write(
        "dvc.yaml",
        "stages:\n  far:\n    cmd: echo\n    deps: ['https://ada:hush@127.0.0.1:9/x', 's3://bucket/in']\n"
        f"    outs: ['s3://key:hush@bucket/out']\n  near:\n    cmd: echo\n    deps: [{outside}]\n",
    )
    project.write("old.dvc", f"outs:\n- md5: {hash_bytes(b'x')}\n  path: {outside}\n  cache: false\n")
    found = rows(shown)
    assert set(found) == {"s3://bucket/out", "…/private.csv"}
    stages = {stage.address: stage for stage in shown.pipeline().stages}
    assert [dep.path for dep in stages["far"].deps] == ["https://127.0.0.1:9/x", "s3://bucket/in"]
    assert stages["near"].deps[0].path == "…/private.csv"
    assert stages["near"].deps[0].made_by == "old.dvc"


def test_imports_tell_where_they_came_from(project: Project, shown: ShownRepository) -> None:
    md5 = hash_bytes(b"x")
    project.write(
        "a.dvc",
        "md5: 0123456789abcdef0123456789abcdef\nfrozen: true\ndeps:\n- path: data/x\n  repo:\n"
        "    url: https://ada:hush@host.example/team/data.git\n    rev_lock: 0123456789abcdef0123456789abcdef01234567\n"
        f"outs:\n- md5: {md5}\n  size: 1\n  path: a\n  desc: what it is\n  type: table\n  labels: [b, a]\n  remote: store\n",
    )
    project.write(
        "b.dvc",
        f"frozen: true\ndeps:\n- etag: '1'\n  path: https://host.example/b?token=hush\nouts:\n- md5: {md5}\n  path: b\n",
    )
    found = rows(shown)
    assert found["a"].imported_from == "https://host.example/team/data.git@0123456"
    assert found["b"].imported_from == "https://host.example/b"
    assert (found["a"].kind, found["a"].desc, found["a"].type, list(found["a"].labels), found["a"].remote) == (
        "import", "what it is", "table", ["b", "a"], "store",
    )  # fmt: skip


def test_what_cannot_be_a_text_or_be_read_fails_no_answer(project: Project, shown: ShownRepository) -> None:
    project.write("data/a", "a")
    add(project.repo, [project.root / "data"])
    project.commit("one")
    (project.root / "data" / os.fsdecode(b"\xff")).write_text("x")
    (project.root / "data" / "loop").symlink_to("loop")
    os.mkfifo(project.root / "data" / "pipe")
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: x\n    deps: [data]\n    params: [data/a: [x]]\n")
    request = RawRequest({}, {}, {}, b"")
    for endpoint, answer in ((DATA, shown.data()), (PIPELINE, shown.pipeline()), (FILES, shown.files("data"))):
        assert NATIVE.encode(endpoint, answer, request).status == 200
    problems = [*shown.data().problems, *shown.pipeline().stages[0].reasons]
    assert any("data" in problem for problem in problems)


def test_metrics_and_params_of_broken_files_fail_no_answer(project: Project, shown: ShownRepository) -> None:
    project.write("params.yaml", "a: [")
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: x\n    params: [a, gone.yaml: [b]]\n")
    project.write(
        "dvc.lock", "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    params:\n      params.yaml:\n        a: 1\n"
    )
    told = shown.pipeline()
    (stage,) = told.stages
    assert stage.state == "changed"
    assert any("params.yaml" in reason for reason in stage.reasons)
    assert any("gone.yaml" in reason for reason in stage.reasons)


@pytest.mark.parametrize("name", ["plain", "it's", 'a "b"'])
def test_the_newest_run_of_each_stage_is_found_by_its_repository(tmp_path: Path, name: str) -> None:
    services = open_services(Settings(backend_store_uri="memory://"), tmp_path / "home")
    runs, root = services.tracking.runs, str(tmp_path / name)
    made = []
    for at, (where, stage) in enumerate([(root, "a"), (root, "b"), (root, "a"), (f"{root}2", "a"), (root, "")]):
        tags = {"treering.pipeline.root": where} | ({"treering.pipeline.stage": stage} if stage else {})
        made.append(runs.create(NewRun("0", start_time=1000 + at, tags=tags)).info.run_id)
    runs.update(made[2], RunStatus.FAILED, 5000)
    assert stage_runs(services.tracking, root) == {"a": (made[2], True), "b": (made[1], False)}
    assert stage_runs(services.tracking, f"{root}'\"") == {}
    services.close()


def test_without_the_program_git_all_is_shown_that_needs_no_history(project: Project, tmp_path: Path) -> None:
    project.write("a", "a")
    add(project.repo, [project.root / "a"])
    project.commit("one")
    services = open_services(Settings(backend_store_uri="memory://"), tmp_path / "home")
    shown = ShownRepository("", project.root, {**project.environ, "PATH": str(tmp_path)}, services.tracking)
    told = shown.info()
    assert told.found
    assert "git" in told.reason
    assert [one.path for one in shown.data().outputs] == ["a"]
    assert shown.pipeline().problem == ""
    for ask in (lambda: shown.versions("a"), lambda: shown.data("HEAD"), shown.experiments):
        with pytest.raises(NotSupported, match="git"):
            ask()
    services.close()


def test_no_error_tells_where_the_repository_lies(project: Project, shown: ShownRepository) -> None:
    project.write("data/a", "a")
    add(project.repo, [project.root / "data"])
    project.commit("one", tag="v1")
    oid = rows(shown)["data"].oid
    object_file = project.repo.cache.root / "files" / "md5" / oid[:2] / oid[2:]
    object_file.chmod(0o644)
    object_file.write_text("damaged")
    with pytest.raises(TreeringError) as failure:
        shown.files("data", "v1")
    assert str(project.root) not in str(failure.value)
    assert failure.value.status in {404, 500}
