from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from treering.cli.main import main
from treering.core.errors import InvalidInput
from treering.templates.start import DEFAULT, TEMPLATES, start_project

ENVIRON = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull}


def files_of(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in {".git", ".dvc"}
    }


def test_a_project_has_what_people_and_ci_want_to_know(tmp_path: Path) -> None:
    started = start_project(tmp_path / "Tumour Study", DEFAULT, ENVIRON)
    assert (started.git, started.versions, started.kept, started.model) == (True, True, (), "tumour-study")
    assert files_of(started.root) >= {
        ".devcontainer/Dockerfile", ".devcontainer/devcontainer.json", ".github/workflows/main.yml", ".gitlab-ci.yml",
        ".pre-commit-config.yaml", ".gitignore", "Jenkinsfile", "Makefile", "README.md", "requirements.txt", "dvc.yaml",
        "params.yaml", "policy.yaml", "prepare.py", "train.py", "evaluate.py", "tests/test_data.py",
        "resources/README.md",
    }  # fmt: skip
    assert (started.root / ".git").is_dir()
    assert (started.root / ".dvc" / "config").is_file()
    for name in started.written:
        text = (started.root / name).read_text("utf-8")
        assert not re.search(r"@(NAME|MODEL|VERSION)@", text), name
        assert text.endswith("\n"), name


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("mine\n")
    (tmp_path / "train.py").symlink_to(tmp_path / "nowhere")
    first = start_project(tmp_path, DEFAULT, ENVIRON)
    assert first.kept == ("Makefile", "train.py")
    assert (tmp_path / "Makefile").read_text() == "mine\n"
    assert not (tmp_path / "nowhere").exists()
    before = {name: (tmp_path / name).read_bytes() for name in first.written}
    again = start_project(tmp_path, DEFAULT, ENVIRON)
    assert (again.written, again.git, again.versions) == ((), False, False)
    assert {name: (tmp_path / name).read_bytes() for name in first.written} == before


def test_within_a_repository_no_second_one_is_begun(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, env=ENVIRON)
    started = start_project(tmp_path / "models" / "churn", "bare", ENVIRON)
    assert (started.git, started.versions, started.written) == (False, True, ())
    assert not (started.root / ".git").exists()


def test_without_git_there_are_data_versions_all_the_same(tmp_path: Path) -> None:
    started = start_project(tmp_path / "churn", "bare", {**ENVIRON, "PATH": str(tmp_path)})
    assert (started.git, started.versions) == (False, True)


def test_a_name_cannot_break_out_of_the_files(tmp_path: Path) -> None:
    started = start_project(tmp_path / "a\"; import os #'", DEFAULT, ENVIRON)
    for name in ("prepare.py", "train.py", "evaluate.py"):
        compile((started.root / name).read_text("utf-8"), name, "exec")
    assert "import os" not in [line.strip() for line in (started.root / "train.py").read_text("utf-8").splitlines()]
    json.loads((started.root / ".devcontainer" / "devcontainer.json").read_text("utf-8"))


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="project's folder"):
        start_project(tmp_path / "file" / "x", DEFAULT, ENVIRON)
    with pytest.raises(InvalidInput, match="classifier"):
        start_project(tmp_path, "regressor", ENVIRON)
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path / "new"), "--template", "regressor"])
    assert caught.value.code == 2
    assert not (tmp_path / "new").exists()


def test_the_command_tells_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["init", str(tmp_path / "churn"), "--template", "ci"])
    assert not caught.value.code
    assert "wrote   Jenkinsfile" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["init", str(tmp_path / "churn"), "--template", "ci", "--json"])
    assert "Jenkinsfile" in json.loads(capsys.readouterr().out)["kept"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_file_of_a_format_is_of_that_format(tmp_path: Path, template: str) -> None:
    started = start_project(tmp_path / "churn", template, ENVIRON)
    for name in started.written:
        text = (started.root / name).read_text("utf-8")
        if name.endswith((".yml", ".yaml")):
            assert yaml.safe_load(text), name
        elif name.endswith(".json"):
            json.loads(text)
        elif name.endswith(".py"):
            compile(text, name, "exec")


def commands_in(root: Path, names: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The lines of all files that call `treering`."""
    for name in names:
        for line in (root / name).read_text("utf-8").splitlines():
            found = re.search(r"(?:^\s*(?:- |entry: )?|`)(treering [a-z][^`#]*)", line)
            if found:
                yield name, shlex.split(found[1])


def test_every_command_that_the_files_call_is_there_with_its_options(tmp_path: Path) -> None:
    started = start_project(tmp_path / "churn", DEFAULT, ENVIRON)
    found = list(commands_in(started.root, started.written))
    assert len(found) > 8
    for name, words in found:
        command: click.Command = main
        rest = words[1:]
        while isinstance(command, click.Group) and rest:
            inner = command.get_command(click.Context(command), rest[0])
            assert inner is not None, f"{name}: {words}"
            command, rest = inner, rest[1:]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        asked = {word.partition("=")[0] for word in rest if word.startswith("-")}
        if command.params:
            assert asked <= known, f"{name}: {words}"


def test_the_targets_that_ci_calls_are_in_the_makefile(tmp_path: Path) -> None:
    root = start_project(tmp_path / "churn", DEFAULT, ENVIRON).root
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    for name in (".github/workflows/main.yml", ".gitlab-ci.yml", "Jenkinsfile"):
        called = set(re.findall(r"\bmake ([a-z]+)", (root / name).read_text("utf-8")))
        assert {"install", "lint", "test", "train", "report", "gate", "promote"} <= called
        assert called <= targets
    done = subprocess.run(["make", "-n", "install"], cwd=root, env=ENVIRON, capture_output=True, text=True, check=True)
    assert "-r requirements.txt" in done.stdout


def test_the_code_is_as_short_in_width_as_its_own_linters_want_it(tmp_path: Path) -> None:
    # black's width, which pylint's is beyond: the first job of a new project is green.
    started = start_project(tmp_path / "churn", DEFAULT, ENVIRON)
    for name in started.written:
        if name.endswith(".py"):
            lines = (started.root / name).read_text("utf-8").splitlines()
            assert [line for line in lines if len(line) > 88] == [], name
