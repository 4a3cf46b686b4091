"""Verbs of data, called in both command lines; the texts are those that real DVC prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Write = Callable[[str, str], None]

MODIFIED = (
    "b.dvc:\n\tchanged outs:\n\t\tmodified:           b\n"
    "d.dvc:\n\tchanged outs:\n\t\tmodified:           d\n"
)  # fmt: skip
UNCOMMITTED = """\
DVC uncommitted changes:
  (use "dvc commit <file>..." to track changes)
  (use "dvc checkout <file>..." to discard changes)
        modified: b
        modified: d/
        added: d/new
"""


def remove(*paths: str) -> None:
    for path in map(Path, paths):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_init_says_what_to_do_next_and_is_refused_the_second_time(apart: Path, dvc: Command) -> None:
    assert dvc("init").out.startswith("Initialized DVC repository.\n")
    assert (apart / ".dvc" / "config").read_text() == ""
    assert "'-f'" in dvc("init", code=1).err.replace("`", "'")
    assert dvc("init", "-f", "-q").out == ""
    assert dvc("root").out == ".\n"


def test_init_needs_git_unless_told_otherwise(apart: Path, dvc: Command) -> None:
    shutil.rmtree(apart / ".git")
    assert "--no-scm" in dvc("init", code=1).err
    dvc("init", "--no-scm")
    assert dvc("config", "core.no_scm").out == "True\n"


@pytest.mark.usefixtures("repo")
def test_add_tells_what_git_has_to_be_shown(dvc: Command, write: Write) -> None:
    write("b c", "bee\n")
    expected = (
        "\nTo track the changes with git, run:\n\n\tgit add .gitignore 'b c.dvc'\n"
        "\nTo enable auto staging, run:\n\n\tdvc config core.autostage true\n"
    )
    assert dvc("add", "b c").out == expected
    assert dvc("add", "b c").out == ""


@pytest.mark.usefixtures("repo")
def test_hints_name_the_command_line_that_was_called(treering: Command, write: Write) -> None:
    write("b", "bee\n")
    assert treering("data", "add", "b").out.endswith("\n\ttreering data config core.autostage true\n")
    write("b", "bumblebee\n")
    assert '(use "treering data commit <file>..." to track changes)' in treering("data", "status").out


@pytest.mark.usefixtures("repo")
def test_add_shows_git_itself_where_the_config_says_so(dvc: Command, write: Write) -> None:
    dvc("config", "core.autostage", "true")
    write("b", "bee\n")
    assert dvc("add", "b").out == ""
    staged = subprocess.run(["git", "diff", "--cached", "--name-only"], capture_output=True, text=True, check=True)
    assert staged.stdout.split() == [".gitignore", "b.dvc"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-o", "x", "b", "d"], "multiple targets can't be used with --out"),
        (["--to-remote", "b", "d"], "multiple targets can't be used with --to-remote"),
        (["-o", "x", "--glob", "b"], "--glob option can't be used with --out"),
        (["-o", "x", "--no-commit", "b"], "--no-commit option can't be used with --out"),
        (["-r", "up", "b"], "--remote can't be used without --to-remote"),
        (["--remote-jobs", "2", "b"], "--remote-jobs can't be used without --to-remote"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("stocked")
def test_add_refuses_options_that_do_not_go_together(
    dvc: Command, treering: Command, arguments: list[str], told: str
) -> None:
    assert told in dvc("add", *arguments, code=1).err
    assert told in treering("data", "add", *arguments, code=2).err


@pytest.mark.usefixtures("repo")
def test_add_as_json(treering: Command, write: Write) -> None:
    write("d/a", "a\n")
    write("b", "bee\n")
    added = treering("data", "add", "--json", "d", "b").json
    assert added == [
        {"pointer": "d.dvc", "path": "d", "md5": _md5("d.dvc"), "size": 2, "nfiles": 1},
        {"pointer": "b.dvc", "path": "b", "md5": _md5("b.dvc"), "size": 4, "nfiles": None},
    ]
    assert added[0]["md5"].endswith(".dir")


def _md5(pointer: str) -> str:
    return Path(pointer).read_text().partition("md5: ")[2].partition("\n")[0]


@pytest.mark.usefixtures("stocked")
def test_what_changed_is_told_by_status(dvc: Command, write: Write) -> None:
    assert dvc("status").out == "Data and pipelines are up to date.\n"
    assert (dvc("status", "--json").out, dvc("status", "-q").out) == ("{}\n", "")
    write("b", "changed\n")
    write("d/new", "n\n")
    assert dvc("status").out == MODIFIED
    assert dvc("status", "--json").out == (
        '{"b.dvc": [{"changed outs": {"b": "modified"}}], "d.dvc": [{"changed outs": {"d": "modified"}}]}\n'
    )
    assert dvc("status", "-q", code=1).out == ""
    assert dvc("data", "status", "--granular").out == UNCOMMITTED
    changes = {"uncommitted": {"modified": ["b", "d/"], "added": ["d/new"]}}
    assert dvc("data", "status", "--granular", "--json").json == changes


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("data add", 2, "TARGETS"),
        ("data fetch --jobs 0", 2, "x>=1"),
        ("data gc --grace soon --dry", 2, "'soon' is no age"),
        ("data verify --remote up", 2, "--remote goes with --cloud"),
        ("data verify --cloud --remote nothing", 1, "There is no remote 'nothing'. Configured are: up."),
        ("data add nothing", 1, "'nothing' does not exist"),
        ("data du . nothing", 1, "There is no file or folder 'nothing'"),
        ("repro --jobs 0", 2, "x>=1"),
        ("repro --resource gpu", 2, "gpu=2"),
        ("repro nothing", 1, "'dvc.yaml' does not exist"),
        ("pipeline stage add true", 2, "--name"),
        ("pipeline freeze nothing", 1, "'dvc.yaml' does not exist"),
        ("pipeline metrics show nothing.json", 1, "There is no file 'nothing.json'"),
        ("pipeline plots show nothing.csv", 1, "'nothing.csv' cannot be drawn"),
        ("exp push", 2, "GIT_REMOTE"),
        ("exp apply nothing", 1, "`treering exp list --all-commits`"),
        ("exp queue logs nothing", 1, "`treering exp queue status`"),
        ("exp nothing", 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_status(treering: Command, words: str, code: int, told: str) -> None:
    ended = treering(*words.split(), code=code)
    assert told in ended.err
    assert ended.out == ""


@pytest.mark.usefixtures("stocked")
def test_hints_name_the_commands_that_the_user_uses(dvc: Command, treering: Command, write: Write) -> None:
    write("b", "changed\n")
    write("new", "n\n")
    theirs = dvc("data", "status", "--untracked-files").out
    ours = treering("data", "status", "--untracked-files").out
    assert re.findall(r'use "(.*?)"', theirs) == [
        "dvc commit <file>...", "dvc checkout <file>...", "git add <file> ...",
    ]  # fmt: skip
    assert re.findall(r'use "(.*?)"', ours) == [
        "treering data commit <file>...", "treering data checkout <file>...", "treering data add <file>...",
    ]  # fmt: skip
    assert "dvc" not in ours.replace("b.dvc", "").lower()
    assert "\ttreering data config core.autostage true\n" in treering("data", "add", "new").out


@pytest.mark.usefixtures("stocked")
def test_paths_are_those_from_where_the_user_stands(
    dvc: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("b", "changed\n")
    monkeypatch.chdir("d")
    assert dvc("status").out == "../b.dvc:\n\tchanged outs:\n\t\tmodified:           ../b\n"
    assert dvc("checkout", "-f").out == "M       ../b\n"
    assert dvc("root").out == "..\n"
    assert dvc("--cd", "..", "root").out == ".\n"


@pytest.mark.usefixtures("repo")
def test_an_empty_repository_says_so(dvc: Command) -> None:
    assert dvc("status").out.startswith("There are no data or pipelines tracked in this project yet.\n")
    assert dvc("data", "status").out == "No changes.\n"


@pytest.mark.usefixtures("stocked")
def test_diff_in_all_its_forms(dvc: Command, treering: Command, write: Write) -> None:
    assert (dvc("diff").out, dvc("diff", "--json").out) == ("", "{}\n")
    write("d/new", "n\n")
    write("b", "changed\n")
    assert dvc("diff").out == "Added:\n    d/new\n\nModified:\n    b\n    d/\n\nfiles summary: 1 added, 1 modified\n"
    table = (
        "| Status   | Hash               | Path   |\n"
        "|----------|--------------------|--------|\n"
        "| added    | fe13119f           | d/new  |\n"
    )
    assert dvc("diff", "--md", "--show-hash").out.startswith(table)
    shown = dvc("diff", "--json").json
    assert shown["added"] == [{"path": "d/new"}]
    assert shown["modified"] == [{"path": "b"}, {"path": "d/"}]
    assert treering("data", "diff", "--json").json == shown
    assert list(dvc("diff", "HEAD", "HEAD", "--json").json) == []


@pytest.mark.usefixtures("stocked")
def test_checkout_refuses_to_lose_what_is_in_no_cache(dvc: Command, write: Write) -> None:
    write("d/new", "n\n")
    refused = dvc("checkout", code=255)
    assert "Can't remove the following unsaved files" in refused.err
    assert "d/new" in refused.err
    assert dvc("checkout", "-f").out == "M       d/\n"
    assert dvc("checkout").out == ""
    assert dvc("checkout", "--summary").out == "No changes.\n"
    remove("b", "d")
    assert dvc("checkout", "--summary").out == "3 files added\n"
    assert dvc("checkout", "--relink").out == "Relinked successfully\n"


@pytest.mark.usefixtures("stocked")
def test_checkout_of_some_files_and_as_json(treering: Command) -> None:
    remove("b", "d")
    shown = treering("data", "checkout", "d", "--only", "s/*", "--json").json
    assert (shown["added"], shown["files"]) == (["d/"], {"added": 1, "modified": 0, "deleted": 0})
    assert not Path("d/a").exists()
    assert Path("d/s/c").exists()


@pytest.mark.usefixtures("stocked")
def test_commit_asks_unless_forced(dvc: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    write("b", "changed\n")
    assert "-f|--force" in dvc("commit", code=1).err
    assert "Are you sure you want to commit it? [y/n]" in asked[0]
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    dvc("commit")
    assert dvc("status").out == "Data and pipelines are up to date.\n"


@pytest.mark.usefixtures("stocked")
def test_where_nobody_can_be_asked_the_answer_is_no(
    dvc: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    write("b", "changed\n")
    dvc("commit", code=1)
    dvc("gc", "-w", code=1)
    dvc("destroy", code=1)
    assert Path(".dvc").is_dir()


@pytest.mark.usefixtures("stocked")
def test_move_remove_and_unprotect(dvc: Command) -> None:
    assert "git add .gitignore b.dvc moved.dvc" in dvc("move", "b", "moved").out
    dvc("mv", "moved", "b")
    dvc("unprotect", "b")
    assert dvc("rm", "b.dvc").out == ""
    assert Path("b").exists()
    assert "nothing" in dvc("remove", "nothing", code=1).err


@pytest.mark.usefixtures("stocked")
def test_push_and_pull_count_files(dvc: Command, treering: Command) -> None:
    assert dvc("status", "-c", "--json").json == {"b": "new", "d": "new", "d/a": "new", "d/s/c": "new"}
    assert dvc("push").out == "4 files pushed\n"
    assert dvc("push").out == "Everything is up to date.\n"
    assert dvc("status", "-c").out == "Cache and remote 'up' are in sync.\n"
    remove(".dvc/cache", "b", "d")
    assert dvc("fetch").out == "4 files fetched\n"
    assert dvc("pull").out == "A       d/\nA       b\n3 files added\n"
    remove(".dvc/cache", "b", "d")
    shown = treering("data", "pull", "b", "--json").json
    assert shown["files"] == {"fetched": 1, "added": 1, "modified": 0, "deleted": 0}
    assert treering("data", "push", "--json").json == {"pushed": 0, "size": 0, "runs": 0, "lost": []}


@pytest.mark.usefixtures("stocked")
def test_what_is_nowhere_fails_a_push_of_ours_and_is_a_warning_of_dvcs(dvc: Command, treering: Command) -> None:
    remove(".dvc/cache", "b")
    warned = dvc("push")
    assert warned.out == "Everything is up to date.\n"
    assert "b" in warned.err
    assert dvc("fetch").out == "Everything is up to date.\n"
    for verb in ("push", "fetch", "pull"):
        assert "not transferred" in treering("data", verb, code=1).err
    dvc("pull", code=1)
    assert dvc("pull", "--allow-missing").out == "Everything is up to date.\n"


@pytest.mark.usefixtures("stocked")
def test_without_a_remote_the_cache_is_enough_if_it_has_everything(dvc: Command) -> None:
    dvc("remote", "default", "-u")
    dvc("push", code=1)
    assert dvc("fetch").out == "Everything is up to date.\n"
    remove("b")
    assert dvc("pull").out == "A       b\n1 file added\n"
    remove(".dvc/cache", "b")
    for verb in ("fetch", "pull"):
        assert "remote" in dvc(verb, code=1).err


@pytest.mark.usefixtures("stocked")
def test_some_files_are_pulled_and_pushed(treering: Command) -> None:
    treering("data", "push")
    remove(".dvc/cache", "d")
    treering("data", "pull", "d", "--only", "s/*")
    assert [str(path) for path in Path("d").rglob("*") if path.is_file()] == ["d/s/c"]


@pytest.mark.usefixtures("stocked")
def test_gc_keeps_what_it_is_told_to(dvc: Command, treering: Command, write: Write) -> None:
    assert "-w/--workspace" in dvc("gc", code=255).err
    write("b", "never committed\n")
    dvc("add", "-q", "b")
    write("b", "bee\n")
    dvc("add", "-q", "b")
    shown = treering("data", "gc", "--dry", "--json").json
    assert (shown["cache"], shown["young"], shown["kept"]) == ([], 1, 4)
    shown = treering("data", "gc", "--dry", "--json", "--grace", "0s").json
    assert [one["size"] for one in shown["cache"]] == [16]
    assert treering("data", "gc", "--dry", "--grace", "0s").out == (
        "Would remove 1 object from the cache: 16B.\nKept 4 that are used.\n"
    )
    dry = dvc("gc", "-w", "--dry").out.splitlines()
    assert dry[0].startswith("Removing /")
    assert dry[1:] == ["Removed 1 objects from repo cache.", "No unused 'legacy' cache to remove."]
    removed = "Removed 1 objects from repo cache.\nNo unused 'legacy' cache to remove.\n"
    assert dvc("gc", "-w", "-f").out == removed
    assert dvc("gc", "-w", "-f").out == "No unused 'repo' cache to remove.\nNo unused 'legacy' cache to remove.\n"
    dvc("gc", "-n", "2", code=255)


@pytest.mark.usefixtures("stocked")
def test_verify_finds_and_mends(dvc: Command, treering: Command) -> None:
    dvc("push", "-q")
    assert treering("data", "verify", "--json").json == {
        "ok": True, "checked": 4, "size": treering("data", "verify", "--json").json["size"], "repaired": 0,
        "damaged": [], "missing": [],
    }  # fmt: skip
    damaged = Path(".dvc/cache/files/md5", _md5("b.dvc")[:2], _md5("b.dvc")[2:])
    damaged.chmod(0o644)
    damaged.write_text("else\n")
    found = treering("data", "verify", code=1)
    assert _md5("b.dvc") in found.out
    assert "1 damaged, 0 missing." in found.out
    assert "Repaired 1." in treering("data", "verify", "--repair").out
    assert treering("data", "verify", "--cloud", "--json").json["ok"]


def test_remotes_and_config(repo: Path, dvc: Command, treering: Command) -> None:
    assert dvc("remote", "default", code=1).out == "No default remote set\n"
    assert dvc("remote", "add", "-d", "Up", "../up").out == "Setting 'up' as a default remote.\n"
    dvc("remote", "add", "up", "../up", code=251)
    dvc("remote", "add", "s", "s3://bucket/x")
    # Spaces, as DVC prints them: scripts cut the name off with `cut -d' ' -f1`.
    assert dvc("remote", "list").out == f"up\t{repo.parent}/up\t(default)\ns\ts3://bucket/x\n".expandtabs()
    assert treering("data", "remote", "list", "--json").json[1] == {
        "name": "s", "url": "s3://bucket/x", "default": False,
    }  # fmt: skip
    dvc("remote", "modify", "s", "jobs", "3")
    dvc("remote", "modify", "s", "nothing", "3", code=251)
    dvc("remote", "rename", "s", "t")
    dvc("remote", "remove", "t")
    dvc("remote", "default", "nothing", code=251)
    assert dvc("config", "core.remote").out == "up\n"
    assert dvc("config", "-l").out.splitlines() == [f"remote.up.url={repo.parent}/up", "core.remote=up"]
    assert dvc("config", "-l", "--show-origin").out.splitlines()[1] == ".dvc/config\tcore.remote=up"
    assert treering("data", "config", "core.remote", "--json").json["value"] == "up"
    assert [one["name"] for one in treering("data", "config", "-l", "--json").json] == ["remote.up.url", "core.remote"]
    dvc("config", "nothing", code=254)
    dvc("config", code=1)
    dvc("config", "-l", "core.remote", code=1)
    dvc("config", "--show-origin", "core.remote", "x", code=1)
    treering("data", "config", code=2)
    assert dvc("config", "no.such").out == ""
    assert "relink" in dvc("config", "cache.type", "symlink").err


def test_cache_dir(repo: Path, dvc: Command) -> None:
    assert dvc("cache", "dir").out == f"{repo}/.dvc/cache\n"
    dvc("cache", "dir", "../other", "--local")
    assert dvc("cache", "dir").out == f"{repo.parent}/other\n"
    dvc("cache", "dir", "-u", "--local")
    dvc("cache", "dir", "-u", "--local", code=251)


@pytest.mark.usefixtures("apart")
def test_config_outside_of_a_repository_is_the_users(dvc: Command) -> None:
    dvc("config", "--global", "core.autostage", "true")
    assert dvc("config", "core.autostage").out == "true\n"
    dvc("config", "core.autostage", "true", code=251)


@pytest.mark.usefixtures("repo")
def test_check_ignore(dvc: Command, treering: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(".dvcignore", "*.tmp\n!keep.tmp\n")
    assert dvc("check-ignore", "x.tmp").out == "x.tmp\n"
    assert dvc("check-ignore", "-d", "x.tmp").out == ".dvcignore:1:*.tmp\tx.tmp\n"
    assert dvc("check-ignore", "-d", "-n", "x.tmp", "y").out == ".dvcignore:1:*.tmp\tx.tmp\n::\ty\n"
    assert dvc("check-ignore", "y", "keep.tmp", code=1).out == ""
    assert dvc("check-ignore", "-d", "keep.tmp").out == ".dvcignore:2:!keep.tmp\tkeep.tmp\n"
    monkeypatch.setattr("sys.stdin", iter(["a.tmp\n", "b\n", "\n", "c.tmp\n"]))
    assert dvc("check-ignore", "--stdin").out == "a.tmp\n"
    for wrong in ([], ["--stdin", "x"], ["-n", "x"], ["-a", "x"], ["-q", "-d", "x"]):
        dvc("check-ignore", *wrong, code=255)
    assert treering("data", "check-ignore", "--json", "x.tmp").json == [
        {"path": "x.tmp", "ignored": True, "pattern": ".dvcignore:1:*.tmp"}
    ]


@pytest.mark.usefixtures("stocked")
def test_listing(dvc: Command, treering: Command) -> None:
    assert dvc("list", ".").out.split() == [".dvcignore", ".gitignore", "b", "b.dvc", "d", "d.dvc"]
    assert dvc("ls", ".", "d", "-R").out.split() == ["a", "s/c"]
    assert dvc("list", ".", "-T", "--dvc-only").out == ".\n├── b\n└── d\n    ├── a\n    └── s\n        └── c\n"
    assert dvc("list", ".", "b", "--size", "--show-hash").out == f"4  {_md5('b.dvc')}  b\n"
    assert dvc("list", ".", "b", "--json").json == [
        {"isout": True, "isdir": False, "isexec": False, "size": 4, "md5": _md5("b.dvc"), "path": "b"}
    ]
    dvc("list", ".", "-T", "--json", code=1)
    dvc("list", ".", "nothing", code=1)
    assert dvc("list-url", "d").out == "a\ns\n"
    assert dvc("ls-url", "d", "-R", "--size").out == "2  a\n2  s/c\n"
    assert dvc("ls-url", "d", "-T").out == "d\n├── a\n└── s\n    └── c\n"
    assert [one["path"] for one in treering("data", "list-url", "d", "-R", "--json").json] == ["a", "s/c"]
    assert dvc("du", ".", "d").out == "2  d/a\n2  d/s\n4  d\n"
    assert treering("data", "du", ".", "d", "-s", "--json").json == [{"path": "d", "size": 4}]


def test_get_and_import(stocked: Path, dvc: Command, treering: Command, write: Write) -> None:
    dvc("push", "-q")
    dvc("get", ".", "d", "-o", "got")
    assert Path("got/s/c").read_text() == "c\n"
    # A folder that is there takes it in, once.
    dvc("get", ".", "d", "-o", "got")
    dvc("get", ".", "d", "-o", "got", code=1)
    assert dvc("get", ".", "b", "--show-url").out.startswith(f"{stocked.parent}/up/files/md5/")
    treering("data", "get", ".", "d", "--only", "a", "-o", "some")
    assert [path.name for path in Path("some").iterdir()] == ["a"]
    write("../outside", "o\n")
    assert dvc("import-url", "../outside", "in").out.startswith("Importing '../outside' -> 'in'\n")
    assert dvc("update", "in.dvc").out == "'in.dvc' didn't change, skipping\n"
    write("../outside", "news\n")
    assert dvc("update", "in.dvc").out.startswith("Importing '../outside' -> 'in'\n")
    dvc("get-url", "../outside", "plain")
    assert Path("plain").read_text() == Path("in").read_text() == "news\n"
    dvc("update", "nothing.dvc", code=1)


@pytest.mark.usefixtures("stocked")
def test_an_import_tells_of_news(dvc: Command, write: Write, commit: Callable[[], None]) -> None:
    subprocess.run(["git", "clone", "--quiet", ".", "../other"], check=True)
    dvc("push", "-q")
    dvc("--cd", "../other", "import", "-q", "../project", "b", "-o", "imported")
    dvc("--cd", "../other", "import", "-q", "../project", "d", "-o", "more")
    assert dvc("status", "imported.dvc").out == "Data and pipelines are up to date.\n"
    write("../project/b", "news\n")
    dvc("--cd", "../project", "add", "-q", "b")
    commit()
    dvc("--cd", "../other", "status", "--no-updates", "imported.dvc")
    changed = {"imported.dvc": [{"changed deps": {"b (../project)": "update available"}}]}
    assert dvc("status", "--json", "imported.dvc").json == changed


@pytest.mark.usefixtures("stocked")
def test_straight_to_a_remote(dvc: Command, write: Write) -> None:
    write("../big/x", "x\n")
    dvc("add", "--to-remote", "../big", "-o", "big")
    assert not Path("big").exists()
    assert dvc("pull", "big").out == "A       big/\n2 files fetched and 1 file added\n"


@pytest.mark.usefixtures("stocked")
def test_imports_go_straight_to_a_remote_and_come_by_pull(dvc: Command, treering: Command, write: Write) -> None:
    write("../outside", "one\n")
    treering("data", "import-url", "../outside", "in", "--to-remote")
    assert not Path("in").exists()
    assert dvc("pull", "in").out == "A       in\n1 file fetched and 1 file added\n"
    write("../outside", "two\n")
    treering("data", "update", "in.dvc", "--to-remote")
    assert Path("in").read_text() == "one\n"
    dvc("pull", "in")
    assert Path("in").read_text() == "two\n"
    # What was imported without its content comes from where it was imported.
    dvc("push", "-q", "d")
    treering("data", "import", ".", "d", "--no-download", "-o", "later")
    assert not Path("later").exists()
    assert "A       later/\n" in treering("data", "pull", "later").out
    assert Path("later/s/c").read_text() == "c\n"
    treering("data", "import", ".", "d", "--only", "s/*", "-o", "some")
    assert [path.name for path in Path("some").iterdir()] == ["s"]


@pytest.mark.usefixtures("stocked")
def test_hooks(dvc: Command, write: Write) -> None:
    dvc("install")
    assert Path(".git/hooks/pre-commit").exists()
    dvc("install")
    write("b", "changed\n")
    assert "modified" in dvc("git-hook", "pre-commit").out
    assert dvc("git-hook", "post-checkout", "a", "b", "0").out == ""
    assert dvc("git-hook", "pre-push", "origin", "url").out == "4 files pushed\n"
    shutil.rmtree(".dvc")
    for hook in ("pre-commit", "post-checkout", "pre-push"):
        assert dvc("git-hook", hook, "a", "b", "1").out == ""


@pytest.mark.usefixtures("stocked")
def test_merge_driver(dvc: Command, write: Write) -> None:
    text = Path("d.dvc").read_text()
    for name in ("ancestor", "ours", "theirs"):
        write(name, text)
    dvc("git-hook", "merge-driver", "--ancestor", "ancestor", "--our", "ours", "--their", "theirs")
    assert Path("ours").read_text() == text


@pytest.mark.usefixtures("stocked")
def test_destroy_leaves_the_data(dvc: Command) -> None:
    dvc("config", "cache.type", "symlink")
    dvc("checkout", "-q", "--relink")
    assert Path("b").is_symlink()
    dvc("destroy", "-f")
    assert not Path(".dvc").exists()
    assert not Path("b.dvc").exists()
    assert (Path("b").is_symlink(), Path("b").read_text(), Path("d/s/c").read_text()) == (False, "bee\n", "c\n")
    dvc("status", code=253)


@pytest.mark.usefixtures("repo")
def test_version_names_dvcs_first(dvc: Command, treering: Command) -> None:
    assert dvc("version").out.startswith("DVC version: 3.")
    assert "Repo: dvc, git\n" in dvc("doctor").out
    assert treering("data", "doctor").out.startswith("Treering version: ")


@pytest.mark.usefixtures("repo")
def test_migrating_the_cache_of_dvc_2(dvc: Command, treering: Command, write: Write) -> None:
    old = "d3b07384d113edec49eaa6238ad5ff00"  # of "foo\n"
    write(f".dvc/cache/{old[:2]}/{old[2:]}", "foo\n")
    write("foo.dvc", f"outs:\n- md5: {old}\n  size: 4\n  path: foo\n")
    write("dvc.yaml", "stages:\n  copy:\n    cmd: cp foo bar\n    deps: [foo]\n    outs: [{bar: {cache: false}}]\n")
    entry = f"cmd: cp foo bar\n    deps:\n    - path: foo\n      md5: {old}\n      size: 4\n"
    entry += f"    outs:\n    - path: bar\n      md5: {old}\n      size: 4\n"
    write("dvc.lock", f"schema: '2.0'\nstages:\n  copy:\n    {entry}")
    dvc("checkout", "-q", "foo")
    dry = dvc("cache", "migrate", "--dvc-files", "--dry").out
    assert dry.startswith("1 files will be re-hashed and migrated to the DVC 3.0 cache location.\n")
    assert "\tdvc.lock\n\tfoo.dvc\n" in dry
    assert dvc("cache", "migrate").out == "Migrated 1 files to DVC 3.0 cache location.\n"
    dvc("cache", "migrate", "--dvc-files")
    assert "hash: md5" in Path("foo.dvc").read_text()
    assert Path("dvc.lock").read_text().count("hash: md5") == 2
    assert dvc("status", "foo.dvc").out == "Data and pipelines are up to date.\n"
    assert treering("data", "cache", "migrate", "--dvc-files", "--json").json["files"] == []


@pytest.mark.parametrize("verb", [["daemon", "updater"], ["daemon", "analytics", "report.json"]], ids=str)
@pytest.mark.usefixtures("apart")
def test_nobody_is_told_anything(dvc: Command, verb: list[str]) -> None:
    assert dvc(*verb) == dvc("daemon", "updater")
