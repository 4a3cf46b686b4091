"""What a command loads before it begins: a time would depend on the machine, a list of modules does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("click", "sqlalchemy", "starlette", "uvicorn", "numpy", "msgspec", "urllib3", "ssl", "http.client", "asyncio"),
    *("yaml", "ruamel.yaml", "configobj", "pathspec", "importlib.metadata", "email", "subprocess", "shutil", "uuid"),
    *("concurrent.futures", "multiprocessing", "sqlite3", "hashlib", "tempfile"),
)


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules of a process that ran a command."""
    code = (
        "import sys\n"
        f"sys.argv = ['treering', *{list(arguments)!r}]\n"
        "from treering.cli.start import start\n"
        "try: start()\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty repository."""
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    (tmp_path / ".dvc" / "config").touch()
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["root"], ["--help"], ["--version"], ["add", "--help"], ["remote", "--help"]], ids=str
)
def test_dvc_answers_without_anything_heavy(arguments: list[str], empty: Path) -> None:
    modules = loaded(empty, "dvc", *arguments)
    assert modules & set(HEAVY) == set()
    assert "treering.cli.main" not in modules


@pytest.mark.parametrize("arguments", [["status"], ["data", "status"], ["repro", "--all-pipelines"]], ids=str)
def test_looking_at_an_empty_repository_loads_little(arguments: list[str], empty: Path) -> None:
    # Digests are always there; whatever parses YAML, speaks with remotes, runs or draws something is not.
    modules = loaded(empty, "dvc", *arguments)
    assert modules & set(HEAVY) <= {"hashlib", "subprocess"}
    rooms = {name.removeprefix("treering.") for name in modules if name.startswith("treering.")}
    assert rooms & {"versioning.transfer", "versioning.remotes", "pipelines.perform", "pipelines.tables"} == set()
    assert not [name for name in rooms if name.startswith(("experiments.", "storage.objects", "client", "assembly"))]


@pytest.fixture
def used(empty: Path) -> Path:
    """A repository in Git with a file, a stage and a remote in a folder, none of them brought up to date."""
    (empty / ".dvc" / "config").write_text("[core]\n    remote = near\n['remote \"near\"']\n    url = ../../near\n")
    (empty / "a.txt.dvc").write_text("outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  hash: md5\n  path: a.txt\n")
    (empty / "dvc.yaml").write_text(
        "# by hand\nstages:\n  one:\n    cmd: cp a.txt b.txt\n    deps: [a.txt]\n    outs: [b.txt]\n"
    )
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=empty, check=True)
    return empty


@pytest.mark.parametrize(
    "arguments", [["push"], ["status"], ["data", "status"], ["exp", "list"], ["exp", "show"]], ids=str
)
def test_simple_files_are_read_and_folders_asked_without_a_library(arguments: list[str], used: Path) -> None:
    modules = loaded(used, "dvc", *arguments)
    wanted = {"hashlib", "subprocess", "shutil", "tempfile", "concurrent.futures", "sqlite3"}
    assert modules & set(HEAVY) <= wanted
    assert "treering.versioning.external" not in modules


@pytest.mark.parametrize("arguments", [["exp", "list"], ["queue", "status"]], ids=str)
def test_names_of_experiments_are_listed_without_what_runs_them(arguments: list[str], used: Path) -> None:
    modules = loaded(used, "dvc", *arguments)
    assert modules & {"treering.pipelines.stage", "treering.experiments.isolated", "treering.core.settings"} == set()


def test_only_the_file_that_declares_the_verb_is_loaded(empty: Path) -> None:
    declared = {name for name in loaded(empty, "dvc", "root") if name.startswith("treering.cli.dvc.declared.")}
    assert declared == {"treering.cli.dvc.declared.options", "treering.cli.dvc.declared.project"}


@pytest.mark.parametrize("group", ["data", "pipeline", "exp"])
def test_help_of_a_group_loads_no_room_below(group: str, empty: Path) -> None:
    modules = loaded(empty, group, "--help")
    assert modules & {"numpy", "sqlalchemy", "starlette", "yaml", "ruamel.yaml", "configobj", "pathspec"} == set()
    assert not [name for name in modules if name.startswith(("treering.pipelines.", "treering.experiments."))]


def test_other_commands_still_begin_as_before(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "treering", "version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("treering ")
