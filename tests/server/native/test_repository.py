"""The repository that a server shows: through a real server, as a page asks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import pytest

from projects import Project, make_project
from server_process import Launch, wait_until
from treering.assembly import Services, open_services
from treering.core.settings import Settings
from treering.pipelines.reproduce import ReproFailed, ReproOptions, reproduce
from treering.pipelines.tracked import TrackedRuns, TrackOptions
from treering.versioning.add import add

Site = Any  # of conftest.py, which tests cannot import

PIPELINE = """\
stages:
  prep:
    cmd: mkdir -p ready && cat raw/*.txt > ready/all.txt && echo prepared
    deps: [raw]
    outs: [ready]
  train:
    cmd: cat ready/all.txt > model.bin && echo '{"acc":0.5}' > metrics.json
    deps: [ready/all.txt]
    params: [lr]
    outs: [model.bin]
    metrics:
    - metrics.json:
        cache: false
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Tracked data and a pipeline that has run, committed."""
    project = make_project(tmp_path)
    for name in ("a", "b", "deep/c"):
        project.write(f"raw/{name}.txt", name)
    add(project.repo, [project.root / "raw"])
    project.write("dvc.yaml", PIPELINE)
    project.write("params.yaml", "lr: 0.1\n")
    reproduce(project.repo, (), ReproOptions(captured=True))
    project.commit("first", tag="v1")
    return project


@pytest.fixture
def settings(tmp_path: Path, project: Project) -> Settings:
    return Settings(home=str(tmp_path / "home"), backend_store_uri="memory://", repository=str(project.root))


def ask(site: Site, what: str = "", **query: str | int) -> Any:
    reply = get(site, what, **query)
    assert reply.status == 200, reply.body
    return reply.json()


def get(site: Site, what: str = "", **query: str | int) -> Any:
    return site.ask("GET", f"/api/v1/repository{what and '/'}{what}?{urlencode(query)}")


def by_path(rows: Any) -> dict[str, Any]:
    return {row["path"]: row for row in rows}


def stages_of(site: Site, rev: str = "") -> dict[str, Any]:
    return {stage["address"]: stage for stage in ask(site, "pipeline", rev=rev)["stages"]}


def test_it_tells_which_repository_it_is(site: Site, project: Project) -> None:
    head = project.git("rev-parse", "HEAD")
    told = ask(site)
    assert told == {
        "found": True, "name": "project", "path_hint": "project", "revision": head, "branch": "main",
        "changed": False, "remotes": [], "reason": "",
    }  # fmt: skip
    project.write("dvc.yaml", PIPELINE + "\n")
    assert ask(site)["changed"] is True


def test_nothing_secret_and_no_path_of_the_disk_is_told_of_remotes(site: Site, project: Project) -> None:
    project.write(
        ".dvc/config",
        "[core]\n    remote = near\n['remote \"near\"']\n    url = /srv/very/private/store\n"
        "['remote \"web\"']\n    url = https://ada:hush@host.example/data?sig=hush2#hush3\n"
        "['remote \"ssh\"']\n    url = ssh://ada:hush4@host.example:22/data\n    password = hush5\n",
    )
    body = get(site).body.decode()
    assert "hush" not in body
    assert "/srv" not in body
    remotes = {one["name"]: one for one in json.loads(body)["remotes"]}
    assert remotes["near"] == {"name": "near", "url": "…/store", "default": True}
    assert remotes["web"]["url"] == "https://host.example/data"
    assert remotes["ssh"]["url"] == "ssh://host.example:22/data"


def test_everything_that_is_tracked_is_listed_with_its_state(site: Site, project: Project) -> None:
    rows = by_path(ask(site, "data")["outputs"])
    assert list(rows) == ["metrics.json", "model.bin", "raw", "ready"]
    assert {path: row["kind"] for path, row in rows.items()} == {
        "metrics.json": "metric", "model.bin": "output", "raw": "data", "ready": "output",
    }  # fmt: skip
    assert rows["raw"]["source"] == "raw.dvc"
    assert (rows["raw"]["size"], rows["raw"]["files"], rows["raw"]["is_dir"]) == (8, 3, True)
    assert rows["model.bin"]["source"] == "dvc.yaml:train"
    assert {row["state"] for row in rows.values()} == {""}
    project.write("raw/new.txt", "new")
    (project.root / "model.bin").unlink()
    project.write("metrics.json", '{"acc":0.75}\n')
    rows = by_path(ask(site, "data")["outputs"])
    assert (rows["raw"]["state"], rows["model.bin"]["state"], rows["metrics.json"]["state"]) == (
        "modified", "deleted", "modified",
    )  # fmt: skip


def test_what_is_not_in_the_cache_is_told_so(site: Site, project: Project) -> None:
    for file in project.repo.cache.root.rglob("*"):
        if file.is_file():
            file.unlink()
    rows = by_path(ask(site, "data")["outputs"])
    assert rows["model.bin"]["state"] == rows["raw"]["state"] == "not in cache"
    assert by_path(ask(site, "data", rev="v1")["outputs"])["raw"]["state"] == "not in cache"
    reply = get(site, "files", path="raw", rev="v1")
    assert reply.status == 404
    assert "treering data fetch --all-commits raw" in reply.json()["message"]
    # A folder that lies here as it should tells its files as well as the cache.
    assert ask(site, "files", path="raw")["total"] == 3
    reply = get(site, "content", path="model.bin")
    assert reply.status == 404
    assert "pull" in reply.json()["message"]


def test_the_versions_of_data_are_those_of_its_pointer_in_git(site: Site, project: Project) -> None:
    first = ask(site, "versions", path="raw")["versions"]
    project.write("raw/d.txt", "d")
    add(project.repo, [project.root / "raw"])
    second = project.commit("more data")
    project.write("README", "of no meaning to data")
    project.commit("words")
    project.write("raw/e.txt", "e")
    add(project.repo, [project.root / "raw"])
    versions = ask(site, "versions", path="raw")["versions"]
    assert [one["message"] for one in versions] == ["", "more data", "first"]
    assert [one["files"] for one in versions] == [5, 4, 3]
    assert [one["current"] for one in versions] == [True, False, False]
    assert versions[0]["revision"] == ""
    assert versions[1]["revision"] == second
    assert (versions[1]["branches"], versions[1]["tags"]) == (["main"], [])
    assert (versions[2]["branches"], versions[2]["tags"]) == ([], ["v1"])
    assert versions[2]["oid"] == first[0]["oid"]
    assert versions[2]["author"] == "Ada"
    assert versions[2]["at"] > 1_500_000_000_000


def test_the_versions_of_an_output_are_those_of_its_entry_in_the_lock_file(site: Site, project: Project) -> None:
    project.write("params.yaml", "lr: 0.2\n")
    reproduce(project.repo, (), ReproOptions(captured=True))
    project.commit("another rate, the same model")
    assert [one["message"] for one in ask(site, "versions", path="model.bin")["versions"]] == ["first"]
    project.write("raw/a.txt", "other")
    add(project.repo, [project.root / "raw"])
    reproduce(project.repo, (), ReproOptions(captured=True))
    project.commit("other data")
    assert [one["message"] for one in ask(site, "versions", path="model.bin")["versions"]] == ["other data", "first"]


def test_branches_that_differ_and_their_merge_give_each_version_once(site: Site, project: Project) -> None:
    project.git("checkout", "--quiet", "-b", "side")
    project.write("raw/side.txt", "side")
    add(project.repo, [project.root / "raw"])
    project.commit("on the side")
    project.git("checkout", "--quiet", "main")
    project.write("README", "x")
    project.commit("on main")
    project.git("merge", "--quiet", "--no-edit", "side")
    versions = ask(site, "versions", path="raw")["versions"]
    assert [one["message"] for one in versions] == ["on the side", "first"]
    assert versions[0]["branches"] == ["main", "side"]


def test_data_that_was_removed_has_versions_still(site: Site, project: Project) -> None:
    (project.root / "raw.dvc").unlink()
    project.commit("no data any more")
    versions = ask(site, "versions", path="raw")["versions"]
    assert [(one["message"], bool(one["oid"])) for one in versions] == [("no data any more", False), ("first", True)]
    assert get(site, "versions", path="never").status == 404


def test_a_folder_is_listed_level_by_level(site: Site) -> None:
    told = ask(site, "files", path="raw")
    assert [(row["path"], row["is_dir"], row["size"]) for row in told["files"]] == [
        ("raw/deep", True, None), ("raw/a.txt", False, 1), ("raw/b.txt", False, 1),
    ]  # fmt: skip
    assert (told["total"], told["next"]) == (3, "")
    assert [row["path"] for row in ask(site, "files", path="raw", under="deep")["files"]] == ["raw/deep/c.txt"]
    assert [row["path"] for row in ask(site, "files", path="raw/deep", rev="v1")["files"]] == ["raw/deep/c.txt"]
    assert [row["path"] for row in ask(site, "files", path="model.bin")["files"]] == ["model.bin"]
    assert get(site, "files", path="raw", under="nothing").status == 404
    assert get(site, "files", path="raw", start="-1").status == 400


def test_a_folder_of_many_files_comes_in_pages(site: Site, project: Project) -> None:
    many = project.root / "many"
    many.mkdir()
    for number in range(2500):
        (many / f"{number:05d}.txt").write_text(str(number))
    (many / "inner").mkdir()
    (many / "inner" / "x").write_text("x")
    add(project.repo, [many])
    found: list[str] = []
    start = ""
    for _ in range(5):
        page = ask(site, "files", path="many", start=start)
        assert page["total"] == 2501
        found += [row["path"] for row in page["files"]]
        start = page["next"]
        if not start:
            break
    assert found == ["many/inner", *(f"many/{number:05d}.txt" for number in range(2500))]
    assert by_path(ask(site, "data")["outputs"])["many"]["files"] == 2501


def test_two_revisions_are_compared_file_by_file(site: Site, project: Project) -> None:
    project.write("raw/a.txt", "longer")
    (project.root / "raw" / "b.txt").rename(project.root / "raw" / "moved.txt")
    (project.root / "raw" / "deep" / "c.txt").unlink()
    project.write("raw/new.txt", "new")
    for other in ("", "v2"):
        told = ask(site, "diff", path="raw", a="v1", b=other)
        assert told["modified"] == [{"path": "raw/a.txt", "old_path": "", "size_before": 1, "size_after": 6}]
        assert told["renamed"] == [
            {"path": "raw/moved.txt", "old_path": "raw/b.txt", "size_before": 1, "size_after": 1}
        ]
        assert [row["path"] for row in told["deleted"]] == ["raw/deep/c.txt"]
        assert [(row["path"], row["size_after"]) for row in told["added"]] == [("raw/new.txt", 3)]
        assert told["counts"] == {"added": 1, "deleted": 1, "modified": 1, "renamed": 1, "unchanged": 0}
        if not other:
            add(project.repo, [project.root / "raw"])
            project.commit("two", tag="v2")
    part = ask(site, "diff", path="raw/deep", a="v1", b="v2")
    assert part["counts"]["deleted"] == 1
    assert part["counts"]["added"] == 0
    assert ask(site, "diff", path="model.bin", a="v1")["counts"]["unchanged"] == 1


def test_the_bytes_of_a_tracked_file_come_from_the_cache(site: Site, project: Project) -> None:
    project.write("raw/a.txt", "changed since")
    reply = get(site, "content", path="raw", under="a.txt")
    assert (reply.status, reply.body) == (200, b"a")
    assert get(site, "content", path="raw/deep/c.txt", rev="v1").body == b"deep/c"
    # What is not cached, Git has.
    project.write("metrics.json", '{"acc":1}')
    assert get(site, "content", path="metrics.json").body == b'{"acc":1}'
    assert get(site, "content", path="metrics.json", rev="v1").body == b'{"acc":0.5}\n'
    part = site.ask("GET", "/api/v1/repository/content?path=model.bin", headers={"range": "bytes=1-2"})
    assert (part.status, part.body) == (206, b"b")
    assert get(site, "content", path="raw").status == 404
    assert get(site, "content", path="raw", under="deep").status == 404


def test_a_page_in_the_data_runs_nothing_in_a_browser(site: Site, project: Project) -> None:
    project.write("page.html", "<script>alert(1)</script>")
    project.write("picture.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    add(project.repo, [project.root / "page.html", project.root / "picture.svg"])
    for path in ("page.html", "picture.svg"):
        reply = get(site, "content", path=path)
        assert reply.headers["content-disposition"].startswith("attachment")
        assert reply.headers["content-security-policy"] == "sandbox"
        assert reply.headers["x-content-type-options"] == "nosniff"
    shown = get(site, "content", path="page.html", preview="true")
    assert shown.headers["content-disposition"].startswith("inline")
    assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "raw/../../secret", "raw/./a", "raw//a", "a\\b", "a\0b", ".."]
)
@pytest.mark.parametrize("what", ["files", "content", "versions", "diff"])
def test_a_path_that_climbs_is_refused(site: Site, tmp_path: Path, path: str, what: str) -> None:
    (tmp_path / "secret").write_text("hush")
    more = {"a": "v1"} if what == "diff" else {}
    for query in ({"path": path}, {"path": "raw", "under": path}):
        if "under" in query and what not in {"files", "content"}:
            continue
        reply = get(site, what, **query, **more)
        assert reply.status == 400, reply.body
        assert b"hush" not in reply.body


@pytest.mark.parametrize("rev", ["--output=x", "-x", "nothing", "HEAD\nHEAD", "v1:raw.dvc", ":/first --", "@{u}", "\0"])
def test_a_revision_that_is_none_is_not_found_and_no_option(site: Site, project: Project, rev: str) -> None:
    before = sorted(project.root.iterdir())
    for what in ("data", "pipeline"):
        assert get(site, what, rev=rev).status == 404, rev
    assert get(site, "files", path="raw", rev=rev).status == 404
    assert get(site, "content", path="raw/a.txt", rev=rev).status == 404
    assert get(site, "diff", path="raw", a=rev).status == 404
    assert sorted(project.root.iterdir()) == before


def test_the_pipeline_is_shown_with_its_edges(site: Site) -> None:
    told = ask(site, "pipeline")
    assert [stage["address"] for stage in told["stages"]] == ["prep", "train"]
    assert told["edges"] == [{"source": "prep", "target": "train", "paths": ["ready"]}]
    assert told["problem"] == ""
    prep, train = told["stages"]
    assert (prep["state"], train["state"]) == ("unchanged", "unchanged")
    assert prep["deps"][0]["made_by"] == "raw.dvc"
    assert train["deps"][0] | {"oid": ""} == {
        "path": "ready/all.txt", "oid": "", "size": 2, "state": "", "made_by": "prep", "kind": "",
    }  # fmt: skip
    assert [out["kind"] for out in train["outs"]] == ["output", "metric"]
    assert train["params"] == [{"file": "params.yaml", "key": "lr", "value": "0.1", "state": ""}]
    assert train["cmd"] == ["cat ready/all.txt > model.bin && echo '{\"acc\":0.5}' > metrics.json"]
    assert prep["has_log"] is True
    assert prep["duration"] >= 0
    assert prep["last_run"] > 1_500_000_000_000


def test_a_stage_tells_why_it_would_run(site: Site, project: Project) -> None:
    project.write("params.yaml", "lr: 0.2\n")
    project.write("raw/a.txt", "other")
    stages = stages_of(site)
    assert (stages["prep"]["state"], stages["train"]["state"]) == ("changed", "changed")
    assert stages["prep"]["reasons"] == ["The dependency raw is modified."]
    assert stages["train"]["reasons"] == ["The parameter lr of params.yaml is modified."]
    assert stages["train"]["params"][0] == {
        "file": "params.yaml", "key": "lr", "value": "0.2", "state": "modified",
    }  # fmt: skip
    # What was committed is as it was.
    assert stages_of(site, "v1")["train"]["state"] == "unchanged"
    assert stages_of(site, "v1")["train"]["params"][0]["value"] == "0.1"
    project.write(
        "dvc.yaml", PIPELINE.replace("echo prepared", "echo done").replace("  train:", "  train:\n    frozen: true")
    )
    stages = stages_of(site)
    assert "The command has changed." in stages["prep"]["reasons"]
    assert stages["train"]["state"] == "frozen"
    project.write("dvc.yaml", PIPELINE + "  new:\n    cmd: echo\n    outs: [new.txt]\n")
    assert stages_of(site)["new"]["state"] == "never run"


def test_what_a_stage_printed_is_read_from_where_one_was(site: Site) -> None:
    told = ask(site, "log", stage="prep")
    assert told | {"log": ""} == {"text": "prepared\n", "start": 0, "end": 9, "running": False, "log": ""}
    assert ask(site, "log", stage="prep", start=5)["text"] == "red\n"
    assert ask(site, "log", stage="prep", start=9)["text"] == ""
    # Another run, whose log is shorter.
    assert ask(site, "log", stage="prep", start=10_000)["start"] == 0
    assert get(site, "log", stage="prep", start=-1).status == 400
    for stage in ("nothing", "", ".", "..", "../logs/prep", "/etc"):
        assert get(site, "log", stage=stage).status == 404, stage


def test_a_stage_that_failed_says_so(site: Site, project: Project) -> None:
    project.write("dvc.yaml", PIPELINE.replace("echo prepared", "echo oh no; exit 3"))
    with pytest.raises(ReproFailed):
        reproduce(project.repo, (), ReproOptions(captured=True))
    stages = stages_of(site)
    assert stages["prep"]["state"] == "failed"
    assert ask(site, "log", stage="prep")["text"] == "oh no\n"
    project.write("dvc.yaml", PIPELINE)
    reproduce(project.repo, (), ReproOptions(captured=True))
    assert stages_of(site)["prep"]["state"] == "unchanged"


def opened_by_a_reader(gate: Path, process: subprocess.Popen[bytes]) -> IO[str]:
    """The end of a pipe to write to, as soon as the command of a stage reads from it: then it runs."""
    found: list[int] = []

    def is_read() -> bool:
        assert process.poll() is None, "it ended"
        with suppress(OSError):
            found.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return bool(found)

    wait_until(is_read)
    return os.fdopen(found[0], "w")


def test_a_stage_that_runs_is_followed_by_pages_meanwhile(site: Site, project: Project) -> None:
    """Beside a `treering repro` of another process, which has the repository locked now and then."""
    os.mkfifo(project.root / "gate")
    project.write(
        "dvc.yaml",
        "stages:\n  slow:\n    cmd: echo begun >&1; printf 'ä'; cat gate > slow.txt; echo over\n    deps: [raw]\n"
        "    outs: [slow.txt]\n  next:\n    cmd: cat slow.txt\n    deps: [slow.txt]\n",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", "from treering.cli.main import main; main()", "repro", "slow"],
        cwd=project.root,
        env={**os.environ, **project.environ},
        stdout=subprocess.DEVNULL,
    )
    try:
        with opened_by_a_reader(project.root / "gate", process) as gate:
            gate.write("data")
            gate.flush()
            stages = stages_of(site)
            assert stages["slow"]["state"] == "running"
            assert stages["slow"]["duration"] is None
            # What was printed before is on its way through a pipe.
            wait_until(lambda: ask(site, "log", stage="slow")["text"] == "begun\nä")
            text = ask(site, "log", stage="slow")
            assert text["running"]
            assert by_path(ask(site, "data")["outputs"])["slow.txt"]["state"] == ""
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert stages_of(site)["slow"]["state"] == "unchanged"
    more = ask(site, "log", stage="slow", start=text["end"])
    assert (more["text"], more["running"], more["log"]) == ("over\n", False, text["log"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages:\n  a: [\n", "dvc.yaml"),
        ("stages:\n<<<<<<< HEAD\n  a:\n    cmd: x\n=======\n  b:\n    cmd: y\n>>>>>>> side\n", "conflict"),
        ("stages:\n  a:\n    cmd: ${missing}\n", "missing"),
        (
            "stages:\n  a:\n    cmd: x\n    deps: [y]\n    outs: [z]\n  b:\n    cmd: x\n    deps: [z]\n    outs: [y]\n",
            "cycle",
        ),
        ("stages:\n  a:\n    cmd: x\n    outs: [raw/a.txt]\n", "raw"),
        ("just text", "dvc.yaml"),
    ],
)
def test_a_pipeline_that_cannot_be_used_is_a_problem_in_words(
    site: Site, project: Project, text: str, said: str
) -> None:
    project.write("dvc.yaml", text)
    told = ask(site, "pipeline")
    assert said in told["problem"]
    assert str(project.root) not in json.dumps(told)
    listed = ask(site, "data")
    assert "raw" in by_path(listed["outputs"])
    assert ask(site, "versions", path="raw")["versions"]
    assert ask(site)["found"] is True


def test_a_broken_pointer_and_a_broken_config_are_problems_in_words(site: Site, project: Project) -> None:
    project.write("bad.dvc", "outs:\n- md5: zzz\n  path: x\n")
    told = ask(site, "data")
    assert "bad.dvc" in told["problems"][0]
    assert str(project.root) not in json.dumps(told)
    (project.root / "bad.dvc").unlink()
    project.write(".dvc/config", "[core\nremote")
    told = ask(site)
    assert told["found"] is True
    assert "config" in told["reason"]
    assert str(project.root) not in json.dumps(told)
    for what in ("data", "pipeline", "experiments"):
        assert get(site, what).status in {200, 400}


def test_a_lock_file_with_conflicts_is_a_problem_in_words(site: Site, project: Project) -> None:
    project.write("dvc.lock", "<<<<<<< HEAD\nschema: '2.0'\n=======\n>>>>>>> side\n")
    assert "dvc.lock" in ask(site, "pipeline")["problem"]
    assert ask(site, "data")["problems"]


def test_no_repository_is_told_with_how_to_begin(
    start: Callable[..., Site], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    for named, said in (
        ("", "treering data init"),
        ("none", "none"),
        (str(empty / "gone"), "gone"),
        (str(empty), "empty"),
    ):
        services = open_services(replace(settings, repository=named), tmp_path / "home")
        site = start(services)
        told = ask(site)
        assert told["found"] is False
        assert said in told["reason"]
        assert str(tmp_path) not in told["reason"]
        for what in (
            "data",
            "pipeline",
            "experiments",
            "files?path=x",
            "content?path=x",
            "versions?path=x",
            "log?stage=x",
        ):
            assert site.ask("GET", f"/api/v1/repository/{what}").status == 404
        services.close()


def test_a_repository_without_git_has_no_versions_to_look_back_to(
    start: Callable[..., Site], settings: Settings, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "plain", git=False)
    project.write("x.txt", "x")
    add(project.repo, [project.root / "x.txt"])
    services = open_services(replace(settings, repository=str(project.root)), tmp_path / "home")
    site = start(services)
    told = ask(site)
    assert (told["found"], told["revision"], told["branch"]) == (True, "", "")
    assert "Git" in told["reason"]
    versions = ask(site, "versions", path="x.txt")["versions"]
    assert [(one["revision"], one["current"]) for one in versions] == [("", True)]
    assert ask(site, "experiments")["revisions"] == []
    assert get(site, "data", rev="HEAD").status in {404, 501}
    assert get(site, "content", path="x.txt").body == b"x"
    services.close()


def test_a_repository_without_a_commit_is_shown(start: Callable[..., Site], settings: Settings, tmp_path: Path) -> None:
    project = make_project(tmp_path / "new")
    services = open_services(replace(settings, repository=str(project.root)), tmp_path / "home")
    site = start(services)
    assert ask(site)["revision"] == ""
    assert ask(site, "data")["outputs"] == []
    assert ask(site, "pipeline") == {"stages": [], "edges": [], "problem": ""}
    assert ask(site, "experiments")["revisions"] == []
    services.close()


def test_looking_changes_nothing_that_anybody_else_sees(site: Site, project: Project) -> None:
    project.write("raw/a.txt", "other")

    def seen() -> list[Any]:
        kept = [file for file in project.root.rglob("*") if not {".git", "tmp"}.intersection(file.parts)]
        files = [(file, file.stat().st_mtime_ns, file.stat().st_ino) for file in sorted(kept)]
        tmp = sorted((project.root / ".dvc" / "tmp").iterdir())
        return [files, tmp, project.git("status", "--porcelain")]

    before = seen()
    for what in ("", "data", "pipeline", "experiments", "versions?path=raw", "files?path=raw", "diff?path=raw&a=v1"):
        assert site.ask("GET", f"/api/v1/repository{what and '/'}{what}").status == 200, what
    assert seen() == before


def test_looking_does_not_wait_for_whoever_has_the_repository(site: Site, project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from treering.versioning.repository import find_repository\n"
        "with find_repository(Path('.'), {}).lock():\n    print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=project.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        for what in (
            "",
            "data",
            "pipeline",
            "experiments",
            "versions?path=raw",
            "files?path=raw",
            "diff?path=raw&a=v1",
        ):
            assert site.ask("GET", f"/api/v1/repository{what and '/'}{what}").status == 200, what
        process.communicate()


def test_many_may_ask_at_once_while_the_repository_changes(site: Site, project: Project) -> None:
    stop = threading.Event()
    replies: list[tuple[str, int]] = []

    def looking(what: str) -> None:
        while not stop.is_set():
            replies.append((what, site.ask("GET", f"/api/v1/repository/{what}").status))

    threads = [
        threading.Thread(target=looking, args=(what,))
        for what in ("data", "pipeline", "files?path=raw", "versions?path=raw", "diff?path=raw&a=v1", "experiments")
    ]
    for thread in threads:
        thread.start()
    for number in range(6):
        project.write(f"raw/{number}.txt", str(number))
        add(project.repo, [project.root / "raw"])
        reproduce(project.repo, (), ReproOptions(captured=True))
        project.commit(f"change {number}")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert {status for _, status in replies} == {200}, [one for one in replies if one[1] != 200][:5]
    assert len(ask(site, "versions", path="raw")["versions"]) == 7


def test_the_server_shows_the_repository_that_it_was_started_in(launch: Launch, project: Project) -> None:
    (project.root / "inner").mkdir()
    # The folder in which the home lies is the one that it is started in.
    server = launch("--port", "0", home="project/inner/home").wait_ready()
    assert server.ask("/api/v1/repository")["name"] == "project"


def test_the_server_shows_the_repository_that_it_is_told(launch: Launch, project: Project) -> None:
    server = launch("--port", "0", "--repository", str(project.root / ".dvc")).wait_ready()
    assert server.ask("/api/v1/repository")["name"] == "project"


def tracked(project: Project, services: Services) -> None:
    runs = TrackedRuns(project.repo, services.tracking, TrackOptions(user="ada"))
    with runs:
        reproduce(project.repo, (), ReproOptions(force=True, environment=runs.environment, captured=True), runs)


def test_data_and_stages_lead_to_the_runs_that_recorded_them(site: Site, project: Project) -> None:
    tracked(project, site.services)
    rows = by_path(ask(site, "data")["outputs"])
    assert rows["raw"]["dataset"] == f"datasets:/raw/{rows['raw']['oid']}"
    assert rows["raw"]["runs"] == 1
    # Made by one stage, read by the other.
    assert rows["ready"]["runs"] == 2
    assert rows["metrics.json"]["dataset"] == ""
    versions = ask(site, "versions", path="raw")["versions"]
    assert (versions[0]["dataset"], versions[0]["runs"]) == (rows["raw"]["dataset"], 1)
    run_id = stages_of(site)["train"]["run_id"]
    assert site.services.tracking.runs.get(run_id).info.run_name == "train"
