"""Versions from histories that are less plain than most."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from projects import Project
from treering.assembly import open_services
from treering.core.errors import NotFound
from treering.core.settings import Settings
from treering.entities.repository import VersionList
from treering.experiments.view import ShownRepository


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def shown(project: Project, tmp_path: Path) -> Iterator[ShownRepository]:
    services = open_services(Settings(backend_store_uri="memory://"), tmp_path / "home")
    yield ShownRepository("", project.root, project.environ, services.tracking)
    services.close()


def pointer(content: str, path: str = "data.csv", more: str = "") -> str:
    return f"outs:\n- md5: {digest(content)}\n  size: {len(content)}\n  hash: md5\n  path: {path}\n{more}"


def lock(content: str, path: str = "data.csv") -> str:
    return (
        f"schema: '2.0'\nstages:\n  other:\n    cmd: echo\n  make:\n    cmd: run\n    outs:\n    - path: {path}\n      hash: md5\n"
        f"      md5: {digest(content)}\n      size: {len(content)}\n"
    )


def told(versions: VersionList) -> list[tuple[str, str]]:
    return [(one.message, one.oid) for one in versions.versions]


def test_what_was_a_pointer_and_became_an_output_is_one_line_of_versions(
    project: Project, shown: ShownRepository
) -> None:
    project.write("data.csv.dvc", pointer("a"))
    project.commit("by hand")
    (project.root / "data.csv.dvc").unlink()
    project.write("dvc.yaml", "stages:\n  make:\n    cmd: run\n    outs: [data.csv]\n  other:\n    cmd: echo\n")
    project.write("dvc.lock", lock("a"))
    project.commit("by a stage, with the same content")
    project.write("dvc.lock", lock("b"))
    project.commit("another content")
    assert told(shown.versions("data.csv")) == [("another content", digest("b")), ("by hand", digest("a"))]


@pytest.mark.parametrize("form", ["flow", "anchors", "quoted", "comments"])
def test_lock_files_of_other_forms_are_read(project: Project, shown: ShownRepository, form: str) -> None:
    texts = {
        "flow": f"{{schema: '2.0', stages: {{make: {{cmd: run, outs: [{{path: data.csv, md5: {digest('b')}, size: 1}}]}}}}}}\n",
        "anchors": (
            f"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs: &o\n    - path: data.csv\n      md5: {digest('b')}\n"
            "  make:\n    cmd: run\n    outs: *o\n"
        ),
        "quoted": lock("b").replace("path: data.csv", r'path: "d\u0061ta.csv"'),
        "comments": "# at the top\n" + lock("b").replace("  make:", "  # of a stage\n  make:"),
    }
    project.write("dvc.yaml", "stages:\n  make:\n    cmd: run\n    outs: [data.csv]\n")
    project.write("dvc.lock", lock("a"))
    project.commit("plain")
    project.write("dvc.lock", texts[form])
    project.commit(form)
    assert told(shown.versions("data.csv")) == [(form, digest("b")), ("plain", digest("a"))]


def test_what_nobody_can_read_in_a_history_is_passed_over(project: Project, shown: ShownRepository) -> None:
    for message, text in (
        ("good", pointer("a")),
        ("conflict", f"<<<<<<< HEAD\n{pointer('a')}=======\n{pointer('b')}>>>>>>> side\n"),
        ("better", pointer("c")),
    ):
        project.write("data.csv.dvc", text)
        project.commit(message)
    versions = told(shown.versions("data.csv"))
    assert versions[0] == ("better", digest("c"))
    assert versions[-1] == ("good", digest("a"))


def test_a_content_that_came_back_is_a_version_again(project: Project, shown: ShownRepository) -> None:
    for content in ("a", "b", "a"):
        project.write("data.csv.dvc", pointer(content))
        project.commit(f"to {content}", tag=f"t{len(project.git('tag').split())}")
    versions = shown.versions("data.csv").versions
    assert [one.message for one in versions] == ["to a", "to b", "to a"]
    assert [one.current for one in versions] == [True, False, False]
    assert [list(one.tags) for one in versions] == [["t0", "t2"], ["t1"], []]


def test_a_merge_that_decides_otherwise_is_a_version_of_its_own(project: Project, shown: ShownRepository) -> None:
    project.write("data.csv.dvc", pointer("a"))
    project.commit("begin")
    project.git("checkout", "--quiet", "-b", "side")
    project.write("data.csv.dvc", pointer("side"))
    project.commit("side")
    project.git("checkout", "--quiet", "main")
    project.write("data.csv.dvc", pointer("main"))
    project.commit("main")
    project.run("git", "merge", "--quiet", "side", check=False)
    project.write("data.csv.dvc", pointer("both"))
    project.commit("merged")
    versions = told(shown.versions("data.csv"))
    assert versions[0] == ("merged", digest("both"))
    assert {message for message, _ in versions} == {"merged", "main", "side", "begin"}
    assert len(versions) == 4


def test_a_repository_in_a_folder_of_git_has_its_own_paths(project: Project, shown: ShownRepository) -> None:
    project.write("inner/.dvc/config", "")
    project.write("inner/data.csv.dvc", pointer("inner"))
    project.write("data.csv.dvc", pointer("outer"))
    project.commit("both")
    inner = ShownRepository("", project.root / "inner", project.environ, shown._tracking)
    assert [oid for _, oid in told(inner.versions("data.csv"))] == [digest("inner")]
    assert [oid for _, oid in told(shown.versions("data.csv"))] == [digest("outer")]


def test_strange_names_and_words_are_told(project: Project, shown: ShownRepository) -> None:
    for name in ("-x", "a b", "ä", "*", ":x", "'q'", "new\nline"):
        project.write(
            f"{name}.dvc", f"outs:\n- md5: {digest(name)}\n  path: {name!r}\n".replace("'new\\nline'", '"new\\nline"')
        )
    project.git("add", "--all")
    # In a coding that Git is not told of.
    project.run("git", "-c", "i18n.commitEncoding=UTF-8", "commit", "--quiet", "-m", "\udcff strange")
    for name in ("-x", "a b", "ä", "*", ":x"):
        versions = shown.versions(name).versions
        assert [one.oid for one in versions] == [digest(name)]
        versions[0].message.encode()


def test_in_what_is_tracked_as_a_whole_there_are_no_versions_of_parts(project: Project, shown: ShownRepository) -> None:
    project.write("data.dvc", f"outs:\n- md5: {digest('x')}.dir\n  path: data\n")
    project.commit("folder")
    with pytest.raises(NotFound, match="tracked as a whole"):
        shown.versions("data/inner.csv")
